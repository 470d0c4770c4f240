#![allow(clippy::expect_used, clippy::panic)]
//! Rows a second of JSON to columns, beside what no decoder can beat: reading the same bytes once
//! to see that they are UTF-8 (`limit/utf8`), and copying them once (`limit/memcpy`). Whoever keeps
//! most bytes of a payload as text does both; every byte must further be looked at to find where
//! strings end. Compare ratios within one run: absolute figures move with the machine.

mod messages;

use std::hint::black_box;

use apache_avro::Schema;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use headgate_decode::{DecodeOptions, Tombstones, UnknownFields, avro, json, raw};
use headgate_model::RecordChunk;

use messages::avro::{FLAT, NESTED, encode, nullable, writer};
use messages::{Dice, RECORDS, chunk, damaged, flat, flat_schema, nested, nested_schema, protobuf};

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(RECORDS as u64));

    let clean = chunk(flat);
    let mut number = 0;
    let dirty = chunk(|dice| {
        number += 1;
        if number % 20 == 0 { damaged(dice) } else { flat(dice) }
    });
    let spaced = chunk(|dice| flat(dice).replace("\":", "\": ").replace(",\"", ", \""));
    let stray = chunk(|dice| flat(dice).replacen('{', r#"{"v":[1,{"a":null}],"#, 1));

    let mut json_case = |name: &str, chunk: &RecordChunk, schema, unknown_fields| {
        let options = DecodeOptions { unknown_fields, ..DecodeOptions::default() };
        let mut decoder = json(&schema, options).expect("schema");
        group.bench_function(name, |bencher| {
            bencher.iter(|| decoder.decode(black_box(chunk)).expect("columns"));
        });
    };
    json_case("flat", &clean, flat_schema(), UnknownFields::Ignore);
    json_case("flat/5 percent damaged", &dirty, flat_schema(), UnknownFields::Ignore);
    json_case("flat/spaces", &spaced, flat_schema(), UnknownFields::Ignore);
    json_case("flat/unknown field", &stray, flat_schema(), UnknownFields::Extra);
    json_case("nested", &chunk(nested), nested_schema(), UnknownFields::Ignore);

    let mut avro_case = |name: &str, schema: &str, json: fn(&mut Dice) -> String, columns| {
        let parsed = Schema::parse_str(schema).expect("schema");
        let chunk = chunk(|dice| encode(&parsed, &json(dice)));
        let (mut decoder, differences) =
            avro(&columns, &writer(schema), DecodeOptions::default()).expect("schema");
        assert_eq!(differences, []);
        group.bench_function(name, |bencher| {
            bencher.iter(|| decoder.decode(black_box(&chunk)).expect("columns"));
        });
    };
    avro_case("flat/avro", FLAT, flat, flat_schema());
    avro_case("flat/avro, nullable", &nullable(FLAT), flat, flat_schema());
    avro_case("nested/avro", NESTED, nested, nested_schema());
    for (name, chunk, mut decoder) in protobuf::cases() {
        group.bench_function(name, |bencher| {
            bencher.iter(|| decoder.decode(black_box(&chunk)).expect("columns"));
        });
    }

    let mut payloads = raw(Tombstones::Skip);
    group.bench_function("raw", |bencher| {
        bencher.iter(|| payloads.decode(black_box(&clean)).expect("columns"));
    });
    group.bench_function("limit/utf8", |bencher| {
        bencher.iter(|| {
            let valid = |payload| simdutf8::basic::from_utf8(payload).is_ok();
            black_box(&clean).iter().filter(|record| record.value.is_some_and(valid)).count()
        });
    });
    let mut copy: Vec<u8> = Vec::with_capacity(clean.payload_bytes());
    group.bench_function("limit/memcpy", |bencher| {
        bencher.iter(|| {
            copy.clear();
            for record in black_box(&clean).iter() {
                copy.extend_from_slice(record.value.unwrap_or_default());
            }
            black_box(copy.len())
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
