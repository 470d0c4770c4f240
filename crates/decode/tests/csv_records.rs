//! Lines of CSV to rows.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_schema::{DataType, SchemaRef};
use csv_core::{WriteResult, Writer};
use headgate_decode::{CsvOptions, DecodeOptions, Decoded, UnknownFields, csv};
use headgate_model::{DeadLetterKind, Fault, UNKNOWN_FIELD};
use proptest::prelude::*;
use support::model::{Model, held};
use support::proto::text;
use support::{chunk, list, local, map, object, options, paths, schema, texts, utc};

fn decode<P: AsRef<[u8]>>(
    schema: &SchemaRef,
    of: &CsvOptions,
    unknown_fields: UnknownFields,
    payloads: impl IntoIterator<Item = P>,
) -> Decoded {
    let chunk = chunk(payloads.into_iter().map(Some));
    let decoded = csv(schema, of, options(unknown_fields)).unwrap().decode(&chunk).unwrap();
    assert_eq!(decoded.rows.num_rows() + decoded.dead.len(), chunk.len());
    decoded
}

fn pair() -> SchemaRef {
    schema([("a", DataType::Utf8), ("b", DataType::Utf8)])
}

/// The two texts of a line between two others, or why it is dead.
fn line(of: &CsvOptions, payload: &[u8]) -> Result<[Option<String>; 2], String> {
    let good = if of.header { "a,b\nx,y" } else { "x,y" };
    let payloads = [good.as_bytes(), payload, good.as_bytes()];
    let decoded = decode(&pair(), of, UnknownFields::Ignore, payloads);
    let columns = [0, 1].map(|column| texts(decoded.rows.column(column)));
    let last = decoded.rows.num_rows() - 1;
    for row in [0, last] {
        assert_eq!([columns[0][row], columns[1][row]], [Some("x"), Some("y")]);
    }
    if let [dead] = &decoded.dead[..] {
        assert_eq!((dead.record, dead.kind), (1, DeadLetterKind::Csv));
        return Err(dead.message.clone());
    }
    Ok(columns.map(|column| column[1].map(str::to_owned)))
}

fn both(a: &str, b: &str) -> Result<[Option<String>; 2], String> {
    Ok([Some(a.to_owned()), Some(b.to_owned())])
}

fn dead(message: &str) -> Result<[Option<String>; 2], String> {
    Err(message.to_owned())
}

#[test]
fn a_record_is_one_line() {
    let of = CsvOptions::default();
    for payload in ["1,2", "1,2\n", "1,2\r\n", "1,2\r", "\"1\",\"2\"", "\"1\",2\r\n", "\u{feff}1,2"]
    {
        assert_eq!(line(&of, payload.as_bytes()), both("1", "2"), "{payload:?}");
    }
    assert_eq!(line(&of, b"\"a\nb\",\"c\r\n\"\"d\"\"\""), both("a\nb", "c\r\n\"d\""));
    assert_eq!(line(&of, " 1 ,2\"x\"".as_bytes()), both(" 1 ", "2\"x\""));
    for (payload, message) in [
        ("", "expected a line at byte 0"),
        ("\n", "expected a line at byte 0"),
        ("\n1,2", "expected a line at byte 0"),
        ("1,2\n3,4", "expected one line, but more follows at byte 4"),
        ("1,2\r\n3,4", "expected one line, but more follows at byte 5"),
        ("1,2\n\n", "expected one line, but more follows at byte 4"),
        ("1", "expected 2 fields, not 1"),
        ("1,2,3", "expected 2 fields, not 3"),
        ("1,\"2", "quote that does not end at byte 2"),
        ("1,\"2\n", "quote that does not end at byte 2"),
        ("1,\"2\"\"", "quote that does not end at byte 2"),
        ("1,\"", "quote that does not end at byte 2"),
        ("\"1\"x,2", "expected a delimiter behind a quote at byte 3"),
        ("\"1\" ,2", "expected a delimiter behind a quote at byte 3"),
    ] {
        assert_eq!(line(&of, payload.as_bytes()), dead(message), "{payload:?}");
    }
}

#[test]
fn what_is_not_utf8_is_told_apart() {
    let of = CsvOptions::default();
    let decoded = decode(&pair(), &of, UnknownFields::Ignore, [&b"1,\xe9"[..], b"1,2"]);
    assert_eq!((decoded.dead[0].record, decoded.dead[0].kind), (0, DeadLetterKind::Encoding));
    assert_eq!(decoded.dead[0].message, "not UTF-8 at byte 2");
    assert_eq!(decoded.rows.num_rows(), 1);
}

#[test]
fn null_words_count_outside_of_quotes() {
    let of = CsvOptions::default();
    assert_eq!(line(&of, b",\"\""), Ok([None, Some(String::new())]));
    assert_eq!(line(&of, b"\"\",\r\n"), Ok([Some(String::new()), None]));
    let words = vec!["NA".to_owned(), "null".to_owned()];
    let of = CsvOptions { null_words: words, ..CsvOptions::default() };
    assert_eq!(line(&of, b"NA,null"), Ok([None, None]));
    assert_eq!(line(&of, b"\"NA\",na"), both("NA", "na"));
    assert_eq!(line(&of, b","), both("", ""));
}

