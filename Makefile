# Everything a user or a reviewer runs. `make` alone lists the targets.

# One build directory outside the checkout, so that clones share what was compiled.
PROBITY_TARGET_DIR ?= $(HOME)/.cache/probity/target
# Where the binaries end up; the demo and the tests look for probity and probityd there.
PROBITY_BIN_DIR = $(PROBITY_TARGET_DIR)/release

export CARGO_TARGET_DIR = $(PROBITY_TARGET_DIR)
export PROBITY_BIN_DIR

# Always the whole workspace and one profile: a narrower selection would resolve other features and compile most dependencies once more.
BUILD = cargo build --release --locked --workspace
# Other people's verifier and compiler, for the tests; the file says that their packages are the lock file's.
NODE_TOOLS = tests/interop/node_modules/.installed
# Ethereum's virtual machine, for the tests: a workspace of its own, so that its features stay out of the product.
EVM = --locked --manifest-path tests/evm/Cargo.toml

.DEFAULT_GOAL := help
.PHONY: help setup build demo test soundness interop evm lint deny bench vectors frozen-vectors clean-cache

help: ## Print this list
	@printf 'Probity: prove that you are creditworthy without showing your records.\n\n'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22
	@printf '\nBuilds go to %s (set PROBITY_TARGET_DIR to change it).\n' '$(PROBITY_TARGET_DIR)'

setup: ## Install what a build needs and this machine lacks (Debian, Ubuntu)
	@scripts/bootstrap

build: setup ## Compile the binaries: probity, probityd and the demo
	$(BUILD) --bin probity --bin probityd --bin probity-demo

demo: build ## Play the whole story on real data; KEEP=1 leaves the node running
	@'$(PROBITY_BIN_DIR)/probity-demo' $(if $(KEEP),--keep)

test: build evm $(NODE_TOOLS) ## Run every test
	cargo test --release --locked --workspace --no-fail-fast

soundness: build ## Lie about everything a proof rests on, at every size (long; docs/SOUNDNESS.md)
	cargo test --release --locked --workspace --test probity adversary::soundness -- --include-ignored --nocapture --test-threads=1

interop: build evm $(NODE_TOOLS) ## Run the tests with snarkjs and Ethereum's machine alone, with a ceremony for eligibility-1
	PROBITY_INTEROP=long cargo test --release --locked --workspace --test probity interop::

evm:
	cargo build --release $(EVM)

# Pinned; nothing outside the checkout is written but npm's cache.
$(NODE_TOOLS): tests/interop/package.json tests/interop/package-lock.json
	scripts/bootstrap --tests
	cd tests/interop && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

lint: setup deny ## Formatting, clippy, documentation, dependencies: warnings are errors
	cargo fmt --all --check
	cargo fmt --manifest-path tests/evm/Cargo.toml --check
	cargo clippy --release --locked --workspace --all-targets -- -D warnings
	cargo clippy --release $(EVM) -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --release --locked --workspace --no-deps

deny:
	@cargo deny --version >/dev/null 2>&1 || \
		CARGO_TARGET_DIR='$(PROBITY_TARGET_DIR)/tools' cargo install --locked cargo-deny
	cargo deny --locked check bans licenses sources
	cargo deny --manifest-path tests/evm/Cargo.toml --locked check bans licenses sources

bench: setup ## Measure the product and print the report of the README
	$(BUILD) --bin probity-benches
	'$(PROBITY_BIN_DIR)/probity-benches'

vectors: ## Make the vectors of Poseidon and the statement anew with circomlibjs (needs Node.js)
	cd tests/vectors && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent generate
	git diff --stat --exit-code -- 'tests/vectors/*.jsonl' 'tests/vectors/statement/scoring.json'

frozen-vectors: build ## Overwrite the frozen keys and proofs, by intent only (tests/vectors/frozen/README.md)
	cargo test --release --locked --workspace --test probity make_the_frozen_vectors_anew -- --ignored

clean-cache: ## Delete compiled code and cached proving keys
	cargo clean
	@if [ -n '$(HOME)' ]; then rm -rf -- '$(HOME)/.cache/probity'; fi
