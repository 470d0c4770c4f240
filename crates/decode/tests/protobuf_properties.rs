//! Against prost-reflect: messages of every kind of field, in any order, with fields that come
//! again and values at the limits; and the same with bytes changed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_decode::{DecodeOptions, Decoder, protobuf};
use headgate_model::field_paths;
use proptest::prelude::*;
use prost_reflect::{DynamicMessage, Kind, MapKey, MessageDescriptor, ReflectMessage, Value};
use support::model::{Model, held};
use support::proto::{bytes, fixed32, fixed64, group, int, pool, writer};
use support::{chunk, list, map, object, utc};

const PROTO: &str = r#"
    syntax = "proto2";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    enum Color { GREEN = 1; RED = 0; BLUE = -1; }
    message Inner {
        optional sint64 number = 1;
        repeated sint32 many = 2 [packed = true];
        optional Inner deep = 3;
        map<string, int64> named = 4;
        optional string text = 300;
        oneof either { bool yes = 5; Inner no = 6; }
    }
    message M {
        optional int32 a = 1; required int64 b = 2; optional uint32 c = 3; optional uint64 d = 4;
        optional sint32 e = 5; optional sint64 f = 6; optional fixed32 g = 7;
        optional fixed64 h = 8; optional sfixed32 i = 9; optional sfixed64 j = 10;
        optional float k = 11; optional double l = 12; optional bool m = 13;
        optional string n = 14; optional bytes o = 15; optional Color p = 16;
        optional Inner q = 17; repeated Inner r = 18; repeated int32 s = 19;
        repeated double t = 20 [packed = true]; repeated string u = 21; repeated Color v = 22;
        map<string, Inner> w = 23; map<sint32, string> x = 24;
        oneof choice { int32 y = 25; string z = 26; Inner aa = 27; Color ab = 1000; }
        optional google.protobuf.Timestamp ac = 28;
        optional google.protobuf.Int64Value ad = 29;
        repeated google.protobuf.Timestamp ae = 30;
        optional group Af = 31 { optional int32 number = 1; repeated string many = 2; }
        optional int64 narrow = 32;
        optional Color ag = 33;
        repeated google.protobuf.StringValue ah = 34;
        repeated fixed32 ai = 35;
        map<bool, Color> aj = 36;
    }
"#;

fn inner(levels: u32) -> DataType {
    let mut fields = vec![
        ("text", DataType::Utf8),
        ("many", list(DataType::Int64)),
        ("number", DataType::Int64),
        ("named", map(DataType::Int64)),
        ("yes", DataType::Boolean),
    ];
    if levels > 0 {
        fields.extend([("deep", inner(levels - 1)), ("no", inner(levels - 1))]);
    }
    object(fields)
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields = [
        ("b", DataType::Int64),
        ("a", DataType::Int64),
        ("c", DataType::Int64),
        ("d", DataType::Decimal128(20, 0)),
        ("e", DataType::Int64),
        ("f", DataType::Int64),
        ("g", DataType::Int64),
        ("h", DataType::Decimal128(20, 0)),
        ("i", DataType::Int64),
        ("j", DataType::Int64),
        ("k", DataType::Float64),
        ("l", DataType::Float64),
        ("m", DataType::Boolean),
        ("n", DataType::Utf8),
        ("o", DataType::Utf8),
        ("p", DataType::Utf8),
        ("q", inner(2)),
        ("r", list(inner(1))),
        ("s", list(DataType::Int64)),
        ("t", list(DataType::Float64)),
        ("u", list(DataType::Utf8)),
        ("v", list(DataType::Utf8)),
        ("w", map(inner(1))),
        ("x", map(DataType::Utf8)),
        ("y", DataType::Int64),
        ("z", DataType::Utf8),
        ("aa", inner(1)),
        ("ab", DataType::Int64),
        ("ac", utc()),
        ("ad", DataType::Int64),
        ("ae", list(utc())),
        ("af", object([("number", DataType::Int64), ("many", list(DataType::Utf8))])),
        ("narrow", DataType::Int8),
        ("ag", DataType::Int64),
        ("ah", list(DataType::Utf8)),
        ("ai", list(DataType::Int64)),
        ("aj", map(DataType::Utf8)),
    ];
    let fields: Vec<Field> = fields.map(|(name, of)| Field::new(name, of, true)).into();
    Arc::new(Schema::new(fields))
});

