use super::*;
use proptest::prelude::*;
use zeroize::Zeroizing;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&Zeroizing::new([seed; 32]))
}

fn set(powers: &[u64]) -> (Vec<SecretKey>, ValidatorSet) {
    let keys: Vec<_> = (1u8..).take(powers.len()).map(key).collect();
    let validators = keys.iter().zip(powers).map(|(k, p)| Validator { public_key: k.public(), power: *p }).collect();
    (keys, ValidatorSet::new(validators).unwrap())
}

fn chain() -> Digest {
    Digest::of("test chain", &[])
}

fn block() -> Digest {
    Digest::of("test block", &[])
}

fn certificate(keys: &[SecretKey]) -> Certificate {
    let signatures = keys
        .iter()
        .map(|k| SignedVote::sign(k, &chain(), 7, 1, VoteType::Precommit, Some(block())))
        .map(|v| CommitSignature { validator: v.validator, signature: v.signature })
        .collect();
    Certificate { height: 7, round: 1, block_hash: block(), signatures }
}

#[test]
fn a_quorum_is_more_than_two_thirds_of_the_power() {
    let (keys, validators) = set(&[4, 3, 2, 1]);
    assert_eq!(certificate(&keys).verify(&chain(), &block(), &validators), Ok(10));
    assert_eq!(certificate(&keys[..2]).verify(&chain(), &block(), &validators), Ok(7));
    let minority = certificate(&[key(1), key(3)]);
    assert_eq!(minority.verify(&chain(), &block(), &validators), Err(CertificateError::NotEnoughPower { signed: 6, total: 10 }));
    let (keys, validators) = set(&[1, 1, 1]);
    assert!(certificate(&keys[..2]).verify(&chain(), &block(), &validators).is_err(), "exactly two thirds is not more");
    assert_eq!([0, 1, 2, 3].map(|power| validators.exceeds_third(power)), [false, false, true, true], "nor is exactly one third");
}

#[test]
fn named_mutations_are_refused() {
    let (keys, validators) = set(&[4, 3, 2, 1]);
    let good = certificate(&keys);
    let check = |c: &Certificate| c.verify(&chain(), &block(), &validators);

    let other = Digest::of("test block", &[b"other"]);
    assert_eq!(good.verify(&chain(), &other, &validators), Err(CertificateError::WrongBlock { expected: other, found: block() }));
    let bad = |v: &SecretKey| Err(CertificateError::BadSignature { validator: v.public() });
    assert_eq!(good.verify(&other, &block(), &validators), bad(&keys[0]), "another chain");
    assert_eq!(check(&Certificate { height: 8, ..good.clone() }), bad(&keys[0]));
    assert_eq!(check(&Certificate { round: 2, ..good.clone() }), bad(&keys[0]));

    let mut altered = good.clone();
    altered.signatures[2].signature.0[5] ^= 1;
    assert_eq!(check(&altered), bad(&keys[2]), "one bad signature spoils a certificate even when the others suffice");

    let mut duplicated = good.clone();
    duplicated.signatures[3] = duplicated.signatures[0];
    assert_eq!(check(&duplicated), Err(CertificateError::DuplicateSigner { validator: keys[0].public() }));

    let mut stranger = good.clone();
    stranger.signatures[3].validator = key(99).public();
    assert_eq!(check(&stranger), Err(CertificateError::UnknownSigner { validator: key(99).public() }));

    let mut long = good.clone();
    long.signatures = vec![good.signatures[0]; MAX_VALIDATORS + 1];
    assert_eq!(check(&long), Err(CertificateError::TooManySignatures { count: MAX_VALIDATORS + 1, limit: MAX_VALIDATORS }));

    let prevote = SignedVote::sign(&keys[0], &chain(), 7, 1, VoteType::Prevote, Some(block()));
    let mut prevoted = good.clone();
    prevoted.signatures[0].signature = prevote.signature;
    assert_eq!(check(&prevoted), bad(&keys[0]), "a prevote is no precommit");
}

