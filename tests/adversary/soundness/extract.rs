//! From the values of a satisfied system back to the statement and witness that they claim, for the native check to judge.

use super::system::System;
use ark_ff::PrimeField;
use probity_credit::digest::Digest;
use probity_credit::domain::{DOMAINS, Domain};
use probity_credit::field::{F, FieldBytes, to_signed};
use probity_credit::file::{CreditFile, FEATURES, Feature};
use probity_credit::identity::{Counts, IdentityOpening, Secret};
use probity_credit::month::Month;
use probity_credit::statement::testing::Fixture;
use probity_credit::statement::{PublicInputs, UsedFile, Verdict, Witness, check, position};
use probity_credit::tree::{ARITY, ARITY_BITS, MerklePath, REGISTRY_DEPTH, TREE_DEPTH};

struct Values<'s> {
    system: &'s System,
    values: &'s [F],
}

impl Values<'_> {
    fn at(&self, name: &str) -> F {
        self.values[self.system.column(self.system.witness(name))]
    }

    fn bytes(&self, name: &str) -> FieldBytes {
        self.at(name).into()
    }

    /// A number that the rows keep small, as an integer.
    fn small(&self, name: &str) -> Result<u64, String> {
        small(self.at(name)).ok_or_else(|| format!("{name} is no small number"))
    }

    fn path(&self, scope: &str, depth: usize, position: u64) -> MerklePath {
        let level = |level: usize| {
            let own = (position >> (ARITY_BITS * level)) as usize % ARITY;
            let others: Vec<usize> = (0..ARITY).filter(|&i| i != own).collect();
            std::array::from_fn(|i| self.bytes(&format!("{scope}/level[{level}]/child[{}]", others[i])))
        };
        MerklePath { levels: (0..depth).map(level).collect() }
    }
}

fn small(x: F) -> Option<u64> {
    let limbs = x.into_bigint().0;
    (limbs[1..] == [0; 3]).then_some(limbs[0])
}

/// What native code would have to accept: for a satisfied system it must.
///
/// # Errors
/// What the native check refuses, or a value that no native witness has: the system accepted a false statement.
pub(super) fn judge(system: &System, f: &Fixture, values: &[F]) -> Result<(), String> {
    let at = Values { system, values };
    let public = public_inputs(f, values)?;
    let witness = witness(&at, f)?;
    check(&f.compiled, &f.policy.schema, &public, &witness).map_err(|e| e.to_string())
}

fn public_inputs(f: &Fixture, values: &[F]) -> Result<PublicInputs, String> {
    let place = |place: usize| FieldBytes::from(values[place + 1]);
    if values[position::POLICY + 1..=position::COUNT] != f.compiled.inputs() {
        return Err("the policy is not the subject's".into());
    }
    Ok(PublicInputs {
        identity_root: place(position::IDENTITY_ROOT),
        registry_root: place(position::REGISTRY_ROOT),
        month: f.public.month,
        scope: place(position::SCOPE),
        nullifier: place(position::NULLIFIER),
        context: place(position::CONTEXT),
        answer: place(position::ANSWER),
    })
}

fn witness(at: &Values<'_>, f: &Fixture) -> Result<Witness, String> {
    let secret = Secret::from_element(at.at("identity/secret"));
    let position = at.small("identity/position")?;
    let mut counts = [0; DOMAINS];
    for (d, count) in counts.iter_mut().enumerate() {
        *count = u8::try_from(at.small(&format!("identity/count[{d}]"))?).map_err(|e| e.to_string())?;
    }
    let identity = IdentityOpening {
        commitment: secret.commitment(),
        person: at.bytes("identity/person"),
        counts: Counts::new(counts).map_err(|e| e.to_string())?,
        blinding: at.bytes("identity/blinding"),
    };
    let mut files = vec![];
    for i in 0..f.compiled.circuit.files() {
        match at.small(&format!("files/file[{i}]/used"))? {
            0 => break,
            1 => files.push(file(at, &format!("files/file[{i}]"), position)?),
            other => return Err(format!("used is {other}")),
        }
    }
    let mut request = [0; 4];
    for (k, r) in request.iter_mut().enumerate() {
        let raw = to_signed(at.at(&format!("attributes/request[{k}]"))).ok_or("a request attribute is no integer")?;
        *r = i64::try_from(raw - (1 << 39)).map_err(|e| e.to_string())?;
    }
    let mut reasons = [0; 4];
    for (k, r) in reasons.iter_mut().enumerate() {
        *r = u8::try_from(at.small(&format!("verdict/reason[{k}]"))?).map_err(|e| e.to_string())?;
    }
    let verdict = Verdict { approved: at.small("verdict/approved")? == 1, reasons };
    let position32 = u32::try_from(position).map_err(|e| e.to_string())?;
    Ok(Witness {
        secret,
        position: position32,
        identity,
        identity_path: at.path("identity/path", TREE_DEPTH, position),
        files,
        request,
        verdict,
        salt: at.bytes("verdict/salt"),
    })
}

fn file(at: &Values<'_>, scope: &str, position: u64) -> Result<UsedFile, String> {
    let name = |part: &str| format!("{scope}/{part}");
    let mut features = [Feature::MISSING; FEATURES];
    for (i, feature) in features.iter_mut().enumerate() {
        let raw = at.small(&name(&format!("feature[{i}]")))?;
        if raw > 0 {
            let value = i64::try_from(raw).map_err(|e| e.to_string())? - (1 << 39);
            *feature = Feature::new(value).map_err(|e| e.to_string())?;
        }
    }
    // the 248 bits of a digest that enter the field
    let element = at.bytes(&name("records-digest")).to_be_bytes();
    if element[0] != 0 {
        return Err("records-digest is longer than a digest's 248 bits".into());
    }
    let mut records = [0; 32];
    records[..31].copy_from_slice(&element[1..]);
    let slot = at.small(&name("slot"))?;
    let domain = usize::try_from(at.small(&name("domain"))?).map_err(|e| e.to_string())?;
    Ok(UsedFile {
        slot: u16::try_from(slot).map_err(|e| e.to_string())?,
        domain: *Domain::ALL.get(domain).ok_or("no such domain")?,
        month: Month(u16::try_from(at.small(&name("month"))?).map_err(|e| e.to_string())?),
        file: CreditFile { features, records_digest: Digest(records), blinding: at.bytes(&name("blinding")) },
        path: at.path(&name("path"), TREE_DEPTH, position),
        registry_path: at.path(&name("registry"), REGISTRY_DEPTH, slot),
    })
}
