//! Scopes beyond the batch, and schedules.

use arrow_array::types::Int64Type;
use headgate_contract::{BatchResult, CheckOptions, Checker, Contract, CoverageStatus};
use headgate_model::RuleScope;

use crate::support::{contract, issues, named, numbers, rows, texts};

const HOUR: i64 = 3_600_000_000;
const ONCE_EVER: &str = "{ name: id, logicalType: string, quality: [ { metric: duplicateValues, mustBe: 0, customProperties: [ { property: scope, value: stream } ] } ] }
    { name: n, logicalType: integer, logicalTypeOptions: { minimum: 0 } }";

fn of_table(operator: &str, custom: &str) -> Contract {
    contract(&format!(
        "{{ name: id, logicalType: string, quality: [ {{ metric: duplicateValues, {operator}, customProperties: [ {custom} ] }} ] }}"
    ))
}

/// Ids of a batch, and the rows that break a rule.
fn check(
    checker: &mut Checker,
    contract: &Contract,
    ids: &[&str],
    n: &[i64],
) -> Vec<(u32, String)> {
    let mut columns = vec![texts(ids.iter().map(|id| Some(*id)))];
    if contract.schema().fields().len() > 1 {
        columns.push(numbers::<Int64Type>(n.iter().map(|n| Some(*n))));
    }
    let checked = checker.check(&rows(contract, columns), &[]).unwrap();
    named(checker, &checked)
}

fn measured(result: &BatchResult, rule: &str) -> (Option<f64>, u64) {
    let found = result.rules.iter().find(|result| result.rule.id == rule).unwrap();
    (found.measured, found.violations)
}

fn remembering(contract: &Contract) -> Checker {
    let mut checker = contract.checker(CheckOptions::default());
    checker.recall();
    checker
}

#[test]
fn a_key_of_an_earlier_batch_is_a_duplicate_unless_its_row_was_rejected() {
    let contract = contract(ONCE_EVER);
    let mut checker = remembering(&contract);
    let duplicate = |row| (row, "duplicate_values_id".to_owned());
    let negative = |row| (row, "minimum_n".to_owned());
    assert_eq!(check(&mut checker, &contract, &["a", "b", "b"], &[1, 1, 1]), [duplicate(2)]);
    checker.finish(&[], 0);
    assert_eq!(
        check(&mut checker, &contract, &["a", "c", "d"], &[1, -1, 1]),
        [duplicate(0), negative(1)]
    );
    let result = checker.finish(&[], 0);
    assert_eq!(measured(&result, "duplicate_values_id").1, 1);
    assert_eq!(check(&mut checker, &contract, &["c", "d"], &[1, 1]), [duplicate(1)]);
    let rule = contract.rules().iter().find(|rule| rule.id == "duplicate_values_id").unwrap();
    assert_eq!((rule.scope, rule.estimated, rule.routes_rows), (RuleScope::Stream, false, true));
}

#[test]
fn violating_rows_that_the_output_keeps_are_compared() {
    let contract = contract(ONCE_EVER);
    let options = CheckOptions { keeps_violating: true, ..CheckOptions::default() };
    let mut checker = contract.checker(options);
    checker.recall();
    check(&mut checker, &contract, &["a"], &[-1]);
    checker.finish(&[], 0);
    let found = check(&mut checker, &contract, &["a"], &[1]);
    assert_eq!(found, [(0, "duplicate_values_id".to_owned())]);
}

