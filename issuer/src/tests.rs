//! From two institutions' CSV to a witness that the statement accepts, with nothing but what a wallet is handed.

use crate::LegalId;
use crate::authority::{Authority, Published, Unregistered};
use crate::institution::{IngestOptions, Mapping, Publication, Roster, UnknownCustomers, ingest};
use probity_credit::circuit_id::CircuitId;
use probity_credit::codec;
use probity_credit::commitment::Anchor;
use probity_credit::digest::Digest;
use probity_credit::domain::Domain;
use probity_credit::field::FieldBytes;
use probity_credit::file::random_element;
use probity_credit::identity::{IdentityOpening, Secret};
use probity_credit::month::Month;
use probity_credit::nullifier::nullifier;
use probity_credit::policy::testing::policy;
use probity_credit::schema::testing::schema;
use probity_credit::statement::{PublicInputs, StatementError, UsedFile, Witness, check, evaluate};
use probity_ledger::delivery::{Delivery, Enrolment, FileOpening, IdentityShard, LiveSlot, MembershipList, RegistrySnapshot};
use probity_ledger::keys::SecretKey;
use probity_ledger::state_value;
use probity_ledger::transaction::Slot;
use rand::rngs::OsRng;
use std::path::Path;

const MONTH: Month = Month(24_322);
const PEOPLE: usize = 5_000;
const ADA: usize = 4_321;

fn legal(person: usize) -> String {
    format!("Person {person}")
}

struct Institution {
    key: SecretKey,
    domain: Domain,
    slot: Slot,
    features: std::ops::Range<usize>,
}

impl Institution {
    fn publish(&self, home: &Path, customers: &[usize], authority: &mut Authority) -> Publication {
        let list: String = customers.iter().map(|p| format!("{}\n", legal(*p))).collect();
        let mut roster = vec![];
        authority.roster(format!("legal_id\n{list}").as_bytes(), &mut roster, Unregistered::LeaveOut).unwrap();
        let features = self.features.clone();
        let mapping: String =
            features.clone().map(|f| format!("[[features]]\nfeature = \"feature_{f}\"\ncolumn = \"c{f}\"\nread = \"integer\"\n")).collect();
        let columns: String = features.clone().map(|f| format!(",c{f}")).collect();
        let row = |p: &usize| features.clone().fold(legal(*p), |row, f| format!("{row},{}", (p * 7 + f * 131) % 900)) + "\n";
        let csv = format!("id{columns}\n{}", customers.iter().map(row).collect::<String>());
        let options = IngestOptions {
            chain_id: authority.chain_id(),
            institution: self.key.public(),
            slot: self.slot,
            domain: self.domain,
            month: MONTH,
            sequence: 0,
            unknown_customers: UnknownCustomers::Refuse,
            baseline: None,
        };
        let mapping = Mapping::from_toml(&format!("key = \"id\"\n{mapping}")).unwrap();
        let roster = Roster::read(roster.as_slice()).unwrap();
        ingest(home, "records.csv", csv.as_bytes(), None, &mapping, &schema(), &roster, options, &mut |_| {}).unwrap().publication
    }

    fn published(&self, publication: &Publication) -> Published {
        let c = publication.commitment(&self.key).unwrap();
        let (month, sequence, schema, root, files) = (c.month, c.sequence, c.schema, c.root, c.files);
        let publication = state_value::Publication { month, sequence, schema, root, files, membership: c.membership, height: 1 };
        Published { slot: c.slot, domain: self.domain, institution: self.key.public(), publication }
    }
}

/// Everything a wallet holds, encoded as it was handed over.
struct Handed {
    secret: Secret,
    position: u32,
    identity: age::x25519::Identity,
    shard: Vec<u8>,
    openings: Vec<Vec<u8>>,
    snapshot: Vec<u8>,
}

impl Handed {
    /// Public inputs and witness for the openings with these indices.
    fn prove(&self, used: &[usize]) -> Result<(), StatementError> {
        let shard = IdentityShard::decode(&self.shard).unwrap();
        let snapshot = RegistrySnapshot::decode(&self.snapshot).unwrap();
        let sealed = age::decrypt(&self.identity, shard.sealed(self.position).unwrap().unwrap()).unwrap();
        let identity: IdentityOpening = codec::decode("an opening", &sealed, 1024).unwrap();
        let registry = snapshot.tree().unwrap();
        let mut files: Vec<UsedFile> = used
            .iter()
            .map(|i| {
                let FileOpening { file, path, receipt } = FileOpening::from_json(&self.openings[*i]).unwrap();
                let t = receipt.terms;
                assert_eq!((snapshot.live(t.slot).unwrap().root, t.position), (t.root, self.position));
                let slot = t.slot.number();
                UsedFile { slot, domain: t.domain, month: t.month, file, path, registry_path: registry.path(slot.into()).unwrap() }
            })
            .collect();
        files.sort_by_key(|f| f.slot);
        let policy = policy(CircuitId::Eligibility3);
        let compiled = policy.compile(&schema()).unwrap();
        let (request, scope) = ([250, 20, 0, 0], random_element(&mut OsRng));
        let verdict = evaluate(&compiled, MONTH, &files, &request).unwrap().verdict;
        let witness = Witness {
            position: self.position,
            identity_path: shard.path(self.position).unwrap(),
            identity,
            files,
            request,
            verdict,
            salt: random_element(&mut OsRng).into(),
            secret: self.secret.clone(),
        };
        let public = PublicInputs {
            identity_root: snapshot.anchor.identity_root,
            registry_root: snapshot.anchor.registry_root,
            month: snapshot.anchor.month,
            scope: scope.into(),
            nullifier: nullifier(&self.secret, scope),
            context: Digest::of("test", &[b"context"]).to_field().into(),
            answer: witness.opening(&compiled).answer(),
        };
        check(&compiled, &policy.schema, &public, &witness)
    }
}

