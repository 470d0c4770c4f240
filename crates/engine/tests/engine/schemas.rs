//! Records wait for the schemas they name.

use headgate_engine::{StopMode, Trigger};
use headgate_model::fake::{Answering, FakeFault, VecRecord, VecRegistry};
use headgate_model::{HeldRecords, TableRole};

use crate::policies::text;
use crate::rig::{GOOD, Rig, Told, Worker, partition, secs, settle};

pub const FITS: &str = r#"{"properties":{"id":{"type":"string"}},"required":["id"]}"#;

pub fn framed(id: u32, body: &str) -> VecRecord {
    let value = [&[0][..], &id.to_be_bytes(), body.as_bytes()].concat();
    VecRecord { value: Some(value), ..VecRecord::default() }
}

/// `rig` with a registry that has schemas 1 and 2.
pub fn with_registry(rig: Rig) -> (Rig, VecRegistry) {
    let registry = VecRegistry::default();
    registry.register(1, FITS);
    registry.register(2, FITS);
    (Rig { registry: Some(registry.clone()), ..rig }, registry)
}

pub fn append(rig: &Rig, number: i32, ids: &[u32]) {
    for id in ids {
        rig.log.append(&partition(number), framed(*id, GOOD));
    }
}

fn held(told: &Told) -> Option<HeldRecords> {
    told.progress().last()?.held.clone()
}

/// Holds all partitions, knows schema 1, and stands before an outage.
async fn before_an_outage(rig: &Rig, registry: &VecRegistry) -> Worker {
    let worker = rig.start_alone().await;
    append(rig, 0, &[1]);
    tokio::time::sleep(secs(10)).await;
    settle().await;
    assert_eq!(rig.batch_sizes(), [1]);
    registry.set_answering(Answering::Unavailable);
    worker
}

#[tokio::test(start_paused = true)]
async fn each_schema_is_asked_for_once() {
    let (rig, registry) = with_registry(Rig::new());
    append(&rig, 0, &[1, 1, 2]);
    append(&rig, 1, &[2, 1, 1]);
    rig.run().await;
    assert_eq!(registry.asked(), [1, 2]);
    rig.assert_exactly_once();
    assert_eq!(rig.lake.num_rows(TableRole::Output), 6);
}

