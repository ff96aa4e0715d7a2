//! Scoring: from files and request to losses, outcome and reasons. Integers only; nothing wraps.

use super::{AGE_BITS, REASONS, UsedFile, Verdict, request_in_range};
use crate::file::{FEATURES, SUM_FEATURES};
use crate::month::Month;
use crate::policy::{
    ATTRIBUTES, BINS, CompiledPolicy, DECAY_MONTHS, FILE_COUNT_ATTRIBUTE, RATIO_ATTRIBUTES, REQUEST_ATTRIBUTES, REQUEST_SLOTS, RatioRows,
    SCALE, plain_attributes,
};

/// Attribute index + 1, largest loss first, padded with 0.
pub type Reasons = [u8; REASONS];

/// Why files and request cannot be scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// More files than the circuit takes.
    #[error("{given} files, but the policy's circuit takes at most {limit}")]
    TooManyFiles {
        /// Files given.
        given: usize,
        /// Files allowed.
        limit: usize,
    },
    /// A file later than the anchor.
    #[error("file {file} is of a month after the anchor's")]
    FileFromFuture {
        /// Index of the file.
        file: usize,
    },
    /// A file older than 4,095 months.
    #[error("file {file} is older than 4,095 months")]
    FileTooOld {
        /// Index of the file.
        file: usize,
    },
    /// A request attribute outside its 40 bits.
    #[error("request attribute {index} is outside [-2^39, 2^39)")]
    RequestRange {
        /// Index in the request.
        index: usize,
    },
}

/// How an attribute that may be a ratio was found to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatioEvaluation {
    /// Numerator times 10,000, or the feature.
    pub a: i128,
    /// Denominator, or 1.
    pub b: i128,
    /// Whether the attribute is missing.
    pub missing: bool,
    /// Its bin, 0 for missing.
    pub bin: usize,
}

/// Everything that scoring computes; the circuits' hints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Weight of each file in 1/10,000.
    pub weights: Vec<u32>,
    /// Features put together: sums in 1/10,000, the others in their unit; `None` is missing.
    pub consolidated: [Option<i128>; FEATURES],
    /// Files of weight above 0.
    pub live_files: usize,
    /// Number and row of each plain attribute, in the order of their rows.
    pub plain: Vec<(i128, usize)>,
    /// Attributes 15..19.
    pub ratio: [RatioEvaluation; 4],
    /// Loss by attribute.
    pub losses: [u16; ATTRIBUTES],
    /// Sum of losses.
    pub total_loss: u32,
    /// The true verdict.
    pub verdict: Verdict,
}

/// Weight of a file in 1/10,000: domain weight times decay, 0 from age 12 on.
pub fn file_weight(policy: &CompiledPolicy, month: Month, file: &UsedFile) -> u32 {
    let age = usize::from(month.0.saturating_sub(file.month.0));
    if age < DECAY_MONTHS { u32::from(policy.weights[file.domain.index()]) * u32::from(policy.decay[age]) } else { 0 }
}

/// Scores `files` and `request` under `policy` at `month`.
///
/// # Errors
/// [`EvaluationError`].
pub fn evaluate(
    policy: &CompiledPolicy,
    month: Month,
    files: &[UsedFile],
    request: &[i64; REQUEST_SLOTS],
) -> Result<Evaluation, EvaluationError> {
    let limit = policy.circuit.files();
    if files.len() > limit {
        return Err(EvaluationError::TooManyFiles { given: files.len(), limit });
    }
    for (file, used) in files.iter().enumerate() {
        let age = month.0.checked_sub(used.month.0).ok_or(EvaluationError::FileFromFuture { file })?;
        if age >> AGE_BITS != 0 {
            return Err(EvaluationError::FileTooOld { file });
        }
    }
    if let Some(index) = request.iter().position(|&r| !request_in_range(r)) {
        return Err(EvaluationError::RequestRange { index });
    }
    let weights: Vec<u32> = files.iter().map(|f| file_weight(policy, month, f)).collect();
    let consolidated = std::array::from_fn(|slot| consolidate(policy, slot, files, &weights));
    let live_files = weights.iter().filter(|&&w| w > 0).count();

    let mut losses = [0; ATTRIBUTES];
    let plain = plain_attributes().zip(&policy.plain).map(|(i, rows)| {
        let x = plain_number(policy, i, &consolidated, request, live_files);
        let row = rows.iter().position(|r| r.lo <= x && x < r.hi).expect("the rows of a compiled policy cover every number");
        losses[i] = rows[row].loss;
        (x, row)
    });
    let plain = plain.collect();
    let ratio = std::array::from_fn(|k| {
        let r = ratio_number(policy, k, &consolidated);
        losses[RATIO_ATTRIBUTES.start + k] = policy.ratio[k].losses[r.bin];
        r
    });
    let total_loss = losses.iter().map(|&l| u32::from(l)).sum();
    let approved = total_loss <= policy.allowance;
    let reasons = if approved { [0; REASONS] } else { top_reasons(&losses) };
    Ok(Evaluation { weights, consolidated, live_files, plain, ratio, losses, total_loss, verdict: Verdict { approved, reasons } })
}

