//! The pure transition: state and transactions in, changes and receipts out.
//!
//! A block's proofs are verified as one batch before the transactions run in order. What comes before the pairing in the order of
//! checks (fee, request, anchor, policy, circuit, nullifier) decides which proofs go into the batch; what an earlier transaction of the same
//! block changes (a nullifier it spends) is judged afterwards, in order.

use crate::anchors;
use crate::proofs::{ProofItem, ProofVerifier};
use crate::state::{Changes, Reader, StateError, View};
use crate::tx::{self, BlockContext, ExecError, account, record};
use probity_ledger::certificate::ValidatorSet;
use probity_ledger::error::TxError;
use probity_ledger::receipt::{Outcome, Receipt};
use probity_ledger::state_key;
use probity_ledger::transaction::{Payload, Transaction, TxId};
use std::collections::BTreeMap;

/// What a block does to the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Entries to write.
    pub changes: Changes,
    /// What became of each transaction.
    pub receipts: Vec<Receipt>,
    /// The validator set of the next height.
    pub next_validators: ValidatorSet,
    /// Whether an anchor was written.
    pub anchored: bool,
}

/// Why transactions are no block.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    /// A transaction that may be in no block: its account can't pay, or it is not the account's next.
    #[error("transaction {index} may not be included: {error}")]
    NotIncludable {
        /// Its place.
        index: usize,
        /// The rule.
        error: TxError,
    },
    /// The state can't be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Verdicts of a batch.
pub(crate) struct Verdicts<'a> {
    verifier: &'a dyn ProofVerifier,
    known: BTreeMap<TxId, (ProofItem, bool)>,
}

impl<'a> Verdicts<'a> {
    /// Verifies, as one batch, the proofs of all records that pass every cheaper check against the state before the block.
    pub(crate) fn of_batch(
        below: &dyn Reader,
        transactions: &[(TxId, &Transaction)],
        ctx: &BlockContext<'_>,
        verifier: &'a dyn ProofVerifier,
    ) -> Result<Self, StateError> {
        let view = View::new(below);
        let (mut ids, mut items) = (Vec::new(), Vec::new());
        for (id, transaction) in transactions {
            let Payload::RecordProof(p) = &transaction.body.payload else { continue };
            if !account::can_pay(&view, transaction, ctx)? {
                continue;
            }
            match record::prepare(&view, &transaction.body.sender, p, id, ctx) {
                Ok(prepared) => {
                    ids.push(*id);
                    items.push(prepared.item);
                }
                Err(ExecError::Refused(_)) => {}
                Err(ExecError::State(e)) => return Err(e),
            }
        }
        let verdicts = if items.is_empty() { Vec::new() } else { verifier.verify_batch(&items) };
        assert_eq!(verdicts.len(), items.len(), "a verifier answers for every item");
        let known = ids.into_iter().zip(items.into_iter().zip(verdicts)).collect();
        Ok(Self { verifier, known })
    }

    /// Whether a record's proof holds. A record that passes the cheaper checks only because of an earlier transaction of its block (one
    /// that funds the lender, or rotates its key) was not in the batch: it is verified alone.
    fn holds(&self, id: &TxId, item: &ProofItem) -> bool {
        match self.known.get(id) {
            Some((seen, verdict)) if same(seen, item) => *verdict,
            _ => self.verifier.verify_batch(std::slice::from_ref(item)) == [true],
        }
    }
}

/// The policy's id fixes policy and schema, the circuit's key its bytes.
fn same(one: &ProofItem, other: &ProofItem) -> bool {
    (one.policy_id, one.circuit.verifying_key_id, &one.inputs, &one.proof)
        == (other.policy_id, other.circuit.verifying_key_id, &other.inputs, &other.proof)
}

/// Runs transactions one after the other.
pub(crate) struct Executor<'a> {
    view: View<'a>,
    ctx: &'a BlockContext<'a>,
    verdicts: &'a Verdicts<'a>,
    receipts: Vec<Receipt>,
}

impl<'a> Executor<'a> {
    pub(crate) fn new(below: &'a dyn Reader, ctx: &'a BlockContext<'a>, verdicts: &'a Verdicts<'a>) -> Self {
        Self { view: View::new(below), ctx, verdicts, receipts: Vec::new() }
    }

