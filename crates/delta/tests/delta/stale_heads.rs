//! A head that was not seen as the tip for long is worthless (rule 4, T5).

use std::time::Duration;

use headgate_model::LakeSink;

use crate::lake::{Lake, is_fenced};
use crate::tables;

/// Everything but the newest entry is gone, and a checkpoint says what it said.
async fn clean_up(lake: &Lake) {
    for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
        let newest = tables::version(&table).await;
        tables::checkpoint(&table).await;
        for version in 0..newest {
            tables::delete(&table, &format!("_delta_log/{version:020}.json")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t5_a_worker_that_slept_through_a_clean_up_commits_at_the_tip_or_not_at_all() {
    for commits in [1, 20] {
        let (lake, _world) = Lake::simulated();
        let (mut sleeper, mut other) = (lake.worker().await, lake.worker().await);
        let ranges = sleeper.next(&[1], 10);
        sleeper.write(&ranges).await.unwrap();
        for _ in 0..commits {
            other.advance(&[0], 5).await;
        }
        clean_up(&lake).await;
        tokio::time::advance(Duration::from_secs(11 * 60)).await;
        // Its slot is empty, and yet it is no tip.
        sleeper.commit(&ranges).await.unwrap();
        assert_eq!(tables::version(&lake.output()).await, 2 + commits);
        assert_eq!(sleeper.image.version, 2 + commits);
        lake.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn t5_a_worker_that_slept_and_lost_its_partition_is_fenced() {
    let (lake, _world) = Lake::simulated();
    let (mut sleeper, mut other) = (lake.worker().await, lake.worker().await);
    let ranges = sleeper.next(&[0], 10);
    sleeper.write(&ranges).await.unwrap();
    other.advance(&[0], 5).await;
    other.advance(&[0], 5).await;
    clean_up(&lake).await;
    tokio::time::advance(Duration::from_secs(11 * 60)).await;
    assert!(is_fenced(&sleeper.commit(&ranges).await.unwrap()));
    assert_eq!(sleeper.position(0), 10);
    sleeper.advance(&[0], 5).await;
    lake.settle().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_reads_the_log_anew_and_learns_what_is_owed() {
    let (lake, _world) = Lake::simulated();
    let (mut idle, mut other) = (lake.worker().await, lake.worker().await);
    other.advance(&[0], 10).await;
    other.advance(&[0], 10).await;
    clean_up(&lake).await;
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(idle.sink.refresh().await.unwrap().positions, other.image.positions);
}
