//! Short ways to write contracts, columns and expectations.

use std::sync::Arc;

use arrow_array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use headgate_contract::{
    CheckOptions, CheckedRows, Checker, Contract, ContractFault, ContractIssue, CoverageStatus,
};
use headgate_model::{FieldViolation, RuleResult, field_paths};

pub fn document(schema_object: &str) -> String {
    let indented: String = schema_object.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "apiVersion: v3.1.0\nkind: DataContract\nid: test\nversion: 1.0.0\nstatus: active\n\
         schema:\n  - name: rows\n{indented}"
    )
}

/// A contract of these properties, one flow mapping a line.
pub fn contract(properties: &str) -> Contract {
    try_contract(properties).unwrap_or_else(|issues| panic!("{issues:#?}\n{properties}"))
}

pub fn try_contract(properties: &str) -> Result<Contract, Vec<ContractIssue>> {
    let lines = properties.lines().map(str::trim).filter(|line| !line.is_empty());
    let list: String = lines.map(|line| format!("  - {line}\n")).collect();
    compile(&document(&format!("properties:\n{list}")))
}

pub fn compile(text: &str) -> Result<Contract, Vec<ContractIssue>> {
    Contract::compile(text, None).map_err(|fault| match fault {
        ContractFault::Invalid { issues } => issues,
        other => panic!("{other}"),
    })
}

/// A contract of one property called `a`: its keys after the name.
pub fn property(keys: &str) -> Contract {
    contract(&format!("{{ name: a, {keys} }}"))
}

/// The path and the expectation of each issue of one property called `a`.
pub fn issues(keys: &str) -> Vec<(String, String)> {
    let issues = try_contract(&format!("{{ name: a, {keys} }}")).expect_err(keys);
    issues
        .into_iter()
        .map(|issue| {
            assert_eq!(issue.line, Some(9), "{keys}");
            (issue.path.replace("schema[0].properties[0].", ""), issue.expected)
        })
        .collect()
}

/// Status and reason of the only rule of this id.
pub fn coverage(contract: &Contract, rule: &str) -> (CoverageStatus, String) {
    let all: Vec<_> = contract.coverage().iter().filter(|entry| entry.rule == rule).collect();
    assert_eq!(all.len(), 1, "{rule} in {:#?}", contract.coverage());
    (all[0].status, all[0].reason.clone().unwrap_or_default())
}

pub fn ids(contract: &Contract) -> Vec<&str> {
    contract.rules().iter().map(|rule| rule.id.as_str()).collect()
}

pub fn texts<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringArray>())
}

pub fn numbers<T: ArrowPrimitiveType>(
    values: impl IntoIterator<Item = Option<T::Native>>,
) -> ArrayRef {
    Arc::new(values.into_iter().collect::<PrimitiveArray<T>>())
}

/// Rows as decoding gives them: every column nullable.
pub fn rows(contract: &Contract, columns: Vec<ArrayRef>) -> RecordBatch {
    let fields = contract.schema().fields().iter().zip(&columns);
    let fields: Vec<_> = fields
        .map(|(field, array)| Field::new(field.name(), array.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// Violations as (row, rule id), type rules' own fields none.
pub fn violations(contract: &Contract, columns: Vec<ArrayRef>) -> Vec<(u32, String)> {
    violations_with(contract, columns, &[])
}

pub fn violations_with(
    contract: &Contract,
    columns: Vec<ArrayRef>,
    fields: &[(u32, &str)],
) -> Vec<(u32, String)> {
    let paths = field_paths(contract.schema());
    let fields: Vec<_> = fields
        .iter()
        .map(|(row, path)| FieldViolation {
            row: *row,
            field: paths.iter().position(|known| known == path).expect(path) as u32,
        })
        .collect();
    let mut checker = contract.checker(CheckOptions::default());
    let checked = checker.check(&rows(contract, columns), &fields).unwrap();
    named(&checker, &checked)
}

pub fn named(checker: &Checker, checked: &CheckedRows) -> Vec<(u32, String)> {
    assert!(checked.violations.is_sorted());
    let violations = checked.violations.iter();
    violations.map(|v| (v.row, checker.rules()[usize::from(v.rule)].id.clone())).collect()
}

/// Rows that break the only rule of one property besides its type, which is called `rule`.
pub fn broken_by(contract: &Contract, rule: &str, column: ArrayRef) -> Vec<u32> {
    let violations = violations(contract, vec![column]);
    assert!(violations.iter().all(|(_, id)| id == rule), "{violations:?}");
    violations.into_iter().map(|(row, _)| row).collect()
}

pub fn result<'r>(results: &'r [RuleResult], id: &str) -> &'r RuleResult {
    results.iter().find(|result| result.rule.id == id).expect(id)
}
