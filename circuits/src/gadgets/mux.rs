//! Selection of one of 2^k numbers by k bits.

use super::bits::Bit;
use super::builder::{Builder, Name};
use super::num::Num;
use probity_credit::field::F;

/// `options[i]` where `bits`, the least significant first, are the bits of `i`: `2^k - 1` rows, 7 for eight options.
///
/// Bits stand in the right factors, differences in the left: fewer variables of matrix B make smaller keys and faster proofs.
pub fn mux(b: &mut Builder<'_>, name: impl Into<Name>, options: &[Num], bits: &[Bit]) -> Num {
    b.scope(name, |b| {
        let (last, if_zero, if_one) = halves(b, options, bits);
        let out = b.witness("out", || pick(last, &if_zero, &if_one));
        b.enforce("out", &(if_one - &if_zero), last.num(), &(&out - if_zero));
        out
    })
}

/// Forces `options[i] = expected` in the row that would give the result: `2^k - 1` rows.
pub fn enforce_mux(b: &mut Builder<'_>, name: impl Into<Name>, options: &[Num], bits: &[Bit], expected: &Num) {
    b.scope(name, |b| {
        let (last, if_zero, if_one) = halves(b, options, bits);
        b.enforce("out", &(if_one - &if_zero), last.num(), &(expected - if_zero));
    });
}

/// All rows but the last: what remains is a choice of two by the last bit.
fn halves<'x>(b: &mut Builder<'_>, options: &[Num], bits: &'x [Bit]) -> (&'x Bit, Num, Num) {
    assert!(!bits.is_empty() && options.len() == 1 << bits.len(), "k bits choose one of 2^k numbers");
    let (last, lower) = bits.split_last().expect("there is a bit");
    let mut layer = options.to_vec();
    for (depth, bit) in lower.iter().enumerate() {
        layer = b.scope(("layer", depth), |b| {
            let pairs = layer.chunks_exact(2).enumerate();
            pairs
                .map(|(i, pair)| {
                    let out = b.witness(("pair", i), || pick(bit, &pair[0], &pair[1]));
                    b.enforce(("pair", i), &(&pair[1] - &pair[0]), bit.num(), &(&out - &pair[0]));
                    out
                })
                .collect()
        });
    }
    let if_one = layer.pop().expect("two numbers are left");
    (last, layer.pop().expect("two numbers are left"), if_one)
}

fn pick(bit: &Bit, if_zero: &Num, if_one: &Num) -> Option<F> {
    if bit.value()? { if_one.value() } else { if_zero.value() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use proptest::prelude::*;

    fn statement(k: usize, index: usize, claim: Option<u64>) -> impl Fn(&mut Builder<'_>) + Copy {
        move |b| {
            let options: Vec<Num> = (0..1 << k).map(|i| given(b, ("option", i), F::from(100 + i as u64))).collect();
            let bits: Vec<Bit> = (0..k).map(|i| b.bit(("bit", i), || Some(index >> i & 1 == 1))).collect();
            match claim {
                Some(x) => {
                    let x = given(b, "claim", F::from(x));
                    enforce_mux(b, "mux", &options, &bits, &x);
                }
                None => {
                    let out = mux(b, "mux", &options, &bits);
                    assert!(out.value().is_none_or(|x| x == F::from(100 + index as u64)));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn chooses_what_an_index_chooses(k in 1usize..=5, index in any::<prop::sample::Index>()) {
            let index = index.index(1 << k);
            prop_assert_eq!(rows_and_violations(statement(k, index, None)), (k + (1 << k) - 1, 0));
            prop_assert_eq!(rows_and_violations(statement(k, index, Some(100 + index as u64))), (k + (1 << k) - 1, 0));
            let other = (index + 1) % (1 << k);
            prop_assert!(rows_and_violations(statement(k, index, Some(100 + other as u64))).1 > 0);
        }
    }

    #[test]
    fn nothing_but_the_index_is_free() {
        assert_every_witness_is_pinned_but(statement(3, 5, None), &["bit[0]", "bit[1]", "bit[2]"]);
        assert_every_witness_is_pinned(statement(3, 5, Some(105)));
        assert_eq!(free_hints(statement(3, 6, Some(106))), [""; 0]);
    }
}
