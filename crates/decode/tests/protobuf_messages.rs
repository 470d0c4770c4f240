//! Messages: order, repetition, presence, nesting, and what no column wants.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_schema::DataType;
use headgate_decode::{DecodeOptions, UnknownFields};
use headgate_model::UNKNOWN_FIELD;
use support::model::Model;
use support::proto::Gives::{Misfit, Value};
use support::proto::{bytes, decode_messages, field, fixed32, group, int, json_column, row, text};
use support::{list, map, object, options, schema, texts};

const PAIR: &str = "syntax = \"proto3\"; message M { int32 a = 1; string b = 2; Inner c = 3; \
    oneof choice { int32 d = 4; string e = 5; Inner g = 6; } repeated int32 h = 7; \
    map<string, Inner> i = 8; } message Inner { int32 x = 1; int32 y = 2; repeated int32 z = 3; }";

fn inner() -> DataType {
    let z = ("z", list(DataType::Int64));
    object([("x", DataType::Int64), ("y", DataType::Int64), z])
}

fn ints(values: &[i64]) -> Model {
    Model::List(values.iter().map(|value| Model::Int(*value)).collect())
}

fn inner_of(x: i64, y: i64, z: &[i64]) -> Model {
    let member = |name: &str, value| (name.to_owned(), value);
    Model::Object(vec![
        member("x", Model::Int(x)),
        member("y", Model::Int(y)),
        member("z", ints(z)),
    ])
}

fn of_pair(name: &'static str, of: DataType, payload: &[u8]) -> Model {
    let (mut row, violated) = row(PAIR, &schema([(name, of)]), payload);
    assert!(violated.is_empty(), "{violated:?}");
    row.remove(0)
}

#[test]
fn the_last_value_of_a_scalar_stays_wherever_it_is() {
    let schema = schema([("a", DataType::Int64), ("b", DataType::Utf8)]);
    let expected = (vec![Model::Int(9), text("z")], vec![]);
    for fields in [
        vec![int(1, 9), bytes(2, "z")],
        vec![bytes(2, "z"), int(1, 9)],
        vec![int(1, 1), int(1, 2), int(1, 9), bytes(2, "z")],
        vec![int(1, 1), bytes(2, "y"), int(1, 9), bytes(2, "z")],
        vec![bytes(2, "y"), int(1, 1), bytes(2, "z"), int(1, 9)],
    ] {
        assert_eq!(row(PAIR, &schema, &fields.concat()), expected, "{fields:?}");
    }
}

#[test]
fn a_replaced_value_leaves_no_violation() {
    let schema = schema([("a", DataType::Int8)]);
    let replaced = [int(1, 1_000), int(1, 5)].concat();
    assert_eq!(row(PAIR, &schema, &replaced), (vec![Model::Int(5)], vec![]));
    let worse = [int(1, 5), int(1, 1_000)].concat();
    assert_eq!(row(PAIR, &schema, &worse), (vec![Model::Null], vec!["a".to_owned()]));
}

#[test]
fn an_order_once_seen_is_expected_and_any_other_still_read() {
    let schema = schema([("a", DataType::Int64), ("b", DataType::Utf8), ("d", DataType::Int64)]);
    let (a, b, d) = (int(1, 1), bytes(2, "b"), int(4, 4));
    let orders = [[&d, &b, &a], [&d, &b, &a], [&a, &b, &d], [&b, &a, &d], [&d, &a, &b]];
    let payloads: Vec<Vec<u8>> = orders
        .iter()
        .flat_map(|order| [order.map(|field| &field[..]).concat(), order[0].clone()])
        .collect();
    let decoded = decode_messages(PAIR, &schema, DecodeOptions::default(), &payloads);
    assert_eq!((decoded.dead.len(), decoded.fields.len()), (0, 0));
    for (row, payload) in payloads.iter().enumerate() {
        let alone = decode_messages(PAIR, &schema, DecodeOptions::default(), [payload]);
        assert_eq!(decoded.rows.slice(row, 1), alone.rows, "row {row}");
    }
}

#[test]
fn messages_that_come_again_are_merged() {
    let (x, y) = ([int(1, 5), bytes(3, [1, 2])].concat(), [int(2, 7), int(3, 3)].concat());
    let merged = [bytes(3, &x), bytes(3, &y)].concat();
    assert_eq!(of_pair("c", inner(), &merged), inner_of(5, 7, &[1, 2, 3]));
    let apart = [bytes(3, &x), int(1, 1), bytes(3, &y), bytes(3, int(1, 6))].concat();
    assert_eq!(of_pair("c", inner(), &apart), inner_of(6, 7, &[1, 2, 3]));
    assert_eq!(of_pair("c", inner(), &bytes(3, [])), inner_of(0, 0, &[]));
    assert_eq!(of_pair("c", inner(), &[]), Model::Null);
}

