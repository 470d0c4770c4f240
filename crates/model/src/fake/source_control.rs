//! The hand that directs a [`VecSource`](super::VecSource), and what it saw.

use std::sync::{Arc, Mutex};

use super::bell::{Bell, lock};
use super::vec_source::{State, Step};
use super::{FakeFault, ReadUntil};
use crate::{PartitionId, Positions};

#[derive(Clone)]
pub struct SourceControl {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) bell: Bell,
}

impl SourceControl {
    pub fn assign(&self, partitions: &[PartitionId]) {
        self.script(Step::Assign(partitions.to_vec()));
    }

    /// Partitions are held until the engine lets go of them.
    pub fn revoke(&self, partitions: &[PartitionId]) {
        let partitions = partitions.to_vec();
        self.script(Step::Revoke { partitions, lost: false, late: false });
    }

    /// As [`revoke`](Self::revoke), but the 30 s pass before the engine answers: the partitions are
    /// gone at once, and the source polls on.
    pub fn revoke_past_deadline(&self, partitions: &[PartitionId]) {
        let partitions = partitions.to_vec();
        self.script(Step::Revoke { partitions, lost: false, late: true });
    }

    pub fn lose(&self, partitions: &[PartitionId]) {
        let partitions = partitions.to_vec();
        self.script(Step::Revoke { partitions, lost: true, late: false });
    }

    /// The source fails where it stands.
    pub fn fail(&self, fault: FakeFault) {
        self.script(Step::Fail(fault));
    }

    /// From now on no partition is the one that its records came from.
    pub fn refuse_to_confirm(&self, fault: FakeFault) {
        self.edit(|state| state.confirm = Some(fault));
    }

    /// Most records of a chunk; 1000 unless told.
    pub fn set_chunk_records(&self, records: usize) {
        self.edit(|state| state.chunk_records = records);
    }

    /// `startingOffsets: latest`.
    pub fn start_at_latest(&self) {
        self.edit(|state| state.latest = true);
    }

    pub fn until(&self) -> ReadUntil {
        lock(&self.state).until
    }

    pub fn held(&self) -> Vec<PartitionId> {
        lock(&self.state).held.keys().cloned().collect()
    }

    pub fn epoch(&self) -> u64 {
        lock(&self.state).epoch
    }

    /// The group it was started in; `None` before.
    pub fn group(&self) -> Option<String> {
        lock(&self.state).group.clone()
    }

    /// Answers to assignments, in order.
    pub fn replies(&self) -> Vec<Positions> {
        lock(&self.state).replies.clone()
    }

    /// Epoch and positions of every rewind, in order.
    pub fn rewinds(&self) -> Vec<(u64, Positions)> {
        lock(&self.state).rewinds.clone()
    }

    /// Revocations that the engine let go of, in order.
    pub fn released(&self) -> Vec<Vec<PartitionId>> {
        lock(&self.state).released.clone()
    }

    /// What lag monitors were told.
    pub fn committed(&self) -> Positions {
        lock(&self.state).committed.clone()
    }

    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    fn script(&self, step: Step) {
        self.edit(|state| state.script.push_back(step));
    }

    fn edit(&self, edit: impl FnOnce(&mut State)) {
        edit(&mut lock(&self.state));
        self.bell.ring();
    }
}
