//! Positions for life, keys that rotate, counts against lists, and all of it again after a crash.

use super::*;
use probity_credit::domain::Domain;
use probity_credit::field::F;
use probity_credit::identity::{IdentityOpening, Secret};
use probity_credit::month::Month;
use probity_credit::tree::{Empties, TREE_DEPTH, Tree};
use probity_ledger::delivery::{Member, MembershipList, MembershipTerms};
use probity_ledger::state_value::Publication;
use probity_ledger::transaction::Slot;

struct Subject {
    secret: Secret,
    identity: age::x25519::Identity,
}

impl Subject {
    fn new() -> Self {
        Self { secret: Secret::random(&mut OsRng), identity: age::x25519::Identity::generate() }
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment { commitment: self.secret.commitment(), recipient: self.identity.to_public().to_string() }
    }

    /// The opening that the newest leaf file seals to this subject.
    fn open(&self, authority: &Authority, sequence: u64, position: u32) -> Option<IdentityOpening> {
        let shard = authority.shard(sequence, position / 4096).unwrap();
        let bytes = age::decrypt(&self.identity, shard.sealed(position).unwrap()?).ok()?;
        let opening: IdentityOpening = probity_credit::codec::decode("an opening", &bytes, 1024).unwrap();
        assert_eq!(shard.leaf(position).unwrap(), Some(opening.leaf().into()));
        assert_eq!(shard.path(position).unwrap().root(position, opening.leaf()), shard.root().unwrap());
        Some(opening)
    }
}

fn id(text: &str) -> LegalId<'_> {
    LegalId::new(text).unwrap()
}

struct Scene {
    dir: tempfile::TempDir,
    key: SecretKey,
    authority: Authority,
}

fn scene() -> Scene {
    let (dir, key) = (tempfile::tempdir().unwrap(), SecretKey::generate());
    let authority = Authority::init(&dir.path().join("a"), Digest::of("test", &[b"chain"]), key.public()).unwrap();
    Scene { dir, key, authority }
}

impl Scene {
    /// As after a crash: nothing but the directory is left.
    fn reopen(&mut self) {
        let other = tempfile::tempdir().unwrap();
        let spare = Authority::init(&other.path().join("b"), Digest::default(), self.key.public()).unwrap();
        drop(std::mem::replace(&mut self.authority, spare));
        self.authority = Authority::open(&self.dir.path().join("a")).unwrap();
    }

    fn update(&mut self) -> PreparedUpdate {
        self.authority.update(FieldBytes::ZERO, &mut |_| {}).unwrap()
    }

    fn confirm(&mut self) -> PreparedUpdate {
        let root = self.update().payload.root;
        self.authority.confirm(root).unwrap()
    }
}

struct Bank {
    key: SecretKey,
    slot: Slot,
    domain: Domain,
}

impl Bank {
    fn new(slot: u16, domain: Domain) -> Self {
        Self { key: SecretKey::generate(), slot: Slot::new(slot).unwrap(), domain }
    }

    fn publish(&self, authority: &Authority, sequence: u32, positions: &[u32], changes: bool) -> (MembershipList, Published) {
        let leaves: Vec<(u32, F)> = positions.iter().map(|p| (*p, F::from(u64::from(*p) + 1))).collect();
        let (empties, month) = ([sequence as u8; 32], Month(24_000));
        let root = Tree::build(TREE_DEPTH, Empties::Seeded(empties), leaves.clone()).unwrap().root().into();
        let members = leaves.iter().map(|(position, leaf)| Member { position: *position, leaf: (*leaf).into() }).collect();
        let (chain_id, slot) = (authority.chain_id(), self.slot);
        let terms = MembershipTerms { chain_id, slot, month, sequence, root, empties, members, institution: self.key.public() };
        let membership = changes.then(|| terms.digest());
        let files = positions.len() as u32;
        let publication = Publication { month, sequence, schema: Digest::default(), root, files, membership, height: 1 };
        let published = Published { slot, domain: self.domain, institution: self.key.public(), publication };
        (terms.sign(&self.key), published)
    }
}

