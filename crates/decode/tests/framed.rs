//! Payloads that name their schema.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_decode::{
    DecodeFault, DecodeOptions, Decoder, Payloads, WantedSchema, framed, schema_ids,
};
use headgate_model::{
    ChunkBuilder, DeadLetterKind, PartitionId, RecordChunk, SchemaFormat, WriterSchema,
};

fn columns() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("n", DataType::Int64, true),
    ]))
}

fn decoder() -> Box<dyn Decoder> {
    framed(&columns(), DecodeOptions::default()).unwrap()
}

fn json_schema(text: &str) -> WriterSchema {
    let references = Vec::new();
    WriterSchema { format: SchemaFormat::JsonSchema, text: text.to_owned(), references }
}

fn frame(id: u32, body: &str) -> Vec<u8> {
    [&[0][..], &id.to_be_bytes(), body.as_bytes()].concat()
}

fn chunk(payloads: &[Option<Vec<u8>>]) -> RecordChunk {
    let mut builder = ChunkBuilder::default();
    let partition = builder.partition(&PartitionId::new("t", "-", 0));
    for (payload, offset) in payloads.iter().zip(0..) {
        builder.push(partition, offset, None, payload.as_deref(), None, []);
    }
    builder.finish(0, 0)
}

#[test]
fn every_schema_is_asked_for_until_it_is_known() {
    let mut decoder = decoder();
    let payloads = [7, 7, 9, 7].map(|id| Some(frame(id, r#"{"id":"a"}"#)));
    let chunk = chunk(&[&payloads[..], &[None, Some(b"{}".to_vec())]].concat());
    let wanted = decoder.wanted_schemas(Payloads::values(&chunk));
    assert_eq!(wanted[2], WantedSchema { record: 2, id: 9 });
    assert_eq!((wanted.len(), schema_ids(&wanted)), (4, [7, 9].into()));
    decoder.learn_schema(7, &json_schema("{}")).unwrap();
    let wanted = decoder.wanted_schemas(Payloads::values(&chunk));
    assert_eq!(wanted, [WantedSchema { record: 2, id: 9 }]);
    decoder.refuse_schema(9, DeadLetterKind::SchemaRefused, "it does not fit");
    assert!(decoder.wanted_schemas(Payloads::values(&chunk)).is_empty());
    decoder.forget_schema(7);
    let wanted = decoder.wanted_schemas(Payloads::values(&chunk));
    assert_eq!(schema_ids(&wanted), [7].into());
    decoder.learn_schema(7, &json_schema("{}")).unwrap();
    let decoded = decoder.decode(&chunk).unwrap();
    assert_eq!(decoded.rows.num_rows(), 3);
    assert_eq!(decoded.skipped, [4]);
    let dead: Vec<_> = decoded.dead.iter().map(|dead| (dead.record, dead.kind)).collect();
    assert_eq!(dead, [(2, DeadLetterKind::SchemaRefused), (5, DeadLetterKind::Framing)]);
    assert_eq!(decoded.dead[0].message, "it does not fit");
}

#[test]
fn what_is_not_in_the_wire_format_is_a_dead_letter() {
    let mut decoder = decoder();
    decoder.learn_schema(1, &json_schema("{}")).unwrap();
    let payloads = [
        Vec::new(),
        vec![0],
        vec![0, 0, 0, 1],
        br#"{"id":"a"}"#.to_vec(),
        vec![1, 0, 0, 0, 1, b'{', b'}'],
        frame(0, "{}"),
        frame(u32::MAX, "{}"),
    ];
    let chunk = chunk(&payloads.map(Some));
    assert!(decoder.wanted_schemas(Payloads::values(&chunk)).is_empty());
    let decoded = decoder.decode(&chunk).unwrap();
    assert_eq!(decoded.rows.num_rows(), 0);
    assert!(decoded.dead.iter().all(|dead| dead.kind == DeadLetterKind::Framing));
    let format =
        "expected the wire format of a schema registry, byte 0 and a schema id in 4 bytes; found";
    let messages = decoded.dead.iter().map(|dead| dead.message.replace(format, "…"));
    assert_eq!(
        messages.collect::<Vec<_>>(),
        [
            "… no byte",
            "… 1 bytes",
            "… 4 bytes",
            "… another first byte",
            "… another first byte",
            "0 is not the id of a schema",
            "4294967295 is not the id of a schema",
        ]
    );
}

#[test]
fn a_bad_document_behind_the_frame_harms_no_neighbour() {
    let mut decoder = decoder();
    decoder.learn_schema(1, &json_schema("{}")).unwrap();
    let bodies = [r#"{"id":"a","n":1}"#, "{", "", r#"{"id":"b","n":2}"#];
    let chunk = chunk(&bodies.map(|body| Some(frame(1, body))));
    let decoded = decoder.decode(&chunk).unwrap();
    let numbers = decoded.rows.column(1).as_primitive::<Int64Type>();
    assert_eq!(numbers.values(), &[1, 2]);
    assert_eq!(numbers.null_count(), 0);
    assert!(decoded.dead.iter().all(|dead| dead.kind == DeadLetterKind::JsonParse));
}

#[test]
fn differences_of_a_json_schema_tell_what_cannot_be_lived_with() {
    let cases = [
        ("{}", vec![]),
        ("true", vec![]),
        (r#"{"properties":{"id":{"type":"string"}},"required":["id"]}"#, vec![]),
        (r#"{"properties":{"id":{"type":["string","null"]}},"required":["id"]}"#, vec![]),
        (r#"{"properties":{"id":{"type":"string"}}}"#, vec!["id: required, optional"]),
        (
            r#"{"properties":{"id":{"type":"integer"}},"required":["id"]}"#,
            vec!["id: string, integer!"],
        ),
        (r#"{"properties":{"n":{"type":"number"}}}"#, vec!["n: integer, number"]),
        (
            r#"{"properties":{"n":{"type":["integer","string"]}}}"#,
            vec!["n: integer, integer or string"],
        ),
        (r#"{"properties":{"n":{"type":"null"}}}"#, vec![]),
        (r#"{"properties":{"id":{"type":"null"}},"required":["id"]}"#, vec!["id: string, null!"]),
        (r#"{"additionalProperties":false}"#, vec!["id: string, absent!", "n: integer, absent"]),
        (r#"{"additionalProperties":false,"anyOf":[]}"#, vec![]),
        (r#"{"type":"array"}"#, vec!["$: object, array!"]),
        (r#"{"properties":{"x":{"type":"boolean"}}}"#, vec!["x: absent, boolean"]),
        (
            r##"{"$defs":{"text":{"type":"string"}},"properties":{"n":{"$ref":"#/$defs/text"}}}"##,
            vec!["n: integer, string!"],
        ),
        (r##"{"properties":{"n":{"$ref":"#/properties/n"}}}"##, vec![]),
        (r#"{"properties":{"n":{"$ref":"other.json"}}}"#, vec![]),
    ];
    for (text, expected) in cases {
        let found = decoder().learn_schema(1, &json_schema(text)).unwrap();
        let found = found.iter().map(|difference| {
            let mark = if difference.compatible { "" } else { "!" };
            format!("{}: {}, {}{mark}", difference.path, difference.expected, difference.actual)
        });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn differences_name_nested_fields() {
    let stop = DataType::Struct(vec![Field::new("name", DataType::Utf8, false)].into());
    let fields = vec![Field::new(
        "stops",
        DataType::List(Arc::new(Field::new("element", stop, true))),
        true,
    )];
    let mut decoder = framed(&Arc::new(Schema::new(fields)), DecodeOptions::default()).unwrap();
    let text = r#"{"properties":{"stops":{"type":"array","items":{"type":"object",
        "properties":{"name":{"type":"integer"},"at":{}},"required":["name"]}}}}"#;
    let found = decoder.learn_schema(1, &json_schema(text)).unwrap();
    let paths: Vec<_> = found.iter().map(|found| (found.path.as_str(), found.compatible)).collect();
    assert_eq!(paths, [("stops[].name", false), ("stops[].at", true)]);
}

#[test]
fn a_schema_that_is_no_schema_is_refused_and_stays_wanted() {
    let mut decoder = decoder();
    for text in ["", "{", "[]", "7"] {
        let fault = decoder.learn_schema(1, &json_schema(text)).unwrap_err();
        assert!(matches!(fault, DecodeFault::WriterSchema { .. }), "{text}");
    }
    let chunk = chunk(&[Some(frame(1, "{}"))]);
    assert_eq!(decoder.wanted_schemas(Payloads::values(&chunk)).len(), 1);
}

const TWO_MESSAGES: &str = "syntax = \"proto3\";\n\
     message Event { string id = 1; int64 n = 2; }\n\
     message Other { repeated string id = 1; }";

fn protobuf_schema() -> WriterSchema {
    let text = TWO_MESSAGES.to_owned();
    WriterSchema { format: SchemaFormat::Protobuf, text, references: Vec::new() }
}

/// Learns until nothing is wanted, and refuses what does not fit.
fn learn_all(decoder: &mut dyn Decoder, chunk: &RecordChunk, schema: &WriterSchema) -> usize {
    for round in 0..10 {
        let wanted = schema_ids(&decoder.wanted_schemas(Payloads::values(chunk)));
        if wanted.is_empty() {
            return round;
        }
        for id in wanted {
            let differences = decoder.learn_schema(id, schema).unwrap();
            if differences.iter().any(|difference| !difference.compatible) {
                decoder.refuse_schema(id, DeadLetterKind::SchemaRefused, "it does not fit");
            }
        }
    }
    panic!("it is never done");
}

#[test]
fn of_a_schema_with_several_messages_only_the_one_that_does_not_fit_is_refused() {
    let mut decoder = decoder();
    let event = "\x0a\x01a";
    let payloads = [
        Some(frame(5, &format!("\0{event}"))),
        // At index 1; then the first one by its long form; then one that is not there.
        Some(frame(5, &format!("\x02\x02{event}"))),
        Some(frame(5, &format!("\x02\0{event}"))),
        Some(frame(5, "\x02\x08")),
        Some(frame(5, "")),
    ];
    let chunk = chunk(&payloads);
    assert_eq!(learn_all(decoder.as_mut(), &chunk, &protobuf_schema()), 3);
    let decoded = decoder.decode(&chunk).unwrap();
    let ids: Vec<_> = decoded.rows.column(0).as_string::<i32>().iter().flatten().collect();
    assert_eq!(ids, ["a", "a"]);
    let dead: Vec<_> = decoded.dead.iter().map(|dead| (dead.record, dead.kind)).collect();
    let framing = DeadLetterKind::Framing;
    assert_eq!(dead, [(1, DeadLetterKind::SchemaRefused), (3, framing), (4, framing)]);
}

#[test]
fn a_topic_may_mix_formats() {
    let avro = r#"{"type":"record","name":"Event","fields":[{"name":"id","type":"string"}]}"#;
    let avro =
        WriterSchema { format: SchemaFormat::Avro, text: avro.to_owned(), references: Vec::new() };
    let mut decoder = decoder();
    let payloads = [
        Some(frame(1, "\x02a")),
        Some(frame(2, r#"{"id":"b","n":2}"#)),
        Some(frame(3, "\0\x0a\x01c")),
        Some(frame(1, "\x02a?")),
        None,
    ];
    let chunk = chunk(&payloads);
    decoder.learn_schema(1, &avro).unwrap();
    decoder.learn_schema(2, &json_schema("{}")).unwrap();
    decoder.learn_schema(3, &protobuf_schema()).unwrap();
    learn_all(decoder.as_mut(), &chunk, &protobuf_schema());
    let decoded = decoder.decode(&chunk).unwrap();
    let ids: Vec<_> = decoded.rows.column(0).as_string::<i32>().iter().flatten().collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let dead: Vec<_> = decoded.dead.iter().map(|dead| (dead.record, dead.kind)).collect();
    assert_eq!(dead, [(3, DeadLetterKind::Avro)]);
    assert_eq!(decoded.skipped, [4]);
}

#[test]
fn a_key_that_is_one_value_fills_the_only_column() {
    let column = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
    let avro = |text: &str| WriterSchema {
        format: SchemaFormat::Avro,
        text: text.to_owned(),
        references: Vec::new(),
    };
    for (schema, body, expected) in [
        (avro("\"long\""), "\x02", Some(1)),
        (avro(r#"["null","long"]"#), "\0", None),
        (json_schema(r#"{"type":"integer"}"#), "7", Some(7)),
    ] {
        let mut decoder = framed(&column, DecodeOptions::default()).unwrap();
        let chunk = chunk(&[Some(frame(1, body))]);
        let differences = decoder.learn_schema(1, &schema).unwrap();
        assert!(differences.iter().all(|difference| difference.compatible));
        let rows = decoder.decode(&chunk).unwrap().rows;
        let found: Vec<_> = rows.column(0).as_primitive::<Int64Type>().iter().collect();
        assert_eq!(found, [expected]);
    }
}
