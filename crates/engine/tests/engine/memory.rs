//! A query over records that the process keeps.

use std::sync::Arc;

use headgate_engine::{StopMode, Trigger};
use headgate_model::{BoxFault, ReadMode, TableRole};
use headgate_sources::{MemoryConfig, MemoryLog, MemoryRecord, MemorySource};

use crate::rig::{BROKEN, GOOD, Rig, SLOW, Worker, secs};

/// A stream beside the lake, gone after the test.
struct Kept {
    rig: Rig,
    log: Arc<MemoryLog>,
}

impl Kept {
    fn new(name: &str, rig: Rig) -> Self {
        let log = MemoryLog::open(name, &format!("id of {name}"), 2).unwrap();
        Self { rig: Rig { fixed_assignment: true, ..rig }, log }
    }

    fn push(&self, payloads: &[&str]) {
        let record = |payload: &&str| MemoryRecord {
            value: Some(payload.as_bytes().to_vec()),
            ..MemoryRecord::default()
        };
        self.log.push(payloads.iter().map(record).collect()).unwrap();
    }

    async fn start(&self) -> Result<Worker<()>, BoxFault> {
        let mode = match self.rig.trigger {
            Trigger::ProcessingTime(_) => ReadMode::Continuous,
            Trigger::AvailableNow | Trigger::Once => ReadMode::UntilEnd,
        };
        let config = MemoryConfig { log: Arc::clone(&self.log), mode };
        let (sink, control) = self.rig.lake.sink();
        self.rig.start_with(MemorySource::new(config, secs(1)), (), sink, control).await
    }

    /// Rows by table; none is missing and none is there twice.
    fn rows(&self) -> [usize; 3] {
        assert_eq!(self.rig.lake.breaks(), Vec::<String>::new());
        let roles = [TableRole::Output, TableRole::Rejects, TableRole::DeadLetters];
        roles.map(|role| self.rig.lake.num_rows(role))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.log.close();
    }
}

#[tokio::test(start_paused = true)]
async fn runs_to_the_end_take_each_record_once() {
    let kept = Kept::new("runs", Rig::new());
    for round in 1..4 {
        kept.push(&[GOOD, SLOW, BROKEN, GOOD]);
        kept.start().await.unwrap().ended().await.unwrap();
        assert_eq!(kept.rows(), [2 * round, round, round]);
    }
    kept.start().await.unwrap().ended().await.unwrap();
    assert_eq!(kept.rig.lake.ledgers().len(), 3, "nothing was left");
}

#[tokio::test(start_paused = true)]
async fn a_killed_worker_leaves_no_gap_and_nothing_twice() {
    let kept = Kept::new("killed", Rig::ticking());
    for round in 1..4 {
        let worker = kept.start().await.unwrap();
        kept.push(&[GOOD; 10]);
        tokio::time::sleep(secs(15)).await;
        assert_eq!(kept.rows(), [round * 20 - 10, 0, 0], "those of the last round, and of this");
        kept.push(&[GOOD; 10]);
        tokio::time::sleep(secs(1)).await;
        worker.kill();
    }
    let worker = kept.start().await.unwrap();
    tokio::time::sleep(secs(1)).await;
    worker.stopped(StopMode::Drain).await;
    assert_eq!(kept.rows(), [60, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_ends_its_query() {
    let kept = Kept::new("ended", Rig::ticking());
    let worker = kept.start().await.unwrap();
    kept.push(&[GOOD; 3]);
    kept.log.end();
    worker.ended().await.unwrap();
    assert_eq!(kept.rows(), [3, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_output_does_not_go_on_with_another_stream() {
    let kept = Kept::new("first", Rig::new());
    kept.push(&[GOOD]);
    kept.start().await.unwrap().ended().await.unwrap();
    kept.log.close();
    let log = MemoryLog::open("first", "made later", 2).unwrap();
    let other = Kept { rig: Rig { lake: kept.rig.lake.clone(), ..Rig::new() }, log };
    let fault = other.start().await.err().unwrap();
    assert_eq!(fault.code(), "MEMORY_OTHER_STREAM");
}
