//! T7 of the protocol's tests: one partition kept, one revoked while a batch with records of both
//! is open; and a chunk polled before a rewind is delivered after it.

use headgate_engine::StopMode;
use headgate_model::TableRole;
use headgate_model::fake::CommitEvent;

use crate::rig::{GOOD, Rig, Worker, partition, secs, settle};

/// A worker that holds partitions 0 and 1, three records of each in its open batch, and more
/// polled ahead.
async fn with_open_batch(rig: &Rig) -> Worker {
    let worker = rig.start().await;
    worker.source.assign(&[partition(0), partition(1)]);
    rig.append_to(0, &[GOOD; 3]);
    rig.append_to(1, &[GOOD; 3]);
    settle().await;
    worker
}

/// Who got partition 1 commits what it finds there, and leaves.
async fn new_owner(rig: &Rig) -> Worker {
    let worker = rig.start().await;
    worker.source.assign(&[partition(1)]);
    settle().await;
    worker
}

async fn finish(rig: &Rig, workers: Vec<Worker>) {
    rig.append_to(0, &[GOOD; 2]);
    rig.append_to(1, &[GOOD; 2]);
    tokio::time::sleep(secs(30)).await;
    for worker in workers {
        worker.stopped(StopMode::Drain).await;
    }
    rig.assert_exactly_once();
}

fn rig() -> Rig {
    Rig { chunk_records: 2, ..Rig::ticking() }
}

#[tokio::test(start_paused = true)]
async fn t7_revoked_and_committed_in_time() {
    let rig = rig();
    let kept = with_open_batch(&rig).await;
    kept.source.revoke(&[partition(1)]);
    settle().await;
    assert_eq!(rig.batch_sizes(), [6], "all of the open batch, before its tick");
    assert_eq!(kept.source.released(), [[partition(1)]]);
    assert_eq!(kept.source.held(), [partition(0)]);
    assert_eq!(kept.source.rewinds(), [], "what is kept goes on where it was");
    let new = new_owner(&rig).await;
    assert_eq!(new.source.replies()[0][&partition(1)], 3);
    finish(&rig, vec![kept, new]).await;
}