static MESSAGE: LazyLock<MessageDescriptor> =
    LazyLock::new(|| pool(PROTO).get_message_by_name("M").unwrap());

/// Choices from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 20 ^ self.0 << 44
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.roll() >> 8) % end
    }

    fn number(&mut self) -> i64 {
        match self.below(5) {
            0 => self.below(3) as i64 - 1,
            1 => [i64::MIN, i64::MAX, i32::MIN.into(), u32::MAX.into()][self.below(4) as usize],
            2 => self.below(300) as i64,
            _ => self.roll() as i64,
        }
    }

    fn text(&mut self) -> String {
        let len = self.below(20);
        (0..len).map(|_| if self.below(30) == 0 { 'é' } else { 'a' }).collect()
    }
}

/// Fields of `of` in their order or in none, some left out and some again.
fn message(of: &MessageDescriptor, dice: &mut Dice, depth: u32) -> Vec<u8> {
    let mut fields: Vec<_> = of.fields().collect();
    fields.sort_by_key(|field| field.number());
    let mut all = Vec::new();
    let sparse = dice.below(4);
    for field in &fields {
        let times = match dice.below(12) {
            0 => 2,
            _ if field.is_list() || field.is_map() => dice.below(4),
            roll => u64::from(roll % 4 >= sparse),
        };
        for _ in 0..times {
            let kind = field.kind();
            if field.is_list()
                && dice.below(2) == 0
                && !matches!(kind, Kind::Message(_) | Kind::String)
            {
                // Without the tag, which of number 1 is one byte.
                let items = (0..dice.below(4)).flat_map(|_| value(1, &kind, dice, 0)[1..].to_vec());
                let items: Vec<u8> = items.collect();
                all.push(bytes(field.number(), items));
            } else if field.is_group() {
                let Kind::Message(of) = &kind else { panic!() };
                all.push(group(field.number(), &message(of, dice, depth + 1)));
            } else {
                all.push(value(field.number(), &kind, dice, depth));
            }
        }
    }
    if dice.below(10) == 0 {
        all.push(bytes(777, "unknown"));
    }
    if dice.below(4) == 0 {
        for end in (1..all.len()).rev() {
            let other = dice.below(end as u64 + 1) as usize;
            all.swap(end, other);
        }
    }
    all.concat()
}

fn value(number: u32, kind: &Kind, dice: &mut Dice, depth: u32) -> Vec<u8> {
    match kind {
        Kind::Double => fixed64(number, float(dice).to_le_bytes()),
        Kind::Fixed64 | Kind::Sfixed64 => fixed64(number, dice.number().to_le_bytes()),
        Kind::Float => fixed32(number, (float(dice) as f32).to_le_bytes()),
        Kind::Fixed32 | Kind::Sfixed32 => fixed32(number, (dice.number() as u32).to_le_bytes()),
        Kind::String => bytes(number, dice.text()),
        Kind::Bytes => bytes(number, dice.roll().to_le_bytes()),
        Kind::Enum(_) => int(number, dice.below(4) as i64 - 1),
        Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => {
            let seconds =
                if dice.below(8) == 0 { dice.number() } else { dice.below(1 << 32) as i64 };
            let nanos = dice.below(1_000_000) as i64 * if dice.below(8) == 0 { 999 } else { 1_000 };
            bytes(number, [int(1, seconds), int(2, nanos)].concat())
        }
        Kind::Message(_) if depth > 3 => bytes(number, []),
        Kind::Message(of) => bytes(number, message(of, dice, depth + 1)),
        _ => int(number, dice.number()),
    }
}

fn float(dice: &mut Dice) -> f64 {
    match dice.below(10) {
        0 => f64::NAN,
        1 => f64::NEG_INFINITY,
        _ => dice.below(1_000_000) as f64 / 100.0,
    }
}

