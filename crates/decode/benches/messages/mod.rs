//! The benchmark's messages: about 245 bytes, nine fields.

pub mod avro;
pub mod protobuf;

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use headgate_model::{ChunkBuilder, PartitionId, RecordChunk};

pub const RECORDS: usize = 8_192;

/// xorshift64*: the same messages in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        (self.roll() >> 11) % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub fn flat_schema() -> SchemaRef {
    let fields = [
        ("event_id", DataType::Utf8),
        ("user_id", DataType::Int64),
        ("event_time", timestamp()),
        ("event_type", DataType::Utf8),
        ("amount", DataType::Float64),
        ("country", DataType::Utf8),
        ("page", DataType::Utf8),
        ("session", DataType::Utf8),
        ("seq", DataType::Int64),
    ];
    let fields: Vec<Field> =
        fields.into_iter().map(|(name, of)| Field::new(name, of, true)).collect();
    Arc::new(Schema::new(fields))
}

pub fn flat(dice: &mut Dice) -> String {
    let (id, low, user) = (dice.roll(), dice.roll() as u32, dice.below(1_000_000));
    let (hour, minute, second) = (dice.below(24), dice.below(60), dice.below(60));
    let (millis, cents) = (dice.below(1_000), dice.below(100_000));
    let kind = dice.of(&["click", "view", "purchase", "signup"]);
    let country = dice.of(&["DE", "FR", "US", "NL", "PL"]);
    let (category, item) = (dice.below(10), dice.below(10_000));
    let (high, session, seq) = (dice.roll(), dice.roll(), 100_000 + dice.below(900_000));
    format!(
        r#"{{"event_id":"{id:016x}-{low:08x}","user_id":{user},"event_time":"2026-05-28T{hour:02}:{minute:02}:{second:02}.{millis:03}Z","event_type":"{kind}","amount":{}.{:02},"country":"{country}","page":"/shop/category/{category}/item/{item}","session":"{high:016x}{session:016x}","seq":{seq}}}"#,
        cents / 100,
        cents % 100,
    )
}

/// Cut short, of another type, or with a byte changed.
pub fn damaged(dice: &mut Dice) -> String {
    let message = flat(dice);
    match dice.below(3) {
        0 => message[..dice.below(message.len() as u64) as usize].to_owned(),
        1 => message.replace("\"user_id\":", "\"user_id\":\"x\",\"was\":"),
        _ => message.replacen(':', ";", 1 + dice.below(4) as usize),
    }
}

pub fn nested_schema() -> SchemaRef {
    let point: Fields = vec![
        Field::new("lat", DataType::Float64, true),
        Field::new("lon", DataType::Float64, true),
    ]
    .into();
    let stop = DataType::Struct(
        vec![
            Field::new("name", DataType::Utf8, true),
            Field::new("at", timestamp(), true),
            Field::new("point", DataType::Struct(point.clone()), true),
        ]
        .into(),
    );
    Arc::new(Schema::new(vec![
        Field::new("trip_id", DataType::Utf8, true),
        Field::new("fare", DataType::Decimal128(12, 2), true),
        Field::new("from", DataType::Struct(point), true),
        Field::new("stops", DataType::List(Arc::new(Field::new("element", stop, true))), true),
        Field::new("tags", DataType::new_list(DataType::Utf8, true), true),
    ]))
}

pub fn nested(dice: &mut Dice) -> String {
    let point = |dice: &mut Dice| {
        let (lat, lon) = (dice.below(1_000_000), dice.below(1_000_000));
        format!(r#"{{"lat":52.{lat:06},"lon":13.{lon:06}}}"#)
    };
    let stops: Vec<String> = (0..dice.below(4))
        .map(|number| {
            let minute = dice.below(60);
            let place = point(dice);
            format!(
                r#"{{"name":"stop {number}","at":"2026-05-28T12:{minute:02}:00Z","point":{place}}}"#
            )
        })
        .collect();
    let (id, fare, from) = (dice.roll(), dice.below(10_000), point(dice));
    format!(
        r#"{{"trip_id":"{id:016x}","fare":{}.{:02},"from":{from},"stops":[{}],"tags":["a","night"]}}"#,
        fare / 100,
        fare % 100,
        stops.join(","),
    )
}

pub fn chunk<P: AsRef<[u8]>>(mut message: impl FnMut(&mut Dice) -> P) -> RecordChunk {
    let mut dice = Dice(42);
    let mut builder = ChunkBuilder::with_capacity(RECORDS, RECORDS * 256);
    let partition = builder.partition(&PartitionId::new("bench", "-", 0));
    for offset in 0..RECORDS {
        let payload = message(&mut dice);
        builder.push(partition, offset as i64, Some(0), Some(payload.as_ref()), None, []);
    }
    builder.finish(0, 0)
}
