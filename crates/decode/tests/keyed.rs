//! Keys as a column of the rows.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use headgate_decode::{
    DecodeOptions, Decoded, KeySplit, RowRecords, Tombstones, UnknownFields, json, json_value,
    keyed, raw,
};
use headgate_model::{ChunkBuilder, FieldViolation, PartitionId, RecordChunk, UNKNOWN_FIELD};

type Record<'a> = (Option<&'a str>, Option<&'a str>);

fn chunk(records: &[Record<'_>]) -> RecordChunk {
    let mut chunk = ChunkBuilder::default();
    let partition = chunk.partition(&PartitionId::new("t", "-", 0));
    for ((key, value), offset) in records.iter().zip(0..) {
        let (key, value) = (key.map(str::as_bytes), value.map(str::as_bytes));
        chunk.push(partition, offset, None, value, key, []);
    }
    chunk.finish(0, 0)
}

fn schema(key: DataType) -> SchemaRef {
    let place = Fields::from(vec![Field::new("lat", DataType::Int64, false)]);
    Arc::new(Schema::new(vec![
        Field::new("place", DataType::Struct(place), false),
        Field::new("key", key, false),
        Field::new("n", DataType::Int64, false),
    ]))
}

fn key_fields() -> DataType {
    DataType::Struct(vec![Field::new("id", DataType::Int64, false)].into())
}

fn decode(schema: &SchemaRef, options: DecodeOptions, records: &[Record<'_>]) -> Decoded {
    let split = KeySplit::of(schema, "key").unwrap();
    let keep = DecodeOptions { tombstones: Tombstones::Keep, ..options };
    let keys = if split.is_scalar() { json_value } else { json };
    let values = json(&split.values, options).unwrap();
    let mut decoder = keyed(&split, values, keys(&split.keys, keep).unwrap());
    let decoded = decoder.decode(&chunk(records)).unwrap();
    assert_eq!(decoded.rows.schema(), *decoder.schema());
    decoded
}

fn ints<'a>(rows: &'a RecordBatch, name: &str) -> impl Iterator<Item = Option<i64>> + 'a {
    rows.column_by_name(name).unwrap().as_primitive::<Int64Type>().iter()
}

#[test]
fn keys_of_objects_are_a_column_in_its_place() {
    let decoded = decode(
        &schema(key_fields()),
        DecodeOptions::default(),
        &[
            (Some(r#"{"id":1}"#), Some(r#"{"n":10,"place":{"lat":1}}"#)),
            (None, Some(r#"{"n":20}"#)),
            (Some(r#"{}"#), Some(r#"{"n":30}"#)),
        ],
    );
    let names: Vec<_> =
        decoded.rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["place", "key", "n"]);
    let keys = decoded.rows.column(1).as_struct();
    assert_eq!((keys.is_null(0), keys.is_null(1), keys.is_null(2)), (false, true, false));
    let ids: Vec<_> = keys.column(0).as_primitive::<Int64Type>().iter().collect();
    assert_eq!(ids, [Some(1), None, None]);
    assert_eq!(ints(&decoded.rows, "n").collect::<Vec<_>>(), [Some(10), Some(20), Some(30)]);
    assert!(decoded.fields.is_empty() && decoded.dead.is_empty());
}

#[test]
fn a_key_that_cannot_be_decoded_makes_its_record_a_dead_letter_and_no_other() {
    let decoded = decode(
        &schema(key_fields()),
        DecodeOptions::default(),
        &[
            (Some(r#"{"id":1}"#), Some(r#"{"n":10}"#)),
            (Some("{"), Some(r#"{"n":20}"#)),
            (Some("{"), None),
            (Some("{"), Some("nonsense")),
            (Some(r#"{"id":5}"#), Some(r#"{"n":50}"#)),
        ],
    );
    assert_eq!(ints(&decoded.rows, "n").collect::<Vec<_>>(), [Some(10), Some(50)]);
    assert_eq!(decoded.records, RowRecords::Some(vec![0, 4]));
    assert_eq!(decoded.skipped, [2]);
    let dead: Vec<_> =
        decoded.dead.iter().map(|dead| (dead.record, dead.message.as_str())).collect();
    assert_eq!(
        dead,
        [(1, "key: unexpected end at byte 1"), (3, "expected a JSON object at byte 0")]
    );
}

#[test]
fn violations_are_numbered_as_the_whole_schema_is() {
    // place 0, place.lat 1, key 2, key.id 3, n 4
    let schema = schema(key_fields());
    let options =
        DecodeOptions { unknown_fields: UnknownFields::Reject, ..DecodeOptions::default() };
    let decoded = decode(
        &schema,
        options,
        &[
            (Some("["), Some(r#"{"n":1}"#)),
            (Some(r#"{"id":"x"}"#), Some(r#"{"n":"x","place":{"lat":"x"}}"#)),
            (Some(r#"{"id":1,"z":1}"#), Some(r#"{"n":1,"z":1}"#)),
        ],
    );
    let at = |row, field| FieldViolation { row, field };
    assert_eq!(decoded.fields, [at(0, 1), at(0, 3), at(0, 4), at(1, UNKNOWN_FIELD)]);
}

#[test]
fn a_key_may_be_one_value() {
    let records =
        [(Some("7"), Some(r#"{"n":1}"#)), (Some("\"x\""), Some(r#"{"n":2}"#)), (None, Some("{}"))];
    let decoded = decode(&schema(DataType::Int64), DecodeOptions::default(), &records);
    assert_eq!(ints(&decoded.rows, "key").collect::<Vec<_>>(), [Some(7), None, None]);
    assert_eq!(decoded.fields, [FieldViolation { row: 1, field: 2 }]);
}

#[test]
fn a_raw_key_is_text() {
    let schema = schema(DataType::Utf8);
    let split = KeySplit::of(&schema, "key").unwrap();
    let values = json(&split.values, DecodeOptions::default()).unwrap();
    let mut decoder = keyed(&split, values, raw(Tombstones::Keep));
    let rows =
        decoder.decode(&chunk(&[(Some("k 1"), Some("{}")), (None, Some("{}"))])).unwrap().rows;
    let keys: Vec<_> = rows.column_by_name("key").unwrap().as_string::<i32>().iter().collect();
    assert_eq!(keys, [Some("k 1"), None]);
}

#[test]
fn a_schema_without_the_column_has_no_keys() {
    assert!(KeySplit::of(&schema(DataType::Utf8), "other").is_none());
}