fn consolidate(policy: &CompiledPolicy, slot: usize, files: &[UsedFile], weights: &[u32]) -> Option<i128> {
    let present = files.iter().zip(weights).filter(|(_, w)| **w > 0);
    let values = present.filter_map(|(f, &w)| f.file.features[slot].value().map(|v| (i128::from(v), i128::from(w))));
    if slot < SUM_FEATURES {
        let weighted = policy.sum_weighted[slot];
        values.map(|(v, w)| v * if weighted { w } else { SCALE.into() }).reduce(|a, b| a + b)
    } else if policy.take_min[slot - SUM_FEATURES] {
        values.map(|v| v.0).min()
    } else {
        values.map(|v| v.0).max()
    }
}

fn plain_number(
    policy: &CompiledPolicy,
    i: usize,
    consolidated: &[Option<i128>; FEATURES],
    request: &[i64; REQUEST_SLOTS],
    live_files: usize,
) -> i128 {
    if i == FILE_COUNT_ATTRIBUTE && policy.file_count {
        return live_files as i128;
    }
    if REQUEST_ATTRIBUTES.contains(&i) && policy.from_request[i - REQUEST_ATTRIBUTES.start] {
        return i128::from(request[i - REQUEST_ATTRIBUTES.start]) * i128::from(SCALE);
    }
    consolidated[i].unwrap_or_else(|| policy.missing_number(i))
}

/// A consolidated feature in 1/10,000, as ratios add them up; 0 if missing.
fn scaled(consolidated: &[Option<i128>; FEATURES], slot: usize) -> i128 {
    consolidated[slot].unwrap_or(0) * if slot < SUM_FEATURES { 1 } else { i128::from(SCALE) }
}

fn ratio_number(policy: &CompiledPolicy, k: usize, consolidated: &[Option<i128>; FEATURES]) -> RatioEvaluation {
    let own = consolidated[RATIO_ATTRIBUTES.start + k];
    let (a, b, missing) = if policy.is_ratio[k] {
        let sum = |mask: &[bool; FEATURES]| (0..FEATURES).filter(|&f| mask[f]).map(|f| scaled(consolidated, f)).sum::<i128>();
        let (a, b) = (sum(&policy.numerator[k]), sum(&policy.denominator[k]));
        let chosen_missing = (0..FEATURES).any(|f| (policy.numerator[k][f] || policy.denominator[k][f]) && consolidated[f].is_none());
        (a * i128::from(SCALE), b, chosen_missing || b <= 0)
    } else {
        (own.unwrap_or(0), 1, own.is_none())
    };
    let bin = if missing { 0 } else { ratio_bin(&policy.ratio[k], a, b) };
    RatioEvaluation { a, b, missing, bin }
}

fn ratio_bin(rows: &RatioRows, a: i128, b: i128) -> usize {
    let above = |k: usize| k == 1 || i128::from(rows.edges[k - 2]) * b <= a;
    let below = |k: usize| k == BINS || a < i128::from(rows.edges[k - 1]) * b;
    (1..=BINS).find(|&k| above(k) && below(k)).expect("rising edges with open ends cover every number")
}

/// Up to four attributes of largest loss above 0, by `32 loss + (31 - index)` falling: ties go to the lower index.
fn top_reasons(losses: &[u16; ATTRIBUTES]) -> Reasons {
    let mut order: Vec<usize> = (0..ATTRIBUTES).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(u32::from(losses[i]) * 32 + 31 - i as u32));
    std::array::from_fn(|k| if losses[order[k]] > 0 { order[k] as u8 + 1 } else { 0 })
}
