#![allow(clippy::print_stdout, clippy::expect_used)]
//! Latency of a commit: `cargo bench -p headgate-delta --bench commit`.
//!
//! One row a table and batch, so that what is timed is the protocol: finish the files, put the
//! entry, absorb it; with side tables, pay them too. The limit with `fsync` is two syncs of files
//! and two of folders, and two more for a payment; without, a few system calls. It must not grow
//! with the table: compare the window from commit 20 with that up to 2,100. Both windows have
//! checkpoints beside them, as any have.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use headgate_delta::{Codec, DeltaSink, DeltaSinkConfig, Durability, TableConfig, address_of};
use headgate_model::{
    BatchCommit, Budget, CommitOutcome, Counts, LakeSink, Ledger, PartitionId, PartitionLedger,
    Positions, Status, TableRole, Verdict,
};

const COMMITS: i64 = 2_100;
/// Commits over which a percentile is taken.
const WINDOW: usize = 200;

fn schema() -> Schema {
    Schema::new(vec![Field::new("seq", DataType::Int64, false)])
}

/// A record a table.
fn ledger(offset: i64, tables: &[TableRole]) -> Ledger {
    let count = |role| u64::from(tables.contains(&role));
    let (rejected, dead_letters) = (count(TableRole::Rejects), count(TableRole::DeadLetters));
    let records = tables.len() as i64;
    let counts = Counts {
        records: records as u64,
        accepted: 1,
        rejected,
        dead_letters,
        ..Counts::default()
    };
    let range = PartitionLedger {
        partition: PartitionId::new("bench", "-", 0),
        start: offset,
        end: offset + records,
        records,
        gaps: 0,
        lost: 0,
        first: false,
    };
    let verdict = Verdict {
        batch_uuid: uuid::Uuid::new_v4().to_string(),
        status: Status::Ok,
        row_count: 1 + rejected,
        violating_rows: rejected,
        violations: rejected,
        dead_letters,
        rules: Vec::new(),
        contract: None,
    };
    Ledger {
        partitions: vec![range],
        counts,
        verdict,
        shadow: None,
        intervention: None,
        rerouted_to: None,
    }
}

fn table(role: TableRole, folder: &Path) -> TableConfig {
    TableConfig {
        role,
        address: address_of(&folder.join(role.as_str())).expect("an address"),
        schema: Arc::new(schema()),
        partition_columns: Vec::new(),
        codec: Codec::default(),
        target_file_bytes: 128 << 20,
        merge_schema: false,
        store: Default::default(),
        checkpoint_interval: headgate_delta::DEFAULT_CHECKPOINT_INTERVAL,
    }
}

async fn run(durability: Durability, tables: &[TableRole]) -> Vec<Duration> {
    let folder = tempfile::tempdir().expect("a folder");
    let sides = tables.iter().filter(|role| **role != TableRole::Output);
    let mut sink = DeltaSink::new(DeltaSinkConfig {
        query: "bench".to_owned(),
        output: table(TableRole::Output, folder.path()),
        side_tables: sides.map(|role| table(*role, folder.path())).collect(),
        durability,
        cursors: Default::default(),
        buffers: Budget::of(64 << 20),
    });
    sink.open().await.expect("opens");
    let starts = Positions::from([(PartitionId::new("bench", "-", 0), 0)]);
    sink.initialize(starts).await.expect("initialises");
    let mut times = Vec::new();
    for number in 0..COMMITS {
        let offset = number * tables.len() as i64;
        for role in tables {
            let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![offset]))];
            let rows = RecordBatch::try_new(Arc::new(schema()), columns).expect("rows");
            sink.write(*role, rows).await.expect("writes");
        }
        let started = Instant::now();
        let commit = BatchCommit { ledger: ledger(offset, tables), blocked: None, stands_on: None };
        let outcome = sink.commit(commit).await.expect("commits");
        times.push(started.elapsed());
        let CommitOutcome::Committed { side_tables, .. } = outcome else {
            unreachable!("nobody else commits")
        };
        assert!(side_tables.iter().all(|side| side.version.is_some()), "paid");
    }
    times
}

fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100].as_secs_f64() * 1000.0
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!(
        "{:>10} {:>7} {:>12} {:>10} {:>10} {:>10}",
        "durability", "tables", "commits", "p50 ms", "p99 ms", "max ms"
    );
    for (name, durability) in [("process", Durability::Process), ("fsync", Durability::Fsync)] {
        for tables in [&TableRole::ALL[..1], &TableRole::ALL[..]] {
            let times = runtime.block_on(run(durability, tables));
            for from in [20, times.len() - WINDOW] {
                let mut window = times[from..from + WINDOW].to_vec();
                window.sort_unstable();
                let range = format!("{from}..{}", from + WINDOW);
                let [p50, p99, max] = [50, 99, 100].map(|percent| percentile(&window, percent));
                let count = tables.len();
                println!("{name:>10} {count:>7} {range:>12} {p50:>10.2} {p99:>10.2} {max:>10.2}");
            }
        }
    }
}
