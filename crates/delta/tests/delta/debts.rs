//! Debts outlive the worker that owed them (rules 6 and 7; T2, T6, T11).

use headgate_model::{BoxFault, LakeSink, TableRole};
use serde_json::{Value, json};

use crate::lake::{BOTH, Lake, Worker, is_fenced};
use crate::tables;
use crate::world::{Deed, Trick, World};

/// Commits a batch whose payments never happen: the process dies after the output's commit.
async fn die_owing(lake: &Lake, world: &World, partitions: &[i32], count: i64) {
    let mut worker = lake.worker().await;
    world.play(Deed::Put, "rejects/_delta_log/", 1, Trick::FreezeBefore);
    world.play(Deed::Put, "dead_letters/_delta_log/", 1, Trick::FreezeBefore);
    tokio::select! {
        _ = worker.advance(partitions, count) => panic!("it was to die"),
        () = world.frozen() => {}
    }
    drop(worker);
    world.calm();
}

async fn refused(lake: &Lake) -> BoxFault {
    match Worker::open(lake.config()).await {
        Err(fault) => fault,
        Ok(_) => panic!("opened"),
    }
}

fn debt(entry: &[Value], role: &str) -> Value {
    let debts = tables::ledger(entry)["debts"].as_array().unwrap().clone();
    debts.into_iter().find(|debt| debt["role"] == role).unwrap()
}

#[tokio::test]
async fn a_fresh_start_pays_what_a_dead_worker_owed() {
    let (lake, world) = Lake::simulated();
    lake.worker().await.advance(&[0], 10).await;
    die_owing(&lake, &world, &[0], 10).await;
    assert_eq!(lake.verify().await.open_debts, 2);
    lake.worker().await;
    assert_eq!(lake.verify().await.open_debts, 0);
    let payment = tables::entry(&lake.rejects(), 2).await;
    assert_eq!(tables::ledger(&payment)["pays"], json!([2, 3]));
    lake.settle().await;
}

#[tokio::test]
async fn t2_a_worker_that_goes_on_after_anothers_death_loses_none_of_its_rejects() {
    let (lake, world) = Lake::simulated();
    let mut heir = lake.worker().await;
    let stale = heir.next(&[0], 4);
    heir.write(&stale).await.unwrap();
    die_owing(&lake, &world, &[0], 10).await;
    assert!(is_fenced(&heir.commit(&stale).await.unwrap()));
    heir.advance(&[0], 10).await;
    let payment = tables::entry(&lake.rejects(), 1).await;
    assert_eq!(tables::ledger(&payment)["pays"], json!([-1, 3]), "its own debt and the dead one's");
    lake.settle().await;
}

#[tokio::test]
async fn a_refresh_pays_for_the_dead_too() {
    let (lake, world) = Lake::simulated();
    let mut witness = lake.worker().await;
    die_owing(&lake, &world, &[0], 10).await;
    witness.sink.refresh().await.unwrap();
    assert_eq!(lake.verify().await.open_debts, 0);
}

#[tokio::test]
async fn t6_recovery_reads_the_unpaid_debts_and_nothing_between_them() {
    let (lake, world) = Lake::simulated();
    lake.worker().await.advance(&[0], 10).await;
    let mut worker = lake.worker().await;
    world.play(Deed::Put, "rejects/_delta_log/", 100_000, Trick::Full);
    world.play(Deed::Put, "dead_letters/_delta_log/", 100_000, Trick::Full);
    for _ in 0..3 {
        worker.advance(&[0], 5).await;
        let mut next = tables::version(&lake.output()).await + 1;
        for _ in 0..30 {
            tables::put_entry(&lake.output(), next, &[tables::foreign("OPTIMIZE")]).await;
            next += 1;
        }
        worker.sink.refresh().await.unwrap();
    }
    world.calm();
    drop(worker);
    let tip = tables::version(&lake.output()).await;
    let loaded = tables::load(&lake.output()).await;
    deltalake::checkpoints::create_checkpoint(&loaded, None).await.unwrap();
    world.forget_deeds();
    lake.worker().await;
    let entries: Vec<usize> = (0..=tip)
        .map(|version| world.count(Deed::Get, &format!("output/_delta_log/{version:020}.json")))
        .collect();
    let read = entries.iter().filter(|reads| **reads > 0).count();
    assert!(read <= 4, "three debts and the newest entry, of {tip}: {entries:?}");
    lake.settle().await;
}

