//! The native check accepts the fixture and refuses each named mutation by its own clause.

use super::testing::Fixture;
use super::{Clause, StatementError, evaluate};
use crate::circuit_id::CircuitId;
use crate::domain::Domain;
use crate::file::{Feature, random_element};
use rand::SeedableRng;
use rand::rngs::StdRng;

fn fixture() -> (Fixture, StdRng) {
    let mut rng = StdRng::seed_from_u64(1);
    (Fixture::sample(CircuitId::Eligibility3, &mut rng), rng)
}

#[test]
fn fixtures_hold_in_all_sizes() {
    let mut rng = StdRng::seed_from_u64(2);
    for circuit in CircuitId::ALL {
        let f = Fixture::sample(circuit, &mut rng);
        assert_eq!(f.check(), Ok(()), "{circuit}");
        f.opening().check().unwrap();
    }
}

#[test]
fn each_clause_refuses() {
    let refused = |mutate: &dyn Fn(&mut Fixture, &mut StdRng)| {
        let (mut f, mut rng) = fixture();
        mutate(&mut f, &mut rng);
        f.check().unwrap_err()
    };
    assert_eq!(refused(&|f, rng| f.public.identity_root = random_element(rng).into()), StatementError::Identity);
    assert_eq!(refused(&|f, _| f.witness.position ^= 1), StatementError::Identity);
    assert_eq!(refused(&|f, _| f.witness.files.swap(0, 1)), StatementError::SlotOrder { file: 1 });
    assert_eq!(refused(&|f, rng| f.public.registry_root = random_element(rng).into()), StatementError::Registry { file: 0 });
    assert_eq!(refused(&|f, _| f.witness.files[2].file.features[3] = Feature::MISSING), StatementError::Registry { file: 2 });
    assert_eq!(refused(&|f, _| f.public.month.0 -= 1).clause(), Clause::Weights);
    assert_eq!(refused(&|f, rng| f.public.nullifier = random_element(rng).into()), StatementError::Nullifier);
    assert_eq!(refused(&|f, rng| f.public.answer = random_element(rng).into()), StatementError::Answer);
    let wrong_outcome = refused(&|f, _| {
        f.witness.verdict.approved ^= true;
        f.witness.verdict.reasons = [0; 4];
        f.reseal();
    });
    assert!(matches!(wrong_outcome, StatementError::Outcome { .. }));
    let incomplete = refused(&|f, _| {
        f.witness.files.remove(2);
        f.settle();
    });
    assert_eq!(incomplete, StatementError::Incomplete { domain: Domain::Bank, used: 1, held: 2 });
}

#[test]
fn losses_add_up_to_points() {
    let (f, _) = fixture();
    let e = evaluate(&f.compiled, f.public.month, &f.witness.files, &f.witness.request).unwrap();
    assert_eq!(e.total_loss, e.losses.iter().map(|&l| u32::from(l)).sum::<u32>());
    assert_eq!(e.verdict.approved, e.total_loss <= f.compiled.allowance);
    assert_eq!(e.live_files, 3);
}
