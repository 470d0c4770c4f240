//! Any bytes as payloads: every record is accounted for, and what is a JSON object is a row.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use headgate_decode::{DecodeOptions, Decoder, Tombstones, UnknownFields, json};
use headgate_model::{ChunkBuilder, PartitionId, UNKNOWN_FIELD};
use libfuzzer_sys::fuzz_target;

/// Nested deeper, ours refuses what serde_json refuses too, each at its own depth.
const SHALLOW: usize = 64;

fn schema() -> SchemaRef {
    let list = |item: DataType| DataType::List(Arc::new(Field::new("element", item, true)));
    let leaf = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    let object = |fields: Vec<Field>| DataType::Struct(fields.into());
    let shape = |kind: &str| [("headgate.json".to_owned(), kind.to_owned())].into();
    let stop = object(vec![leaf("name", DataType::Utf8), leaf("legs", list(list(DataType::Int64)))]);
    let key = Field::new("key", DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        leaf("a", DataType::Utf8),
        leaf("b", DataType::Int64),
        leaf("c", DataType::Float64),
        leaf("d", DataType::Boolean),
        leaf("e", DataType::Decimal128(20, 4)),
        leaf("f", DataType::Date32),
        leaf("g", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
        leaf("h", DataType::Int8),
        leaf("i", DataType::Float32),
        leaf("stops", list(stop)),
        Field::new_map("m", "key_value", key, leaf("value", DataType::Int64), false, true),
        leaf("o", DataType::Utf8).with_metadata(shape("object")),
        leaf("l", DataType::Utf8).with_metadata(shape("array")),
    ]))
}

thread_local! {
    static DECODER: RefCell<(SchemaRef, Box<dyn Decoder>)> = RefCell::new({
        let schema = schema();
        let options =
            DecodeOptions { tombstones: Tombstones::Skip, unknown_fields: UnknownFields::Extra };
        let decoder = json(&schema, options).expect("the schema is sound");
        (schema, decoder)
    });
}

/// A line is a payload; an empty one is a tombstone.
fuzz_target!(|bytes: &[u8]| {
    let payloads: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let mut chunk = ChunkBuilder::default();
    let partition = chunk.partition(&PartitionId::new("t", "-", 0));
    for (offset, payload) in payloads.iter().enumerate() {
        let value = (!payload.is_empty()).then_some(*payload);
        chunk.push(partition, offset as i64, None, value, None, []);
    }
    let chunk = chunk.finish(0, 0);
    DECODER.with_borrow_mut(|(schema, decoder)| {
        let decoded = decoder.decode(&chunk).expect("a chunk of this size fits");
        let rows = decoded.rows.num_rows();
        assert_eq!(rows + decoded.dead.len() + decoded.skipped.len(), payloads.len());
        assert!(decoded.fields.is_sorted());
        let fields = headgate_model::field_paths(schema).len() as u32;
        for violation in &decoded.fields {
            assert!((violation.row as usize) < rows);
            assert!(violation.field < fields || violation.field == UNKNOWN_FIELD);
        }
        for dead in &decoded.dead {
            let payload = payloads[dead.record as usize];
            let depth = payload.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
            let parsed = serde_json::from_slice::<serde_json::Value>(payload);
            assert!(depth > SHALLOW || !parsed.is_ok_and(|value| value.is_object()));
        }
    });
});
