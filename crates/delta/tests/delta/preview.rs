//! A look at a table: its size, its newest rows, and all rows of a version.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use futures::TryStreamExt;
use headgate_delta::{DeltaFault, Durability, TableSize, newest_rows, scan, table_size};

use crate::lake::{Lake, Worker};
use crate::tables;

#[tokio::test]
async fn the_size_of_a_table_is_that_of_its_files() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    assert_eq!(table_size(&lake.output()).await.unwrap(), TableSize { version: 1, rows: 0 });
    worker.advance(&[0], 20).await;
    worker.advance(&[0], 10).await;
    assert_eq!(table_size(&lake.output()).await.unwrap(), TableSize { version: 3, rows: 18 });
    assert_eq!(table_size(&lake.rejects()).await.unwrap(), TableSize { version: 2, rows: 6 });
}

#[tokio::test]
async fn the_newest_rows_come_first_and_no_more_than_asked_for() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 20).await;
    worker.advance(&[0], 10).await;
    for (limit, expected) in [(0, 0), (3, 3), (6, 6), (10, 10), (1000, 18)] {
        let rows = newest_rows(&lake.output(), limit).await.unwrap();
        assert_eq!(rows.num_rows(), expected, "limit {limit}");
        let offsets = rows.column_by_name("_kafka_offset").unwrap().as_primitive::<Int64Type>();
        let newest = offsets.values().iter().take(6).all(|offset| *offset >= 20);
        assert!(newest, "limit {limit}: {offsets:?}");
    }
}

#[tokio::test]
async fn rows_whose_log_entries_clean_up_took_are_previewed_last() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 20).await;
    worker.advance(&[0], 10).await;
    let loaded = tables::load(&lake.output()).await;
    deltalake::checkpoints::create_checkpoint(&loaded, None).await.unwrap();
    for version in 0..=2 {
        tables::delete(&lake.output(), tables::entry_path(version).as_ref()).await;
    }
    let rows = newest_rows(&lake.output(), 1000).await.unwrap();
    assert_eq!(rows.num_rows(), 18);
    let offsets = rows.column_by_name("_kafka_offset").unwrap().as_primitive::<Int64Type>();
    assert!(offsets.values().iter().take(6).all(|offset| *offset >= 20), "{offsets:?}");
}

#[tokio::test]
async fn rows_are_those_of_the_version_that_is_asked_for() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 20).await;
    worker.advance(&[0], 10).await;
    let rows = async |version| {
        let scan = scan(&lake.output(), version).await?;
        let batches: Vec<_> = scan.rows.try_collect().await?;
        Ok((scan.version, batches.iter().map(|batch| batch.num_rows()).sum::<usize>()))
    };
    let refused = |read: Result<(i64, usize), DeltaFault>| match read {
        Err(DeltaFault::NoSuchVersion { oldest, newest, .. }) => (oldest, newest),
        other => panic!("{other:?}"),
    };
    for (asked, found) in
        [(None, (3, 18)), (Some(3), (3, 18)), (Some(2), (2, 12)), (Some(0), (0, 0))]
    {
        assert_eq!(rows(asked).await.unwrap(), found, "{asked:?}");
    }
    for version in [-1, 4, i64::MAX] {
        assert_eq!(refused(rows(Some(version)).await), (0, 3), "{version}");
    }
    tables::checkpoint(&lake.output()).await;
    for version in 0..=2 {
        tables::delete(&lake.output(), tables::entry_path(version).as_ref()).await;
    }
    assert_eq!(rows(Some(3)).await.unwrap(), (3, 18));
    assert_eq!(refused(rows(Some(2)).await), (3, 3));
}

#[tokio::test]
async fn partition_columns_are_back_in_their_place_and_type() {
    let lake = Lake::local(Durability::Process);
    let mut config = lake.config();
    config.output.partition_columns = vec!["_kafka_partition".to_owned()];
    let schema = Arc::clone(&config.output.schema);
    let mut worker = Worker::start(config).await.unwrap();
    worker.advance(&[1, 2], 5).await;
    let rows = newest_rows(&lake.output(), 100).await.unwrap();
    assert_eq!(rows.num_rows(), 6);
    for (found, expected) in rows.schema_ref().fields().iter().zip(schema.fields()) {
        assert_eq!((found.name(), found.data_type()), (expected.name(), expected.data_type()));
    }
    let partitions = rows.column(1).as_primitive::<arrow_array::types::Int32Type>();
    let mut numbers = partitions.values().to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn a_table_without_rows_previews_its_columns() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    let rows = newest_rows(&lake.output(), 10).await.unwrap();
    assert_eq!((rows.num_rows(), rows.num_columns()), (0, 4));
}

#[tokio::test]
async fn a_path_that_is_no_table_is_an_error() {
    let lake = Lake::local(Durability::Process);
    assert!(table_size(&lake.table("nowhere")).await.is_err());
    assert!(newest_rows(&lake.table("nowhere"), 10).await.is_err());
    assert!(!lake.table("nowhere").to_file_path().unwrap().exists(), "looking creates nothing");
}
