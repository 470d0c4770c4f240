use crate::support::*;
use arrow_array::types::Int64Type;
use headgate_contract::{CheckOptions, CoverageStatus};
use headgate_model::{RuleResult, Severity};

fn judge(
    contract: &headgate_contract::Contract,
    columns: Vec<arrow_array::ArrayRef>,
) -> Vec<RuleResult> {
    let mut checker = contract.checker(CheckOptions::default());
    let checked = checker.check(&rows(contract, columns), &[]).unwrap();
    assert!(checked.violations.is_empty(), "batch rules name no rows");
    checker.finish(&[], 0).rules
}

fn integers(count: usize, nulls: usize) -> arrow_array::ArrayRef {
    numbers::<Int64Type>((0..count).map(|n| (n >= nulls).then_some(n as i64)))
}

#[test]
fn counts_meet_every_operator() {
    let cases = [
        ("mustBe: 2", true),
        ("mustBe: 3", false),
        ("mustNotBe: 2", false),
        ("mustNotBe: 0", true),
        ("mustBeGreaterThan: 2", false),
        ("mustBeGreaterThan: 1", true),
        ("mustBeGreaterOrEqualTo: 2", true),
        ("mustBeGreaterOrEqualTo: 3", false),
        ("mustBeLessThan: 2", false),
        ("mustBeLessThan: 3", true),
        ("mustBeLessOrEqualTo: 2", true),
        ("mustBeLessOrEqualTo: 1", false),
        ("mustBeBetween: [2, 3]", true),
        ("mustBeBetween: [0, 1]", false),
        ("mustNotBeBetween: [2, 3]", false),
        ("mustNotBeBetween: [3, 4]", true),
    ];
    for (operator, holds) in cases {
        let contract = property(&format!(
            "logicalType: integer, quality: [{{ metric: nullValues, {operator} }}]"
        ));
        let results = judge(&contract, vec![integers(5, 2)]);
        let result = result(&results, "null_values_a");
        assert_eq!((result.violations == 0, result.measured), (holds, Some(2.0)), "{operator}");
        assert!(!result.rule.routes_rows);
    }
}

#[test]
fn none_at_all_on_a_property_names_rows() {
    let cases = [
        ("nullValues", "", vec![1, 4]),
        ("missingValues", "", vec![1, 4]),
        ("missingValues", "arguments: { missingValues: ['', n/a] },", vec![2, 3]),
        ("missingValues", "arguments: { missingValues: [null, '', n/a] },", vec![1, 2, 3, 4]),
        ("invalidValues", "arguments: { validValues: [ok, '', null] },", vec![3, 5]),
        ("invalidValues", "arguments: { pattern: '^[a-z]*$' },", vec![3]),
        (
            "invalidValues",
            "arguments: { pattern: '^[a-z]+$', validValues: [ok, ''] },",
            vec![2, 3, 5],
        ),
        ("duplicateValues", "", vec![6]),
    ];
    for (metric, arguments, expected) in cases {
        let keys = format!(
            "logicalType: string, quality: [{{ metric: {metric}, {arguments} mustBe: 0 }}]"
        );
        let contract = property(&keys);
        let column =
            texts([Some("ok"), None, Some(""), Some("n/a"), None, Some("odd"), Some("ok")]);
        let found = violations(&contract, vec![column]);
        let found: Vec<_> = found.into_iter().map(|(row, _)| row).collect();
        assert_eq!(found, expected, "{metric} {arguments}");
        assert!(contract.rules()[1].routes_rows);
    }
}

#[test]
fn percentages_are_of_rows_and_zero_of_none() {
    let contract = property(
        "logicalType: integer, quality: [{ metric: nullValues, mustBeLessThan: 25, unit: percent }]",
    );
    for (count, nulls, measured, failed) in
        [(4, 1, 25.0, 1), (8, 1, 12.5, 0), (0, 0, 0.0, 0), (1, 1, 100.0, 1)]
    {
        let results = judge(&contract, vec![integers(count, nulls)]);
        let result = result(&results, "null_values_a");
        assert_eq!(
            (result.measured, result.violations),
            (Some(measured), failed),
            "{nulls} of {count}"
        );
    }
    // Without any chunk at all, too.
    let results = contract.checker(CheckOptions::default()).finish(&[], 0).rules;
    assert_eq!(result(&results, "null_values_a").measured, Some(0.0));
}

#[test]
fn percent_none_at_all_judges_the_batch() {
    let contract = property(
        "logicalType: integer, quality: [{ metric: nullValues, mustBe: 0, unit: percent }]",
    );
    assert_eq!(
        result(&judge(&contract, vec![integers(4, 1)]), "null_values_a").measured,
        Some(25.0)
    );
}

#[test]
fn duplicates_are_counted_beyond_the_first_over_tuples_without_nulls() {
    let contract = compile(&document(
        "properties:
  - { name: first, physicalName: a, logicalType: string }
  - { name: b, logicalType: integer }
quality:
  - { metric: duplicateValues, mustBeLessThan: 1, arguments: { properties: [first, b] }, id: pairs }
  - { metric: duplicateValues, mustBeLessThan: 10, unit: percent, arguments: { properties: [a] } }
",
    ))
    .unwrap();
    let a = texts([Some("x"), Some("x"), Some("x"), None, None, Some("y"), Some("x"), Some("z")]);
    let b =
        numbers::<Int64Type>([Some(1), Some(1), Some(1), Some(1), Some(1), Some(1), Some(2), None]);
    let results = judge(&contract, vec![a, b]);
    assert_eq!(result(&results, "pairs").measured, Some(2.0));
    assert_eq!(result(&results, "duplicate_values").measured, Some(37.5));
}

