//! Protobuf: schemas, bytes written by hand, and decoding between two neighbours.

use std::collections::HashMap;

use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Schema, SchemaRef};
use headgate_decode::{DecodeOptions, Decoded, protobuf};
use headgate_model::{DeadLetterKind, SchemaFormat, SchemaReference, WriterSchema};
use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::model::{Model, held};
use super::{chunk, paths, schema};

pub fn writer(text: &str) -> WriterSchema {
    WriterSchema { format: SchemaFormat::Protobuf, text: text.to_owned(), references: vec![] }
}

pub fn reference(name: &str, text: &str) -> SchemaReference {
    SchemaReference { name: name.to_owned(), text: text.to_owned() }
}

struct Sources(HashMap<String, String>);

impl FileResolver for Sources {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.get(name) {
            Some(text) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// The descriptors of one file.
pub fn pool(text: &str) -> DescriptorPool {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Sources(HashMap::from([("m.proto".to_owned(), text.to_owned())])));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file("m.proto").unwrap();
    compiler.descriptor_pool()
}

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn tagged(number: u32, wire_type: u32, value: &[u8]) -> Vec<u8> {
    [&varint(u64::from(number << 3 | wire_type)), value].concat()
}

pub fn int(number: u32, value: i64) -> Vec<u8> {
    tagged(number, 0, &varint(value as u64))
}

pub fn fixed64(number: u32, value: [u8; 8]) -> Vec<u8> {
    tagged(number, 1, &value)
}

pub fn bytes(number: u32, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    tagged(number, 2, &[&varint(value.len() as u64), value].concat())
}

pub fn fixed32(number: u32, value: [u8; 4]) -> Vec<u8> {
    tagged(number, 5, &value)
}

pub fn group(number: u32, content: &[u8]) -> Vec<u8> {
    [tagged(number, 3, content), tagged(number, 4, &[])].concat()
}

/// Decodes messages `M` of `text`.
pub fn decode_messages<P: AsRef<[u8]>>(
    text: &str,
    schema: &SchemaRef,
    options: DecodeOptions,
    payloads: impl IntoIterator<Item = P>,
) -> Decoded {
    let chunk = chunk(payloads.into_iter().map(Some));
    let (mut decoder, _) = protobuf(schema, &writer(text), Some("M"), options).unwrap();
    let decoded = decoder.decode(&chunk).unwrap();
    assert_eq!(decoded.rows.num_rows() + decoded.dead.len(), chunk.len());
    decoded
}

#[derive(Debug, PartialEq)]
pub enum Gives {
    Value(Model),
    /// NULL and a violation.
    Misfit,
    Dead(String),
}

/// The column `f` of one message between two others without fields, which stay as they are.
pub fn field(text: &str, data_type: DataType, payload: &[u8]) -> Gives {
    let schema = schema([("f", data_type)]);
    let alone = decode_messages(text, &schema, DecodeOptions::default(), [[]; 2]);
    let decoded = decode_messages(text, &schema, DecodeOptions::default(), [&[], payload, &[]]);
    neighbours_are(&alone.rows.column(0).clone(), decoded.rows.column(0));
    if let [dead] = &decoded.dead[..] {
        assert_eq!((dead.record, dead.kind), (1, DeadLetterKind::Protobuf));
        return Gives::Dead(dead.message.clone());
    }
    let violated = decoded.fields.iter().any(|violation| violation.row == 1);
    match held(decoded.rows.column(0), 1) {
        Model::Null if violated => Gives::Misfit,
        value => {
            assert!(!violated, "{:?}", paths(&schema, &decoded));
            Gives::Value(value)
        }
    }
}

fn neighbours_are(alone: &ArrayRef, column: &ArrayRef) {
    let last = column.len() - 1;
    assert_eq!(held(alone, 0), held(column, 0));
    assert_eq!(held(alone, 1), held(column, last));
}

/// The row of one message by columns, and the paths violated.
pub fn row(text: &str, schema: &SchemaRef, payload: &[u8]) -> (Vec<Model>, Vec<String>) {
    let decoded = decode_messages(text, schema, DecodeOptions::default(), [payload]);
    assert_eq!(decoded.dead, []);
    let columns = decoded.rows.columns().iter().map(|column| held(column, 0)).collect();
    (columns, paths(schema, &decoded))
}

pub fn json_column(name: &str, kind: &str) -> SchemaRef {
    let metadata = HashMap::from([("headgate.json".to_owned(), kind.to_owned())]);
    let field = arrow_schema::Field::new(name, DataType::Utf8, true).with_metadata(metadata);
    SchemaRef::new(Schema::new(vec![field]))
}

pub fn text(value: &str) -> Model {
    Model::Text(value.to_owned())
}

pub fn float(value: f64) -> Model {
    Model::Float(value.to_bits())
}
