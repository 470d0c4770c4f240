use headgate_engine::{EngineFault, StopMode, Trigger};
use headgate_model::TableRole;
use headgate_model::fake::CommitEvent;

use crate::rig::{GOOD, Rig, Worker, engine_fault, partition, secs, settle};

fn beaten(worker: &Worker, by: &str) {
    worker.sink.on_commit(CommitEvent::Beaten { group: by.into() });
}

#[tokio::test(start_paused = true)]
async fn a_fenced_worker_waits_a_heartbeat_and_reads_again_under_a_new_epoch() {
    let rig = Rig { chunk_records: 2, ..Rig::ticking() };
    let worker = rig.start_alone().await;
    beaten(&worker, "group");
    rig.append(&[GOOD; 3]);
    tokio::time::sleep(secs(11)).await;
    rig.append(&[GOOD; 7]);
    tokio::time::sleep(std::time::Duration::from_millis(1990)).await;
    assert_eq!(worker.source.rewinds(), [], "a heartbeat has not passed");
    settle().await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let rewinds = worker.source.rewinds();
    assert_eq!(rewinds.len(), 1);
    let (epoch, positions) = &rewinds[0];
    assert_eq!((*epoch, positions[&partition(0)]), (1, 3));
    tokio::time::sleep(secs(10)).await;
    assert_eq!(rig.batch_sizes(), [3, 7]);
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn three_fences_in_a_row_fail_and_a_commit_between_them_counts_anew() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    for event in ["lost", "lost", "won", "lost", "lost", "lost"] {
        match event {
            "lost" => beaten(&worker, "group"),
            _ => worker.sink.on_commit(CommitEvent::Lands),
        }
    }
    for round in 0..6 {
        assert!(worker.is_running(), "round {round}");
        rig.append(&[GOOD; 2]);
        tokio::time::sleep(secs(20)).await;
    }
    let fault = worker.fault().await;
    let EngineFault::Fenced { times, same_group } = engine_fault(&fault) else {
        panic!("{fault}");
    };
    assert_eq!((*times, *same_group), (3, true));
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn another_group_ends_the_query_at_once() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    beaten(&worker, "another");
    rig.append(&[GOOD; 2]);
    tokio::time::sleep(secs(11)).await;
    assert!(!worker.is_running());
    let fault = worker.fault().await;
    let EngineFault::Fenced { times, same_group } = engine_fault(&fault) else {
        panic!("{fault}");
    };
    assert_eq!((*times, *same_group), (1, false));
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn a_fixed_assignment_ends_the_query_at_once() {
    let rig = Rig { fixed_assignment: true, ..Rig::ticking() };
    let worker = rig.start_alone().await;
    beaten(&worker, "group");
    rig.append(&[GOOD; 2]);
    tokio::time::sleep(secs(11)).await;
    assert!(!worker.is_running());
    assert_eq!(worker.fault().await.code(), "QUERY_FENCED");
}

/// The last batch is out of intake's hands when the source ends: its fence still asks for a round.
#[tokio::test(start_paused = true)]
async fn a_query_that_reads_to_the_end_ends_when_all_of_it_is_committed() {
    for (trigger, max_rows) in
        [(Trigger::Once, 9), (Trigger::AvailableNow, 9), (Trigger::AvailableNow, 2)]
    {
        for fenced in 0..3 {
            let mut rig = Rig { trigger, chunk_records: 2, ..Rig::new() };
            rig.limits.max_rows = max_rows;
            rig.append(&[GOOD; 6]);
            let worker = rig.start().await;
            for _ in 0..fenced {
                worker.sink.on_commit(CommitEvent::Lands);
            }
            worker.sink.on_commit(CommitEvent::Freezes);
            worker.source.assign(&rig.log.partitions());
            settle().await;
            if worker.sink.is_frozen() {
                steal(&rig).await;
                worker.sink.thaw();
            }
            worker.ended().await.unwrap();
            rig.assert_exactly_once();
        }
    }
}

/// Another worker commits two more records of partition 0 first.
async fn steal(rig: &Rig) {
    let mut thief = Rig { log: rig.log.clone(), lake: rig.lake.clone(), ..Rig::ticking() };
    thief.limits.max_offsets = Some(2);
    let worker = thief.start_alone().await;
    settle().await;
    worker.stopped(StopMode::Drop).await;
}

#[tokio::test(start_paused = true)]
async fn a_fenced_worker_reads_on_from_the_tip_not_from_where_it_was_fenced() {
    let rig = Rig { chunk_records: 2, ..Rig::ticking() };
    let worker = rig.start_alone().await;
    beaten(&worker, "group");
    rig.append(&[GOOD; 3]);
    tokio::time::sleep(secs(11)).await;
    rig.append(&[GOOD; 4]);
    steal(&rig).await;
    tokio::time::sleep(secs(3)).await;
    assert_eq!(worker.source.rewinds()[0].1[&partition(0)], 5);
    tokio::time::sleep(secs(10)).await;
    assert_eq!(worker.source.rewinds().len(), 1, "fenced once");
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn an_assignment_during_the_heartbeat_is_not_undone() {
    let rig = Rig::ticking();
    let worker = rig.start().await;
    worker.source.assign(&[partition(0)]);
    beaten(&worker, "group");
    rig.append(&[GOOD; 3]);
    tokio::time::sleep(secs(11)).await;
    let other = rig.start().await;
    other.source.assign(&[partition(1)]);
    rig.append_to(1, &[GOOD; 2]);
    settle().await;
    other.stopped(StopMode::Drain).await;
    worker.source.assign(&[partition(1)]);
    rig.append_to(1, &[GOOD; 2]);
    tokio::time::sleep(secs(15)).await;
    assert_eq!(worker.source.rewinds().len(), 1, "fenced once");
    worker.stopped(StopMode::Drain).await;
    assert_eq!(rig.lake.num_rows(TableRole::Output), 7);
    rig.assert_exactly_once();
}
