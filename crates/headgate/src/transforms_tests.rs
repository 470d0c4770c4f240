#![allow(clippy::unwrap_used)]

use std::path::Path;

use headgate_model::TableRole;
use serde_json::{Value, json};

use crate::calls::{FunctionOptions, Functions};
use crate::options;
use crate::resolve::{NodeConfig, resolve};

use super::*;

pub(crate) fn contract(properties: Value) -> Value {
    json!({
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "t", "version": "1.0.0",
        "status": "active", "schema": [{ "name": "trips", "properties": properties }]
    })
}

fn sent() -> Value {
    contract(json!([
        { "name": "trip", "logicalType": "string" },
        { "name": "metres", "logicalType": "integer" }
    ]))
}

fn trips() -> Value {
    contract(json!([
        { "name": "trip", "logicalType": "string", "required": true },
        { "name": "km", "logicalType": "number" }
    ]))
}

/// `input` and `node` are added to what every node has.
fn resolved(input: Value, node: Value) -> Result<NodeConfig, Vec<Issue>> {
    let mut whole = json!({
        "name": "trips",
        "input": {
            "format": "kafka",
            "options": { "kafka.bootstrap.servers": "127.0.0.1:1", "subscribe": "trips" }
        },
        "output": { "format": "delta", "path": "trips" },
    });
    whole["input"].as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    whole.as_object_mut().unwrap().extend(node.as_object().unwrap().clone());
    let options = options::parse(&whole.to_string()).unwrap();
    resolve(&options, Path::new("/lake"), &registered(), |_| {
        Err(std::io::ErrorKind::NotFound.into())
    })
}

fn registered() -> Functions {
    let named = |names: &[&str]| FunctionOptions {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        ..FunctionOptions::default()
    };
    Functions { transforms: named(&["toKm", "clean"]), ..Functions::default() }
}

fn issues(input: Value, node: Value) -> Vec<(String, String)> {
    let found = resolved(input, node).err().unwrap_or_default();
    found.into_iter().map(|issue| (issue.path.join("."), issue.actual)).collect()
}

