//! What a contract of 40 rules costs, as a share of decoding the same records. One JSON line; the
//! exit status is 1 when a share is above its bar.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use headgate_contract::{CheckOptions, Contract};
use headgate_decode::{DecodeOptions, json};
use headgate_model::{ChunkBuilder, PartitionId, RecordChunk};

const ROWS: u64 = 8_192;
const ROUNDS: usize = 200;
/// Percent of bad rows, and the most that checking may cost beside decoding.
const BARS: [(u64, f64); 2] = [(0, 0.25), (5, 0.35)];

const CONTRACT: &str = r#"
apiVersion: v3.1.0
kind: DataContract
id: trips
version: 1.0.0
status: active
schema:
  - name: trips
    properties:
      - { name: trip_id, logicalType: string, required: true, logicalTypeOptions: { format: uuid, minLength: 36, maxLength: 36 } }
      - { name: driver, logicalType: string, required: true, logicalTypeOptions: { minLength: 3, maxLength: 40, pattern: "^driver-[0-9]+$" } }
      - { name: vehicle, logicalType: string, required: true, logicalTypeOptions: { pattern: "^[A-Z]{3}-[0-9]{4}$" }, quality: [ { metric: missingValues, mustBe: 0, arguments: { missingValues: ["", "N/A", null] } } ] }
      - { name: status, logicalType: string, required: true, logicalTypeOptions: { enum: [available, on_trip, offline, waiting] } }
      - { name: lat, logicalType: number, required: true, logicalTypeOptions: { minimum: -90, maximum: 90 } }
      - { name: lon, logicalType: number, required: true, logicalTypeOptions: { minimum: -180, maximum: 180 } }
      - { name: speed, logicalType: number, required: true, logicalTypeOptions: { minimum: 0, exclusiveMaximum: 300, multipleOf: 0.5 } }
      - { name: heading, logicalType: integer, required: true, logicalTypeOptions: { minimum: 0, maximum: 359, format: i32 } }
      - { name: passengers, logicalType: integer, logicalTypeOptions: { minimum: 0, maximum: 8 }, quality: [ { metric: nullValues, mustBeLessThan: 50, unit: percent } ] }
      - { name: at, logicalType: timestamp, required: true, logicalTypeOptions: { minimum: "2020-01-01T00:00:00Z", maximum: "2100-01-01T00:00:00Z" } }
      - { name: city, logicalType: string, logicalTypeOptions: { minLength: 2, maxLength: 60 }, quality: [ { metric: invalidValues, mustBe: 0, arguments: { pattern: "^[^0-9]*$" } } ] }
      - { name: tags, logicalType: array, logicalTypeOptions: { maxItems: 5 }, items: { logicalType: string, logicalTypeOptions: { minLength: 1, maxLength: 20, pattern: "^[a-z]+$" } } }
    quality:
      - { metric: rowCount, mustBeGreaterThan: 0 }
"#;

/// Bad in `percent` of 100, evenly mixed.
fn record(row: u64, percent: u64) -> String {
    let random = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let bad = random >> 32 < (percent << 32) / 100;
    let (speed, vehicle) = if bad { ("999.25", "abc-1") } else { ("42.5", "ABC-1234") };
    let status = ["available", "on_trip", "offline", "waiting"][row as usize % 4];
    format!(
        r#"{{"trip_id":"{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}","driver":"driver-{row}","vehicle":"{vehicle}","status":"{status}","lat":{:.5},"lon":{:.5},"speed":{speed},"heading":{},"passengers":{},"at":"2026-05-{:02}T12:34:56.789Z","city":"Saarbrücken","tags":["airport","night"]}}"#,
        random as u32,
        row as u16,
        row % 999,
        row % 777,
        random >> 16,
        (row % 180) as f64 - 89.5,
        (row % 360) as f64 - 179.5,
        row % 360,
        row % 5,
        row % 28 + 1,
    )
}

fn chunk(percent: u64) -> RecordChunk {
    let mut chunk = ChunkBuilder::default();
    let partition = chunk.partition(&PartitionId::new("trips", "-", 0));
    for row in 0..ROWS {
        chunk.push(partition, row as i64, None, Some(record(row, percent).as_bytes()), None, []);
    }
    chunk.finish(0, 0)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

fn main() -> ExitCode {
    let contract = Contract::compile(CONTRACT, None).unwrap();
    let rules = contract.rules().iter().filter(|rule| !rule.unrepresentable).count();
    let mut missed = false;
    for (percent, bar) in BARS {
        let chunk = chunk(percent);
        let mut decoder = json(contract.schema(), DecodeOptions::default()).unwrap();
        let mut checker = contract.checker(CheckOptions::default());
        let (mut decoding, mut checking) = (Vec::new(), Vec::new());
        let mut violating = 0;
        // In turns, so that what else the machine does is in both.
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let decoded = decoder.decode(&chunk).unwrap();
            decoding.push(began.elapsed());
            let began = Instant::now();
            let checked = black_box(checker.check(&decoded.rows, &decoded.fields).unwrap());
            checking.push(began.elapsed());
            violating = checked.violating.len();
            checker.reset();
        }
        let (decode, check) = (median(decoding), median(checking));
        let share = check / decode;
        missed |= share > bar;
        println!(
            r#"{{"bench":"forty_rules","rules":{rules},"badPercent":{percent},"violatingRows":{violating},"decodeRowsPerSecond":{:.0},"checkRowsPerSecond":{:.0},"share":{share:.3},"bar":{bar}}}"#,
            ROWS as f64 / decode,
            ROWS as f64 / check,
        );
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
