//! What each scalar column takes, and what it does not.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int8Array, Int16Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema};
use headgate_decode::DecodeOptions;
use support::{decode, field, local, paths, texts, utc};

enum Gives {
    Value(ArrayRef),
    Misfit,
    Dead(&'static str),
}
use Gives::{Dead, Misfit};

fn text(value: &str) -> Gives {
    Gives::Value(Arc::new(StringArray::from(vec![value])))
}

fn int(value: i64) -> Gives {
    Gives::Value(Arc::new(Int64Array::from(vec![value])))
}

fn float(value: f64) -> Gives {
    Gives::Value(Arc::new(Float64Array::from(vec![value])))
}

fn single(value: f32) -> Gives {
    Gives::Value(Arc::new(Float32Array::from(vec![value])))
}

fn boolean(value: bool) -> Gives {
    Gives::Value(Arc::new(BooleanArray::from(vec![value])))
}

fn day(value: i32) -> Gives {
    Gives::Value(Arc::new(Date32Array::from(vec![value])))
}

fn decimal(value: i128, precision: u8, scale: i8) -> Gives {
    let array = Decimal128Array::from(vec![value]);
    Gives::Value(Arc::new(array.with_precision_and_scale(precision, scale).unwrap()))
}

fn instant(value: i64) -> Gives {
    Gives::Value(Arc::new(TimestampMicrosecondArray::from(vec![value]).with_timezone("UTC")))
}

fn clock(value: i64) -> Gives {
    Gives::Value(Arc::new(TimestampMicrosecondArray::from(vec![value])))
}

#[test]
fn a_null_that_is_written_may_be_refused_and_a_field_left_out_is_not() {
    let refusing = |name: &str, of: DataType| {
        let metadata = [("headgate.null".to_owned(), "refused".to_owned())];
        Field::new(name, of, true).with_metadata(metadata.into())
    };
    let inner = DataType::Struct(vec![refusing("d", DataType::Boolean)].into());
    let schema = Arc::new(Schema::new(vec![
        refusing("a", DataType::Utf8),
        Field::new("b", DataType::Int64, true),
        refusing("c", inner),
        refusing("e", DataType::List(Arc::new(refusing("element", DataType::Int64)))),
    ]));
    for (payload, expected) in [
        ("{}", &[][..]),
        (r#"{"a":"x","b":null,"c":{},"e":[]}"#, &[]),
        (r#"{"a":null,"b":1}"#, &["a"]),
        (r#"{"c":null,"e":null}"#, &["c", "e"]),
        (r#"{"c":{"d":null},"e":[1,null]}"#, &["c.d", "e[]"]),
    ] {
        let decoded = decode(&schema, DecodeOptions::default(), [payload]);
        assert_eq!(paths(&schema, &decoded), expected, "{payload}");
    }
}

#[test]
fn any_json_is_kept_as_it_is_written() {
    let metadata = [("headgate.json".to_owned(), "any".to_owned())];
    let field = Field::new("f", DataType::Utf8, true).with_metadata(metadata.into());
    let schema = Arc::new(Schema::new(vec![field]));
    for (payload, expected) in [
        (r#"{"f":[1, "x"]}"#, Some(r#"[1, "x"]"#)),
        (r#"{"f":"x\n"}"#, Some(r#""x\n""#)),
        (r#"{"f":1e400}"#, Some("1e400")),
        (r#"{"f":null}"#, None),
        ("{}", None),
    ] {
        let decoded = decode(&schema, DecodeOptions::default(), [payload]);
        assert_eq!(texts(decoded.rows.column(0)), [expected], "{payload}");
        assert!(decoded.fields.is_empty(), "{payload}");
    }
    let decoded = decode(&schema, DecodeOptions::default(), [r#"{"f":nope}"#]);
    assert_eq!(decoded.dead.len(), 1);
}

fn check(data_type: DataType, table: &[(&str, Gives)]) {
    for (json, gives) in table {
        let got = field(data_type.clone(), json);
        match (gives, got) {
            (Gives::Value(value), Ok(got)) => {
                assert_eq!(&got.value, value, "{json}");
                assert!(got.violations.is_empty(), "{json}: {:?}", got.violations);
            }
            (Misfit, Ok(got)) => {
                assert!(got.value.is_null(0), "{json}: {:?}", got.value);
                assert_eq!(got.violations, ["f"], "{json}");
            }
            (Dead(message), Err(got)) => assert_eq!(&got, message, "{json}"),
            (_, Ok(got)) => panic!("{json} is no dead letter but {:?}", got.value),
            (_, Err(message)) => panic!("{json} is a dead letter: {message}"),
        }
    }
    let null = field(data_type.clone(), "null").unwrap();
    assert!(null.value.is_null(0) && null.violations.is_empty(), "null fits {data_type}");
    let nil = field(data_type.clone(), "nil").err();
    assert_eq!(nil.as_deref(), Some("invalid literal at byte 6"), "{data_type}");
}

#[test]
fn strings_keep_every_character() {
    let long = "x".repeat(1_000);
    let quoted = format!("\"{long}\\n{long}\"");
    let broken = format!("{long}\n{long}");
    check(
        DataType::Utf8,
        &[
            (r#""""#, text("")),
            (r#""DE""#, text("DE")),
            (r#""fifteen bytes..""#, text("fifteen bytes..")),
            (r#""sixteen bytes...""#, text("sixteen bytes...")),
            (r#""seventeen bytes..""#, text("seventeen bytes..")),
            (r#""Grüße, 世界 🎉""#, text("Grüße, 世界 🎉")),
            (r#""\"\\\/\b\f\n\r\t""#, text("\"\\/\u{8}\u{c}\n\r\t")),
            (r#""\u0041\u00e9\u4e16\ud83c\udf89\u0000""#, text("Aé世🎉\0")),
            ("\"\u{7f}\u{80}\"", text("\u{7f}\u{80}")),
            (&quoted, text(&broken)),
            (r#""\ud800""#, Misfit),
            (r#""a\udc00b""#, Misfit),
            (r#""\ud800\ud800\udc00""#, Misfit),
            (r#""\ud800\n""#, Misfit),
            ("1", Misfit),
            ("true", Misfit),
            (r#"{"a":1}"#, Misfit),
            (r#"["a"]"#, Misfit),
            (r#""\x""#, Dead("invalid escape in a string at byte 7")),
            (r#""\u12g4""#, Dead("invalid escape in a string at byte 10")),
            (r#""\ud800\uZZZZ""#, Dead("invalid escape in a string at byte 14")),
            ("\"a\nb\"", Dead("control character in a string at byte 7")),
            ("\"\0\"", Dead("control character in a string at byte 6")),
            ("'a'", Dead("expected a value at byte 5")),
            ("\"a", Dead("unexpected end at byte 8")),
        ],
    );
}

#[test]
fn integers_are_taken_when_integral_and_in_range() {
    let zeros = format!("1{}e-60", "0".repeat(60));
    check(
        DataType::Int64,
        &[
            ("0", int(0)),
            ("-0", int(0)),
            ("7", int(7)),
            ("1234567", int(1_234_567)),
            ("12345678", int(12_345_678)),
            ("-123456789012345", int(-123_456_789_012_345)),
            ("1234567890123456", int(1_234_567_890_123_456)),
            ("12345678901234567", int(12_345_678_901_234_567)),
            ("9223372036854775807", int(i64::MAX)),
            ("-9223372036854775808", int(i64::MIN)),
            ("9223372036854775808", Misfit),
            ("-9223372036854775809", Misfit),
            ("99999999999999999999999999999999999999999999", Misfit),
            ("1.0", int(1)),
            ("-2.000000000000000000000000000000000000000000", int(-2)),
            ("1e3", int(1_000)),
            ("1E+3", int(1_000)),
            ("1.25e2", int(125)),
            ("1000e-3", int(1)),
            (&zeros, int(1)),
            ("0e999999999999999999999999", int(0)),
            ("0.000e-999999999999999999999999", int(0)),
            ("1.5", Misfit),
            ("1e-1", Misfit),
            ("1e19", Misfit),
            ("1e999999999999999999999999", Misfit),
            ("1e-999999999999999999999999", Misfit),
            ("\"1\"", Misfit),
            ("false", Misfit),
            ("01", Dead("invalid number at byte 6")),
            ("-", Dead("invalid number at byte 6")),
            ("-a", Dead("invalid number at byte 6")),
            ("1.", Dead("invalid number at byte 7")),
            ("1.e1", Dead("invalid number at byte 7")),
            ("1e", Dead("invalid number at byte 7")),
            ("1e+", Dead("invalid number at byte 8")),
            (".5", Dead("expected a value at byte 5")),
            ("+1", Dead("expected a value at byte 5")),
            ("1x", Dead("expected `,` or `}` at byte 6")),
            ("0x10", Dead("expected `,` or `}` at byte 6")),
            ("1_000", Dead("expected `,` or `}` at byte 6")),
        ],
    );
}

#[test]
fn narrow_integers_end_at_their_bounds() {
    let small = |value| Gives::Value(Arc::new(Int8Array::from(vec![value])) as ArrayRef);
    check(
        DataType::Int8,
        &[("127", small(127)), ("-128", small(-128)), ("128", Misfit), ("-129", Misfit)],
    );
    let short = |value| Gives::Value(Arc::new(Int16Array::from(vec![value])) as ArrayRef);
    check(DataType::Int16, &[("32767", short(32_767)), ("-32769", Misfit), ("1e2", short(100))]);
    let usual = |value| Gives::Value(Arc::new(Int32Array::from(vec![value])) as ArrayRef);
    check(DataType::Int32, &[("-2147483648", usual(i32::MIN)), ("2147483648", Misfit)]);
}

#[test]
fn floats_are_the_nearest_and_never_infinite() {
    check(
        DataType::Float64,
        &[
            ("0", float(0.0)),
            ("-0.0", float(-0.0)),
            ("123.45", float(123.45)),
            ("0.1", float(0.1)),
            ("9007199254740993", float(9_007_199_254_740_992.0)),
            ("18446744073709551616", float(18_446_744_073_709_551_616.0)),
            ("0.8444218515250481", float(0.844_421_851_525_048_1)),
            ("52.520006599999", float(52.520_006_599_999)),
            ("1.7976931348623157e308", float(f64::MAX)),
            ("5e-324", float(5e-324)),
            ("1e-400", float(0.0)),
            ("-1E2", float(-100.0)),
            ("1e400", Misfit),
            ("-1e309", Misfit),
            ("\"1.5\"", Misfit),
            ("NaN", Dead("expected a value at byte 5")),
            ("Infinity", Dead("expected a value at byte 5")),
            ("-Infinity", Dead("invalid number at byte 6")),
            ("00.5", Dead("invalid number at byte 6")),
            ("1.5.5", Dead("invalid number at byte 8")),
        ],
    );
    check(
        DataType::Float32,
        &[("0.1", single(0.1)), ("16777217", single(16_777_216.0)), ("3.5e38", Misfit)],
    );
}

#[test]
fn decimals_are_exact_or_nothing() {
    let nines = "9".repeat(38);
    check(
        DataType::Decimal128(10, 2),
        &[
            ("0", decimal(0, 10, 2)),
            ("-0.0", decimal(0, 10, 2)),
            ("123.45", decimal(12_345, 10, 2)),
            ("-7", decimal(-700, 10, 2)),
            ("1.5", decimal(150, 10, 2)),
            ("1.500", decimal(150, 10, 2)),
            ("15e-1", decimal(150, 10, 2)),
            ("1.2345e2", decimal(12_345, 10, 2)),
            ("99999999.99", decimal(9_999_999_999, 10, 2)),
            ("100000000", Misfit),
            ("1.005", Misfit),
            ("1e-3", Misfit),
            ("1e40", Misfit),
            ("\"1.50\"", Misfit),
        ],
    );
    check(
        DataType::Decimal128(38, 0),
        &[(&nines, decimal(10_i128.pow(38) - 1, 38, 0)), ("1e38", Misfit), ("0.1", Misfit)],
    );
    check(
        DataType::Decimal128(5, -2),
        &[("1200", decimal(12, 5, -2)), ("1250", Misfit), ("9999900", decimal(99_999, 5, -2))],
    );
    check(
        DataType::Decimal128(38, 38),
        &[("0.1", decimal(10_i128.pow(37), 38, 38)), ("1", Misfit), ("1e-39", Misfit)],
    );
}

#[test]
fn booleans_are_two_words() {
    check(
        DataType::Boolean,
        &[
            ("true", boolean(true)),
            ("false", boolean(false)),
            ("1", Misfit),
            ("\"true\"", Misfit),
            ("True", Dead("expected a value at byte 5")),
            ("tru", Dead("invalid literal at byte 8")),
            ("falsy", Dead("invalid literal at byte 9")),
            ("trueish", Dead("expected `,` or `}` at byte 9")),
        ],
    );
}

#[test]
fn dates_exist_and_stand_alone() {
    check(
        DataType::Date32,
        &[
            ("\"1970-01-01\"", day(0)),
            ("\"2024-02-29\"", day(19_782)),
            ("\"1969-12-31\"", day(-1)),
            ("\"2024\\u002d02-29\"", day(19_782)),
            ("\"2023-02-29\"", Misfit),
            ("\"2023-13-01\"", Misfit),
            ("\"2023-00-10\"", Misfit),
            ("\"2023-1-1\"", Misfit),
            ("\"2023-01-01T00:00:00Z\"", Misfit),
            ("\" 2023-01-01\"", Misfit),
            ("\"2023/01/01\"", Misfit),
            ("\"\u{661}970-01-0\"", Misfit),
            ("\"\"", Misfit),
            ("\"\\ud800\"", Misfit),
            ("19782", Misfit),
        ],
    );
}

#[test]
fn timestamps_are_rfc_3339_to_the_microsecond() {
    let noon = 1_779_971_696_000_000;
    check(
        utc(),
        &[
            ("\"2026-05-28T12:34:56Z\"", instant(noon)),
            ("\"2026-05-28T12:34:56.789Z\"", instant(noon + 789_000)),
            ("\"2026-05-28T12:34:56.789012Z\"", instant(noon + 789_012)),
            ("\"2026-05-28T12:34:56.789012000Z\"", instant(noon + 789_012)),
            ("\"2026-05-28t12:34:56z\"", instant(noon)),
            ("\"2026-05-28 12:34:56Z\"", instant(noon)),
            ("\"2026-05-28T12:34:56\"", instant(noon)),
            ("\"2026-05-28T14:34:56+02:00\"", instant(noon)),
            ("\"2026-05-28T07:04:56.5-05:30\"", instant(noon + 500_000)),
            ("\"2026-05-28T12:34:56\\u005A\"", instant(noon)),
            ("\"1969-12-31T23:59:59.999999Z\"", instant(-1)),
            ("\"2026-05-28T12:34:56.7890121Z\"", Misfit),
            ("\"2026-05-28T12:34:56.Z\"", Misfit),
            ("\"2026-05-28T12:34:60Z\"", Misfit),
            ("\"2026-05-28T24:00:00Z\"", Misfit),
            ("\"2026-05-28T12:60:00Z\"", Misfit),
            ("\"2026-02-30T12:00:00Z\"", Misfit),
            ("\"2026-05-28T12:34Z\"", Misfit),
            ("\"2026-05-28T12:34:56+0200\"", Misfit),
            ("\"2026-05-28T12:34:56+24:00\"", Misfit),
            ("\"2026-05-28T12:34:56Zz\"", Misfit),
            ("\"2026-05-28\"", Misfit),
            ("\"yesterday\"", Misfit),
            ("1779971696000", Misfit),
        ],
    );
    check(
        local(),
        &[
            ("\"2026-05-28T12:34:56.5\"", clock(noon + 500_000)),
            ("\"2026-05-28T12:34:56Z\"", Misfit),
            ("\"2026-05-28T12:34:56+02:00\"", Misfit),
        ],
    );
}
