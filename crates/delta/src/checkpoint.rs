//! Log checkpoints, apart from the data path and on handles of their own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deltalake::{DeltaTable, checkpoints};
use headgate_model::{FaultPoint, reach};
use tokio::task::JoinHandle;

use crate::store::TableStore;

/// Commits between two checkpoints: a start reads at most this many entries beside one checkpoint.
const INTERVAL: i64 = 100;

/// Tests cannot make a hundred commits before each fault.
fn interval() -> i64 {
    let asked = cfg!(feature = "fault-points").then(|| std::env::var("HEADGATE_CHECKPOINTS").ok());
    asked.flatten().and_then(|text| text.parse().ok()).unwrap_or(INTERVAL)
}

/// A checkpoint that takes longer is left to the next start.
const LONGEST: Duration = Duration::from_secs(20);

/// The checkpoints of one table.
#[derive(Default)]
pub(crate) struct Checkpoints {
    /// The version of the newest one.
    newest: Arc<AtomicI64>,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpoints {
    /// One was found at `version`.
    pub fn found(&self, version: i64) {
        self.newest.fetch_max(version, Ordering::AcqRel);
    }

    /// Starts one, and a clean-up of what it makes dispensable, when the newest is old enough and
    /// none is running; one that failed is tried again at the next commit.
    pub fn after_commit(&self, store: &TableStore, version: i64) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let is_running = running.as_ref().is_some_and(|running| !running.is_finished());
        if is_running || version - self.newest.load(Ordering::Acquire) < interval() {
            return;
        }
        let (store, newest) = (store.clone(), Arc::clone(&self.newest));
        *running = Some(tokio::spawn(async move {
            let address = &store.address;
            let mut table = DeltaTable::new(store.store.clone());
            let done = match table.load_version(version as u64).await {
                Ok(()) if reach(FaultPoint::Checkpoint).is_err() => return,
                Ok(()) => checkpoints::create_checkpoint(&table, None).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(()) => {
                    newest.fetch_max(version, Ordering::AcqRel);
                    if let Err(error) = store.clean_up(chrono::Utc::now()).await {
                        tracing::warn!(%address, %error, "log not cleaned up");
                    }
                }
                Err(error) => {
                    tracing::warn!(%address, version, %error, "log checkpoint not written")
                }
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
