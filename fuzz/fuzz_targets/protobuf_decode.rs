//! Any bytes as a payload between two others: those stay as they are, and what prost-reflect writes
//! of a message that it could read is a row.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use headgate_decode::{DecodeOptions, Decoder, Tombstones, UnknownFields, protobuf};
use headgate_model::{
    ChunkBuilder, PartitionId, RecordChunk, SchemaFormat, UNKNOWN_FIELD, WriterSchema,
};
use libfuzzer_sys::fuzz_target;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

const PROTO: &str = r#"
    syntax = "proto2";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    import "google/protobuf/struct.proto";
    enum Color { RED = 0; BLUE = -1; }
    message Inner {
        optional sint64 number = 1;
        repeated sint32 many = 2 [packed = true];
        optional Inner deep = 3;
        map<string, Inner> named = 4;
        oneof either { bool yes = 5; Inner no = 6; string text = 7; }
    }
    message M {
        optional int32 a = 1; required int64 b = 2; optional uint64 c = 3; optional fixed32 d = 4;
        optional double e = 5; optional float f = 6; optional bool g = 7; optional string h = 8;
        optional bytes i = 9; optional Color j = 10; optional Inner k = 11; repeated Inner l = 12;
        repeated double m = 13; repeated string n = 14; map<sint32, string> o = 15;
        optional google.protobuf.Timestamp p = 16; optional google.protobuf.Int64Value q = 17;
        optional group R = 18 { optional int32 number = 1; }
        optional Inner s = 19; optional google.protobuf.Struct t = 20; optional string u = 21;
        optional string v = 22; repeated google.protobuf.Value w = 23; optional Inner x = 500;
    }
"#;
/// `b` is 5.
const NEIGHBOUR: &[u8] = &[16, 5];

fn schema() -> SchemaRef {
    let list = |item: DataType| DataType::List(Arc::new(Field::new("element", item, true)));
    let leaf = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    let object = |fields: Vec<Field>| DataType::Struct(fields.into());
    let map = |name: &str, value: DataType| {
        let key = Field::new("key", DataType::Utf8, false);
        Field::new_map(name, "key_value", key, leaf("value", value), false, true)
    };
    let inner = |more: Vec<Field>| {
        let fields = vec![
            leaf("number", DataType::Int64),
            leaf("many", list(DataType::Int64)),
            leaf("yes", DataType::Boolean),
            leaf("text", DataType::Utf8),
        ];
        object(fields.into_iter().chain(more).collect())
    };
    let deep = || inner(vec![leaf("deep", inner(vec![])), map("named", inner(vec![]))]);
    Arc::new(Schema::new(vec![
        leaf("a", DataType::Int64),
        leaf("b", DataType::Int8),
        leaf("c", DataType::Decimal128(20, 0)),
        leaf("d", DataType::Int64),
        leaf("e", DataType::Decimal128(12, 2)),
        leaf("f", DataType::Float64),
        leaf("g", DataType::Boolean),
        leaf("h", DataType::Utf8),
        leaf("i", DataType::Utf8),
        leaf("j", DataType::Utf8),
        leaf("k", deep()),
        leaf("l", list(deep())),
        leaf("m", list(DataType::Float64)),
        leaf("n", list(DataType::Utf8)),
        map("o", DataType::Utf8),
        leaf("p", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
        leaf("q", DataType::Int64),
        leaf("r", object(vec![leaf("number", DataType::Int64)])),
        leaf("s", DataType::Utf8)
            .with_metadata([("headgate.json".to_owned(), "object".to_owned())].into()),
        map("t", DataType::Utf8),
        leaf("u", DataType::Date32),
        leaf("w", list(DataType::Float64)),
    ]))
}

struct Fixture {
    schema: SchemaRef,
    decoder: Box<dyn Decoder>,
    message: MessageDescriptor,
    alone: RecordBatch,
}

fn chunk(payloads: &[&[u8]]) -> RecordChunk {
    let mut chunk = ChunkBuilder::default();
    let partition = chunk.partition(&PartitionId::new("t", "-", 0));
    for (offset, payload) in payloads.iter().enumerate() {
        chunk.push(partition, offset as i64, None, Some(payload), None, []);
    }
    chunk.finish(0, 0)
}

fn fixture() -> Fixture {
    let schema = schema();
    let options =
        DecodeOptions { tombstones: Tombstones::Skip, unknown_fields: UnknownFields::Extra };
    let writer = WriterSchema {
        format: SchemaFormat::Protobuf,
        text: PROTO.to_owned(),
        references: Vec::new(),
    };
    let (mut decoder, _) =
        protobuf(&schema, &writer, Some("M"), options).expect("the schema is sound");
    let file = protox::file::File::from_source("m.proto", PROTO).expect("the file is sound");
    let mut pool = DescriptorPool::global();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone())
        .expect("the file is whole");
    let message = pool.get_message_by_name("M").expect("the file has it");
    let alone = decoder.decode(&chunk(&[NEIGHBOUR])).expect("one row").rows;
    Fixture { schema, decoder, message, alone }
}

thread_local! {
    static FIXTURE: RefCell<Fixture> = RefCell::new(fixture());
}

fuzz_target!(|payload: &[u8]| {
    FIXTURE.with_borrow_mut(|Fixture { schema, decoder, message, alone }| {
        let decoded = decoder
            .decode(&chunk(&[NEIGHBOUR, payload, NEIGHBOUR]))
            .expect("a chunk of this size fits");
        let rows = decoded.rows.num_rows();
        assert_eq!(rows + decoded.dead.len(), 3);
        assert_eq!(decoded.rows.slice(0, 1), *alone);
        assert_eq!(decoded.rows.slice(rows - 1, 1), *alone);
        assert!(decoded.fields.is_sorted());
        let fields = headgate_model::field_paths(schema).len() as u32;
        for violation in &decoded.fields {
            assert!(rows == 3 && violation.row == 1);
            assert!(violation.field < fields || violation.field == UNKNOWN_FIELD);
        }
        assert!(decoded.dead.iter().all(|dead| dead.record == 1));
        // Not the bytes themselves: it reads a map's entry whatever its wire type.
        if let Ok(read) = DynamicMessage::decode(message.clone(), payload) {
            let written = decoder.decode(&chunk(&[&read.encode_to_vec()])).expect("as above");
            assert_eq!(written.rows.num_rows(), 1);
        }
    });
});
