//! Any bytes as Avro: every record is accounted for, and no record harms its neighbours.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use headgate_decode::{DecodeOptions, Decoded, Decoder, Tombstones, UnknownFields, avro};
use headgate_model::{
    ChunkBuilder, DeadLetterKind, PartitionId, SchemaFormat, UNKNOWN_FIELD, WriterSchema,
};
use libfuzzer_sys::fuzz_target;

/// Records of one field `f` each, so that every type meets every column; `g` is in no column.
const TYPES: [&str; 28] = [
    r#""null""#,
    r#""boolean""#,
    r#""int""#,
    r#""long""#,
    r#""float""#,
    r#""double""#,
    r#""bytes""#,
    r#""string""#,
    r#"{"type": "fixed", "name": "F", "size": 3}"#,
    r#"{"type": "enum", "name": "E", "symbols": ["A", "B"]}"#,
    r#"{"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2}"#,
    r#"{"type": {"type": "fixed", "name": "D", "size": 17}, "logicalType": "decimal", "precision": 40, "scale": 39}"#,
    r#"{"type": "bytes", "logicalType": "big-decimal"}"#,
    r#"{"type": "string", "logicalType": "uuid"}"#,
    r#"{"type": {"type": "fixed", "name": "U", "size": 16}, "logicalType": "uuid"}"#,
    r#"{"type": "int", "logicalType": "date"}"#,
    r#"{"type": "int", "logicalType": "time-millis"}"#,
    r#"{"type": "long", "logicalType": "time-micros"}"#,
    r#"{"type": "long", "logicalType": "timestamp-millis"}"#,
    r#"{"type": "long", "logicalType": "timestamp-micros"}"#,
    r#"{"type": "long", "logicalType": "timestamp-nanos"}"#,
    r#"{"type": "long", "logicalType": "local-timestamp-nanos"}"#,
    r#"{"type": {"type": "fixed", "name": "T", "size": 12}, "logicalType": "duration"}"#,
    r#"{"type": "array", "items": ["null", "string", "long"]}"#,
    r#"{"type": "array", "items": "null"}"#,
    r#"{"type": "map", "values": {"type": "array", "items": "double"}}"#,
    r#"{"type": "record", "name": "N", "fields": [{"name": "x", "type": "long"}, {"name": "more", "type": ["null", "R"]}, {"name": "z", "type": "string"}]}"#,
    r#"["null", "int", "string", {"type": "array", "items": "R"}, {"type": "map", "values": "bytes"}]"#,
];

fn columns() -> Vec<Field> {
    let leaf = |data_type: DataType| Field::new("f", data_type, true);
    let list = |item: DataType| DataType::List(Arc::new(Field::new("element", item, true)));
    let json = |kind: &str| {
        leaf(DataType::Utf8).with_metadata([("headgate.json".to_owned(), kind.to_owned())].into())
    };
    let zone = Some("UTC".into());
    let key = Field::new("key", DataType::Utf8, false);
    let nested = vec![
        Field::new("z", DataType::Utf8, true),
        Field::new("x", DataType::Int64, true),
        Field::new("more", DataType::Struct(vec![leaf(DataType::Utf8)].into()), true),
    ];
    vec![
        leaf(DataType::Utf8),
        leaf(DataType::Binary),
        leaf(DataType::Int8),
        leaf(DataType::Int64),
        leaf(DataType::Float32),
        leaf(DataType::Float64),
        leaf(DataType::Decimal128(20, 4)),
        leaf(DataType::Boolean),
        leaf(DataType::Date32),
        leaf(DataType::Timestamp(TimeUnit::Microsecond, zone)),
        leaf(DataType::Timestamp(TimeUnit::Microsecond, None)),
        leaf(list(DataType::Utf8)),
        leaf(list(DataType::Int64)),
        Field::new_map("f", "key_value", key, leaf(list(DataType::Float64)), false, true),
        leaf(DataType::Struct(nested.into())),
        json("object"),
        json("array"),
    ]
}

struct Case {
    columns: SchemaRef,
    decoder: Box<dyn Decoder>,
}

thread_local! {
    static CASES: RefCell<Vec<Option<Case>>> = RefCell::default();
}

fn case(number: usize) -> Case {
    let columns = columns();
    let (of, column) = (TYPES[number / columns.len()], &columns[number % columns.len()]);
    let text = format!(
        r#"{{"type": "record", "name": "R", "fields": [
            {{"name": "f", "type": {of}}},
            {{"name": "g", "type": ["null", {{"type": "map", "values": "R"}}]}}]}}"#
    );
    let writer = WriterSchema { format: SchemaFormat::Avro, text, references: Vec::new() };
    let columns = Arc::new(Schema::new(vec![column.clone()]));
    let unknown_fields = match number % 3 {
        0 => UnknownFields::Ignore,
        1 => UnknownFields::Extra,
        _ => UnknownFields::Reject,
    };
    let options = DecodeOptions { tombstones: Tombstones::Skip, unknown_fields };
    let (decoder, _) = avro(&columns, &writer, options).expect("both schemas are sound");
    Case { columns, decoder }
}

fn decode(decoder: &mut dyn Decoder, payloads: &[&[u8]]) -> Decoded {
    let mut chunk = ChunkBuilder::default();
    let partition = chunk.partition(&PartitionId::new("t", "-", 0));
    for (offset, payload) in payloads.iter().enumerate() {
        chunk.push(partition, offset as i64, None, Some(payload), None, []);
    }
    decoder.decode(&chunk.finish(0, 0)).expect("a chunk of this size fits")
}

/// Two bytes choose types and options; then records, each behind a byte that is its length.
fuzz_target!(|bytes: &[u8]| {
    let Some((&[high, low], mut rest)) = bytes.split_first_chunk::<2>() else { return };
    let cases = TYPES.len() * columns().len();
    let number = usize::from(u16::from_be_bytes([high, low])) % cases;
    let mut payloads: Vec<&[u8]> = Vec::new();
    while let Some((&len, behind)) = rest.split_first() {
        let (payload, behind) = behind.split_at(usize::from(len).min(behind.len()));
        payloads.push(payload);
        rest = behind;
    }
    CASES.with_borrow_mut(|known| {
        known.resize_with(cases, || None);
        let Case { columns, decoder } = known[number].get_or_insert_with(|| case(number));
        let decoded = decode(decoder.as_mut(), &payloads);
        let rows = decoded.rows.num_rows();
        assert_eq!(rows + decoded.dead.len(), payloads.len());
        assert!(decoded.dead.iter().all(|dead| dead.kind == DeadLetterKind::Avro));
        assert!(decoded.fields.is_sorted());
        let fields = headgate_model::field_paths(columns).len() as u32;
        for violation in &decoded.fields {
            assert!((violation.row as usize) < rows);
            assert!(violation.field < fields || violation.field == UNKNOWN_FIELD);
        }
        // Without the dead, the same rows.
        let is_dead =
            |record: usize| decoded.dead.iter().any(|dead| dead.record as usize == record);
        let sound: Vec<&[u8]> = (0..payloads.len())
            .filter(|record| !is_dead(*record))
            .map(|record| payloads[record])
            .collect();
        let again = decode(decoder.as_mut(), &sound);
        assert_eq!(again.dead, []);
        assert_eq!(again.fields, decoded.fields);
        assert!(same(&again.rows, &decoded.rows));
    });
});

/// NaN is not equal to itself; what columns show of it is.
fn same(one: &RecordBatch, other: &RecordBatch) -> bool {
    one == other || format!("{one:?}") == format!("{other:?}")
}
