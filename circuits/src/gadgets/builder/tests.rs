use super::*;
use ark_ff::Field;

fn product(b: &mut Builder<'_>) {
    let out = b.input("out", Some(F::from(15)));
    let (x, y) = b.scope("factors", |b| (b.witness("x", || Some(F::from(3))), b.witness(("y", 1), || Some(F::from(5)))));
    let xy = b.mul("product", &x, &y);
    b.enforce_equal("result", &xy, &out);
}

#[test]
fn shapes_are_equal_and_labelled() {
    let shape = Shape::synthesize(product);
    assert!(shape == Shape::synthesize(product));
    assert_eq!(shape.labels, ["product", "result"]);
    assert_eq!((shape.num_instance, shape.num_witness, shape.num_rows()), (2, 3, 2));
    // Columns: 1, out | x, y, product.
    assert_eq!(shape.a, [vec![(F::ONE, 2)], vec![(-F::ONE, 1), (F::ONE, 4)]]);
    assert_eq!(shape.b, [vec![(F::ONE, 3)], vec![(F::ONE, 0)]]);
    assert_eq!(shape.c, [vec![(F::ONE, 4)], vec![]]);
    assert_eq!(shape.density(), [3, 2, 1]);
    assert!(shape.unconstrained_columns().is_empty());
}

#[test]
fn the_three_ways_agree() {
    let shape = Shape::synthesize(product);
    let assignment = Assignment::synthesize(product).unwrap();
    let checked = Checked::synthesize(product).unwrap();
    assert!(checked.shape == shape);
    assert!(checked.assignment.witness == assignment.witness && checked.assignment.instance == assignment.instance);
    assert!(shape.violations(&assignment).is_empty() && checked.unsatisfied().is_empty());
}

#[test]
fn replaced_hints_flow_downstream_and_are_named() {
    let replace = |name: &str, honest: F| match name {
        "factors/x" => Some(F::from(4)),
        "factors/y[1]" => {
            assert_eq!(honest, F::from(5));
            None
        }
        "product" => {
            assert_eq!(honest, F::from(20), "computed from the replaced factor");
            None
        }
        other => panic!("unexpected hint {other}"),
    };
    let checked = Checked::synthesize_with(&replace, product).unwrap();
    assert_eq!(checked.unsatisfied(), ["result"]);
    let alone = Assignment::synthesize_with(&replace, product).unwrap();
    assert!(alone.witness == checked.assignment.witness, "the same values without rows");
    // A value replaced after the fact breaks the row that defines it.
    let mut tampered = Assignment::synthesize(product).unwrap();
    tampered.witness[2] += F::ONE;
    assert_eq!(checked.shape.violations(&tampered), ["product", "result"]);
}

#[test]
fn missing_and_wrong_values_are_named() {
    let missing = Assignment::synthesize(|b| drop(b.scope("a", |b| b.witness(("x", 2), || None))));
    assert_eq!(missing.err(), Some(BuildError::MissingValue { name: "a/x[2]".into() }));
    let missing = Checked::synthesize(|b| drop(b.input("y", None)));
    assert_eq!(missing.err(), Some(BuildError::MissingValue { name: "y".into() }));
    let wrong = Assignment::synthesize(|b| {
        let x = b.witness("x", || Some(F::from(2)));
        b.scope("check", |b| b.enforce_equal("equal", &x, &Num::one()));
    });
    assert_eq!(wrong.err(), Some(BuildError::Unsatisfied { label: "check/equal".into() }));
}

#[test]
fn unequal_constants_are_a_row_and_refused() {
    let statement = |b: &mut Builder<'_>| b.enforce_equal("constants", &Num::one(), &Num::zero());
    assert_eq!(Shape::synthesize(statement).num_rows(), 1);
    assert_eq!(Checked::synthesize(statement).unwrap().unsatisfied(), ["constants"]);
    assert!(Assignment::synthesize(statement).is_err());
}

#[test]
fn other_sizes_are_refused() {
    let shape = Shape::synthesize(product);
    let changes: [fn(&mut Assignment); 4] =
        [|a| a.witness.push(F::ZERO), |a| a.witness.truncate(1), |a| a.instance.push(F::ZERO), |a| a.instance[0] = F::from(2)];
    for change in changes {
        let mut assignment = Assignment::synthesize(product).unwrap();
        change(&mut assignment);
        assert_eq!(shape.violations(&assignment), [crate::gadgets::shape::WRONG_SIZE]);
    }
}

#[test]
fn digest_depends_on_every_coefficient_and_count() {
    let shape = Shape::synthesize(product);
    let digest = shape.digest();
    assert_eq!(digest, Shape::synthesize(product).digest());
    let mut changed: Vec<Shape> = vec![shape.clone(); 6];
    changed[0].num_witness += 1;
    changed[1].num_instance += 1;
    changed[2].a[0][0].0 += F::ONE;
    changed[3].b[1][0].1 = 1;
    changed[4].c[1].push((F::ONE, 0));
    // The same terms in other rows.
    changed[5].a.swap(0, 1);
    for other in changed {
        assert_ne!(other.digest(), digest);
    }
    let mut renamed = shape;
    renamed.labels[0] = "other".into();
    assert_eq!(renamed.digest(), digest);
}

#[test]
fn unmentioned_variables_and_blocks_are_found() {
    let shape = Shape::synthesize(|b| {
        b.input("unused", None);
        let x = b.witness("x", || None);
        b.witness("unused", || None);
        for i in 0..2 {
            b.scope(("file", i), |b| {
                b.scope("leaf", |b| b.enforce_zero("a", &x));
                b.scope("path", |b| b.enforce_zero("b", &x));
                b.enforce_zero("c", &x);
            });
        }
    });
    assert_eq!(shape.unconstrained_columns(), [1, 3]);
    let blocks = |depth| shape.rows_per_block(depth);
    assert_eq!(blocks(1), [("file[0]".into(), 3), ("file[1]".into(), 3)]);
    assert_eq!(blocks(2)[..3], [("file[0]/leaf".into(), 1), ("file[0]/path".into(), 1), ("file[0]/c".into(), 1)]);
    assert_eq!(blocks(9).len(), 6);
}