/// What columns should hold of a message, and the paths that do not fit.
fn expected(
    message: &DynamicMessage,
    fields: &arrow_schema::Fields,
    path: &str,
    misfits: &mut Vec<String>,
) -> Vec<Model> {
    let of = |field: &Arc<Field>| {
        let descriptor = message.descriptor().get_field_by_name(field.name()).unwrap();
        let path =
            if path.is_empty() { field.name().clone() } else { format!("{path}.{}", field.name()) };
        if descriptor.supports_presence() && !message.has_field(&descriptor) {
            if descriptor.name() == "b" {
                misfits.push(path);
            }
            return Model::Null;
        }
        let value = message.get_field(&descriptor);
        match (&*value, field.data_type()) {
            (Value::List(items), DataType::List(item)) => {
                let path = format!("{path}[]");
                let of =
                    |value| of_value(value, &descriptor.kind(), item.data_type(), &path, misfits);
                Model::List(items.iter().map(of).collect())
            }
            (Value::Map(entries), DataType::Map(parts, _)) => {
                let Kind::Message(entry) = descriptor.kind() else { panic!() };
                let kind = entry.map_entry_value_field().kind();
                let of = headgate_model::map_parts(parts).unwrap()[1].data_type();
                let path = format!("{path}{{}}");
                let entries = entries.iter().map(|(key, value)| {
                    (key_text(key), of_value(value, &kind, of, &path, misfits))
                });
                sorted(Model::Map(entries.collect()))
            }
            (value, of) => of_value(value, &descriptor.kind(), of, &path, misfits),
        }
    };
    fields.iter().map(of).collect()
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
        other => panic!("{other:?}"),
    }
}

/// Entries of maps by key, at every level: their order is nobody's promise.
fn sorted(model: Model) -> Model {
    match model {
        Model::Map(entries) => {
            let mut entries: Vec<_> =
                entries.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Model::Map(entries)
        }
        Model::List(items) => Model::List(items.into_iter().map(sorted).collect()),
        Model::Object(members) => {
            Model::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect())
        }
        other => other,
    }
}

fn of_value(
    value: &Value,
    kind: &Kind,
    of: &DataType,
    path: &str,
    misfits: &mut Vec<String>,
) -> Model {
    let number = |value: i64| match of {
        DataType::Int8 if i8::try_from(value).is_err() => None,
        DataType::Decimal128(..) => Some(Model::Decimal(value.into())),
        _ => Some(Model::Int(value)),
    };
    let float = |value: f64| value.is_finite().then(|| Model::Float(value.to_bits()));
    let model = match (value, of) {
        (Value::Bool(value), _) => Some(Model::Bool(*value)),
        (Value::I32(value), _) => number((*value).into()),
        (Value::U32(value), _) => number((*value).into()),
        (Value::I64(value), _) => number(*value),
        (Value::U64(value), _) => Some(Model::Decimal((*value).into())),
        (Value::F32(value), _) => float((*value).into()),
        (Value::F64(value), _) => float(*value),
        (Value::String(value), _) => Some(Model::Text(value.clone())),
        (Value::Bytes(value), _) => Some(Model::Text(base64(value))),
        (Value::EnumNumber(number), DataType::Utf8) => {
            let Kind::Enum(of) = kind else { panic!() };
            of.get_value(*number).map(|value| Model::Text(value.name().to_owned()))
        }
        (Value::EnumNumber(number), _) => Some(Model::Int((*number).into())),
        (Value::Message(message), DataType::Timestamp(..)) => {
            let part = |number| message.get_field_by_number(number).unwrap().into_owned();
            let (seconds, nanos) = (part(1).as_i64().unwrap(), part(2).as_i32().unwrap());
            let fits = (-62_135_596_800..253_402_300_800).contains(&seconds)
                && (0..1_000_000_000).contains(&nanos)
                && nanos % 1_000 == 0;
            fits.then(|| Model::Micros(seconds * 1_000_000 + i64::from(nanos / 1_000)))
        }
        (Value::Message(message), DataType::Struct(fields)) => {
            let values = expected(message, fields, path, misfits).into_iter();
            let names = fields.iter().map(|field| field.name().clone());
            Some(Model::Object(names.zip(values).collect()))
        }
        (Value::Message(message), of) => {
            let field = message.descriptor().get_field(1).unwrap();
            return of_value(&message.get_field(&field), &field.kind(), of, path, misfits);
        }
        (value, of) => panic!("{value:?} as {of}"),
    };
    model.unwrap_or_else(|| {
        misfits.push(path.to_owned());
        Model::Null
    })
}

