//! T19: observers follow the output's log, whoever wrote it, and what they were told outlasts workers
//! (rule 15).

use std::sync::Arc;

use headgate_delta::{
    Cursors, DeltaSinkConfig, Durability, Operator, Outbox, RewindTo, Told, newest_batches,
    settle_cursors,
};
use headgate_model::{BatchCommit, Block, LakeSink, Status};
use serde_json::Value;

use crate::lake::{Lake, Worker, ledger};
use crate::tables;

const OBSERVER: &str = "governance";

async fn outbox(lake: &Lake, cursors: &Cursors) -> Outbox {
    Outbox::open(&lake.config().output, "orders", OBSERVER, cursors).await.unwrap()
}

/// Everything up to the tip, by version.
async fn read(outbox: &mut Outbox) -> Vec<i64> {
    let mut versions = Vec::new();
    while let Some(told) = outbox.next().await.unwrap() {
        versions.push(told.version());
    }
    versions
}

async fn worker(lake: &Lake, cursors: &Arc<Cursors>) -> Worker {
    let config = DeltaSinkConfig { cursors: Arc::clone(cursors), ..lake.config() };
    Worker::start(config).await.unwrap()
}

async fn cursor_in(lake: &Lake, version: i64) -> Option<i64> {
    let entry = tables::entry(&lake.output(), version).await;
    let is_cursor = |txn: &&&Value| {
        txn["appId"].as_str().is_some_and(|name| name.ends_with("/observer/governance"))
    };
    let txns = tables::actions(&entry, "txn");
    txns.iter().find(is_cursor).and_then(|txn| txn["version"].as_i64())
}

#[tokio::test]
async fn t19_each_batch_of_every_worker_is_told_once_in_the_order_of_the_log() {
    let lake = Lake::local(Durability::Process);
    let (mut left, mut right) = (lake.worker().await, lake.worker().await);
    let cursors = Cursors::default();
    let mut follower = outbox(&lake, &cursors).await;
    assert!(read(&mut follower).await.is_empty());
    let mut expected = Vec::new();
    for round in 0..3 {
        expected.push(left.advance(&[0], 5).await);
        expected.push(right.advance(&[1, 2], 5).await);
        if round == 1 {
            let at = tables::version(&lake.output()).await + 1;
            tables::put_entry(&lake.output(), at, &[tables::foreign("OPTIMIZE")]).await;
        }
    }
    assert_eq!(read(&mut follower).await, expected);
    expected.push(left.advance(&[0], 5).await);
    assert_eq!(read(&mut follower).await, expected[6..]);
}

#[tokio::test]
async fn t19_what_is_told_is_what_the_batch_said_of_itself() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let ranges = worker.next(&[0, 1], 10);
    worker.write(&ranges).await.unwrap();
    let said = ledger(&ranges, false);
    worker
        .sink
        .commit(BatchCommit { ledger: said.clone(), blocked: None, stands_on: None })
        .await
        .unwrap();
    let mut follower = outbox(&lake, &Cursors::default()).await;
    let Some(Told::Batch(batch)) = follower.next().await.unwrap() else { panic!("no batch") };
    assert_eq!((batch.version, batch.ledger), (2, said));
    let rows: Vec<_> = batch.side_tables.iter().map(|side| (side.role, side.rows)).collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    let age = chrono::Utc::now().timestamp_micros() - batch.committed_at_us;
    assert!((0..60_000_000).contains(&age));
}

#[tokio::test]
async fn t19_a_cursor_rides_on_the_next_batch_and_outlasts_its_worker() {
    let lake = Lake::local(Durability::Process);
    let cursors = Arc::<Cursors>::default();
    let mut first = worker(&lake, &cursors).await;
    let mut follower = outbox(&lake, &cursors).await;
    for _ in 0..3 {
        first.advance(&[0], 5).await;
    }
    let told = follower.next().await.unwrap().unwrap().version();
    cursors.told(OBSERVER, told);
    let version = first.advance(&[0], 5).await;
    assert_eq!(cursor_in(&lake, version).await, Some(told));
    let version = first.advance(&[0], 5).await;
    assert_eq!(cursor_in(&lake, version).await, None, "nothing new is said twice");
    drop(first);
    let mut successor = outbox(&lake, &Cursors::default()).await;
    assert_eq!(read(&mut successor).await, [3, 4, 5, 6]);
    // Another worker knows from the log, and does not turn the cursor back.
    let late = Arc::<Cursors>::default();
    late.told(OBSERVER, told - 1);
    let version = worker(&lake, &late).await.advance(&[0], 5).await;
    assert_eq!(cursor_in(&lake, version).await, None);
}

