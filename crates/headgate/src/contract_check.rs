//! What becomes of every rule of a contract, before any stream meets it.

use headgate_contract::{
    Contract, ContractFault, ContractIssue, CoverageStatus, Outline, RuleCoverage,
};
use headgate_decode::DecodeOptions;
use headgate_model::ContractRef;
use serde_json::{Value, json};

use crate::rule_queries;

/// Coverage of one schema object, or of all of them where none is named, where custom rules may name
/// these functions. Issues are what makes the document unusable.
pub async fn check(
    text: &str,
    schema: Option<&str>,
    functions: &[String],
) -> Result<Value, Vec<ContractIssue>> {
    let compiled =
        |schema: Option<&str>| Contract::compile_with(text, schema, functions).map_err(issues);
    let Outline { reference, names, columnless } = Contract::outline(text).map_err(issues)?;
    let contracts = match (schema, names.as_slice()) {
        (Some(name), _) => vec![compiled(Some(name))?],
        (None, []) => without_columns(compiled(None))?,
        (None, names) => {
            let contracts = names.iter().map(|name| compiled(Some(name)));
            contracts.collect::<Result<Vec<_>, _>>()?
        }
    };
    for contract in &contracts {
        let decoder = headgate_decode::json(contract.schema(), DecodeOptions::default());
        let decoder = decoder.map_err(|fault| unusable(&fault.to_string()))?;
        rule_queries::plan(contract, decoder.schema()).await.map_err(issues)?;
    }
    let mut rules: Vec<Value> = columnless.iter().map(|rule| told(rule, None)).collect();
    for contract in &contracts {
        let columns = |id: &str| {
            let found = contract.rules().iter().find(|rule| rule.id == id);
            found.and_then(|rule| rule.column.clone())
        };
        for rule in contract.coverage() {
            let column =
                if rule.status == CoverageStatus::Enforced { columns(&rule.rule) } else { None };
            let entry = told(rule, column);
            // What is said of the document as a whole is said once.
            if !rules.contains(&entry) {
                rules.push(entry);
            }
        }
    }
    Ok(json!({ "contract": self::reference(&reference), "rules": rules }))
}

fn told(rule: &RuleCoverage, column: Option<String>) -> Value {
    json!({
        "path": rule.path,
        "rule": rule.rule,
        "status": rule.status.as_str(),
        "reason": rule.reason,
        "line": rule.line,
        "column": column,
    })
}

/// Without columns there is nothing to compile, which is no mistake of a document.
fn without_columns(
    compiled: Result<Contract, Vec<ContractIssue>>,
) -> Result<Vec<Contract>, Vec<ContractIssue>> {
    let Err(mut issues) = compiled else { return Ok(Vec::new()) };
    issues.retain(|issue| issue.path != "schema" && !issue.path.ends_with(".properties"));
    if issues.is_empty() { Ok(Vec::new()) } else { Err(issues) }
}

pub(crate) fn reference(reference: &ContractRef) -> Value {
    json!({ "id": reference.id, "version": reference.version, "hash": reference.hash })
}

fn issues(fault: ContractFault) -> Vec<ContractIssue> {
    match fault {
        ContractFault::Invalid { issues } => issues,
        other => unusable(&other.to_string()),
    }
}

fn unusable(actual: &str) -> Vec<ContractIssue> {
    vec![ContractIssue {
        path: String::new(),
        expected: "a contract".into(),
        actual: actual.into(),
        line: None,
    }]
}
