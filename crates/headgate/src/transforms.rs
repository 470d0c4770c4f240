//! `transforms` as the user wrote them, planned.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_contract::Contract;
use headgate_decode::{DecodeOptions, EXTRA_COLUMN, UnknownFields};
use headgate_model::{Fault, Transform};
use headgate_sql::{Columns, SqlFault, Transforms};

use crate::Issue;
use crate::options::NodeOptions;
use crate::resolve::Issues;

/// The contracts of a node, by what they are for.
pub(crate) struct Contracts<'a> {
    /// Of payloads.
    pub input: Option<&'a Contract>,
    pub output: Option<&'a Contract>,
    pub shadow: Option<&'a Contract>,
}

/// How payloads become rows.
#[derive(Clone, Default)]
pub struct RowsConfig {
    /// Columns that payloads are decoded to; `None`: raw.
    pub columns: Option<SchemaRef>,
    pub transform: Option<Arc<dyn Transform>>,
    /// To the columns of the shadow contract.
    pub shadow_transform: Option<Arc<dyn Transform>>,
}

pub(crate) fn has_transforms(options: &NodeOptions) -> bool {
    options.transforms.as_ref().is_some_and(|transforms| !transforms.is_empty())
}

/// `json`: payloads are parsed.
pub(crate) fn resolve(
    options: &NodeOptions,
    json: bool,
    decode: DecodeOptions,
    contracts: &Contracts<'_>,
    issues: &mut Issues,
) -> RowsConfig {
    let payload = contracts.input.or(contracts.output).filter(|_| json);
    let columns = payload.map(|contract| Arc::clone(contract.schema()));
    let rows = RowsConfig { columns, ..RowsConfig::default() };
    if !has_transforms(options) {
        if contracts.input.is_some() && json {
            let expected = "transforms, which make the contract's columns of it";
            issues.add(Issue::new(&["input", "contract"], "CONFIG_CONFLICT", expected, "none"));
        }
        return rows;
    }
    // What is wrong with a contract is told already.
    let of_input = options.input.as_ref().and_then(|input| input.contract.as_ref());
    if of_input.is_some() != contracts.input.is_some()
        || options.contract.is_some() != contracts.output.is_some()
    {
        return rows;
    }
    let Some(statements) = statements(options, issues) else { return rows };
    // Without columns there is an issue about that.
    let Some(input) = input(&rows, json, decode, issues) else { return rows };
    let extra = is_extra(json, decode);
    let mut plan = |columns: Columns<'_>, of: &str| {
        let planned = Transforms::plan(&statements, &input, columns);
        planned.map_err(|(at, fault)| issues.add(issue(at, &fault, of))).ok()
    };
    let wanted = contracts.output.map(|contract| wanted(contract, extra));
    let columns = wanted.as_ref().map_or(Columns::Selected, Columns::Exactly);
    let of = if wanted.is_some() { "the contract's" } else { "a table's" };
    let Some(transform) = plan(columns, of) else { return rows };
    let shadow = contracts.shadow.map(|contract| self::wanted(contract, extra));
    let shadow = shadow.and_then(|schema| plan(Columns::Among(&schema), "the shadow contract's"));
    RowsConfig {
        transform: Some(Arc::new(transform)),
        shadow_transform: shadow.map(|transform| Arc::new(transform) as _),
        ..rows
    }
}

/// Fields that the contract does not know are a column.
pub(crate) fn is_extra(json: bool, decode: DecodeOptions) -> bool {
    json && decode.unknown_fields == UnknownFields::Extra
}

fn statements<'a>(options: &'a NodeOptions, issues: &mut Issues) -> Option<Vec<&'a str>> {
    let mut statements = Vec::new();
    let transforms = options.transforms.as_deref().unwrap_or_default();
    for (at, transform) in transforms.iter().enumerate() {
        match transform.sql.as_deref() {
            Some(sql) => statements.push(sql),
            None => issues.add(Issue::new(
                &["transforms", &at.to_string(), "sql"],
                "CONFIG_MISSING",
                "SELECT … FROM input",
                "nothing",
            )),
        }
    }
    (statements.len() == transforms.len()).then_some(statements)
}

/// The rows that the first statement reads.
pub(crate) fn input(
    rows: &RowsConfig,
    json: bool,
    decode: DecodeOptions,
    issues: &mut Issues,
) -> Option<SchemaRef> {
    let decoder = match &rows.columns {
        Some(columns) => headgate_decode::json(columns, decode),
        None if json => return None,
        None => Ok(headgate_decode::raw(decode.tombstones)),
    };
    match decoder {
        Ok(decoder) => Some(Arc::clone(decoder.schema())),
        Err(fault) => {
            let context = fault.context();
            let actual = context.actual.unwrap_or_default();
            let expected = context.expected.unwrap_or_default();
            let path = context.field.unwrap_or_default();
            let issue = Issue::new(&["contract"], "CONTRACT_INVALID", expected, actual);
            issues.add(issue.details(format!("{fault}, at {path}")));
            None
        }
    }
}

/// The columns of the contract, and behind them what the user asks for beside it.
pub(crate) fn wanted(contract: &Contract, extra: bool) -> Schema {
    let extra = extra.then(|| Arc::new(Field::new(EXTRA_COLUMN, DataType::Utf8, true)));
    Schema::new(contract.schema().fields().iter().cloned().chain(extra).collect::<Vec<_>>())
}

/// `of`: whose columns were asked for.
fn issue(at: usize, fault: &SqlFault, of: &str) -> Issue {
    let at = at.to_string();
    let path = ["transforms", &at, "sql"];
    match fault {
        SqlFault::NotRowByRow(what) => {
            Issue::new(&path, "TRANSFORM_INVALID", ONE_SELECT, what.as_str())
                .details("a transform works on one chunk after another, and knows no other row")
        }
        SqlFault::Column { column, expected, actual } => {
            let expected = format!("column {column}: {expected}");
            Issue::new(&path, "TRANSFORM_INVALID", expected, actual.as_str())
                .details(format!("the columns have to be {of}; CAST changes a type, AS a name"))
        }
        fault => Issue::new(&path, "TRANSFORM_INVALID", ONE_SELECT, fault.to_string()),
    }
}

const ONE_SELECT: &str = "one SELECT of columns FROM input, with or without WHERE";

#[cfg(test)]
#[path = "transforms_tests.rs"]
mod tests;