fn columns(config: &NodeConfig) -> Vec<String> {
    let schema = config.layout.schema(TableRole::Output).unwrap();
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

const TO_KM: &str = "SELECT trip, metres / 1000.0 AS km FROM input";

#[test]
fn the_output_has_the_contracts_columns_or_those_selected() {
    let json = json!({ "decode": "json", "contract": sent(), "metadata": false });
    let transforms = json!([{ "sql": TO_KM }]);
    let config =
        resolved(json.clone(), json!({ "transforms": transforms, "contract": trips() })).unwrap();
    assert_eq!(columns(&config), ["trip", "km"]);
    assert!(config.rows.transform.is_some());
    let names = config.rows.columns.unwrap();
    assert_eq!(names.field(1).name(), "metres");
    let free = resolved(json, json!({ "transforms": transforms })).unwrap();
    assert_eq!(columns(&free), ["trip", "km"]);
    let raw = json!([{ "sql": "SELECT upper(_raw_value) AS loud FROM input" }]);
    let raw = resolved(json!({ "metadata": false }), json!({ "transforms": raw })).unwrap();
    assert_eq!(columns(&raw), ["loud", "_kafka_key", "_kafka_headers"]);
    assert!(raw.rows.columns.is_none());
}

#[test]
fn raw_payloads_may_meet_a_contract_by_a_transform_alone() {
    let sql = "SELECT split_part(_raw_value, ';', 1) AS trip FROM input";
    let node = json!({ "transforms": [{ "sql": sql }], "contract": trips() });
    assert_eq!(columns(&resolved(json!({ "metadata": false }), node).unwrap()), ["trip", "km"]);
    let found = issues(json!({}), json!({ "contract": trips(), "transforms": [] }));
    assert_eq!(found, [("input.decode".into(), "raw".into())]);
}

#[test]
fn unknown_fields_may_be_carried_along() {
    let input = json!({
        "decode": "json", "contract": sent(), "unknown_fields": "extra", "metadata": false
    });
    for sql in [TO_KM, "SELECT trip, _extra FROM input"] {
        let node = json!({ "transforms": [{ "sql": sql }], "contract": trips() });
        let config = resolved(input.clone(), node).unwrap();
        assert_eq!(columns(&config), ["trip", "km", "_extra"], "{sql}");
    }
}

#[test]
fn what_is_wrong_names_the_transform() {
    let json = json!({ "decode": "json", "contract": sent() });
    let node = |second: &str| {
        json!({
            "transforms": [{ "sql": "SELECT * FROM input" }, { "sql": second }],
            "contract": trips()
        })
    };
    for (sql, actual) in [
        ("SELECT trip FROM input LIMIT 1", "LIMIT or OFFSET"),
        ("SELECT metres FROM input", "another"),
        ("SELECT 1.5 AS km FROM input", "no such column, and the contract requires it"),
        ("SELECT trip, trip AS km FROM input", "Utf8"),
    ] {
        let expected = [("transforms.1.sql".to_owned(), actual.to_owned())];
        assert_eq!(issues(json.clone(), node(sql)), expected, "{sql}");
    }
    assert_eq!(
        issues(
            json!({}),
            json!({ "transforms": [{ "sql": "SELECT _raw_value AS _kafka_key FROM input" }] })
        ),
        [("transforms".into(), "_kafka_key".into())]
    );
}

#[test]
fn a_contract_of_the_input_needs_transforms_and_json() {
    let path = || "input.contract".to_owned();
    let found =
        issues(json!({ "decode": "json", "contract": sent() }), json!({ "contract": trips() }));
    assert_eq!(found, [(path(), "none".into())]);
    let node = json!({ "transforms": [{ "sql": "SELECT * FROM input" }] });
    assert_eq!(issues(json!({ "contract": sent() }), node), [(path(), "raw".into())]);
    // What is wrong with it is told once.
    let node = json!({ "transforms": [{ "sql": TO_KM }], "contract": trips() });
    let found = issues(json!({ "decode": "json", "contract": "gone.yaml" }), node);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_shadow_contract_takes_what_it_knows_of_the_columns() {
    let json = json!({ "decode": "json", "contract": sent() });
    let node = |shadow: Value| {
        json!({
            "transforms": [{ "sql": TO_KM }], "contract": trips(), "shadow_contract": shadow
        })
    };
    let narrow = contract(json!([{ "name": "trip", "logicalType": "string" }]));
    let config = resolved(json.clone(), node(narrow)).unwrap();
    assert_eq!(config.rows.shadow_transform.unwrap().schema().fields().len(), 1);
    let other = contract(json!([{ "name": "id", "logicalType": "string", "required": true }]));
    let found = issues(json, node(other));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "transforms.0.sql");
}

fn function(name: &str, properties: Value) -> Value {
    json!({ "function": name, "schema": properties })
}

fn km() -> Value {
    json!([
        { "name": "trip", "logicalType": "string" },
        { "name": "km", "logicalType": "number" }
    ])
}

#[test]
fn functions_and_statements_may_come_in_any_order() {
    let json = json!({ "decode": "json", "contract": sent(), "metadata": false });
    let sql = |text: &str| json!({ "sql": text });
    let whole = "SELECT trip, metres FROM input";
    let cleaned = json!([{ "name": "metres", "logicalType": "integer" }]);
    for steps in [
        json!([function("toKm", km())]),
        json!([sql(whole), function("toKm", km())]),
        json!([function("toKm", km()), sql("SELECT upper(trip) AS trip, km FROM input")]),
        json!([
            sql(whole),
            sql(whole),
            function("clean", cleaned),
            sql("SELECT 'x' AS trip FROM input"),
            function("toKm", km())
        ]),
    ] {
        let node = json!({ "transforms": steps, "contract": trips() });
        let config = resolved(json.clone(), node).unwrap();
        assert_eq!(columns(&config), ["trip", "km"], "{steps}");
        assert!(config.rows.calls.is_some());
        let free = resolved(json.clone(), json!({ "transforms": steps })).unwrap();
        assert_eq!(columns(&free), ["trip", "km"], "{steps}");
    }
    let sql_alone = resolved(json, json!({ "transforms": [sql(TO_KM)] })).unwrap();
    assert!(sql_alone.rows.calls.is_none());
}

#[test]
fn a_function_is_registered_and_its_last_columns_are_the_contracts() {
    let json = json!({ "decode": "json", "contract": sent() });
    let metres = json!([{ "name": "metres", "logicalType": "integer" }]);
    let text = json!([
        { "name": "trip", "logicalType": "string" }, { "name": "km", "logicalType": "string" }
    ]);
    let optional = json!([{ "name": "km", "logicalType": "number" }]);
    for (steps, path, actual) in [
        (json!([function("toMiles", km())]), "0.function", "\"toMiles\""),
        (json!([function("toKm", metres.clone())]), "0.schema", "another"),
        (json!([{ "sql": TO_KM }, function("toKm", text)]), "1.schema", "Utf8"),
        (
            json!([function("toKm", optional)]),
            "0.schema",
            "no such column, and the contract requires it",
        ),
        (json!([{ "function": "toKm" }]), "0.schema", "nothing"),
        (json!([{ "sql": TO_KM, "schema": km() }]), "0", "some of both"),
        (json!([{}]), "0.sql", "nothing"),
    ] {
        let node = json!({ "transforms": steps, "contract": trips() });
        let expected = [(format!("transforms.{path}"), actual.to_owned())];
        assert_eq!(issues(json.clone(), node), expected);
    }
    // A statement sees the columns that the function before it makes.
    let steps = json!([function("clean", metres), { "sql": "SELECT trip FROM input" }]);
    let found = issues(json, json!({ "transforms": steps, "contract": trips() }));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "transforms.1.sql");
}

#[test]
fn a_function_that_no_transform_names_is_told_with_those_that_are_named() {
    let json = json!({ "decode": "json", "contract": sent() });
    let used = |steps: Value| {
        let config = resolved(json.clone(), json!({ "transforms": steps })).unwrap();
        config.rows.check_used(&registered().transforms)
    };
    let found = used(json!([function("toKm", km())]));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].expected.as_str(), found[0].actual.as_str()),
        ("one of toKm", "\"clean\"")
    );
    let both = json!([function("toKm", km()), function("clean", km())]);
    assert_eq!(used(both), []);
    assert!(used(json!([{ "sql": TO_KM }]))[0].expected.starts_with("no function"));
}

#[test]
fn a_shadow_contract_takes_the_rows_of_functions_too() {
    let json = json!({ "decode": "json", "contract": sent() });
    let narrow = contract(json!([{ "name": "trip", "logicalType": "string" }]));
    let steps = json!([function("toKm", km())]);
    let node = json!({ "transforms": steps, "contract": trips(), "shadow_contract": narrow });
    let config = resolved(json, node).unwrap();
    assert_eq!(config.rows.shadow_transform.unwrap().schema().fields().len(), 1);
}