#[test]
fn what_was_forgotten_is_recalled_from_the_output() {
    let contract = contract(ONCE_EVER);
    let mut checker = contract.checker(CheckOptions::default());
    let forgotten = checker.forgotten().unwrap();
    let names: Vec<_> =
        forgotten.schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!((names, forgotten.by_time), (vec!["id"], false));
    let output =
        || arrow_array::RecordBatch::try_from_iter([("id", texts([Some("a"), None]))]).unwrap();
    checker.recall();
    checker.recall_rows(&output(), None).unwrap();
    assert!(checker.forgotten().is_none());
    assert_eq!(check(&mut checker, &contract, &["a", "b"], &[1, 1]).len(), 1);
    checker.finish(&[], 0);
    assert!(checker.forgotten().is_none());
    // The batch that held `b` was dropped.
    checker.reset();
    assert!(checker.forgotten().is_some());
    checker.recall();
    checker.recall_rows(&output(), None).unwrap();
    assert_eq!(check(&mut checker, &contract, &["a", "b"], &[1, 1]).len(), 1);
}

#[test]
fn counts_of_the_stream_are_judged_with_every_batch() {
    let contract =
        of_table("mustBeLessOrEqualTo: 25, unit: percent", "{ property: scope, value: stream }");
    let mut checker = remembering(&contract);
    check(&mut checker, &contract, &["a", "b", "c"], &[]);
    assert_eq!(measured(&checker.finish(&[], 0), "duplicate_values_id"), (Some(0.0), 0));
    check(&mut checker, &contract, &["a"], &[]);
    assert_eq!(measured(&checker.finish(&[], 0), "duplicate_values_id"), (Some(25.0), 0));
    check(&mut checker, &contract, &["a"], &[]);
    assert_eq!(measured(&checker.finish(&[], 0), "duplicate_values_id"), (Some(40.0), 1));
}

#[test]
fn a_window_is_judged_when_it_has_ended() {
    let contract = of_table(
        "mustBeLessOrEqualTo: 1",
        "{ property: scope, value: window }, { property: window, value: 1 hour }",
    );
    let mut checker = remembering(&contract);
    assert!(contract.checker(CheckOptions::default()).forgotten().unwrap().by_time);
    for (hours, ids, expected) in [
        (10, ["a", "b"], (None, 0)),
        (10, ["a", "b"], (None, 0)),
        // Hour 10 had two repeated; the clock goes back for a moment.
        (11, ["a", "c"], (Some(2.0), 1)),
        (10, ["d", "e"], (None, 0)),
        (12, ["a", "a"], (Some(0.0), 0)),
        // Hour 12 had one, and hours without rows none.
        (20, ["a", "b"], (Some(0.0), 0)),
    ] {
        checker.enter(hours * HOUR + 5);
        check(&mut checker, &contract, &ids, &[]);
        let result = checker.finish(&[], 0);
        assert_eq!(measured(&result, "duplicate_values_id"), expected, "hour {hours}");
    }
}