#[test]
fn delimiter_and_quote_can_be_others() {
    let of = CsvOptions { delimiter: b';', quote: Some(b'\''), ..CsvOptions::default() };
    let decoded = decode(&pair(), &of, UnknownFields::Ignore, ["'a;''b''';\"1,5\""]);
    assert_eq!(texts(decoded.rows.column(0)), [Some("a;'b'")]);
    assert_eq!(texts(decoded.rows.column(1)), [Some("\"1,5\"")]);
    let of = CsvOptions { delimiter: b'\t', quote: None, ..CsvOptions::default() };
    let decoded = decode(&pair(), &of, UnknownFields::Ignore, ["\"a\t'b"]);
    assert_eq!(texts(decoded.rows.column(0)), [Some("\"a")]);
    assert_eq!(texts(decoded.rows.column(1)), [Some("'b")]);
}

#[test]
fn a_header_names_the_fields_of_its_record() {
    let of = CsvOptions { header: true, ..CsvOptions::default() };
    assert_eq!(line(&of, b"a,b\n1,2\n"), both("1", "2"));
    assert_eq!(line(&of, b"b,a\r\n1,2"), both("2", "1"));
    let decoded = decode(&pair(), &of, UnknownFields::Ignore, ["a,b\r1,2", "a,b\r\n3,4"]);
    assert_eq!(texts(decoded.rows.column(0)), [Some("1"), Some("3")]);
    assert_eq!(line(&of, b"\"b\"\n1"), Ok([None, Some("1".to_owned())]));
    assert_eq!(line(&of, b"other,a\n1,2"), Ok([Some("2".to_owned()), None]));
    for (payload, message) in [
        ("a,b", "expected a line behind the header"),
        ("a,b\n", "expected a line behind the header"),
        ("a,a\n1,2", "two columns of the header have one name"),
        ("a,b\n1", "expected 2 fields, not 1"),
        ("a,b\n\n1,2", "expected a line at byte 4"),
        ("a,b\n1,2\n3,4", "expected one line, but more follows at byte 8"),
    ] {
        assert_eq!(line(&of, payload.as_bytes()), dead(message), "{payload:?}");
    }
}

