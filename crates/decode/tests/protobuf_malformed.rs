//! What is no message: a dead letter that tells byte and field, and never a row.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_schema::DataType;
use headgate_decode::{DecodeOptions, MAX_DEPTH};
use headgate_model::DeadLetterKind;
use support::proto::{bytes, decode_messages, group, int};
use support::{list, map, object, schema};

const PROTO: &str = "syntax = \"proto2\"; message M { optional int32 a = 1; optional string b = 2; \
    optional Inner c = 3; repeated fixed32 d = 4; map<string, string> e = 5; optional bytes u = 9; \
    optional group G = 6 { optional int32 x = 1; } } message Inner { optional int32 x = 1; optional M m = 2; }";

fn dead(payload: &[u8]) -> String {
    let inner = object([("x", DataType::Int64), ("m", object([("b", DataType::Utf8)]))]);
    let columns = schema([
        ("a", DataType::Int64),
        ("b", DataType::Utf8),
        ("c", inner),
        ("d", list(DataType::Int64)),
        ("e", map(DataType::Utf8)),
        ("g", object([("x", DataType::Int64)])),
    ]);
    let good = [int(1, 7), bytes(2, "good")].concat();
    let payloads = [&good, payload, &good];
    let decoded = decode_messages(PROTO, &columns, DecodeOptions::default(), payloads);
    let alone = decode_messages(PROTO, &columns, DecodeOptions::default(), [&good, &good]);
    assert_eq!(decoded.rows, alone.rows, "the neighbours of {payload:?}");
    assert_eq!(decoded.fields, []);
    let [dead] = &decoded.dead[..] else { panic!("{payload:?} is a row") };
    assert_eq!((dead.record, dead.kind), (1, DeadLetterKind::Protobuf));
    dead.message.clone()
}

#[test]
fn every_malformed_payload_is_a_dead_letter() {
    let long = [&[8][..], &[0x80; 10], &[1]].concat();
    let beyond = [&[8][..], &[0xff; 9], &[2]].concat();
    let table: Vec<(Vec<u8>, &str)> = vec![
        (vec![8], "unexpected end at byte 1 in `a`"),
        (vec![8, 0x80], "unexpected end at byte 2 in `a`"),
        (vec![0x80], "unexpected end at byte 1"),
        (long, "varint of more than 64 bits at byte 1 in `a`"),
        (beyond, "varint of more than 64 bits at byte 1 in `a`"),
        (vec![0], "no field has this number at byte 0"),
        (vec![8, 1, 2, 0], "no field has this number at byte 2"),
        ([vec![0xff; 4], vec![0x7f, 0]].concat(), "no field has this number at byte 0"),
        (vec![14, 0], "wire type 6 or 7 at byte 1"),
        (vec![0x57, 0], "wire type 6 or 7 at byte 1"),
        (vec![18, 5, b'a'], "length beyond the end at byte 1 in `b`"),
        ([vec![18], vec![0xff; 8], vec![0x7f]].concat(), "length beyond the end at byte 1 in `b`"),
        (bytes(2, [0xc3]), "string that is not UTF-8 at byte 2 in `b`"),
        (bytes(3, [8]), "unexpected end at byte 3 in `c.x`"),
        (bytes(3, [0]), "no field has this number at byte 2 in `c`"),
        (bytes(3, [18, 9]), "length beyond the end at byte 3 in `c.m`"),
        (bytes(3, bytes(2, bytes(2, [0x80]))), "string that is not UTF-8 at byte 6 in `c.m.b`"),
        (bytes(4, [1, 2, 3]), "unexpected end at byte 5 in `d`"),
        (vec![37, 1, 2], "unexpected end at byte 3 in `d`"),
        (bytes(5, [10, 1]), "length beyond the end at byte 3 in `e`"),
        (bytes(5, bytes(1, [0xff])), "string that is not UTF-8 at byte 4 in `e`"),
        (vec![0x34], "end of a group that did not begin at byte 1"),
        (vec![0x33, 8, 1], "unexpected end at byte 3 in `g`"),
        (vec![0x33, 8, 1, 0x3c], "end of a group that did not begin at byte 4 in `g`"),
        (vec![0x7b, 8, 1], "unexpected end at byte 3"),
        (vec![74, 3, 1], "length beyond the end at byte 1 in `u`"),
        (
            [int(1, 1), bytes(2, "a"), int(1, 1), vec![18]].concat(),
            "unexpected end at byte 8 in `b`",
        ),
        ([bytes(3, int(1, 1)), bytes(3, [8])].concat(), "unexpected end at byte 0 in `c.x`"),
    ];
    for (payload, expected) in table {
        assert_eq!(dead(&payload), expected, "{payload:?}");
    }
}

#[test]
fn no_prefix_of_a_message_touches_its_neighbours() {
    let whole = [
        int(1, 300),
        bytes(2, "text"),
        bytes(3, [int(1, 5), bytes(2, bytes(2, "x"))].concat()),
        bytes(4, [1, 0, 0, 0, 2, 0, 0, 0]),
        bytes(5, [bytes(1, "k"), bytes(2, "v")].concat()),
        group(6, &int(1, 1)),
    ];
    // Between fields a prefix is a message of fewer fields.
    let mut ends: Vec<usize> = vec![0];
    for field in &whole {
        ends.push(ends[ends.len() - 1] + field.len());
    }
    let whole = whole.concat();
    for end in 0..whole.len() {
        if !ends.contains(&end) {
            dead(&whole[..end]);
        }
    }
}

#[test]
fn groups_are_nested_up_to_the_depth_that_is_allowed() {
    let nested = |levels: u32| (1..levels).fold(Vec::new(), |inner, _| group(99, &inner));
    let columns = schema([("a", DataType::Int64)]);
    let options = DecodeOptions::default();
    let deepest = decode_messages(PROTO, &columns, options, [nested(MAX_DEPTH)]);
    assert_eq!(deepest.rows.num_rows(), 1);
    let deeper = decode_messages(PROTO, &columns, options, [nested(MAX_DEPTH + 1)]);
    assert!(deeper.dead[0].message.starts_with("nested too deeply at byte "));
}

#[test]
fn what_no_column_wants_is_not_looked_into() {
    let payload = bytes(3, [8]);
    let columns = schema([("a", DataType::Int64)]);
    let decoded = decode_messages(PROTO, &columns, DecodeOptions::default(), [payload]);
    assert_eq!(decoded.rows.num_rows(), 1);
}
