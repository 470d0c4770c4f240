//! A contract's rules over data at rest: a file of JSON lines or Parquet, or a Delta table.

mod columns;
mod json_lines;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use futures::TryStreamExt;
use headgate_contract::{
    CheckOptions, CheckedRows, Checker, Contract, ContractFault, ContractIssue,
};
use headgate_decode::{DecodeOptions, Decoder};
use headgate_model::{
    BatchQueries, FieldViolation, RecordChunk, RowFunctions, RuleResult, Severity, Status,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::contract_check::reference;
use crate::rule_calls::{RuleCalls, check_used};
use crate::{Failure, FailureKind, FunctionOptions, inspect, rule_queries};
use columns::Columns;
use json_lines::JsonLines;

#[derive(Clone)]
pub struct TestOptions {
    /// The document.
    pub contract: String,
    pub schema: Option<String>,
    /// A file, or the address of a table.
    pub path: String,
    /// `json`, `parquet` or `delta`; told by the path if left out.
    pub format: Option<String>,
    /// Of a Delta table; the newest if left out.
    pub version: Option<i64>,
    /// Rows, and records that are none, named for each rule.
    pub samples: usize,
    /// What custom rules may name.
    pub functions: FunctionOptions,
}

pub enum TestFault {
    /// The document cannot be used.
    Contract(Vec<ContractIssue>),
    /// The data cannot be read.
    Data(Box<Failure>),
}

impl From<Box<Failure>> for TestFault {
    fn from(failure: Box<Failure>) -> Self {
        Self::Data(failure)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Parquet,
    Delta,
}

impl Format {
    const NAMES: [(&str, Self); 3] =
        [("json", Self::Json), ("parquet", Self::Parquet), ("delta", Self::Delta)];

    fn of(name: Option<&str>, path: &str) -> Option<Self> {
        if let Some(name) = name {
            return Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format);
        }
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
        Some(match extension {
            Some("json" | "jsonl" | "ndjson") => Self::Json,
            Some("parquet") => Self::Parquet,
            _ if Path::new(path).is_file() => return None,
            _ => Self::Delta,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Delta => "delta",
        }
    }
}

/// Checks all rows as one batch. Nothing is written. `calls`: where whoever has the functions of
/// rules answers for them.
pub async fn test(options: TestOptions, calls: &Arc<RuleCalls>) -> Result<Value, TestFault> {
    let tested = check(options, calls).await;
    calls.close();
    tested
}

async fn check(options: TestOptions, calls: &Arc<RuleCalls>) -> Result<Value, TestFault> {
    let TestOptions { contract, schema, path, format: name, version, samples, functions } = options;
    let contract = Contract::compile_with(&contract, schema.as_deref(), &functions.names)
        .map_err(refused(&path))?;
    let unused = check_used(&functions, [&contract]);
    if !unused.is_empty() {
        return Err(TestFault::Data(Box::new(Failure::invalid(unused, None))));
    }
    let format = Format::of(name.as_deref(), &path).ok_or_else(|| {
        Box::new(Failure::of_run(
            "CONFIG_VALUE",
            format!("no format {}", name.unwrap_or_default()),
            false,
            "contract test",
            &path,
            "json, parquet or delta",
        ))
    })?;
    if version.is_some() && format != Format::Delta {
        return Err(TestFault::Data(no_versions(&path, format)));
    }
    let mut decoder = headgate_decode::json(contract.schema(), DecodeOptions::default())
        .map_err(|fault| unreadable(&path, fault))?;
    let columns = Columns::of(decoder.schema());
    let queries = rule_queries::plan(&contract, decoder.schema()).await.map_err(refused(&path))?;
    let functions = calls.functions_of(&contract);
    let mut trial = Trial::new(&contract, queries, functions, samples);
    let mut read_version = None;
    match format {
        Format::Json => {
            let mut lines =
                JsonLines::open(&PathBuf::from(&path)).map_err(|e| unreadable(&path, e))?;
            while let Some(chunk) = lines.next_chunk().map_err(|e| unreadable(&path, e))? {
                let taken = trial.take_records(decoder.as_mut(), &chunk).await;
                taken.map_err(|e| unreadable(&path, e))?;
            }
        }
        Format::Parquet => {
            let file = std::fs::File::open(&path).map_err(|e| unreadable(&path, e))?;
            let rows = ParquetRecordBatchReaderBuilder::try_new(file)
                .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
                .map_err(|e| unreadable(&path, e))?;
            for batch in rows {
                let batch = batch.map_err(|e| unreadable(&path, e))?;
                trial.take_columns(&columns, &batch).await.map_err(|e| unreadable(&path, e))?;
            }
        }
        Format::Delta => {
            let scan = headgate_delta::scan(&inspect::address(&path)?, version).await;
            let scan = scan.map_err(inspect::failure)?;
            read_version = Some(scan.version);
            let mut rows = scan.rows;
            while let Some(batch) = rows.try_next().await.map_err(inspect::failure)? {
                trial.take_columns(&columns, &batch).await.map_err(|e| unreadable(&path, e))?;
            }
        }
    }
    let mut report = trial.finish(&contract, &path, format).await;
    report["version"] = json!(read_version);
    Ok(report)
}

const BATCH_ROWS: usize = 16 << 10;

type Cause = Box<dyn std::error::Error + Send + Sync>;

fn refused(path: &str) -> impl Fn(ContractFault) -> TestFault {
    move |fault| match fault {
        ContractFault::Invalid { issues } => TestFault::Contract(issues),
        other => TestFault::Data(unreadable(path, other)),
    }
}

fn unreadable(path: &str, cause: impl Into<Cause>) -> Box<Failure> {
    let failure = Failure::of_run(
        "CONTRACT_TEST_DATA",
        format!("{path} cannot be read: {}", cause.into()),
        false,
        "contract test",
        path,
        "a readable file of JSON lines or Parquet, or the address of a Delta table",
    );
    Box::new(Failure { kind: FailureKind::Validation, ..failure })
}

fn no_versions(path: &str, format: Format) -> Box<Failure> {
    let failure = Failure::of_run(
        "CONFIG_VALUE",
        format!("{path} has no versions"),
        false,
        "contract test",
        path,
        "leave the version out, or give the address of a Delta table",
    );
    Box::new(Failure {
        kind: FailureKind::Validation,
        field: Some("version".to_owned()),
        expected: Some("a Delta table".to_owned()),
        actual: Some(format.as_str().to_owned()),
        ..failure
    })
}

/// What was found so far.
struct Trial {
    checker: Checker,
    queries: Option<Box<dyn BatchQueries>>,
    functions: Option<Box<dyn RowFunctions>>,
    samples: usize,
    rows: u64,
    violating: u64,
    undecodable: u64,
    undecodable_samples: Vec<Value>,
    /// By rule: the first rows that broke it.
    broken_by: Vec<Vec<i64>>,
}

impl Trial {
    fn new(
        contract: &Contract,
        queries: Option<Box<dyn BatchQueries>>,
        functions: Option<Box<dyn RowFunctions>>,
        samples: usize,
    ) -> Self {
        let checker = contract.checker(CheckOptions::default());
        Self {
            broken_by: vec![Vec::new(); checker.rules().len()],
            checker,
            queries,
            functions,
            samples,
            rows: 0,
            violating: 0,
            undecodable: 0,
            undecodable_samples: Vec::new(),
        }
    }

    async fn take_records(
        &mut self,
        decoder: &mut dyn Decoder,
        chunk: &RecordChunk,
    ) -> Result<(), Cause> {
        let decoded = decoder.decode(chunk)?;
        let line = |record: u32| chunk.get(record as usize).offset;
        self.undecodable += decoded.dead.len() as u64;
        for dead in &decoded.dead {
            if self.undecodable_samples.len() < self.samples {
                self.undecodable_samples.push(json!({
                    "line": line(dead.record), "kind": dead.kind.as_str(), "message": dead.message,
                }));
            }
        }
        let records = &decoded.records;
        self.take(&decoded.rows, &decoded.fields, |row| records.get(row).map_or(0, line)).await
    }

    async fn take_columns(&mut self, columns: &Columns, rows: &RecordBatch) -> Result<(), Cause> {
        let (rows, fields) = columns.fit(rows)?;
        let first = self.rows as i64 + 1;
        self.take(&rows, &fields, |row| first + i64::from(row)).await
    }

    async fn take(
        &mut self,
        rows: &RecordBatch,
        fields: &[FieldViolation],
        number: impl Fn(u32) -> i64,
    ) -> Result<(), Cause> {
        let found = match &mut self.functions {
            Some(functions) if rows.num_rows() > 0 => functions.find(rows).await,
            _ => Vec::new(),
        };
        let checked = self.checker.check_with(rows, fields, found)?;
        let CheckedRows { violations, violating, .. } = checked;
        for violation in violations {
            let named = &mut self.broken_by[usize::from(violation.rule)];
            if named.len() < self.samples {
                named.push(number(violation.row));
            }
        }
        if let Some(queries) = &mut self.queries {
            queries.take(rows).await;
        }
        self.violating += violating.len() as u64;
        self.rows += rows.num_rows() as u64;
        Ok(())
    }

    async fn finish(mut self, contract: &Contract, source: &str, format: Format) -> Value {
        let answers = match &mut self.queries {
            Some(queries) => queries.finish().await,
            None => Vec::new(),
        };
        let now = chrono::Utc::now().timestamp_micros();
        self.checker.end_windows();
        let results = self.checker.finish(&answers, now).rules;
        let worst = results.iter().filter(|result| result.violations > 0);
        let worst = worst.map(|result| result.rule.severity).max();
        let status = match worst {
            _ if self.undecodable > 0 => Status::Block,
            Some(Severity::Block) => Status::Block,
            Some(Severity::Warn) => Status::Warn,
            _ if self.rows == 0 => Status::Idle,
            _ => Status::Ok,
        };
        let not_enforced = contract.coverage().iter().filter(|rule| !rule.is_enforced());
        let not_enforced: Vec<Value> = not_enforced
            .map(|rule| {
                json!({ "path": rule.path, "rule": rule.rule, "reason": rule.reason, "line": rule.line })
            })
            .collect();
        let rules: Vec<Value> =
            results.iter().zip(&self.broken_by).map(|(result, rows)| told(result, rows)).collect();
        json!({
            "contract": reference(contract.reference()),
            "source": source,
            "format": format.as_str(),
            "rows": self.rows,
            "violatingRows": self.violating,
            "status": status.as_str(),
            "undecodable": { "count": self.undecodable, "samples": self.undecodable_samples },
            "rules": rules,
            "notEnforced": not_enforced,
        })
    }
}

fn told(result: &RuleResult, rows: &[i64]) -> Value {
    let RuleResult { rule, violations, measured, unmeasured } = result;
    json!({
        "rule": rule.id,
        "column": rule.column,
        "severity": rule.severity.as_str(),
        "scope": rule.scope.as_str(),
        "estimated": rule.estimated,
        "routesRows": rule.routes_rows,
        "violations": violations,
        "measured": measured,
        "unmeasured": unmeasured,
        "rows": rows,
    })
}

#[cfg(test)]
mod conformance;
