//! Chunks and schemas for the tests.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

pub mod avro;
pub mod model;
pub mod proto;
pub mod writer;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use headgate_decode::{DecodeOptions, Decoded, UnknownFields, json};
use headgate_model::{ChunkBuilder, PartitionId, RecordChunk, field_paths};

pub fn chunk<P: AsRef<[u8]>>(payloads: impl IntoIterator<Item = Option<P>>) -> RecordChunk {
    let mut builder = ChunkBuilder::default();
    let partition = builder.partition(&PartitionId::new("t", "-", 0));
    for (payload, offset) in payloads.into_iter().zip(0..) {
        let payload = payload.as_ref().map(AsRef::as_ref);
        builder.push(partition, offset, None, payload, Some(b"key"), []);
    }
    builder.finish(0, 0)
}

pub fn schema(fields: impl IntoIterator<Item = (&'static str, DataType)>) -> SchemaRef {
    Arc::new(Schema::new(struct_fields(fields)))
}

fn struct_fields(fields: impl IntoIterator<Item = (&'static str, DataType)>) -> Fields {
    fields.into_iter().map(|(name, of)| Field::new(name, of, false)).collect()
}

pub fn object(fields: impl IntoIterator<Item = (&'static str, DataType)>) -> DataType {
    DataType::Struct(struct_fields(fields))
}

pub fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", item, false)))
}

pub fn map(value: DataType) -> DataType {
    let parts = [Field::new("key", DataType::Utf8, false), Field::new("value", value, false)];
    let entries = Field::new("key_value", DataType::Struct(parts.into_iter().collect()), false);
    DataType::Map(Arc::new(entries), false)
}

pub fn utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub fn local() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}

pub fn options(unknown_fields: UnknownFields) -> DecodeOptions {
    DecodeOptions { unknown_fields, ..DecodeOptions::default() }
}

pub fn decode<P: AsRef<[u8]>>(
    schema: &SchemaRef,
    options: DecodeOptions,
    payloads: impl IntoIterator<Item = P>,
) -> Decoded {
    let chunk = chunk(payloads.into_iter().map(Some));
    let decoded = json(schema, options).unwrap().decode(&chunk).unwrap();
    let all = decoded.rows.num_rows() + decoded.dead.len() + decoded.skipped.len();
    assert_eq!(all, chunk.len(), "every record is accounted for once");
    assert_eq!(decoded.records.len(), decoded.rows.num_rows());
    decoded
}

/// A record and its neighbours: the column of the one, and the paths violated.
pub struct Field1 {
    pub value: ArrayRef,
    pub violations: Vec<String>,
}

/// Decodes `{"f":<text>}` between two records without `f`.
pub fn field(data_type: DataType, text: &str) -> Result<Field1, String> {
    let schema = schema([("f", data_type)]);
    let payload = format!("{{\"f\":{text}}}");
    let decoded = decode(&schema, DecodeOptions::default(), ["{}", &payload, "{}"]);
    if let [dead] = &decoded.dead[..] {
        assert_eq!((dead.record, decoded.rows.num_rows()), (1, 2));
        return Err(dead.message.clone());
    }
    let column = decoded.rows.column(0);
    assert!(column.is_null(0) && column.is_null(2), "the neighbours of {text} have no field");
    assert!(decoded.fields.iter().all(|violation| violation.row == 1));
    Ok(Field1 { value: column.slice(1, 1), violations: paths(&schema, &decoded) })
}

/// The violated paths, row after row.
pub fn paths(schema: &Schema, decoded: &Decoded) -> Vec<String> {
    let paths = field_paths(schema);
    let name = |field: u32| paths.get(field as usize).cloned().unwrap_or("?".to_owned());
    decoded.fields.iter().map(|violation| name(violation.field)).collect()
}

pub fn texts(column: &ArrayRef) -> Vec<Option<&str>> {
    column.as_string::<i32>().iter().collect()
}
