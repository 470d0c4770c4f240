//! What each Avro type gives each column, at the limits of both.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;

use apache_avro::types::Value;
use apache_avro::{BigDecimal, Days, Decimal, Duration, Millis, Months, Uuid};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array,
    Float64Array, Int8Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field};
use support::avro::{field, field_of, record};
use support::{local, utc};

enum Gives {
    Value(ArrayRef),
    Misfit,
}
use Gives::Misfit;

fn gives(array: impl Array + 'static) -> Gives {
    Gives::Value(Arc::new(array))
}

fn text(value: &str) -> Gives {
    gives(StringArray::from(vec![value]))
}

fn int(value: i64) -> Gives {
    gives(Int64Array::from(vec![value]))
}

fn float(value: f64) -> Gives {
    gives(Float64Array::from(vec![value]))
}

fn day(value: i32) -> Gives {
    gives(Date32Array::from(vec![value]))
}

fn decimal(value: i128, precision: u8, scale: i8) -> Gives {
    let array = Decimal128Array::from(vec![value]);
    gives(array.with_precision_and_scale(precision, scale).unwrap())
}

fn instant(value: i64) -> Gives {
    gives(TimestampMicrosecondArray::from(vec![value]).with_timezone("UTC"))
}

fn clock(value: i64) -> Gives {
    gives(TimestampMicrosecondArray::from(vec![value]))
}

fn check(of: &str, column: DataType, table: impl IntoIterator<Item = (Value, Gives)>) {
    for (value, expected) in table {
        let shown = format!("{value:?} of {of} as {column}");
        let found = field(Field::new("f", column.clone(), true), of, value).unwrap();
        match expected {
            Gives::Value(array) => {
                assert_eq!(&found.value, &array, "{shown}");
                assert_eq!(found.violations, [""; 0], "{shown}");
            }
            Misfit => {
                assert!(found.value.is_null(0), "{shown}");
                assert_eq!(found.violations, ["f"], "{shown}");
            }
        }
    }
}

