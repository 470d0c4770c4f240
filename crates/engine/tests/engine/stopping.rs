use headgate_engine::StopMode;
use headgate_model::TableRole;
use headgate_model::fake::CommitEvent;

use crate::rig::{GOOD, Rig, Worker, secs, settle};

#[tokio::test(start_paused = true)]
async fn a_drain_commits_what_was_read_and_a_drop_does_not() {
    for (mode, expected) in [(StopMode::Drain, 3), (StopMode::Drop, 0)] {
        let rig = Rig::ticking();
        let worker = rig.start_alone().await;
        rig.append(&[GOOD; 3]);
        settle().await;
        let source = worker.source.clone();
        worker.stopped(mode).await;
        assert_eq!(rig.lake.num_rows(TableRole::Output), expected, "{mode:?}");
        assert!(source.is_closed(), "{mode:?}");
        let again = rig.start_alone().await;
        settle().await;
        again.stopped(StopMode::Drain).await;
        rig.assert_exactly_once();
    }
}

#[tokio::test(start_paused = true)]
async fn a_drop_waits_for_the_commit_on_its_way() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::Freezes);
    rig.append(&[GOOD; 3]);
    tokio::time::sleep(secs(11)).await;
    rig.append(&[GOOD; 2]);
    settle().await;
    worker.stop.stop(StopMode::Drop);
    settle().await;
    assert!(worker.is_running());
    worker.sink.thaw();
    worker.ended().await.unwrap();
    assert_eq!(rig.offsets(TableRole::Output), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_any_assignment_ends_the_query() {
    for mode in [StopMode::Drain, StopMode::Drop] {
        Rig::ticking().start().await.stopped(mode).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_query_that_waits_after_a_fence() {
    for mode in [StopMode::Drain, StopMode::Drop] {
        let rig = Rig::ticking();
        let worker = rig.start_alone().await;
        worker.sink.on_commit(CommitEvent::Beaten { group: "group".into() });
        rig.append(&[GOOD; 3]);
        tokio::time::sleep(secs(11)).await;
        rig.append(&[GOOD; 2]);
        settle().await;
        worker.stopped(mode).await;
        assert_eq!(rig.offsets(TableRole::Output), [0, 1, 2], "{mode:?}: the other's batch");
        assert_eq!(rig.lake.breaks(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_query_whose_records_are_held_back() {
    for mode in [StopMode::Drain, StopMode::Drop] {
        let mut rig = Rig::ticking();
        rig.limits.max_offsets = Some(2);
        rig.append(&[GOOD; 5]);
        let worker = rig.start_alone().await;
        settle().await;
        worker.stopped(mode).await;
        assert_eq!(rig.batch_sizes(), [2], "{mode:?}: the rest is read after a restart");
        assert_eq!(rig.lake.breaks(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_reads_to_the_end_can_be_stopped_before() {
    let rig = Rig::new();
    rig.append(&[GOOD]);
    rig.start().await.stopped(StopMode::Drain).await;
    assert_eq!(rig.lake.num_rows(TableRole::Output), 0);
}

/// A worker that stands still in its second commit, with most of a chunk still to be taken in.
async fn in_a_large_chunk() -> (Rig, Worker) {
    let mut rig = Rig { chunk_records: 10_000, ..Rig::ticking() };
    rig.limits.max_rows = 5;
    rig.append(&[GOOD; 10_000]);
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::Lands);
    worker.sink.on_commit(CommitEvent::Freezes);
    settle().await;
    (rig, worker)
}

#[tokio::test(start_paused = true)]
async fn a_drain_commits_the_open_batch_and_not_all_that_a_chunk_still_holds() {
    let (rig, worker) = in_a_large_chunk().await;
    let sink = worker.sink.clone();
    let stopping = tokio::spawn(worker.stopped(StopMode::Drain));
    settle().await;
    sink.thaw();
    stopping.await.unwrap();
    let committed = rig.batch_sizes().len();
    assert!((2..10).contains(&committed), "{committed} batches of 2,000");
    let again = rig.start_alone().await;
    settle().await;
    again.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn a_rebalance_does_not_wait_for_all_that_a_chunk_still_holds() {
    let (rig, worker) = in_a_large_chunk().await;
    let sink = worker.sink.clone();
    worker.source.revoke(&rig.log.partitions());
    settle().await;
    sink.thaw();
    settle().await;
    assert_eq!(worker.source.released().len(), 1);
    // Everything that was read is committed, in one batch: not in thousands.
    assert!(rig.batch_sizes().len() < 10, "{} batches", rig.batch_sizes().len());
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}
