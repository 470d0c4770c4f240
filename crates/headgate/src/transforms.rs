//! `transforms` as the user wrote them, planned.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_contract::Contract;
use headgate_decode::EXTRA_COLUMN;
use headgate_model::{Fault, Transform};
use headgate_sql::Columns;

use crate::Issue;
use crate::calls::FunctionOptions;
use crate::options::NodeOptions;
use crate::payload::PayloadConfig;
use crate::resolve::Issues;
use crate::transform_function::TransformCalls;
use crate::transform_steps::{self, A_TABLES, steps};

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
    /// Functions that transforms name.
    pub functions: Vec<String>,
    /// Where whoever has them answers for them; `None` without any.
    pub calls: Option<Arc<TransformCalls>>,
}

impl RowsConfig {
    /// A function that no transform names.
    pub(crate) fn check_used(&self, functions: &FunctionOptions) -> Vec<Issue> {
        let named: Vec<&str> = self.functions.iter().map(String::as_str).collect();
        functions.check_used("transforms", &named, "no function, since no transform names one")
    }
}

pub(crate) fn has_transforms(options: &NodeOptions) -> bool {
    options.transforms.as_ref().is_some_and(|transforms| !transforms.is_empty())
}

pub(crate) fn resolve(
    options: &NodeOptions,
    payload: &PayloadConfig,
    contracts: &Contracts<'_>,
    functions: &FunctionOptions,
    issues: &mut Issues,
) -> RowsConfig {
    let of_payloads = contracts.input.or(contracts.output).filter(|_| payload.is_parsed());
    let columns = of_payloads.map(|contract| Arc::clone(contract.schema()));
    let rows = RowsConfig { columns, ..RowsConfig::default() };
    if !has_transforms(options) {
        if contracts.input.is_some() && payload.is_parsed() {
            let expected = "transforms, which make the contract's columns of it";
            issues.add(Issue::new(&["input", "contract"], "CONFIG_CONFLICT", expected, "none"));
        }
        return rows;
    }
    // What is wrong with a contract is told already.
    let of_input = options.input.as_ref().and_then(|input| input.contract.as_ref());
    if of_input.is_some() != contracts.input.is_some()
        || options.has_contract() != contracts.output.is_some()
    {
        return rows;
    }
    let transforms = options.transforms.as_deref().unwrap_or_default();
    let Some(steps) = steps(transforms, &functions.names, issues) else { return rows };
    // Without columns there is an issue about that.
    let Some(input) = input(&rows, payload, issues) else { return rows };
    let calls = Arc::new(TransformCalls::new(functions.timeout));
    let extra = payload.has_extra();
    let mut plan = |columns: Columns<'_>, of: &str| {
        let planned = transform_steps::plan(&steps, &input, columns, of, &calls);
        planned.map_err(|found| found.into_iter().for_each(|issue| issues.add(issue))).ok()
    };
    let wanted = contracts.output.map(|contract| wanted(contract, extra));
    let columns = wanted.as_ref().map_or(Columns::Selected, Columns::Exactly);
    let of = if wanted.is_some() { "the contract's" } else { A_TABLES };
    let Some(transform) = plan(columns, of) else { return rows };
    let shadow = contracts.shadow.map(|contract| self::wanted(contract, extra));
    let shadow = shadow.and_then(|schema| plan(Columns::Among(&schema), "the shadow contract's"));
    let functions: Vec<String> =
        transforms.iter().filter_map(|transform| transform.function.clone()).collect();
    RowsConfig {
        transform: Some(transform),
        shadow_transform: shadow,
        calls: (!functions.is_empty()).then_some(calls),
        functions,
        ..rows
    }
}

/// The rows that the first statement reads.
pub(crate) fn input(
    rows: &RowsConfig,
    payload: &PayloadConfig,
    issues: &mut Issues,
) -> Option<SchemaRef> {
    if rows.columns.is_none() && payload.is_parsed() {
        return None;
    }
    match payload.decoder(rows.columns.as_ref()) {
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

#[cfg(test)]
#[path = "transforms_tests.rs"]
pub(crate) mod tests;
