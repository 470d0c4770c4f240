//! Writers' schemas: what compiles, which message is meant, and how it differs from the columns.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_decode::{DecodeOptions, protobuf};
use headgate_model::{Fault, SchemaDifference, WriterSchema};
use prost_reflect::DescriptorPool;
use support::proto::{bytes, int, pool, reference, writer};
use support::{chunk, list, object, schema};

const TWO: &str = "syntax = \"proto3\"; package p; message A { int32 x = 1; message B { int32 y = 1; } } \
    message C { A.B b = 1; }";

fn columns() -> SchemaRef {
    schema([("x", DataType::Int64)])
}

fn reason(writer: &WriterSchema, message: Option<&str>) -> String {
    let fault = protobuf(&columns(), writer, message, DecodeOptions::default()).err().unwrap();
    assert_eq!(fault.code(), "SCHEMA_INVALID");
    fault.to_string()
}

fn differences(text: &str, schema: &SchemaRef) -> Vec<(String, String, String, bool)> {
    let (_, found) = protobuf(schema, &writer(text), Some("M"), DecodeOptions::default()).unwrap();
    let parts = |of: SchemaDifference| (of.path, of.expected, of.actual, of.compatible);
    found.into_iter().map(parts).collect()
}

fn difference(
    path: &str,
    expected: &str,
    actual: &str,
    compatible: bool,
) -> (String, String, String, bool) {
    (path.to_owned(), expected.to_owned(), actual.to_owned(), compatible)
}

#[test]
fn the_message_is_named_unless_there_is_one() {
    let named = |message| protobuf(&columns(), &writer(TWO), message, DecodeOptions::default());
    assert!(named(Some("p.A")).is_ok());
    assert!(named(Some("p.A.B")).is_ok());
    let message = reason(&writer(TWO), None);
    assert!(message.ends_with("it has 2 messages: name the one that payloads are"), "{message}");
    let message = reason(&writer(TWO), Some("p.D"));
    assert!(message.ends_with("it has no message `p.D`, but p.A, p.C"), "{message}");
}

#[test]
fn what_does_not_compile_is_refused() {
    for text in ["", "message", "syntax = \"proto3\"; message M { Missing f = 1; }", "{\"a\": 1}"] {
        reason(&writer(text), None);
    }
    let message =
        reason(&writer("syntax = \"proto3\"; import \"other.proto\"; message M {}"), None);
    assert!(message.contains("other.proto"), "{message}");
}

fn read(writer: &WriterSchema, payload: Vec<u8>, schema: &SchemaRef) -> DataType {
    let (mut decoder, found) =
        protobuf(schema, writer, Some("q.M"), DecodeOptions::default()).unwrap();
    assert_eq!(found, []);
    let decoded = decoder.decode(&chunk([Some(payload)])).unwrap();
    assert_eq!((decoded.rows.num_rows(), decoded.fields.len()), (1, 0));
    decoded.rows.schema().field(0).data_type().clone()
}

#[test]
fn references_are_files_by_the_names_they_are_imported_by() {
    let main = "syntax = \"proto3\"; package q; import \"b.proto\"; \
        import \"google/protobuf/timestamp.proto\"; message M { p.B b = 1; }";
    let b = "syntax = \"proto3\"; package p; import public \"dir/a.proto\"; message B { A a = 1; }";
    let a = "syntax = \"proto2\"; package p; message A { optional int32 x = 1; }";
    let mut schema_of = writer(main);
    schema_of.references = vec![reference("dir/a.proto", a), reference("b.proto", b)];
    let b = object([("a", object([("x", DataType::Int64)]))]);
    read(&schema_of, bytes(1, bytes(1, int(1, 5))), &schema([("b", b)]));
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let word = group
            .iter()
            .chain([0; 2].iter())
            .take(3)
            .fold(0_u32, |word, &byte| word << 8 | u32::from(byte));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= group.len() { letter.into() } else { '=' });
        }
    }
    text
}

#[test]
fn descriptors_in_base64_are_schemas_too() {
    let text = "syntax = \"proto3\"; package q; import \"google/protobuf/wrappers.proto\"; \
        message M { int32 x = 1; google.protobuf.Int64Value y = 2; }";
    let pool: DescriptorPool = pool(text);
    let columns = schema([("x", DataType::Int64), ("y", DataType::Int64)]);
    let file = pool.get_file_by_name("m.proto").unwrap().encode_to_vec();
    for descriptor in [file, pool.encode_to_vec()] {
        let text = base64(&descriptor);
        read(&writer(&text), int(1, 5), &columns);
        let lines = format!("{}\n{}\n", &text[..8], &text[8..]);
        read(&writer(&lines), int(1, 5), &columns);
    }
    reason(&writer(&base64(&[1, 2, 3])), None);
}

#[test]
fn a_descriptor_may_refer_to_others() {
    let other = "syntax = \"proto3\"; package p; message A { int32 x = 1; }";
    let other_file = pool(other).get_file_by_name("m.proto").unwrap().encode_to_vec();
    let main = "syntax = \"proto3\"; package q; message M { int32 x = 1; }";
    let mut main_file =
        pool(main).get_file_by_name("m.proto").unwrap().file_descriptor_proto().clone();
    main_file.name = Some("main.proto".to_owned());
    main_file.dependency = vec!["a.proto".to_owned()];
    let bytes = prost_reflect::prost::Message::encode_to_vec(&main_file);
    for text in [other.to_owned(), base64(&other_file)] {
        let mut schema_of = writer(&base64(&bytes));
        schema_of.references = vec![reference("a.proto", &text)];
        read(&schema_of, int(1, 5), &columns());
    }
}

#[test]
fn differences_tell_what_rows_cannot_live_with() {
    let text = "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\"; \
        message M { int64 narrow = 1; string number = 2; Inner inner = 3; repeated int32 many = 4; \
        map<string, int32> map = 5; google.protobuf.Timestamp at = 6; bool same = 7; \
        repeated string texts = 8; } message Inner { int32 known = 1; int32 stray = 2; }";
    let inner = object([("known", DataType::Int64), ("missing", DataType::Utf8)]);
    let nullable = Field::new("optional", DataType::Utf8, true);
    let fields = schema([
        ("narrow", DataType::Int32),
        ("number", DataType::Int64),
        ("inner", inner),
        ("many", DataType::Int64),
        ("at", DataType::Date32),
        ("same", DataType::Boolean),
        ("required", DataType::Utf8),
        ("texts", list(DataType::Int64)),
    ]);
    let mut fields = fields.fields().to_vec();
    fields.push(nullable.into());
    let found = differences(text, &SchemaRef::new(Schema::new(fields)));
    let expected = [
        difference("narrow", "Int32", "int64", true),
        difference("number", "Int64", "string", false),
        difference("inner.stray", "no such column", "int32", true),
        difference("inner.missing", "Utf8", "no such field", false),
        difference("many", "Int64", "repeated int32", false),
        difference("map", "no such column", "map<string, int32>", true),
        difference("at", "Date32", "google.protobuf.Timestamp", false),
        difference("texts[]", "Int64", "string", false),
        difference("required", "Utf8", "no such field", false),
        difference("optional", "Utf8", "no such field", true),
    ];
    assert_eq!(found, expected);
}
