use super::*;
use crate::testing::*;
use probity_ledger::transaction::{Body, Transfer};
use proptest::prelude::*;

const HEIGHT: u64 = 1;

fn transaction(chain: &Chain, sender: &str, nonce: u64, fee: u64) -> Transaction {
    let payload = Payload::Transfer(Transfer { to: address("bank"), amount: 1 });
    Body { fee, ..chain.body(sender, nonce, payload) }.sign(&key(sender))
}

fn insert(pool: &mut Mempool, chain: &Chain, sender: &str, nonce: u64, fee: u64) -> Result<TxId, SubmitError> {
    let transaction = transaction(chain, sender, nonce, fee);
    pool.insert(transaction, &chain.account(sender), &chain.genesis, &chain.chain_id, HEIGHT)
}

fn limits(transactions: usize, per_sender: usize) -> Mempool {
    Mempool::new(MempoolLimits { transactions, per_sender, ..MempoolLimits::default() })
}

fn everything(pool: &Mempool) -> Vec<(Address, u64)> {
    let budget = Budget { transactions: 1_000, bytes: usize::MAX, proofs: 1_000 };
    pool.select(&budget, &|_| 0).iter().map(|t| (t.body.sender, t.body.nonce)).collect()
}

#[test]
fn each_rule_refuses() {
    let chain = Chain::new();
    let mut pool = limits(10, 3);
    let id = insert(&mut pool, &chain, "rich", 0, 100).unwrap();
    assert_eq!(insert(&mut pool, &chain, "rich", 0, 100), Err(SubmitError::Known { id }));
    assert_eq!(insert(&mut pool, &chain, "rich", 0, 110), Err(SubmitError::Underpriced { least: 111 }));
    assert_eq!(insert(&mut pool, &chain, "rich", 3, 100), Err(SubmitError::NonceWindow { next: 0, end: 3, found: 3 }));
    assert_eq!(insert(&mut pool, &chain, "rich", 1, 9), Err(SubmitError::Refused(TxError::FeeTooLow { minimum: 10, offered: 9 })));
    let fees = FUNDS + 100;
    assert_eq!(insert(&mut pool, &chain, "rich", 1, FUNDS), Err(SubmitError::FeesNotCovered { balance: FUNDS, fees }));
    let replacement = insert(&mut pool, &chain, "rich", 0, 111).unwrap();
    assert!(pool.get(&id).is_none() && pool.get(&replacement).is_some());
    assert_eq!(pool.len(), 1);
}

#[test]
fn best_payers_go_first_and_each_sender_in_order() {
    let chain = Chain::new();
    let mut pool = limits(10, 5);
    for (sender, nonce, fee) in [("rich", 0, 20), ("rich", 1, 900), ("bank", 0, 50), ("bank", 2, 999), ("court", 0, 30)] {
        insert(&mut pool, &chain, sender, nonce, fee).unwrap();
    }
    let order = [("bank", 0), ("court", 0), ("rich", 0), ("rich", 1)].map(|(s, n)| (address(s), n));
    assert_eq!(everything(&pool), order, "bank's nonce 2 waits for 1");
    assert_eq!(pool.next_nonce(&address("bank"), 0), 1);
    let budget = Budget { transactions: 2, bytes: usize::MAX, proofs: 0 };
    assert_eq!(pool.select(&budget, &|_| 0).len(), 2);
    let one = transaction(&chain, "bank", 0, 50).encode().len();
    assert_eq!(pool.select(&Budget { bytes: one, transactions: 9, proofs: 0 }, &|_| 0).len(), 1);
}

#[test]
fn proofs_have_a_budget() {
    let chain = Chain::ready();
    let mut pool = limits(10, 5);
    let nonce = chain.account("lender").nonce;
    for i in 0..2 {
        let p = chain.record("lender", 1, i, probity_ledger::transaction::Verdict::NotGranted);
        let transaction = chain.transaction("lender", nonce + u64::from(i), Payload::RecordProof(p));
        pool.insert(transaction, &chain.account("lender"), &chain.genesis, &chain.chain_id, chain.height + 1).unwrap();
    }
    let budget = |proofs| Budget { transactions: 9, bytes: usize::MAX, proofs };
    assert_eq!([0, 1, 2].map(|n| pool.select(&budget(n), &|_| nonce).len()), [0, 1, 2]);
}

#[test]
fn a_full_pool_keeps_the_better_payers_without_gaps() {
    let chain = Chain::new();
    let mut pool = limits(3, 5);
    for (sender, nonce, fee) in [("rich", 0, 50), ("rich", 1, 20), ("bank", 0, 40)] {
        insert(&mut pool, &chain, sender, nonce, fee).unwrap();
    }
    assert_eq!(insert(&mut pool, &chain, "court", 0, 15), Err(SubmitError::Full));
    insert(&mut pool, &chain, "court", 0, 45).unwrap();
    let left = [("rich", 0), ("court", 0), ("bank", 0)].map(|(s, n)| (address(s), n));
    assert_eq!(everything(&pool), left, "the cheapest last one went");
}

#[test]
fn settling_drops_what_cannot_be_included_any_more() {
    let chain = Chain::new();
    let mut pool = limits(10, 5);
    for (sender, nonce) in [("rich", 0), ("rich", 1), ("bank", 0)] {
        insert(&mut pool, &chain, sender, nonce, 100).unwrap();
    }
    let short = Body { valid_until_height: Some(5), ..transaction(&chain, "court", 0, 100).body }.sign(&key("court"));
    pool.insert(short, &chain.account("court"), &chain.genesis, &chain.chain_id, HEIGHT).unwrap();
    let touched = [address("rich")].into();
    let after: &dyn Fn(&Address) -> Result<Account, ()> = &|_| Ok(Account { nonce: 1, balance: 100, rotated_key: None });
    pool.settle(5, &touched, after).unwrap();
    assert_eq!(pool.len(), 3, "only rich's nonce 0 is used");
    pool.settle(6, &touched, after).unwrap();
    assert_eq!(pool.len(), 2, "court's is late");
    let rotated: &dyn Fn(&Address) -> Result<Account, ()> =
        &|_| Ok(Account { nonce: 0, balance: 100, rotated_key: Some(key("new").public()) });
    pool.settle(6, &[address("bank")].into(), rotated).unwrap();
    assert_eq!(everything(&pool).len(), 0);
    assert_eq!(pool.len(), 1, "rich's nonce 1 waits");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn counts_and_limits_hold_whatever_comes(
        moves in prop::collection::vec((0usize..4, 0u64..6, 10u64..2_000), 1..60),
    ) {
        let chain = Chain::new();
        let mut pool = limits(8, 5);
        let senders = ["rich", "bank", "court", "lender"];
        for (sender, nonce, fee) in moves {
            let _ = insert(&mut pool, &chain, senders[sender], nonce, fee);
            let all: Vec<&Waiting> = pool.senders.values().flat_map(BTreeMap::values).collect();
            prop_assert!(all.len() <= 8);
            prop_assert_eq!(all.len(), pool.len());
            prop_assert_eq!(all.iter().map(|w| w.bytes).sum::<usize>(), pool.bytes());
            prop_assert!(all.iter().all(|w| pool.ids.contains_key(&w.id)));
        }
    }
}
