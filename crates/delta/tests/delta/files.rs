//! Data files: split by size and partition, kept within the buffer budget, synced.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use headgate_delta::{Codec, Durability};
use headgate_model::{BatchCommit, CommitOutcome, Counts, LakeSink, TableRole};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::lake::{BOTH, Lake, Range, Worker, ledger};
use crate::tables;

/// Rows whose text does not compress.
fn noise(rows: usize, partition: &str, rng: &mut SmallRng) -> RecordBatch {
    let text = |_| (0..64).map(|_| rng.random_range('a'..='z')).collect::<String>();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..rows as i64)),
        Arc::new(StringArray::from_iter_values((0..rows).map(text))),
        Arc::new(StringArray::from(vec![partition; rows])),
    ];
    RecordBatch::try_new(noise_schema().into(), columns).unwrap()
}

fn noise_schema() -> Schema {
    Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("text", DataType::Utf8, true),
        Field::new("part", DataType::Utf8, true),
    ])
}

async fn noisy(lake: &Lake, target: usize, budget: u64, partitioned: bool) -> Worker {
    let mut config = lake.config();
    config.output.schema = Arc::new(noise_schema());
    config.output.target_file_bytes = target;
    config.output.partition_columns = partitioned.then(|| "part".to_owned()).into_iter().collect();
    config.buffers.set(budget);
    Worker::start(config).await.unwrap()
}

/// Commits `rows` output rows under a ledger of as many records.
async fn settle(worker: &mut Worker, rows: u64) {
    let range: Range = (0, 0, rows as i64);
    let mut ledger = ledger(&[range], false);
    ledger.counts = Counts { records: rows, accepted: rows, ..Counts::default() };
    let outcome =
        worker.sink.commit(BatchCommit { ledger, blocked: None, stands_on: None }).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed { .. }));
}

#[tokio::test]
async fn a_file_is_closed_once_it_has_its_target_size() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        let target = 256 << 10;
        let mut worker = noisy(&lake, target, 64 << 20, false).await;
        let mut rng = SmallRng::seed_from_u64(1);
        for _ in 0..40 {
            worker.sink.write(TableRole::Output, noise(1000, "x", &mut rng)).await.unwrap();
        }
        settle(&mut worker, 40_000).await;
        let entry = tables::entry(&lake.output(), 2).await;
        let sizes: Vec<u64> = tables::actions(&entry, "add")
            .iter()
            .map(|add| add["size"].as_u64().unwrap())
            .collect();
        assert!(sizes.len() > 3, "{sizes:?}");
        let closed = &sizes[..sizes.len() - 1];
        let near = (target as u64 / 2)..(target as u64 * 2);
        assert!(closed.iter().all(|size| near.contains(size)), "{sizes:?}");
        let rows: usize =
            tables::rows(&lake.output()).await.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(rows, 40_000);
        assert_eq!(lake.verify().await.breaks, Vec::<String>::new());
    }
}

#[tokio::test]
async fn row_groups_end_early_to_keep_within_the_buffer_budget() {
    let lake = Lake::local(Durability::Process);
    let budget = 16 << 20;
    let mut worker = noisy(&lake, 1 << 30, budget, false).await;
    let mut rng = SmallRng::seed_from_u64(2);
    let mut most = 0;
    for _ in 0..150 {
        worker.sink.write(TableRole::Output, noise(4000, "x", &mut rng)).await.unwrap();
        most = most.max(worker.sink.buffered_bytes());
    }
    assert!(most > budget / 2, "the test writes enough to matter: {most}");
    assert!(most <= budget, "{most} bytes under a budget of {budget}");
    settle(&mut worker, 600_000).await;
    let files = tables::files(&lake.output()).await;
    assert_eq!(files.len(), 1, "one file, of several row groups");
    let reader = ParquetRecordBatchReaderBuilder::try_new(files[0].1.clone()).unwrap();
    assert!(reader.metadata().num_row_groups() > 1);
    assert_eq!(reader.metadata().file_metadata().num_rows(), 600_000);
    let ids: Vec<i64> = reader
        .build()
        .unwrap()
        .flat_map(|batch| {
            let batch = batch.unwrap();
            let ids: &Int64Array = batch.column(0).as_any().downcast_ref().unwrap();
            ids.values().to_vec()
        })
        .collect();
    assert!(ids.iter().enumerate().all(|(row, id)| *id == (row % 4000) as i64), "in order");
}

