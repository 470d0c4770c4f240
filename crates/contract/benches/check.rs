//! Rules over chunks of 8,192 rows, in rows a second: each family alone, and a contract of ten rules.
//!
//! The limit is memory bandwidth: a bound on doubles reads 8 bytes a row, and runs at about 1 G rows/s
//! on one core. Decoding makes about 1 M rows/s, so that ten rules together must pass 10 M rows/s to
//! stay under a tenth of it.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, PrimitiveArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{Field, Schema};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use headgate_contract::{CheckOptions, Contract};

const ROWS: u64 = 8_192;

fn contract(properties: &[String]) -> Contract {
    let list: String = properties.iter().map(|keys| format!("      - {{ {keys} }}\n")).collect();
    Contract::compile(
        &format!(
            "apiVersion: v3.1.0\nkind: DataContract\nid: bench\nversion: 1.0.0\nstatus: active\n\
             schema:\n  - name: rows\n    properties:\n{list}"
        ),
        None,
    )
    .unwrap()
}

/// `row` is bad in 5 of 100, or never.
fn is_bad(row: u64, percent: u64) -> bool {
    row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32 < (percent << 32) / 100
}

fn texts(percent: u64, good: impl Fn(u64) -> String, bad: &str) -> ArrayRef {
    let texts = (0..ROWS).map(|row| if is_bad(row, percent) { bad.to_owned() } else { good(row) });
    Arc::new(texts.map(Some).collect::<StringArray>())
}

fn uuid(row: u64) -> String {
    let random = row.wrapping_mul(0x2545_F491_4F6C_DD1D);
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        random as u32,
        row as u16,
        row % 999,
        row % 777,
        random >> 16
    )
}

fn doubles(percent: u64) -> ArrayRef {
    let value = |row| if is_bad(row, percent) { 999.0 } else { (row % 180) as f64 - 90.0 };
    Arc::new((0..ROWS).map(value).collect::<PrimitiveArray<Float64Type>>())
}

fn integers(percent: u64) -> ArrayRef {
    let value = |row| if is_bad(row, percent) { None } else { Some(row as i64) };
    Arc::new((0..ROWS).map(value).collect::<PrimitiveArray<Int64Type>>())
}

fn status(row: u64) -> String {
    ["available", "on_trip", "offline", "waiting"][row as usize % 4].into()
}

fn rows(contract: &Contract, columns: Vec<ArrayRef>) -> RecordBatch {
    let fields = contract.schema().fields().iter().zip(&columns);
    let fields: Vec<_> = fields
        .map(|(field, array)| Field::new(field.name(), array.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn families(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("family");
    group.throughput(Throughput::Elements(ROWS));
    type Column = fn(u64) -> ArrayRef;
    let families: [(&str, &str, Column); 9] = [
        ("required", "logicalType: integer, required: true", integers),
        (
            "range",
            "logicalType: number, logicalTypeOptions: { minimum: -90, maximum: 90 }",
            doubles,
        ),
        (
            "multiple_of",
            "logicalType: number, logicalTypeOptions: { multipleOf: 0.5 }",
            |percent| {
                let value = |row| if is_bad(row, percent) { 0.3 } else { row as f64 / 2.0 };
                Arc::new((0..ROWS).map(value).collect::<PrimitiveArray<Float64Type>>())
            },
        ),
        (
            "length",
            "logicalType: string, logicalTypeOptions: { minLength: 1, maxLength: 40 }",
            |percent| texts(percent, uuid, ""),
        ),
        (
            "length_unicode",
            "logicalType: string, logicalTypeOptions: { maxLength: 40 }",
            |percent| texts(percent, |row| format!("straße {row}"), &"ü".repeat(41)),
        ),
        ("uuid", "logicalType: string, logicalTypeOptions: { format: uuid }", |percent| {
            texts(percent, uuid, "not a uuid")
        }),
        (
            "pattern",
            "logicalType: string, logicalTypeOptions: { pattern: '^[A-Z]{3}-[0-9]{4}$' }",
            |percent| texts(percent, |row| format!("ABC-{:04}", row % 10_000), "abc-1"),
        ),
        ("enum", "logicalType: string, enum: [available, on_trip, offline, waiting]", |percent| {
            texts(percent, status, "parked")
        }),
        ("unique", "logicalType: string, unique: true", |percent| texts(percent, uuid, "again")),
    ];
    for (name, keys, column) in families {
        let contract = contract(&[format!("name: a, {keys}")]);
        for percent in [0, 5] {
            let chunk = rows(&contract, vec![column(percent)]);
            group.bench_with_input(BenchmarkId::new(name, percent), &chunk, |bencher, chunk| {
                bencher.iter_batched_ref(
                    || contract.checker(CheckOptions::default()),
                    |checker| black_box(checker.check(chunk, &[]).unwrap()),
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}

/// The shape of a position report: ten rules besides the types.
fn ten_rules(criterion: &mut Criterion) {
    let contract = contract(&[
        "name: ping_id, logicalType: string, required: true, logicalTypeOptions: { format: uuid }".into(),
        "name: driver_id, logicalType: string, required: true".into(),
        "name: lat, logicalType: number, logicalTypeOptions: { minimum: -90, maximum: 90 }".into(),
        "name: lon, logicalType: number, logicalTypeOptions: { minimum: -180, maximum: 180 }".into(),
        "name: status, logicalType: string, enum: [available, on_trip, offline, waiting]".into(),
        "name: at, logicalType: timestamp, required: true, logicalTypeOptions: { minimum: 2020-01-01 }".into(),
    ]);
    let rules = contract.rules().iter().filter(|rule| !rule.unrepresentable).count();
    assert_eq!(rules, 10);
    let mut group = criterion.benchmark_group("ten_rules");
    group.throughput(Throughput::Elements(ROWS));
    for percent in [0, 5] {
        let times = (0..ROWS).map(|row| Some(1_700_000_000_000_000 + row as i64));
        let at = times.collect::<TimestampMicrosecondArray>().with_timezone("UTC");
        let chunk = rows(
            &contract,
            vec![
                texts(percent, uuid, "not a uuid"),
                texts(percent, |row| format!("driver-{row}"), ""),
                doubles(percent),
                doubles(0),
                texts(percent, status, "parked"),
                Arc::new(at),
            ],
        );
        let mut checker = contract.checker(CheckOptions::default());
        group.bench_with_input(BenchmarkId::from_parameter(percent), &chunk, |bencher, chunk| {
            bencher.iter(|| black_box(checker.check(chunk, &[]).unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, families, ten_rules);
criterion_main!(benches);
