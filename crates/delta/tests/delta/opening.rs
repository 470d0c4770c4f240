//! Tables created, opened again, and opened by two at once.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use headgate_delta::{Durability, address_of};
use headgate_model::{LakeSink, TableRole};
use serde_json::Value;

use crate::lake::{BOTH, Lake, Worker, starts};
use crate::tables;

async fn metadata(lake: &Lake, table: &str) -> Value {
    let entry = tables::entry(&lake.table(table), 0).await;
    tables::actions(&entry, "metaData")[0].clone()
}

fn fields(metadata: &Value) -> Vec<Value> {
    let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    schema["fields"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_created_table_has_the_schema_partitioning_nullability_and_comments_asked_for() {
    let lake = Lake::local(Durability::Process);
    let mut config = lake.config();
    let comment = HashMap::from([("comment".to_owned(), "ISO 3166".to_owned())]);
    config.output.schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("country", DataType::Utf8, true).with_metadata(comment),
    ]));
    config.output.partition_columns = vec!["country".to_owned()];
    Worker::open(config.clone()).await.unwrap();

    let metadata = metadata(&lake, "output").await;
    assert_eq!(metadata["partitionColumns"], serde_json::json!(["country"]));
    let fields = fields(&metadata);
    assert_eq!((&fields[0]["name"], &fields[0]["nullable"]), (&"id".into(), &false.into()));
    assert_eq!((&fields[1]["type"], &fields[1]["nullable"]), (&"string".into(), &true.into()));
    assert_eq!(fields[1]["metadata"]["comment"], "ISO 3166");

    Worker::open(config).await.expect("the same configuration opens it again");
    assert_eq!(tables::version(&lake.output()).await, 0, "opening again commits nothing");
}

#[tokio::test]
async fn side_tables_keep_statistics_on_own_columns_only() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    for (table, expected) in [
        ("rejects", Some("_kafka_topic,_kafka_partition,_kafka_offset")),
        ("dead_letters", Some("_kafka_topic,_kafka_partition,_kafka_offset")),
        ("output", None),
    ] {
        let metadata = metadata(&lake, table).await;
        let columns = metadata["configuration"].get("delta.dataSkippingStatsColumns");
        assert_eq!(columns.and_then(Value::as_str), expected, "{table}");
    }
}

#[tokio::test]
async fn an_open_table_leaves_no_probe_behind() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        lake.worker().await;
        let listed = tables::list(&lake.output()).await;
        assert!(listed.iter().all(|path| path.starts_with("_delta_log/")), "{listed:?}");
    }
}

#[tokio::test]
async fn positions_survive_a_reopening() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        let mut worker = lake.worker().await;
        worker.advance(&[0, 2], 7).await;
        let reopened = Worker::open(lake.config()).await.unwrap();
        assert_eq!(reopened.image.positions, worker.image.positions);
        assert_eq!(reopened.image.incarnation, worker.image.incarnation);
        assert_eq!(reopened.image.group, worker.image.group);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_open_at_once_share_tables_and_incarnation() {
    for round in 0..20 {
        let lake = Lake::local(BOTH[round % 2]);
        let (left, right) = tokio::join!(
            tokio::spawn(Worker::start(lake.config())),
            tokio::spawn(Worker::start(lake.config()))
        );
        let (mut left, mut right) = (left.unwrap().unwrap(), right.unwrap().unwrap());
        assert!(left.image.incarnation.is_some());
        assert_eq!(left.image.incarnation, right.image.incarnation);
        assert_eq!(left.image.positions, starts());
        left.advance(&[0], 5).await;
        right.advance(&[1], 5).await;
        lake.settle().await;
    }
}

#[tokio::test]
async fn the_loser_of_two_first_commits_takes_over_the_starts_of_the_winner() {
    let lake = Lake::local(Durability::Process);
    let mut early = Worker::open(lake.config()).await.unwrap();
    let mut late = Worker::open(lake.config()).await.unwrap();
    let latest = starts().into_keys().map(|id| (id, 40)).collect();
    let won = early.sink.initialize(latest).await.unwrap();
    let lost = late.sink.initialize(starts()).await.unwrap();
    assert_eq!(lost.incarnation, won.incarnation);
    assert_eq!(lost.positions, won.positions);
    assert_eq!(tables::version(&lake.output()).await, 1);
}

#[test]
fn one_place_has_one_address() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real");
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, folder.path().join("link")).unwrap();
    let expected = address_of(&real.join("new/table")).unwrap();
    for other in ["link/new/table", "real/./new/table", "real/new/table/"] {
        assert_eq!(address_of(&folder.path().join(other)).unwrap(), expected, "{other}");
    }
}

#[tokio::test]
async fn t9_a_copy_of_an_output_has_a_consumer_group_of_its_own() {
    let lake = Lake::local(Durability::Process);
    let original = lake.worker().await;
    for version in 0..=1 {
        let actions = tables::entry(&lake.output(), version).await;
        tables::put_entry(&lake.table("copy"), version, &actions).await;
    }
    let mut config = lake.config();
    config.output.address = lake.table("copy");
    let copy = Worker::open(config).await.unwrap();
    assert_eq!(copy.image.incarnation, original.image.incarnation);
    assert_ne!(copy.image.group, original.image.group);
}

#[tokio::test]
async fn a_folder_with_other_files_but_no_log_becomes_a_table() {
    let lake = Lake::local(Durability::Fsync);
    let folder = lake.output().to_file_path().unwrap();
    std::fs::create_dir_all(folder.join("_delta_log")).unwrap();
    std::fs::write(folder.join("notes.txt"), "kept").unwrap();
    lake.worker().await.advance(&[0], 3).await;
    assert_eq!(std::fs::read_to_string(folder.join("notes.txt")).unwrap(), "kept");
}

#[tokio::test]
async fn what_a_crash_stages_in_the_log_folder_disturbs_nobody() {
    let lake = Lake::local(Durability::Fsync);
    let mut worker = lake.worker().await;
    let log = lake.output().to_file_path().unwrap().join("_delta_log");
    std::fs::write(log.join(".00000000000000000002.0.tmp"), "half an ent").unwrap();
    std::fs::write(log.join("00000000000000000002.json#1"), "half an ent").unwrap();
    worker.advance(&[0], 3).await;
    lake.settle().await;
}

#[tokio::test]
async fn without_side_tables_the_output_stands_alone() {
    let lake = Lake::local(Durability::Process);
    let mut config = lake.config();
    config.side_tables.clear();
    let mut worker = Worker::start(config).await.unwrap();
    let rows = crate::lake::records(&[(0, 0)], TableRole::Rejects);
    let fault = worker.sink.write(TableRole::Rejects, rows).await.unwrap_err();
    assert_eq!(fault.code(), "PARQUET_ENCODE");
    assert!(!lake.rejects().to_file_path().unwrap().exists());
}