#[test]
fn of_a_oneof_the_last_member_stays() {
    let schema = schema([("d", DataType::Int64), ("e", DataType::Utf8), ("g", inner())]);
    let (d, e, g) = (int(4, 4), bytes(5, "e"), bytes(6, int(1, 6)));
    let null = Model::Null;
    for (fields, expected) in [
        (vec![], [null.clone(), null.clone(), null.clone()]),
        (vec![&d], [Model::Int(4), null.clone(), null.clone()]),
        (vec![&d, &e], [null.clone(), text("e"), null.clone()]),
        (vec![&e, &d], [Model::Int(4), null.clone(), null.clone()]),
        (vec![&d, &e, &g], [null.clone(), null.clone(), inner_of(6, 0, &[])]),
        (vec![&g, &d, &g], [null.clone(), null.clone(), inner_of(6, 0, &[])]),
    ] {
        let payload: Vec<u8> = fields.into_iter().flatten().copied().collect();
        assert_eq!(row(PAIR, &schema, &payload), (expected.to_vec(), vec![]));
    }
    // A member between two of another starts that one anew; right behind itself it is merged.
    let (x, y) = (bytes(6, int(1, 6)), bytes(6, int(2, 7)));
    let merged = [x.clone(), y.clone()].concat();
    assert_eq!(of_pair("g", inner(), &merged), inner_of(6, 7, &[]));
    assert_eq!(of_pair("g", inner(), &[x, d, y].concat()), inner_of(0, 7, &[]));
    // A member that no column wants takes the place all the same.
    assert_eq!(of_pair("d", DataType::Int64, &[int(4, 4), e].concat()), Model::Null);
}

#[test]
fn arrays_are_taken_packed_or_not_together_or_apart() {
    let of = list(DataType::Int64);
    for fields in [
        vec![bytes(7, [1, 2, 3])],
        vec![int(7, 1), int(7, 2), int(7, 3)],
        vec![int(7, 1), bytes(7, [2, 3])],
        vec![bytes(7, []), int(7, 1), int(1, 1), bytes(7, [2]), int(7, 3)],
    ] {
        assert_eq!(of_pair("h", of.clone(), &fields.concat()), ints(&[1, 2, 3]), "{fields:?}");
    }
    assert_eq!(of_pair("h", of.clone(), &[]), ints(&[]), "absent is empty");
    assert_eq!(of_pair("h", of, &bytes(7, [])), ints(&[]));
    assert_eq!(row(PAIR, &json_column("h", "array"), &bytes(7, [1, 2])).0, [text("[1,2]")]);
    assert_eq!(row(PAIR, &json_column("h", "array"), &[]).0, [text("[]")]);
    let narrow = schema([("h", list(DataType::Int8))]);
    let (values, violated) = row(PAIR, &narrow, &bytes(7, [1, 0x80, 2]));
    assert_eq!(values, [Model::List(vec![Model::Int(1), Model::Null])]);
    assert_eq!(violated, ["h[]"]);
}

