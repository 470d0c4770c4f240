use headgate_engine::StopMode;
use headgate_model::fake::CommitEvent;
use headgate_model::{PartitionId, TableRole};

use crate::rig::{BROKEN, GOOD, Rig, SLOW, partition, secs, settle};

#[tokio::test(start_paused = true)]
async fn a_restart_resumes_from_the_lake_alone() {
    let mut rig = Rig::new();
    for round in 1..4 {
        rig.append(&[GOOD, SLOW, BROKEN]);
        rig.append_to(2, &vec![GOOD; round]);
        rig.limits.max_rows = round as u64;
        rig.run().await;
        rig.assert_exactly_once();
    }
    let version = rig.lake.version();
    rig.run().await;
    assert_eq!(rig.lake.version(), version, "nothing new, nothing committed");
}

#[tokio::test(start_paused = true)]
async fn a_restart_pays_what_a_killed_worker_owed() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::FreezesUnpaid);
    rig.append(&[GOOD, SLOW, BROKEN]);
    tokio::time::sleep(secs(11)).await;
    worker.kill();
    assert_eq!((rig.lake.open_debts(), rig.lake.num_rows(TableRole::Rejects)), (2, 0));
    rig.start().await.stopped(StopMode::Drop).await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn the_first_commit_decides_where_every_partition_starts() {
    let rig = Rig::ticking();
    rig.append(&[GOOD; 3]);
    let (source, control) = rig.log.source(headgate_model::fake::ReadUntil::Stopped);
    control.start_at_latest();
    let (sink, sink_control) = rig.lake.sink();
    let worker = rig.start_with(source, control, sink, sink_control).await.unwrap();
    worker.kill();
    rig.append(&[GOOD; 2]);
    let new = PartitionId::new("t", "-", 7);
    rig.log.append(&new, GOOD);
    let worker = rig.start_alone().await;
    settle().await;
    worker.stopped(StopMode::Drain).await;
    assert_eq!(rig.offsets(TableRole::Output), [3, 4], "latest, as of the first start");
    let ledger = rig.lake.ledgers().remove(0);
    let range = ledger.partitions.iter().find(|range| range.partition == new).unwrap();
    assert_eq!((range.start, range.end, range.first), (0, 1, true), "later ones start at 0");
    assert_eq!(rig.lake.breaks(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn two_workers_that_start_together_share_one_first_commit() {
    let rig = Rig::ticking();
    let (one, two) = tokio::join!(rig.start(), rig.start());
    assert_eq!(rig.lake.version(), 1);
    assert_eq!(one.source.group(), two.source.group());
    one.stopped(StopMode::Drop).await;
    two.stopped(StopMode::Drop).await;
}

/// A topic created again under its name has another id; only positions of all ids show it.
#[tokio::test(start_paused = true)]
async fn an_assignment_is_answered_with_every_position_of_the_output() {
    let rig = Rig::ticking();
    let (old, new) = (PartitionId::new("t", "old", 0), PartitionId::new("t", "new", 0));
    rig.log.append(&old, GOOD);
    let worker = rig.start().await;
    worker.source.assign(std::slice::from_ref(&old));
    settle().await;
    worker.stopped(StopMode::Drain).await;
    let worker = rig.start().await;
    worker.source.assign(std::slice::from_ref(&new));
    settle().await;
    let reply = worker.source.replies().remove(0);
    assert_eq!((reply.get(&old), reply.get(&new)), (Some(&1), None));
    assert_eq!(reply.get(&partition(0)), Some(&0));
    worker.stopped(StopMode::Drop).await;
}
