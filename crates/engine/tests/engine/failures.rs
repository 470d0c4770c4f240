use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use headgate_engine::{EngineFault, StopMode};
use headgate_model::fake::{CommitEvent, FakeFault, ReadUntil};
use headgate_model::{Decision, InterventionGate, TableRole, Verdict};
use tokio::time::Instant;

use crate::rig::{BROKEN, GOOD, Rig, SLOW, engine_fault, secs, settle};

const DOWN: FakeFault = FakeFault("STORE_DOWN");

#[tokio::test(start_paused = true)]
async fn a_failed_commit_ends_the_query_with_its_cause_and_keeps_earlier_batches() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::Lands);
    worker.sink.on_commit(CommitEvent::Fails(DOWN));
    rig.append(&[GOOD; 2]);
    tokio::time::sleep(secs(11)).await;
    rig.append(&[GOOD; 3]);
    let source = worker.source.clone();
    assert_eq!(worker.fault().await.code(), "STORE_DOWN");
    assert_eq!(rig.offsets(TableRole::Output), [0, 1]);
    assert!(source.is_closed());
}

/// Neither a next trigger nor a next record is needed to hear of it.
#[tokio::test(start_paused = true)]
async fn a_failure_is_told_at_once() {
    for at in ["write", "commit", "refresh"] {
        let rig = Rig::ticking();
        let worker = rig.start_alone().await;
        settle().await;
        match at {
            "write" => worker.sink.fail_writes(DOWN),
            "commit" => worker.sink.on_commit(CommitEvent::Fails(DOWN)),
            _ => worker.sink.fail_refresh(DOWN),
        }
        let started = Instant::now();
        if at != "refresh" {
            rig.append(&[GOOD]);
        }
        assert_eq!(worker.fault().await.code(), "STORE_DOWN", "{at}");
        assert!(started.elapsed() <= secs(10), "{at}: told {:?} later", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_when_the_tables_do_not_open() {
    let rig = Rig::new();
    let (source, source_control) = rig.log.source(ReadUntil::End);
    let (sink, sink_control) = rig.lake.sink();
    sink_control.fail_open(DOWN);
    let refused = rig.start_with(source, source_control.clone(), sink, sink_control).await;
    assert_eq!(refused.err().unwrap().code(), "STORE_DOWN");
    assert_eq!(source_control.group(), None, "never connected");
    assert_eq!(rig.lake.version(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_ends_the_query_and_drops_the_open_batch_only() {
    let mut rig = Rig::ticking();
    rig.limits.max_rows = 2;
    let worker = rig.start_alone().await;
    rig.append(&[GOOD; 5]);
    settle().await;
    worker.source.fail(FakeFault("BROKER_GONE"));
    let source = worker.source.clone();
    assert_eq!(worker.fault().await.code(), "BROKER_GONE");
    assert_eq!(rig.batch_sizes(), [2, 2]);
    assert!(source.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_was_cut_before_a_failure_is_still_committed() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::Freezes);
    rig.append(&[GOOD; 2]);
    tokio::time::sleep(secs(11)).await;
    assert!(worker.sink.is_frozen());
    worker.source.fail(FakeFault("BROKER_GONE"));
    settle().await;
    assert!(worker.is_running(), "it waits for the commit");
    worker.sink.thaw();
    assert_eq!(worker.fault().await.code(), "BROKER_GONE");
    assert_eq!(rig.batch_sizes(), [2]);
}

#[tokio::test(start_paused = true)]
async fn records_of_a_partition_that_is_another_now_are_not_committed() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    rig.append(&[GOOD; 2]);
    settle().await;
    worker.source.refuse_to_confirm(FakeFault("TOPIC_RECREATED"));
    assert_eq!(worker.fault().await.code(), "TOPIC_RECREATED");
    assert_eq!(rig.batch_sizes(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_reply_was_lost_is_not_read_again() {
    let rig = Rig::new();
    rig.append(&[GOOD, SLOW, BROKEN]);
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::ReplyLost(DOWN));
    assert_eq!(worker.fault().await.code(), "STORE_DOWN");
    assert_eq!(rig.lake.open_debts(), 2, "its side tables are owed");
    rig.run().await;
    assert_eq!(rig.batch_sizes(), [3]);
    rig.assert_exactly_once();
}

struct Panics;

impl InterventionGate for Panics {
    fn decide<'a>(
        &'a self,
        _verdict: &'a Verdict,
    ) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        panic!("a defect of a strategy")
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_like_any_other() {
    let rig = Rig { gate: Arc::new(Panics), ..Rig::ticking() };
    let worker = rig.start_alone().await;
    rig.append(&[GOOD]);
    let source = worker.source.clone();
    let fault = worker.fault().await;
    assert!(matches!(engine_fault(&fault), EngineFault::Panicked { .. }), "{fault}");
    assert!(source.is_closed());
    assert_eq!(rig.batch_sizes(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn side_tables_that_cannot_be_paid_hold_no_batch_back() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    worker.sink.leave_unpaid(true);
    rig.append(&[SLOW]);
    tokio::time::sleep(secs(11)).await;
    rig.append(&[SLOW]);
    tokio::time::sleep(secs(10)).await;
    assert_eq!((rig.batch_sizes(), rig.lake.open_debts()), (vec![1, 1], 2));
    assert_eq!(worker.told.batches()[0].side_tables[0].version, None, "said to be owed");
    worker.sink.leave_unpaid(false);
    tokio::time::sleep(secs(10)).await;
    assert_eq!(rig.lake.open_debts(), 0, "paid by an idle tick");
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}
