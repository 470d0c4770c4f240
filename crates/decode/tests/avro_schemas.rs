//! A writer's schema against the columns: by name, with what differs told.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;

use apache_avro::types::Value;
use apache_avro::{GenericSingleObjectWriter, Schema};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as Columns, SchemaRef};
use headgate_decode::{DecodeOptions, UnknownFields};
use headgate_model::{DeadLetterKind, FieldViolation, SchemaFormat, UNKNOWN_FIELD, WriterSchema};
use support::avro::{
    decode, differences, encode, encode_in_blocks, fields, record, referring, told, writer,
};
use support::{list, map, object, options, schema, texts, utc};

fn columns(fields: impl IntoIterator<Item = (&'static str, DataType)>) -> SchemaRef {
    let nullable = |(name, of)| Field::new(name, of, true);
    Arc::new(Columns::new(fields.into_iter().map(nullable).collect::<Vec<_>>()))
}

fn json(name: &str, kind: &str) -> Field {
    let told = [("headgate.json".to_owned(), kind.to_owned())];
    Field::new(name, DataType::Utf8, true).with_metadata(told.into())
}

fn ints(rows: &RecordBatch, column: &str) -> Vec<Option<i64>> {
    rows.column_by_name(column).unwrap().as_primitive::<Int64Type>().iter().collect()
}

fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn fields_may_be_added_removed_reordered_and_promoted() {
    let columns = columns([
        ("id", DataType::Int64),
        ("name", DataType::Utf8),
        ("at", DataType::Float64),
        ("gone", DataType::Int64),
    ]);
    let written = record(&[
        ("added", r#"{"type": "map", "values": {"type": "array", "items": "string"}}"#),
        ("name", "\"string\""),
        ("id", "\"int\""),
        ("at", "\"float\""),
    ]);
    let added = Value::Map([("k".to_owned(), Value::Array(vec![string("v")]))].into());
    let payload = |block| {
        let members = [
            ("added", added.clone()),
            ("name", string("a")),
            ("id", Value::Int(7)),
            ("at", Value::Float(0.5)),
        ];
        encode_in_blocks(&written, fields(members), block)
    };
    let decoded = decode(
        &columns,
        &writer(&written),
        DecodeOptions::default(),
        [payload(None), payload(Some(1))],
    );
    assert_eq!(decoded.dead, []);
    assert_eq!(decoded.fields, []);
    assert_eq!(ints(&decoded.rows, "id"), [Some(7), Some(7)]);
    assert_eq!(texts(decoded.rows.column_by_name("name").unwrap()), [Some("a"), Some("a")]);
    assert_eq!(ints(&decoded.rows, "gone"), [None, None]);
    assert_eq!(
        told(&differences(&columns, &writer(&written)).unwrap()),
        ["added: absent <- map of array", "gone: integer of 64 bits <- absent"]
    );
}

#[test]
fn a_renamed_field_is_an_absent_and_an_unknown_one() {
    let columns = schema([("new", DataType::Utf8)]);
    let written = r#"{"type": "record", "name": "R", "fields": [
        {"name": "old", "type": "string", "aliases": ["new"]}]}"#;
    assert_eq!(
        told(&differences(&columns, &writer(written)).unwrap()),
        ["old: absent <- string", "! new: string, required <- absent"]
    );
}