#[tokio::test(start_paused = true)]
async fn t7_a_revocation_waits_for_the_commit_on_its_way() {
    for open_records in [0, 2] {
        let rig = rig();
        let kept = with_open_batch(&rig).await;
        kept.sink.on_commit(CommitEvent::Freezes);
        tokio::time::sleep(secs(10)).await;
        assert!(kept.sink.is_frozen(), "the first batch is on its way");
        rig.append_to(1, &vec![GOOD; open_records]);
        settle().await;
        kept.source.revoke(&[partition(1)]);
        settle().await;
        assert!(kept.source.released().is_empty(), "{open_records} records open");
        kept.sink.thaw();
        settle().await;
        assert_eq!(kept.source.released(), [[partition(1)]]);
        assert_eq!(rig.lake.num_rows(TableRole::Output), 6 + open_records);
        let new = new_owner(&rig).await;
        finish(&rig, vec![kept, new]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn t7_revoked_past_the_deadline_and_the_new_owner_first() {
    let rig = rig();
    let kept = with_open_batch(&rig).await;
    kept.sink.freeze();
    kept.source.revoke_past_deadline(&[partition(1)]);
    settle().await;
    let new = new_owner(&rig).await;
    new.stop.stop(StopMode::Drain);
    settle().await;
    assert_eq!(rig.batch_sizes(), [3], "the new owner's");
    kept.sink.thaw();
    settle().await;
    assert_eq!(rig.batch_sizes(), [3], "all of the other batch is dropped: files are shared");
    tokio::time::sleep(secs(4)).await;
    let (epoch, positions) = kept.source.rewinds().remove(0);
    assert_eq!((epoch, positions), (1, [(partition(0), 0)].into()), "what is kept is read again");
    new.ended().await.unwrap();
    let new = new_owner(&rig).await;
    finish(&rig, vec![kept, new]).await;
}

#[tokio::test(start_paused = true)]
async fn t7_revoked_past_the_deadline_and_the_old_owner_first() {
    let rig = rig();
    let kept = with_open_batch(&rig).await;
    kept.sink.freeze();
    kept.source.revoke_past_deadline(&[partition(1)]);
    settle().await;
    let new = new_owner(&rig).await;
    kept.sink.thaw();
    settle().await;
    assert_eq!(rig.batch_sizes(), [6]);
    tokio::time::sleep(secs(15)).await;
    assert_eq!(new.source.rewinds(), [(1, [(partition(1), 3)].into())], "the new owner is fenced");
    assert!(new.is_running());
    finish(&rig, vec![kept, new]).await;
}

#[tokio::test(start_paused = true)]
async fn t7_lost() {
    for taken in [true, false] {
        let rig = rig();
        let kept = with_open_batch(&rig).await;
        let new = if taken { Some(new_owner(&rig).await) } else { None };
        kept.source.lose(&[partition(1)]);
        settle().await;
        assert_eq!(rig.batch_sizes(), [0; 0], "the open batch is dropped");
        assert_eq!(kept.source.rewinds(), [(1, [(partition(0), 0)].into())]);
        assert_eq!(kept.source.held(), [partition(0)]);
        let new = match new {
            Some(new) => new,
            None => new_owner(&rig).await,
        };
        finish(&rig, vec![kept, new]).await;
    }
}

/// Its commit was on its way when partition 1 was lost, and fails on the position after the rewind
/// was asked for: that fence is history, and costs neither a heartbeat nor another rewind.
#[tokio::test(start_paused = true)]
async fn t7_lost_with_a_commit_on_its_way() {
    let rig = rig();
    let kept = with_open_batch(&rig).await;
    kept.sink.on_commit(CommitEvent::Freezes);
    tokio::time::sleep(secs(10)).await;
    assert!(kept.sink.is_frozen());
    let new = new_owner(&rig).await;
    new.stop.stop(StopMode::Drain);
    settle().await;
    kept.source.lose(&[partition(1)]);
    settle().await;
    kept.sink.thaw();
    tokio::time::sleep(secs(9)).await;
    assert_eq!(kept.source.rewinds(), [(1, [(partition(0), 0)].into())]);
    new.ended().await.unwrap();
    let new = new_owner(&rig).await;
    finish(&rig, vec![kept, new]).await;
}

#[tokio::test(start_paused = true)]
async fn t7_fenced() {
    let rig = rig();
    let kept = with_open_batch(&rig).await;
    kept.sink.on_commit(CommitEvent::Beaten { group: "group".into() });
    kept.source.revoke(&[partition(1)]);
    settle().await;
    assert_eq!(kept.source.released(), [[partition(1)]], "handed over all the same");
    tokio::time::sleep(secs(4)).await;
    assert_eq!(kept.source.rewinds(), [(1, [(partition(0), 3)].into())]);
    let new = new_owner(&rig).await;
    finish(&rig, vec![kept, new]).await;
}

/// Gaps in offsets are normal, so nobody would notice that such a chunk starts too late.
#[tokio::test(start_paused = true)]
async fn t7_a_chunk_polled_before_a_rewind_is_discarded() {
    let rig = Rig { chunk_records: 1, ..Rig::ticking() };
    let worker = rig.start().await;
    worker.source.assign(&[partition(0), partition(1)]);
    settle().await;
    // The engine stands still with a full queue, so that the source has polled ahead of it.
    worker.sink.freeze();
    rig.append_to(0, &[GOOD; 20]);
    settle().await;
    worker.source.lose(&[partition(1)]);
    worker.sink.thaw();
    settle().await;
    assert_eq!(worker.source.epoch(), 1);
    worker.source.assign(&[partition(1)]);
    finish(&rig, vec![worker]).await;
}

#[tokio::test(start_paused = true)]
async fn t7_records_held_back_are_committed_before_their_partition_goes() {
    let mut rig = rig();
    rig.limits.max_offsets = Some(2);
    let kept = with_open_batch(&rig).await;
    assert_eq!(rig.batch_sizes(), [2]);
    kept.source.revoke(&[partition(1)]);
    tokio::time::sleep(secs(10)).await;
    assert_eq!(kept.source.released(), [[partition(1)]]);
    let new = new_owner(&rig).await;
    finish(&rig, vec![kept, new]).await;
}

#[tokio::test(start_paused = true)]
async fn t7_every_partition_comes_and_goes() {
    let rig = rig();
    let worker = rig.start().await;
    let all = rig.log.partitions();
    for round in 0..6 {
        worker.source.assign(&all);
        for number in 0..3 {
            rig.append_to(number, &[GOOD; 3]);
        }
        tokio::time::sleep(secs(round)).await;
        settle().await;
        if round % 2 == 0 {
            worker.source.revoke(&all)
        } else {
            worker.source.lose(&all)
        }
        settle().await;
        assert!(worker.source.held().is_empty());
    }
    worker.source.assign(&all);
    finish(&rig, vec![worker]).await;
}
