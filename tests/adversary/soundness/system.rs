//! A constraint system laid open: which rows mention a variable, what a lie leads to, which rows it violates.

use ark_ff::{AdditiveGroup, Field};
use probity_circuits::eligibility::{Statement, assignment_with};
use probity_circuits::gadgets::Shape;
use probity_circuits::registry::Entry;
use probity_credit::circuit_id::CircuitId;
use probity_credit::field::F;
use probity_credit::statement::position;
use probity_credit::statement::testing::Fixture;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A variable in a row: row, matrix (0, 1, 2 for A, B, C), coefficient.
type Mention = (usize, usize, F);

/// The rows of a circuit by variable.
pub(super) struct System {
    pub circuit: CircuitId,
    pub shape: Shape,
    /// Full names of the witnesses, in order.
    pub names: Vec<String>,
    by_name: BTreeMap<String, usize>,
    by_label: BTreeMap<String, usize>,
    mentions: Vec<Vec<Mention>>,
    /// The rows of selections by the witness that they define. A liar computes these by the row, since its bits need not be bits.
    selections: Vec<Option<usize>>,
}

/// What one lie makes of a witness: from the value that would be honest here and all witnesses before it.
pub(super) type Lie = Box<dyn Fn(F, &[F]) -> F + Send + Sync>;

/// Which public inputs the liar may choose to fit its lies.
#[derive(Clone, Copy, Default)]
pub(super) struct Fitted {
    pub identity_root: bool,
    /// By the registry path of this file.
    pub registry_root: Option<usize>,
    pub nullifier: bool,
    pub answer: bool,
}

impl Fitted {
    pub(super) fn all(file: Option<usize>) -> Self {
        Self { identity_root: true, registry_root: file, nullifier: true, answer: true }
    }
}

/// Lies by witness, and what is fitted to them.
#[derive(Default)]
pub(super) struct Lies {
    pub about: BTreeMap<usize, Lie>,
    pub fitted: Fitted,
}

impl Lies {
    pub(super) fn fitted(fitted: Fitted) -> Self {
        Self { about: BTreeMap::new(), fitted }
    }

    pub(super) fn tell(&mut self, witness: usize, lie: impl Fn(F, &[F]) -> F + Send + Sync + 'static) {
        self.about.insert(witness, Box::new(lie));
    }

    pub(super) fn set(&mut self, witness: usize, value: F) {
        self.tell(witness, move |_, _| value);
    }

    pub(super) fn add(&mut self, witness: usize, k: F) {
        self.tell(witness, move |honest, _| honest + k);
    }
}

/// Values with the three products of each row, and the rows that they violate.
pub(super) struct Point {
    pub values: Vec<F>,
    pub products: Vec<[F; 3]>,
    pub violated: Vec<usize>,
}

/// Where a sum of changes is kept between two evaluations.
pub(super) struct Scratch {
    changes: Vec<[F; 3]>,
    touched: Vec<usize>,
    is_touched: Vec<bool>,
}