#[test]
fn a_position_is_for_life() {
    let mut s = scene();
    let (ada, bob, other) = (Subject::new(), Subject::new(), Subject::new());
    assert_eq!(s.authority.reserve(&[id("Zoe"), id("Yan"), id("Zoe")]).unwrap(), [0, 1, 0]);
    let first = s.authority.register(id(" Ada "), &ada.enrolment(), &s.key).unwrap();
    first.check().unwrap();
    assert!(first.is_of("Ada") && first.terms.position == 2);
    assert_eq!(s.authority.register(id("Yan"), &bob.enrolment(), &s.key).unwrap().terms.position, 1, "reserved before");
    assert!(matches!(s.authority.register(id("Ada"), &other.enrolment(), &s.key), Err(AuthorityError::Registered)));
    assert!(matches!(s.authority.register(id("Eve"), &ada.enrolment(), &s.key), Err(AuthorityError::CommitmentTaken)));
    let stranger = SecretKey::generate();
    assert!(matches!(s.authority.register(id("Eve"), &other.enrolment(), &stranger), Err(AuthorityError::Key { .. })));
    let broken = Enrolment { recipient: format!("age1{}", "q".repeat(58)), ..other.enrolment() };
    assert!(matches!(s.authority.register(id("Eve"), &broken, &s.key), Err(AuthorityError::Recipient)));
    assert!(matches!(s.authority.rotate(id("Zoe"), &other.enrolment(), &s.key), Err(AuthorityError::NeverHeld)));
    assert!(matches!(s.authority.revoke(id("Eve")), Err(AuthorityError::NotRegistered)));
    assert!(matches!(s.authority.revoke(id("Zoe")), Err(AuthorityError::NoKey)));
    s.reopen();
    assert_eq!(s.authority.positions_used(), 3);
    assert_eq!(s.authority.registration(id("Ada"), &s.key).unwrap(), first);
    assert!(matches!(s.authority.register(id("Ada"), &other.enrolment(), &s.key), Err(AuthorityError::Registered)));
}

#[test]
fn keys_are_revoked_and_rotated_in_place() {
    let mut s = scene();
    let (old, new) = (Subject::new(), Subject::new());
    let position = s.authority.register(id("Ada"), &old.enrolment(), &s.key).unwrap().terms.position;
    let first = s.confirm();
    let opened = old.open(&s.authority, first.sequence, position).unwrap();
    assert_eq!(opened.commitment, old.secret.commitment());
    assert!(new.open(&s.authority, first.sequence, position).is_none(), "sealed to its subject alone");

    let again = s.confirm();
    let reblinded = old.open(&s.authority, again.sequence, position).unwrap();
    assert_ne!((reblinded.blinding, again.payload.root), (opened.blinding, first.payload.root));
    assert_eq!(IdentityOpening { blinding: opened.blinding, ..reblinded }, opened);

    let registration = s.authority.rotate(id("Ada"), &new.enrolment(), &s.key).unwrap();
    assert_eq!((registration.terms.position, registration.terms.commitment), (position, new.secret.commitment()));
    let between = s.confirm();
    assert_eq!(between.payload.rotations, 0);
    assert_eq!(s.authority.shard(between.sequence, 0).unwrap().leaf(position).unwrap(), None, "revoked until the rotation shows");
    assert_eq!(s.authority.waiting_rotations(), 1);
    let rotated = s.authority.update_with_rotations(FieldBytes::ZERO, &mut |_| {}).unwrap();
    assert_eq!(rotated.payload.rotations, 1);
    s.reopen();
    s.authority.confirm(rotated.payload.root).unwrap();
    assert_eq!(s.authority.waiting_rotations(), 0);
    assert_eq!(new.open(&s.authority, rotated.sequence, position).unwrap().person, opened.person, "files and person stay");
    let later = s.confirm();
    assert!(new.open(&s.authority, later.sequence, position).is_some());
    s.authority.revoke(id("Ada")).unwrap();
    let last = s.confirm();
    assert_eq!(s.authority.shard(last.sequence, 0).unwrap().leaf(position).unwrap(), None);
    assert!(matches!(s.authority.rotate(id("Ada"), &old.enrolment(), &s.key), Err(AuthorityError::CommitmentTaken)), "no key comes back");
}

