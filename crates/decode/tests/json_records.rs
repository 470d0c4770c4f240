//! What a record is, and what becomes of one that is none.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::{DataType, SchemaRef};
use headgate_decode::{DecodeOptions, RowRecords, Tombstones, UnknownFields, json};
use headgate_model::{DeadLetterKind, FieldViolation, UNKNOWN_FIELD};
use support::{chunk, decode, list, object, options, paths, schema, texts};

fn id_and_n() -> SchemaRef {
    schema([("id", DataType::Utf8), ("n", DataType::Int64)])
}

#[test]
fn whatever_is_not_one_object_is_a_dead_letter_with_its_byte() {
    let deep = |levels: usize| format!("{{\"x\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let (fits, too_deep) = (deep(127), deep(128));
    let table: &[(&[u8], DeadLetterKind, &str)] = &[
        (b"", DeadLetterKind::JsonParse, "unexpected end at byte 0"),
        (b"  \n", DeadLetterKind::JsonParse, "unexpected end at byte 3"),
        (b"[]", DeadLetterKind::JsonParse, "expected a JSON object at byte 0"),
        (b" 1", DeadLetterKind::JsonParse, "expected a JSON object at byte 1"),
        (b"null", DeadLetterKind::JsonParse, "expected a JSON object at byte 0"),
        (b"\xef\xbb\xbf{}", DeadLetterKind::JsonParse, "expected a JSON object at byte 0"),
        (b"{", DeadLetterKind::JsonParse, "unexpected end at byte 1"),
        (b"{}{}", DeadLetterKind::JsonParse, "expected nothing behind the object at byte 2"),
        (b"{}\0", DeadLetterKind::JsonParse, "expected nothing behind the object at byte 2"),
        (b"{,}", DeadLetterKind::JsonParse, "expected a field name in quotes at byte 1"),
        (b"{n:1}", DeadLetterKind::JsonParse, "expected a field name in quotes at byte 1"),
        (b"{\"n\":1,}", DeadLetterKind::JsonParse, "expected a field name in quotes at byte 7"),
        (b"{\"n\" 1}", DeadLetterKind::JsonParse, "expected `:` at byte 5"),
        (b"{\"n\":1 \"id\":2}", DeadLetterKind::JsonParse, "expected `,` or `}` at byte 7"),
        (b"{\"n\":}", DeadLetterKind::JsonParse, "expected a value at byte 5"),
        (b"{\"n\":1]", DeadLetterKind::JsonParse, "expected `,` or `}` at byte 6"),
        (b"{\"n\":1", DeadLetterKind::JsonParse, "unexpected end at byte 6"),
        (b"{\"x\":[1,]}", DeadLetterKind::JsonParse, "expected a value at byte 8"),
        (b"{\"x\":[1}", DeadLetterKind::JsonParse, "expected `,` or `]` at byte 7"),
        (b"{\"x\":{\"y\"}}", DeadLetterKind::JsonParse, "expected `:` at byte 9"),
        (
            b"{\"x\":{\"y\":1,}}",
            DeadLetterKind::JsonParse,
            "expected a field name in quotes at byte 12",
        ),
        (b"{\"x\":tru}", DeadLetterKind::JsonParse, "invalid literal at byte 8"),
        (b"{\"x\":\"\\q\"}", DeadLetterKind::JsonParse, "invalid escape in a string at byte 7"),
        (b"{\"\\q\":1}", DeadLetterKind::JsonParse, "invalid escape in a string at byte 3"),
        (b"{\"n\":1}//", DeadLetterKind::JsonParse, "expected nothing behind the object at byte 7"),
        (b"{\"n\xc2\xa0\":\xc2\xa01}", DeadLetterKind::JsonParse, "expected a value at byte 7"),
        (too_deep.as_bytes(), DeadLetterKind::JsonParse, "nested too deeply at byte 132"),
        (b"{\"id\":\"\xff\"}", DeadLetterKind::Encoding, "not UTF-8 at byte 7"),
        (b"\xc3", DeadLetterKind::Encoding, "not UTF-8 at byte 0"),
    ];
    for &(payload, kind, message) in table {
        let shown = String::from_utf8_lossy(payload);
        let payloads = [br#"{"id":"a","n":1}"#, payload, br#"{"id":"b","n":2}"#];
        let decoded = decode(&id_and_n(), DecodeOptions::default(), payloads);
        let [dead] = &decoded.dead[..] else { panic!("{shown} is no dead letter") };
        assert_eq!((dead.record, dead.kind), (1, kind), "{shown}");
        assert_eq!(dead.message, message, "{shown}");
        assert_eq!(texts(decoded.rows.column(0)), [Some("a"), Some("b")], "{shown}");
        assert_eq!(decoded.rows.column(1).as_primitive::<Int64Type>().values(), &[1, 2]);
        assert_eq!(decoded.records, RowRecords::Some(vec![0, 2]));
    }
    assert!(decode(&id_and_n(), DecodeOptions::default(), [fits]).dead.is_empty());
}

#[test]
fn a_record_bad_in_its_last_byte_leaves_nothing_behind() {
    let stops = list(object([("name", DataType::Utf8), ("tags", list(DataType::Utf8))]));
    let schema = schema([("n", DataType::Int64), ("stops", stops), ("ok", DataType::Boolean)]);
    let good = r#"{"n":1,"stops":[{"name":"a","tags":["x","y"]},{"name":"b"}],"ok":true}"#;
    let bad = r#"{"n":"x","zz":1,"stops":[{"name":1,"tags":["x",2]},7],"ok":null"#;
    for unknown in [UnknownFields::Ignore, UnknownFields::Extra, UnknownFields::Reject] {
        let both = decode(&schema, options(unknown), [good, bad, bad, good]);
        let alone = decode(&schema, options(unknown), [good, good]);
        assert_eq!(both.rows, alone.rows);
        assert!(both.fields.is_empty());
        assert_eq!(both.records, RowRecords::Some(vec![0, 3]));
    }
}

#[test]
fn fields_come_in_any_order_and_may_be_absent() {
    let records = [
        r#"{"id":"a","n":1}"#,
        r#" { "n" : 2 , "id" : "b" } "#,
        "\n{\r\n\t\"n\"\n:\n3\n}\n",
        "{}",
        r#"{"id":"c","n":4}"#,
        r#"{"\u0069d":"d","\u006e":5}"#,
        r#"{"i\u0064":"e","x":{"n":9},"n":6}"#,
    ];
    let decoded = decode(&id_and_n(), DecodeOptions::default(), records);
    let ids = [Some("a"), Some("b"), None, None, Some("c"), Some("d"), Some("e")];
    assert_eq!(texts(decoded.rows.column(0)), ids);
    let numbers: Vec<_> = decoded.rows.column(1).as_primitive::<Int64Type>().iter().collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3), None, Some(4), Some(5), Some(6)]);
    assert!(decoded.fields.is_empty());
    assert_eq!(decoded.records, RowRecords::All(7));
    assert_eq!((decoded.records.get(6), decoded.records.get(7)), (Some(6), None));
}