fn logical(of: &str, logical: &str) -> String {
    format!(r#"{{"type": "{of}", "logicalType": "{logical}"}}"#)
}

fn unscaled(value: i128) -> Value {
    Value::Decimal(Decimal::from(value.to_be_bytes()))
}

const NINES: i128 = 10_i128.pow(38) - 1;

#[test]
fn numbers_fit_wherever_their_value_does() {
    check(
        "\"int\"",
        DataType::Int32,
        [i32::MIN, -1, 0, i32::MAX].map(|n| (Value::Int(n), gives(Int32Array::from(vec![n])))),
    );
    check(
        "\"int\"",
        DataType::Int8,
        [
            (Value::Int(-128), gives(Int8Array::from(vec![-128]))),
            (Value::Int(127), gives(Int8Array::from(vec![127]))),
            (Value::Int(128), Misfit),
            (Value::Int(-129), Misfit),
        ],
    );
    check(
        "\"long\"",
        DataType::Int64,
        [i64::MIN, i64::MIN + 1, -1, 0, 63, 64, i64::MAX].map(|n| (Value::Long(n), int(n))),
    );
    check(
        "\"long\"",
        DataType::Int32,
        [
            (Value::Long(2_147_483_647), gives(Int32Array::from(vec![i32::MAX]))),
            (Value::Long(2_147_483_648), Misfit),
        ],
    );
    check("\"int\"", DataType::Int64, [(Value::Int(-5), int(-5))]);
    check(
        "\"long\"",
        DataType::Float64,
        [
            (Value::Long(i64::MAX), float(9_223_372_036_854_775_807.0)),
            (Value::Long(-3), float(-3.0)),
        ],
    );
    check(
        "\"double\"",
        DataType::Int64,
        [
            (Value::Double(1e3), int(1_000)),
            (Value::Double(-0.0), int(0)),
            (Value::Double(1.5), Misfit),
            (Value::Double(9_223_372_036_854_775_808.0), Misfit),
            (Value::Double(-9_223_372_036_854_775_808.0), int(i64::MIN)),
            (Value::Double(f64::NAN), Misfit),
            (Value::Double(f64::INFINITY), Misfit),
        ],
    );
    check(
        "\"double\"",
        DataType::Float64,
        [f64::MIN, f64::MAX, f64::MIN_POSITIVE, -0.0, f64::INFINITY]
            .map(|n| (Value::Double(n), float(n))),
    );
    check("\"float\"", DataType::Float64, [(Value::Float(0.1), float(f64::from(0.1_f32)))]);
    check(
        "\"double\"",
        DataType::Float32,
        [
            (Value::Double(0.1), gives(Float32Array::from(vec![0.1]))),
            (Value::Double(1e300), Misfit),
            (Value::Double(f64::INFINITY), gives(Float32Array::from(vec![f32::INFINITY]))),
        ],
    );
    check(
        "\"boolean\"",
        DataType::Boolean,
        [true, false].map(|b| (Value::Boolean(b), gives(BooleanArray::from(vec![b])))),
    );
    check("\"boolean\"", DataType::Int64, [(Value::Boolean(true), Misfit)]);
    check("\"long\"", DataType::Boolean, [(Value::Long(1), Misfit)]);
    check("\"long\"", DataType::Utf8, [(Value::Long(1), Misfit)]);
}

#[test]
fn decimals_are_exact_or_null() {
    let bytes = r#"{"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2}"#;
    let to = |precision, scale| DataType::Decimal128(precision, scale);
    check(
        bytes,
        to(38, 2),
        [NINES, -NINES, 0, 1, -1, 127, 128, -128, -129].map(|n| (unscaled(n), decimal(n, 38, 2))),
    );
    check(
        bytes,
        to(38, 2),
        [
            (unscaled(NINES + 1), Misfit),
            (unscaled(-NINES - 1), Misfit),
            (unscaled(i128::MIN), Misfit),
        ],
    );
    check(
        bytes,
        to(10, 4),
        [
            (unscaled(150), decimal(15_000, 10, 4)),
            (unscaled(99_999_999), decimal(9_999_999_900, 10, 4)),
            (unscaled(100_000_000), Misfit),
        ],
    );
    check(
        bytes,
        to(10, 1),
        [
            (unscaled(150), decimal(15, 10, 1)),
            (unscaled(155), Misfit),
            (unscaled(0), decimal(0, 10, 1)),
        ],
    );
    check(
        bytes,
        DataType::Int64,
        [
            (unscaled(100), int(1)),
            (unscaled(101), Misfit),
            (unscaled(i128::from(i64::MAX) * 100), int(i64::MAX)),
            (unscaled((i128::from(i64::MAX) + 1) * 100), Misfit),
        ],
    );
    check(bytes, DataType::Float64, [(unscaled(15), float(0.15)), (unscaled(NINES), float(1e36))]);
    check(
        bytes,
        DataType::Utf8,
        [
            (unscaled(-50), text("-0.50")),
            (unscaled(0), text("0.00")),
            (unscaled(NINES), text("999999999999999999999999999999999999.99")),
            (unscaled(NINES + 1), Misfit),
        ],
    );
    let fixed = r#"{"type": {"type": "fixed", "name": "D", "size": 20}, "logicalType": "decimal", "precision": 40, "scale": 0}"#;
    let long = |n: i128| {
        let mut bytes = if n < 0 { vec![0xff; 4] } else { vec![0; 4] };
        bytes.extend(n.to_be_bytes());
        Value::Decimal(Decimal::from(bytes))
    };
    check(fixed, to(38, 0), [(long(-NINES), decimal(-NINES, 38, 0)), (long(7), decimal(7, 38, 0))]);
    check(fixed, to(38, 0), [(Value::Decimal(Decimal::from(vec![1; 20])), Misfit)]);
    for (of, value) in [
        ("\"int\"", Value::Int(-7)),
        ("\"long\"", Value::Long(-7)),
        ("\"float\"", Value::Float(-7.0)),
        ("\"double\"", Value::Double(-7.0)),
    ] {
        check(of, to(5, 2), [(value, decimal(-700, 5, 2))]);
    }
    check(
        "\"double\"",
        to(5, 2),
        [
            (Value::Double(0.1), decimal(10, 5, 2)),
            (Value::Double(0.001), Misfit),
            (Value::Double(1e9), Misfit),
            (Value::Double(f64::NAN), Misfit),
        ],
    );
    check("\"float\"", to(5, 2), [(Value::Float(0.1), decimal(10, 5, 2))]);
}

#[test]
fn big_decimals_bring_their_own_scale() {
    let of = logical("bytes", "big-decimal");
    let big = |text: &str| Value::BigDecimal(text.parse::<BigDecimal>().unwrap());
    check(
        &of,
        DataType::Decimal128(10, 2),
        [
            (big("1.5"), decimal(150, 10, 2)),
            (big("-1.50000"), decimal(-150, 10, 2)),
            (big("1.505"), Misfit),
            (big("12e3"), decimal(1_200_000, 10, 2)),
            (big("1e9"), Misfit),
            (big("1e4000"), Misfit),
        ],
    );
    check(
        &of,
        DataType::Utf8,
        [
            (big("1.50"), text("1.50")),
            (big("12e3"), text("12000")),
            (big("1e-38"), text(&format!("0.{:038}", 1))),
            (big("1e-39"), Misfit),
            (big("1e4000"), Misfit),
        ],
    );
    check(
        &of,
        DataType::Float64,
        [(big("1.5"), float(1.5)), (big("1e400"), Misfit), (big("1e-400"), float(0.0))],
    );
    check(&of, DataType::Int64, [(big("1e3"), int(1_000)), (big("1e-3"), Misfit)]);
}

#[test]
fn dates_and_timestamps_reach_as_far_as_four_digits_of_a_year() {
    check(
        &logical("int", "date"),
        DataType::Date32,
        [0, -1, -719_528, 2_932_896].map(|n| (Value::Date(n), day(n))),
    );
    check(
        &logical("int", "date"),
        DataType::Date32,
        [-719_529, 2_932_897, i32::MIN, i32::MAX].map(|n| (Value::Date(n), Misfit)),
    );
    check(
        &logical("int", "date"),
        DataType::Utf8,
        [
            (Value::Date(0), text("1970-01-01")),
            (Value::Date(-719_162), text("0001-01-01")),
            (Value::Date(-719_528), text("0000-01-01")),
            (Value::Date(-719_529), text("-0001-12-31")),
            (Value::Date(2_932_896), text("9999-12-31")),
            (Value::Date(2_932_897), text("+10000-01-01")),
            (Value::Date(19_782), text("2024-02-29")),
            (Value::Date(i32::MAX), text("+5881580-07-11")),
        ],
    );
    check(
        &logical("int", "date"),
        DataType::Int32,
        [(Value::Date(3), gives(Int32Array::from(vec![3])))],
    );
    check(
        "\"string\"",
        DataType::Date32,
        [
            (Value::String("2026-05-28".to_owned()), day(20_601)),
            (Value::String("2026-02-29".to_owned()), Misfit),
        ],
    );

    check(
        &logical("long", "timestamp-millis"),
        utc(),
        [
            (Value::TimestampMillis(1), instant(1_000)),
            (Value::TimestampMillis(-62_135_596_800_000), instant(-62_135_596_800_000_000)),
            (Value::TimestampMillis(253_402_300_799_999), instant(253_402_300_799_999_000)),
            (Value::TimestampMillis(-62_167_219_200_000), instant(-62_167_219_200_000_000)),
            (Value::TimestampMillis(-62_167_219_200_001), Misfit),
            (Value::TimestampMillis(253_402_300_800_000), Misfit),
            (Value::TimestampMillis(i64::MAX / 1_000), Misfit),
            (Value::TimestampMillis(i64::MAX / 1_000 + 1), Misfit),
            (Value::TimestampMillis(i64::MIN), Misfit),
        ],
    );
    check(
        &logical("long", "timestamp-micros"),
        utc(),
        [-62_167_219_200_000_000, -1, 0, 253_402_300_799_999_999]
            .map(|n| (Value::TimestampMicros(n), instant(n))),
    );
    check(
        &logical("long", "timestamp-micros"),
        utc(),
        [i64::MIN, -62_167_219_200_000_001, 253_402_300_800_000_000, i64::MAX]
            .map(|n| (Value::TimestampMicros(n), Misfit)),
    );
    check(
        &logical("long", "timestamp-nanos"),
        utc(),
        [
            (Value::TimestampNanos(1_000), instant(1)),
            (Value::TimestampNanos(-1_000), instant(-1)),
            (Value::TimestampNanos(1_001), Misfit),
            (Value::TimestampNanos(-1), Misfit),
            (Value::TimestampNanos(i64::MAX), Misfit),
        ],
    );
    check(
        &logical("long", "local-timestamp-millis"),
        local(),
        [(Value::LocalTimestampMillis(-1), clock(-1_000))],
    );
    check(
        &logical("long", "local-timestamp-micros"),
        local(),
        [(Value::LocalTimestampMicros(-1), clock(-1))],
    );
    check(
        &logical("long", "local-timestamp-nanos"),
        local(),
        [(Value::LocalTimestampNanos(5_000), clock(5)), (Value::LocalTimestampNanos(5), Misfit)],
    );
    check(
        &logical("long", "local-timestamp-micros"),
        utc(),
        [(Value::LocalTimestampMicros(0), Misfit)],
    );
    check(&logical("long", "timestamp-micros"), local(), [(Value::TimestampMicros(0), Misfit)]);
    check(
        "\"string\"",
        utc(),
        [
            (Value::String("1970-01-01T01:00:00.000001+01:00".to_owned()), instant(1)),
            (Value::String("soon".to_owned()), Misfit),
        ],
    );
    check("\"long\"", utc(), [(Value::Long(0), Misfit)]);

    check(
        &logical("long", "timestamp-millis"),
        DataType::Utf8,
        [
            (Value::TimestampMillis(-1), text("1969-12-31T23:59:59.999Z")),
            (Value::TimestampMillis(0), text("1970-01-01T00:00:00Z")),
        ],
    );
    check(
        &logical("long", "timestamp-nanos"),
        DataType::Utf8,
        [(Value::TimestampNanos(-1), text("1969-12-31T23:59:59.999999999Z"))],
    );
    check(
        &logical("long", "local-timestamp-micros"),
        DataType::Utf8,
        [(Value::LocalTimestampMicros(1), text("1970-01-01T00:00:00.000001"))],
    );
}

#[test]
fn times_of_day_are_text() {
    check(
        &logical("int", "time-millis"),
        DataType::Utf8,
        [
            (Value::TimeMillis(0), text("00:00:00")),
            (Value::TimeMillis(45_296_007), text("12:34:56.007")),
            (Value::TimeMillis(86_399_999), text("23:59:59.999")),
            (Value::TimeMillis(86_400_000), Misfit),
            (Value::TimeMillis(-1), Misfit),
        ],
    );
    check(
        &logical("long", "time-micros"),
        DataType::Utf8,
        [
            (Value::TimeMicros(86_399_999_999), text("23:59:59.999999")),
            (Value::TimeMicros(1_000), text("00:00:00.001")),
            (Value::TimeMicros(86_400_000_000), Misfit),
            (Value::TimeMicros(i64::MIN), Misfit),
        ],
    );
    check(&logical("long", "time-micros"), DataType::Int64, [(Value::TimeMicros(5), int(5))]);
}

#[test]
fn durations_keep_their_three_parts() {
    let of = r#"{"type": {"type": "fixed", "name": "D", "size": 12}, "logicalType": "duration"}"#;
    let duration = |months, days, millis| {
        Value::Duration(Duration::new(Months::new(months), Days::new(days), Millis::new(millis)))
    };
    check(
        of,
        DataType::Utf8,
        [
            (duration(1, 2, 3_004), text("P1M2DT3.004S")),
            (duration(0, 0, 0), text("PT0S")),
            (duration(0, 0, 60_000), text("PT60S")),
            (duration(13, 0, 0), text("P13M")),
            (duration(0, 400, 1), text("P400DT0.001S")),
            (duration(u32::MAX, u32::MAX, u32::MAX), text("P4294967295M4294967295DT4294967.295S")),
        ],
    );
    check(of, DataType::Binary, [(duration(1, 1, 1), Misfit)]);
}

#[test]
fn uuids_are_text_in_lower_case() {
    let uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210);
    let canonical = "01234567-89ab-cdef-fedc-ba9876543210";
    let fixed = r#"{"type": {"type": "fixed", "name": "U", "size": 16}, "logicalType": "uuid"}"#;
    check(fixed, DataType::Utf8, [(Value::Uuid(uuid), text(canonical))]);
    check(&logical("string", "uuid"), DataType::Utf8, [(Value::Uuid(uuid), text(canonical))]);
    for (written, expected) in
        [(canonical.to_uppercase(), canonical), ("no UUID".to_owned(), "no UUID")]
    {
        let payload: Vec<u8> =
            std::iter::once(written.len() as u8 * 2).chain(written.bytes()).collect();
        let schema = record(&[("f", &logical("string", "uuid"))]);
        let found = field_of(Field::new("f", DataType::Utf8, true), &schema, &payload).unwrap();
        assert_eq!(support::texts(&found.value), [Some(expected)]);
    }
}

