//! What each column takes of each scalar of Protobuf, at its limits.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_schema::DataType;
use support::model::Model;
use support::proto::Gives::{self, Dead, Misfit, Value};
use support::proto::{bytes, field, fixed32, fixed64, float, int, text};
use support::{list, local, utc};

fn check(kind: &str, of: DataType, table: &[(Vec<u8>, Gives)]) {
    let proto = format!("syntax = \"proto3\"; message M {{ optional {kind} f = 1; }}");
    for (payload, expected) in table {
        let given = field(&proto, of.clone(), payload);
        assert_eq!(given, *expected, "{kind} {payload:?} as {of}");
    }
    assert_eq!(field(&proto, of, &[]), Value(Model::Null), "{kind}, absent");
}

fn of_int(value: i64) -> Gives {
    Value(Model::Int(value))
}

fn decimal(value: i128) -> Gives {
    Value(Model::Decimal(value))
}

fn dead(message: &str) -> Gives {
    Dead(message.to_owned())
}

const BIG: DataType = DataType::Decimal128(20, 0);

#[test]
fn integers_are_taken_to_their_limits() {
    let (min32, max32) = (i64::from(i32::MIN), i64::from(i32::MAX));
    let same = |value: i64| (int(1, value), of_int(value));
    check("int32", DataType::Int64, &[same(min32), same(-1), same(0), same(max32)]);
    // More than 32 bits are cut, as every reader of Protobuf does.
    check("int32", DataType::Int64, &[(int(1, (7 << 32) + 5), of_int(5))]);
    check("int64", DataType::Int64, &[same(i64::MIN), same(-1), same(0), same(i64::MAX)]);
    check("uint32", DataType::Int64, &[same(u32::MAX.into()), same(0)]);
    check("uint64", DataType::Int64, &[same(i64::MAX), (int(1, -1), Misfit)]);
    check("uint64", BIG, &[(int(1, -1), decimal(u64::MAX.into())), (int(1, 7), decimal(7))]);
    check("uint64", DataType::Float64, &[(int(1, -1), Value(float(u64::MAX as f64)))]);
    for (kind, limits) in [("sint32", [min32, max32]), ("sint64", [i64::MIN, i64::MAX])] {
        let written = |value: i64| int(1, value << 1 ^ value >> 63);
        let table = [limits[0], -1, 0, 1, limits[1]];
        check(kind, DataType::Int64, &table.map(|value| (written(value), of_int(value))));
    }
}

#[test]
fn fixed_integers_are_taken_to_their_limits() {
    let fixed = |value: u32| fixed32(1, value.to_le_bytes());
    let wide = |value: u64| fixed64(1, value.to_le_bytes());
    check("fixed32", DataType::Int64, &[(fixed(u32::MAX), of_int(u32::MAX.into()))]);
    check("sfixed32", DataType::Int64, &[(fixed(u32::MAX), of_int(-1))]);
    check("sfixed32", DataType::Int64, &[(fixed(1 << 31), of_int(i32::MIN.into()))]);
    check("fixed64", DataType::Int64, &[(wide(u64::MAX), Misfit), (wide(9), of_int(9))]);
    check("fixed64", BIG, &[(wide(u64::MAX), decimal(u64::MAX.into()))]);
    check("sfixed64", DataType::Int64, &[(wide(1 << 63), of_int(i64::MIN))]);
}

#[test]
fn integers_beyond_their_column_are_misfits() {
    check("int64", DataType::Int8, &[(int(1, 127), of_int(127)), (int(1, 128), Misfit)]);
    check("int64", DataType::Int8, &[(int(1, -128), of_int(-128)), (int(1, -129), Misfit)]);
    let narrow = DataType::Decimal128(4, 2);
    check("int64", narrow, &[(int(1, 99), decimal(9900)), (int(1, 100), Misfit)]);
    check("int64", DataType::Utf8, &[(int(1, 5), Misfit)]);
    check("int64", DataType::Boolean, &[(int(1, 1), Misfit)]);
    check("int64", utc(), &[(int(1, 1), Misfit)]);
    check("int64", list(DataType::Int64), &[(int(1, 1), Misfit)]);
}

#[test]
fn floats_are_taken_as_the_nearest_or_exactly() {
    let wide = |value: f64| fixed64(1, value.to_le_bytes());
    let single = |value: f32| fixed32(1, value.to_le_bytes());
    let same = |value: f64| (wide(value), Value(float(value)));
    check("double", DataType::Float64, &[same(-0.0), same(5e-324), same(f64::MAX), same(0.1)]);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for of in [DataType::Float64, DataType::Float32, DataType::Int64, BIG] {
            check("double", of, &[(wide(value), Misfit)]);
        }
        check("float", DataType::Float64, &[(single(value as f32), Misfit)]);
    }
    check("double", DataType::Float32, &[(wide(0.5), Value(float(0.5))), (wide(1e39), Misfit)]);
    check("float", DataType::Float64, &[(single(0.1), Value(float(f64::from(0.1_f32))))]);
    check("double", DataType::Int64, &[(wide(3.0), of_int(3)), (wide(3.5), Misfit)]);
    check("double", DataType::Int64, &[(wide(-(2_f64.powi(63))), of_int(i64::MIN))]);
    check("double", DataType::Int64, &[(wide(2_f64.powi(63)), Misfit)]);
    let money = DataType::Decimal128(12, 2);
    check("double", money.clone(), &[(wide(12.34), decimal(1234)), (wide(0.1), decimal(10))]);
    check("double", money.clone(), &[(wide(-0.07), decimal(-7)), (wide(0.001), Misfit)]);
    check("double", money.clone(), &[(wide(9_999_999_999.99), decimal(999_999_999_999))]);
    check("double", money.clone(), &[(wide(1e10), Misfit), (wide(1e300), Misfit)]);
    check(
        "double",
        DataType::Decimal128(38, 20),
        &[(wide(1.5e-20), Misfit), (wide(1e-20), decimal(1))],
    );
    check("float", money, &[(single(0.1), decimal(10)), (single(16.25), decimal(1625))]);
}

