#![allow(clippy::expect_used)]
//! Rows a second on one core through the sink into Parquet in memory: nine payload and six metadata
//! columns, until the commit has landed.
//!
//! `none` is encoding alone (levels, dictionaries, statistics); what `zstd` takes longer is zstd at
//! level 1, the limit once encoding costs nothing.

use std::sync::Arc;

use arrow_array::RecordBatch;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use headgate_delta::{Codec, DeltaSink, DeltaSinkConfig, Durability, TableConfig};
use headgate_model::{BatchCommit, Budget, Counts, LakeSink, Ledger, Status, TableRole, Verdict};
use tokio::runtime::Runtime;
use url::Url;

mod events;

const ROWS: i64 = 1 << 18;
const CHUNK_ROWS: i64 = 1 << 13;

fn config(codec: Codec) -> DeltaSinkConfig {
    let output = TableConfig {
        role: TableRole::Output,
        // Every sink has a store of its own there, which goes with it.
        address: Url::parse("memory:///events").expect("a URL"),
        schema: events::schema(),
        partition_columns: Vec::new(),
        codec,
        target_file_bytes: 128 << 20,
        merge_schema: false,
        store: Default::default(),
        checkpoint_interval: headgate_delta::DEFAULT_CHECKPOINT_INTERVAL,
    };
    DeltaSinkConfig {
        query: "bench".to_owned(),
        output,
        side_tables: Vec::new(),
        durability: Durability::Process,
        cursors: Default::default(),
        buffers: Budget::of(256 << 20),
    }
}

async fn opened(codec: Codec) -> DeltaSink {
    let mut sink = DeltaSink::new(config(codec));
    sink.open().await.expect("opens");
    sink.initialize(Default::default()).await.expect("initialises");
    sink
}

fn ledger() -> Ledger {
    let verdict = Verdict {
        batch_uuid: uuid::Uuid::new_v4().to_string(),
        status: Status::Ok,
        row_count: ROWS as u64,
        violating_rows: 0,
        violations: 0,
        dead_letters: 0,
        rules: Vec::new(),
        contract: None,
    };
    Ledger {
        partitions: Vec::new(),
        counts: Counts::default(),
        verdict,
        shadow: None,
        intervention: None,
        rerouted_to: None,
    }
}

async fn write(mut sink: DeltaSink, chunks: &[RecordBatch]) -> DeltaSink {
    for chunk in chunks {
        sink.write(TableRole::Output, chunk.clone()).await.expect("writes");
    }
    sink.commit(BatchCommit { ledger: ledger(), blocked: None, stands_on: None })
        .await
        .expect("commits");
    sink
}

fn encode(criterion: &mut Criterion) {
    let runtime = Arc::new(Runtime::new().expect("a runtime"));
    let chunks = events::chunks(ROWS, CHUNK_ROWS);
    let mut group = criterion.benchmark_group("encode");
    group.sample_size(12).throughput(Throughput::Elements(ROWS as u64));
    for (name, codec) in [("zstd", Codec::Zstd), ("none", Codec::Uncompressed)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || runtime.block_on(opened(codec)),
                |sink| runtime.block_on(write(sink, &chunks)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