#[test]
fn names_that_json_escapes_long_and_similar_names_are_told_apart() {
    let long = "a_name_of_more_than_sixteen_bytes";
    let names = ["a\"b", "a", "ab", long, "a_name_of_more_than_sixteen_bytez", "ключ", "", "tab\t"];
    let schema = schema(names.map(|name| (name, DataType::Int64)));
    let record = r#"{"a\"b":1,"a":2,"ab":3,"a_name_of_more_than_sixteen_bytes":4,"a_name_of_more_than_sixteen_bytez":5,"ключ":6,"":7,"tab\t":8}"#;
    let decoded = decode(&schema, DecodeOptions::default(), [record, record]);
    assert!(decoded.fields.is_empty() && decoded.dead.is_empty());
    for (column, value) in decoded.rows.columns().iter().zip(1..) {
        assert_eq!(column.as_primitive::<Int64Type>().values(), &[value, value]);
    }
    let forged = decode(&schema, DecodeOptions::default(), [r#"{"a"b":1}"#]);
    assert_eq!(forged.dead[0].message, "expected `:` at byte 4");
}

#[test]
fn the_first_of_a_repeated_field_stays_and_the_field_is_violated() {
    let position = object([("lat", DataType::Int64)]);
    let schema = schema([("n", DataType::Int64), ("at", position)]);
    let records = [
        r#"{"n":1,"n":2,"n":3}"#,
        r#"{"n":1,"x":0,"x":1,"\u006e":1}"#,
        r#"{"at":{"lat":1,"lat":2},"n":null,"n":1}"#,
        r#"{"at":{"lat":1},"at":{"lat":2}}"#,
        r#"{"n":"x","n":1}"#,
    ];
    let decoded = decode(&schema, DecodeOptions::default(), records);
    let numbers: Vec<_> = decoded.rows.column(0).as_primitive::<Int64Type>().iter().collect();
    assert_eq!(numbers, [Some(1), Some(1), None, None, None]);
    let rows: Vec<u32> = decoded.fields.iter().map(|violation| violation.row).collect();
    assert_eq!(rows, [0, 1, 2, 2, 3, 4]);
    assert_eq!(paths(&schema, &decoded), ["n", "n", "n", "at.lat", "at", "n"]);
    assert!(decode(&schema, DecodeOptions::default(), [r#"{"n":1,"n":}"#]).rows.num_rows() == 0);
}

#[test]
fn unknown_fields_are_ignored_kept_or_flagged() {
    let schema = schema([("n", DataType::Int64), ("at", object([("lat", DataType::Int64)]))]);
    let records = [
        r#"{"x": [1, {"y":null}] ,"n":1,"z":"\u00e9","x":2}"#,
        r#"{"n":2,"at":{"lat":1,"lon":2}}"#,
        r#"{"n":3}"#,
        r#"{"n":4,"\ud800":1}"#,
    ];
    let ignored = decode(&schema, options(UnknownFields::Ignore), records);
    assert!(ignored.fields.is_empty() && ignored.rows.num_columns() == 2);

    let kept = decode(&schema, options(UnknownFields::Extra), records);
    assert!(kept.fields.is_empty());
    assert_eq!(kept.rows.schema().field(2).name(), "_extra");
    let extra =
        [Some(r#"{"x": [1, {"y":null}],"z":"\u00e9","x":2}"#), None, None, Some(r#"{"\ud800":1}"#)];
    assert_eq!(texts(kept.rows.column(2)), extra);

    let flagged = decode(&schema, options(UnknownFields::Reject), records);
    let unknown = |row| FieldViolation { row, field: UNKNOWN_FIELD };
    assert_eq!(flagged.fields, [unknown(0), unknown(1), unknown(3)]);
    assert_eq!(flagged.rows, ignored.rows);
}

#[test]
fn tombstones_are_skipped_refused_or_kept() {
    let records = || chunk([Some(r#"{"n":1}"#), None, Some("{"), None, Some(r#"{"n":2}"#)]);
    let run = |tombstones| {
        let options = DecodeOptions { tombstones, unknown_fields: UnknownFields::Extra };
        json(&id_and_n(), options).unwrap().decode(&records()).unwrap()
    };
    let skip = run(Tombstones::Skip);
    assert_eq!((skip.rows.num_rows(), skip.skipped, skip.dead.len()), (2, vec![1, 3], 1));

    let reject = run(Tombstones::Reject);
    let dead: Vec<_> = reject.dead.iter().map(|dead| (dead.record, dead.kind)).collect();
    let violation = DeadLetterKind::SchemaViolation;
    assert_eq!(dead, [(1, violation), (2, DeadLetterKind::JsonParse), (3, violation)]);
    assert_eq!(reject.dead[0].message, "tombstone");

    let keep = run(Tombstones::Keep);
    assert_eq!(keep.records, RowRecords::Some(vec![0, 1, 3, 4]));
    assert!(keep.fields.is_empty() && keep.skipped.is_empty());
    for column in keep.rows.columns() {
        assert!(column.is_null(1) && column.is_null(2));
    }
}
