//! Stores that lie about a commit: the slot tells whose it is (rules 2 and 3, T4).

use std::time::Duration;

use headgate_model::{CommitOutcome, LakeSink, Retry};

use crate::lake::{Lake, is_fenced};
use crate::tables;
use crate::world::{Deed, Trick};

const OUTPUT_LOG: &str = "output/_delta_log/";

#[tokio::test(start_paused = true)]
async fn t4_whatever_the_store_answers_the_batch_is_in_the_log_once() {
    let tricks = [
        Trick::Refuse,
        Trick::ClaimTaken,
        Trick::LoseReply,
        Trick::DenyOwn,
        Trick::Late(Duration::from_millis(20)),
        Trick::Late(Duration::from_secs(5)),
    ];
    for trick in tricks {
        for log in [OUTPUT_LOG, "rejects/_delta_log/"] {
            for times in [1, 3] {
                let (lake, world) = Lake::simulated();
                let mut worker = lake.worker().await;
                world.play(Deed::Put, log, times, trick);
                worker.advance(&[0], 20).await;
                world.calm();
                worker.advance(&[0], 20).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
                let positions = lake.settle().await;
                assert_eq!(positions.values().sum::<i64>(), 40, "{trick:?} {times} {log}");
                assert_eq!(lake.verify().await.batches, 2, "{trick:?} {times} {log}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_cannot_be_checked_at_once_is_checked_later() {
    let (lake, world) = Lake::simulated();
    let mut worker = lake.worker().await;
    world.play(Deed::Put, OUTPUT_LOG, 1, Trick::LoseReply);
    world.play(Deed::Get, OUTPUT_LOG, 3, Trick::Refuse);
    assert_eq!(worker.advance(&[0], 20).await, 2);
    lake.settle().await;
    assert_eq!(lake.verify().await.batches, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_race_behind_a_lost_reply_is_still_a_fence() {
    let (lake, world) = Lake::simulated();
    let (mut owner, mut zombie) = (lake.worker().await, lake.worker().await);
    let ranges = zombie.next(&[0], 20);
    zombie.write(&ranges).await.unwrap();
    owner.advance(&[0], 5).await;
    world.play(Deed::Put, OUTPUT_LOG, 1, Trick::Refuse);
    assert!(is_fenced(&zombie.commit(&ranges).await.unwrap()));
    world.calm();
    lake.settle().await;
}

#[tokio::test(start_paused = true)]
async fn t17_a_store_that_never_answers_ends_as_unknown_and_deletes_nothing() {
    let (lake, world) = Lake::simulated();
    let mut worker = lake.worker().await;
    let ranges = worker.next(&[0], 20);
    worker.write(&ranges).await.unwrap();
    // The first put lands after the give-up; all others are lost.
    world.play(Deed::Put, OUTPUT_LOG, 1, Trick::Late(Duration::from_secs(120)));
    world.play(Deed::Put, OUTPUT_LOG, 1000, Trick::Refuse);
    let fault = worker.commit(&ranges).await.unwrap_err();
    assert_eq!((fault.code(), fault.retry()), ("DELTA_COMMIT_UNKNOWN", Retry::Later));
    assert_eq!(world.count(Deed::Delete, "parquet"), 0, "a put may still be under way");
    world.calm();
    drop(worker);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let positions = lake.settle().await;
    assert_eq!(positions.values().sum::<i64>(), 20, "it landed, files and all");
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_ends_at_once_and_says_so() {
    let (lake, world) = Lake::simulated();
    for path in [OUTPUT_LOG, "rejects/part-"] {
        let mut worker = lake.worker().await;
        let ranges = worker.next(&[0], 20);
        worker.write(&ranges).await.unwrap();
        world.play(Deed::Put, path, 1, Trick::Full);
        let fault = worker.commit(&ranges).await.unwrap_err();
        assert_eq!(fault.code(), "DELTA_DISK_FULL", "{path}");
        assert_eq!(worker.sink.buffered_bytes(), 0);
        world.calm();
    }
    lake.worker().await.advance(&[0], 20).await;
    lake.settle().await;
}

#[tokio::test(start_paused = true)]
async fn files_of_a_batch_that_could_not_be_finished_are_deleted() {
    let (lake, world) = Lake::simulated();
    let mut worker = lake.worker().await;
    let ranges = worker.next(&[0], 20);
    worker.write(&ranges).await.unwrap();
    world.play(Deed::Put, "dead_letters/part-", 1, Trick::Refuse);
    let fault = worker.commit(&ranges).await.unwrap_err();
    assert_eq!(fault.code(), "DELTA_STORE");
    for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
        let listed = tables::list(&table).await;
        assert!(listed.iter().all(|path| !path.ends_with(".parquet")), "{listed:?}");
    }
    assert_eq!(worker.advance(&[0], 20).await, 2, "the sink goes on with the next batch");
    lake.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_lying_store_does_not_double_the_first_commit() {
    for trick in [Trick::LoseReply, Trick::DenyOwn, Trick::ClaimTaken, Trick::Refuse] {
        let (lake, world) = Lake::simulated();
        let mut worker = crate::lake::Worker::open(lake.config()).await.unwrap();
        world.play(Deed::Put, OUTPUT_LOG, 1, trick);
        let image = worker.sink.initialize(crate::lake::starts()).await.unwrap();
        assert_eq!(image.version, 1, "{trick:?}");
        assert_eq!(tables::version(&lake.output()).await, 1, "{trick:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_side_table_stays_owed_until_eight_debts_are_open() {
    let (lake, world) = Lake::simulated();
    let mut worker = lake.worker().await;
    world.play(Deed::Put, "rejects/_delta_log/", 100_000, Trick::Refuse);
    for batch in 0..8 {
        let ranges = worker.next(&[0], 5);
        worker.write(&ranges).await.unwrap();
        let outcome = worker.commit(&ranges).await.unwrap();
        let CommitOutcome::Committed { side_tables, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(side_tables[0].version, None, "batch {batch}: rejects are still owed");
        assert!(side_tables[1].version.is_some(), "batch {batch}: dead letters are paid");
    }
    assert_eq!(lake.verify().await.open_debts, 8);
    let ranges = worker.next(&[0], 5);
    worker.write(&ranges).await.unwrap();
    let fault = worker.commit(&ranges).await.unwrap_err();
    assert_eq!(fault.code(), "DELTA_COMMIT_UNKNOWN");
    assert_eq!(tables::version(&lake.output()).await, 9, "the ninth batch waits");

    worker.sink.discard().await;
    world.calm();
    worker.sink.refresh().await.unwrap();
    assert_eq!(lake.verify().await.open_debts, 0, "a refresh pays what is owed");
    assert_eq!(tables::version(&lake.rejects()).await, 1, "all eight in one payment");
    worker.advance(&[0], 5).await;
    lake.settle().await;
}
