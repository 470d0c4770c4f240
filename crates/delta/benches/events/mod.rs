//! The rows of the end-to-end benchmark (`benches/load`), as the engine hands them over.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

const FIRST_EVENT_US: i64 = 1_780_000_000_000_000;
const TYPES: [&str; 4] = ["click", "view", "purchase", "signup"];
const COUNTRIES: [&str; 6] = ["DE", "FR", "US", "IN", "BR", "JP"];
const PARTITIONS: i64 = 4;

pub fn schema() -> SchemaRef {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let field = |name: &str, kind: &DataType, nullable| Field::new(name, kind.clone(), nullable);
    Arc::new(Schema::new(vec![
        field("event_id", &DataType::Utf8, false),
        field("user_id", &DataType::Int64, true),
        field("event_time", &instant, true),
        field("event_type", &DataType::Utf8, true),
        field("amount", &DataType::Float64, true),
        field("country", &DataType::Utf8, true),
        field("page", &DataType::Utf8, true),
        field("session", &DataType::Utf8, true),
        field("seq", &DataType::Int64, true),
        field("_kafka_topic", &DataType::Utf8, false),
        field("_kafka_partition", &DataType::Int32, false),
        field("_kafka_offset", &DataType::Int64, false),
        field("_kafka_timestamp", &instant, true),
        field("_ingested_at", &instant, false),
        field("_ingestion_date", &DataType::Utf8, false),
    ]))
}

pub fn chunks(rows: i64, chunk_rows: i64) -> Vec<RecordBatch> {
    (0..rows / chunk_rows).map(|number| chunk(number, chunk_rows)).collect()
}

/// A chunk holds consecutive records of one partition: every fourth event.
fn chunk(number: i64, rows: i64) -> RecordBatch {
    let (partition, first) = (number % PARTITIONS, number / PARTITIONS * rows);
    let index = |offset: i64| (first + offset) * PARTITIONS + partition;
    let seeds: Vec<(i64, u64)> = (0..rows).map(index).map(|index| (index, mixed(index))).collect();
    let texts = |text: &dyn Fn(i64, u64) -> String| -> ArrayRef {
        let values = seeds.iter().map(|(index, mixed)| text(*index, *mixed));
        Arc::new(StringArray::from_iter_values(values))
    };
    let longs = |long: &dyn Fn(i64, u64) -> i64| -> ArrayRef {
        let values = seeds.iter().map(|(index, mixed)| long(*index, *mixed));
        Arc::new(Int64Array::from_iter_values(values))
    };
    let instants = |values: Vec<i64>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
    };
    let cents = |mixed: u64| (mixed % 500) as f64 + ((mixed >> 9) % 100) as f64 / 100.0;
    let times: Vec<i64> = seeds.iter().map(|(index, _)| FIRST_EVENT_US + index * 1000).collect();
    let columns: Vec<ArrayRef> = vec![
        texts(&|index, mixed| format!("{mixed:016x}-{:08x}", index as u32)),
        longs(&|_, mixed| (mixed % 1_000_000) as i64),
        instants(times.clone()),
        texts(&|_, mixed| TYPES[mixed as usize & 3].to_owned()),
        Arc::new(Float64Array::from_iter_values(seeds.iter().map(|(_, mixed)| cents(*mixed)))),
        texts(&|_, mixed| COUNTRIES[(mixed >> 20) as usize % COUNTRIES.len()].to_owned()),
        texts(&|_, mixed| {
            format!("/shop/category/{}/item/{}", (mixed >> 24) % 50, (mixed >> 32) % 5000)
        }),
        texts(&|_, mixed| format!("{:032x}", u128::from(mixed) * 0xd134_2543_de82_ef95)),
        longs(&|index, _| index),
        Arc::new(StringArray::from(vec!["events"; rows as usize])),
        Arc::new(Int32Array::from(vec![partition as i32; rows as usize])),
        Arc::new(Int64Array::from_iter_values(first..first + rows)),
        instants(times),
        instants(vec![FIRST_EVENT_US + number * 1_000_000; rows as usize]),
        Arc::new(StringArray::from(vec!["2026-05-28"; rows as usize])),
    ];
    RecordBatch::try_new(schema(), columns).expect("rows of the schema")
}

fn mixed(index: i64) -> u64 {
    let mixed = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}
