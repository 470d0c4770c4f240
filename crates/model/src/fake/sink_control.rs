//! The hand that disturbs a [`MemorySink`](super::MemorySink).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::FakeFault;
use super::bell::{Bell, lock};

/// What becomes of one commit of a batch. Blocks and first commits are never disturbed.
#[derive(Clone, Debug)]
pub enum CommitEvent {
    Lands,
    /// Nothing lands, and the worker is told so.
    Fails(FakeFault),
    /// The batch lands, and the worker is told that it failed.
    ReplyLost(FakeFault),
    /// A worker of this group commits the very same rows first.
    Beaten {
        group: String,
    },
    /// The worker stands still before it puts anything, until thawed.
    Freezes,
    /// The batch lands; the worker stands still before it pays the side tables, until thawed.
    FreezesUnpaid,
}

#[derive(Default)]
pub(super) struct Script {
    pub commits: VecDeque<CommitEvent>,
    pub open: Option<FakeFault>,
    pub write: Option<FakeFault>,
    pub refresh: Option<FakeFault>,
    pub frozen: bool,
    pub unpaid: bool,
    pub refreshes: u64,
}

#[derive(Clone)]
pub struct SinkControl {
    pub(super) script: Arc<Mutex<Script>>,
    pub(super) bell: Bell,
}

impl SinkControl {
    /// Disturbs the next commit that nothing was said of yet; without events, commits land.
    pub fn on_commit(&self, event: CommitEvent) {
        self.edit(|script| script.commits.push_back(event));
    }

    pub fn fail_open(&self, fault: FakeFault) {
        self.edit(|script| script.open = Some(fault));
    }

    /// Every write from now on fails.
    pub fn fail_writes(&self, fault: FakeFault) {
        self.edit(|script| script.write = Some(fault));
    }

    pub fn fail_refresh(&self, fault: FakeFault) {
        self.edit(|script| script.refresh = Some(fault));
    }

    /// Stands still at its next call: a slow store, a stopped process, or for ever a killed one.
    pub fn freeze(&self) {
        self.edit(|script| script.frozen = true);
    }

    pub fn thaw(&self) {
        self.edit(|script| script.frozen = false);
    }

    /// While `unpaid`, side tables stay owed: their store is down.
    pub fn leave_unpaid(&self, unpaid: bool) {
        self.edit(|script| script.unpaid = unpaid);
    }

    pub fn is_frozen(&self) -> bool {
        lock(&self.script).frozen
    }

    /// How often the log was read to its tip on request.
    pub fn num_refreshes(&self) -> u64 {
        lock(&self.script).refreshes
    }

    fn edit(&self, edit: impl FnOnce(&mut Script)) {
        edit(&mut lock(&self.script));
        self.bell.ring();
    }
}
