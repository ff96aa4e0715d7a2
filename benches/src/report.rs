//! All figures of one run, as JSON and as tables.

use crate::Effort;
use crate::commit::Commit;
use crate::measure::Machine;
use crate::prove::Proving;
use crate::sizes::CircuitSizes;
use crate::verify::Verify;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) version: &'static str,
    pub(crate) quick: bool,
    /// Proofs as on a CPU without vector instructions.
    pub(crate) portable: bool,
    /// Runs of which each figure is the median.
    pub(crate) runs: usize,
    pub(crate) machine: Machine,
    pub(crate) circuits: Vec<CircuitSizes>,
    pub(crate) prove: Vec<Proving>,
    /// Single proofs on one thread, batches on one and on all.
    pub(crate) verify: Option<Verify>,
    pub(crate) commit: Option<Commit>,
}

impl Report {
    pub(crate) fn new(machine: Machine, effort: Effort, circuits: Vec<CircuitSizes>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let Effort { quick, portable } = effort;
        Self { version, quick, portable, runs: effort.runs(), machine, circuits, prove: Vec::new(), verify: None, commit: None }
    }

    /// The first one gives the times of single proofs, each its batches.
    pub(crate) fn add_verify(&mut self, verify: Verify) {
        match &mut self.verify {
            None => self.verify = Some(verify),
            Some(first) => first.batch.extend(verify.batch),
        }
    }

    /// Everything for people: Markdown that reads well in a terminal.
    pub(crate) fn tables(&self) -> String {
        let mut parts = vec![self.conditions(), self.circuits(), self.prove()];
        parts.extend(self.verify.iter().flat_map(verify));
        parts.extend(self.commit.iter().flat_map(commit));
        parts.join("\n\n") + "\n"
    }

    fn conditions(&self) -> String {
        let Machine { cpu, cores, memory_mb, load_average_before, load_average_after } = &self.machine;
        let busy = if load_average_before.max(*load_average_after) > *cores as f64 + 1.0 {
            "\nThe machine was busy with other work as well: the times are too long."
        } else {
            ""
        };
        let portable = if self.portable { "\nProofs as on a CPU without vector instructions." } else { "" };
        format!(
            "{cpu}, {cores} cores, {} GiB; load average {load_average_before:.1} before, {load_average_after:.1} after; median of {} runs.{portable}{busy}",
            memory_mb.div_ceil(1024),
            self.runs
        )
    }

    fn circuits(&self) -> String {
        let mut table =
            table(["circuit", "constraints", "domain", "fill, %", "public inputs", "proving key, bytes", "verifying key, bytes"]);
        for c in &self.circuits {
            table.add_row([
                c.id.to_string(),
                grouped(c.constraints),
                format!("2^{}", c.domain_log2),
                format!("{:.1}", c.fill_percent),
                grouped(c.public_inputs),
                grouped(c.proving_key_bytes as usize),
                grouped(c.verifying_key_bytes as usize),
            ]);
        }
        table.to_string()
    }

    fn prove(&self) -> String {
        let mut table = table([
            "prove",
            "threads",
            "key load, ms",
            "start, ms",
            "proof, ms",
            "first proof of a process, ms",
            "to those after it",
            "ark-groth16, ms",
            "ark-groth16 with matrices, ms",
            "peak memory, MiB",
        ]);
        let whole = |x: f64| grouped(x.round() as usize);
        for Proving { prove: p, cold_cli_ms, cold_to_warm } in &self.prove {
            let before = [p.key_load_ms, p.start_ms, p.warm_ms, *cold_cli_ms].map(whole);
            let after = [p.stock_ark_ms, p.cached_ark_ms, p.peak_rss_mb].map(whole);
            let names = [p.id.to_string(), p.threads.to_string()];
            table.add_row(names.into_iter().chain(before).chain([format!("{cold_to_warm:.2}")]).chain(after));
        }
        table.to_string()
    }
}

fn verify(v: &Verify) -> [String; 2] {
    let mut single = table(["verify one proof, one thread", "ms"]);
    for (what, ms) in [
        ("all public inputs", v.single_ms),
        ("all public inputs, ark-groth16", v.stock_ark_ms),
        ("policy prepared", v.prepared_ms),
        ("seven public inputs, no policy", v.plain_seven_inputs_ms),
        ("preparing a policy", v.prepare_ms),
    ] {
        single.add_row([what.to_owned(), format!("{ms:.2}")]);
    }
    let mut batch = table(["proofs in a batch", "threads", "CPU per proof, ms", "of it decoding, ms", "time per proof, ms"]);
    for b in &v.batch {
        batch.add_row([
            b.n.to_string(),
            b.threads.to_string(),
            format!("{:.2}", b.cpu_ms_per_proof),
            format!("{:.2}", b.decode_cpu_ms_per_proof),
            format!("{:.2}", b.wall_ms_per_proof),
        ]);
    }
    [single, batch].map(|table| table.to_string())
}

fn commit(c: &Commit) -> [String; 2] {
    let mut hashes = table(["Poseidon, t", "ours, us", "light-poseidon, us"]);
    for h in &c.poseidon {
        hashes.add_row([h.t.to_string(), format!("{:.1}", h.ours_us), format!("{:.1}", h.light_poseidon_us)]);
    }
    let mut files = table(["files committed", "threads", "files/s", "hashes per file", "changing one, us"]);
    for tree in &c.trees {
        files.add_row([
            grouped(tree.files),
            c.threads.to_string(),
            grouped(tree.files_per_s.round() as usize),
            format!("{:.2}", tree.hashes_per_file),
            format!("{:.0}", tree.update_us),
        ]);
    }
    [hashes, files].map(|table| table.to_string())
}

/// A table in Markdown; all columns but the first are numbers.
pub(crate) fn table<'h>(header: impl IntoIterator<Item = &'h str>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_tables() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let mut table = table(["a", "number"]);
        table.add_row(["b", "7"]);
        assert_eq!(table.to_string(), "| a | number |\n|---|--------|\n| b |      7 |");
    }
}