fn base64(bytes: &[u8]) -> String {
    // Eight bytes: two groups of three and one of two.
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let mut text: String = bits
        .chunks(6)
        .map(|bits| {
            let value = bits.iter().chain(&[0; 6]).take(6).fold(0, |value, bit| value << 1 | bit);
            char::from(LETTERS[usize::from(value)])
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

type Row = (Vec<Model>, Vec<String>);

/// What should become of a payload: a row and its misfits, or a dead letter.
fn oracle(payload: &[u8]) -> Option<Row> {
    let message = DynamicMessage::decode(MESSAGE.clone(), payload).ok()?;
    let mut misfits = Vec::new();
    let row = expected(&message, SCHEMA.fields(), "", &mut misfits);
    misfits.sort_unstable();
    misfits.dedup();
    Some((row.into_iter().map(sorted).collect(), misfits))
}

fn decoder() -> Box<dyn Decoder> {
    protobuf(&SCHEMA, &writer(PROTO), Some("M"), DecodeOptions::default()).unwrap().0
}

fn decode(decoder: &mut dyn Decoder, payloads: &[Vec<u8>]) -> Vec<Option<Row>> {
    let decoded = decoder.decode(&chunk(payloads.iter().map(Some))).unwrap();
    let paths = field_paths(&SCHEMA);
    let mut rows: Vec<Option<Row>> = payloads.iter().map(|_| None).collect();
    for row in 0..decoded.rows.num_rows() {
        let columns = decoded.rows.columns().iter();
        let values = columns.map(|column| sorted(held(column, row))).collect();
        let of_row = decoded.fields.iter().filter(|violation| violation.row as usize == row);
        let mut misfits: Vec<String> =
            of_row.map(|violation| paths[violation.field as usize].clone()).collect();
        misfits.sort_unstable();
        let record = decoded.records.get(row as u32).unwrap();
        rows[record as usize] = Some((values, misfits));
    }
    for dead in &decoded.dead {
        assert!(rows[dead.record as usize].is_none());
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn rows_are_what_another_reader_makes_of_the_messages(seeds in proptest::collection::vec(any::<u64>(), 1..6)) {
        let payloads: Vec<Vec<u8>> =
            seeds.into_iter().map(|seed| message(&MESSAGE, &mut Dice(seed), 0)).collect();
        let mut decoder = decoder();
        // Twice, for what was learned of the order must not matter.
        for _ in 0..2 {
            let rows = decode(&mut *decoder, &payloads);
            for (payload, row) in payloads.iter().zip(rows) {
                prop_assert_eq!(row, oracle(payload), "{:?}", payload);
            }
        }
    }

    #[test]
    fn damage_is_a_dead_letter_or_what_another_reader_makes_of_it(
        seeds in [any::<u64>(), any::<u64>(), any::<u64>()],
        damage in proptest::collection::vec((any::<usize>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let mut payloads = seeds.map(|seed| message(&MESSAGE, &mut Dice(seed), 0));
        for (at, value, kind) in damage {
            let payload = &mut payloads[1];
            if payload.is_empty() {
                payload.push(value);
            }
            let at = at % payload.len();
            match kind {
                0 => payload.truncate(at),
                1 => payload.insert(at, value),
                2 => drop(payload.remove(at)),
                _ => payload[at] = value,
            }
        }
        let rows = decode(&mut *decoder(), &payloads);
        prop_assert_eq!(&rows[0], &oracle(&payloads[0]));
        prop_assert_eq!(&rows[2], &oracle(&payloads[2]));
        // Ours takes a field of another wire type for an unknown one; the other refuses it.
        if let Some(row) = oracle(&payloads[1]) {
            prop_assert_eq!(rows[1].as_ref(), Some(&row), "{:?}", payloads[1]);
        }
    }
}