#[tokio::test]
async fn a_payment_whose_reply_was_lost_is_not_made_twice() {
    let (lake, world) = Lake::simulated();
    let mut worker = lake.worker().await;
    world.play(Deed::Put, "rejects/_delta_log/", 1, Trick::FreezeAfter);
    tokio::select! {
        _ = worker.advance(&[0], 10) => panic!("it was to die"),
        () = world.frozen() => {}
    }
    drop(worker);
    lake.settle().await;
    assert_eq!(tables::version(&lake.rejects()).await, 1);
}

#[tokio::test]
async fn t6_a_debt_whose_entry_is_gone_stops_the_start_and_is_named() {
    let (lake, world) = Lake::simulated();
    lake.worker().await.advance(&[0], 10).await;
    die_owing(&lake, &world, &[0], 10).await;
    tables::put_entry(&lake.output(), 4, &[tables::foreign("OPTIMIZE")]).await;
    let loaded = tables::load(&lake.output()).await;
    deltalake::checkpoints::create_checkpoint(&loaded, None).await.unwrap();
    for version in 0..=3 {
        tables::delete(&lake.output(), tables::entry_path(version).as_ref()).await;
    }
    let fault = refused(&lake).await;
    assert_eq!(fault.code(), "DELTA_DEBT_LOST");
    assert!(fault.to_string().contains("output version 3 to"), "{fault}");
    assert_eq!(fault.context().actual.as_deref(), Some("the log entry is gone"));
}

#[tokio::test]
async fn t6_a_debt_whose_file_is_gone_stops_the_start_and_is_named() {
    let (lake, world) = Lake::simulated();
    die_owing(&lake, &world, &[0], 10).await;
    let entry = tables::entry(&lake.output(), 2).await;
    let path = debt(&entry, "dead_letters")["adds"][0]["path"].as_str().unwrap().to_owned();
    tables::delete(&lake.dead_letters(), &path).await;
    let fault = refused(&lake).await;
    assert_eq!(fault.code(), "DELTA_DEBT_LOST");
    assert!(fault.to_string().contains("version 2"), "{fault}");
    assert!(fault.to_string().contains("/dead_letters"), "{fault}");
    assert!(fault.context().actual.unwrap().contains(&path));
    assert_eq!(tables::version(&lake.dead_letters()).await, 0);
}

#[tokio::test]
async fn a_debt_whose_file_has_another_size_stops_the_start() {
    let (lake, world) = Lake::simulated();
    die_owing(&lake, &world, &[0], 10).await;
    let entry = tables::entry(&lake.output(), 2).await;
    let path = debt(&entry, "rejects")["adds"][0]["path"].as_str().unwrap().to_owned();
    let path = deltalake::Path::parse(path).unwrap();
    use deltalake::logstore::object_store::ObjectStoreExt;
    tables::objects(&lake.rejects()).put(&path, "torn".into()).await.unwrap();
    assert_eq!(refused(&lake).await.code(), "DELTA_DEBT_LOST");
}