    /// Runs one transaction: done, or failed and paid. One that can't be included leaves no trace and is given back as an error.
    pub(crate) fn run(&mut self, id: TxId, transaction: &Transaction) -> Result<(), ExecError> {
        let body = &transaction.body;
        let mut paid = View::new(&self.view);
        account::pay(&mut paid, transaction, self.ctx)?;
        let mut work = View::new(&paid);
        let result = tx::execute(&mut work, body, &id, self.ctx, &|item| self.verdicts.holds(&id, item));
        let done = work.into_changes();
        let (outcome, events) = match result {
            Ok(events) => {
                paid.absorb(done);
                (Outcome::Applied, events)
            }
            Err(ExecError::Refused(error)) => (Outcome::Failed { error }, Vec::new()),
            Err(e @ ExecError::State(_)) => return Err(e),
        };
        let changes = paid.into_changes();
        self.view.absorb(changes);
        self.receipts.push(Receipt { transaction: id, outcome, fee_paid: body.fee, events });
        Ok(())
    }

    /// The end of the block.
    pub(crate) fn finish(mut self) -> Result<Transition, StateError> {
        let anchored = anchors::end_of_block(&mut self.view, self.ctx)?;
        let next_validators = self.view.expect(&state_key::validators(), "validator set")?;
        Ok(Transition { changes: self.view.into_changes(), receipts: self.receipts, next_validators, anchored })
    }
}