#[test]
fn rows_of_the_newest_window_are_recalled() {
    let contract = of_table(
        "mustBe: 0",
        "{ property: scope, value: window }, { property: window, value: 1 hour }",
    );
    let mut checker = contract.checker(CheckOptions::default());
    checker.recall();
    for (ids, hours) in [(["a", "b"], [9, 10]), (["c", "d"], [9, 10])] {
        let output =
            arrow_array::RecordBatch::try_from_iter([("id", texts(ids.map(Some)))]).unwrap();
        checker.recall_rows(&output, Some(&hours.map(|hour| hour * HOUR))).unwrap();
    }
    checker.enter(10 * HOUR + 1);
    let found = check(&mut checker, &contract, &["a", "b", "c", "d"], &[]);
    assert_eq!(found.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn windows_without_rows_count_as_windows() {
    let contract = crate::support::compile(&crate::support::document(
        "properties: [ { name: id, logicalType: string } ]\nquality:\n  - { metric: rowCount, mustBeGreaterThan: 1, customProperties: [ { property: scope, value: window }, { property: window, value: 1 hour } ] }",
    ))
    .unwrap();
    let mut checker = remembering(&contract);
    checker.enter(HOUR);
    check(&mut checker, &contract, &["a", "b"], &[]);
    assert_eq!(measured(&checker.finish(&[], 0), "row_count"), (None, 0));
    checker.enter(4 * HOUR);
    check(&mut checker, &contract, &["a"], &[]);
    assert_eq!(measured(&checker.finish(&[], 0), "row_count"), (Some(0.0), 1));
}

#[test]
fn a_sketch_is_near_and_says_that_it_is_one() {
    let contract = of_table(
        "mustBeLessThan: 100",
        "{ property: scope, value: stream }, { property: distinct, value: sketch }",
    );
    let rule = contract.rules().iter().find(|rule| rule.id == "duplicate_values_id").unwrap();
    assert!(rule.estimated && !rule.routes_rows);
    let mut checker = remembering(&contract);
    for chunk in 0..20 {
        let ids: Vec<String> =
            (0..5_000).map(|row| format!("id-{}", chunk * 2_500 + row)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        check(&mut checker, &contract, &ids, &[]);
    }
    // 100,000 rows of 52,500 ids.
    let repeated = measured(&checker.finish(&[], 0), "duplicate_values_id").0.unwrap();
    assert!((repeated - 47_500.0).abs() < 0.04 * 52_500.0, "{repeated}");
    assert_eq!(checker.memory_bytes(), 0);
}

#[test]
fn scopes_that_cannot_be_are_refused_with_their_place() {
    for (quality, path) in [
        (
            "metric: nullValues, mustBe: 0, customProperties: [ { property: scope, value: stream } ]",
            "[0].value",
        ),
        (
            "metric: duplicateValues, mustBe: 0, customProperties: [ { property: scope, value: day } ]",
            "[0].value",
        ),
        (
            "metric: duplicateValues, mustBe: 0, customProperties: [ { property: scope, value: window } ]",
            "[0].value",
        ),
        (
            "metric: duplicateValues, mustBe: 0, customProperties: [ { property: scope, value: window }, { property: window, value: 0 hours } ]",
            "[1].value",
        ),
        (
            "metric: duplicateValues, mustBe: 0, customProperties: [ { property: scope, value: stream }, { property: distinct, value: often } ]",
            "[1].value",
        ),
    ] {
        let found = issues(&format!("logicalType: string, quality: [ {{ {quality} }} ]"));
        let path = format!("quality[0].customProperties{path}");
        assert!(found.iter().any(|(at, _)| *at == path), "{quality}: {found:?}");
    }
}

#[test]
fn a_scheduled_rule_is_judged_when_it_is_due() {
    let contract = contract(
        "{ name: id, logicalType: string, quality: [ { metric: nullValues, mustBeLessThan: 1, schedule: '0 * * * *', scheduler: cron } ] }",
    );
    let mut checker = contract.checker(CheckOptions::default());
    for (minute, expected) in
        [(30, (Some(1.0), 1)), (45, (None, 0)), (61, (Some(1.0), 1)), (119, (None, 0))]
    {
        checker.check(&rows(&contract, vec![texts([None, Some("a")])]), &[]).unwrap();
        let result = checker.finish(&[], minute * 60_000_000);
        assert_eq!(measured(&result, "null_values_id"), expected, "minute {minute}");
    }
}

#[test]
fn schedules_that_are_not_kept_are_said() {
    for (quality, reason) in [
        ("mustBe: 0, schedule: '0 * * * *'", "a rule that names rows"),
        ("mustBeLessThan: 1, schedule: daily, scheduler: airflow", "the scheduler 'airflow'"),
    ] {
        let contract = contract(&format!(
            "{{ name: id, logicalType: string, quality: [ {{ id: q, metric: nullValues, {quality} }} ] }}"
        ));
        let entries = contract.coverage().iter().filter(|entry| entry.rule == "q");
        let said: Vec<_> =
            entries.filter(|entry| entry.status == CoverageStatus::NotEnforceable).collect();
        assert!(said[0].reason.as_ref().unwrap().starts_with(reason), "{said:?}");
    }
    let found = issues(
        "logicalType: string, quality: [ { metric: nullValues, mustBeLessThan: 1, schedule: never } ]",
    );
    assert_eq!(found[0].0, "quality[0].schedule");
}
