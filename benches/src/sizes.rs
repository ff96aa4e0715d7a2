//! What can be counted without measuring: rows per block, columns, coefficients, key sizes.

use crate::report::{grouped, table};
use probity_circuits::gadgets::Shape;
use probity_circuits::registry::{ENTRIES, Entry};
use probity_credit::circuit_id::CircuitId;
use serde::{Deserialize, Serialize};

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
            proving_key_bytes: 0,
            verifying_key_bytes: 0,
        }
    }

    fn domain(&self) -> usize {
        1 << self.domain_log2
    }

    /// Points in G1 and in G2 of the proving key: A and B for every column, B again in G2, H, L for the witnesses, beta and delta.
    fn key_points(&self) -> [usize; 2] {
        let columns = 1 + self.public_inputs + self.witnesses;
        [2 + 2 * columns + (self.domain() - 1) + self.witnesses, columns]
    }
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
        let (key, circuit) = (toy.development_key(), toy.circuit());
        let sizes = CircuitSizes {
            domain_log2: (circuit.matrices[0].len() + circuit.num_instance).next_power_of_two().ilog2(),
            public_inputs: circuit.num_instance - 1,
            witnesses: circuit.num_witness,
            ..CircuitSizes::of(CircuitId::Eligibility1)
        };
        let g1 = 2 + key.a_query.len() + key.b_g1_query.len() + key.h_query.len() + key.l_query.len();
        assert_eq!(sizes.key_points(), [g1, key.b_g2_query.len()]);
    }
}
