use crate::support::*;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use headgate_contract::{CheckOptions, Checker, Contract, CoverageStatus};
use headgate_model::{FieldViolation, FoundRows, RuleResult, Severity, field_paths};
use std::sync::Arc;

const LUHN: &str = "{ type: custom, engine: headgate, implementation: luhn }";

fn compile_with(text: &str) -> Contract {
    let functions = ["luhn".to_owned(), "pairs".to_owned()];
    Contract::compile_with(text, None, &functions).unwrap_or_else(|fault| panic!("{fault:?}"))
}

/// A contract of a card number and an amount, with a rule of the card.
fn cards(rule: &str) -> Contract {
    compile_with(&document(&format!(
        "properties:\n  - {{ name: card, logicalType: string, quality: [{rule}] }}\n  - {{ name: amount, logicalType: integer }}\n"
    )))
}

/// A contract of the same columns, with a rule of the schema object.
fn rows_of_cards(rule: &str) -> Contract {
    compile_with(&document(&format!(
        "properties:\n  - {{ name: card, logicalType: string }}\n  - {{ name: amount, logicalType: integer }}\nquality:\n  - {rule}\n"
    )))
}

fn four(contract: &Contract) -> RecordBatch {
    let card = texts([Some("1"), Some("2"), None, Some("4")]);
    let amount = numbers::<Int64Type>([Some(1), None, Some(3), Some(4)]);
    rows(contract, vec![card, amount])
}

fn judged(checker: &mut Checker, found: &[FoundRows]) -> Vec<RuleResult> {
    let four = four(&cards(LUHN));
    for found in found {
        checker.check_with(&four, &[], vec![found.clone()]).unwrap();
    }
    checker.finish(&[], 0).rules
}

#[test]
fn found_rows_break_the_rule_once_each() {
    let contract = cards(LUHN);
    let mut checker = contract.checker(CheckOptions::default());
    let checked = checker.check_with(&four(&contract), &[], vec![Ok(vec![3, 0, 3])]).unwrap();
    assert_eq!(named(&checker, &checked), [(0, "custom_card".into()), (3, "custom_card".into())]);
    assert_eq!((checked.violating, checked.unjudged), (vec![0, 3], false));
    let results = checker.finish(&[], 0).rules;
    let result = result(&results, "custom_card");
    assert_eq!((result.violations, result.unmeasured.as_ref()), (2, None));
    assert!(result.rule.routes_rows);
    assert_eq!(result.rule.column.as_deref(), Some("card"));
}

