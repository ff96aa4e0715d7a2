//! `probityd start`: runs the node until it is told to stop.

use tokio::signal::unix::{SignalKind, signal};

use super::CommandError;
use crate::home::Home;
use crate::logging;
use crate::run;

pub(super) fn run(home: &Home) -> Result<(), CommandError> {
    logging::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandError::Runtime)?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::Runtime)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::Runtime)?;
        let node = run::open(home).await?;
        node.run(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await?;
        Ok(())
    })
}
