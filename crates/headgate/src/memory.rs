//! `memory.max`: one budget for the process, shared by the queries that run.

use std::sync::{Mutex, PoisonError};

use headgate_model::Budget;

static SHARES: Mutex<Vec<Share>> = Mutex::new(Vec::new());

/// A query's part of the process's budget, while it runs: it shrinks when others start, and grows
/// when they end.
#[derive(Debug)]
pub struct Lease {
    share: Share,
}

#[derive(Clone, Debug)]
struct Share {
    /// The query's `memory.max`.
    max: u64,
    writers: Budget,
    state: Budget,
}

impl Share {
    fn new(max: u64) -> Self {
        Self { max, writers: Budget::of(0), state: Budget::of(0) }
    }

    fn set(&self, bytes: u64) {
        // Open row groups, encoded; larger ones compress and scan better.
        self.writers.set((bytes / 4).clamp(4 << 20, 256 << 20));
        self.state.set((bytes / 4).max(4 << 20));
    }

    fn is(&self, other: &Self) -> bool {
        self.writers.is(&other.writers)
    }
}

/// The largest `max` of all that run is the budget of the process; each gets an equal part.
fn divide(shares: &[Share]) -> u64 {
    let total = shares.iter().map(|share| share.max).max().unwrap_or_default();
    let bytes = total / (shares.len() as u64).max(1);
    shares.iter().for_each(|share| share.set(bytes));
    bytes
}

impl Lease {
    /// With the bytes of the part as it is now.
    pub fn take(max: u64) -> (Self, u64) {
        let mut shares = SHARES.lock().unwrap_or_else(PoisonError::into_inner);
        let share = Share::new(max);
        shares.push(share.clone());
        let bytes = divide(&shares);
        (Self { share }, bytes)
    }

    /// What open files may hold.
    pub fn writers(&self) -> Budget {
        self.share.writers.clone()
    }

    /// Keys that uniqueness rules keep for a batch.
    pub fn state(&self) -> Budget {
        self.share.state.clone()
    }
}

/// librdkafka's queue and chunks on their way: some tens of milliseconds of reading. librdkafka
/// needs as much again to manage small messages, and keeps the size that it started with.
pub fn fetch_bytes(part: u64) -> u64 {
    (part / 8).clamp(4 << 20, 64 << 20)
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut shares = SHARES.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|share| !share.is(&self.share));
        divide(&shares);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn parts_are_equal_and_move_as_queries_come_and_go() {
        let writers = |lease: &Lease| lease.writers().bytes() / MIB;
        let (first, part) = Lease::take(512 * MIB);
        assert_eq!((part / MIB, writers(&first)), (512, 128));
        let (second, part) = Lease::take(256 * MIB);
        assert_eq!((part / MIB, writers(&first), writers(&second)), (256, 64, 64));
        drop(first);
        assert_eq!(writers(&second), 64, "alone with its own maximum");
        let (third, _) = Lease::take(64 * MIB);
        assert_eq!((writers(&second), writers(&third)), (32, 32));
    }
}
