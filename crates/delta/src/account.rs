//! What Headgate writes into `commitInfo.headgate`, and reads back.

use headgate_model::{ContractRef, Counts, Ledger, PartitionLedger};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The query's first commit: incarnation and starting positions.
    Start,
    Batch,
    /// A verdict that blocked: no files, no positions.
    Block,
    /// In a side table: files owed by output versions.
    Payment,
    /// In a side table: columns that payments will bring.
    Schema,
    /// An operator let a blocked query go on.
    Release,
    /// Side tables that the query no longer writes to, and owes nothing.
    Forget,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub kind: Kind,
    pub query: String,
    /// Hexadecimal.
    pub incarnation: String,
    /// Tells whose commit sits in a slot.
    pub batch: String,
    pub group: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<PartitionEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CountsEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervention: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub debts: Vec<Debt>,
    /// In a payment: the output versions `(from, to]` that it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pays: Option<(i64, i64)>,
}

/// Files that a batch owes a side table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Debt {
    pub role: String,
    pub address: String,
    /// The last output version before this one that owed the same table.
    pub prev: Option<i64>,
    pub rows: u64,
    /// `add` actions as they will stand in the side table's log.
    pub adds: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContractEntry {
    pub id: String,
    pub version: String,
    pub hash: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartitionEntry {
    pub topic: String,
    pub topic_id: String,
    pub partition: i32,
    pub start: i64,
    pub end: i64,
    pub records: i64,
    pub gaps: i64,
    pub lost: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountsEntry {
    pub records: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub dead_letters: u64,
    pub skipped: u64,
    pub copied: u64,
}

impl From<&Counts> for CountsEntry {
    fn from(counts: &Counts) -> Self {
        let Counts { records, accepted, rejected, dead_letters, skipped, copied } = *counts;
        Self { records, accepted, rejected, dead_letters, skipped, copied }
    }
}

impl From<&CountsEntry> for Counts {
    fn from(entry: &CountsEntry) -> Self {
        let CountsEntry { records, accepted, rejected, dead_letters, skipped, copied } = *entry;
        Self { records, accepted, rejected, dead_letters, skipped, copied }
    }
}

impl From<&PartitionLedger> for PartitionEntry {
    fn from(ledger: &PartitionLedger) -> Self {
        let PartitionLedger { partition, start, end, records, gaps, lost, first: _ } = ledger;
        Self {
            topic: partition.topic.to_string(),
            topic_id: partition.topic_id.to_string(),
            partition: partition.partition,
            start: *start,
            end: *end,
            records: *records,
            gaps: *gaps,
            lost: *lost,
        }
    }
}

impl From<&ContractRef> for ContractEntry {
    fn from(contract: &ContractRef) -> Self {
        let ContractRef { id, version, hash } = contract.clone();
        Self { id, version, hash }
    }
}

/// The verdict as JSON: rules without violations are left out.
pub(crate) fn verdict(ledger: &Ledger) -> Value {
    let verdict = &ledger.verdict;
    let rules: Vec<Value> = verdict
        .rules
        .iter()
        .filter(|result| result.violations > 0)
        .map(|result| {
            serde_json::json!({
                "rule": result.rule.id,
                "column": result.rule.column,
                "severity": result.rule.severity.as_str(),
                "scope": result.rule.scope.as_str(),
                "violations": result.violations,
            })
        })
        .collect();
    serde_json::json!({
        "status": verdict.status.as_str(),
        "rowCount": verdict.row_count,
        "violatingRows": verdict.violating_rows,
        "violations": verdict.violations,
        "deadLetters": verdict.dead_letters,
        "rules": rules,
    })
}