#[test]
fn row_counts_judge_all_chunks_together() {
    let contract = compile(&document(
        "properties:\n  - { name: a, logicalType: integer }\nquality:\n  - { metric: rowCount, mustBeBetween: [5, 6], severity: warning }\n",
    ))
    .unwrap();
    let rule = &contract.rules()[1];
    assert_eq!(
        (rule.id.as_str(), rule.severity, rule.column.as_deref()),
        ("row_count", Severity::Warn, None)
    );
    let mut checker = contract.checker(CheckOptions::default());
    for (chunks, failed) in [(1, 1), (2, 0), (3, 1)] {
        for _ in 0..chunks {
            checker.check(&rows(&contract, vec![integers(3, 0)]), &[]).unwrap();
        }
        let results = checker.finish(&[], 0).rules;
        let result = result(&results, "row_count");
        assert_eq!((result.violations, result.measured), (failed, Some(f64::from(3 * chunks))));
    }
}

#[test]
fn severity_decides_what_a_violation_does() {
    let cases = [
        ("severity: error", Severity::Block),
        ("severity: critical", Severity::Block),
        ("dimension: accuracy", Severity::Block),
        ("severity: Warning", Severity::Warn),
        ("severity: low", Severity::Warn),
        ("severity: info", Severity::Info),
    ];
    for (keys, severity) in cases {
        let contract = property(&format!(
            "logicalType: integer, quality: [{{ metric: nullValues, mustBe: 0, {keys} }}]"
        ));
        assert_eq!(contract.rules()[1].severity, severity, "{keys}");
        let mut checker = contract.checker(CheckOptions::default());
        let checked = checker.check(&rows(&contract, vec![integers(2, 1)]), &[]).unwrap();
        assert_eq!(checked.violations.len(), usize::from(severity >= Severity::Warn));
        assert_eq!(checked.violating.len(), usize::from(severity == Severity::Block));
        assert_eq!(
            result(&checker.finish(&[], 0).rules, "null_values_a").violations,
            1,
            "info counts too"
        );
    }
}

#[test]
fn rules_that_are_not_run_say_so() {
    let cases = [
        (
            "{ type: custom, engine: soda, implementation: x, id: mine }",
            "mine",
            CoverageStatus::NotEnforceable,
        ),
        ("{ type: text, description: should be nice }", "text_a", CoverageStatus::Informational),
        ("{ mustBeGreaterThan: 0 }", "quality_a", CoverageStatus::NotEnforceable),
        ("{ rule: enum, mustBe: [x] }", "quality_a", CoverageStatus::NotEnforceable),
        (
            "{ metric: nullValues, mustBe: 0, unit: furlongs }",
            "null_values_a",
            CoverageStatus::NotEnforceable,
        ),
        (
            "{ metric: invalidValues, mustBe: 0, arguments: { pattern: '(?=a)' } }",
            "invalid_values_a",
            CoverageStatus::NotEnforceable,
        ),
    ];
    for (rule, id, status) in cases {
        let contract = property(&format!("logicalType: string, quality: [{rule}]"));
        let (actual, reason) = coverage(&contract, id);
        assert_eq!(actual, status, "{rule}");
        assert!(!reason.is_empty());
        assert_eq!(ids(&contract), ["type_a"], "{rule}");
    }
    let scheduled = property(
        "logicalType: string, quality: [{ metric: nullValues, mustBe: 0, schedule: 0 20 * * *, odd: 1 }]",
    );
    let told: Vec<_> = scheduled.coverage().iter().map(|c| (c.rule.as_str(), c.status)).collect();
    let expected = [
        ("type_a", CoverageStatus::Enforced),
        ("odd", CoverageStatus::NotEnforceable),
        ("null_values_a", CoverageStatus::Enforced),
        ("null_values_a", CoverageStatus::NotEnforceable),
    ];
    assert_eq!(told, expected);
}

#[test]
fn malformed_metrics_are_refused() {
    let cases = [
        ("{ metric: nullValues }", "quality[0]"),
        ("{ metric: nullValues, mustBe: 0, mustBeLessThan: 3 }", "quality[0]"),
        ("{ metric: nullValues, mustBe: none }", "quality[0].mustBe"),
        ("{ metric: nullValues, mustBeBetween: [5, 5] }", "quality[0].mustBeBetween"),
        ("{ metric: nullValues, mustBeBetween: [5, 4] }", "quality[0].mustBeBetween"),
        ("{ metric: nullValues, mustBeBetween: [5] }", "quality[0].mustBeBetween"),
        ("{ metric: freshness, mustBe: 0 }", "quality[0].metric"),
        ("{ type: magic, mustBe: 0 }", "quality[0].type"),
        ("{ metric: rowCount, mustBe: 0, unit: percent }", "quality[0].unit"),
        ("{ metric: invalidValues, mustBe: 0 }", "quality[0].arguments"),
        (
            "{ metric: invalidValues, mustBe: 0, arguments: { validValues: [x] } }",
            "quality[0].arguments.validValues[0]",
        ),
        (
            "{ metric: invalidValues, mustBe: 0, arguments: { pattern: x } }",
            "quality[0].arguments.pattern",
        ),
    ];
    for (rule, path) in cases {
        let issues = issues(&format!("logicalType: integer, quality: [{rule}]"));
        assert_eq!(
            issues.iter().map(|issue| issue.0.as_str()).collect::<Vec<_>>(),
            [path],
            "{rule}"
        );
    }
}
