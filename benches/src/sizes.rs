//! What can be counted without measuring: rows per block, columns, coefficients, key sizes.

use crate::report::{grouped, table};
use probity_circuits::gadgets::Shape;
use probity_circuits::registry::{ENTRIES, Entry};
use probity_credit::circuit_id::CircuitId;
use probity_params::Matrix;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Levels of labels that the table of rows tells apart.
const BLOCK_DEPTH: usize = 1;

/// The sizes of one circuit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CircuitSizes {
    pub(crate) id: CircuitId,
    pub(crate) constraints: usize,
    pub(crate) domain_log2: u32,
    pub(crate) fill_percent: f64,
    pub(crate) public_inputs: usize,
    pub(crate) witnesses: usize,
    /// Non-zero coefficients of A, B and C.
    pub(crate) nonzeros: [usize; 3],
    /// Variables whose polynomial is not zero, in A and in B: those that the key has points for.
    pub(crate) variables: [usize; 2],
    /// The file in the cache.
    pub(crate) proving_key_bytes: u64,
    /// As a genesis carries it.
    pub(crate) verifying_key_bytes: u64,
}

impl CircuitSizes {
    /// All but the keys, which are not made here.
    pub(crate) fn of(id: CircuitId) -> Self {
        let shape = Entry::of(id).shape();
        let domain = domain(&shape);
        Self {
            id,
            constraints: shape.num_rows(),
            domain_log2: domain.ilog2(),
            fill_percent: fill_percent(&shape),
            public_inputs: shape.num_instance - 1,
            witnesses: shape.num_witness,
            nonzeros: shape.density(),
            // the set-up adds a row to A for each column of the instance
            variables: [variables(&shape.a, shape.num_instance), variables(&shape.b, 0)],
            proving_key_bytes: 0,
            verifying_key_bytes: 0,
        }
    }

    fn domain(&self) -> usize {
        1 << self.domain_log2
    }

    /// Points in G1 and in G2 that a proof is summed up from: A, B for their variables, B again in G2, H, L for the witnesses.
    fn key_points(&self) -> [usize; 2] {
        let [a, b] = self.variables;
        [a + b + self.domain() + self.witnesses, b]
    }
}

/// The first `given` columns, and those that a matrix mentions.
fn variables(matrix: &Matrix, given: usize) -> usize {
    let mentioned = matrix.iter().flatten().map(|(_, column)| *column);
    mentioned.chain(0..given).collect::<BTreeSet<usize>>().len()
}

/// ark-groth16 needs a power of two with room for every row and, once more, for the constant and every public input.
fn domain(shape: &Shape) -> usize {
    (shape.num_rows() + shape.num_instance).next_power_of_two()
}

fn fill_percent(shape: &Shape) -> f64 {
    (shape.num_rows() + shape.num_instance) as f64 * 100.0 / domain(shape) as f64
}

/// Rows per block of every circuit, with totals, as Markdown.
pub(crate) fn rows_table() -> String {
    let shapes: Vec<Shape> = ENTRIES.iter().map(Entry::shape).collect();
    let blocks: Vec<Vec<(String, usize)>> = shapes.iter().map(|shape| shape.rows_per_block(BLOCK_DEPTH)).collect();
    let mut table = table(std::iter::once("block").chain(ENTRIES.iter().map(|entry| entry.id.name())));
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in blocks.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut line = |name: &str, cell: &dyn Fn(usize) -> String| {
        table.add_row(std::iter::once(name.to_owned()).chain((0..shapes.len()).map(cell)));
    };
    for name in names {
        let rows = |circuit: usize| blocks[circuit].iter().find(|(block, _)| block == name).map_or(0, |(_, rows)| *rows);
        line(name, &|circuit| grouped(rows(circuit)));
    }
    line("**rows**", &|circuit| format!("**{}**", grouped(shapes[circuit].num_rows())));
    line("public inputs", &|circuit| grouped(shapes[circuit].num_instance - 1));
    line("domain", &|circuit| grouped(domain(&shapes[circuit])));
    line("fill, %", &|circuit| format!("{:.1}", fill_percent(&shapes[circuit])));
    table.to_string()
}

/// What follows from the rows, as Markdown.
pub(crate) fn counts_table() -> String {
    let sizes: Vec<CircuitSizes> = CircuitId::ALL.into_iter().map(CircuitSizes::of).collect();
    let mut table = table(std::iter::once("count").chain(CircuitId::ALL.map(CircuitId::name)));
    let mut line = |name: &str, count: &dyn Fn(&CircuitSizes) -> usize| {
        table.add_row(std::iter::once(name.to_owned()).chain(sizes.iter().map(|s| grouped(count(s)))));
    };
    line("rows", &|s| s.constraints);
    line("public inputs", &|s| s.public_inputs);
    line("witnesses", &|s| s.witnesses);
    line("domain", &|s| s.domain());
    for (i, matrix) in ["A", "B"].into_iter().enumerate() {
        line(&format!("variables in {matrix}"), &|s| s.variables[i]);
    }
    for (i, matrix) in ["A", "B", "C"].into_iter().enumerate() {
        line(&format!("coefficients in {matrix}"), &|s| s.nonzeros[i]);
    }
    line("proving key, points in G1", &|s| s.key_points()[0]);
    line("proving key, points in G2", &|s| s.key_points()[1]);
    line("proving key, bytes of its points", &|s| 64 * s.key_points()[0] + 128 * s.key_points()[1]);
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use probity_params::testing::Toy;

    /// The text between a heading and the next one of its rank.
    fn section<'t>(text: &'t str, heading: &str) -> &'t str {
        let (_, after) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no section {heading:?}"));
        after.split_once("\n## ").map_or(after, |(section, _)| section)
    }

    fn tables(section: &str) -> String {
        section.lines().filter(|line| line.starts_with('|')).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_documents_have_the_sizes_of_the_code() {
        let statement = include_str!("../../docs/statements/eligibility.md");
        assert_eq!(tables(section(statement, "## Sizes")), rows_table(), "put the output of `probity-benches --rows` there");
        let performance = include_str!("../../docs/PERFORMANCE.md");
        assert_eq!(tables(section(performance, "## Sizes")), counts_table(), "put the output of `probity-benches --counts` there");
    }

    #[test]
    fn key_points_are_counted() {
        let toy = Toy::with_rows(2, 50);
        let (key, circuit) = (toy.compiled(), toy.circuit());
        let sizes = CircuitSizes {
            domain_log2: (circuit.matrices[0].len() + circuit.num_instance).next_power_of_two().ilog2(),
            public_inputs: circuit.num_instance - 1,
            witnesses: circuit.num_witness,
            variables: [variables(&circuit.matrices[0], circuit.num_instance), variables(&circuit.matrices[1], 0)],
            ..CircuitSizes::of(CircuitId::Eligibility1)
        };
        let g1 = key.a_query().len() + key.b_curve_query().len() + key.h_query().len() + key.l_query().len();
        assert_eq!(sizes.key_points(), [g1, key.b_twist_query().len()]);
    }
}