#[tokio::test]
async fn a_budget_far_too_small_still_gets_every_row_written() {
    let lake = Lake::local(Durability::Process);
    let mut worker = noisy(&lake, 64 << 20, 1, true).await;
    let mut rng = SmallRng::seed_from_u64(3);
    for part in ["a", "b", "a", "b"] {
        worker.sink.write(TableRole::Output, noise(500, part, &mut rng)).await.unwrap();
    }
    settle(&mut worker, 2000).await;
    let rows: usize = tables::rows(&lake.output()).await.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, 2000);
}

#[tokio::test]
async fn partition_values_survive_any_characters() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        let mut worker = noisy(&lake, 64 << 20, 64 << 20, true).await;
        let mut rng = SmallRng::seed_from_u64(4);
        let values = ["plain", "a b", "x/y", "50%", "ü:=#?", "..", "~", "%20", "'\"\\"];
        for value in values {
            worker.sink.write(TableRole::Output, noise(3, value, &mut rng)).await.unwrap();
        }
        settle(&mut worker, 3 * values.len() as u64).await;
        let loaded = tables::load(&lake.output()).await;
        let mut found: Vec<String> = loaded
            .snapshot()
            .unwrap()
            .log_data()
            .iter()
            .map(|file| file.partition_values_map()["part"].clone().unwrap())
            .collect();
        found.sort();
        let mut expected = values.map(str::to_owned);
        expected.sort();
        assert_eq!(found, expected);
        let rows: usize =
            tables::rows(&lake.output()).await.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(rows, 3 * values.len(), "deltalake finds every file under its path");
        let preview = headgate_delta::newest_rows(&lake.output(), 1000).await.unwrap();
        assert_eq!(preview.num_rows(), rows);
        lake.verify().await;
    }
}

#[tokio::test]
async fn null_and_empty_partition_values_are_one_partition() {
    let lake = Lake::local(Durability::Process);
    let mut worker = noisy(&lake, 64 << 20, 64 << 20, true).await;
    let schema = Arc::new(noise_schema());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1, 2, 3])),
        Arc::new(StringArray::from(vec!["a", "b", "c"])),
        Arc::new(StringArray::from(vec![None, Some(""), Some("x")])),
    ];
    let rows = RecordBatch::try_new(schema, columns).unwrap();
    worker.sink.write(TableRole::Output, rows).await.unwrap();
    settle(&mut worker, 3).await;
    let entry = tables::entry(&lake.output(), 2).await;
    let adds = tables::actions(&entry, "add");
    let values: Vec<_> = adds.iter().map(|add| add["partitionValues"]["part"].as_str()).collect();
    assert_eq!(values, [None, Some("x")]);
    assert!(adds[0]["path"].as_str().unwrap().starts_with("part=__HIVE_DEFAULT_PARTITION__/"));
}

#[tokio::test]
async fn every_codec_is_written_under_its_name_and_read_back() {
    for (name, codec) in Codec::NAMES {
        let lake = Lake::local(Durability::Process);
        let mut config = lake.config();
        config.output.codec = codec;
        let mut worker = Worker::start(config).await.unwrap();
        worker.advance(&[0], 20).await;
        let files = tables::files(&lake.output()).await;
        assert!(files[0].0.as_ref().ends_with(&format!(".{name}.parquet")), "{}", files[0].0);
        assert_eq!(tables::coordinates(&lake.output()).await.len(), 12, "{name}");
    }
}

#[tokio::test]
async fn a_file_of_many_parts_is_uploaded_whole_or_not_at_all() {
    let lake = Lake::local(Durability::Fsync);
    let mut worker = noisy(&lake, 1 << 30, 12 << 20, false).await;
    let mut rng = SmallRng::seed_from_u64(5);
    for _ in 0..120 {
        worker.sink.write(TableRole::Output, noise(4000, "x", &mut rng)).await.unwrap();
    }
    worker.sink.discard().await;
    // Not as the store lists them: it hides what is staged.
    let root = lake.output().to_file_path().unwrap();
    let left = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["_delta_log"]);
    for _ in 0..120 {
        worker.sink.write(TableRole::Output, noise(4000, "x", &mut rng)).await.unwrap();
    }
    settle(&mut worker, 480_000).await;
    let entry = tables::entry(&lake.output(), 2).await;
    let add = tables::actions(&entry, "add")[0];
    let files = tables::files(&lake.output()).await;
    assert!(files[0].1.len() > 16 << 20);
    assert_eq!(add["size"].as_u64(), Some(files[0].1.len() as u64));
}
