#![allow(clippy::unwrap_used)]

use std::io;

use serde_json::{Value, json};

use super::*;

const AVSC: &str = r#"{"type":"record","name":"Ping","fields":[{"name":"n","type":"long"}]}"#;
const PROTO: &str =
    "syntax = \"proto3\";\nmessage Ping { int64 n = 1; }\nmessage Pong { int64 m = 1; }";

fn read(path: &Path) -> io::Result<String> {
    match path.to_str().unwrap() {
        "s/ping.avsc" => Ok(AVSC.to_owned()),
        "s/ping.proto" => Ok(PROTO.to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn resolved(mut input: Value) -> (PayloadConfig, Vec<(String, &'static str)>) {
    input["format"] = json!("kafka");
    let mut issues = Issues(Vec::new());
    let options: InputOptions = serde_json::from_value(input).unwrap();
    let payload = resolve(&options, Path::new("s"), &read, &mut issues);
    let told = |issue: Issue| (issue.path.join("."), issue.code);
    (payload, issues.0.into_iter().map(told).collect())
}

#[test]
fn a_format_is_what_decode_says_and_the_frame_where_there_is_a_registry() {
    let registry = json!({ "url": "http://127.0.0.1:8081" });
    let is = |input: Value, format: fn(&PayloadFormat) -> bool| {
        let (payload, issues) = resolved(input.clone());
        assert_eq!(issues, [], "{input}");
        assert!(format(&payload.value), "{input}: {:?}", payload.value);
    };
    is(json!({}), |format| matches!(format, PayloadFormat::Raw));
    is(json!({ "parse_json": true }), |format| matches!(format, PayloadFormat::Json));
    is(json!({ "decode": "csv" }), |format| matches!(format, PayloadFormat::Csv(_)));
    is(json!({ "decode": "avro", "schema": "ping.avsc" }), |format| {
        matches!(format, PayloadFormat::Avro(_))
    });
    is(json!({ "decode": "protobuf", "schema": "ping.proto", "message": "Ping" }), |format| {
        matches!(format, PayloadFormat::Protobuf { message: Some(_), .. })
    });
    for decode in ["json", "avro", "protobuf"] {
        is(json!({ "decode": decode, "registry": registry }), |format| {
            matches!(format, PayloadFormat::Framed)
        });
    }
}

#[test]
fn options_of_another_format_and_missing_ones_are_told_by_path() {
    for (input, path, code) in [
        (json!({ "decode": "json", "schema": "ping.avsc" }), "input.schema", "CONFIG_CONFLICT"),
        (json!({ "decode": "json", "csv": {} }), "input.csv", "CONFIG_CONFLICT"),
        (json!({ "decode": "avro" }), "input.schema", "CONFIG_MISSING"),
        (json!({ "decode": "avro", "schema": "gone.avsc" }), "input.schema", "SCHEMA_UNREADABLE"),
        (json!({ "decode": "csv", "parse_json": true }), "input.parse_json", "CONFIG_CONFLICT"),
        (
            json!({ "decode": "csv", "csv": { "delimiter": "::" } }),
            "input.csv.delimiter",
            "CONFIG_VALUE",
        ),
        (
            json!({ "decode": "json", "on_schema_change": "reject" }),
            "input.on_schema_change",
            "CONFIG_CONFLICT",
        ),
        (json!({ "key": { "column": "k" } }), "input.key", "CONFIG_CONFLICT"),
        (
            json!({ "decode": "json", "key": { "decode": "avro", "column": "k" } }),
            "input.key.schema",
            "CONFIG_MISSING",
        ),
        (json!({ "decode": "json", "key": {} }), "input.key.column", "CONFIG_MISSING"),
    ] {
        assert_eq!(resolved(input.clone()).1, [(path.to_owned(), code)], "{input}");
    }
}

#[test]
fn a_schema_that_cannot_fill_the_contract_is_told_before_anything_starts() {
    use arrow_schema::{DataType, Field, Schema};
    let columns = |name: &str| -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new(name, DataType::Int64, false)]))
    };
    let told = |input: Value, columns: &SchemaRef| {
        let (payload, issues) = resolved(input);
        assert_eq!(issues, []);
        let mut issues = Issues(Vec::new());
        check(&payload, Some(columns), &mut issues);
        let told = |issue: Issue| (issue.path.join("."), issue.code);
        issues.0.into_iter().map(told).collect::<Vec<_>>()
    };
    let avro = json!({ "decode": "avro", "schema": "ping.avsc" });
    assert_eq!(told(avro.clone(), &columns("n")), []);
    let incompatible = ("input.schema".to_owned(), "SCHEMA_INCOMPATIBLE");
    assert_eq!(told(avro, &columns("m")), [incompatible]);
    let unnamed = json!({ "decode": "protobuf", "schema": "ping.proto" });
    assert_eq!(told(unnamed, &columns("n")), [("input.schema".to_owned(), "SCHEMA_INVALID")]);
    let key = json!({ "decode": "json", "key": { "column": "k" } });
    assert_eq!(told(key, &columns("n")), [("input.key.column".to_owned(), "CONFIG_VALUE")]);
}
