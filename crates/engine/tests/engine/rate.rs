//! A query over records that are made up.

use std::time::Duration;

use headgate_engine::{EngineFault, StopMode, Trigger};
use headgate_model::{BoxFault, ReadMode, TableRole};
use headgate_sources::{RateConfig, RateSource};
use tokio::time::Instant;

use crate::rig::{Rig, Worker, contract, engine_fault, secs};

const EVENTS: &str = r"
    properties:
      - { name: timestamp, logicalType: timestamp, required: true }
      - { name: value, logicalType: integer, required: true, unique: true, logicalTypeOptions: { minimum: 0 } }
";

/// And the little by which records may come late.
const A_SECOND: Duration = Duration::from_millis(1050);

/// Virtual time, beside the lake and the contract.
struct Rated {
    rig: Rig,
    began: Instant,
    num_partitions: u32,
}

impl Rated {
    fn new(rig: Rig) -> Self {
        let rig = Rig { contract: Some(contract(EVENTS)), fixed_assignment: true, ..rig };
        Self { rig, began: Instant::now(), num_partitions: 1 }
    }

    async fn try_start(&self) -> Result<Worker<()>, BoxFault> {
        let mode = match self.rig.trigger {
            Trigger::ProcessingTime(_) => ReadMode::Continuous,
            Trigger::AvailableNow | Trigger::Once => ReadMode::UntilEnd,
        };
        let config = RateConfig { rows_per_second: 6, num_partitions: self.num_partitions, mode };
        let now = secs(1_700_000_000) + self.began.elapsed();
        let (sink, sink_control) = self.rig.lake.sink();
        self.rig.start_with(RateSource::new(config, now), (), sink, sink_control).await
    }

    async fn start(&self) -> Worker<()> {
        self.try_start().await.unwrap()
    }

    /// Rows of the output; none is missing and none is there twice.
    fn rows(&self) -> usize {
        let mut found = self.rig.lake.coordinates(TableRole::Output);
        found.sort();
        let count = found.len() as i64;
        let partitions = i64::from(self.num_partitions);
        let mut values: Vec<i64> =
            found.iter().map(|(_, number, at)| at * partitions + i64::from(*number)).collect();
        values.sort_unstable();
        assert_eq!(values, (0..count).collect::<Vec<_>>());
        assert_eq!(self.rig.lake.breaks(), Vec::<String>::new());
        found.len()
    }
}

#[tokio::test(start_paused = true)]
async fn a_killed_worker_leaves_no_gap_and_nothing_twice() {
    let rated = Rated::new(Rig::ticking());
    for round in 1..4 {
        let worker = rated.start().await;
        tokio::time::sleep(secs(25)).await;
        worker.kill();
        let committed = rated.rows();
        // The last tick was five seconds ago; while nobody reads, values go on to become due.
        assert_eq!(committed, (round * 45 - 25) * 6);
        tokio::time::sleep(secs(20)).await;
    }
    let worker = rated.start().await;
    tokio::time::sleep(A_SECOND).await;
    worker.stopped(StopMode::Drain).await;
    assert_eq!(rated.rows(), 136 * 6 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_to_the_end_takes_what_is_due_by_then() {
    for (trigger, batches) in [(Trigger::AvailableNow, 4), (Trigger::Once, 2)] {
        let mut rated = Rated::new(Rig { trigger, ..Rig::new() });
        rated.num_partitions = 3;
        rated.rig.limits.max_rows = 20;
        for (seconds, due) in [(0, 1), (10, 61)] {
            tokio::time::sleep(secs(seconds)).await;
            rated.start().await.ended().await.unwrap();
            assert_eq!(rated.rows(), due, "{trigger:?}");
        }
        assert_eq!(rated.rig.batch_sizes().len(), batches, "{trigger:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_workers_one_is_fenced() {
    let rated = Rated::new(Rig::ticking());
    let (one, two) = (rated.start().await, rated.start().await);
    tokio::time::sleep(secs(24) + A_SECOND).await;
    let (stays, fenced) = if one.is_running() { (one, two) } else { (two, one) };
    assert!(matches!(engine_fault(&fenced.fault().await), EngineFault::Fenced { .. }));
    stays.stopped(StopMode::Drain).await;
    assert_eq!(rated.rows(), 25 * 6 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_output_goes_on_with_the_records_that_it_was_begun_with() {
    let mut rated = Rated::new(Rig::new());
    rated.start().await.ended().await.unwrap();
    rated.num_partitions = 2;
    let fault = rated.try_start().await.err().unwrap();
    assert_eq!(fault.code(), "RATE_OTHER_STREAM");
}