#[test]
fn the_function_is_told_its_name_its_arguments_and_its_columns() {
    let contract = rows_of_cards(
        "{ type: custom, engine: headgate, implementation: { function: pairs, arguments: { properties: [amount, card], most: 1.50 } }, id: both }",
    );
    let functions: Vec<_> = contract.functions().collect();
    let [pairs] = functions.as_slice() else { panic!("{functions:?}") };
    assert_eq!((pairs.name(), pairs.rule.id.as_str()), ("pairs", "both"));
    assert_eq!(pairs.arguments(), Some(r#"{"most":1.5,"properties":["amount","card"]}"#));
    let rows = four(&contract);
    let columns = pairs.columns(&rows);
    let names: Vec<_> = columns.iter().map(|(path, ..)| *path).collect();
    assert_eq!(names, ["amount", "card"]);
    assert_eq!(columns[0].1.as_ref(), rows.column(1).as_ref());
    assert!(pairs.rule.column.is_none() && pairs.rule.routes_rows);
    assert_eq!(contract.implementations().iter().collect::<Vec<_>>(), ["pairs"]);
}

#[test]
fn an_operator_or_a_percentage_judges_the_batch() {
    for (said, measured, failed) in [
        ("mustBeLessThan: 3", 2.0, 0),
        ("mustBeLessThan: 2", 2.0, 1),
        ("mustBe: 0, unit: percent", 25.0, 1),
        ("mustBeLessThan: 26, unit: percent", 25.0, 0),
    ] {
        let beside =
            format!("{{ type: custom, engine: headgate, implementation: luhn, {said}, id: r }}");
        let within = format!(
            "{{ type: custom, engine: headgate, implementation: {{ function: luhn, {said} }}, id: r }}"
        );
        for rule in [beside, within] {
            let contract = cards(&rule);
            let mut checker = contract.checker(CheckOptions::default());
            let results = judged(&mut checker, &[Ok(vec![0, 1]), Ok(vec![])]);
            let result = result(&results, "r");
            assert_eq!((result.measured, result.violations), (Some(measured), failed), "{rule}");
            assert!(!result.rule.routes_rows);
        }
    }
    let contract = cards(
        "{ type: custom, engine: headgate, implementation: luhn, mustBe: 0, severity: warning }",
    );
    let rule = &contract.functions().next().unwrap().rule.clone();
    assert_eq!((rule.routes_rows, rule.severity), (true, Severity::Warn));
}

#[test]
fn a_function_that_fails_fails_its_rule_in_that_batch_alone() {
    let late: FoundRows = Err("it took longer than 10 s".into());
    for (rule, measured, counts) in [
        (LUHN, None, [2, 1, 1]),
        (
            "{ type: custom, engine: headgate, implementation: luhn, mustBeLessThan: 9, id: custom_card }",
            Some(1.0),
            [1, 1, 0],
        ),
    ] {
        let contract = cards(rule);
        let mut checker = contract.checker(CheckOptions::default());
        let batches: [(&[FoundRows], Option<&str>); 3] = [
            (&[Ok(vec![1]), late.clone()], Some("it took longer than 10 s")),
            (&[late.clone(), Err("other".into())], Some("it took longer than 10 s")),
            (&[Ok(vec![1])], None),
        ];
        for ((found, reason), count) in batches.into_iter().zip(counts) {
            let results = judged(&mut checker, found);
            let result = result(&results, "custom_card");
            assert_eq!(result.unmeasured.as_deref(), reason, "{rule}");
            assert_eq!(result.violations, count, "{rule} {found:?}");
            assert_eq!(result.measured, if reason.is_none() { measured } else { None });
        }
    }
}

#[test]
fn rows_that_could_not_be_asked_about_are_in_doubt() {
    for (keys, unjudged) in [("", true), ("severity: warning", false), ("mustBeLessThan: 5", false)]
    {
        let contract =
            cards(&format!("{{ type: custom, engine: headgate, implementation: luhn, {keys} }}"));
        let rows = four(&contract);
        let answers = [vec![], vec![Err("it failed".into())], vec![Ok(vec![4])]];
        for found in answers {
            let mut checker = contract.checker(CheckOptions::default());
            let checked = checker.check_with(&rows, &[], found.clone()).unwrap();
            assert_eq!(checked.unjudged, unjudged, "{keys} {found:?}");
            let results = checker.finish(&[], 0).rules;
            assert_eq!(result(&results, "custom_card").violations, 1, "{keys} {found:?}");
        }
        let mut checker = contract.checker(CheckOptions::default());
        assert!(
            !checker.check(&rows.slice(0, 0), &[]).unwrap().unjudged,
            "there was nothing to ask"
        );
        assert_eq!(result(&checker.finish(&[], 0).rules, "custom_card").violations, 0);
    }
}

#[test]
fn a_field_that_does_not_fit_breaks_its_type_alone() {
    let pair = "{ type: custom, engine: headgate, implementation: pairs, arguments: { properties: [card, amount] }, id: r }";
    let single = "{ type: custom, engine: headgate, implementation: luhn, id: r }";
    for contract in [rows_of_cards(pair), cards(single)] {
        let card = field_paths(contract.schema()).iter().position(|path| path == "card").unwrap();
        let fields = [FieldViolation { row: 2, field: card as u32 }];
        let mut checker = contract.checker(CheckOptions::default());
        let found = vec![Ok(vec![1, 2])];
        let checked = checker.check_with(&four(&contract), &fields, found).unwrap();
        assert_eq!(named(&checker, &checked), [(1, "r".into()), (2, "type_card".into())]);
    }
}

#[test]
fn nothing_is_found_within_an_object_that_is_not_there() {
    for (operator, expected) in [("", vec![0]), ("mustBeLessThan: 100, unit: percent", vec![])] {
        let contract = compile_with(&document(&format!(
            "properties:
  - name: o
    logicalType: object
    properties:
      - {{ name: card, logicalType: string, quality: [{{ type: custom, engine: headgate, implementation: luhn, {operator} }}] }}
"
        )));
        let field = Arc::new(arrow_schema::Field::new("card", arrow_schema::DataType::Utf8, true));
        let card: ArrayRef = texts([None, Some("x"), None]);
        let objects =
            StructArray::new(vec![field].into(), vec![card], Some(vec![true, false, false].into()));
        let rows = rows(&contract, vec![Arc::new(objects)]);
        let function = contract.functions().next().unwrap();
        let (_, _, nulls) = &function.columns(&rows)[0];
        assert_eq!(nulls.as_ref().map(|nulls| nulls.null_count()), Some(3));
        let mut checker = contract.checker(CheckOptions::default());
        let checked = checker.check_with(&rows, &[], vec![Ok(vec![0, 1, 2])]).unwrap();
        assert_eq!(checked.violating, expected);
        let results = checker.finish(&[], 0).rules;
        let measured = result(&results, "custom_o.card").measured;
        assert_eq!(measured, if operator.is_empty() { None } else { Some(100.0) });
    }
}

#[test]
fn what_is_not_run_says_why() {
    for (rule, reason) in [
        (
            "{ type: custom, engine: soda, implementation: luhn, id: r }",
            "rules of other engines are not run",
        ),
        ("{ type: custom, implementation: luhn, id: r }", "rules of other engines are not run"),
        (
            "{ type: custom, engine: headgate, implementation: lunh, id: r }",
            "no function 'lunh' is registered",
        ),
        (
            "{ type: custom, engine: headgate, implementation: luhn, unit: kg, id: r }",
            "the unit 'kg' is not built",
        ),
    ] {
        let contract = cards(rule);
        assert_eq!(coverage(&contract, "r"), (CoverageStatus::NotEnforceable, reason.into()));
        assert_eq!(contract.functions().len(), 0);
    }
    let contract = cards("{ type: custom, engine: headgate, implementation: lunh }");
    assert_eq!(contract.implementations().iter().collect::<Vec<_>>(), ["lunh"]);
    let contract = compile_with(&document(&format!(
        "properties:\n  - {{ name: a, logicalType: array, items: {{ logicalType: string, quality: [{LUHN}] }} }}\n"
    )));
    let (status, reason) = coverage(&contract, "custom_a[]");
    assert_eq!(status, CoverageStatus::NotEnforceable);
    assert!(reason.starts_with("functions read columns"), "{reason}");
    let contract = cards(
        "{ type: custom, engine: headgate, implementation: { function: luhn, max: 1 }, schedule: daily }",
    );
    assert_eq!(coverage(&contract, "max").0, CoverageStatus::NotEnforceable);
    let schedule = contract.coverage().iter().find(|rule| rule.path.ends_with(".schedule"));
    assert_eq!(schedule.unwrap().status, CoverageStatus::NotEnforceable);
}

#[test]
fn what_does_not_say_enough_is_refused() {
    for (rule, path) in [
        ("{ type: custom, engine: headgate }", "implementation"),
        ("{ type: custom, engine: headgate, implementation: {} }", "implementation.function"),
        ("{ type: custom, engine: headgate, implementation: 3 }", "implementation"),
        ("{ type: custom, engine: headgate, implementation: luhn, unit: percent }", ""),
        ("{ type: custom, engine: headgate, implementation: luhn, mustBe: 0, mustNotBe: 1 }", ""),
        ("{ type: custom, engine: headgate, implementation: luhn, arguments: 3 }", "arguments"),
    ] {
        let keys = format!("logicalType: string, quality: [{rule}]");
        let (found, _) = issues(&keys).remove(0);
        let path = format!("quality[0].{path}");
        assert_eq!(found, path.trim_end_matches('.'), "{rule}");
    }
    for (arguments, path) in [
        ("", "arguments.properties"),
        ("arguments: { properties: [nobody] }", "arguments.properties[0]"),
        ("arguments: { properties: [] }", "arguments.properties"),
    ] {
        let rule =
            format!("{{ type: custom, engine: headgate, implementation: luhn, {arguments} }}");
        let text = document(&format!(
            "properties:\n  - {{ name: a, logicalType: string }}\nquality:\n  - {rule}\n"
        ));
        let issues = compile(&text).expect_err(&rule);
        assert_eq!(issues[0].path, format!("schema[0].quality[0].{path}"), "{rule}");
    }
}
