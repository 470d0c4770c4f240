use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use headgate_decode::Tombstones;
use headgate_engine::{EngineFault, Policy, RejectsTo};
use headgate_model::TableRole;
use headgate_model::fake::VecRecord;

use crate::policies::text;
use crate::rig::{BROKEN, GOOD, Rig, engine_fault, partition};

fn tombstone() -> VecRecord {
    VecRecord::default()
}

#[tokio::test(start_paused = true)]
async fn without_their_table_they_fail_the_query_under_every_policy_and_are_named() {
    use Policy::{Allow, Block, Flag, Split};
    for policy in [Block, Split, Allow, Flag] {
        let mut rig = Rig { policy, dead_letters: false, chunk_records: 2, ..Rig::new() };
        rig.limits.max_rows = 2;
        rig.append(&[GOOD, GOOD, GOOD, BROKEN, GOOD]);
        let fault = rig.run_to_fault().await;
        let EngineFault::Undecodable { partition, offset, kind, message } = engine_fault(&fault)
        else {
            panic!("{fault}");
        };
        assert_eq!((partition.as_str(), *offset), ("t-0", 3));
        assert_eq!((*kind, message.as_str()), ("JSON_PARSE_ERROR", "unexpected end at byte 1"));
        assert_eq!(fault.to_string(), "record 3 of t-0 cannot become a row");
        assert_eq!(rig.offsets(TableRole::Output), [0, 1], "the batch before it stays");
        assert_eq!(rig.lake.breaks(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn they_keep_bytes_key_headers_coordinates_and_reason() {
    let rig = Rig::new();
    rig.append(&[GOOD]);
    rig.log.append(
        &partition(0),
        VecRecord {
            timestamp_ms: Some(1234),
            value: Some(b"\xff".to_vec()),
            key: Some(b"k".to_vec()),
            headers: vec![("h".into(), Some(b"v".to_vec())), ("h".into(), None)],
        },
    );
    rig.append(&[GOOD]);
    rig.run().await;
    assert_eq!(rig.offsets(TableRole::Output), [0, 2], "its neighbours are unharmed");
    let dead = rig.lake.rows(TableRole::DeadLetters).remove(0);
    let binary = |name| dead.column_by_name(name).unwrap().as_binary::<i32>().value(0);
    assert_eq!((binary("_raw_value"), binary("_kafka_key")), (&b"\xff"[..], &b"k"[..]));
    let headers = dead.column_by_name("_kafka_headers").unwrap().as_list::<i32>().value(0);
    let headers = headers.as_struct();
    assert_eq!(headers.column(0).as_string::<i32>().value(1), "h");
    let values = headers.column(1).as_binary::<i32>();
    assert_eq!((values.value(0), values.is_null(1)), (&b"v"[..], true));
    let timestamp = dead.column_by_name("_kafka_timestamp").unwrap();
    assert_eq!(timestamp.as_primitive::<TimestampMicrosecondType>().value(0), 1_234_000);
    let offset = dead.column_by_name("_kafka_offset").unwrap();
    assert_eq!(offset.as_primitive::<Int64Type>().value(0), 1);
    assert_eq!(text(&dead, "_kafka_topic", 0), "t");
    assert_eq!(text(&dead, "_ingestion_date", 0), "2023-11-14");
    assert_eq!(text(&dead, "_error_type", 0), "ENCODING_ERROR");
    assert_eq!(text(&dead, "_error_message", 0), "not UTF-8 at byte 0");
    assert_eq!(text(&dead, "_batch_uuid", 0), rig.lake.ledgers()[0].verdict.batch_uuid);
}

#[tokio::test(start_paused = true)]
async fn tombstones_are_skipped_rejected_or_kept() {
    use Tombstones::{Keep, Reject, Skip};
    // Accepted, rejected, dead letters, skipped.
    for (tombstones, expected) in
        [(Skip, [1, 0, 0, 1]), (Reject, [1, 0, 1, 0]), (Keep, [1, 1, 0, 0])]
    {
        let rig = Rig { tombstones, ..Rig::new() };
        rig.log.append(&partition(0), tombstone());
        rig.append(&[GOOD]);
        rig.run().await;
        let counts = rig.lake.ledgers()[0].counts;
        let actual = [counts.accepted, counts.rejected, counts.dead_letters, counts.skipped];
        assert_eq!(actual, expected, "{tombstones:?}");
        assert_eq!(rig.offsets(TableRole::Output), [1], "{tombstones:?}");
        assert_eq!(rig.lake.breaks(), Vec::<String>::new(), "{tombstones:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_skipped_tombstones_moves_its_positions() {
    let rig = Rig::new();
    rig.log.append(&partition(0), tombstone());
    rig.run().await;
    rig.run().await;
    assert_eq!(rig.batch_sizes(), [1], "read once");
}

#[tokio::test(start_paused = true)]
async fn a_rejected_tombstone_without_a_table_fails_the_query() {
    let rig = Rig {
        tombstones: Tombstones::Reject,
        dead_letters: false,
        rejects: RejectsTo::Nowhere,
        ..Rig::new()
    };
    rig.log.append(&partition(0), tombstone());
    assert_eq!(rig.run_to_fault().await.code(), "RECORD_UNDECODABLE");
}
