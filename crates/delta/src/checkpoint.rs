//! Log checkpoints, apart from the data path and on handles of their own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::Receiver;
use tokio::time::Instant;

use crate::background;
use crate::fault::DeltaFault;
use crate::store::TableStore;

/// Commits between two checkpoints, unless told otherwise: a start reads at most this many entries
/// beside one checkpoint, where checkpoints keep up with commits.
pub const DEFAULT_CHECKPOINT_INTERVAL: i64 = 100;

/// A checkpoint that takes longer is left to the next start.
const LONGEST: Duration = Duration::from_secs(20);

/// The cost of one grows with the table: it is followed by a rest of so many times its length.
const REST: u32 = 2;

/// The checkpoints of one table.
pub(crate) struct Checkpoints {
    interval: i64,
    /// The version of the newest one.
    newest: AtomicI64,
    /// Answers when the next one may begin.
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    answer: Option<Receiver<Instant>>,
    next: Option<Instant>,
}

impl Running {
    fn is_due(&mut self) -> bool {
        if let Some(answer) = &mut self.answer {
            match answer.try_recv() {
                Ok(next) => self.next = Some(next),
                Err(tokio::sync::oneshot::error::TryRecvError::Empty) => return false,
                Err(tokio::sync::oneshot::error::TryRecvError::Closed) => {
                    tracing::warn!("a log checkpoint was broken off");
                }
            }
            self.answer = None;
        }
        self.next.is_none_or(|next| next <= Instant::now())
    }
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self::every(DEFAULT_CHECKPOINT_INTERVAL)
    }
}

impl Checkpoints {
    pub fn every(interval: i64) -> Self {
        Self { interval, newest: AtomicI64::default(), running: Mutex::default() }
    }

    /// One was found at `version`.
    pub fn found(&self, version: i64) {
        self.newest.fetch_max(version, Ordering::AcqRel);
    }

    /// Starts one, and a clean-up of what it makes dispensable, when the newest is old enough and
    /// none is running; one that failed is tried again later.
    pub fn after_commit(&self, store: &TableStore, version: i64) {
        if version - self.newest.load(Ordering::Acquire) < self.interval {
            return;
        }
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if !running.is_due() {
            return;
        }
        let store = store.clone();
        let begun = background::run("headgate-checkpoint", move || async move {
            let begun = Instant::now();
            let address = &store.address;
            if let Err(fault) = write(&store, version).await {
                tracing::warn!(%address, version, %fault, "log checkpoint not written");
            }
            Instant::now() + begun.elapsed() * REST
        });
        match begun {
            Ok(answer) => running.answer = Some(answer),
            Err(error) => tracing::warn!(%error, "log checkpoint not begun"),
        }
    }

    /// Waits for the one that is running: a process that ends under it would break it off.
    pub async fn finish(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).answer.take();
        let Some(running) = running else { return };
        match tokio::time::timeout(LONGEST, running).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => tracing::warn!("a log checkpoint was broken off"),
            Err(_) => tracing::warn!("a log checkpoint is not waited for any longer"),
        }
    }
}

/// Handles of a store belong to the runtime that they were made on.
async fn write(store: &TableStore, version: i64) -> Result<(), DeltaFault> {
    let own = store.reopened()?;
    own.checkpoint(Some(version)).await?;
    if let Err(fault) = own.clean_up(chrono::Utc::now()).await {
        tracing::warn!(address = %store.address, %fault, "log not cleaned up");
    }
    Ok(())
}
