//! Progress on stderr: only for people, and for most tasks only if they take longer than a second.

use crate::output::Output;
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(1);

/// How often the time on the bar is drawn anew while a step lasts.
const TICK: Duration = Duration::from_millis(200);

/// A bar that appears once the task has taken a second, or at once.
pub struct Progress {
    shown: bool,
    begun: Instant,
    patience: Duration,
    bar: RefCell<Option<ProgressBar>>,
}

impl Progress {
    /// Begins a task.
    pub fn new(output: &Output) -> Self {
        Self::after(PATIENCE, output)
    }

    /// Begins a task of few steps, one of which takes nearly all of the time: the bar must be there before that one begins.
    pub fn at_once(output: &Output) -> Self {
        Self::after(Duration::ZERO, output)
    }

    fn after(patience: Duration, output: &Output) -> Self {
        Self { shown: output.shows_progress(), begun: Instant::now(), patience, bar: RefCell::new(None) }
    }

    /// Says what is done and how far; `total` 0 stands for unknown.
    pub fn at(&self, what: &str, done: u64, total: u64) {
        if !self.shown || self.begun.elapsed() < self.patience {
            return;
        }
        let mut bar = self.bar.borrow_mut();
        let bar = bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg:32} {bar:30} {percent:>3} %  {elapsed}");
            let bar = ProgressBar::new(total.max(1)).with_style(style.expect("the template is fixed"));
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(what.to_owned());
        bar.set_length(total.max(1));
        bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.borrow().as_ref() {
            bar.finish_and_clear();
        }
    }
}