impl System {
    /// The system of a circuit, laid open once a process.
    pub(super) fn of(circuit: CircuitId) -> &'static Self {
        static SYSTEMS: [OnceLock<System>; 3] = [const { OnceLock::new() }; 3];
        SYSTEMS[circuit as usize].get_or_init(|| Self::open(circuit))
    }

    fn open(circuit: CircuitId) -> Self {
        let shape = Entry::of(circuit).shape();
        let f = super::subjects::declined(circuit);
        let names = RefCell::new(vec![]);
        let collect = |name: &str, _| {
            names.borrow_mut().push(name.to_owned());
            None
        };
        assignment_with(statement(&f), &collect).expect("the subject gives every value");
        let names = names.into_inner();
        assert_eq!(names.len(), shape.num_witness);
        let by_name: BTreeMap<String, usize> = names.iter().enumerate().map(|(i, n)| (n.clone(), i)).collect();
        assert_eq!(by_name.len(), names.len(), "names of hints are unique");
        let by_label: BTreeMap<String, usize> = shape.labels.iter().enumerate().map(|(i, l)| (l.clone(), i)).collect();
        let mut mentions = vec![vec![]; shape.num_instance + shape.num_witness];
        for row in 0..shape.num_rows() {
            for (matrix, terms) in [&shape.a[row], &shape.b[row], &shape.c[row]].into_iter().enumerate() {
                for (k, column) in terms {
                    mentions[*column].push((row, matrix, *k));
                }
            }
        }
        let mut system = Self { circuit, shape, names, by_name, by_label, mentions, selections: vec![] };
        system.selections = (0..system.names.len()).map(|w| system.selection(w)).collect();
        system
    }

    fn selection(&self, witness: usize) -> Option<usize> {
        let name = &self.names[witness];
        let selects = name.contains("/pair[") || name.ends_with("/decay/out") || name.ends_with("positive/magnitude");
        selects.then(|| self.row(name))
    }

    /// The witness of that name.
    pub(super) fn witness(&self, name: &str) -> usize {
        *self.by_name.get(name).unwrap_or_else(|| panic!("no hint is named {name}"))
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The last row with that label.
    pub(super) fn row(&self, label: &str) -> usize {
        *self.by_label.get(label).unwrap_or_else(|| panic!("no row is labelled {label}"))
    }

    /// The column of a witness.
    pub(super) fn column(&self, witness: usize) -> usize {
        self.shape.num_instance + witness
    }

    pub(super) fn mentions(&self, witness: usize) -> &[Mention] {
        &self.mentions[self.column(witness)]
    }

    /// The terms of a row in A, B and C.
    pub(super) fn terms(&self, row: usize) -> [&[(F, usize)]; 3] {
        [&self.shape.a[row], &self.shape.b[row], &self.shape.c[row]]
    }

    /// The last witness of a row, the one it was written for.
    pub(super) fn last_witness(&self, row: usize) -> Option<usize> {
        let columns = self.terms(row).into_iter().flatten().map(|t| t.1);
        columns.max().and_then(|c| c.checked_sub(self.shape.num_instance))
    }

    /// The value of `witness` that satisfies a row in whose C it stands.
    fn solved(&self, row: usize, witness: usize, instance: &[F], before: &[F]) -> F {
        let own = self.column(witness);
        let value = |terms: &[(F, usize)]| -> F {
            let of = |c: usize| c.checked_sub(instance.len()).map_or_else(|| instance[c], |w| before[w]);
            terms.iter().filter(|t| t.1 != own).map(|(k, c)| *k * of(*c)).sum()
        };
        let [a, b, c] = self.terms(row);
        let k = c.iter().find(|t| t.1 == own).expect("a selection stands in C").0;
        (value(a) * value(b) - value(c)) * k.inverse().expect("coefficients are not zero")
    }

    /// The value of `witness` that satisfies a row, everything else staying; none if it does not stand there once.
    pub(super) fn repaired(&self, row: usize, witness: usize, values: &[F]) -> Option<F> {
        let own = self.column(witness);
        let [a, b, c] = self.terms(row).map(|terms| -> F { terms.iter().map(|(k, column)| *k * values[*column]).sum() });
        let [ka, kb, kc] = self.terms(row).map(|terms| terms.iter().find(|t| t.1 == own).map_or(F::ZERO, |t| t.0));
        if ka != F::ZERO && kb != F::ZERO {
            return None;
        }
        Some(values[own] + (c - a * b) * (ka * b + kb * a - kc).inverse()?)
    }

    /// All values that follow from the lies.
    pub(super) fn run(&self, f: &Fixture, lies: &Lies) -> Vec<F> {
        let mut values = vec![F::ONE];
        values.extend(f.public.all(&f.compiled));
        let instance = &values;
        let before = RefCell::new(Vec::with_capacity(self.names.len()));
        let replace = |_: &str, honest: F| {
            let mut before = before.borrow_mut();
            let at = before.len();
            let value = match (lies.about.get(&at), self.selections[at]) {
                (Some(lie), _) => lie(honest, &before),
                (None, Some(row)) if !lies.about.is_empty() => self.solved(row, at, instance, &before),
                (None, _) => honest,
            };
            before.push(value);
            Some(value)
        };
        let assignment = assignment_with(statement(f), &replace).expect("the subject gives every value");
        values.extend_from_slice(&assignment.witness);
        self.fit(&mut values, lies.fitted);
        values
    }

    fn fit(&self, values: &mut [F], fitted: Fitted) {
        let mut fit = |place: usize, name: &str| values[place + 1] = values[self.column(self.witness(name))];
        if fitted.identity_root {
            fit(position::IDENTITY_ROOT, "identity/path/level[8]/node/out");
        }
        if let Some(file) = fitted.registry_root {
            fit(position::REGISTRY_ROOT, &format!("files/file[{file}]/registry/level[2]/node/out"));
        }
        if fitted.nullifier {
            fit(position::NULLIFIER, "nullifier/nullifier/out");
        }
        if fitted.answer {
            fit(position::ANSWER, "verdict/answer/answer/out");
        }
    }

    /// The values with their products.
    pub(super) fn point(&self, values: Vec<F>) -> Point {
        let dot = |terms: &[(F, usize)]| -> F { terms.iter().map(|(k, c)| *k * values[*c]).sum() };
        let products: Vec<[F; 3]> = (0..self.shape.num_rows()).map(|row| self.terms(row).map(dot)).collect();
        let violated = (0..products.len()).filter(|&row| is_violated(products[row])).collect();
        Point { values, products, violated }
    }

    /// The values of an honest run, which violate nothing.
    pub(super) fn honest(&self, f: &Fixture) -> Point {
        let point = self.point(self.run(f, &Lies::default()));
        assert_eq!(self.labels(&point.violated), [""; 0], "the subject is honest");
        point
    }

    pub(super) fn scratch(&self) -> Scratch {
        let rows = self.shape.num_rows();
        Scratch { changes: vec![[F::ZERO; 3]; rows], touched: vec![], is_touched: vec![false; rows] }
    }

    /// The rows that `values` violate; only rows that mention a change from `point` are evaluated.
    pub(super) fn violated(&self, point: &Point, values: &[F], scratch: &mut Scratch) -> Vec<usize> {
        for (column, (new, old)) in values.iter().zip(&point.values).enumerate() {
            if new == old {
                continue;
            }
            let change = *new - old;
            for &(row, matrix, k) in &self.mentions[column] {
                if !scratch.is_touched[row] {
                    scratch.is_touched[row] = true;
                    scratch.touched.push(row);
                    scratch.changes[row] = [F::ZERO; 3];
                }
                scratch.changes[row][matrix] += k * change;
            }
        }
        let mut violated: Vec<usize> = point.violated.iter().copied().filter(|&row| !scratch.is_touched[row]).collect();
        for row in scratch.touched.drain(..) {
            scratch.is_touched[row] = false;
            let [a, b, c] = point.products[row];
            let [da, db, dc] = scratch.changes[row];
            if is_violated([a + da, b + db, c + dc]) {
                violated.push(row);
            }
        }
        violated.sort_unstable();
        violated
    }

    pub(super) fn labels(&self, rows: &[usize]) -> Vec<&str> {
        rows.iter().map(|&row| self.shape.labels[row].as_str()).collect()
    }
}

pub(super) fn is_violated([a, b, c]: [F; 3]) -> bool {
    a * b != c
}

pub(super) fn statement(f: &Fixture) -> Statement<'_> {
    Statement { policy: &f.compiled, public: &f.public, witness: &f.witness }
}

/// Runs `work` on parts of `0..count`, one thread for each processor, and gives the results in order of the parts.
pub(super) fn in_parallel<T: Send>(count: usize, work: impl Fn(std::ops::Range<usize>) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let size = count.div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let work = &work;
        let starts = (0..count).step_by(size);
        let handles: Vec<_> = starts.map(|start| scope.spawn(move || work(start..(start + size).min(count)))).collect();
        handles.into_iter().map(|h| h.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