#[test]
fn from_csv_to_an_accepted_witness() {
    let dir = tempfile::tempdir().unwrap();
    let authority_key = SecretKey::generate();
    let mut authority = Authority::init(&dir.path().join("authority"), Digest::of("test", &[b"chain"]), authority_key.public()).unwrap();
    let names: Vec<String> = (0..PEOPLE).map(legal).collect();
    authority.reserve(&names.iter().map(|n| LegalId::new(n).unwrap()).collect::<Vec<_>>()).unwrap();
    let (secret, identity) = (Secret::random(&mut OsRng), age::x25519::Identity::generate());
    let enrolment = Enrolment { commitment: secret.commitment(), recipient: identity.to_public().to_string() };
    let ada = legal(ADA);
    let registration = authority.register(LegalId::new(&ada).unwrap(), &enrolment, &authority_key).unwrap();
    let position = registration.terms.position;
    assert_eq!(IdentityShard::index_of(position), 1, "not in the first shard");

    let institution = |slot, domain, features| Institution { key: SecretKey::generate(), domain, slot: Slot::new(slot).unwrap(), features };
    let institutions = [
        institution(40, Domain::Bank, 0..7),
        institution(7, Domain::Employer, 7..14),
        institution(300, Domain::Landlord, 14..20),
        institution(9, Domain::Bank, 3..9),
    ];
    let customers: [Vec<usize>; 4] =
        [(0..PEOPLE).collect(), (ADA - 3..ADA + 3).collect(), (2..PEOPLE).step_by(3).collect(), (ADA..ADA + 1).collect()];
    let (mut openings, mut slots) = (vec![], vec![]);
    for (institution, customers) in institutions.iter().zip(&customers) {
        let home = dir.path().join(institution.slot.to_string());
        let publication = institution.publish(&home, customers, &mut authority);
        let list = MembershipList::decode(&publication.membership(&institution.key).unwrap().encode()).unwrap();
        let report = authority.cover(&list, &institution.published(&publication)).unwrap();
        assert_eq!((report.added, report.removed), (customers.len(), 0));
        if customers.contains(&ADA) {
            openings.push(serde_json::to_vec(&publication.opening(position, &institution.key).unwrap()).unwrap());
        }
        let f = publication.facts();
        slots.push(LiveSlot { slot: f.slot, domain: f.domain, month: f.month, sequence: f.sequence, schema: f.schema, root: f.root });
    }
    assert_eq!(openings.len(), 3, "the landlord knows every third person, and not Ada");
    let update = authority.update(FieldBytes::ZERO, &mut |_| {}).unwrap();
    authority.confirm(update.payload.root).unwrap();
    assert_eq!((update.payload.shards, update.payload.covers.len(), update.payload.positions_used), (2, 4, PEOPLE as u32));
    let contents = authority.leaf_file(update.sequence).unwrap();
    assert_eq!(contents.digest(), update.payload.leaf_file);
    assert!((0..2).all(|i| contents.lists(&authority.shard(update.sequence, i).unwrap())));

    slots.sort_by_key(|s| s.slot);
    let anchor = Anchor { height: 5, identity_root: update.payload.root, registry_root: FieldBytes::ZERO, month: MONTH };
    let mut snapshot = RegistrySnapshot { anchor, slots };
    snapshot.anchor.registry_root = snapshot.tree().unwrap().root().into();
    let shard = authority.shard(update.sequence, 1).unwrap().encode();
    let mut handed = Handed { secret, position, identity, shard, openings, snapshot: snapshot.encode() };
    assert_eq!(handed.prove(&[0, 1, 2]), Ok(()));
    assert_eq!(handed.prove(&[0, 1]), Err(StatementError::Incomplete { domain: Domain::Bank, used: 1, held: 2 }));

    // the next leaf file has another root: its shard does not fit the old anchor
    let next = authority.update(update.payload.root, &mut |_| {}).unwrap();
    handed.shard = authority.shard(next.sequence, 1).unwrap().encode();
    assert_eq!(handed.prove(&[0, 1, 2]), Err(StatementError::Identity));
}
