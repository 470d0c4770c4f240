use crate::support::*;
use headgate_contract::{Contract, ContractFault, CoverageStatus};
use headgate_model::Fault;

const MINIMAL: &str = "apiVersion: v3.1.0
kind: DataContract
id: pings
version: 1.0
status: active
schema:
  - name: pings
    physicalName: gps_pings
    properties:
      - name: a
        logicalType: string
";

#[test]
fn versions_of_the_standard_are_told_apart() {
    for version in ["v3.0.0", "3.0.2", "v3.1.0", "3.1.0", "v3.2.0", "3.2", "v3.2.0-DEV"] {
        assert!(compile(&MINIMAL.replace("v3.1.0", version)).is_ok(), "{version}");
    }
    for version in ["v2.2.2", "v3.3.0", "4", "v3", "''", "vv3.1.0", "[3]"] {
        let issues = compile(&MINIMAL.replace("v3.1.0", version)).unwrap_err();
        assert_eq!((issues[0].path.as_str(), issues[0].line), ("apiVersion", Some(1)), "{version}");
    }
}

#[test]
fn a_contract_is_named_by_id_version_and_content() {
    let contract = compile(MINIMAL).unwrap();
    let reference = contract.reference();
    assert_eq!((reference.id.as_str(), reference.version.as_str()), ("pings", "1.0"));
    let json = r#"{"id":"pings","version":1.0,"kind":"DataContract","apiVersion":"v3.1.0","status":"active",
        "schema":[{"physicalName":"gps_pings","name":"pings","properties":[{"logicalType":"string","name":"a"}]}]}"#;
    assert_eq!(compile(json).unwrap().reference(), reference);
    let changed = compile(&MINIMAL.replace("string", "date")).unwrap();
    assert_ne!(changed.reference().hash, reference.hash);
}

#[test]
fn every_issue_is_reported_with_its_line() {
    let text = "apiVersion: v9
kind: Contract
version: ''
schema:
  - name: t
    properties:
      - name: a
        logicalType: strin
      - logicalType: string
      - name: A
        logicalType: integer
        required: 1
        logicalTypeOptions:
          minimum: x
";
    let issues = compile(text).unwrap_err();
    let found: Vec<_> = issues.iter().map(|issue| (issue.path.as_str(), issue.line)).collect();
    // By line; what is missing has the line of what misses it.
    let expected = [
        ("apiVersion", Some(1)),
        ("id", Some(1)),
        ("kind", Some(2)),
        ("version", Some(3)),
        ("schema[0].properties[0].logicalType", Some(8)),
        ("schema[0].properties[1].name", Some(9)),
        ("schema[0].properties[2]", Some(10)),
        ("schema[0].properties[2].required", Some(12)),
        ("schema[0].properties[2].logicalTypeOptions.minimum", Some(14)),
    ];
    assert_eq!(found, expected);
    let paths: Vec<_> = compile("{}").unwrap_err().into_iter().map(|issue| issue.path).collect();
    assert_eq!(paths, ["apiVersion", "kind", "id", "version", "schema"]);
}

#[test]
fn texts_that_are_no_contract_are_one_clear_issue() {
    for (text, expected) in [
        ("", "a data contract"),
        ("a: [", "YAML or JSON"),
        ("- a\n", "a mapping"),
        ("{\"a\": 1", "JSON"),
        ("just text", "a mapping"),
    ] {
        let issues = compile(text).unwrap_err();
        assert_eq!(issues.len(), 1, "{text}: {issues:?}");
        assert_eq!(issues[0].expected, expected, "{text}");
    }
}

#[test]
fn one_of_several_schema_objects_is_chosen_by_name() {
    let two = format!(
        "{MINIMAL}  - name: trips\n    properties:\n      - {{ name: b, logicalType: date }}\n"
    );
    let issues = compile(&two).unwrap_err();
    assert_eq!(issues[0].path, "schema");
    assert!(issues[0].expected.contains("pings, trips"));
    for (name, column) in [("pings", "a"), ("gps_pings", "a"), ("trips", "b")] {
        let contract = Contract::compile(&two, Some(name)).unwrap();
        assert_eq!(contract.schema().field(0).name(), column);
    }
    assert!(Contract::compile(&two, Some("other")).is_err());
    assert!(Contract::compile(MINIMAL, Some("other")).is_err());
}

#[test]
fn what_is_not_enforced_is_listed_wherever_it_stands() {
    let text = format!(
        "{MINIMAL}        relationships:
          - {{ to: t.id }}
        requried: true
        logicalTypeOptions: {{ minimum: 3 }}
    quality:
      - {{ type: custom, name: no gaps, engine: soda }}
    relationships:
      - {{ from: pings.a, to: t.a }}
    sla: 1
slaProperties:
  - {{ property: latency, value: 4, unit: d }}
policies: []
"
    );
    let contract = compile(&text).unwrap();
    let skipped: Vec<_> = contract
        .coverage()
        .iter()
        .filter(|entry| entry.status == CoverageStatus::NotEnforceable)
        .map(|entry| (entry.path.as_str(), entry.rule.as_str(), entry.line))
        .collect();
    let property = "schema[0].properties[0]";
    let expected = [
        (format!("{property}.logicalTypeOptions.minimum"), "minimum_a", Some(15)),
        (format!("{property}.relationships[0]"), "relationship_a", Some(13)),
        (format!("{property}.requried"), "requried", Some(14)),
        ("schema[0].quality[0]".into(), "no gaps", Some(17)),
        ("schema[0].relationships[0]".into(), "relationship", Some(19)),
        ("schema[0].sla".into(), "sla", Some(20)),
        ("policies".into(), "policies", Some(23)),
        ("slaProperties[0]".into(), "sla_latency", Some(22)),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(path, rule, line)| (path.as_str(), *rule, *line)).collect();
    assert_eq!(skipped, expected);
    assert!(
        contract
            .coverage()
            .iter()
            .all(|c| (c.status == CoverageStatus::Enforced) == c.reason.is_none())
    );
}

#[test]
fn a_measure_is_no_column() {
    let contract = contract(
        "{ name: a, logicalType: string }
         { name: total, logicalType: number, semanticType: measure, required: true }
         { name: b, logicalType: string, required: true }",
    );
    assert_eq!(contract.schema().fields().len(), 2);
    assert_eq!(coverage(&contract, "measure_total").0, CoverageStatus::Informational);
    let found = violations(&contract, vec![texts([Some("x")]), texts([None])]);
    assert_eq!(found, [(0, "required_b".to_owned())]);
}

#[test]
fn ids_are_unique_even_where_names_are_not() {
    let contract = property(
        "logicalType: integer, quality: [{ metric: nullValues, mustBe: 0 }, { metric: nullValues, mustBe: 0 }, { metric: nullValues, mustBe: 0, id: type_a }, { metric: nullValues, mustBe: 0, name: my check }]",
    );
    assert_eq!(
        ids(&contract),
        ["type_a", "null_values_a", "null_values_a_2", "type_a_2", "my check"]
    );
}

#[test]
fn faults_name_their_place_and_blame_the_user() {
    let fault = Contract::compile(&MINIMAL.replace("string", "strin"), None).unwrap_err();
    assert!(matches!(fault, ContractFault::Invalid { .. }));
    assert_eq!(fault.code(), "CONTRACT_INVALID");
    let context = fault.context();
    assert_eq!(context.field.as_deref(), Some("schema[0].properties[0].logicalType"));
    assert_eq!(context.actual.as_deref(), Some("'strin'"));
    assert!(context.details.unwrap().contains("line 11"));
}
