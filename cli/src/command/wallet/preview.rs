//! A request before the yes, for people.

use crate::output;
use probity_wallet::Preview;
use probity_wallet::book::Provenance;
use probity_wallet::points::Row;

pub(super) fn text(p: &Preview) -> String {
    let checked = match p.asker.checked {
        Provenance::Proved => format!("name and key proved by the chain at height {}", p.asker.as_of_height),
        Provenance::Imported => format!(
            "NOT PROVED: name and key as in a book imported without proofs, of height {}; collect or import anew",
            p.asker.as_of_height
        ),
    };
    let mut text = format!(
        "{} asks ({checked})\n  address    {}\n  purpose    {}\n  policy     {}\n  answer to  {}\n  until      {}\n",
        p.asker.name,
        p.asker.address,
        p.purpose,
        p.policy_name,
        p.response_uri,
        output::time(p.expires_unix_ms)
    );
    text += "\nYour points\n";
    text += &output::table(["attribute", "from", "yours", "points", "of at most"], p.table.rows.iter().map(row));
    let total = p.table.own_total.unwrap_or_default();
    text += &format!("\nbase {} + attributes = {total} points; {} are needed\n", p.table.base_points, p.table.cut_off);
    text += "\nThe scorecard\n";
    text += &output::table(["attribute", "values", "points"], p.table.rows.iter().flat_map(bins));
    if !p.files.is_empty() {
        text += "\n\nFiles that count\n";
        let line =
            |f: &probity_wallet::review::UsedFileLine| [f.institution.clone(), f.domain.to_string(), f.month.to_string(), f.weight.clone()];
        text += &output::table(["institution", "kind", "month", "weight"], p.files.iter().map(line));
    }
    text += "\n\nWhat your answer says\n";
    text += &if p.verdict.approved {
        "  You reach the cut-off.".to_owned()
    } else {
        format!("  You do NOT reach the cut-off. Reasons: {}.", p.reasons.join(", "))
    };
    text += "\n\nWho learns what\n";
    text += &output::table(["who", "learns"], p.reveals.iter().map(|r| [r.to.clone(), r.what.clone()]));
    text += &format!("\nAnswers to this lender in this window so far: {} of {}.", p.answers_so_far, p.answers_limit);
    text
}

fn row(r: &Row) -> [String; 5] {
    let (value, points) = r.own.as_ref().map_or_else(|| ("-".into(), "-".into()), |o| (o.value.clone(), o.points.to_string()));
    [r.name.clone(), r.source.clone(), value, points, r.best.to_string()]
}

fn bins(r: &Row) -> Vec<[String; 3]> {
    let mut lines: Vec<[String; 3]> = r.bins.iter().map(|b| [String::new(), b.values.clone(), b.points.to_string()]).collect();
    lines.push([String::new(), "missing".to_owned(), r.missing.to_string()]);
    lines[0][0].clone_from(&r.name);
    lines
}