#[test]
fn covers_count_what_is_there() {
    let mut s = scene();
    let ada = Subject::new();
    let position = s.authority.register(id("Ada"), &ada.enrolment(), &s.key).unwrap().terms.position;
    let names: Vec<String> = (0..9).map(|i| format!("p{i}")).collect();
    s.authority.reserve(&names.iter().map(|n| id(n)).collect::<Vec<_>>()).unwrap();
    let (bank, landlord) = (Bank::new(3, Domain::Bank), Bank::new(1, Domain::Landlord));
    let (list, published) = bank.publish(&s.authority, 0, &[0, 2, 5], true);
    assert_eq!(s.authority.cover(&list, &published).unwrap(), CoverReport { added: 3, removed: 0, members: 3 });
    let (list, published) = landlord.publish(&s.authority, 0, &[0], true);
    s.authority.cover(&list, &published).unwrap();
    s.authority.cover(&list, &published).unwrap();

    let update = s.update();
    let slots: Vec<u16> = update.payload.covers.iter().map(|c| c.slot.number()).collect();
    assert_eq!(slots, [1, 3], "each once, rising");
    assert!(matches!(s.authority.cover(&list, &published), Err(AuthorityError::Outstanding { sequence: 1 })));
    s.authority.abandon().unwrap();
    s.reopen();
    let update = s.update();
    assert_eq!((update.sequence, update.payload.covers.len()), (2, 2), "what was refused is covered again");
    assert!(matches!(s.authority.confirm(FieldBytes::ZERO), Err(AuthorityError::OtherRoot { sequence: 2 })));
    s.authority.confirm(update.payload.root).unwrap();
    assert!(matches!(s.authority.abandon(), Err(AuthorityError::NothingOutstanding)));
    let counts = ada.open(&s.authority, 2, position).unwrap().counts;
    assert_eq!((counts.get(Domain::Bank), counts.get(Domain::Landlord), counts.get(Domain::Court)), (1, 1, 0));

    let (list, published) = bank.publish(&s.authority, 1, &[2, 5, 7], true);
    assert_eq!(s.authority.cover(&list, &published).unwrap(), CoverReport { added: 1, removed: 1, members: 3 });
    let back = bank.publish(&s.authority, 2, &[0, 2, 5], false);
    s.authority.cover(&back.0, &back.1).unwrap();
    let update = s.confirm();
    assert_eq!(update.payload.covers, [], "a correction to the counted customers goes live by itself");
    assert_eq!(ada.open(&s.authority, update.sequence, position).unwrap().counts, counts);
    s.reopen();
    assert_eq!(s.authority.standing(id("Ada")).unwrap().counts, counts);
    assert_eq!(std::fs::read_dir(s.dir.path().join("a/membership-lists")).unwrap().count(), 4, "lists are kept for recounts");
}

