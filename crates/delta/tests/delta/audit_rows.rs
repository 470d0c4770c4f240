//! A deep `verify`: the rows of the tables are those that the ledgers tell of.

use headgate_delta::{Durability, Operator, RemovedRows, RewindTo, RowsReport};
use serde_json::{Value, json};
use url::Url;

use crate::lake::{Lake, Worker};
use crate::tables;

/// Three batches of ten records: output versions 2, 3 and 4; six rows of each are accepted.
async fn three_batches() -> Lake {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    for _ in 0..3 {
        worker.advance(&[0, 1], 5).await;
    }
    lake
}

async fn add_of(table: &Url, version: i64) -> Value {
    tables::actions(&tables::entry(table, version).await, "add")[0].clone()
}

fn removing(add: &Value) -> Value {
    json!({ "remove": { "path": add["path"], "dataChange": true } })
}

#[tokio::test]
async fn rows_that_are_all_there_are_counted() {
    let lake = three_batches().await;
    let report = lake.verify_rows().await;
    assert_eq!(report.breaks, Vec::<String>::new());
    assert_eq!(report.rows, Some(RowsReport { compared: 30, ..RowsReport::default() }));
    assert_eq!(lake.verify().await.rows, None);
}

#[tokio::test]
async fn rows_that_another_writer_removed_are_told_with_its_version() {
    let lake = three_batches().await;
    for (table, operation) in [(lake.output(), "DELETE"), (lake.rejects(), "RESTORE")] {
        let at = tables::version(&table).await;
        let gone = removing(&add_of(&table, at).await);
        tables::put_entry(&table, at + 1, &[tables::foreign(operation), gone]).await;
    }
    let report = lake.verify_rows().await;
    assert_eq!(report.breaks, Vec::<String>::new());
    let removed = |table: Url, rows, version, operation: &str| RemovedRows {
        table: table.to_string(),
        rows,
        by: vec![(version, operation.to_owned())],
    };
    let expected =
        [removed(lake.output(), 6, 5, "DELETE"), removed(lake.rejects(), 2, 4, "RESTORE")];
    assert_eq!(report.rows.unwrap().removed, expected);
}

#[tokio::test]
async fn a_compaction_takes_nothing() {
    let lake = three_batches().await;
    headgate_delta::optimize(&lake.output(), &Default::default()).await.unwrap();
    let report = lake.verify_rows().await;
    assert_eq!(report.breaks, Vec::<String>::new());
    assert_eq!(report.rows, Some(RowsReport { compared: 30, ..RowsReport::default() }));
}

#[tokio::test]
async fn rows_that_are_missing_without_a_reason_are_named() {
    let lake = three_batches().await;
    let add = add_of(&lake.output(), 3).await;
    // A rewriting that lost the rows of its file.
    let lost = json!({ "remove": { "path": add["path"], "dataChange": false } });
    tables::put_entry(&lake.output(), 5, &[tables::foreign("OPTIMIZE"), lost]).await;
    let report = lake.verify_rows().await;
    let expected =
        format!("version 3: the ledger says 6, rows of the batch in {} are 0", lake.output());
    assert_eq!(report.breaks, [expected]);
}

#[tokio::test]
async fn rows_that_are_there_twice_are_named() {
    use deltalake::logstore::object_store::ObjectStoreExt;
    let lake = three_batches().await;
    let mut add = add_of(&lake.output(), 3).await;
    let from = deltalake::Path::parse(add["path"].as_str().unwrap()).unwrap();
    let copy = deltalake::Path::from("copy.parquet");
    tables::objects(&lake.output()).copy(&from, &copy).await.unwrap();
    add["path"] = "copy.parquet".into();
    tables::put_entry(&lake.output(), 5, &[tables::foreign("WRITE"), json!({ "add": add })]).await;
    let report = lake.verify_rows().await;
    let there_twice = |text: &String| text.contains("are there more than once");
    assert_eq!(report.breaks.iter().filter(|text| there_twice(text)).count(), 2, "{report:?}");
    assert!(report.breaks.iter().any(|text| text.contains("are 12")), "{report:?}");
}

#[tokio::test]
async fn a_record_in_two_tables_is_named() {
    use deltalake::logstore::object_store::ObjectStoreExt;
    let lake = three_batches().await;
    let mut add = add_of(&lake.rejects(), 2).await;
    let bytes = {
        let from = deltalake::Path::parse(add["path"].as_str().unwrap()).unwrap();
        tables::objects(&lake.rejects()).get(&from).await.unwrap().bytes().await.unwrap()
    };
    let stray = deltalake::Path::from("stray.parquet");
    tables::objects(&lake.output()).put(&stray, bytes.into()).await.unwrap();
    add["path"] = "stray.parquet".into();
    tables::put_entry(&lake.output(), 5, &[tables::foreign("WRITE"), json!({ "add": add })]).await;
    let report = lake.verify_rows().await;
    assert!(report.breaks.iter().any(|text| text.contains("are both in")), "{report:?}");
}

#[tokio::test]
async fn rows_of_a_record_that_was_read_again_are_no_break() {
    let lake = three_batches().await;
    let operator = Operator::open(&lake.output(), None).await.unwrap();
    operator.rewind(RewindTo::Version(3)).await.unwrap();
    let mut worker = lake.worker().await;
    worker.advance(&[0, 1], 5).await;
    let report = lake.verify_rows().await;
    assert_eq!(report.breaks, Vec::<String>::new());
    let expected = RowsReport { compared: 20, reread: 20, ..RowsReport::default() };
    assert_eq!(report.rows, Some(expected));
}

#[tokio::test]
async fn rows_of_ledgers_that_clean_up_took_are_counted_apart() {
    let lake = three_batches().await;
    for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
        tables::checkpoint(&table).await;
    }
    let mut worker = lake.worker().await;
    worker.advance(&[0, 1], 5).await;
    for version in 0..4 {
        tables::delete(&lake.output(), tables::entry_path(version).as_ref()).await;
    }
    let report = lake.verify_rows().await;
    assert_eq!(report.breaks, Vec::<String>::new());
    let expected = RowsReport { compared: 20, older: 20, ..RowsReport::default() };
    assert_eq!(report.rows, Some(expected));
}

#[tokio::test]
async fn a_table_without_coordinates_is_named_as_not_checked() {
    let lake = Lake::local(Durability::Process);
    let mut config = lake.config();
    let kept: Vec<usize> = vec![3];
    config.output.schema = config.output.schema.project(&kept).unwrap().into();
    config.side_tables.clear();
    let worker = Worker::start(config).await.unwrap();
    drop(worker);
    let report = lake.verify_rows().await;
    assert_eq!(report.rows.unwrap().unchecked, [lake.output().to_string()]);
}
