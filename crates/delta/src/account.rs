//! What Headgate writes into `commitInfo.headgate`, and reads back.

use headgate_model::{
    ContractRef, Counts, Ledger, PartitionId, PartitionLedger, RuleInfo, RuleResult, RuleScope,
    Severity, Status, TableRole, TableTotal, Verdict,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

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
    /// How far observers are, where no batch carries it.
    Observed,
    /// Small files became larger ones; it belongs to no query.
    Optimize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// Hexadecimal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub incarnation: String,
    /// Tells whose commit sits in a slot.
    pub batch: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<PartitionEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CountsEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictEntry>,
    /// Of the contract that had no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervention: Option<String>,
    /// Where an intervention sent the batch's good rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerouted_to: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub debts: Vec<Debt>,
    /// In a payment: the output versions `(from, to]` that it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pays: Option<(i64, i64)>,
    /// In a release: the output version that had blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases: Option<i64>,
}

impl Account {
    /// Of a commit that does nothing but carry a mark of its own.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            query: String::new(),
            incarnation: String::new(),
            batch: Uuid::new_v4().to_string(),
            group: String::new(),
            contract: None,
            partitions: Vec::new(),
            counts: None,
            verdict: None,
            shadow: None,
            intervention: None,
            rerouted_to: None,
            debts: Vec::new(),
            pays: None,
            releases: None,
        }
    }
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
    #[serde(default)]
    pub rerouted: u64,
    pub copied: u64,
}

impl From<&Counts> for CountsEntry {
    fn from(counts: &Counts) -> Self {
        let Counts { records, accepted, rejected, dead_letters, skipped, rerouted, copied } =
            *counts;
        Self { records, accepted, rejected, dead_letters, skipped, rerouted, copied }
    }
}

impl From<&CountsEntry> for Counts {
    fn from(entry: &CountsEntry) -> Self {
        let CountsEntry { records, accepted, rejected, dead_letters, skipped, rerouted, copied } =
            *entry;
        Self { records, accepted, rejected, dead_letters, skipped, rerouted, copied }
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

/// The outcome of a batch; rules without violations are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerdictEntry {
    status: String,
    row_count: u64,
    violating_rows: u64,
    violations: u64,
    dead_letters: u64,
    rules: Vec<RuleEntry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleEntry {
    rule: String,
    column: Option<String>,
    severity: String,
    scope: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    estimated: bool,
    violations: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    measured: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unmeasured: Option<String>,
    /// It judged the batch as a whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    whole: bool,
}

impl From<&Verdict> for VerdictEntry {
    fn from(verdict: &Verdict) -> Self {
        let broken = verdict.rules.iter().filter(|result| result.violations > 0);
        let rule = |result: &RuleResult| RuleEntry {
            rule: result.rule.id.clone(),
            column: result.rule.column.clone(),
            severity: result.rule.severity.as_str().to_owned(),
            scope: result.rule.scope.as_str().to_owned(),
            estimated: result.rule.estimated,
            violations: result.violations,
            measured: result.measured,
            unmeasured: result.unmeasured.clone(),
            whole: !result.rule.routes_rows,
        };
        Self {
            status: verdict.status.as_str().to_owned(),
            row_count: verdict.row_count,
            violating_rows: verdict.violating_rows,
            violations: verdict.violations,
            dead_letters: verdict.dead_letters,
            rules: broken.map(rule).collect(),
        }
    }
}

impl VerdictEntry {
    fn read(&self, batch: &str, contract: Option<&ContractEntry>) -> Option<Verdict> {
        Some(Verdict {
            batch_uuid: batch.to_owned(),
            status: Status::ALL.into_iter().find(|one| one.as_str() == self.status)?,
            row_count: self.row_count,
            violating_rows: self.violating_rows,
            violations: self.violations,
            dead_letters: self.dead_letters,
            rules: self.rules.iter().filter_map(RuleEntry::result).collect(),
            contract: contract.map(|contract| ContractRef {
                id: contract.id.clone(),
                version: contract.version.clone(),
                hash: contract.hash.clone(),
            }),
        })
    }
}

/// A verdict with the contract that it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShadowEntry {
    pub contract: Option<ContractEntry>,
    #[serde(flatten)]
    pub verdict: VerdictEntry,
}

impl From<&Verdict> for ShadowEntry {
    fn from(verdict: &Verdict) -> Self {
        Self { contract: verdict.contract.as_ref().map(Into::into), verdict: verdict.into() }
    }
}

impl RuleEntry {
    fn result(&self) -> Option<RuleResult> {
        let rule = RuleInfo {
            id: self.rule.clone(),
            column: self.column.clone(),
            severity: Severity::ALL.into_iter().find(|one| one.as_str() == self.severity)?,
            scope: RuleScope::ALL.into_iter().find(|one| one.as_str() == self.scope)?,
            estimated: self.estimated,
            routes_rows: !self.whole,
            unrepresentable: false,
        };
        Some(RuleResult {
            rule,
            violations: self.violations,
            measured: self.measured,
            unmeasured: self.unmeasured.clone(),
        })
    }
}

impl Account {
    /// With what a batch, or a block, says of itself.
    pub fn telling(self, ledger: &Ledger) -> Self {
        Self {
            batch: ledger.verdict.batch_uuid.clone(),
            contract: ledger.verdict.contract.as_ref().map(Into::into),
            partitions: ledger.partitions.iter().map(Into::into).collect(),
            counts: Some(CountsEntry::from(&ledger.counts)),
            verdict: Some((&ledger.verdict).into()),
            shadow: ledger.shadow.as_ref().map(Into::into),
            intervention: ledger.intervention.clone(),
            rerouted_to: ledger.rerouted_to.clone(),
            ..self
        }
    }