#[test]
fn names_can_be_given_and_unknown_ones_are_kept_or_rejected() {
    let columns = ["x", "b", "y"].map(str::to_owned).to_vec();
    let of = CsvOptions { columns: Some(columns), ..CsvOptions::default() };
    let payloads = ["1,2,\"q\"\"\"", "1,2,"];
    let decoded = decode(&pair(), &of, UnknownFields::Extra, payloads);
    assert_eq!(texts(decoded.rows.column(0)), [None, None]);
    assert_eq!(texts(decoded.rows.column(1)), [Some("2"), Some("2")]);
    let extra = [Some(r#"{"x":"1","y":"q\""}"#), Some(r#"{"x":"1","y":null}"#)];
    assert_eq!(texts(decoded.rows.column(2)), extra);
    let decoded = decode(&pair(), &of, UnknownFields::Reject, payloads);
    assert!(decoded.fields.iter().all(|violation| violation.field == UNKNOWN_FIELD));
    assert_eq!(decoded.fields.len(), 2);
}

#[test]
fn options_that_contradict_themselves_are_refused() {
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let plain = CsvOptions::default;
    for of in [
        CsvOptions { delimiter: b'\n', ..plain() },
        CsvOptions { delimiter: 0xe9, ..plain() },
        CsvOptions { quote: Some(b','), ..plain() },
        CsvOptions { columns: names(&["a", "a"]), ..plain() },
        CsvOptions { columns: names(&[]), ..plain() },
        CsvOptions { columns: names(&["a"]), header: true, ..plain() },
    ] {
        let fault = csv(&pair(), &of, DecodeOptions::default()).err().unwrap();
        assert_eq!(fault.code(), "DECODE_CSV_OPTION", "{of:?}");
    }
}

#[test]
fn fields_are_read_as_their_column_has_it() {
    let int = |value| Some(Model::Int(value));
    let point = object([("x", DataType::Int64)]);
    let micros = |value| Some(Model::Micros(value));
    let x5 = Model::Object(vec![("x".to_owned(), Model::Int(5))]);
    let table: Vec<(DataType, &str, Option<Model>)> = vec![
        (DataType::Int64, "-9223372036854775808", int(i64::MIN)),
        (DataType::Int64, "1e3", int(1_000)),
        (DataType::Int64, "9223372036854775808", None),
        (DataType::Int64, " 1", None),
        (DataType::Int64, "01", None),
        (DataType::Int64, "+1", None),
        (DataType::Int8, "-128", int(-128)),
        (DataType::Int8, "128", None),
        (DataType::Float64, "0.1", Some(Model::Float(0.1_f64.to_bits()))),
        (DataType::Float64, "NaN", None),
        (DataType::Float64, "1e999", None),
        (DataType::Float32, "0.5", Some(Model::Float(0.5_f64.to_bits()))),
        (DataType::Decimal128(6, 2), "12.30", Some(Model::Decimal(1230))),
        (DataType::Decimal128(6, 2), "12.305", None),
        (DataType::Boolean, "true", Some(Model::Bool(true))),
        (DataType::Boolean, "FALSE", Some(Model::Bool(false))),
        (DataType::Boolean, "1", None),
        (DataType::Date32, "2026-05-28", Some(Model::Days(20_601))),
        (DataType::Date32, "2026-02-29", None),
        (utc(), "2026-05-28T14:00:00+02:00", micros(1_779_969_600_000_000)),
        (local(), "2026-05-28 12:00:00", micros(1_779_969_600_000_000)),
        (local(), "2026-05-28T12:00:00Z", None),
        (point.clone(), "\" {\"\"x\"\": 5} \"", Some(x5.clone())),
        (point.clone(), "{}x", None),
        (point, "\"{\"\"x\"\":\"", None),
        (list(DataType::Int64), "[1]", Some(Model::List(vec![Model::Int(1)]))),
        (list(DataType::Int64), "[1", None),
        (
            map(DataType::Int64),
            "\"{\"\"k\"\":1}\"",
            Some(Model::Map(vec![("k".to_owned(), Model::Int(1))])),
        ),
    ];
    for (of, field, expected) in table {
        let schema = schema([("a", DataType::Utf8), ("f", of.clone()), ("b", DataType::Utf8)]);
        let lines = [",,".to_owned(), format!("x,{field},y"), ",,".to_owned()];
        let decoded = decode(&schema, &CsvOptions::default(), UnknownFields::Ignore, lines);
        let column = decoded.rows.column(1);
        assert_eq!([held(column, 0), held(column, 2)], [Model::Null, Model::Null]);
        assert_eq!(held(decoded.rows.column(2), 1), text("y"));
        let violated: &[&str] = if expected.is_some() { &[] } else { &["f"] };
        assert_eq!(paths(&schema, &decoded), violated, "{field} as {of}");
        assert_eq!(held(column, 1), expected.unwrap_or(Model::Null), "{field} as {of}");
    }
}

fn write(fields: &[String], delimiter: u8, quote: u8) -> Vec<u8> {
    let mut builder = csv_core::WriterBuilder::new();
    let mut writer: Writer = builder.delimiter(delimiter).quote(quote).build();
    let mut line = vec![0; 16 + fields.iter().map(|field| 2 * field.len() + 3).sum::<usize>()];
    let mut end = 0;
    let done = |(result, written): (WriteResult, usize)| {
        assert_eq!(result, WriteResult::InputEmpty);
        written
    };
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            end += done(writer.delimiter(&mut line[end..]));
        }
        let (result, read, written) = writer.field(field.as_bytes(), &mut line[end..]);
        assert_eq!(read, field.len());
        end += done((result, written));
    }
    end += done(writer.terminator(&mut line[end..]));
    line.truncate(end);
    line
}

proptest! {
    #[test]
    fn lines_are_read_as_they_were_written(
        fields in proptest::collection::vec("[a;\"', \r\né]{0,8}", 1..6),
        delimiter in proptest::sample::select(&b",;\t"[..]),
        quote in proptest::sample::select(&b"\"'"[..]),
    ) {
        let names: Vec<String> = (0..fields.len()).map(|index| format!("c{index}")).collect();
        let columns = names.iter().map(|name| arrow_schema::Field::new(name, DataType::Utf8, true));
        let schema = SchemaRef::new(arrow_schema::Schema::new(columns.collect::<Vec<_>>()));
        let of = CsvOptions { delimiter, quote: Some(quote), null_words: vec![], ..CsvOptions::default() };
        let decoded = decode(&schema, &of, UnknownFields::Ignore, [write(&fields, delimiter, quote)]);
        prop_assert!(decoded.dead.is_empty(), "{:?}", decoded.dead);
        for (column, field) in decoded.rows.columns().iter().zip(&fields) {
            prop_assert_eq!(held(column, 0), text(field));
        }
    }

    #[test]
    fn no_bytes_touch_their_neighbours(payload in proptest::collection::vec(proptest::sample::select(&b"a,\"\r\n\xff "[..]), 0..12)) {
        let of = CsvOptions::default();
        let payloads = [&b"x,y"[..], &payload, b"x,y"];
        let decoded = decode(&pair(), &of, UnknownFields::Ignore, payloads);
        let last = decoded.rows.num_rows() - 1;
        for row in [0, last] {
            prop_assert_eq!(texts(decoded.rows.column(0))[row], Some("x"));
        }
    }
}
