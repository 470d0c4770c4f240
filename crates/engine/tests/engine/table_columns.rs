use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use headgate_decode::UnknownFields;
use headgate_engine::{Policy, RejectsTo};
use headgate_model::TableRole;
use headgate_model::fake::{POLLED_AT_US, VecRecord};

use crate::policies::text;
use crate::rig::{BROKEN, GOOD, Rig, SLOW, contract, partition};

const COORDINATES: [&str; 4] =
    ["_kafka_topic", "_kafka_partition", "_kafka_offset", "_kafka_timestamp"];
const INGESTION: [&str; 2] = ["_ingested_at", "_ingestion_date"];

fn names(rig: &Rig, role: TableRole) -> Vec<String> {
    let rows = rig.lake.rows(role).remove(0);
    rows.schema().fields().iter().map(|field| field.name().clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn tables_have_the_documented_columns_in_order() {
    let evidence = [&["_raw_value", "_kafka_key", "_kafka_headers"][..], &COORDINATES, &INGESTION];
    let rig = Rig { policy: Policy::Split, ..Rig::new() };
    rig.append(&[GOOD, SLOW, BROKEN]);
    rig.run().await;
    let output = [&["id", "speed"][..], &COORDINATES, &INGESTION].concat();
    assert_eq!(names(&rig, TableRole::Output), output);
    let rejects = [
        &["id", "speed"][..],
        &evidence.concat(),
        &["_violations", "_contract_id", "_contract_version", "_contract_hash", "_batch_uuid"],
    ]
    .concat();
    assert_eq!(names(&rig, TableRole::Rejects), rejects);
    let dead = [&evidence.concat()[..], &["_error_type", "_error_message", "_batch_uuid"]].concat();
    assert_eq!(names(&rig, TableRole::DeadLetters), dead);
}

#[tokio::test(start_paused = true)]
async fn without_metadata_the_output_has_the_payload_alone() {
    let rig = Rig { metadata: false, ..Rig::new() };
    rig.append(&[GOOD]);
    rig.run().await;
    assert_eq!(names(&rig, TableRole::Output), ["id", "speed"]);
}

#[tokio::test(start_paused = true)]
async fn required_columns_stay_required_where_violating_rows_never_arrive() {
    for (policy, nullable) in [
        (Policy::Block, false),
        (Policy::Split, false),
        (Policy::Allow, true),
        (Policy::Flag, true),
    ] {
        let rig = Rig { policy, ..Rig::new() };
        rig.append(&[GOOD]);
        rig.run().await;
        let schema = rig.lake.rows(TableRole::Output).remove(0).schema();
        assert_eq!(schema.field(0).is_nullable(), nullable, "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn raw_keeps_payload_key_and_headers() {
    for metadata in [true, false] {
        let rig = Rig {
            contract: None,
            policy: Policy::Block,
            rejects: RejectsTo::Nowhere,
            metadata,
            ..Rig::new()
        };
        rig.log.append(
            &partition(0),
            VecRecord {
                timestamp_ms: None,
                value: Some(b"not json".to_vec()),
                key: Some(b"k".to_vec()),
                headers: vec![("h".into(), Some(b"v".to_vec()))],
            },
        );
        rig.append(&["plain"]);
        rig.log.append(
            &partition(0),
            VecRecord { value: Some(b"\xff".to_vec()), ..VecRecord::default() },
        );
        rig.run().await;
        let mut expected = vec!["_raw_value", "_kafka_key", "_kafka_headers"];
        if metadata {
            expected.extend(COORDINATES.iter().chain(&INGESTION));
        }
        assert_eq!(names(&rig, TableRole::Output), expected);
        let output = rig.lake.rows(TableRole::Output).remove(0);
        assert_eq!(text(&output, "_raw_value", 0), "not json");
        assert_eq!(output.column(1).as_binary::<i32>().value(0), b"k");
        let headers = output.column(2).as_list::<i32>();
        assert_eq!((headers.value(0).len(), headers.is_null(1)), (1, true));
        assert_eq!(rig.offsets(TableRole::DeadLetters), [2], "not UTF-8");
        assert_eq!(rig.lake.ledgers()[0].verdict.contract, None);
        if metadata {
            let at = output.column_by_name("_ingested_at").unwrap();
            assert_eq!(at.as_primitive::<TimestampMicrosecondType>().value(0), POLLED_AT_US);
            assert!(output.column_by_name("_kafka_timestamp").unwrap().is_null(0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_are_ignored_kept_or_rejected() {
    use UnknownFields::{Extra, Ignore, Reject};
    for (unknown_fields, rejected) in [(Ignore, 0), (Extra, 0), (Reject, 1)] {
        let rig = Rig { unknown_fields, ..Rig::new() };
        rig.append(&[GOOD, r#"{"id":"a","speed":1,"more":[1]}"#]);
        rig.run().await;
        assert_eq!(rig.lake.num_rows(TableRole::Rejects), rejected, "{unknown_fields:?}");
        rig.assert_exactly_once();
        if unknown_fields == Extra {
            let output = rig.lake.rows(TableRole::Output).remove(0);
            assert_eq!(text(&output, "_extra", 1), r#"{"more":[1]}"#);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nested_columns_reach_both_tables() {
    let nested = contract(
        r"
    properties:
      - name: place
        logicalType: object
        properties:
          - { name: lat, logicalType: number, required: true, logicalTypeOptions: { maximum: 90 } }
      - name: stops
        logicalType: array
        items:
          logicalType: object
          properties:
            - { name: name, logicalType: string }
",
    );
    for policy in [Policy::Split, Policy::Allow, Policy::Flag] {
        let rig = Rig { contract: Some(nested.clone()), policy, ..Rig::new() };
        rig.append(&[
            r#"{"place":{"lat":1.5},"stops":[{"name":"a"},{"name":"b"}]}"#,
            r#"{"place":{"lat":91},"stops":[]}"#,
            r#"{"place":{},"stops":[{"name":1}]}"#,
        ]);
        rig.run().await;
        let rejected: &[i64] = if policy == Policy::Flag { &[2] } else { &[1, 2] };
        assert_eq!(rig.offsets(TableRole::Rejects), rejected, "{policy:?}");
        assert_eq!(rig.lake.breaks(), Vec::<String>::new(), "{policy:?}");
    }
}