#[test]
fn covers_refuse_what_is_not() {
    let mut s = scene();
    let names: Vec<String> = (0..9).map(|i| format!("p{i}")).collect();
    s.authority.reserve(&names.iter().map(|n| id(n)).collect::<Vec<_>>()).unwrap();
    let bank = Bank::new(3, Domain::Bank);
    let (list, published) = bank.publish(&s.authority, 4, &[0, 2], true);
    let mut refused = |list: &MembershipList, published: &Published| s.authority.cover(list, published).unwrap_err();
    let with = |f: &dyn Fn(&mut Published)| {
        let mut p = published.clone();
        f(&mut p);
        p
    };
    let what = |e| match e {
        AuthorityError::OtherPublication { what } => what,
        e => panic!("{e}"),
    };
    assert_eq!(what(refused(&list, &with(&|p| p.slot = Slot::new(4).unwrap()))), "slot");
    assert_eq!(what(refused(&list, &with(&|p| p.institution = SecretKey::generate().public()))), "institution");
    assert_eq!(what(refused(&list, &with(&|p| p.publication.month.0 += 1))), "month");
    assert_eq!(what(refused(&list, &with(&|p| p.publication.sequence += 1))), "sequence number");
    assert_eq!(what(refused(&list, &with(&|p| p.publication.root = FieldBytes::ZERO))), "root");
    assert_eq!(what(refused(&list, &with(&|p| p.publication.files = 3))), "number of files");
    let mut elsewhere = list.terms.clone();
    elsewhere.chain_id = Digest::default();
    assert_eq!(what(refused(&elsewhere.sign(&bank.key), &published)), "chain");
    let wrong = with(&|p| p.publication.membership = Some(Digest::default()));
    assert!(matches!(refused(&list, &wrong), AuthorityError::MembershipDigest { .. }));
    let hidden = with(&|p| p.publication.membership = None);
    assert!(matches!(refused(&list, &hidden), AuthorityError::HiddenChanges { added: 2, removed: 0, .. }));
    let mut invented = list.terms.clone();
    invented.members[1].position = 3;
    let digest = invented.digest();
    let invented = refused(&invented.sign(&bank.key), &with(&|p| p.publication.membership = Some(digest)));
    assert!(matches!(invented, AuthorityError::Delivery(probity_ledger::delivery::DeliveryError::Root { .. })));
    let unsigned = MembershipList { signature: SecretKey::generate().sign(&Digest::default()), ..list.clone() };
    assert!(matches!(refused(&unsigned, &published), AuthorityError::Delivery(_)));

    let stranger = bank.publish(&s.authority, 4, &[0, 9], true);
    assert!(matches!(s.authority.cover(&stranger.0, &stranger.1), Err(AuthorityError::UnknownPosition { position: 9 })));
    s.authority.cover(&list, &published).unwrap();
    let older = bank.publish(&s.authority, 3, &[0], true);
    assert!(matches!(s.authority.cover(&older.0, &older.1), Err(AuthorityError::OlderPublication { sequence: 3, .. })));
    let moved = Published { domain: Domain::Court, ..published };
    assert!(matches!(s.authority.cover(&list, &moved), Err(AuthorityError::OtherDomain { .. })));
    for slot in 10..72 {
        let (list, published) = Bank::new(slot, Domain::Bank).publish(&s.authority, 0, &[0], true);
        s.authority.cover(&list, &published).unwrap();
    }
    let (list, published) = Bank::new(72, Domain::Bank).publish(&s.authority, 0, &[0], true);
    assert!(matches!(s.authority.cover(&list, &published), Err(AuthorityError::TooManyFiles { position: 0 })));
}

#[test]
fn rosters_reserve_or_leave_out() {
    let mut s = scene();
    s.authority.reserve(&[id("Zoe"), id("Ada")]).unwrap();
    let customers = "branch,legal_id\nx,Ada\ny,Eve\nz,\"Doe, John\"\n";
    let mut out = vec![];
    let report = s.authority.roster(customers.as_bytes(), &mut out, Unregistered::LeaveOut).unwrap();
    assert_eq!(report, RosterReport { listed: 1, reserved: 0, left_out: 2 });
    assert_eq!(String::from_utf8(out).unwrap(), "legal_id,position\nAda,1\n");
    let mut out = vec![];
    let report = s.authority.roster(customers.as_bytes(), &mut out, Unregistered::Reserve).unwrap();
    assert_eq!(report, RosterReport { listed: 3, reserved: 2, left_out: 0 });
    let roster = crate::institution::Roster::read(out.as_slice()).unwrap();
    assert_eq!((roster.position(id("Ada")), roster.position(id("Doe, John")), roster.len()), (Some(1), Some(3), 3));
    let mut refused = |csv: &str| match s.authority.roster(csv.as_bytes(), std::io::sink(), Unregistered::Reserve) {
        Err(AuthorityError::CustomerList { line, .. }) => line,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("name\nAda\n"), 1);
    assert_eq!(refused("legal_id\nAda\n \n"), 3);
    assert_eq!(refused("legal_id,x\nAda\n"), 2);
}

#[test]
fn the_directory_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let s = scene();
    let dir = s.dir.path().join("a");
    assert!(matches!(Authority::open(&dir), Err(AuthorityError::Store(StoreError::Locked { .. }))));
    for entry in std::fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
    drop(s.authority);
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o750)).unwrap();
    assert!(matches!(Authority::open(&dir), Err(AuthorityError::Store(StoreError::Open { .. }))));
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
    let again = Authority::init(&dir, Digest::default(), s.key.public());
    assert!(matches!(again, Err(AuthorityError::Store(StoreError::Exists { .. }))));
}
