use std::collections::HashMap;
use std::time::Duration;

use headgate::report::{BatchReport, ProgressReport, SideReport, differences, metrics};
use headgate::{Column, Dataset};
use headgate_model::{ContractRef, Counts, PartitionLedger, Phases, RuleResult, Verdict};
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

#[napi(object)]
pub struct NativeRuleResult {
    pub rule: String,
    pub column: Option<String>,
    pub violations: f64,
    pub unmeasured: Option<String>,
    #[napi(ts_type = "'block' | 'warn' | 'info'")]
    pub severity: String,
    #[napi(ts_type = "'batch' | 'window' | 'stream'")]
    pub scope: String,
    pub estimated: bool,
}

#[napi(object)]
pub struct NativeColumn {
    pub name: String,
    pub odcs_type: String,
    pub nullable: bool,
}

#[napi(object)]
pub struct NativeDataset {
    pub dataset_id: String,
    pub columns: Vec<NativeColumn>,
}

impl From<&Dataset> for NativeDataset {
    fn from(dataset: &Dataset) -> Self {
        let columns = dataset.columns.iter().cloned().map(Into::into);
        Self { dataset_id: dataset.id.clone(), columns: columns.collect() }
    }
}

impl From<Column> for NativeColumn {
    fn from(Column { name, odcs_type, nullable }: Column) -> Self {
        Self { name, odcs_type, nullable }
    }
}

#[napi(object)]
pub struct NativeContractRef {
    pub id: String,
    pub version: String,
    pub hash: String,
}

#[napi(object)]
pub struct NativeVerdict {
    pub batch_uuid: String,
    #[napi(ts_type = "'ok' | 'warn' | 'block' | 'idle'")]
    pub status: String,
    pub row_count: f64,
    pub violating_rows: f64,
    pub violation_ratio: f64,
    pub violations: f64,
    pub dead_letters: f64,
    pub rules: Vec<NativeRuleResult>,
    pub metrics: HashMap<String, f64>,
    pub contract: Option<NativeContractRef>,
}

#[napi(object)]
pub struct NativeCounts {
    pub records: f64,
    pub accepted: f64,
    pub rejected: f64,
    pub dead_letters: f64,
    pub skipped: f64,
    pub rerouted: f64,
    pub copied: f64,
}

/// Rows of a batch in a side table.
#[napi(object)]
pub struct NativeSideRows {
    /// `rejects`, or the name of a sink.
    pub name: String,
    pub dataset_id: String,
    pub dataset_version: Option<String>,
    pub row_count: f64,
}

#[napi(object)]
pub struct NativePosition {
    pub topic: String,
    pub partition: i32,
    pub start: BigInt,
    pub end: BigInt,
}

#[napi(object)]
pub struct NativeBatch {
    pub batch_id: f64,
    pub batch_uuid: String,
    pub timestamp: String,
    pub row_count: f64,
    pub violating_rows: f64,
    pub violations: f64,
    #[napi(ts_type = "'ok' | 'warn' | 'block' | 'idle'")]
    pub status: String,
    pub metrics: HashMap<String, f64>,
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
    pub rules: Vec<NativeRuleResult>,
    pub contract: Option<NativeContractRef>,
    pub intervention: Option<String>,
    pub dataset_id: String,
    pub dataset_version: Option<String>,
    pub shadow: Option<NativeShadow>,
    pub counts: NativeCounts,
    pub rejects: Option<NativeSideRows>,
    pub rerouted: Option<NativeSideRows>,
    pub positions: Vec<NativePosition>,
}

/// What another contract would have made of the same records.
#[napi(object)]
pub struct NativeShadow {
    pub verdict: NativeVerdict,
    /// By rule: its violations less those under the contract; `violating_rows` as well.
    pub differences: HashMap<String, f64>,
}

#[napi(object)]
pub struct NativeDurations {
    pub poll: f64,
    pub decode: f64,
    pub transform: f64,
    pub check: f64,
    pub write: f64,
    pub decide: f64,
    pub commit: f64,
}

#[napi(object)]
pub struct NativeMemory {
    pub fetch_queue: f64,
    pub chunks: f64,
    pub writers: f64,
    pub commit: f64,
}

#[napi(object)]
pub struct NativeProgress {
    pub batch_id: f64,
    pub timestamp: String,
    pub num_input_rows: f64,
    pub input_rows_per_second: f64,
    pub processed_rows_per_second: f64,
    pub duration_ms: NativeDurations,
    pub num_lag_records: BigInt,
    pub lag_seconds: f64,
    pub memory_bytes: NativeMemory,
    pub last_verdict: Option<NativeVerdict>,
    pub waiting: Option<NativeWaiting>,
    pub held: Option<NativeHeld>,
}

#[napi(object)]
pub struct NativeHeld {
    pub schema_ids: Vec<u32>,
    pub partitions: Vec<String>,
    pub num_records: f64,
    pub elapsed_ms: f64,
    pub error: Option<String>,
}

#[napi(object)]
pub struct NativeWaiting {
    #[napi(ts_type = "'write' | 'close' | 'commit' | 'refresh'")]
    pub operation: String,
    pub elapsed_ms: f64,
    pub budget_ms: f64,
}