    /// What the commit of a batch, or of a block, says of it; nothing of other commits.
    pub fn ledger(&self) -> Option<Ledger> {
        let verdict = self.verdict.as_ref()?.read(&self.batch, self.contract.as_ref())?;
        let shadow = self.shadow.as_ref();
        let shadow = shadow.and_then(|one| one.verdict.read(&self.batch, one.contract.as_ref()));
        let range = |entry: &PartitionEntry| PartitionLedger {
            partition: PartitionId::new(
                entry.topic.as_str(),
                entry.topic_id.as_str(),
                entry.partition,
            ),
            start: entry.start,
            end: entry.end,
            records: entry.records,
            gaps: entry.gaps,
            lost: entry.lost,
            first: false,
        };
        Some(Ledger {
            partitions: self.partitions.iter().map(range).collect(),
            counts: self.counts.as_ref().map(Counts::from).unwrap_or_default(),
            verdict,
            shadow,
            intervention: self.intervention.clone(),
            rerouted_to: self.rerouted_to.clone(),
        })
    }

    /// What the batch owes, or owed, side tables. Of a sink the log does not know the number.
    pub fn owed(&self) -> Vec<TableTotal> {
        let total = |debt: &Debt| {
            let mut roles = TableRole::ALL.into_iter().chain([TableRole::Sink(0)]);
            let role = roles.find(|role| role.as_str() == debt.role)?;
            let (address, rows) = (debt.address.clone(), debt.rows);
            Some(TableTotal { role, address, rows, version: None })
        };
        self.debts.iter().filter_map(total).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_comes_out_of_the_log_as_it_went_in() {
        let rule = |id: &str, routes_rows: bool, violations, measured| RuleResult {
            rule: RuleInfo {
                id: id.to_owned(),
                column: routes_rows.then(|| "a.b".to_owned()),
                severity: if routes_rows { Severity::Block } else { Severity::Warn },
                scope: if routes_rows { RuleScope::Stream } else { RuleScope::Batch },
                estimated: !routes_rows,
                routes_rows,
                unrepresentable: false,
            },
            violations,
            measured,
            unmeasured: measured.is_none().then(|| "it took longer than 10 s".to_owned()),
        };
        let counts =
            Counts { records: 9, accepted: 5, rejected: 3, dead_letters: 1, ..Counts::default() };
        let ledger = Ledger {
            partitions: vec![PartitionLedger {
                partition: PartitionId::new("t", "id", 3),
                start: 4,
                end: 15,
                records: 9,
                gaps: 2,
                lost: 0,
                first: false,
            }],
            counts,
            shadow: Some(Verdict {
                batch_uuid: "uuid".to_owned(),
                status: Status::Ok,
                row_count: 9,
                violating_rows: 1,
                violations: 1,
                dead_letters: 0,
                rules: vec![rule("maximum_a", true, 1, None)],
                contract: Some(ContractRef {
                    id: "c".into(),
                    version: "2".into(),
                    hash: "g".into(),
                }),
            }),
            verdict: Verdict {
                batch_uuid: "uuid".to_owned(),
                status: Status::Warn,
                row_count: 8,
                violating_rows: 3,
                violations: 4,
                dead_letters: 1,
                rules: vec![
                    rule("required_a", true, 3, None),
                    rule("row_count", false, 1, Some(8.0)),
                ],
                contract: Some(ContractRef {
                    id: "c".into(),
                    version: "1".into(),
                    hash: "h".into(),
                }),
            },
            intervention: Some("too many".to_owned()),
            rerouted_to: Some("quarantine".into()),
        };
        let account = Account::new(Kind::Batch).telling(&ledger);
        let text = serde_json::to_string(&account).unwrap();
        let read: Account = serde_json::from_str(&text).unwrap();
        assert_eq!(read.ledger(), Some(ledger));
    }
}
