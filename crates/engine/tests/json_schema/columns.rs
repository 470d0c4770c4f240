//! The columns of a schema on its own.

use arrow_schema::Field;
use headgate_contract::CheckOptions;

use crate::gate::{alone, broken};

const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "id": { "type": "string", "format": "uuid", "description": "of the order" },
        "at": { "type": "string", "format": "date-time" },
        "amount": { "type": "number" },
        "count": { "type": ["integer", "null"] },
        "paid": { "type": "boolean" },
        "place": { "type": "object", "properties": { "lat": { "type": "number" } } },
        "labels": { "type": "object", "additionalProperties": { "type": "string" } },
        "tags": { "type": "array", "items": { "type": "string" } },
        "pair": { "type": "array", "prefixItems": [true, true] },
        "more": { "type": "object" },
        "either": { "type": ["string", "integer"] },
        "any": true
    },
    "required": ["id", "count", "place", "any"]
}"#;

#[test]
fn the_schema_decides_the_columns() {
    let contract = alone(SCHEMA);
    let told = |field: &Field| format!("{} {}", field.name(), field.data_type());
    let fields: Vec<String> = contract.schema().fields().iter().map(|field| told(field)).collect();
    assert_eq!(
        fields[..5],
        ["id Utf8", "at Utf8", "amount Float64", "count Int64", "paid Boolean"]
    );
    assert!(fields[5].starts_with("place Struct"), "{}", fields[5]);
    assert!(fields[6].starts_with("labels Map"), "{}", fields[6]);
    assert!(fields[7].starts_with("tags List"), "{}", fields[7]);
    assert_eq!(fields[8..], ["pair Utf8", "more Utf8", "either Utf8", "any Utf8"]);
    let required = contract.schema().fields().iter().filter(|field| !field.is_nullable());
    let required: Vec<&str> = required.map(|field| field.name().as_str()).collect();
    // A count that is NULL may be there.
    assert_eq!(required, ["id", "place"]);
    let id = contract.schema().field(0).metadata();
    assert_eq!(id.get("headgate.format").map(String::as_str), Some("uuid"));
    assert_eq!(id.get("description").map(String::as_str), Some("of the order"));
}

#[test]
fn what_has_no_column_form_is_kept_as_it_is_written() {
    use arrow_array::cast::AsArray;
    use headgate_decode::{DecodeOptions, json};
    use headgate_model::{ChunkBuilder, PartitionId};
    let contract = alone(SCHEMA);
    let mut decoder = json(contract.schema(), DecodeOptions::default()).unwrap();
    let mut builder = ChunkBuilder::default();
    let partition = builder.partition(&PartitionId::new("t", "-", 0));
    let payload = br#"{"pair":[1, "x"],"more":{"b": 1},"either":"x","any":7}"#;
    builder.push(partition, 0, None, Some(payload), None, []);
    let rows = decoder.decode(&builder.finish(0, 0)).unwrap().rows;
    let texts = (8..12).map(|column| rows.column(column).as_string::<i32>().value(0).to_owned());
    assert_eq!(texts.collect::<Vec<_>>(), [r#"[1, "x"]"#, r#"{"b": 1}"#, r#""x""#, "7"]);
}

#[test]
fn rows_do_not_touch_one_another() {
    let text = r#"{"type":"object","properties":{"a":{"type":"integer"},"b":{"anyOf":[{"type":"null"},{"minimum":3}]}},"required":["a"]}"#;
    let payloads = [r#"{"a":1,"b":3}"#, r#"{"a":null}"#, "{", r#"{"b":1}"#, r#"{"a":2,"b":null}"#];
    let found = broken(&alone(text), &payloads);
    let locations =
        |found: &[&str]| Some(found.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(
        found,
        [
            locations(&[]),
            locations(&["/properties/a/type"]),
            None,
            locations(&["/required/0", "/properties/b/anyOf"]),
            locations(&[]),
        ]
    );
}

#[test]
fn behind_a_frame_the_payload_is_judged() {
    let contract = alone(r#"{"type":"object","properties":{"a":{"not":{"const":1}}}}"#);
    let checker = contract.checker(CheckOptions { frame_bytes: 5, ..CheckOptions::default() });
    let payloads: [Option<&[u8]>; 5] = [
        Some(b"\0\0\0\0\x07{\"a\":1}"),
        Some(b"\0\0\0\0\x07{\"a\":2}"),
        None,
        Some(b"\0\0\0\0\x07\x02a"),
        Some(b"\0"),
    ];
    let found = checker.find_in(payloads.into_iter()).into_iter();
    // `not`, what cannot be read, and what only columns are tested for.
    assert_eq!(found.map(Result::unwrap).collect::<Vec<_>>(), [vec![0], vec![3, 4], vec![]]);
}