#[test]
fn of_entries_with_one_key_the_last_stays() {
    let entry = |key: &str, value: &[u8]| bytes(8, [bytes(1, key), value.to_vec()].concat());
    let (five, six) = (bytes(2, int(1, 5)), bytes(2, int(1, 6)));
    let of = |entries: &[(&str, i64)]| {
        let entry = |(key, x): &(&str, i64)| ((*key).to_owned(), inner_of(*x, 0, &[]));
        Model::Map(entries.iter().map(entry).collect())
    };
    let read = |payload: &[u8]| of_pair("i", map(inner()), payload);
    assert_eq!(read(&[]), of(&[]));
    assert_eq!(read(&[entry("a", &five), entry("b", &six)].concat()), of(&[("a", 5), ("b", 6)]));
    let again = [entry("a", &five), entry("b", &six), entry("a", &six)].concat();
    assert_eq!(read(&again), of(&[("b", 6), ("a", 6)]));
    let apart = [entry("a", &five), int(1, 1), entry("a", &six)].concat();
    assert_eq!(read(&apart), of(&[("a", 6)]));
    assert_eq!(read(&bytes(8, [])), of(&[("", 0)]), "neither key nor value");
    assert_eq!(read(&bytes(8, [&five[..], &bytes(1, "k")].concat())), of(&[("k", 5)]));
    let twice = bytes(8, [bytes(1, "x"), bytes(1, "k"), five, six].concat());
    assert_eq!(read(&twice), of(&[("k", 6)]));
    let text_of = row(PAIR, &json_column("i", "object"), &again).0;
    assert_eq!(text_of, [text(r#"{"a":{"x":6},"b":{"x":6}}"#)]);
}

#[test]
fn keys_of_every_type_are_texts() {
    for (kind, key, expected) in [
        ("int32", int(1, -1), "-1"),
        ("sint64", int(1, 1), "-1"),
        ("uint64", int(1, -1), "18446744073709551615"),
        ("fixed32", fixed32(1, [255; 4]), "4294967295"),
        ("sfixed32", fixed32(1, [255; 4]), "-1"),
        ("bool", int(1, 1), "true"),
        ("bool", vec![], "false"),
        ("int64", vec![], "0"),
    ] {
        let proto = format!("syntax = \"proto3\"; message M {{ map<{kind}, int32> f = 1; }}");
        let payload = bytes(1, [key, int(2, 3)].concat());
        let expected = Value(Model::Map(vec![(expected.to_owned(), Model::Int(3))]));
        assert_eq!(field(&proto, map(DataType::Int64), &payload), expected, "{kind}");
    }
}

#[test]
fn groups_are_messages_or_skipped() {
    let proto = "syntax = \"proto2\"; message M { optional int32 a = 1; \
        optional group F = 2 { optional int32 x = 3; } repeated group G = 4 { optional int32 x = 1; } }";
    let x = object([("x", DataType::Int64)]);
    let wanted = schema([("f", x.clone()), ("g", list(x))]);
    let of = |x| Model::Object(vec![("x".to_owned(), x)]);
    let payload = [int(1, 9), group(2, &int(3, 5)), group(4, &[]), group(4, &int(1, 7))].concat();
    let expected = vec![of(Model::Int(5)), Model::List(vec![of(Model::Null), of(Model::Int(7))])];
    assert_eq!(row(proto, &wanted, &payload), (expected, vec![]));
    let merged = [group(2, &int(3, 5)), int(1, 1), group(2, &int(9, 1)), int(1, 2)].concat();
    assert_eq!(row(proto, &wanted, &merged).0[0], of(Model::Int(5)));
    let skipped = [group(2, &int(3, 5)), group(9, &group(8, &[])), int(1, 2)].concat();
    assert_eq!(row(proto, &schema([("a", DataType::Int64)]), &skipped).0, [Model::Int(2)]);
}

#[test]
fn a_field_of_another_wire_type_is_unknown() {
    let proto = "syntax = \"proto3\"; message M { optional int32 f = 1; }";
    let payload = [fixed32(1, [1; 4]), bytes(1, "abc")].concat();
    assert_eq!(field(proto, DataType::Int64, &payload), Value(Model::Null));
    let none = schema([("f", DataType::Int64)]);
    let decoded = decode_messages(proto, &none, options(UnknownFields::Reject), [payload]);
    assert_eq!(decoded.fields.iter().map(|of| of.field).collect::<Vec<_>>(), [UNKNOWN_FIELD]);
}

#[test]
fn fields_that_no_column_wants_are_ignored_kept_or_rejected() {
    let schema = schema([("a", DataType::Int64), ("c", object([("x", DataType::Int64)]))]);
    let payloads = [
        [int(1, 1), bytes(3, int(1, 2))].concat(),
        [int(1, 1), bytes(2, "q\""), bytes(3, int(2, 2)), bytes(7, [1]), int(7, 2)].concat(),
        [bytes(2, "y"), int(1, 1), bytes(2, "z")].concat(),
        int(99, 1),
    ];
    let rejected = decode_messages(PAIR, &schema, options(UnknownFields::Reject), &payloads);
    let rows: Vec<u32> = rejected.fields.iter().map(|violation| violation.row).collect();
    assert_eq!(rows, [1, 2, 3]);
    assert!(rejected.fields.iter().all(|violation| violation.field == UNKNOWN_FIELD));
    let kept = decode_messages(PAIR, &schema, options(UnknownFields::Extra), &payloads);
    assert!(kept.fields.is_empty());
    let extra = [None, Some(r#"{"b":"q\"","h":[1,2]}"#), Some(r#"{"b":"z"}"#), None];
    assert_eq!(texts(kept.rows.column(2)), extra);
}

#[test]
fn a_column_without_a_field_is_null_and_json_names_are_second() {
    let proto = "syntax = \"proto3\"; message M { int32 user_id = 1; int32 userName = 2; }";
    let schema = schema([
        ("userId", DataType::Int64),
        ("userName", DataType::Int64),
        ("other", DataType::Utf8),
    ]);
    let payload = [int(1, 1), int(2, 2)].concat();
    let expected = vec![Model::Int(1), Model::Int(2), Model::Null];
    assert_eq!(row(proto, &schema, &payload), (expected, vec![]));
}

#[test]
fn shapes_that_do_not_fit_are_misfits() {
    let proto = "syntax = \"proto3\"; message M { repeated int32 f = 1; }";
    assert_eq!(field(proto, DataType::Int64, &bytes(1, [1])), Misfit);
    assert_eq!(field(proto, DataType::Int64, &[]), Value(Model::Null));
    let proto = "syntax = \"proto3\"; message M { N f = 1; } message N {}";
    assert_eq!(field(proto, DataType::Int64, &bytes(1, [])), Misfit);
    assert_eq!(field(proto, map(DataType::Int64), &bytes(1, [])), Misfit);
}
