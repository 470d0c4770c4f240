//! The account of a batch, carried by its commit.

use crate::{PartitionId, Verdict};

/// What a batch took from one partition: `[start, end)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionLedger {
    pub partition: PartitionId,
    /// Inclusive. Equals the image's position, unless `first`.
    pub start: i64,
    /// Exclusive.
    pub end: i64,
    pub records: i64,
    /// Offsets without a record: compaction, aborted transactions, control records.
    pub gaps: i64,
    /// Offsets that the source no longer had.
    pub lost: i64,
    /// The partition had no position before.
    pub first: bool,
}

/// Where the records of a batch went: `records` is the sum of all others but `copied`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub records: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub dead_letters: u64,
    /// Tombstones that the user asked to skip, and rows that a transform leaves out.
    pub skipped: u64,
    /// Good enough for the output, and sent elsewhere by an intervention.
    pub rerouted: u64,
    /// Copies of accepted rows in rejects (policy `allow`); counted apart.
    pub copied: u64,
}

impl Counts {
    pub const fn balances(&self) -> bool {
        self.records
            == self.accepted + self.rejected + self.dead_letters + self.skipped + self.rerouted
    }

    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.dead_letters += other.dead_letters;
        self.skipped += other.skipped;
        self.rerouted += other.rerouted;
        self.copied += other.copied;
    }
}

/// Everything that a commit says of its batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    pub partitions: Vec<PartitionLedger>,
    pub counts: Counts,
    pub verdict: Verdict,
    /// What a second contract would have made of the same records; it had no effect.
    pub shadow: Option<Verdict>,
    /// Reason given by an intervention that warned, rerouted or blocked.
    pub intervention: Option<String>,
    /// Name of what the batch's good rows were sent to, where that is not the output.
    pub rerouted_to: Option<String>,
}
