//! The same messages as Avro, written by `apache-avro`.

use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Decimal, Schema};
use headgate_model::{SchemaFormat, WriterSchema};
use serde_json::Value as Json;

pub const FLAT: &str = r#"{"type": "record", "name": "Event", "fields": [
    {"name": "event_id", "type": "string"},
    {"name": "user_id", "type": "long"},
    {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "event_type", "type": "string"},
    {"name": "amount", "type": "double"},
    {"name": "country", "type": "string"},
    {"name": "page", "type": "string"},
    {"name": "session", "type": "string"},
    {"name": "seq", "type": "long"}
]}"#;

pub const NESTED: &str = r#"{"type": "record", "name": "Trip", "fields": [
    {"name": "trip_id", "type": "string"},
    {"name": "fare", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    {"name": "from", "type": {"type": "record", "name": "Point", "fields": [
        {"name": "lat", "type": "double"}, {"name": "lon", "type": "double"}
    ]}},
    {"name": "stops", "type": {"type": "array", "items": {"type": "record", "name": "Stop", "fields": [
        {"name": "name", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "point", "type": "Point"}
    ]}}},
    {"name": "tags", "type": {"type": "array", "items": "string"}}
]}"#;

/// Every field of [`FLAT`] may be null.
pub fn nullable(schema: &str) -> String {
    let mut schema: Json = serde_json::from_str(schema).expect("JSON");
    for field in schema["fields"].as_array_mut().expect("fields") {
        field["type"] = Json::Array(vec!["null".into(), field["type"].take()]);
    }
    schema.to_string()
}

pub fn writer(schema: &str) -> WriterSchema {
    WriterSchema { format: SchemaFormat::Avro, text: schema.to_owned(), references: Vec::new() }
}

/// The message that is this JSON.
pub fn encode(schema: &Schema, message: &str) -> Vec<u8> {
    let message: Json = serde_json::from_str(message).expect("JSON");
    let writer = GenericDatumWriter::builder(schema).build().expect("schema");
    writer.write_value_to_vec(value(schema, &message)).expect("a value of the schema")
}

fn value(schema: &Schema, json: &Json) -> Value {
    let text = || json.as_str().expect("text").to_owned();
    match schema {
        Schema::String => Value::String(text()),
        Schema::Long => Value::Long(json.as_i64().expect("an integer")),
        Schema::Double => Value::Double(json.as_f64().expect("a number")),
        Schema::TimestampMillis => {
            let time = chrono::DateTime::parse_from_rfc3339(&text()).expect("a time");
            Value::TimestampMillis(time.timestamp_millis())
        }
        Schema::Decimal(_) => {
            let cents = (json.as_f64().expect("a number") * 100.0).round() as i64;
            Value::Decimal(Decimal::from(cents.to_be_bytes()))
        }
        Schema::Array(array) => {
            let items = json.as_array().expect("an array").iter();
            Value::Array(items.map(|item| value(&array.items, item)).collect())
        }
        Schema::Union(union) => Value::Union(1, Box::new(value(&union.variants()[1], json))),
        Schema::Record(record) => Value::Record(
            record
                .fields
                .iter()
                .map(|field| (field.name.clone(), value(&field.schema, &json[&field.name])))
                .collect(),
        ),
        Schema::Ref { .. } => Value::Record(vec![
            ("lat".to_owned(), Value::Double(json["lat"].as_f64().expect("a number"))),
            ("lon".to_owned(), Value::Double(json["lon"].as_f64().expect("a number"))),
        ]),
        other => panic!("{other:?}"),
    }
}
