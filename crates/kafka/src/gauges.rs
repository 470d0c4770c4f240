//! Numbers that the poll thread keeps up to date and anyone may read.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::thread::Thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use headgate_model::Lag;
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct Gauges {
    lag_records: AtomicU64,
    newest_ms: AtomicI64,
    fetch_queue: AtomicU64,
    /// Bytes of chunks sent and not taken.
    in_flight: AtomicU64,
    limit: u64,
    /// Rebalances sent and not taken.
    rebalances: watch::Sender<u32>,
    /// Woken when there is room again or a command waits.
    poller: OnceLock<Thread>,
}

impl Gauges {
    pub(crate) fn new(in_flight_limit: u64) -> Self {
        Self {
            lag_records: AtomicU64::new(0),
            newest_ms: AtomicI64::new(0),
            fetch_queue: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            limit: in_flight_limit,
            rebalances: watch::Sender::new(0),
            poller: OnceLock::new(),
        }
    }

    pub(crate) fn lag(&self) -> Lag {
        let records = self.lag_records.load(Relaxed);
        let newest = self.newest_ms.load(Relaxed);
        let behind = records > 0 && newest > 0;
        let age = if behind { now().as_millis() as i64 - newest } else { 0 };
        Lag { records, time: Duration::from_millis(age.max(0) as u64) }
    }

    pub(crate) fn set_lag(&self, records: u64) {
        self.lag_records.store(records, Relaxed);
    }

    pub(crate) fn set_newest(&self, timestamp_ms: i64) {
        self.newest_ms.store(timestamp_ms, Relaxed);
    }

    pub(crate) fn set_fetch_queue(&self, bytes: u64) {
        self.fetch_queue.store(bytes, Relaxed);
    }

    pub(crate) fn queued_bytes(&self) -> u64 {
        self.fetch_queue.load(Relaxed) + self.in_flight.load(Relaxed)
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.in_flight.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn taken(&self, bytes: u64) {
        let before = self.in_flight.fetch_sub(bytes, Relaxed);
        if before >= self.limit {
            self.wake();
        }
    }

    pub(crate) fn rebalance_sent(&self) {
        self.rebalances.send_modify(|waiting| *waiting += 1);
    }

    pub(crate) fn rebalance_taken(&self) {
        self.rebalances.send_modify(|waiting| *waiting -= 1);
    }

    /// Resolves when a rebalance was sent and not taken.
    pub(crate) async fn rebalance(&self) {
        // The sender is here, so that waiting cannot fail.
        let _ = self.rebalances.subscribe().wait_for(|waiting| *waiting > 0).await;
    }

    /// One chunk always fits.
    pub(crate) fn has_room(&self) -> bool {
        self.in_flight.load(Relaxed) < self.limit
    }

    pub(crate) fn polled_by(&self, thread: Thread) {
        // One thread polls a source for its whole life.
        let _ = self.poller.set(thread);
    }

    pub(crate) fn wake(&self) {
        if let Some(thread) = self.poller.get() {
            thread.unpark();
        }
    }
}

/// Since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
