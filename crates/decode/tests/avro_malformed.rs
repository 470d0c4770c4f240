//! What is no record: a dead letter that names the field and the byte, and harms no neighbour.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;

use arrow_array::Array;
use arrow_schema::{DataType, Field, Schema as Columns, SchemaRef};
use headgate_decode::DecodeOptions;
use headgate_model::DeadLetterKind;
use support::avro::{decode, record, writer};
use support::{list, map, object};

fn columns(of: DataType) -> SchemaRef {
    Arc::new(Columns::new(vec![Field::new("f", of, true)]))
}

fn dead(of: &str, column: DataType, payload: &[u8]) -> String {
    let columns = columns(column);
    let decoded =
        decode(&columns, &writer(record(&[("f", of)])), DecodeOptions::default(), [payload]);
    let [dead] = &decoded.dead[..] else { panic!("{payload:?} is a {of}") };
    assert_eq!(dead.kind, DeadLetterKind::Avro);
    dead.message.clone()
}

const LONG_MAX: [u8; 10] = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

#[test]
fn every_way_to_be_malformed_has_its_message() {
    let array = r#"{"type": "array", "items": "string"}"#;
    let nulls = r#"{"type": "array", "items": "null"}"#;
    let many = |payload: &[u8]| [&LONG_MAX[..], payload].concat();
    let enumeration = r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#;
    let big = r#"{"type": "bytes", "logicalType": "big-decimal"}"#;
    let texts = || list(DataType::Utf8);
    let table: Vec<(&str, DataType, Vec<u8>, &str)> = vec![
        ("\"long\"", DataType::Int64, vec![], "unexpected end in `f` at byte 0"),
        ("\"long\"", DataType::Int64, vec![0x80], "unexpected end in `f` at byte 1"),
        (
            "\"long\"",
            DataType::Int64,
            vec![0xff; 10],
            "number of more than 64 bits in `f` at byte 0",
        ),
        (
            "\"long\"",
            DataType::Int64,
            vec![0x80; 11],
            "number of more than 64 bits in `f` at byte 0",
        ),
        (
            "\"int\"",
            DataType::Int64,
            LONG_MAX.to_vec(),
            "int of more than 32 bits in `f` at byte 0",
        ),
        (
            "\"boolean\"",
            DataType::Boolean,
            vec![2],
            "boolean that is neither 0 nor 1 in `f` at byte 0",
        ),
        ("\"double\"", DataType::Float64, vec![0; 7], "unexpected end in `f` at byte 7"),
        ("\"string\"", DataType::Utf8, vec![1], "negative length in `f` at byte 0"),
        ("\"string\"", DataType::Utf8, vec![4, b'a'], "unexpected end in `f` at byte 2"),
        ("\"string\"", DataType::Utf8, many(b"a"), "unexpected end in `f` at byte 11"),
        (
            "\"string\"",
            DataType::Utf8,
            vec![4, 0xc3, 0x28],
            "string that is not UTF-8 in `f` at byte 1",
        ),
        ("\"bytes\"", DataType::Binary, many(b""), "unexpected end in `f` at byte 10"),
        (
            r#"["null", "long"]"#,
            DataType::Int64,
            vec![4],
            "union without this branch in `f` at byte 0",
        ),
        (
            r#"["null", "long"]"#,
            DataType::Int64,
            vec![1],
            "union without this branch in `f` at byte 0",
        ),
        (enumeration, DataType::Utf8, vec![2], "enum without this symbol in `f` at byte 0"),
        (enumeration, DataType::Utf8, vec![1], "enum without this symbol in `f` at byte 0"),
        ("\"long\"", DataType::Int64, vec![2, 0], "expected nothing behind the record at byte 1"),
        (big, DataType::Utf8, vec![2, 0], "big-decimal that is not whole in `f` at byte 1"),
        (
            big,
            DataType::Utf8,
            vec![8, 2, 1, 2, 0],
            "big-decimal that is not whole in `f` at byte 1",
        ),
        (array, texts(), many(&[2, b'a']), "unexpected end in `f[]` at byte 12"),
        (array, texts(), vec![1, 3, 2, b'a', 0], "negative length in `f[]` at byte 1"),
        (
            array,
            texts(),
            vec![1, 6, 2, b'a', 0],
            "block of another size than it says in `f[]` at byte 4",
        ),
        (array, texts(), vec![1, 20, 2, b'a', 0], "unexpected end in `f[]` at byte 5"),
        (array, texts(), vec![2, 2, 0xff, 0], "string that is not UTF-8 in `f[]` at byte 2"),
        (array, DataType::Int64, vec![1, 3, 0], "negative length in `f[]` at byte 1"),
        (array, DataType::Int64, many(&[2, b'a']), "unexpected end in `f[]` at byte 12"),
        (
            nulls,
            list(DataType::Int64),
            many(&[]),
            "too many values that take no bytes in `f[]` at byte 10",
        ),
        (
            r#"{"type": "map", "values": "long"}"#,
            map(DataType::Int64),
            vec![2, 2, 0xff, 0, 0],
            "string that is not UTF-8 in `f{}` at byte 2",
        ),
        (
            r#"{"type": "record", "name": "I", "fields": [{"name": "x", "type": {"type": "map", "values": "int"}}]}"#,
            object([("x", map(DataType::Int32))]),
            vec![2, 2, b'k', 0x80],
            "unexpected end in `f.x{}` at byte 4",
        ),
    ];
    for (of, column, payload, message) in table {
        assert_eq!(dead(of, column, &payload), message, "{payload:?} of {of}");
    }
}

