//! Log checkpoints, apart from the data path and on handles of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deltalake::{DeltaTable, checkpoints};

use crate::log::Log;

/// Commits between two checkpoints: a start reads at most this many entries beside one checkpoint.
const INTERVAL: i64 = 100;

/// The checkpoints of one table.
#[derive(Default)]
pub(crate) struct Checkpoints {
    due: Arc<AtomicBool>,
    running: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Starts one when it is due and none is running. One that failed, or fell due while another
    /// was running, is due again at the next commit.
    pub fn after_commit(&self, log: &Log, version: i64) {
        if version % INTERVAL == 0 && version > 0 {
            self.due.store(true, Ordering::Release);
        }
        if !self.due.load(Ordering::Acquire) || self.running.swap(true, Ordering::AcqRel) {
            return;
        }
        self.due.store(false, Ordering::Release);
        let (store, address) = (log.store.clone(), log.address.clone());
        let (due, running) = (Arc::clone(&self.due), Arc::clone(&self.running));
        tokio::spawn(async move {
            let mut table = DeltaTable::new(store);
            let done = match table.load_version(version as u64).await {
                Ok(()) => checkpoints::create_checkpoint(&table, None).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::warn!(%address, version, %error, "log checkpoint not written");
                due.store(true, Ordering::Release);
            }
            running.store(false, Ordering::Release);
        });
    }
}
