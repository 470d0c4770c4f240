//! Columns that come while a table is written (rules 8 and 9, T13).

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use headgate_delta::{DeltaSinkConfig, Durability};
use headgate_model::{BatchCommit, CommitOutcome, LakeSink, TableRole};

use crate::lake::{Lake, Range, Worker, ledger, records, schema, split};
use crate::tables;

/// The configuration of a query whose contract has gained `column`.
fn with_column(lake: &Lake, column: &str, data_type: DataType) -> DeltaSinkConfig {
    let mut config = lake.config();
    let mut fields: Vec<Field> =
        schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new(column, data_type, false));
    let evolved = Arc::new(Schema::new(fields));
    for table in std::iter::once(&mut config.output).chain(&mut config.side_tables) {
        table.schema = Arc::clone(&evolved);
        table.merge_schema = true;
    }
    config
}

async fn advance(worker: &mut Worker, ranges: &[Range], new: impl Fn(usize) -> ArrayRef) {
    for (role, rows) in split(ranges) {
        if rows.is_empty() {
            continue;
        }
        let old = records(&rows, role);
        let mut columns = old.columns().to_vec();
        columns.push(new(rows.len()));
        let arrays = columns.into_iter().zip([
            "_kafka_topic",
            "_kafka_partition",
            "_kafka_offset",
            "value",
            "new",
        ]);
        let batch = RecordBatch::try_from_iter(arrays.map(|(array, name)| (name, array))).unwrap();
        worker.sink.write(role, batch).await.unwrap();
    }
    let ledger = ledger(ranges, false);
    let outcome =
        worker.sink.commit(BatchCommit { ledger, blocked: None, stands_on: None }).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
}

fn numbers(rows: usize) -> ArrayRef {
    Arc::new(Int64Array::from(vec![7; rows]))
}

#[tokio::test]
async fn a_new_column_comes_with_the_first_data_that_has_it() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await.advance(&[0], 10).await;
    let mut worker = Worker::start(with_column(&lake, "x", DataType::Int64)).await.unwrap();
    assert!(!tables::column_names(&lake.output()).await.contains(&"x".to_owned()));
    assert!(tables::column_names(&lake.rejects()).await.contains(&"x".to_owned()));
    advance(&mut worker, &[(0, 10, 20)], numbers).await;
    let entry = tables::entry(&lake.output(), 3).await;
    assert_eq!(tables::actions(&entry, "metaData").len(), 1);
    assert_eq!(tables::actions(&entry, "add").len(), 1);
    advance(&mut worker, &[(0, 20, 30)], numbers).await;
    assert!(tables::actions(&tables::entry(&lake.output(), 4).await, "metaData").is_empty());
    // A worker that knows nothing of it goes on.
    lake.worker().await.advance(&[1], 10).await;
    lake.settle().await;
}

#[tokio::test]
async fn t13_columns_of_two_workers_are_both_there() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    let mut one = Worker::start(with_column(&lake, "x", DataType::Int64)).await.unwrap();
    let mut two = Worker::start(with_column(&lake, "y", DataType::Utf8)).await.unwrap();
    advance(&mut one, &[(0, 0, 10)], numbers).await;
    let texts = |rows| Arc::new(StringArray::from(vec!["y"; rows])) as ArrayRef;
    advance(&mut two, &[(1, 0, 10)], texts).await;
    let names = tables::column_names(&lake.output()).await;
    assert!(names.contains(&"x".to_owned()) && names.contains(&"y".to_owned()), "{names:?}");
    lake.settle().await;
}

#[tokio::test]
async fn t13_the_second_of_two_types_is_refused_and_its_files_go() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    let mut one = Worker::start(with_column(&lake, "x", DataType::Int64)).await.unwrap();
    let mut config = with_column(&lake, "x", DataType::Utf8);
    config.side_tables.clear();
    let mut two = Worker::start(config).await.unwrap();
    advance(&mut one, &[(0, 0, 10)], numbers).await;
    let ranges = [(1, 0, 10)];
    let rows = split(&ranges).remove(0).1;
    let old = records(&rows, TableRole::Output);
    let mut columns = old.columns().to_vec();
    columns.push(Arc::new(StringArray::from(vec!["x"; rows.len()])));
    let names = ["_kafka_topic", "_kafka_partition", "_kafka_offset", "value", "x"];
    let batch = RecordBatch::try_from_iter(names.into_iter().zip(columns)).unwrap();
    two.sink.write(TableRole::Output, batch).await.unwrap();
    let ledger = ledger(&ranges, false);
    let fault =
        two.sink.commit(BatchCommit { ledger, blocked: None, stands_on: None }).await.unwrap_err();
    assert_eq!(fault.code(), "DELTA_SCHEMA_MISMATCH");
    assert_eq!(tables::version(&lake.output()).await, 2);
    let listed = tables::list(&lake.output()).await;
    assert_eq!(listed.iter().filter(|path| path.ends_with(".parquet")).count(), 1, "{listed:?}");
}

#[tokio::test]
async fn another_writers_column_is_stepped_over_and_a_lost_one_is_told() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    tables::change_schema(&lake.output(), 3, |fields| {
        fields.push(
            serde_json::json!({ "name": "z", "type": "date", "nullable": true, "metadata": {} }),
        );
    })
    .await;
    worker.advance(&[0], 10).await;
    tables::change_schema(&lake.output(), 5, |fields| {
        fields.retain(|field| field["name"] != "value")
    })
    .await;
    let ranges = worker.next(&[0], 10);
    worker.write(&ranges).await.unwrap();
    let fault = worker.commit(&ranges).await.unwrap_err();
    assert_eq!(fault.code(), "DELTA_SCHEMA_CHANGED");
    assert!(fault.context().actual.unwrap().contains("column value is gone"));
}