#[test]
fn numbers_may_be_padded() {
    let columns = columns(DataType::Int64);
    let schema = writer(record(&[("f", "\"long\"")]));
    let payloads: [&[u8]; 3] = [
        &[0x82, 0x00],
        &[0x82, 0x80, 0x80, 0x00],
        &[0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
    ];
    assert_eq!(decode(&columns, &schema, DecodeOptions::default(), payloads).dead, []);
}

#[test]
fn an_empty_payload_is_a_record_without_fields() {
    let columns = columns(DataType::Int64);
    let decoded =
        decode(&columns, &writer(record(&[])), DecodeOptions::default(), [&b""[..], &b"\0"[..]]);
    assert_eq!(decoded.rows.num_rows(), 1);
    assert!(decoded.rows.column(0).is_null(0));
    assert_eq!(decoded.dead[0].message, "expected nothing behind the record at byte 0");
}

#[test]
fn values_without_bytes_are_skipped_whatever_their_count() {
    let columns = columns(DataType::Int64);
    let schema = record(&[("nulls", r#"{"type": "array", "items": "null"}"#), ("f", "\"long\"")]);
    let payload = [&LONG_MAX[..], &[0, 14]].concat();
    let decoded = decode(&columns, &writer(schema), DecodeOptions::default(), [payload]);
    assert_eq!(decoded.dead, []);
}

/// 2^60 empty records, in a schema of sixty lines.
#[test]
fn records_that_double_each_other_cost_nothing() {
    let doubled = |level: usize| {
        let fields = match level.checked_sub(1) {
            None => String::new(),
            Some(below) => format!(
                r#"{{"name": "a", "type": "R{below}"}}, {{"name": "b", "type": "R{below}"}}"#
            ),
        };
        format!(r#"{{"type": "record", "name": "R{level}", "fields": [{fields}]}}"#)
    };
    let levels: Vec<(String, String)> =
        (0..60).map(|level| (format!("level{level}"), doubled(level))).collect();
    let mut fields: Vec<(&str, &str)> =
        levels.iter().map(|(name, of)| (name.as_str(), of.as_str())).collect();
    fields.push(("f", "\"long\""));
    let schema = writer(record(&fields).replace(r#""name": "R","#, r#""name": "Root","#));
    let columns = columns(DataType::Int64);
    let decoded = decode(&columns, &schema, DecodeOptions::default(), [[2]]);
    assert_eq!(decoded.dead, []);
    let extra = support::options(headgate_decode::UnknownFields::Extra);
    let decoded = decode(&columns, &schema, extra, [[2]]);
    assert!(decoded.dead[0].message.starts_with("too many values that take no bytes"));
}
