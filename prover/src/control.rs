//! How whoever waits for a proof hears how far it is, and gives it up.

use crate::groth16::ProveError;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a proof is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The statement is checked natively.
    Statement,
    /// The variables of the constraints get their values.
    Assignment,
    /// The rows are evaluated.
    Rows,
    /// The quotient and the sums over the key's points: nearly all of the time.
    Sums,
    /// The finished proof is verified.
    Verification,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Statement, Self::Assignment, Self::Rows, Self::Sums, Self::Verification];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Statement => "checking the statement",
            Self::Assignment => "assigning the variables",
            Self::Rows => "evaluating the rows",
            Self::Sums => "computing the proof",
            Self::Verification => "verifying the proof",
        })
    }
}

/// What accompanies a proof; by default, nothing.
#[derive(Clone, Copy, Default)]
pub struct Control<'a> {
    /// Told, on the caller's thread, what is begun.
    pub progress: Option<&'a dyn Fn(Stage)>,
    /// Once true, the proof ends without a result: between two stages, and within [`Stage::Sums`] between its six parts.
    pub cancelled: Cancelled<'a>,
}

impl Control<'_> {
    /// Begins a stage, unless the proof was given up.
    pub(crate) fn enter(&self, stage: Stage) -> Result<(), ProveError> {
        self.cancelled.check()?;
        if let Some(progress) = self.progress {
            progress(stage);
        }
        Ok(())
    }
}

/// A flag that another thread may set; by default, nobody can.
#[derive(Clone, Copy, Default)]
pub struct Cancelled<'a>(pub Option<&'a AtomicBool>);

impl Cancelled<'_> {
    pub(crate) fn check(self) -> Result<(), ProveError> {
        // nothing else is communicated through the flag
        match self.0 {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(ProveError::Cancelled),
            _ => Ok(()),
        }
    }
}
