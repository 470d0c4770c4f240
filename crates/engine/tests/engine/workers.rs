//! Two workers race over one lake, on schedules nobody would write by hand. Whatever happened, after
//! a fresh start every coordinate is in one table, once.

use std::time::Duration;

use headgate_engine::StopMode;
use headgate_model::PartitionId;
use headgate_model::fake::{CommitEvent, FakeFault};
use proptest::prelude::*;

use crate::rig::{BROKEN, GOOD, NO_ID, OTHER, Rig, SLOW, TEXT, Worker, partition, secs, settle};
use crate::scopes::{assert_distinct, ids_of, once_ever};

const PARTITIONS: i32 = 3;
const WORKERS: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    Append {
        partition: i32,
        records: Vec<&'static str>,
    },
    /// Offsets without records.
    Gap {
        partition: i32,
    },
    Wait {
        ms: u64,
    },
    Move {
        partition: i32,
        how: Handover,
    },
    Disturb {
        worker: usize,
        event: CommitEvent,
    },
    /// Stopped, as by SIGSTOP: its partitions go to the other, and it does not hear of it.
    Freeze {
        worker: usize,
    },
    /// It goes on where it stood, and is told some time later.
    Thaw {
        worker: usize,
        unaware_ms: u64,
    },
    Kill {
        worker: usize,
    },
}

#[derive(Clone, Copy, Debug)]
enum Handover {
    Revoked,
    PastDeadline,
    Lost,
}

fn step() -> impl Strategy<Value = Step> {
    let record = prop::sample::select(vec![GOOD, GOOD, OTHER, SLOW, NO_ID, TEXT, BROKEN]);
    let how = prop::sample::select(vec![Handover::Revoked, Handover::PastDeadline, Handover::Lost]);
    let event = prop_oneof![
        Just(CommitEvent::Fails(FakeFault("STORE_DOWN"))),
        Just(CommitEvent::ReplyLost(FakeFault("STORE_DOWN"))),
        Just(CommitEvent::Beaten { group: "group".into() }),
        Just(CommitEvent::Freezes),
        Just(CommitEvent::FreezesUnpaid),
    ];
    prop_oneof![
        6 => (0..PARTITIONS, prop::collection::vec(record, 1..6))
            .prop_map(|(partition, records)| Step::Append { partition, records }),
        1 => (0..PARTITIONS).prop_map(|partition| Step::Gap { partition }),
        6 => (0..5000_u64).prop_map(|ms| Step::Wait { ms }),
        4 => (0..PARTITIONS, how).prop_map(|(partition, how)| Step::Move { partition, how }),
        2 => (0..WORKERS, event).prop_map(|(worker, event)| Step::Disturb { worker, event }),
        1 => (0..WORKERS).prop_map(|worker| Step::Freeze { worker }),
        2 => (0..WORKERS, 0..4000_u64)
            .prop_map(|(worker, unaware_ms)| Step::Thaw { worker, unaware_ms }),
        1 => (0..WORKERS).prop_map(|worker| Step::Kill { worker }),
    ]
}

/// Stands for the brokers' coordinator.
struct Group<'a> {
    rig: &'a Rig,
    workers: Vec<Worker>,
    /// Worker of each partition, as the coordinator sees it.
    owners: Vec<usize>,
}

impl<'a> Group<'a> {
    async fn start(rig: &'a Rig) -> Self {
        let (one, two) = tokio::join!(rig.start(), rig.start());
        let mut group = Self { rig, workers: vec![one, two], owners: Vec::new() };
        for number in 0..PARTITIONS {
            let owner = number as usize % WORKERS;
            group.owners.push(owner);
            group.workers[owner].source.assign(&[partition(number)]);
        }
        group
    }

