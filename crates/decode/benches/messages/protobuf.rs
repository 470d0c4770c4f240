//! The benchmark's messages in Protobuf: the same rows, written by prost-reflect.

use chrono::DateTime;
use headgate_decode::{DecodeOptions, Decoder, protobuf};
use headgate_model::{ChunkBuilder, PartitionId, RecordChunk, SchemaFormat, WriterSchema};
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, Value};
use serde_json::Value as Json;

use super::{Dice, RECORDS, flat, flat_schema, nested, nested_schema};

const PROTO: &str = r#"
    syntax = "proto3";
    import "google/protobuf/timestamp.proto";
    message Flat {
        string event_id = 1;
        int64 user_id = 2;
        google.protobuf.Timestamp event_time = 3;
        string event_type = 4;
        double amount = 5;
        string country = 6;
        string page = 7;
        string session = 8;
        int64 seq = 9;
    }
    message Point { double lat = 1; double lon = 2; }
    message Stop { string name = 1; google.protobuf.Timestamp at = 2; Point point = 3; }
    message Trip {
        string trip_id = 1;
        double fare = 2;
        Point from = 3;
        repeated Stop stops = 4;
        repeated string tags = 5;
    }
"#;

/// Name of the case, its records and their decoder.
pub fn cases() -> [(&'static str, RecordChunk, Box<dyn Decoder>); 2] {
    let writer =
        WriterSchema { format: SchemaFormat::Protobuf, text: PROTO.into(), references: vec![] };
    let decoder = |schema, name| {
        protobuf(&schema, &writer, Some(name), DecodeOptions::default()).expect("schema").0
    };
    [
        ("flat/protobuf", chunk("Flat", flat), decoder(flat_schema(), "Flat")),
        ("nested/protobuf", chunk("Trip", nested), decoder(nested_schema(), "Trip")),
    ]
}

fn pool() -> DescriptorPool {
    let file = protox::file::File::from_source("m.proto", PROTO).expect("source");
    let mut pool = DescriptorPool::global();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone()).expect("schema");
    pool
}

fn chunk(name: &str, mut row: impl FnMut(&mut Dice) -> String) -> RecordChunk {
    let descriptor = pool().get_message_by_name(name).expect("message");
    let mut dice = Dice(42);
    let mut builder = ChunkBuilder::with_capacity(RECORDS, RECORDS * 256);
    let partition = builder.partition(&PartitionId::new("bench", "-", 0));
    for offset in 0..RECORDS {
        let json: Json = serde_json::from_str(&row(&mut dice)).expect("json");
        let payload = message(&descriptor, &json).encode_to_vec();
        builder.push(partition, offset as i64, Some(0), Some(&payload), None, []);
    }
    builder.finish(0, 0)
}

fn message(descriptor: &MessageDescriptor, json: &Json) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        if let Some(json) = json.get(field.name()) {
            let value = match json {
                Json::Array(items) => {
                    Value::List(items.iter().map(|item| value(&field.kind(), item)).collect())
                }
                json => value(&field.kind(), json),
            };
            message.set_field(&field, value);
        }
    }
    message
}

fn value(kind: &Kind, json: &Json) -> Value {
    match (kind, json) {
        (Kind::Message(of), Json::String(time)) => {
            let time = DateTime::parse_from_rfc3339(time).expect("time");
            let mut message = DynamicMessage::new(of.clone());
            message.set_field_by_number(1, Value::I64(time.timestamp()));
            message.set_field_by_number(2, Value::I32(time.timestamp_subsec_nanos() as i32));
            Value::Message(message)
        }
        (Kind::Message(of), json) => Value::Message(message(of, json)),
        (Kind::Int64, json) => Value::I64(json.as_i64().expect("integer")),
        (Kind::Double, json) => Value::F64(json.as_f64().expect("number")),
        (_, json) => Value::String(json.as_str().expect("string").to_owned()),
    }
}