#[test]
fn what_cannot_fit_is_told_for_every_level() {
    let columns = schema([
        ("a", DataType::Boolean),
        ("b", DataType::Int64),
        ("c", object([("x", DataType::Utf8), ("y", DataType::Date32)])),
        ("d", list(object([("z", utc())]))),
        ("e", map(DataType::Int32)),
        ("f", DataType::Utf8),
        ("g", DataType::Decimal128(9, 2)),
        ("h", DataType::Utf8),
    ]);
    let written = record(&[
        ("a", "\"string\""),
        ("b", r#"["null", "long"]"#),
        (
            "c",
            r#"{"type": "record", "name": "C", "fields": [{"name": "x", "type": "int"}, {"name": "w", "type": "bytes"}]}"#,
        ),
        (
            "d",
            r#"{"type": "array", "items": {"type": "record", "name": "D", "fields": [{"name": "z", "type": {"type": "long", "logicalType": "local-timestamp-micros"}}]}}"#,
        ),
        ("e", r#"{"type": "map", "values": ["null", "boolean", "int"]}"#),
        ("f", "\"null\""),
        ("g", r#"["string", "double"]"#),
        ("h", r#"["int", "boolean"]"#),
    ]);
    assert_eq!(
        told(&differences(&columns, &writer(&written)).unwrap()),
        [
            "! a: boolean, required <- string",
            "b: integer of 64 bits, required <- union of null, long",
            "! c.x: string, required <- int",
            "c.w: absent <- bytes",
            "! c.y: date, required <- absent",
            "! d[].z: timestamp, required <- long (local-timestamp-micros)",
            "e{}: integer of 32 bits, required <- union of null, boolean, int",
            "e{}: integer of 32 bits, required <- boolean",
            "! f: string, required <- null",
            "g: decimal(9, 2), required <- string",
            "! h: string, required <- int",
            "! h: string, required <- boolean",
        ]
    );
}

#[test]
fn names_are_found_in_references_namespaces_and_behind_aliases() {
    let point = r#"{"type": "record", "name": "Point", "namespace": "geo", "aliases": ["Spot"], "fields": [
        {"name": "x", "type": "long"}, {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A"]}}]}"#;
    let line = r#"{"type": "record", "name": "Line", "namespace": "geo", "fields": [
        {"name": "from", "type": "Point"}, {"name": "to", "type": ["null", "geo.Point"]}]}"#;
    let root = record(&[("line", "\"geo.Line\""), ("kind", "\"geo.Kind\"")]);
    let schema = referring(&root, &[("point.avsc", point), ("line.avsc", line)]);
    let point = object([("x", DataType::Int64), ("kind", DataType::Utf8)]);
    let line = object([("from", point.clone()), ("to", point)]);
    let columns = columns([("line", line), ("kind", DataType::Utf8)]);
    // x, kind; branch 1, x, kind; kind
    let decoded = decode(&columns, &schema, DecodeOptions::default(), [[2, 0, 2, 4, 0, 0]]);
    assert_eq!(decoded.dead, []);
    let line = decoded.rows.column(0).as_struct();
    let x = |side: &str| {
        line.column_by_name(side)
            .unwrap()
            .as_struct()
            .column(0)
            .as_primitive::<Int64Type>()
            .value(0)
    };
    assert_eq!((x("from"), x("to")), (1, 2));
    assert_eq!(texts(decoded.rows.column(1)), [Some("A")]);
}

#[test]
fn schemas_that_are_none_are_refused_and_never_panic() {
    // Of one column, a payload may be its value.
    let columns = columns([("a", DataType::Utf8), ("b", DataType::Utf8)]);
    let named = r#"{"name": "a", "type": {"type": "record", "name": "b", "fields": []}}"#;
    for (schema, reason) in [
        (writer("{"), "Failed to parse schema from JSON"),
        (writer(record(&[("a", "\"Nowhere\"")])), "Nowhere"),
        (writer("\"string\""), "a payload is string, not a record"),
        (writer(r#"["null", "long"]"#), "a payload is union of null, long, not a record"),
        (referring(&record(&[]), &[("x.avsc", "[")]), "reference `x.avsc`"),
        (referring("[", &[("x.avsc", named)]), "EOF"),
        (WriterSchema { format: SchemaFormat::Protobuf, ..writer("{}") }, "it is Protobuf"),
    ] {
        let error = differences(&columns, &schema).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert!(differences(&columns, &referring(&record(&[]), &[("x.avsc", named)])).is_ok());
}

const TREE: &str = r#"{"type": "record", "name": "Tree", "fields": [
    {"name": "n", "type": "long"},
    {"name": "left", "type": ["null", "Tree"]},
    {"name": "more", "type": {"type": "array", "items": "Tree"}}]}"#;

#[test]
fn a_recursive_type_goes_as_deep_as_its_columns_or_into_json() {
    let leaf = object([("n", DataType::Int64)]);
    let columns: SchemaRef = Arc::new(Columns::new(vec![
        Field::new("n", DataType::Int64, true),
        Field::new("left", leaf, true),
        json("more", "array"),
    ]));
    // 1, left: 2 (left: 3, more: []), more: []; more: [4]
    let payload = [2, 2, 4, 2, 6, 0, 0, 0, 2, 8, 0, 0, 0];
    let decoded = decode(&columns, &writer(TREE), DecodeOptions::default(), [payload]);
    assert_eq!(decoded.dead, []);
    let left = decoded.rows.column(1).as_struct();
    assert_eq!(left.column(0).as_primitive::<Int64Type>().value(0), 2);
    assert_eq!(texts(decoded.rows.column(2)), [Some(r#"[{"n":4,"left":null,"more":[]}]"#)]);
}

#[test]
fn recursion_in_a_payload_ends_at_the_deepest_level() {
    let only_n = columns([("n", DataType::Int64)]);
    let nested = |levels: usize| {
        let mut payload = [2, 2].repeat(levels - 1);
        payload.extend([2, 0]);
        payload.extend(vec![0; levels]);
        payload
    };
    let decoded =
        decode(&only_n, &writer(TREE), DecodeOptions::default(), [nested(127), nested(128)]);
    assert_eq!(decoded.rows.num_rows(), 1);
    let message = &decoded.dead[0].message;
    assert!(message.starts_with("nested too deeply in `left.left."), "{message}");
    assert!(message.ends_with(".left.more[]` at byte 256"), "{message}");

    let endless = r#"{"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}"#;
    let decoded = decode(&only_n, &writer(endless), DecodeOptions::default(), [[]; 1]);
    assert_eq!(decoded.dead[0].kind, DeadLetterKind::Avro);
}

#[test]
fn records_of_a_union_are_read_each_by_its_own_fields() {
    let written = r#"[
        {"type": "record", "name": "A", "fields": [{"name": "id", "type": "long"}, {"name": "a", "type": "string"}]},
        "null",
        {"type": "record", "name": "B", "fields": [{"name": "b", "type": "string"}, {"name": "id", "type": "long"}]}]"#;
    let columns = schema([("id", DataType::Int64), ("b", DataType::Utf8)]);
    let payloads: [&[u8]; 3] = [&[0, 2, 2, b'x'], &[2], &[4, 2, b'y', 4]];
    let decoded = decode(&columns, &writer(written), DecodeOptions::default(), payloads);
    assert_eq!(ints(&decoded.rows, "id"), [Some(1), Some(2)]);
    assert_eq!(texts(decoded.rows.column(1)), [None, Some("y")]);
    assert_eq!(decoded.dead[0].message, "expected a record at byte 0");
    assert_eq!(
        told(&differences(&columns, &writer(written)).unwrap()),
        ["a: absent <- string", "b: string, required <- absent"]
    );
}

#[test]
fn unknown_fields_are_ignored_kept_or_told() {
    let columns = columns([("id", DataType::Int64), ("o", object([("x", DataType::Int64)]))]);
    let written = record(&[
        ("s", "\"string\""),
        ("id", "\"long\""),
        (
            "o",
            r#"{"type": "record", "name": "O", "fields": [{"name": "y", "type": "double"}, {"name": "x", "type": "long"}]}"#,
        ),
        ("d", r#"{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}"#),
        ("u", r#"["null", "bytes", "float"]"#),
        ("m", r#"{"type": "map", "values": ["null", "boolean"]}"#),
        ("t", r#"{"type": "long", "logicalType": "timestamp-millis"}"#),
        ("n", "\"double\""),
    ]);
    let payload = encode(
        &written,
        fields([
            ("s", string("\"\\\u{1}é")),
            ("id", Value::Long(1)),
            ("o", fields([("y", Value::Double(0.5)), ("x", Value::Long(2))])),
            ("d", Value::Decimal(apache_avro::Decimal::from([0xff_u8]))),
            ("u", Value::Union(1, Box::new(Value::Bytes(vec![1])))),
            (
                "m",
                Value::Map(
                    [("k".to_owned(), Value::Union(1, Box::new(Value::Boolean(true))))].into(),
                ),
            ),
            ("t", Value::TimestampMillis(0)),
            ("n", Value::Double(f64::NEG_INFINITY)),
        ]),
    );
    let with =
        |unknown| decode(&columns, &writer(&written), options(unknown), [&payload, &payload]);
    assert_eq!(with(UnknownFields::Ignore).fields, []);
    let extra = with(UnknownFields::Extra);
    let expected = r#"{"s":"\"\\\u0001é","d":-0.01,"u":"AQ==","m":{"k":true},"t":"1970-01-01T00:00:00Z","n":"-Infinity"}"#;
    assert_eq!(texts(extra.rows.column(2)), [Some(expected); 2]);
    assert!(serde_json::from_str::<serde_json::Value>(expected).is_ok());
    let told = [0, 1].map(|row| FieldViolation { row, field: UNKNOWN_FIELD });
    assert_eq!(with(UnknownFields::Reject).fields, told);
}

#[test]
fn a_map_with_a_key_twice_is_null_and_a_violation() {
    let columns = columns([("m", map(DataType::Int64))]);
    let written = record(&[("m", r#"{"type": "map", "values": "long"}"#)]);
    let payloads: [&[u8]; 2] = [&[4, 2, b'a', 2, 2, b'b', 4, 0], &[4, 2, b'a', 2, 2, b'a', 4, 0]];
    let decoded = decode(&columns, &writer(&written), DecodeOptions::default(), payloads);
    assert!(decoded.rows.column(0).is_valid(0) && decoded.rows.column(0).is_null(1));
    assert_eq!(decoded.fields, [FieldViolation { row: 1, field: 0 }]);
}

#[test]
fn a_single_object_is_read_by_its_own_schema_only() {
    let columns = columns([("n", DataType::Int64)]);
    let single = |text: &str| {
        let schema = Schema::parse_str(text).unwrap();
        let mut writer = GenericSingleObjectWriter::new_with_capacity(&schema, 64).unwrap();
        let mut out = Vec::new();
        writer.write_value(fields([("n", Value::Long(5))]), &mut out).unwrap();
        out
    };
    let mine = record(&[("n", "\"long\"")]);
    let other = mine.replace("\"R\"", "\"S\"");
    let mut long = single(&mine);
    long.push(0);
    let bare = vec![10];
    let payloads = [single(&mine), single(&other), long, bare];
    let decoded = decode(&columns, &writer(&mine), DecodeOptions::default(), payloads);
    assert_eq!(ints(&decoded.rows, "n"), [Some(5), Some(5)]);
    let messages: Vec<&str> = decoded.dead.iter().map(|dead| dead.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "fingerprint of another schema at byte 2",
            "expected nothing behind the record at byte 11"
        ]
    );
}

#[test]
fn a_fingerprint_knows_what_references_say() {
    let point = r#"{"type": "record", "name": "P", "fields": [{"name": "n", "type": "long"}]}"#;
    let root = record(&[("p", "\"P\"")]);
    let whole = record(&[("p", point)]);
    let schema = Schema::parse_str(&whole).unwrap();
    let mut single = GenericSingleObjectWriter::new_with_capacity(&schema, 64).unwrap();
    let mut out = Vec::new();
    let value = fields([("p", fields([("n", Value::Long(5))]))]);
    single.write_value(value, &mut out).unwrap();
    let columns = columns([("p", object([("n", DataType::Int64)]))]);
    let schema = referring(&root, &[("p", point)]);
    let decoded = decode(&columns, &schema, DecodeOptions::default(), [out]);
    assert_eq!(decoded.dead, []);
}