#[tokio::test]
async fn t19_an_idle_query_says_once_how_far_its_observers_are() {
    for durability in [Durability::Fsync, Durability::Process] {
        let lake = Lake::local(durability);
        let cursors = Arc::<Cursors>::default();
        let version = worker(&lake, &cursors).await.advance(&[0], 5).await;
        cursors.told(OBSERVER, version);
        for _ in 0..2 {
            let output = lake.config().output;
            settle_cursors(&output, "orders", &cursors, durability).await.unwrap();
        }
        assert_eq!(tables::version(&lake.output()).await, version + 1);
        assert_eq!(cursor_in(&lake, version + 1).await, Some(version));
        let mut successor = outbox(&lake, &Cursors::default()).await;
        assert!(read(&mut successor).await.is_empty());
        lake.settle().await;
    }
}

#[tokio::test]
async fn t19_a_block_is_told_too() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let ranges = worker.next(&[0], 5);
    worker.write(&ranges).await.unwrap();
    let mut refused = ledger(&ranges, false);
    refused.verdict.status = Status::Block;
    refused.intervention = Some("too many".to_owned());
    let commit =
        BatchCommit { ledger: refused, blocked: Some(Block::Intervention), stands_on: None };
    worker.sink.commit(commit).await.unwrap();
    let mut follower = outbox(&lake, &Cursors::default()).await;
    let Some(Told::Batch(batch)) = follower.next().await.unwrap() else { panic!("no batch") };
    assert_eq!(batch.ledger.verdict.status, Status::Block);
    assert_eq!(batch.ledger.intervention.as_deref(), Some("too many"));
}

#[tokio::test]
async fn the_newest_batches_are_those_that_any_worker_committed() {
    let lake = Lake::local(Durability::Process);
    let newest = async |query, limit| {
        let newest = newest_batches(&lake.config().output, query, limit).await.unwrap();
        newest.into_iter().map(|batch| batch.version).collect::<Vec<_>>()
    };
    assert!(newest("orders", 9).await.is_empty());
    let (mut left, mut right) = (lake.worker().await, lake.worker().await);
    assert!(newest("orders", 9).await.is_empty());
    let mut committed = Vec::new();
    for _ in 0..3 {
        committed.push(left.advance(&[0], 5).await);
        committed.push(right.advance(&[1], 5).await);
        let at = tables::version(&lake.output()).await + 1;
        tables::put_entry(&lake.output(), at, &[tables::foreign("OPTIMIZE")]).await;
    }
    let ranges = left.next(&[0], 5);
    left.write(&ranges).await.unwrap();
    let mut refused = ledger(&ranges, false);
    refused.verdict.status = Status::Block;
    let commit = BatchCommit { ledger: refused, blocked: Some(Block::Policy), stands_on: None };
    left.sink.commit(commit).await.unwrap();
    assert_eq!(newest("orders", 9).await, committed);
    assert_eq!(newest("orders", 2).await, committed[4..]);
    assert!(newest("another", 9).await.is_empty());
    tables::checkpoint(&lake.output()).await;
    for version in 0..=committed[3] {
        tables::delete(&lake.output(), tables::entry_path(version).as_ref()).await;
    }
    assert_eq!(newest("orders", 9).await, committed[4..]);
}

#[tokio::test]
async fn t19_versions_that_clean_up_took_untold_are_a_gap() {
    let lake = Lake::local(Durability::Process);
    let cursors = Cursors::default();
    let mut worker = lake.worker().await;
    for _ in 0..5 {
        worker.advance(&[0], 5).await;
    }
    cursors.told(OBSERVER, 2);
    tables::checkpoint(&lake.output()).await;
    for version in 0..5 {
        tables::delete(&lake.output(), tables::entry_path(version).as_ref()).await;
    }
    let mut follower = outbox(&lake, &cursors).await;
    let first = follower.next().await.unwrap().unwrap();
    assert!(matches!(first, Told::Gap { from: 3, to: 4 }), "{first:?}");
    assert_eq!(read(&mut follower).await, [5, 6]);
}

#[tokio::test]
async fn t19_a_query_that_begins_anew_goes_on_telling_where_it_was() {
    let lake = Lake::local(Durability::Process);
    let cursors = Arc::<Cursors>::default();
    let mut before = worker(&lake, &cursors).await;
    before.advance(&[0], 5).await;
    cursors.told(OBSERVER, 2);
    before.advance(&[0], 5).await;
    let operator = Operator::open(&lake.output(), None).await.unwrap();
    operator.rewind(RewindTo::Version(2)).await.unwrap();
    let after = lake.worker().await.advance(&[0], 5).await;
    let mut successor = outbox(&lake, &Cursors::default()).await;
    assert_eq!(read(&mut successor).await, [3, after]);
}