#[test]
fn every_rule_of_a_set_is_checked_also_on_decoding() {
    let v = |seed, power| Validator { public_key: key(seed).public(), power };
    let twice = key(1).public();
    assert_eq!(ValidatorSet::new(vec![]), Err(ValidatorSetError::Empty));
    assert_eq!(ValidatorSet::new(vec![v(1, 0)]), Err(ValidatorSetError::NoPower { validator: twice }));
    assert_eq!(ValidatorSet::new(vec![v(1, 1), v(2, 1), v(1, 1)]), Err(ValidatorSetError::Duplicate { validator: twice }));
    assert_eq!(ValidatorSet::new(vec![v(1, u64::MAX), v(2, 1)]), Err(ValidatorSetError::Overflow));
    let weak = PublicKey([0; 32]);
    assert_eq!(ValidatorSet::new(vec![Validator { public_key: weak, power: 1 }]), Err(ValidatorSetError::WeakKey { validator: weak }));

    let (_, good) = set(&[4, 3, 2, 1]);
    let bytes = borsh::to_vec(&good).unwrap();
    assert_eq!(borsh::from_slice::<ValidatorSet>(&bytes).unwrap(), good);
    let json = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<ValidatorSet>(&json).unwrap(), good);
    let mut reversed = good.validators().to_vec();
    reversed.reverse();
    assert!(borsh::from_slice::<ValidatorSet>(&borsh::to_vec(&reversed).unwrap()).is_err());
    assert!(serde_json::from_str::<ValidatorSet>(&serde_json::to_string(&reversed).unwrap()).is_err());
    let too_many: Vec<_> = (0..=MAX_VALIDATORS).map(|_| v(1, 1)).collect();
    assert_eq!(ValidatorSet::new(too_many), Err(ValidatorSetError::TooMany { count: 513, limit: 512 }));
}

#[test]
fn proposers_lead_in_proportion_to_their_power() {
    let (keys, validators) = set(&[4, 3, 2, 1]);
    for start in [1, 1_000_000, u64::MAX - 500] {
        for (k, power) in keys.iter().zip([4i64, 3, 2, 1]) {
            let led = (0..100u64).filter(|i| validators.proposer(start.wrapping_add(*i), 0).public_key == k.public()).count();
            let led = i64::try_from(led).unwrap();
            assert!((led - 10 * power).abs() <= 3, "power {power} led {led} of 100 heights from {start}");
        }
    }
}

proptest! {
    #[test]
    fn consecutive_rounds_have_different_proposers(height: u64, powers in prop::collection::vec(1u64..1 << 40, 1..12)) {
        let (_, validators) = set(&powers);
        let n = u32::try_from(powers.len()).unwrap();
        let turns: BTreeSet<_> = (0..n).map(|r| validators.proposer(height, r).public_key).collect();
        prop_assert_eq!(turns.len(), powers.len());
        prop_assert_eq!(validators.proposer(height, n), validators.proposer(height, 0));
    }

    #[test]
    fn no_two_messages_sign_the_same_bytes(h in 0u64..4, r in 0u32..4, block: Option<[u8; 32]>, v: Option<u32>) {
        let block = block.map(Digest);
        let prevote = vote_sign_bytes(&chain(), h, r, block, VoteType::Prevote);
        prop_assert_ne!(&prevote, &vote_sign_bytes(&chain(), h, r, block, VoteType::Precommit));
        prop_assert_ne!(&prevote, &vote_sign_bytes(&chain(), h + 1, r, block, VoteType::Prevote));
        prop_assert_ne!(&prevote, &proposal_sign_bytes(&chain(), h, r, v, &block.unwrap_or_default()));
    }
}

#[test]
fn equivocation_is_two_contradicting_signed_messages() {
    let (a, b) = (key(1), key(2));
    let vote = |k: &SecretKey, round, block| SignedVote::sign(k, &chain(), 7, round, VoteType::Prevote, block);
    let check = |x, y| Equivocation::Votes(x, y).verify(&chain());
    let first = vote(&a, 0, Some(block()));
    assert_eq!(check(first, vote(&a, 0, None)), Ok(Offence { height: 7, validator: a.public() }));
    assert_eq!(check(first, first), Err(EquivocationError::SameMessage));
    assert_eq!(check(first, vote(&b, 0, None)), Err(EquivocationError::DifferentValidators));
    assert_eq!(check(first, vote(&a, 1, None)), Err(EquivocationError::DifferentSlots));
    let precommit = SignedVote::sign(&a, &chain(), 7, 0, VoteType::Precommit, None);
    assert_eq!(check(first, precommit), Err(EquivocationError::DifferentSlots));
    let framed = SignedVote { signature: first.signature, ..vote(&a, 0, None) };
    assert_eq!(check(first, framed), Err(EquivocationError::BadSignature));

    let proposal = |valid_round| SignedProposal::sign(&a, &chain(), 7, 2, valid_round, block());
    let pair = Equivocation::Proposals(proposal(None), proposal(Some(1)));
    assert_eq!(pair.verify(&chain()), Ok(Offence { height: 7, validator: a.public() }));
    assert_eq!(pair.verify(&block()), Err(EquivocationError::BadSignature), "another chain");
    let bytes = borsh::to_vec(&pair).unwrap();
    assert_eq!(borsh::from_slice::<Equivocation>(&bytes).unwrap(), pair);
}
