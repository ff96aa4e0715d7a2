//! What hints a system has, found by their names: ranges, zero tests, one-hot bins, paths.

use super::committed::category;
use super::system::System;
use std::collections::BTreeMap;

/// The hints of a system by what they are for.
pub(super) struct Anatomy {
    /// The bits of each range by the range's scope, the least significant first. A range's top bit may be no hint but what remains.
    pub ranges: BTreeMap<String, Vec<usize>>,
    /// Scopes of zero tests: each has the hints `inverse` and `zero`.
    pub zero_tests: Vec<String>,
    /// The ten bins of attributes 15..19.
    pub bins: Vec<Vec<usize>>,
    /// Scopes of Merkle paths.
    pub paths: Vec<String>,
    /// Hints that answer a comparison.
    pub comparisons: Vec<usize>,
    /// All hints by category.
    pub categories: BTreeMap<String, Vec<usize>>,
}

impl Anatomy {
    pub(super) fn of(system: &System) -> Self {
        let mut ranges: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut categories: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let (mut zero_tests, mut paths, mut comparisons) = (vec![], vec![], vec![]);
        for (w, name) in system.names.iter().enumerate() {
            categories.entry(category(name)).or_default().push(w);
            if let Some((scope, _)) = name.rsplit_once("/bit[") {
                ranges.entry(scope.to_owned()).or_default().push(w);
            }
            if let Some(scope) = name.strip_suffix("/inverse") {
                zero_tests.push(scope.to_owned());
            }
            if let Some(scope) = name.strip_suffix("/level[0]/child[0]") {
                paths.push(scope.to_owned());
            }
            if name.ends_with("positive/bit") || name.ends_with("/max") || name.contains("/top[") || name == "verdict/approved" {
                comparisons.push(w);
            }
        }
        let bin = |i: usize| (1..=10).map(|j| system.witness(&format!("attributes/attribute[{i}]/bin[{j}]"))).collect();
        Self { ranges, zero_tests, bins: (15..19).map(bin).collect(), paths, comparisons, categories }
    }

    /// The hint that is the node below each level of a path, leaves first.
    pub(super) fn nodes(system: &System, path: &str) -> Vec<usize> {
        let leaf = match path.strip_suffix("/registry") {
            Some(file) => format!("{file}/publication/root/out"),
            None if path == "identity/path" => "identity/leaf/identity-leaf/out".into(),
            None => format!("{}/leaf/file/out", path.strip_suffix("/path").expect("a file's path")),
        };
        let above = (0..).map_while(|level| system.find(&format!("{path}/level[{level}]/node/out")));
        let mut nodes: Vec<usize> = std::iter::once(system.witness(&leaf)).chain(above).collect();
        nodes.pop();
        nodes
    }
}