#[test]
fn bytes_are_bytes_or_base64_never_guessed_to_be_text() {
    let fixed = r#"{"type": "fixed", "name": "F", "size": 3}"#;
    let bytes = |bytes: &[u8]| gives(BinaryArray::from(vec![bytes]));
    check(
        "\"bytes\"",
        DataType::Binary,
        [(Value::Bytes(vec![0, 0xff]), bytes(&[0, 0xff])), (Value::Bytes(vec![]), bytes(&[]))],
    );
    check(fixed, DataType::Binary, [(Value::Fixed(3, vec![1, 2, 3]), bytes(&[1, 2, 3]))]);
    check("\"string\"", DataType::Binary, [(Value::String("é".to_owned()), bytes("é".as_bytes()))]);
    check(
        "\"bytes\"",
        DataType::Utf8,
        [(Value::Bytes(b"text".to_vec()), text("dGV4dA==")), (Value::Bytes(vec![]), text(""))],
    );
    check(fixed, DataType::Utf8, [(Value::Fixed(3, vec![0xff; 3]), text("////"))]);
    check("\"long\"", DataType::Binary, [(Value::Long(1), Misfit)]);
}

#[test]
fn enums_are_their_symbols() {
    let of = r#"{"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A"}"#;
    check(
        of,
        DataType::Utf8,
        [(Value::Enum(1, "B".to_owned()), text("B")), (Value::Enum(0, "A".to_owned()), text("A"))],
    );
    check(of, DataType::Int64, [(Value::Enum(1, "B".to_owned()), Misfit)]);
}

