//! A circuit of ours through a ceremony and a proof of snarkjs, and both of them in our verifier.

use super::circuit::{INPUTS, assignment, export, shape};
use super::tool::Snarkjs;
use ark_ff::AdditiveGroup;
use probity_circuits::gadgets::Shape;
use probity_credit::field::F;
use probity_params::gate::{KeyPoint, gate, scale_gamma};
use probity_params::{KeyError, Kind, VerifyingKeyFile};
use probity_verifier::prepared::verify_all_inputs;
use probity_verifier::snarkjs::{SnarkjsError, read_key, read_proof, read_public, write_key, write_proof, write_public};
use probity_verifier::{PreparedCircuit, VerifyError, proof};

const VERIFY: [&str; 5] = ["groth16", "verify", "verification_key.json", "public.json", "proof.json"];

/// From `circuit.r1cs` and `witness.wtns` to a key with one contribution, a proof and its public inputs. The key before the contribution
/// is `empty.json`.
fn run(snarkjs: &Snarkjs, shape: &Shape) {
    // snarkjs adds a row for each public input and one for the constant
    let power = (shape.num_rows() + shape.num_instance).next_power_of_two().ilog2().to_string();
    for command in [
        &["powersoftau", "new", "bn128", &power, "new.ptau"][..],
        &["powersoftau", "contribute", "new.ptau", "contributed.ptau", "-e=first entropy"],
        &["powersoftau", "prepare", "phase2", "contributed.ptau", "prepared.ptau"],
        &["groth16", "setup", "circuit.r1cs", "prepared.ptau", "empty.zkey"],
        &["zkey", "contribute", "empty.zkey", "circuit.zkey", "-e=second entropy"],
    ] {
        snarkjs.accepts(command);
    }
    assert!(snarkjs.accepts(&["zkey", "verify", "circuit.r1cs", "prepared.ptau", "circuit.zkey"]).contains("ZKey Ok!"));
    for command in [
        &["zkey", "export", "verificationkey", "empty.zkey", "empty.json"][..],
        &["zkey", "export", "verificationkey", "circuit.zkey", "verification_key.json"],
        &["groth16", "prove", "circuit.zkey", "witness.wtns", "proof.json", "public.json"],
    ] {
        snarkjs.accepts(command);
    }
    assert!(snarkjs.accepts(&VERIFY).contains("OK!"));
}

/// Our verifier on what is in the folder: the proof holds for `public` and for nothing else.
fn verifies_here(snarkjs: &Snarkjs, shape: &Shape, public: &[F]) {
    let inputs = public.len();
    let key = read_key(&snarkjs.read("verification_key.json"), inputs).expect("snarkjs writes good keys");
    let read = read_proof(&snarkjs.read("proof.json")).expect("snarkjs writes good proofs");
    assert_eq!(read_public(&snarkjs.read("public.json"), inputs).expect("snarkjs writes good numbers"), public);
    // byte for byte, with the pairing of alpha and beta in the key
    assert_eq!(write_key(&key), snarkjs.read_text("verification_key.json").trim_end());
    assert_eq!(write_proof(&read), snarkjs.read_text("proof.json").trim_end());
    assert_eq!(write_public(public), snarkjs.read_text("public.json").trim_end());

    assert_eq!(gate(&key, inputs), Err(KeyError::Generator { point: KeyPoint::Gamma }));
    let file = VerifyingKeyFile::new("interop-1", Kind::Ceremony, shape.digest(), &scale_gamma(&key)).expect("it passes the gate now");
    let circuit = PreparedCircuit::new(&file, inputs).expect("it passes the gate again");
    let bytes = proof::encode(&read);
    let decoded = proof::decode(&bytes).expect("a proof of theirs fits into our 128 bytes");
    assert_eq!(verify_all_inputs(&circuit, public, &decoded), Ok(()));
    for changed in [0, inputs - 1] {
        let mut others = public.to_vec();
        others[changed] += F::from(1u64);
        assert_eq!(verify_all_inputs(&circuit, &others, &decoded), Err(VerifyError::Equation), "input {changed}");
    }
}

#[test]
fn proofs_of_snarkjs_hold_here() {
    let (snarkjs, shape, assignment) = (Snarkjs::new(), shape(), assignment());
    assert_eq!(shape.num_instance, INPUTS + 1);
    export(&snarkjs, &shape, &assignment);
    run(&snarkjs, &shape);
    verifies_here(&snarkjs, &shape, &assignment.instance[1..]);

    // nobody contributed to this key: delta is the generator, and anybody can forge proofs
    let empty = read_key(&snarkjs.read("empty.json"), INPUTS).expect("its points are good");
    assert_eq!(gate(&scale_gamma(&empty), INPUTS), Err(KeyError::Generator { point: KeyPoint::Delta }));

    // the key with another gamma is the same key to snarkjs, too
    let key = read_key(&snarkjs.read("verification_key.json"), INPUTS).expect("read before");
    snarkjs.write("verification_key.json", write_key(&scale_gamma(&key)));
    assert!(snarkjs.accepts(&VERIFY).contains("OK!"));

    // snarkjs does not count public inputs: it takes a list without the last zero, which is refused here
    assert_eq!(assignment.instance[INPUTS], F::ZERO);
    snarkjs.write("public.json", write_public(&assignment.instance[1..INPUTS]));
    assert!(snarkjs.accepts(&VERIFY).contains("OK!"));
    let refused = SnarkjsError::Count { field: "public".into(), expected: INPUTS, found: INPUTS - 1 };
    assert_eq!(read_public(&snarkjs.read("public.json"), INPUTS), Err(refused));
}