#[tokio::test(start_paused = true)]
async fn an_outage_holds_one_partition_and_the_others_go_on() {
    let (rig, registry) = with_registry(Rig::ticking());
    let worker = before_an_outage(&rig, &registry).await;
    append(&rig, 0, &[1, 1]);
    append(&rig, 1, &[1, 2, 1]);
    append(&rig, 2, &[1]);
    tokio::time::sleep(secs(10)).await;
    settle().await;
    let mut committed = rig.lake.coordinates(TableRole::Output);
    committed.sort();
    let committed: Vec<_> = committed.iter().map(|(_, number, at)| (*number, *at)).collect();
    assert_eq!(committed, [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)]);
    append(&rig, 1, &[1]);
    tokio::time::sleep(secs(60)).await;
    let waiting = held(&worker.told).unwrap();
    assert_eq!((waiting.schema_ids, waiting.partitions), (vec![2], vec![partition(1)]));
    assert_eq!((waiting.records, waiting.error.as_deref()), (3, Some("nobody there")));
    assert!(waiting.elapsed >= secs(60));
    registry.set_answering(Answering::Answers);
    tokio::time::sleep(secs(20)).await;
    assert_eq!(held(&worker.told), None);
    assert_eq!(rig.lake.num_rows(TableRole::Output), 8);
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn a_stop_leaves_what_waits_unread() {
    for mode in [StopMode::Drain, StopMode::Drop] {
        let (rig, registry) = with_registry(Rig::ticking());
        let worker = before_an_outage(&rig, &registry).await;
        append(&rig, 0, &[2, 1]);
        append(&rig, 1, &[1]);
        settle().await;
        worker.stopped(mode).await;
        assert_eq!(rig.offsets(TableRole::Output), [0], "{mode:?}");
        registry.set_answering(Answering::Answers);
        let again = rig.start_alone().await;
        tokio::time::sleep(secs(10)).await;
        again.stopped(StopMode::Drain).await;
        rig.assert_exactly_once();
        assert_eq!(rig.offsets(TableRole::Output), [0, 1, 2], "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_goes_to_the_new_owner_of_its_partition() {
    for late in [false, true] {
        let (rig, registry) = with_registry(Rig::ticking());
        let worker = before_an_outage(&rig, &registry).await;
        append(&rig, 0, &[2, 1]);
        append(&rig, 1, &[1, 2, 1]);
        settle().await;
        let gone = [partition(1)];
        if late {
            worker.source.revoke_past_deadline(&gone);
        } else {
            worker.source.revoke(&gone);
        }
        settle().await;
        assert_eq!(worker.source.released()[0], gone);
        let new = rig.start().await;
        new.source.assign(&gone);
        settle().await;
        assert_eq!(new.source.replies()[0][&partition(1)], 1, "up to the record that waits");
        registry.set_answering(Answering::Answers);
        tokio::time::sleep(secs(20)).await;
        assert!(worker.is_running() && new.is_running());
        for worker in [worker, new] {
            worker.stopped(StopMode::Drain).await;
        }
        rig.assert_exactly_once();
        assert_eq!(rig.lake.num_rows(TableRole::Output), 6);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_read_again_after_a_rewind() {
    let (rig, registry) = with_registry(Rig::ticking());
    let worker = before_an_outage(&rig, &registry).await;
    append(&rig, 0, &[2, 1]);
    append(&rig, 1, &[2]);
    settle().await;
    worker.source.lose(&[partition(1)]);
    settle().await;
    worker.source.assign(&[partition(1)]);
    settle().await;
    registry.set_answering(Answering::Answers);
    tokio::time::sleep(secs(20)).await;
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
    assert_eq!(rig.lake.num_rows(TableRole::Output), 4);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_reads_to_the_end_waits_for_every_schema() {
    for trigger in [Trigger::AvailableNow, Trigger::Once] {
        for answering in [Answering::Unavailable, Answering::Hangs] {
            let (rig, registry) = with_registry(Rig { trigger, ..Rig::new() });
            registry.set_answering(answering);
            append(&rig, 0, &[1, 2]);
            append(&rig, 1, &[2]);
            rig.log.append(&partition(2), VecRecord::default());
            let worker = rig.start_alone().await;
            tokio::time::sleep(secs(600)).await;
            assert!(worker.is_running(), "{trigger:?}");
            if answering == Answering::Unavailable {
                assert_eq!(
                    held(&worker.told).unwrap().records,
                    3,
                    "told, though there are no ticks"
                );
            }
            let cut = if trigger == Trigger::Once { vec![] } else { vec![1] };
            assert_eq!(rig.batch_sizes(), cut, "what does not wait is not kept waiting for hours");
            registry.set_answering(Answering::Answers);
            worker.ended().await.unwrap();
            assert_eq!(rig.batch_sizes().iter().sum::<u64>(), 4);
            assert_eq!(rig.lake.num_rows(TableRole::Output), 3);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_without_a_schema_is_tried_again_before_its_records_are_dead_letters() {
    let (rig, registry) = with_registry(Rig::ticking());
    let worker = rig.start_alone().await;
    append(&rig, 0, &[1, 9, 1]);
    tokio::time::sleep(secs(11)).await;
    assert_eq!(registry.asked().iter().filter(|id| **id == 9).count(), 4);
    assert_eq!(rig.offsets(TableRole::Output), [0, 2]);
    let dead = rig.lake.rows(TableRole::DeadLetters).remove(0);
    assert_eq!(text(&dead, "_error_type", 0), "WIRE_FORMAT_ERROR");
    assert_eq!(text(&dead, "_error_message", 0), "schema 9 is not in the registry");
    // Registered after all: what comes later is read by it.
    registry.register(9, FITS);
    tokio::time::sleep(secs(30)).await;
    append(&rig, 0, &[9]);
    tokio::time::sleep(secs(20)).await;
    assert_eq!(rig.offsets(TableRole::Output), [0, 2, 3]);
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_is_registered_a_moment_later_is_waited_for() {
    let (rig, registry) = with_registry(Rig::ticking());
    let worker = rig.start_alone().await;
    append(&rig, 0, &[9]);
    tokio::time::sleep(secs(2)).await;
    registry.register(9, FITS);
    tokio::time::sleep(secs(10)).await;
    worker.stopped(StopMode::Drain).await;
    assert_eq!(rig.offsets(TableRole::Output), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_refuses_the_client_ends_the_query() {
    let (rig, registry) = with_registry(Rig::ticking());
    registry.set_answering(Answering::Fails(FakeFault("REGISTRY_AUTH")));
    append(&rig, 0, &[1]);
    let fault = rig.start_alone().await.fault().await;
    assert_eq!(fault.code(), "REGISTRY_AUTH");
    assert_eq!(rig.lake.num_rows(TableRole::Output), 0);
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_batch_hold_when_what_waited_comes_at_once() {
    let (mut rig, registry) = with_registry(Rig { chunk_records: 2, ..Rig::ticking() });
    rig.limits.max_rows = 3;
    registry.set_answering(Answering::Unavailable);
    let worker = rig.start_alone().await;
    append(&rig, 0, &[1, 2, 1, 2, 1, 2, 1]);
    tokio::time::sleep(secs(30)).await;
    assert_eq!(rig.batch_sizes(), [0; 0]);
    registry.set_answering(Answering::Answers);
    tokio::time::sleep(secs(20)).await;
    worker.stopped(StopMode::Drain).await;
    assert!(rig.batch_sizes().iter().all(|size| *size <= 3));
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn beyond_a_bound_nothing_more_is_read_and_a_rebalance_is_still_answered() {
    let (rig, registry) = with_registry(Rig { chunk_records: 1, ..Rig::ticking() });
    registry.set_answering(Answering::Unavailable);
    let worker = rig.start_alone().await;
    let large = format!(r#"{{"id":"{}"}}"#, "x".repeat(16 << 20));
    for _ in 0..8 {
        rig.log.append(&partition(0), framed(1, &large));
    }
    tokio::time::sleep(secs(30)).await;
    let records = held(&worker.told).unwrap().records;
    assert!((4..8).contains(&records), "{records}");
    worker.source.revoke(&[partition(0)]);
    settle().await;
    assert_eq!(worker.source.released(), [[partition(0)]]);
    worker.source.assign(&[partition(0)]);
    registry.set_answering(Answering::Answers);
    tokio::time::sleep(secs(30)).await;
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}