#[test]
fn a_branch_that_fits_is_read_and_others_are_violations() {
    let of = r#"["null", "string", "long", {"type": "array", "items": "int"}]"#;
    let branch = |index, value| Value::Union(index, Box::new(value));
    check(
        of,
        DataType::Int64,
        [
            (branch(2, Value::Long(5)), int(5)),
            (branch(0, Value::Null), gives(Int64Array::from(vec![None::<i64>]))),
            (branch(1, Value::String("5".to_owned())), Misfit),
            (branch(3, Value::Array(vec![Value::Int(5)])), Misfit),
        ],
    );
    let json = Field::new("f", DataType::Utf8, true)
        .with_metadata([("headgate.json".to_owned(), "array".to_owned())].into());
    let found =
        field(json, of, branch(3, Value::Array(vec![Value::Int(5), Value::Int(-6)]))).unwrap();
    assert_eq!(support::texts(&found.value), [Some("[5,-6]")]);
    check(
        r#"["int", "null"]"#,
        DataType::Int64,
        [
            (branch(0, Value::Int(1)), int(1)),
            (branch(1, Value::Null), gives(Int64Array::from(vec![None::<i64>]))),
        ],
    );
    check("\"null\"", DataType::Int64, [(Value::Null, gives(Int64Array::from(vec![None::<i64>])))]);
}
