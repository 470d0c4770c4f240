//! Objects and arrays, and schemas that are refused.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use headgate_decode::{DecodeFault, DecodeOptions, UnknownFields, json};
use headgate_model::Fault;
use support::{decode, field, list, map, object, options, paths, schema};

#[test]
fn objects_within_objects_fill_their_columns() {
    let inner = object([("lat", DataType::Int64), ("unit", DataType::Utf8)]);
    let schema = schema([("at", object([("p", inner), ("ok", DataType::Boolean)]))]);
    let records = [
        r#"{"at":{"p":{"lat":1,"unit":"m"},"ok":true}}"#,
        r#"{"at":{"ok":false,"p":null}}"#,
        r#"{"at":{"p":{}}}"#,
        r#"{"at":null}"#,
        r#"{}"#,
        r#"{"at":{"p":[1],"ok":true}}"#,
        r#"{"at":{"p":{"lat":"x","unit":"km"}}}"#,
        r#"{"at":"x"}"#,
    ];
    let decoded = decode(&schema, DecodeOptions::default(), records);
    let at = decoded.rows.column(0).as_struct();
    let valid = |array: &dyn Array| (0..8).map(|row| array.is_valid(row)).collect::<Vec<_>>();
    assert_eq!(valid(at), [true, true, true, false, false, true, true, false]);
    let p = at.column(0).as_struct();
    assert_eq!(valid(p), [true, false, true, false, false, false, true, false]);
    let lat: Vec<_> = p.column(0).as_primitive::<Int64Type>().iter().collect();
    assert_eq!(lat, [Some(1), None, None, None, None, None, None, None]);
    assert_eq!(p.column(1).as_string::<i32>().value(6), "km");
    let rows: Vec<u32> = decoded.fields.iter().map(|violation| violation.row).collect();
    assert_eq!(rows, [5, 6, 7]);
    assert_eq!(paths(&schema, &decoded), ["at.p", "at.p.lat", "at"]);
}