/// What the transactions of a block do to the state below. Their structure and signatures were checked.
///
/// # Errors
/// [`TransitionError`].
pub fn apply(
    below: &dyn Reader,
    transactions: &[Transaction],
    ctx: &BlockContext<'_>,
    verifier: &dyn ProofVerifier,
) -> Result<Transition, TransitionError> {
    let with_ids: Vec<(TxId, &Transaction)> = transactions.iter().map(|t| (t.id(), t)).collect();
    let verdicts = Verdicts::of_batch(below, &with_ids, ctx, verifier)?;
    let mut executor = Executor::new(below, ctx, &verdicts);
    for (index, (id, transaction)) in with_ids.into_iter().enumerate() {
        match executor.run(id, transaction) {
            Ok(()) => {}
            Err(ExecError::Refused(error)) => return Err(TransitionError::NotIncludable { index, error }),
            Err(ExecError::State(e)) => return Err(e.into()),
        }
    }
    Ok(executor.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use probity_credit::circuit_id::CircuitId;
    use probity_ledger::state_value::{Account, CircuitState, StoppedKey};
    use probity_ledger::transaction::{AdoptCircuit, RetireCircuit, StopCircuit, Transfer, Verdict};
    use proptest::prelude::*;

    const PEOPLE: [&str; 8] = ["authority", "bank", "court", "lender", "other-lender", "rich", "validator", "nobody"];

    fn supply(chain: &Chain) -> u64 {
        PEOPLE.iter().map(|p| chain.account(p).balance).sum()
    }

    #[derive(Debug, Clone)]
    enum Move {
        Transfer { from: usize, to: usize, amount: u64 },
        Record { person: u64, nonce: u8, granted: bool, sound: bool },
        Publish { sequence: u32 },
        Adopt { key: usize, ahead: u64 },
        Retire { key: usize },
        Stop { key: usize, by: usize },
    }

    /// The keys that are adopted, retired and stopped: three of one circuit, two of another.
    fn keys() -> [&'static Keyed; 5] {
        [Keyed::first(), Keyed::second(), Keyed::third(), Keyed::other(), Keyed::other_second()]
    }

    fn circuit(key: usize) -> CircuitId {
        keys()[key].circuit().id
    }

    fn circuit_state(chain: &Chain, circuit: CircuitId) -> Option<CircuitState> {
        chain.view().get(&state_key::circuit(circuit)).unwrap()
    }

    fn stops(chain: &Chain) -> Vec<Option<StoppedKey>> {
        keys().iter().map(|k| chain.view().get(&state_key::stopped_key(&k.file.id().0)).unwrap()).collect()
    }

    fn arb_move() -> impl Strategy<Value = Move> {
        prop_oneof![
            4 => (0..6usize, 0..PEOPLE.len(), 1..2 * FUNDS).prop_map(|(from, to, amount)| Move::Transfer { from, to, amount }),
            2 => (1..4u64, 0..4u8, any::<bool>(), any::<bool>())
                .prop_map(|(person, nonce, granted, sound)| Move::Record { person, nonce, granted, sound }),
            1 => (0..3u32).prop_map(|sequence| Move::Publish { sequence }),
            2 => (0..5usize, 0..2u64).prop_map(|(key, ahead)| Move::Adopt { key, ahead }),
            1 => (0..5usize).prop_map(|key| Move::Retire { key }),
            2 => (0..5usize, 0..2usize).prop_map(|(key, by)| Move::Stop { key, by }),
        ]
    }

    fn payload(chain: &Chain, step: &Move) -> (&'static str, Payload) {
        match step {
            Move::Transfer { from, to, amount } => {
                (PEOPLE[*from], Payload::Transfer(Transfer { to: address(PEOPLE[*to]), amount: *amount }))
            }
            Move::Record { person, nonce, granted, sound } => {
                let verdict = if *granted { Verdict::Granted } else { Verdict::NotGranted };
                let mut p = chain.record("lender", *person, *nonce, verdict);
                if !sound {
                    p.answer = element(99);
                }
                ("lender", Payload::RecordProof(p))
            }
            Move::Publish { sequence } => ("bank", chain.publication(0, *sequence)),
            Move::Adopt { key, ahead } => {
                let sequence = circuit_state(chain, circuit(*key)).map_or(0, |s| s.sequence);
                let active_from_height = chain.height + 1 + DELAY + ahead;
                let (circuit, approved_until_height) = (keys()[*key].circuit(), chain.height + 10);
                let p = AdoptCircuit { circuit, sequence, active_from_height, approved_until_height, approvals: vec![] };
                ("rich", chain.decided(Payload::AdoptCircuit(p), &["validator"]))
            }
            Move::Retire { key } => {
                let circuit = circuit(*key);
                let sequence = circuit_state(chain, circuit).map_or(0, |s| s.sequence);
                let (last_height, approved_until_height) = (chain.height + 1 + DELAY, chain.height + 10);
                let p = RetireCircuit { circuit, sequence, last_height, approved_until_height, approvals: vec![] };
                ("rich", chain.decided(Payload::RetireCircuit(p), &["validator"]))
            }
            Move::Stop { key, by } => {
                let (circuit, verifying_key_id) = (circuit(*key), keys()[*key].file.id().0);
                let p = StopCircuit { circuit, verifying_key_id, approved_until_height: chain.height + 10, approvals: vec![] };
                ("rich", chain.decided(Payload::StopCircuit(p), &[["validator", "second"][*by]]))
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_transition_is_deterministic_money_is_conserved_and_stops_are_kept(blocks in prop::collection::vec(prop::collection::vec(arb_move(), 0..8), 1..6)) {
            let mut chain = Chain::ready();
            let before = supply(&chain);
            for moves in blocks {
                let mut twin = chain.clone();
                let stopped = stops(&chain);
                let payloads: Vec<_> = moves.iter().map(|m| payload(&chain, m)).collect();
                // whoever gave all away can't pay the fee any more: leave such senders out
                let payloads: Vec<_> = payloads.into_iter().filter(|(s, _)| chain.account(s).balance > 10 * FEE).collect();
                let mut nonces = BTreeMap::new();
                let mut transactions: Vec<Transaction> = Vec::new();
                for (sender, payload) in payloads {
                    let nonce = nonces.entry(sender).or_insert_with(|| chain.account(sender).nonce);
                    transactions.push(chain.transaction(sender, *nonce, payload));
                    *nonce += 1;
                }
                let (one, two) = (chain.try_block(&transactions), twin.try_block(&transactions));
                match (one, two) {
                    (Ok(one), Ok(two)) => prop_assert_eq!(one, two),
                    (Err(one), Err(two)) => prop_assert_eq!(one.to_string(), two.to_string()),
                    _ => prop_assert!(false, "one run succeeds, the other fails"),
                }
                prop_assert_eq!(supply(&chain), before);
                for ((key, was), is) in keys().iter().zip(stopped).zip(stops(&chain)) {
                    prop_assert!(was.is_none() || was == is, "a stop is neither forgotten nor changed");
                    let Some(now) = circuit_state(&chain, key.circuit().id).filter(|s| s.verifying_key_id == key.file.id().0) else { continue };
                    prop_assert_eq!(now.stopped_height, is.map(|s| s.height), "a key in use is stopped in both entries, or in none");
                }
            }
        }
    }

    #[test]
    fn a_failed_transaction_changes_nonce_and_balances_alone() {
        let mut chain = Chain::ready();
        let before = chain.state.clone();
        let payload = Payload::Transfer(Transfer { to: address("bank"), amount: u64::MAX });
        chain.block(&[("rich", payload)]);
        let changed: Vec<_> = chain.state.iter().filter(|(k, v)| before.get(k) != Some(v)).map(|(k, _)| *k).collect();
        let mut expected = vec![state_key::account(&address("rich")), state_key::account(&address("validator"))];
        expected.sort();
        assert_eq!(changed, expected);
        assert_eq!(chain.account("rich"), Account { nonce: 3, balance: FUNDS - 3 * FEE, rotated_key: None });
    }
}
