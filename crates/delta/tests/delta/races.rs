//! Workers that hold the same partitions: the image's positions decide (rules 1 and 5).

use headgate_delta::Durability;
use headgate_model::{CommitOutcome, LakeSink};
use serde_json::json;

use crate::lake::{BOTH, Lake, Worker, is_fenced};
use crate::tables;
use crate::world::Deed;

#[tokio::test]
async fn of_two_batches_over_one_range_the_second_is_fenced_and_goes_on_from_the_image() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        let (mut first, mut second) = (lake.worker().await, lake.worker().await);
        let (short, long) = (first.next(&[0], 5), second.next(&[0, 1], 10));
        first.write(&short).await.unwrap();
        second.write(&long).await.unwrap();
        first.commit(&short).await.unwrap();
        let CommitOutcome::Fenced { image, same_group } = second.commit(&long).await.unwrap()
        else {
            panic!("committed");
        };
        assert!(same_group, "both belong to one group");
        assert_eq!((image.version, second.position(0), second.position(1)), (2, 5, 0));
        second.advance(&[0, 1], 10).await;
        lake.settle().await;
    }
}

#[tokio::test]
async fn a_fenced_batch_leaves_no_file_behind() {
    let lake = Lake::local(Durability::Fsync);
    let (mut owner, mut zombie) = (lake.worker().await, lake.worker().await);
    let ranges = zombie.next(&[0], 20);
    zombie.write(&ranges).await.unwrap();
    owner.advance(&[0], 5).await;
    assert!(is_fenced(&zombie.commit(&ranges).await.unwrap()));
    for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
        let listed = tables::list(&table).await;
        let data = listed.iter().filter(|path| path.ends_with(".parquet")).count();
        assert_eq!(data, 1, "only the owner's file: {listed:?}");
    }
}

#[tokio::test]
async fn disjoint_partitions_rebase_over_each_other() {
    let lake = Lake::local(Durability::Process);
    let (mut left, mut right) = (lake.worker().await, lake.worker().await);
    for _ in 0..4 {
        left.advance(&[0], 5).await;
        right.advance(&[1, 2], 5).await;
    }
    let positions = lake.settle().await;
    assert_eq!(positions.values().copied().collect::<Vec<_>>(), [20, 20, 20]);
}

#[tokio::test]
async fn t3_a_zombie_is_fenced_even_after_a_foreign_metadata_made_it_read_on() {
    let lake = Lake::local(Durability::Process);
    let (mut owner, mut zombie) = (lake.worker().await, lake.worker().await);
    let ranges = zombie.next(&[0], 5);
    zombie.write(&ranges).await.unwrap();
    owner.advance(&[0], 5).await;
    let entry = tables::entry(&lake.output(), 0).await;
    let mut metadata = tables::actions(&entry, "metaData")[0].clone();
    metadata["configuration"]["delta.logRetentionDuration"] = "interval 60 days".into();
    let foreign = [tables::foreign("SET TBLPROPERTIES"), json!({ "metaData": metadata })];
    tables::put_entry(&lake.output(), 3, &foreign).await;
    zombie.sink.refresh().await.unwrap();
    assert!(is_fenced(&zombie.commit(&ranges).await.unwrap()));
    lake.settle().await;
}

#[tokio::test]
async fn a_worker_with_an_open_batch_that_reloads_is_fenced_still() {
    let lake = Lake::local(Durability::Process);
    let (mut owner, mut zombie) = (lake.worker().await, lake.worker().await);
    let ranges = zombie.next(&[0, 1], 5);
    zombie.write(&ranges).await.unwrap();
    owner.advance(&[1], 5).await;
    let image = zombie.sink.refresh().await.unwrap();
    assert_eq!(image.version, 2, "the image is at the tip");
    assert!(is_fenced(&zombie.commit(&ranges).await.unwrap()), "and one start is stale");
    lake.settle().await;
}

#[tokio::test]
async fn a_worker_far_behind_reads_up_to_the_tip_before_it_puts_again() {
    let (lake, world) = Lake::simulated();
    let (mut busy, mut idle) = (lake.worker().await, lake.worker().await);
    for _ in 0..20 {
        busy.advance(&[0], 1).await;
    }
    world.forget_deeds();
    idle.advance(&[1], 1).await;
    let puts = world.count(Deed::Put, "output/_delta_log/");
    assert!(puts <= 2, "one stale put, one that lands; not one a foreign commit: {puts}");
    lake.settle().await;
}

#[tokio::test]
async fn a_changed_incarnation_stops_the_worker() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let newer = [
        tables::foreign("REWIND"),
        json!({ "txn": { "appId": "headgate/orders", "version": 77, "lastUpdated": 1 } }),
    ];
    tables::put_entry(&lake.output(), 2, &newer).await;
    let ranges = worker.next(&[0], 5);
    worker.write(&ranges).await.unwrap();
    let fault = worker.commit(&ranges).await.unwrap_err();
    assert_eq!(fault.code(), "QUERY_SUPERSEDED");
    assert_eq!(tables::version(&lake.output()).await, 2);
}

#[tokio::test]
async fn a_commit_by_another_group_of_the_same_incarnation_is_told_apart() {
    let lake = Lake::local(Durability::Process);
    let (mut owner, mut other) = (lake.worker().await, lake.worker().await);
    let ranges = other.next(&[0], 5);
    other.write(&ranges).await.unwrap();
    owner.advance(&[0], 5).await;
    tables::edit_entry(&lake.output(), 2, |actions| {
        for action in actions {
            if let Some(info) = action.get_mut("commitInfo") {
                info["headgate"]["group"] = "headgate-orders-elsewhere".into();
            }
        }
    })
    .await;
    let outcome = other.commit(&ranges).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Fenced { same_group: false, .. }), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_in_parallel_on_local_disks_lose_and_double_nothing() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        lake.worker().await;
        let workers = (0..3).map(|number| {
            let config = lake.config();
            tokio::spawn(async move {
                let mut worker = Worker::open(config).await.unwrap();
                for round in 0..12 {
                    let partitions = [(number + round) % 3, (number + round + 1) % 3];
                    let ranges = worker.next(&partitions, 4);
                    worker.write(&ranges).await.unwrap();
                    worker.commit(&ranges).await.unwrap();
                }
            })
        });
        for worker in futures::future::join_all(workers).await {
            worker.unwrap();
        }
        let positions = lake.settle().await;
        assert!(positions.values().sum::<i64>() >= 12 * 8);
    }
}