#[test]
fn arrays_keep_their_items_in_place() {
    let got = field(list(DataType::Int64), r#"[1, null, 2.5, "x", [3], 4e0]"#).unwrap();
    let items = got.value.as_list::<i32>().value(0);
    let items: Vec<_> = items.as_primitive::<Int64Type>().iter().collect();
    assert_eq!(items, [Some(1), None, None, None, None, Some(4)]);
    assert_eq!(got.violations, ["f[]"]);

    let empty = field(list(DataType::Int64), "[ ]").unwrap();
    assert!(empty.value.is_valid(0) && empty.value.as_list::<i32>().value(0).is_empty());
    let wrong = field(list(DataType::Int64), r#"{"a":[1]}"#).unwrap();
    assert!(wrong.value.is_null(0));
    assert_eq!(wrong.violations, ["f"]);
    for broken in ["[1,]", "[1 2]", "[,]", "[1}", "["] {
        assert!(field(list(DataType::Int64), broken).is_err(), "{broken}");
    }
}

#[test]
fn arrays_of_objects_and_of_arrays_name_the_path_they_violate() {
    let stop = object([("name", DataType::Utf8), ("legs", list(list(DataType::Int64)))]);
    let schema = schema([("stops", list(stop))]);
    let records = [
        r#"{"stops":[{"name":"a","legs":[[1,2],[]]},{"legs":null}]}"#,
        r#"{"stops":[]}"#,
        r#"{"stops":[7,{"name":7,"legs":[1,["x"]]},null]}"#,
    ];
    let decoded = decode(&schema, DecodeOptions::default(), records);
    let stops = decoded.rows.column(0).as_list::<i32>();
    assert_eq!(stops.value_offsets(), &[0, 2, 2, 5]);
    let third = stops.value(2);
    assert_eq!((third.is_null(0), third.is_valid(1), third.is_null(2)), (true, true, true));
    let violated = ["stops[]", "stops[].name", "stops[].legs[]", "stops[].legs[][]"];
    assert_eq!(paths(&schema, &decoded), violated);
}

#[test]
fn maps_keep_their_entries_in_order_and_refuse_a_key_twice() {
    let got = field(map(DataType::Int64), r#"{"b":1, "a" : null,"":"x","\u00e9":4}"#).unwrap();
    let entries = got.value.as_map().value(0);
    let keys: Vec<_> = entries.column(0).as_string::<i32>().iter().flatten().collect();
    let values: Vec<_> = entries.column(1).as_primitive::<Int64Type>().iter().collect();
    assert_eq!(keys, ["b", "a", "", "é"]);
    assert_eq!(values, [Some(1), None, None, Some(4)]);
    assert_eq!(got.violations, ["f{}"]);

    let empty = field(map(DataType::Int64), "{ }").unwrap();
    assert!(empty.value.is_valid(0) && empty.value.as_map().value(0).is_empty());
    for wrong in ["[1]", r#"{"a":1,"\u0061":2}"#, r#"{"\ud800":1}"#] {
        let wrong = field(map(DataType::Int64), wrong).unwrap();
        assert!(wrong.value.is_null(0));
        assert_eq!(wrong.violations, ["f"]);
    }
    for broken in [r#"{"a":1,}"#, r#"{"a" 1}"#, r#"{a:1}"#, r#"{"a":1]"#, r#"{"a":"#] {
        assert!(field(map(DataType::Int64), broken).is_err(), "{broken}");
    }
}

#[test]
fn a_record_that_breaks_within_a_map_leaves_nothing_behind() {
    let schema = schema([("m", map(list(DataType::Int64)))]);
    let records = [r#"{"m":{"a":[1]}}"#, r#"{"m":{"b":[2],"c":[3,"#, r#"{"m":{"d":[4],"e":[5]}}"#];
    let decoded = decode(&schema, DecodeOptions::default(), records);
    assert_eq!((decoded.rows.num_rows(), decoded.dead.len()), (2, 1));
    let maps = decoded.rows.column(0).as_map();
    assert_eq!(maps.value_offsets(), &[0, 1, 3]);
    let keys: Vec<_> = maps.keys().as_string::<i32>().iter().flatten().collect();
    assert_eq!(keys, ["a", "d", "e"]);
}

#[test]
fn levels_of_known_and_unknown_fields_count_together() {
    let deep = (0..100).fold(DataType::Int64, |item, _| list(item));
    let text = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(field(deep.clone(), &text(100)).unwrap().violations.is_empty());
    assert!(!field(deep.clone(), &text(127)).unwrap().violations.is_empty());
    assert_eq!(field(deep, &text(128)).err().unwrap(), "nested too deeply at byte 132");
    let deeper = (0..140).fold(DataType::Int64, |item, _| list(item));
    assert!(field(deeper.clone(), &text(127)).is_ok());
    assert_eq!(field(deeper, &text(128)).err().unwrap(), "nested too deeply at byte 132");
}

#[test]
fn everything_decoded_is_nullable_and_keeps_its_metadata() {
    let schema = schema([("at", object([("l", list(DataType::Int64))]))]);
    let decoder = json(&schema, options(UnknownFields::Extra)).unwrap();
    let DataType::Struct(children) = decoder.schema().field(0).data_type() else { panic!() };
    let DataType::List(item) = children[0].data_type() else { panic!() };
    assert!(decoder.schema().field(0).is_nullable());
    assert!(children[0].is_nullable() && item.is_nullable());
    assert_eq!(item.name(), "element");
    assert_eq!(decoder.schema().field(1).name(), "_extra");
}

#[test]
fn a_schema_without_fields_still_counts_rows() {
    let none: [(&str, DataType); 0] = [];
    let decoded = decode(&schema(none), DecodeOptions::default(), [r#"{"a":1}"#, "{}", "{"]);
    assert_eq!((decoded.rows.num_rows(), decoded.dead.len()), (2, 1));
}

#[test]
fn a_decoder_is_as_new_after_every_chunk() {
    let schema = schema([("s", DataType::Utf8), ("l", list(DataType::Utf8))]);
    let mut decoder = json(&schema, DecodeOptions::default()).unwrap();
    let mut rows = |records: Vec<String>| -> RecordBatch {
        decoder.decode(&support::chunk(records.into_iter().map(Some))).unwrap().rows
    };
    let record = |n: usize| format!(r#"{{"s":"{}","l":["a","{n}"]}}"#, "x".repeat(n));
    let first = rows((0..50).map(record).collect());
    let empty = rows(Vec::new());
    let broken = rows(vec!["{\"s\":\"abc\",\"l\":[\"a\"".to_owned()]);
    assert_eq!((empty.num_rows(), broken.num_rows()), (0, 0));
    assert_eq!(rows((0..50).map(record).collect()), first);
}

#[test]
fn types_without_a_json_form_are_refused_by_path() {
    let refused = [
        DataType::LargeBinary,
        DataType::UInt32,
        DataType::LargeUtf8,
        DataType::Decimal128(39, 0),
        DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Timestamp(TimeUnit::Microsecond, Some("Europe/Berlin".into())),
    ];
    for data_type in refused {
        let schema = schema([("a", list(object([("b", data_type.clone())])))]);
        let fault = json(&schema, DecodeOptions::default()).err().unwrap();
        assert_eq!(fault.to_string(), "column `a[].b` has a type that JSON cannot be decoded to");
        assert_eq!(fault.code(), "DECODE_UNSUPPORTED_TYPE");
        assert_eq!(fault.context().actual, Some(data_type.to_string()));
    }
    let twice = schema([("a", object([("b", DataType::Utf8), ("b", DataType::Utf8)]))]);
    let fault = json(&twice, DecodeOptions::default()).err().unwrap();
    assert!(matches!(&fault, DecodeFault::DuplicateColumn { path } if path == "a.b"));
    let kept = schema([("_extra", DataType::Utf8)]);
    assert!(json(&kept, options(UnknownFields::Ignore)).is_ok());
    let fault = json(&kept, options(UnknownFields::Extra)).err().unwrap();
    assert_eq!(fault.code(), "DECODE_RESERVED_COLUMN");
}
