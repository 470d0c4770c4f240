//! What the columns of a stream are after its transforms, and which of them a contract cannot take:
//! known from the configuration alone, so that a write is refused before anything starts.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use headgate_contract::Contract;
use headgate_engine::Trigger;
pub use headgate_sql::Misfit;
use headgate_sql::misfits;

use crate::calls::FunctionOptions;
use crate::contracts::contract;
use crate::dataset::{Column, Dataset};
use crate::json_schema::InputSchema;
use crate::options::{self, NodeOptions};
use crate::payload::PARSED;
use crate::resolve::Issues;
use crate::transforms::{self, Contracts, RowsConfig, has_transforms, wanted};
use crate::{Issue, input};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPlan {
    /// Of the stream.
    pub columns: Vec<Column>,
    /// Of the contract; none without one.
    pub wanted: Vec<Column>,
    /// Columns of the contract that the stream cannot fill.
    pub misfits: Vec<Misfit>,
}

/// Of a node, `input`, `transforms` and `contract` are looked at; only `input` has to be there, with
/// a contract of its own if payloads are parsed.
pub fn plan(json: &str, base_dir: &Path) -> Result<StreamPlan, Vec<Issue>> {
    let options = options::parse(json).map_err(|issue| vec![issue])?;
    let mut issues = Issues(Vec::new());
    let read = |path: &Path| std::fs::read_to_string(path);
    let mut compiled =
        |path: &[&str], document| contract(path, document, base_dir, &[], read, &mut issues);
    let of_input = options.input.as_ref().and_then(|input| input.contract.as_ref());
    let of_input = compiled(&["input", "contract"], of_input);
    let contract = compiled(&["contract"], options.contract.as_ref());
    let schema = InputSchema::read(options.json_schema(), base_dir, read, &mut issues);
    let of_input = of_input.or_else(|| schema.as_ref()?.contract(&mut issues));
    let columns = columns(&options, of_input.as_ref(), base_dir, &mut issues);
    match columns.filter(|_| issues.0.is_empty()) {
        Some(columns) => Ok(held_against(&columns, contract.as_ref())),
        None => Err(issues.0),
    }
}

fn columns(
    options: &NodeOptions,
    of_input: Option<&Contract>,
    base_dir: &Path,
    issues: &mut Issues,
) -> Option<SchemaRef> {
    let read = |path: &Path| std::fs::read_to_string(path);
    let input = input::resolve(options.input.as_ref(), Trigger::default(), base_dir, &read, issues);
    let path = ["input", "contract"];
    let is_given = options.input.as_ref().is_some_and(|input| input.contract.is_some())
        || options.json_schema().is_some();
    if input.payload.is_parsed() && !is_given {
        let expected = "a contract, which decides the columns";
        issues.add(Issue::new(&path, "CONFIG_MISSING", expected, "nothing"));
    } else if !input.payload.is_parsed() && is_given {
        let issue = Issue::new(&path, "CONFIG_CONFLICT", PARSED, "raw");
        issues.add(issue.details("raw payloads are read from the column _raw_value"));
    }
    // What follows would only say the same again.
    if input.payload.is_parsed() != of_input.is_some() {
        return None;
    }
    if has_transforms(options) {
        // Held against no contract: these are the stream's own columns.
        let contracts = Contracts { input: of_input, output: None, shadow: None };
        let options = NodeOptions { contract: None, ..options.clone() };
        let functions = named(&options);
        let rows = transforms::resolve(&options, &input.payload, &contracts, &functions, issues);
        return rows.transform.map(|transform| Arc::clone(transform.schema()));
    }
    let extra = input.payload.has_extra();
    match of_input {
        Some(contract) => Some(Arc::new(wanted(contract, extra))),
        None => transforms::input(&RowsConfig::default(), &input.payload, issues),
    }
}

/// Functions of transforms: whether they are registered shows when a query starts.
fn named(options: &NodeOptions) -> FunctionOptions {
    let transforms = options.transforms.iter().flatten();
    let names = transforms.filter_map(|transform| transform.function.clone());
    FunctionOptions { names: names.collect(), ..FunctionOptions::default() }
}

