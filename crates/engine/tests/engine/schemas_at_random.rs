//! A registry that comes and goes under a worker that does too, on schedules nobody would write by
//! hand: every record ends in one table, once.

use std::time::Duration;

use headgate_engine::{SchemaChange, StopMode, Trigger};
use headgate_model::fake::{Answering, CommitEvent, FakeFault, VecRegistry};
use proptest::prelude::*;

use crate::rig::{BROKEN, GOOD, NO_ID, Rig, Worker, partition, secs, settle};
use crate::schemas::{FITS, framed, with_registry};

const PARTITIONS: i32 = 3;

#[derive(Clone, Debug)]
enum Step {
    Append { partition: i32, records: Vec<(u32, &'static str)> },
    Gap { partition: i32 },
    Wait { ms: u64 },
    Answer(Answering),
    Register { id: u32 },
    Revoke { partition: i32, late: bool },
    Lose { partition: i32 },
    Disturb(CommitEvent),
    Stop,
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let body = prop::sample::select(vec![GOOD, GOOD, NO_ID, BROKEN]);
    // 1 and 2 are there, 3 and 4 may come, 0 is none.
    let record = (prop::sample::select(vec![1_u32, 1, 2, 3, 4, 0]), body);
    let answering = prop::sample::select(vec![
        Answering::Answers,
        Answering::Answers,
        Answering::Unavailable,
        Answering::Hangs,
    ]);
    let event = prop_oneof![
        Just(CommitEvent::Fails(FakeFault("STORE_DOWN"))),
        Just(CommitEvent::Beaten { group: "group".into() }),
    ];
    prop_oneof![
        6 => (0..PARTITIONS, prop::collection::vec(record, 1..6))
            .prop_map(|(partition, records)| Step::Append { partition, records }),
        1 => (0..PARTITIONS).prop_map(|partition| Step::Gap { partition }),
        5 => (0..8000_u64).prop_map(|ms| Step::Wait { ms }),
        4 => answering.prop_map(Step::Answer),
        1 => (3..5_u32).prop_map(|id| Step::Register { id }),
        2 => (0..PARTITIONS, any::<bool>())
            .prop_map(|(partition, late)| Step::Revoke { partition, late }),
        1 => (0..PARTITIONS).prop_map(|partition| Step::Lose { partition }),
        1 => event.prop_map(Step::Disturb),
        1 => Just(Step::Stop),
        1 => Just(Step::Kill),
    ]
}

async fn run(step: &Step, rig: &Rig, registry: &VecRegistry, worker: Worker) -> Worker {
    let mut worker = worker;
    match step {
        Step::Append { partition: number, records } => {
            for (id, body) in records {
                rig.log.append(&partition(*number), framed(*id, body));
            }
        }
        Step::Gap { partition: number } => rig.log.skip(&partition(*number), 2),
        Step::Wait { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Step::Answer(answering) => registry.set_answering(*answering),
        Step::Register { id } => registry.register(*id, FITS),
        Step::Revoke { partition: number, late } => {
            let gone = [partition(*number)];
            if *late {
                worker.source.revoke_past_deadline(&gone);
            } else {
                worker.source.revoke(&gone);
            }
            worker.source.assign(&gone);
        }
        Step::Lose { partition: number } => {
            let gone = [partition(*number)];
            worker.source.lose(&gone);
            worker.source.assign(&gone);
        }
        Step::Disturb(event) => worker.sink.on_commit(event.clone()),
        Step::Stop => {
            worker.stop.stop(StopMode::Drain);
            // A commit that was told to fail is no failure of the schedule.
            let _ = worker.ended().await;
            return rig.start_alone().await;
        }
        Step::Kill => {
            worker.kill();
            return rig.start_alone().await;
        }
    }
    if !worker.is_running() {
        worker = rig.start_alone().await;
    }
    worker
}

async fn play(rig: Rig, registry: VecRegistry, steps: &[Step]) {
    let mut worker = rig.start_alone().await;
    for step in steps {
        worker = run(step, &rig, &registry, worker).await;
    }
    worker.kill();
    registry.set_answering(Answering::Answers);
    let worker = rig.start_alone().await;
    tokio::time::sleep(secs(30)).await;
    settle().await;
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_record_is_in_one_table_once_whenever_the_registry_answers(
        steps in prop::collection::vec(step(), 1..40),
        max_rows in prop::sample::select(vec![1, 3, 10, u64::MAX]),
        chunk_records in prop::sample::select(vec![1, 2, 5, 1000]),
    ) {
        let (mut rig, registry) = with_registry(Rig { chunk_records, ..Rig::ticking() });
        rig.on_schema_change = SchemaChange::Reject;
        rig.trigger = Trigger::ProcessingTime(secs(1));
        rig.limits.max_rows = max_rows;
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(play(rig, registry, &steps));
    }
}
