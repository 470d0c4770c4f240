//! Log checkpoints, apart from the data path and on handles of their own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::store::TableStore;

/// Commits between two checkpoints, unless told otherwise: a start reads at most this many entries
/// beside one checkpoint.
pub const DEFAULT_CHECKPOINT_INTERVAL: i64 = 100;

/// A checkpoint that takes longer is left to the next start.
const LONGEST: Duration = Duration::from_secs(20);

/// The checkpoints of one table.
pub(crate) struct Checkpoints {
    interval: i64,
    /// The version of the newest one.
    newest: AtomicI64,
    running: Mutex<Option<JoinHandle<()>>>,
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
    /// none is running; one that failed is tried again at the next commit.
    pub fn after_commit(&self, store: &TableStore, version: i64) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let is_running = running.as_ref().is_some_and(|running| !running.is_finished());
        if is_running || version - self.newest.load(Ordering::Acquire) < self.interval {
            return;
        }
        let store = store.clone();
        *running = Some(tokio::spawn(async move {
            let address = &store.address;
            if let Err(fault) = store.checkpoint(Some(version)).await {
                tracing::warn!(%address, version, %fault, "log checkpoint not written");
            } else if let Err(fault) = store.clean_up(chrono::Utc::now()).await {
                tracing::warn!(%address, %fault, "log not cleaned up");
            }
        }));
    }

    /// Waits for the one that is running: a process that ends under it would break it off.
    pub async fn finish(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(running) = running else { return };
        match tokio::time::timeout(LONGEST, running).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a log checkpoint was broken off"),
            Err(_) => tracing::warn!("a log checkpoint is not waited for any longer"),
        }
    }
}