fn held_against(columns: &Schema, contract: Option<&Contract>) -> StreamPlan {
    let told = |schema: &Schema| Dataset::new(String::new(), schema).columns;
    StreamPlan {
        columns: told(columns),
        wanted: contract.map(|contract| told(contract.schema())).unwrap_or_default(),
        misfits: contract.map(|contract| misfits(columns, contract.schema())).unwrap_or_default(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::transforms::tests::contract;

    fn sent() -> Value {
        contract(json!([
            { "name": "trip", "logicalType": "string", "required": true },
            { "name": "metres", "logicalType": "integer" }
        ]))
    }

    fn planned(input: Value, node: Value) -> Result<StreamPlan, Vec<Issue>> {
        let mut whole = json!({ "input": { "format": "rate" } });
        whole["input"].as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        whole.as_object_mut().unwrap().extend(node.as_object().unwrap().clone());
        plan(&whole.to_string(), Path::new("/lake"))
    }

    fn columns(input: Value, node: Value) -> Vec<(String, String, bool)> {
        let plan = planned(input, node).unwrap();
        plan.columns.into_iter().map(|c| (c.name, c.odcs_type, c.nullable)).collect()
    }

    fn column(name: &str, odcs_type: &str, nullable: bool) -> (String, String, bool) {
        (name.into(), odcs_type.into(), nullable)
    }

    #[test]
    fn without_transforms_the_columns_are_those_that_are_read() {
        let json = json!({ "decode": "json", "contract": sent() });
        let read = [column("trip", "string", false), column("metres", "integer", true)];
        assert_eq!(columns(json, json!({})), read);
        assert_eq!(columns(json!({}), json!({})), [column("_raw_value", "string", true)]);
        let extra = json!({ "decode": "json", "contract": sent(), "unknown_fields": "extra" });
        assert_eq!(columns(extra, json!({}))[2], column("_extra", "string", true));
    }

    #[test]
    fn after_transforms_they_are_those_of_the_last() {
        let json = json!({ "decode": "json", "contract": sent() });
        let steps = json!({ "transforms": [
            { "sql": "SELECT trip, metres / 1000.0 AS km FROM input" },
            { "sql": "SELECT *, km > 5 AS far FROM input WHERE km > 0" }
        ] });
        let made = [column("trip", "string", true), column("km", "number", true)];
        let far = column("far", "boolean", true);
        assert_eq!(columns(json, steps), made.into_iter().chain([far]).collect::<Vec<_>>());
    }

    #[test]
    fn a_step_that_cannot_be_planned_is_named() {
        let json = json!({ "decode": "json", "contract": sent() });
        let steps = json!({ "transforms": [
            { "sql": "SELECT trip FROM input" },
            { "sql": "SELECT metres FROM input" }
        ] });
        let issues = planned(json, steps).unwrap_err();
        assert_eq!(issues.len(), 1);
        assert_eq!(issues[0].path, ["transforms", "1", "sql"]);
        assert_eq!(issues[0].code, "TRANSFORM_INVALID");
    }

    #[test]
    fn every_column_that_does_not_fit_the_contract_is_told() {
        let json = json!({ "decode": "json", "contract": sent() });
        let wanted = contract(json!([
            { "name": "trip", "logicalType": "integer", "required": true },
            { "name": "at", "logicalType": "timestamp", "required": true },
            { "name": "metres", "logicalType": "integer" },
            { "name": "note", "logicalType": "string" }
        ]));
        let plan = planned(json, json!({ "contract": wanted })).unwrap();
        let misfits: Vec<_> = plan.misfits.iter().map(|misfit| misfit.column.as_str()).collect();
        assert_eq!(misfits, ["trip", "at"]);
        assert!(plan.misfits[1].actual.starts_with("no such column"));
        assert_eq!(plan.wanted.len(), 4);
    }

    #[test]
    fn payloads_are_parsed_by_a_contract_and_kept_raw_without() {
        for (input, expected) in [
            (json!({ "decode": "json" }), "CONFIG_MISSING"),
            (json!({ "contract": sent() }), "CONFIG_CONFLICT"),
        ] {
            let issues = planned(input, json!({})).unwrap_err();
            assert_eq!(issues.len(), 1);
            assert_eq!(
                (issues[0].path.join("."), issues[0].code),
                ("input.contract".into(), expected)
            );
        }
    }
}