#[test]
fn booleans_are_any_varint_but_0() {
    let of = |value| Value(Model::Bool(value));
    let table = [(int(1, 0), of(false)), (int(1, 1), of(true)), (int(1, i64::MIN), of(true))];
    check("bool", DataType::Boolean, &table);
    check("bool", DataType::Int64, &[(int(1, 1), Misfit)]);
    check("bool", DataType::Utf8, &[(int(1, 1), Misfit)]);
}

#[test]
fn strings_are_text_or_what_json_reads_of_text() {
    let same = |value: &str| (bytes(1, value), Value(text(value)));
    let long = "ä".repeat(100);
    check("string", DataType::Utf8, &[same(""), same("a"), same("0123456789abcdef"), same(&long)]);
    let broken = dead("string that is not UTF-8 at byte 3 in `f`");
    check("string", DataType::Utf8, &[(bytes(1, b"a\xff"), broken)]);
    let days = Value(Model::Days(20_601));
    check("string", DataType::Date32, &[(bytes(1, "2026-05-28"), days), (bytes(1, ""), Misfit)]);
    let noon = "2026-05-28T12:00:00Z";
    let instant = Value(Model::Micros(1_779_969_600_000_000));
    check("string", utc(), &[(bytes(1, noon), instant), (bytes(1, "2026-05-28"), Misfit)]);
    check("string", local(), &[(bytes(1, noon), Misfit)]);
    let money = DataType::Decimal128(12, 2);
    check("string", money.clone(), &[(bytes(1, "12.5"), decimal(1250))]);
    check("string", money, &[(bytes(1, "12.345"), Misfit), (bytes(1, "x"), Misfit)]);
    check("string", DataType::Int64, &[(bytes(1, "1"), Misfit)]);
}

#[test]
fn bytes_are_base64_in_a_column_of_text() {
    let table = [(bytes(1, b""), Value(text(""))), (bytes(1, b"\xff\x00"), Value(text("/wA=")))];
    check("bytes", DataType::Utf8, &table);
    check("bytes", DataType::Int64, &[(bytes(1, b"1"), Misfit)]);
}

#[test]
fn enums_are_names_or_numbers() {
    let proto = |syntax: &str, options: &str| {
        format!(
            "syntax = \"{syntax}\"; enum E {{ {options} ZERO = 0; ONE = 1; EIN = 1; MINUS = -1; \
             FAR = 70000; }} message M {{ optional E f = 1; }}"
        )
    };
    for syntax in ["proto2", "proto3"] {
        let proto = proto(syntax, "option allow_alias = true;");
        for (number, name) in [(0, "ZERO"), (1, "ONE"), (-1, "MINUS"), (70_000, "FAR")] {
            let given = field(&proto, DataType::Utf8, &int(1, number));
            assert_eq!(given, Value(text(name)));
            assert_eq!(field(&proto, DataType::Int64, &int(1, number)), of_int(number));
        }
        assert_eq!(field(&proto, DataType::Utf8, &int(1, 2)), Misfit);
        assert_eq!(field(&proto, DataType::Int64, &int(1, 2)), of_int(2));
        assert_eq!(field(&proto, DataType::Int8, &int(1, 70_000)), Misfit);
        assert_eq!(field(&proto, DataType::Boolean, &int(1, 1)), Misfit);
    }
}

#[test]
fn absent_means_the_default_where_the_schema_cannot_tell() {
    let kinds = [
        ("int32", DataType::Int64, Model::Int(0)),
        ("uint64", DataType::Decimal128(20, 0), Model::Decimal(0)),
        ("double", DataType::Float64, float(0.0)),
        ("float", DataType::Float64, float(0.0)),
        ("bool", DataType::Boolean, Model::Bool(false)),
        ("string", DataType::Utf8, text("")),
        ("bytes", DataType::Utf8, text("")),
        ("E", DataType::Utf8, text("NONE")),
        ("E", DataType::Int64, Model::Int(0)),
    ];
    for (kind, of, expected) in kinds {
        let proto =
            format!("syntax = \"proto3\"; enum E {{ NONE = 0; }} message M {{ {kind} f = 1; }}");
        assert_eq!(field(&proto, of.clone(), &[]), Value(expected), "{kind} as {of}");
    }
    let date = "syntax = \"proto3\"; message M { string f = 1; }";
    assert_eq!(field(date, DataType::Date32, &[]), Misfit, "an empty text is no day");
}

#[test]
fn proto2_tells_absent_from_default() {
    let proto = "syntax = \"proto2\"; message M { optional int32 f = 1 [default = 5]; }";
    assert_eq!(field(proto, DataType::Int64, &[]), Value(Model::Null));
    let required = "syntax = \"proto2\"; message M { required int32 f = 1; }";
    assert_eq!(field(required, DataType::Int64, &[]), Misfit);
    assert_eq!(field(required, DataType::Int64, &int(1, 0)), of_int(0));
}
