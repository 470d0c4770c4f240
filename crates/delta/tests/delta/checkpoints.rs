//! Log checkpoints: written as commits go by, and enough to start from.

use std::time::Duration;

use crate::lake::{BOTH, Lake, Worker};
use crate::tables;
use url::Url;

async fn checkpoint_at(table: &Url, version: i64) -> bool {
    let name = format!("_delta_log/{version:020}.checkpoint.parquet");
    for _ in 0..200 {
        if tables::list(table).await.contains(&name) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    false
}

async fn forget_entries(table: &Url, last: i64) {
    for version in 0..=last {
        tables::delete(table, tables::entry_path(version).as_ref()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hundredth_version_of_every_table_gets_a_checkpoint_that_positions_survive_in() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        let mut worker = lake.worker().await;
        while worker.image.version < 103 {
            let number = (worker.image.version % 3) as i32;
            worker.advance(&[number], 5).await;
        }
        assert!(checkpoint_at(&lake.output(), 100).await, "output");
        assert!(checkpoint_at(&lake.rejects(), 100).await, "rejects");
        assert!(checkpoint_at(&lake.dead_letters(), 100).await, "dead letters");
        let before = worker.image.positions.clone();
        forget_entries(&lake.output(), 99).await;
        forget_entries(&lake.rejects(), 99).await;
        let mut reopened = Worker::open(lake.config()).await.unwrap();
        assert_eq!(reopened.image.positions, before);
        assert_eq!(reopened.image.incarnation, worker.image.incarnation);
        reopened.advance(&[0], 10).await;
        lake.settle().await;
    }
}

#[tokio::test]
async fn a_checkpoint_that_holds_everything_needs_no_entry_but_the_newest() {
    let (lake, _) = Lake::simulated();
    let mut worker = lake.worker().await;
    worker.advance(&[0, 1], 9).await;
    worker.advance(&[2], 4).await;
    for table in [lake.output(), lake.rejects()] {
        let loaded = tables::load(&table).await;
        deltalake::checkpoints::create_checkpoint(&loaded, None).await.unwrap();
        forget_entries(&table, tables::version(&table).await - 1).await;
    }
    let reopened = Worker::open(lake.config()).await.unwrap();
    assert_eq!(reopened.image.positions, worker.image.positions);
    lake.settle().await;
}

#[tokio::test]
async fn a_log_whose_positions_cannot_be_read_is_refused_not_restarted() {
    let (lake, _) = Lake::simulated();
    let mut worker = lake.worker().await;
    worker.advance(&[0], 9).await;
    forget_entries(&lake.output(), 0).await;
    assert!(Worker::open(lake.config()).await.is_err());
}