#[tokio::test]
async fn t6_a_side_table_that_is_gone_with_its_files_stops_the_start() {
    let (lake, world) = Lake::simulated();
    lake.worker().await.advance(&[0], 10).await;
    die_owing(&lake, &world, &[0], 10).await;
    for path in tables::list(&lake.rejects()).await {
        tables::delete(&lake.rejects(), &path).await;
    }
    for _ in 0..2 {
        let fault = refused(&lake).await;
        assert_eq!(fault.code(), "DELTA_DEBT_LOST");
        assert!(fault.to_string().contains("/rejects"), "{fault}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_say_whether_a_file_is_there_is_no_loss() {
    let (lake, world) = Lake::simulated();
    die_owing(&lake, &world, &[0], 10).await;
    world.play(Deed::Get, "rejects/part-", 1, Trick::Refuse);
    let fault = refused(&lake).await;
    assert_eq!((fault.code(), fault.retry()), ("DELTA_STORE", headgate_model::Retry::Later));
    lake.settle().await;
}

#[tokio::test]
async fn t11_a_side_table_whose_log_alone_is_gone_is_paid_again_in_full() {
    let (lake, _) = Lake::simulated();
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    worker.advance(&[0], 10).await;
    drop(worker);
    for path in tables::list(&lake.rejects()).await {
        if path.starts_with("_delta_log") {
            tables::delete(&lake.rejects(), &path).await;
        }
    }
    lake.settle().await;
}

#[tokio::test]
async fn t11_a_former_side_table_is_paid_when_no_longer_configured() {
    let (lake, world) = Lake::simulated();
    die_owing(&lake, &world, &[0], 10).await;
    let mut config = lake.config();
    config.side_tables[0].address = lake.table("rejects_v2");
    config.side_tables.truncate(1);
    let mut worker = Worker::start(config.clone()).await.unwrap();
    assert_eq!(lake.verify().await.open_debts, 0, "both former tables are paid");
    assert_eq!(tables::version(&lake.rejects()).await, 1);
    worker.write(&[(0, 10, 11), (0, 11, 12)]).await.unwrap();
    let outcome = worker.commit(&[(0, 10, 12)]).await.unwrap();
    assert!(!is_fenced(&outcome));
    assert_eq!(tables::coordinates(&lake.table("rejects_v2")).await, [(0, 11)]);
    Worker::open(config.clone()).await.expect("and the next start finds nothing owed");
    assert_eq!(tables::version(&lake.rejects()).await, 1);
    for former in [lake.rejects(), lake.dead_letters()] {
        for path in tables::list(&former).await {
            tables::delete(&former, &path).await;
        }
    }
    Worker::open(config).await.expect("what is paid and no longer written to may go");
    // Configured again, it begins anew, and nothing before it is looked for.
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    assert_eq!(lake.worker().await.position(0), 22);
}

#[tokio::test]
async fn a_former_side_table_that_is_gone_stops_the_start() {
    let (lake, world) = Lake::simulated();
    die_owing(&lake, &world, &[0], 10).await;
    for path in tables::list(&lake.rejects()).await {
        tables::delete(&lake.rejects(), &path).await;
    }
    let mut config = lake.config();
    config.side_tables.remove(0);
    let Err(fault) = Worker::open(config).await else { panic!("opened") };
    assert_eq!(fault.code(), "DELTA_DEBT_LOST");
    assert_eq!(fault.context().actual.as_deref(), Some("the table is gone"));
}

#[tokio::test]
async fn a_side_table_that_two_outputs_owe_keeps_their_debts_apart() {
    let lake = Lake::local(BOTH[0]);
    let other = || {
        let mut config = lake.config();
        config.output.address = lake.table("second");
        config
    };
    let mut first = lake.worker().await;
    let mut second = Worker::start(other()).await.unwrap();
    for _ in 0..3 {
        first.advance(&[0], 10).await;
        second.advance(&[1], 10).await;
    }
    lake.worker().await;
    Worker::start(other()).await.unwrap();
    let all = (0..2).flat_map(|p| (0..30).map(move |o| (p, o)));
    let rejects: Vec<_> =
        all.filter(|(p, o)| crate::lake::fate(*p, *o) == TableRole::Rejects).collect();
    assert_eq!(tables::coordinates(&lake.rejects()).await, rejects);
    for output in [lake.output(), lake.table("second")] {
        let report = headgate_delta::verify(&output, false).await.unwrap();
        assert_eq!((report.breaks, report.open_debts), (Vec::new(), 0));
    }
}
