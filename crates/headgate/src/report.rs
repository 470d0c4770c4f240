//! Batches and progress as the outside sees them.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use headgate_model::{
    CommittedBatch, HeldRecords, Ledger, MemoryUse, Phases, Progress, Severity, Status, TableRole,
    TableTotal, Verdict, Waiting,
};

#[derive(Clone, Debug)]
pub struct BatchReport {
    /// Output version that holds the batch.
    pub batch_id: i64,
    pub timestamp: String,
    pub ledger: Ledger,
    pub metrics: BTreeMap<String, f64>,
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
    pub dataset_id: String,
    /// Absent when blocked.
    pub dataset_version: Option<String>,
    pub rejects: Option<SideReport>,
    pub rerouted: Option<SideReport>,
}

/// Rows of a batch in a side table.
#[derive(Clone, Debug)]
pub struct SideReport {
    /// Its role, or the name of a sink.
    pub name: String,
    pub dataset_id: String,
    /// Absent while the payment is owed.
    pub dataset_version: Option<String>,
    pub row_count: u64,
}

#[derive(Clone, Debug)]
pub struct ProgressReport {
    pub batch_id: i64,
    pub timestamp: String,
    pub num_input_rows: u64,
    pub input_rows_per_second: f64,
    pub processed_rows_per_second: f64,
    pub phases: Phases,
    pub lag_records: u64,
    pub lag_seconds: f64,
    pub memory: MemoryUse,
    pub verdict: Option<Verdict>,
    pub waiting: Option<Waiting>,
    pub held: Option<HeldRecords>,
}

/// Which names the tables of a query go by.
#[derive(Clone, Debug)]
pub struct Datasets {
    pub output: String,
    pub rejects: Option<String>,
    /// By name.
    pub sinks: BTreeMap<String, String>,
}

impl Datasets {
    pub fn batch(&self, batch: CommittedBatch) -> BatchReport {
        let CommittedBatch { version, ledger, committed_at_us, side_tables } = batch;
        let blocked = ledger.verdict.status == Status::Block;
        let rejects = side_tables.iter().find(|table| table.role == TableRole::Rejects);
        let rejects = rejects.zip(self.rejects.as_ref());
        let rejects = rejects.map(|(table, dataset)| side("rejects", dataset, table, table.rows));
        let rerouted = ledger.rerouted_to.as_ref().and_then(|name| {
            let is_target = |table: &&TableTotal| match table.role {
                TableRole::Sink(_) => self.sinks.contains_key(name),
                role => role.as_str() == name,
            };
            let dataset = self.sinks.get(name).or(self.rejects.as_ref())?;
            let table = side_tables.iter().find(is_target)?;
            Some(side(name, dataset, table, ledger.counts.rerouted))
        });
        BatchReport {
            batch_id: version,
            timestamp: timestamp(committed_at_us),
            metrics: metrics(&ledger.verdict),
            errors: texts(&ledger.verdict, Severity::Block),
            warnings: texts(&ledger.verdict, Severity::Warn),
            dataset_id: self.output.clone(),
            dataset_version: (!blocked).then(|| version.to_string()),
            rejects,
            rerouted,
            ledger,
        }
    }
}

fn side(name: &str, dataset: &str, table: &TableTotal, row_count: u64) -> SideReport {
    SideReport {
        name: name.to_owned(),
        dataset_id: dataset.to_owned(),
        dataset_version: table.version.map(|version| version.to_string()),
        row_count,
    }
}

/// `row_count`, and `violations.<rule>` of every rule, broken or not.
pub fn metrics(verdict: &Verdict) -> BTreeMap<String, f64> {
    let rules = verdict.rules.iter().flat_map(|result| {
        let violations = (format!("violations.{}", result.rule.id), result.violations as f64);
        let measured = result.measured.map(|measured| (result.rule.id.clone(), measured));
        std::iter::once(violations).chain(measured)
    });
    rules.chain([("row_count".to_owned(), verdict.row_count as f64)]).collect()
}

/// By rule of either: violations of `shadow` less those of `verdict`; `violating_rows` as well.
pub fn differences(shadow: &Verdict, verdict: &Verdict) -> BTreeMap<String, f64> {
    let mut by_rule: BTreeMap<String, f64> = BTreeMap::new();
    for (verdict, sign) in [(shadow, 1.0), (verdict, -1.0)] {
        for result in &verdict.rules {
            *by_rule.entry(result.rule.id.clone()).or_default() += sign * result.violations as f64;
        }
        *by_rule.entry("violating_rows".into()).or_default() +=
            sign * verdict.violating_rows as f64;
    }
    by_rule
}

/// `minimum_speed (speed): 12 violations`; never a value.
fn texts(verdict: &Verdict, severity: Severity) -> Vec<String> {
    let broken = verdict.rules.iter().filter(|result| result.violations > 0);
    broken
        .filter(|result| result.rule.severity == severity)
        .map(|result| {
            let column = result.rule.column.as_ref();
            let column = column.map(|column| format!(" ({column})")).unwrap_or_default();
            match (result.rule.routes_rows, result.measured) {
                (false, Some(measured)) => {
                    format!("{}{column}: measured {measured}", result.rule.id)
                }
                _ if result.unmeasured.is_some() => {
                    let reason = result.unmeasured.as_deref().unwrap_or_default();
                    format!("{}{column}: not measured: {reason}", result.rule.id)
                }
                _ if result.violations == 1 => format!("{}{column}: 1 violation", result.rule.id),
                _ => format!("{}{column}: {} violations", result.rule.id, result.violations),
            }
        })
        .collect()
}

pub fn progress(progress: Progress) -> ProgressReport {
    let Progress {
        version,
        at_us,
        num_input_rows,
        elapsed,
        busy,
        phases,
        lag,
        memory,
        ledger,
        waiting,
        held,
    } = progress;
    let rate = |seconds: f64| if seconds > 0.0 { num_input_rows as f64 / seconds } else { 0.0 };
    ProgressReport {
        batch_id: version,
        timestamp: timestamp(at_us),
        num_input_rows,
        input_rows_per_second: rate(elapsed.as_secs_f64()),
        processed_rows_per_second: rate(busy.as_secs_f64()),
        phases,
        lag_records: lag.records,
        lag_seconds: lag.time.as_secs_f64(),
        memory,
        verdict: ledger.map(|ledger| ledger.verdict),
        waiting,
        held,
    }
}

/// RFC 3339 in UTC, to the microsecond.
pub fn timestamp(us: i64) -> String {
    let at = DateTime::from_timestamp_micros(us).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