    async fn run(&mut self, step: &Step) {
        match step {
            Step::Append { partition, records } => self.rig.append_to(*partition, records),
            Step::Gap { partition: number } => self.rig.log.skip(&partition(*number), 2),
            Step::Wait { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
            Step::Move { partition, how } => self.hand_over(*partition, *how).await,
            Step::Disturb { worker, event } => {
                self.workers[*worker].sink.on_commit(event.clone());
            }
            Step::Freeze { worker } => self.workers[*worker].sink.freeze(),
            Step::Thaw { worker, unaware_ms } => self.thaw(*worker, *unaware_ms).await,
            Step::Kill { worker } => self.replace(*worker).await,
        }
        self.expel_frozen();
        self.replace_failed().await;
    }

    fn owned_by(&self, worker: usize) -> Vec<PartitionId> {
        let owned = (0..PARTITIONS).filter(|number| self.owners[*number as usize] == worker);
        owned.map(partition).collect()
    }

    fn give(&mut self, number: i32, worker: usize) {
        self.owners[number as usize] = worker;
        // One that stands still joins again before it is given anything.
        if !self.workers[worker].sink.is_frozen() {
            self.workers[worker].source.assign(&[partition(number)]);
        }
    }

    async fn hand_over(&mut self, number: i32, how: Handover) {
        let from = self.owners[number as usize];
        let to = 1 - from;
        let source = &self.workers[from].source;
        let gone = [partition(number)];
        match how {
            Handover::PastDeadline => source.revoke_past_deadline(&gone),
            Handover::Lost => source.lose(&gone),
            Handover::Revoked => {
                source.revoke(&gone);
                let before = source.released().len();
                for _ in 0..300 {
                    if source.released().len() > before || !self.workers[from].is_running() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        self.give(number, to);
    }

    /// A worker that stands still leaves the group by its session's end, unaware.
    fn expel_frozen(&mut self) {
        for worker in 0..WORKERS {
            let both = self.workers.iter().all(|worker| worker.sink.is_frozen());
            if self.workers[worker].sink.is_frozen() && !both {
                for id in self.owned_by(worker) {
                    self.give(id.partition, 1 - worker);
                }
            }
        }
    }

    async fn thaw(&mut self, worker: usize, unaware_ms: u64) {
        if !self.workers[worker].sink.is_frozen() {
            return;
        }
        self.workers[worker].sink.thaw();
        tokio::time::sleep(Duration::from_millis(unaware_ms)).await;
        let all: Vec<_> = (0..PARTITIONS).map(partition).collect();
        self.workers[worker].source.lose(&all);
        let owned = self.owned_by(worker);
        self.workers[worker].source.assign(&owned);
    }

    async fn replace(&mut self, worker: usize) {
        let new = self.rig.start().await;
        std::mem::replace(&mut self.workers[worker], new).kill();
        let owned = self.owned_by(worker);
        self.workers[worker].source.assign(&owned);
    }

    async fn replace_failed(&mut self) {
        for worker in 0..WORKERS {
            if !self.workers[worker].is_running() {
                self.replace(worker).await;
            }
        }
    }
}

async fn play(rig: Rig, steps: &[Step], max_rows: u64) {
    let mut rig = rig;
    rig.trigger = headgate_engine::Trigger::ProcessingTime(secs(1));
    rig.limits.max_rows = max_rows;
    let mut group = Group::start(&rig).await;
    for step in steps {
        group.run(step).await;
    }
    let zombies: Vec<_> = group.workers.iter().map(|worker| worker.sink.clone()).collect();
    group.workers.into_iter().for_each(Worker::kill);
    finish(&rig).await;
    // Nothing that a worker had on its way lands a second time.
    zombies.iter().for_each(|sink| sink.thaw());
    tokio::time::sleep(secs(30)).await;
    finish(&rig).await;
}

async fn finish(rig: &Rig) {
    let fresh = rig.start_alone().await;
    settle().await;
    fresh.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

fn in_virtual_time(play: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(play);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_coordinate_is_in_one_table_once(
        steps in prop::collection::vec(step(), 1..40),
        max_rows in prop::sample::select(vec![1, 3, 10, u64::MAX]),
        chunk_records in prop::sample::select(vec![1, 2, 5, 1000]),
    ) {
        let rig = Rig { chunk_records, ..Rig::ticking() };
        in_virtual_time(play(rig, &steps, max_rows));
    }

    #[test]
    fn with_a_rule_over_the_output_no_id_enters_it_twice(
        steps in prop::collection::vec(step(), 1..40),
        max_rows in prop::sample::select(vec![1, 3, 10, u64::MAX]),
        chunk_records in prop::sample::select(vec![1, 2, 5, 1000]),
    ) {
        let rig = Rig { chunk_records, contract: Some(once_ever()), ..Rig::ticking() };
        let lake = rig.lake.clone();
        in_virtual_time(play(rig, &steps, max_rows));
        assert_distinct(&ids_of(&lake));
    }
}

/// The schedule of the protocol's T2: the batch of a killed worker owes the side tables, and a
/// worker that was assigned before goes on.
#[test]
fn a_survivor_pays_for_the_killed() {
    in_virtual_time(async {
        let rig = Rig::ticking();
        let survivor = rig.start().await;
        survivor.source.assign(&[partition(0)]);
        settle().await;
        let killed = rig.start().await;
        killed.source.assign(&[partition(0)]);
        killed.sink.on_commit(CommitEvent::FreezesUnpaid);
        rig.append(&[SLOW, GOOD]);
        settle().await;
        killed.stop.stop(StopMode::Drain);
        settle().await;
        killed.kill();
        assert_eq!(rig.batch_sizes(), [2]);
        assert_eq!(rig.lake.open_debts(), 1);
        rig.append(&[SLOW]);
        tokio::time::sleep(secs(40)).await;
        survivor.stopped(StopMode::Drain).await;
        assert_eq!(rig.batch_sizes(), [2, 1]);
        rig.assert_exactly_once();
    });
}
