//! Commits of other writers move no position (rule 9).

use headgate_delta::Durability;
use headgate_model::LakeSink;
use serde_json::{Value, json};

use crate::lake::{BOTH, Lake};
use crate::tables;

fn remove(add: &Value, data_change: bool) -> Value {
    json!({ "remove": { "path": add["path"], "deletionTimestamp": 2, "dataChange": data_change } })
}

/// Replaces the file of `version` by a copy, as a compaction does; the new path.
async fn optimize(lake: &Lake, version: i64, at: i64) -> String {
    use deltalake::logstore::object_store::ObjectStoreExt;
    let entry = tables::entry(&lake.output(), version).await;
    let add = tables::actions(&entry, "add")[0].clone();
    let mut compacted = add.clone();
    let path = format!("compacted-{at}.parquet");
    compacted["path"] = path.as_str().into();
    compacted["dataChange"] = false.into();
    let objects = tables::objects(&lake.output());
    let from = deltalake::Path::parse(add["path"].as_str().unwrap()).unwrap();
    objects.copy(&from, &deltalake::Path::from(path.as_str())).await.unwrap();
    let actions = [tables::foreign("OPTIMIZE"), remove(&add, false), json!({ "add": compacted })];
    tables::put_entry(&lake.output(), at, &actions).await;
    path
}

#[tokio::test]
async fn t18_a_compaction_moves_no_position_and_fences_nobody() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        let mut worker = lake.worker().await;
        worker.advance(&[0], 10).await;
        optimize(&lake, 2, 3).await;
        assert_eq!(worker.advance(&[0], 10).await, 4);
        lake.settle().await;
    }
}

#[tokio::test]
async fn t18_a_deletion_moves_no_position_and_breaks_no_ledger() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    let entry = tables::entry(&lake.output(), 2).await;
    let gone = remove(tables::actions(&entry, "add")[0], true);
    tables::put_entry(&lake.output(), 3, &[tables::foreign("DELETE"), gone]).await;
    assert_eq!(lake.worker().await.image.positions, worker.image.positions);
    assert_eq!(worker.advance(&[0], 10).await, 4);
    let report = lake.verify().await;
    assert_eq!((report.breaks, report.batches, report.records), (Vec::new(), 2, 20));
}

#[tokio::test]
async fn a_txn_of_somebody_else_moves_nothing() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    let incarnation = worker.image.incarnation.clone().unwrap();
    let names = [
        "spark-query-id".to_owned(),
        "headgate/other".to_owned(),
        "headgate/orders2@1f/orders@q4-%2B%3D/0".to_owned(),
        format!("headgate/orders@{incarnation}0/orders@q4-%2B%3D/0"),
    ];
    let mut actions = vec![tables::foreign("WRITE")];
    actions.extend(names.map(|app_id| json!({ "txn": { "appId": app_id, "version": 99 } })));
    tables::put_entry(&lake.output(), 3, &actions).await;
    assert_eq!(worker.sink.refresh().await.unwrap().positions, worker.image.positions);
    assert_eq!(lake.worker().await.image.positions, worker.image.positions);
}

#[tokio::test]
async fn a_foreign_commit_to_a_side_table_is_stepped_over() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    tables::put_entry(&lake.rejects(), 2, &[tables::foreign("OPTIMIZE")]).await;
    worker.advance(&[0], 10).await;
    assert_eq!(tables::version(&lake.rejects()).await, 3);
    lake.settle().await;
}

#[tokio::test]
async fn what_a_compaction_replaced_is_previewed_once() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    let entry = tables::entry(&lake.output(), 2).await;
    let replaced = tables::actions(&entry, "add")[0]["path"].as_str().unwrap().to_owned();
    optimize(&lake, 2, 3).await;
    worker.advance(&[0], 10).await;
    let rows = headgate_delta::newest_rows(&lake.output(), 1000).await.unwrap();
    assert_eq!(rows.num_rows(), 12, "each row once");
    // VACUUM takes the replaced file away.
    tables::delete(&lake.output(), &replaced).await;
    let rows = headgate_delta::newest_rows(&lake.output(), 1000).await.unwrap();
    assert_eq!(rows.num_rows(), 12);
}
