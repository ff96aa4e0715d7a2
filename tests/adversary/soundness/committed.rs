//! The committed lists: variables that may be free and rows that may stay uncovered, each with its reason.

use serde::Deserialize;

/// Labels that match a pattern, and why they are listed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    /// `*` stands for anything.
    pub label: String,
    pub reason: String,
}

/// The file `lists.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lists {
    /// Variables that a subject may choose without anything following from it.
    pub free: Vec<Listed>,
    /// What a subject brings: all other variables follow from it.
    pub input: Vec<Listed>,
    /// Rows that no lie violates alone.
    pub uncovered: Vec<Listed>,
}

impl Lists {
    pub(super) fn read() -> Self {
        let lists: Self = toml::from_str(include_str!("lists.toml")).expect("the committed lists are TOML");
        let all = lists.free.iter().chain(&lists.input).chain(&lists.uncovered);
        assert!(all.into_iter().all(|l| l.reason.len() > 20), "every entry has a reason");
        lists
    }
}

/// The first entry that matches.
pub(super) fn find<'l>(lists: &'l [Listed], label: &str) -> Option<&'l Listed> {
    lists.iter().find(|l| matches(&l.label, label))
}

pub(super) fn matches(pattern: &str, label: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == label };
    let Some(label) = label.strip_prefix(start) else { return false };
    (0..=label.len()).any(|at| label.is_char_boundary(at) && matches(rest, &label[at..]))
}

/// A label with its indices left out: what kind of variable or row it is.
pub(super) fn category(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    let mut inside = false;
    for c in label.chars() {
        match c {
            '[' => {
                inside = true;
                out.push_str("[*]");
            }
            ']' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

#[test]
fn patterns_and_categories() {
    assert!(matches("*/inverse", "weights/file[0]/missing[3]/inverse"));
    assert!(matches("a[*]/b[*]", "a[12]/b[0]") && !matches("a[*]/b[*]", "a[12]/c[0]"));
    assert_eq!(category("files/file[0]/path/level[12]/child[3]"), "files/file[*]/path/level[*]/child[*]");
}
