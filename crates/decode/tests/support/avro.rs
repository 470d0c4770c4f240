//! Records as `apache-avro` writes them, and what they are decoded to.

use std::sync::Arc;

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use arrow_schema::{Field, Schema as Columns, SchemaRef};
use headgate_decode::{DecodeFault, DecodeOptions, Decoded, avro};
use headgate_model::{SchemaDifference, SchemaFormat, SchemaReference, WriterSchema};

use super::{Field1, chunk, paths};

pub fn writer(text: impl Into<String>) -> WriterSchema {
    WriterSchema { format: SchemaFormat::Avro, text: text.into(), references: Vec::new() }
}

pub fn referring(text: &str, references: &[(&str, &str)]) -> WriterSchema {
    let reference = |&(name, text): &(&str, &str)| SchemaReference {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    WriterSchema { references: references.iter().map(reference).collect(), ..writer(text) }
}

/// A schema of records with these fields: `"name": type`, apart by commas as JSON has them.
pub fn record(fields: &[(&str, &str)]) -> String {
    let field = |(name, of): &(&str, &str)| format!(r#"{{"name": "{name}", "type": {of}}}"#);
    let fields: Vec<String> = fields.iter().map(field).collect();
    format!(r#"{{"type": "record", "name": "R", "fields": [{}]}}"#, fields.join(", "))
}

pub fn encode(schema: &str, value: Value) -> Vec<u8> {
    encode_in_blocks(schema, value, None)
}

/// Arrays and maps in blocks that say their size, of this many bytes at least.
pub fn encode_in_blocks(schema: &str, value: Value, block_size: Option<usize>) -> Vec<u8> {
    let schema = Schema::parse_str(schema).unwrap();
    let writer = GenericDatumWriter::builder(&schema).maybe_target_block_size(block_size);
    writer.build().unwrap().write_value_to_vec(value).unwrap()
}

pub fn fields(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Record(members.into_iter().map(|(name, of)| (name.to_owned(), of)).collect())
}

pub fn decode<P: AsRef<[u8]>>(
    columns: &SchemaRef,
    writer: &WriterSchema,
    options: DecodeOptions,
    payloads: impl IntoIterator<Item = P>,
) -> Decoded {
    let chunk = chunk(payloads.into_iter().map(Some));
    let (mut decoder, _) = avro(columns, writer, options).unwrap();
    let decoded = decoder.decode(&chunk).unwrap();
    let all = decoded.rows.num_rows() + decoded.dead.len() + decoded.skipped.len();
    assert_eq!(all, chunk.len(), "every record is accounted for once");
    assert_eq!(decoded.records.len(), decoded.rows.num_rows());
    decoded
}

/// Decodes a record whose only field is of this type and has this value.
pub fn field(column: Field, of: &str, value: Value) -> Result<Field1, String> {
    let schema = record(&[("f", of)]);
    field_of(column, &schema, &encode(&schema, fields([("f", value)])))
}

pub fn field_of(column: Field, schema: &str, payload: &[u8]) -> Result<Field1, String> {
    let columns: SchemaRef = Arc::new(Columns::new(vec![column.with_name("f")]));
    let decoded = decode(&columns, &writer(schema), DecodeOptions::default(), [payload]);
    if let [dead] = &decoded.dead[..] {
        return Err(dead.message.clone());
    }
    let value = decoded.rows.column(0).clone();
    Ok(Field1 { value, violations: paths(&columns, &decoded) })
}

pub fn differences(
    columns: &SchemaRef,
    writer: &WriterSchema,
) -> Result<Vec<SchemaDifference>, DecodeFault> {
    avro(columns, writer, DecodeOptions::default()).map(|(_, differences)| differences)
}

/// `path: expected <- actual`, and a `!` in front where rows cannot satisfy the contract.
pub fn told(differences: &[SchemaDifference]) -> Vec<String> {
    let tell = |it: &SchemaDifference| {
        let mark = if it.compatible { "" } else { "! " };
        format!("{mark}{}: {} <- {}", it.path, it.expected, it.actual)
    };
    differences.iter().map(tell).collect()
}