impl From<&RuleResult> for NativeRuleResult {
    fn from(result: &RuleResult) -> Self {
        let RuleResult { rule, violations, measured: _, unmeasured } = result;
        Self {
            rule: rule.id.clone(),
            column: rule.column.clone(),
            violations: *violations as f64,
            unmeasured: unmeasured.clone(),
            severity: rule.severity.as_str().to_owned(),
            scope: rule.scope.as_str().to_owned(),
            estimated: rule.estimated,
        }
    }
}

impl From<&ContractRef> for NativeContractRef {
    fn from(contract: &ContractRef) -> Self {
        let ContractRef { id, version, hash } = contract.clone();
        Self { id, version, hash }
    }
}

impl From<&Verdict> for NativeVerdict {
    fn from(verdict: &Verdict) -> Self {
        Self {
            batch_uuid: verdict.batch_uuid.clone(),
            status: verdict.status.as_str().to_owned(),
            row_count: verdict.row_count as f64,
            violating_rows: verdict.violating_rows as f64,
            violation_ratio: verdict.violation_ratio(),
            violations: verdict.violations as f64,
            dead_letters: verdict.dead_letters as f64,
            rules: verdict.rules.iter().map(Into::into).collect(),
            metrics: metrics(verdict).into_iter().collect(),
            contract: verdict.contract.as_ref().map(Into::into),
        }
    }
}

impl From<&Counts> for NativeCounts {
    fn from(counts: &Counts) -> Self {
        let Counts { records, accepted, rejected, dead_letters, skipped, rerouted, copied } =
            *counts;
        Self {
            records: records as f64,
            accepted: accepted as f64,
            rejected: rejected as f64,
            dead_letters: dead_letters as f64,
            skipped: skipped as f64,
            rerouted: rerouted as f64,
            copied: copied as f64,
        }
    }
}

impl From<&PartitionLedger> for NativePosition {
    fn from(range: &PartitionLedger) -> Self {
        let PartitionLedger { partition, start, end, records: _, gaps: _, lost: _, first: _ } =
            range;
        Self {
            topic: partition.topic.to_string(),
            partition: partition.partition,
            start: (*start).into(),
            end: (*end).into(),
        }
    }
}

impl From<SideReport> for NativeSideRows {
    fn from(side: SideReport) -> Self {
        let SideReport { name, dataset_id, dataset_version, row_count } = side;
        Self { name, dataset_id, dataset_version, row_count: row_count as f64 }
    }
}

impl From<BatchReport> for NativeBatch {
    fn from(batch: BatchReport) -> Self {
        let BatchReport {
            batch_id,
            timestamp,
            ledger,
            metrics,
            errors,
            warnings,
            dataset_id,
            dataset_version,
            rejects,
            rerouted,
        } = batch;
        let verdict = &ledger.verdict;
        Self {
            batch_id: batch_id as f64,
            batch_uuid: verdict.batch_uuid.clone(),
            timestamp,
            row_count: verdict.row_count as f64,
            violating_rows: verdict.violating_rows as f64,
            violations: verdict.violations as f64,
            status: verdict.status.as_str().to_owned(),
            metrics: metrics.into_iter().collect(),
            errors,
            warnings,
            rules: verdict.rules.iter().map(Into::into).collect(),
            contract: verdict.contract.as_ref().map(Into::into),
            intervention: ledger.intervention.clone(),
            dataset_id,
            dataset_version,
            shadow: ledger.shadow.as_ref().map(|shadow| NativeShadow {
                differences: differences(shadow, verdict).into_iter().collect(),
                verdict: shadow.into(),
            }),
            counts: (&ledger.counts).into(),
            rejects: rejects.map(Into::into),
            rerouted: rerouted.map(Into::into),
            positions: ledger.partitions.iter().map(Into::into).collect(),
        }
    }
}

impl From<Phases> for NativeDurations {
    fn from(phases: Phases) -> Self {
        let Phases { poll, decode, transform, check, write, decide, commit } = phases;
        Self {
            poll: ms(poll),
            decode: ms(decode),
            transform: ms(transform),
            check: ms(check),
            write: ms(write),
            decide: ms(decide),
            commit: ms(commit),
        }
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

impl From<ProgressReport> for NativeProgress {
    fn from(progress: ProgressReport) -> Self {
        let memory = progress.memory;
        Self {
            batch_id: progress.batch_id as f64,
            timestamp: progress.timestamp,
            num_input_rows: progress.num_input_rows as f64,
            input_rows_per_second: progress.input_rows_per_second,
            processed_rows_per_second: progress.processed_rows_per_second,
            duration_ms: progress.phases.into(),
            num_lag_records: progress.lag_records.into(),
            lag_seconds: progress.lag_seconds,
            memory_bytes: NativeMemory {
                fetch_queue: memory.fetch_queue as f64,
                chunks: memory.chunks as f64,
                writers: memory.writers as f64,
                commit: memory.commit as f64,
            },
            last_verdict: progress.verdict.as_ref().map(Into::into),
            waiting: progress.waiting.map(|waiting| NativeWaiting {
                operation: waiting.operation.to_owned(),
                elapsed_ms: waiting.elapsed.as_secs_f64() * 1e3,
                budget_ms: waiting.budget.as_secs_f64() * 1e3,
            }),
            held: progress.held.map(|held| NativeHeld {
                schema_ids: held.schema_ids,
                partitions: held.partitions.iter().map(ToString::to_string).collect(),
                num_records: held.records as f64,
                elapsed_ms: held.elapsed.as_secs_f64() * 1e3,
                error: held.error,
            }),
        }
    }
}
