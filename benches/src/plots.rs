//! The report's figures as pictures: horizontal bars in SVG, drawn by hand.
//!
//! Colours follow what the reader's browser prefers, light or dark; every bar has its figure beside it, so that no axis is needed.

use crate::measure::Machine;
use crate::report::{Report, grouped};
use std::fmt::Write;

/// Told apart by readers who do not see all colours (Okabe and Ito, "Color universal design", 2008), on white and on black.
const COLOURS: [&str; 4] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"];

const WIDTH: usize = 760;
/// Where bars begin, and how long the longest is.
const LEFT: usize = 130;
const LENGTH: f64 = 540.0;
const BAR: usize = 18;
/// Between groups of bars.
const GAP: usize = 12;
const HEAD: usize = 72;
const FOOT: usize = 32;

const STYLE: &str = "text{font-family:system-ui,sans-serif;font-size:13px;fill:#1f2328}.title{font-size:16px;font-weight:600}\
.small{font-size:11px}.page{fill:#ffffff}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}}";

/// Bars in groups, one bar of each series a group.
struct Chart {
    title: String,
    series: Vec<String>,
    groups: Vec<(String, Vec<f64>)>,
    /// How a figure is written.
    figure: fn(f64) -> String,
}

/// Names of files and what is in them; a part that was not measured has none.
pub(crate) fn all(report: &Report) -> Vec<(&'static str, String)> {
    let Machine { cpu, cores, load_average_before: before, load_average_after: after, .. } = &report.machine;
    let footer = format!(
        "{cpu}, {cores} cores, load average {before:.1} before, {after:.1} after; probity {}, median of {} runs",
        report.version, report.runs
    );
    let charts = [("proving", proving(report)), ("memory", memory(report)), ("batch", batch(report)), ("commitment", commitment(report))];
    charts.into_iter().filter_map(|(name, chart)| Some((name, chart?.svg(&footer)))).collect()
}

fn whole(x: f64) -> String {
    grouped(x.round() as usize)
}

fn proving(report: &Report) -> Option<Chart> {
    let threads = report.prove.iter().map(|p| p.prove.threads).max()?;
    let of_most = report.prove.iter().filter(|p| p.prove.threads == threads);
    Some(Chart {
        title: format!("One proof, ms, on {threads} threads"),
        series: ["probity", "probity, first of a process", "ark-groth16", "ark-groth16 with matrices"].map(str::to_owned).to_vec(),
        groups: of_most
            .map(|p| (p.prove.id.to_string(), vec![p.prove.warm_ms, p.cold_cli_ms, p.prove.stock_ark_ms, p.prove.cached_ark_ms]))
            .collect(),
        figure: whole,
    })
}

fn memory(report: &Report) -> Option<Chart> {
    let mut threads: Vec<usize> = report.prove.iter().map(|p| p.prove.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    let mut groups: Vec<(String, Vec<f64>)> = Vec::new();
    for p in &report.prove {
        let (name, peak) = (p.prove.id.to_string(), p.prove.peak_rss_mb);
        match groups.iter_mut().find(|(group, _)| *group == name) {
            Some((_, peaks)) => peaks.push(peak),
            None => groups.push((name, vec![peak])),
        }
    }
    let series = threads.iter().map(|n| format!("threads: {n}")).collect();
    (!groups.is_empty()).then(|| Chart { title: "Peak memory of a process that proves, MiB".into(), series, groups, figure: whole })
}

fn batch(report: &Report) -> Option<Chart> {
    let all = &report.verify.as_ref()?.batch;
    let threads = all.iter().map(|b| b.threads).min()?;
    Some(Chart {
        title: "Verifying in batches, ms of CPU for each proof, by proofs in the batch".into(),
        series: ["in all", "of it decoding"].map(str::to_owned).to_vec(),
        groups: all
            .iter()
            .filter(|b| b.threads == threads)
            .map(|b| (grouped(b.n), vec![b.cpu_ms_per_proof, b.decode_cpu_ms_per_proof]))
            .collect(),
        figure: |x| format!("{x:.2}"),
    })
}

fn commitment(report: &Report) -> Option<Chart> {
    let commit = report.commit.as_ref()?;
    Some(Chart {
        title: format!("Files committed in a second, by files in the tree, on {} threads", commit.threads),
        series: vec!["files/s".into()],
        groups: commit.trees.iter().map(|tree| (grouped(tree.files), vec![tree.files_per_s])).collect(),
        figure: whole,
    })
}

impl Chart {
    fn svg(&self, footer: &str) -> String {
        let most = self.groups.iter().flat_map(|(_, values)| values).copied().fold(f64::MIN_POSITIVE, f64::max);
        let bars: usize = self.groups.iter().map(|(_, values)| values.len()).sum();
        let height = HEAD + bars * BAR + self.groups.len() * GAP + FOOT;
        let title = escaped(&self.title);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\
             \n<title>{title}</title>\n<style>{STYLE}</style>\n<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n"
        );
        let text = |class: &str, x: usize, y: usize, anchor: &str, words: &str| {
            let words = escaped(words);
            format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>\n")
        };
        svg += &text("title", 16, 26, "start", &self.title);
        let mut x = 16;
        for (series, colour) in self.series.iter().zip(COLOURS) {
            svg += &format!("<rect x=\"{x}\" y=\"39\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\n");
            svg += &text("", x + 18, 50, "start", series);
            // about seven a letter
            x += 40 + 7 * series.len();
        }
        let mut y = HEAD;
        for (group, values) in &self.groups {
            svg += &text("", LEFT - 10, y + values.len() * BAR / 2 + 4, "end", group);
            for (value, colour) in values.iter().zip(COLOURS) {
                let length = (value / most * LENGTH).max(1.0);
                let thick = BAR - 3;
                let _ = writeln!(svg, "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{thick}\" fill=\"{colour}\"/>");
                svg += &text("", LEFT + length as usize + 6, y + 12, "start", &(self.figure)(*value));
                y += BAR;
            }
            y += GAP;
        }
        svg += &text("small", 16, height - 12, "start", footer);
        svg + "</svg>\n"
    }
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_figures() {
        let groups = vec![("one".into(), vec![50.0, 25.0]), ("a & b".into(), vec![100.0, 0.0])];
        let chart = Chart { title: "t < u".into(), series: vec!["x".into(), "y".into()], groups, figure: whole };
        let svg = chart.svg("here");
        for length in ["270.0", "135.0", "540.0", "1.0"] {
            assert!(svg.contains(&format!("width=\"{length}\"")), "{length}: {svg}");
        }
        assert!(svg.contains("t &lt; u") && svg.contains("a &amp; b") && svg.contains(">here<"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
}
