//! Log clean-up: what readers need stays, and so does what is owed.

use chrono::{Duration, Utc};
use headgate_delta::{Durability, clean_up_log};
use headgate_model::LakeSink;

use crate::lake::Lake;
use crate::tables;
use crate::world::{Deed, Trick};

async fn entries(table: &url::Url) -> Vec<String> {
    let listed = tables::list(table).await.into_iter();
    listed.filter(|path| path.ends_with(".json") && path.starts_with("_delta_log")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_before_a_checkpoint_go_once_they_are_older_than_the_retention() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    for _ in 0..5 {
        worker.advance(&[0], 10).await;
    }
    tables::checkpoint(&lake.output()).await;
    worker.advance(&[1], 10).await;
    let later = Utc::now() + Duration::days(31);
    assert_eq!(clean_up_log(&lake.output(), Utc::now()).await.unwrap(), 0, "all is young");
    assert_eq!(clean_up_log(&lake.rejects(), later).await.unwrap(), 0, "no checkpoint");
    assert_eq!(clean_up_log(&lake.output(), later).await.unwrap(), 6);
    assert_eq!(entries(&lake.output()).await.len(), 2, "the checkpoint's and the newest");
    // A worker that was there, and one that was not.
    worker.advance(&[0], 10).await;
    lake.worker().await.advance(&[2], 10).await;
    lake.settle().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_side_table_is_owed_stays_until_it_is_paid() {
    let (lake, world) = Lake::simulated();
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    world.play(Deed::Put, "rejects/_delta_log/", 100_000, Trick::Refuse);
    for _ in 0..3 {
        worker.advance(&[0], 10).await;
    }
    tables::checkpoint(&lake.output()).await;
    let later = Utc::now() + Duration::days(31);
    // Versions 0 to 2: created, started, and the batch that was paid.
    assert_eq!(clean_up_log(&lake.output(), later).await.unwrap(), 3);
    world.calm();
    worker.sink.refresh().await.unwrap();
    assert_eq!(clean_up_log(&lake.output(), later).await.unwrap(), 2);
    lake.settle().await;
}
