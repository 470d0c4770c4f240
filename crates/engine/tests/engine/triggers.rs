use headgate_engine::{StopMode, Trigger};
use headgate_model::fake::CommitEvent;
use headgate_model::{Status, TableRole};
use tokio::time::Instant;

use crate::rig::{GOOD, Rig, partition, secs, settle};

#[tokio::test(start_paused = true)]
async fn processing_time_commits_at_its_ticks_what_came_between_them() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    rig.append(&[GOOD; 2]);
    tokio::time::sleep(secs(4)).await;
    rig.append(&[GOOD; 3]);
    tokio::time::sleep(secs(5)).await;
    assert_eq!(rig.batch_sizes(), [0; 0], "9 s: no tick yet");
    tokio::time::sleep(secs(2)).await;
    assert_eq!(rig.batch_sizes(), [5]);
    rig.append(&[GOOD]);
    tokio::time::sleep(secs(8)).await;
    assert_eq!(rig.batch_sizes(), [5], "19 s: the second tick is at 20 s");
    tokio::time::sleep(secs(2)).await;
    assert_eq!(rig.batch_sizes(), [5, 1]);
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn idle_ticks_report_progress_and_commit_nothing() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    let version = rig.lake.version();
    tokio::time::sleep(secs(35)).await;
    assert_eq!(rig.lake.version(), version);
    let progress = worker.told.progress();
    assert_eq!(progress.len(), 3);
    for idle in &progress {
        assert_eq!((idle.num_input_rows, idle.elapsed, idle.version), (0, secs(10), version));
        assert!(idle.ledger.is_none());
    }
    assert!(worker.told.batches().is_empty());
    worker.stopped(StopMode::Drain).await;
}

#[tokio::test(start_paused = true)]
async fn idle_ticks_pay_what_another_worker_still_owes() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    let debtor = Rig { lake: rig.lake.clone(), ..Rig::ticking() };
    debtor.append(&[crate::rig::SLOW]);
    let owing = debtor.start_alone().await;
    owing.sink.leave_unpaid(true);
    settle().await;
    owing.stopped(StopMode::Drain).await;
    assert_eq!(rig.lake.open_debts(), 1);
    tokio::time::sleep(secs(11)).await;
    assert_eq!(rig.lake.open_debts(), 0);
    assert_eq!(rig.lake.num_rows(TableRole::Rejects), 1);
    worker.stopped(StopMode::Drop).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_and_its_progress_tell_the_same() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    rig.append(&[GOOD; 3]);
    tokio::time::sleep(secs(11)).await;
    let (batch, progress) = (worker.told.batches().remove(0), worker.told.progress().remove(0));
    assert_eq!((batch.version, progress.version), (rig.lake.version(), rig.lake.version()));
    assert_eq!(progress.num_input_rows, 3);
    assert_eq!(progress.elapsed, secs(10));
    assert_eq!(progress.ledger.unwrap(), batch.ledger);
    assert_eq!(batch.ledger, rig.lake.ledgers()[0]);
    assert_eq!(worker.source.committed(), [(partition(0), 3)].into(), "lag monitors are told");
    worker.stopped(StopMode::Drain).await;
}

#[tokio::test(start_paused = true)]
async fn once_takes_everything_in_one_batch_whatever_its_size() {
    let mut rig = Rig { trigger: Trigger::Once, chunk_records: 3, ..Rig::new() };
    (rig.limits.max_rows, rig.limits.max_bytes) = (2, 1);
    rig.limits.max_offsets = Some(1);
    for number in 0..3 {
        rig.append_to(number, &[GOOD; 7]);
    }
    rig.run().await;
    assert_eq!(rig.batch_sizes(), [21]);
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn available_now_ends_with_what_there_was_at_the_start() {
    let mut rig = Rig { chunk_records: 3, ..Rig::new() };
    rig.limits.max_rows = 4;
    rig.append(&[GOOD; 10]);
    let worker = rig.start().await;
    rig.append(&[GOOD; 5]);
    worker.source.assign(&rig.log.partitions());
    let source = worker.source.clone();
    worker.ended().await.unwrap();
    assert_eq!(rig.batch_sizes(), [4, 4, 2]);
    assert!(source.is_closed());
    rig.run().await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn a_source_without_records_ends_without_a_batch() {
    for trigger in [Trigger::Once, Trigger::AvailableNow] {
        let rig = Rig { trigger, ..Rig::new() };
        let started = Instant::now();
        rig.run().await;
        assert_eq!(started.elapsed(), secs(0));
        assert_eq!(rig.batch_sizes(), [0; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn gaps_and_lost_ranges_are_accounted_for() {
    let rig = Rig::new();
    rig.append(&[GOOD; 2]);
    rig.log.skip(&partition(0), 3);
    rig.append(&[GOOD]);
    rig.log.skip(&partition(0), 2);
    rig.run().await;
    let range = rig.lake.ledgers()[0].partitions[0].clone();
    assert_eq!((range.start, range.end, range.records, range.gaps, range.lost), (0, 8, 3, 5, 0));

    rig.append(&[GOOD; 4]);
    rig.log.expire(&partition(0), 10);
    rig.run().await;
    let range = rig.lake.ledgers()[1].partitions[0].clone();
    assert_eq!((range.start, range.end, range.records, range.gaps, range.lost), (8, 12, 2, 0, 2));

    rig.append(&[GOOD]);
    rig.log.expire(&partition(0), 13);
    rig.run().await;
    let ledger = &rig.lake.ledgers()[2];
    let range = &ledger.partitions[0];
    assert_eq!((range.start, range.end, range.records, range.gaps, range.lost), (12, 13, 0, 0, 1));
    assert_eq!(ledger.verdict.status, Status::Idle, "a loss is committed without a row");
    assert_eq!(rig.lake.breaks(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_gap_alone_is_not_worth_a_commit() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    rig.log.skip(&partition(0), 3);
    tokio::time::sleep(secs(25)).await;
    assert_eq!(rig.batch_sizes(), [0; 0]);
    rig.append(&[GOOD]);
    worker.stopped(StopMode::Drop).await;
    let worker = rig.start_alone().await;
    settle().await;
    worker.stopped(StopMode::Drain).await;
    let range = rig.lake.ledgers()[0].partitions[0].clone();
    assert_eq!((range.start, range.end, range.gaps), (0, 4, 3));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_keeps_the_query_waiting_is_reported_every_second_with_its_budget() {
    let rig = Rig::ticking();
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::Freezes);
    rig.append(&[GOOD; 3]);
    tokio::time::sleep(secs(15)).await;
    worker.sink.thaw();
    settle().await;
    let waited = worker.told.progress();
    let waited: Vec<_> = waited.iter().filter_map(|progress| progress.waiting).collect();
    assert!(waited.len() >= 3, "{waited:?}");
    for (at, waiting) in waited.iter().enumerate() {
        let said = (waiting.operation, waiting.elapsed, waiting.budget);
        assert_eq!(said, ("commit", secs(at as u64 + 1), secs(60)));
    }
    let calm = worker.told.progress().pop().unwrap();
    assert_eq!((calm.waiting, calm.version), (None, worker.told.batches()[0].version));
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}
