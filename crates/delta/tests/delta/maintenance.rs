//! Tables are rearranged and tidied while they are written: no row comes, goes or moves a position.

use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use chrono::Utc;
use headgate_delta::{
    Durability, MaintainedTable, Maintenance, MaintenanceConfig, OptimizeOptions, Optimized,
    checkpoint, optimize, vacuum,
};
use headgate_model::{Fault, LakeSink};
use serde_json::json;
use url::Url;

use crate::lake::{BOTH, Lake, MARKER, Worker};
use crate::tables;
use crate::world::{Deed, Trick};

async fn optimized(table: &Url) -> Optimized {
    optimize(table, &OptimizeOptions::default()).await.unwrap()
}

async fn data_files(table: &Url) -> Vec<String> {
    let listed = tables::list(table).await;
    listed.into_iter().filter(|path| path.ends_with(".parquet") && !path.contains('_')).collect()
}

async fn is_optimized(table: &Url) -> bool {
    for version in 0..=tables::version(table).await {
        let entry = tables::entry(table, version).await;
        let infos = tables::actions(&entry, "commitInfo");
        if infos.iter().any(|info| info["operation"] == "OPTIMIZE") {
            return true;
        }
    }
    false
}

/// A table of `count` files, with rows in the others as well.
async fn fill(worker: &mut Worker, count: usize) {
    for _ in 0..count {
        worker.advance(&[0, 1, 2], 5).await;
    }
}

#[tokio::test]
async fn files_become_one_and_workers_do_not_notice() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        let mut worker = lake.worker().await;
        fill(&mut worker, 6).await;
        for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
            let before = tables::coordinates(&table).await;
            let done = optimized(&table).await;
            assert_eq!((done.files_removed, done.files_added, done.conflicts), (6, 1, 0));
            assert_eq!(tables::files(&table).await.len(), 1);
            assert_eq!(tables::coordinates(&table).await, before);
            assert_eq!(optimized(&table).await, Optimized::default(), "nothing is left to do");
        }
        fill(&mut worker, 1).await;
        let entry = tables::entry(&lake.output(), 8).await;
        assert_eq!(tables::actions(&entry, "commitInfo")[0]["operation"], "OPTIMIZE");
        assert!(tables::actions(&entry, "remove").iter().all(|file| file["dataChange"] == false));
        assert!(tables::actions(&entry, "add").iter().all(|file| file["dataChange"] == false));
        lake.settle().await;
    }
}

#[tokio::test]
async fn rejected_values_stay_out_of_the_log_of_a_side_table_too() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    fill(&mut worker, 3).await;
    let version = optimized(&lake.rejects()).await.version.unwrap();
    let entry = tables::entry(&lake.rejects(), version).await;
    let stats = tables::actions(&entry, "add")[0]["stats"].as_str().unwrap().to_owned();
    assert!(stats.contains("_kafka_offset") && !stats.contains(MARKER), "{stats}");
}

#[tokio::test]
async fn what_another_writer_removed_meanwhile_does_not_come_back() {
    let (lake, world) = Lake::simulated();
    let mut worker = lake.worker().await;
    fill(&mut worker, 3).await;
    let entry = tables::entry(&lake.output(), 2).await;
    let path = tables::actions(&entry, "add")[0]["path"].clone();
    // The rewriting waits before its put, and somebody deletes a file of it in the meantime.
    world.play(Deed::Put, "00000000000000000005.json", 1, Trick::Refuse);
    let table = lake.output();
    let deleting = async {
        while world.count(Deed::Put, "00000000000000000005.json") == 0 {
            tokio::task::yield_now().await;
        }
        let gone = json!({ "remove": { "path": path, "dataChange": true } });
        tables::put_entry(&table, 5, &[tables::foreign("DELETE"), gone]).await;
    };
    let (done, ()) = futures::join!(optimized(&table), deleting);
    assert_eq!((done.version, done.conflicts), (None, 1));
    assert_eq!(tables::files(&table).await.len(), 2);
    assert_eq!(data_files(&table).await.len(), 3, "the new file is gone again");
    assert_eq!(tables::version(&table).await, 5);
}

#[tokio::test]
async fn a_rewriting_that_loses_its_slot_to_a_batch_takes_the_next() {
    let (lake, world) = Lake::simulated();
    let mut worker = lake.worker().await;
    fill(&mut worker, 3).await;
    world.play(Deed::Put, "output/_delta_log/00000000000000000005.json", 1, Trick::Refuse);
    let table = lake.output();
    let writing = async {
        while world.count(Deed::Put, "output/_delta_log/00000000000000000005.json") == 0 {
            tokio::task::yield_now().await;
        }
        worker.advance(&[0], 5).await
    };
    let (done, version) = futures::join!(optimized(&table), writing);
    assert_eq!((version, done.version, done.conflicts), (5, Some(6), 0));
    worker.advance(&[0], 5).await;
    lake.settle().await;
}

#[tokio::test]
async fn a_lost_reply_to_the_commit_is_found_out() {
    for trick in [Trick::LoseReply, Trick::DenyOwn] {
        let (lake, world) = Lake::simulated();
        fill(&mut lake.worker().await, 3).await;
        world.play(Deed::Put, "output/_delta_log", 1, trick);
        assert_eq!(optimized(&lake.output()).await.version, Some(5));
        assert_eq!(tables::files(&lake.output()).await.len(), 1);
        lake.settle().await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_leaves_the_table_as_it_was() {
    let (lake, world) = Lake::simulated();
    fill(&mut lake.worker().await, 3).await;
    let before = data_files(&lake.output()).await;
    world.play(Deed::Put, "part-", 1, Trick::Full);
    assert_eq!(optimized(&lake.output()).await, Optimized::default());
    assert_eq!(data_files(&lake.output()).await, before);
    lake.settle().await;
}

#[tokio::test]
async fn partitions_are_rewritten_apart() {
    let lake = Lake::local(Durability::Process);
    let mut config = lake.config();
    config.output.partition_columns = vec!["_kafka_partition".to_owned()];
    let mut worker = Worker::start(config).await.unwrap();
    fill(&mut worker, 3).await;
    worker.advance(&[0], 5).await;
    let done = optimized(&lake.output()).await;
    assert_eq!((done.files_removed, done.files_added), (10, 3));
    let loaded = tables::load(&lake.output()).await;
    let state = loaded.snapshot().unwrap();
    let mut rows: Vec<(String, usize)> = state
        .log_data()
        .iter()
        .map(|file| {
            let value = file.partition_values_map()["_kafka_partition"].clone().unwrap();
            assert!(file.path().starts_with(&format!("_kafka_partition={value}/")));
            (value, file.num_records().unwrap())
        })
        .collect();
    rows.sort();
    let expected = [("0".to_owned(), 12), ("1".to_owned(), 9), ("2".to_owned(), 9)];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn along_a_curve_files_have_bounds_of_their_own() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    for _ in 0..3 {
        worker.advance(&[0, 1, 2], 4_000).await;
    }
    let before = tables::coordinates(&lake.output()).await;
    let bytes: usize = tables::files(&lake.output()).await.iter().map(|(_, b)| b.len()).sum();
    let options = OptimizeOptions {
        target_file_bytes: Some(bytes as u64 / 4 + 1),
        z_order: vec!["_kafka_offset".to_owned()],
        ..OptimizeOptions::default()
    };
    let done = optimize(&lake.output(), &options).await.unwrap();
    assert_eq!((done.files_removed, done.files_added), (3, 4));
    assert_eq!(tables::coordinates(&lake.output()).await, before);
    let mut bounds = Vec::new();
    for (_, bytes) in tables::files(&lake.output()).await {
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        let rows: Vec<i64> = reader
            .build()
            .unwrap()
            .flat_map(|rows| {
                let rows = rows.unwrap();
                let offsets = rows.column_by_name("_kafka_offset").unwrap();
                offsets.as_primitive::<Int64Type>().values().to_vec()
            })
            .collect();
        bounds.push((*rows.iter().min().unwrap(), *rows.iter().max().unwrap()));
    }
    bounds.sort_unstable();
    // Without it every file of a batch had a third of all offsets, of every partition.
    assert!(bounds.windows(2).all(|pair| pair[0].1 < pair[1].0), "{bounds:?}");
    lake.settle().await;
}

#[tokio::test]
async fn a_curve_through_a_column_that_is_not_there_is_refused() {
    let lake = Lake::local(Durability::Process);
    fill(&mut lake.worker().await, 2).await;
    let curve = |names: &[&str]| OptimizeOptions {
        z_order: names.iter().map(|name| (*name).to_owned()).collect(),
        ..OptimizeOptions::default()
    };
    for (names, actual) in [(&["valu"][..], "valu"), (&["value"; 7], "7 columns")] {
        let fault = optimize(&lake.output(), &curve(names)).await.unwrap_err();
        assert_eq!(
            (fault.code(), fault.context().actual.as_deref()),
            ("DELTA_Z_ORDER", Some(actual))
        );
    }
}

#[tokio::test]
async fn vacuum_takes_what_nothing_refers_to_and_only_once_it_is_old() {
    for simulated in [false, true] {
        let lake = if simulated { Lake::simulated().0 } else { Lake::local(Durability::Process) };
        let mut worker = lake.worker().await;
        fill(&mut worker, 3).await;
        let mut zombie = lake.worker().await;
        let ranges = zombie.next(&[0], 5);
        zombie.write(&ranges).await.unwrap();
        zombie.sink.close_files().await.unwrap();
        drop(zombie);
        optimized(&lake.output()).await;
        let all = data_files(&lake.output()).await;
        assert_eq!(all.len(), 5, "one active, three removed, one that no commit names");
        let table = lake.output();
        let week = Duration::from_secs(7 * 86_400);
        assert!(vacuum(&table, None, false, Utc::now()).await.unwrap().files.is_empty());
        let later = Utc::now() + week + Duration::from_secs(60);
        let planned = vacuum(&table, None, true, later).await.unwrap();
        assert_eq!((planned.files.len(), data_files(&table).await.len()), (4, 5));
        let month = Some(week * 4);
        assert!(vacuum(&table, month, false, later).await.unwrap().files.is_empty());
        let version = tables::version(&table).await;
        assert_eq!(vacuum(&table, Some(week), false, later).await.unwrap(), planned);
        assert_eq!(data_files(&table).await.len(), 1);
        assert_eq!(tables::version(&table).await, version, "it takes no slot of the log");
        fill(&mut worker, 1).await;
        lake.settle().await;
    }
}

#[tokio::test]
async fn a_retention_that_open_batches_do_not_survive_is_refused() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    let day = Some(Duration::from_secs(86_400));
    let fault = vacuum(&lake.output(), day, false, Utc::now()).await.unwrap_err();
    assert_eq!(fault.code(), "DELTA_RETENTION");
}

#[tokio::test]
async fn a_checkpoint_by_hand_is_of_the_newest_version() {
    let lake = Lake::local(Durability::Process);
    fill(&mut lake.worker().await, 3).await;
    let done = checkpoint(&lake.output()).await.unwrap();
    assert_eq!((done.version, done.deleted), (4, 0));
    let name = "_delta_log/00000000000000000004.checkpoint.parquet".to_owned();
    assert!(tables::list(&lake.output()).await.contains(&name));
    lake.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maintenance_by_itself_goes_on_beside_a_worker_and_ends_when_told() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let table = |address: Url| MaintainedTable {
        address,
        store: Default::default(),
        options: OptimizeOptions::default(),
        checkpoint_interval: 10,
    };
    let maintenance = Maintenance::start(MaintenanceConfig {
        tables: [lake.output(), lake.rejects(), lake.dead_letters()].map(table).to_vec(),
        optimize_every: Duration::from_millis(20),
        vacuum_every: Duration::from_millis(20),
        vacuum_retention: None,
        durability: Durability::Process,
    })
    .unwrap();
    for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
        while !is_optimized(&table).await {
            fill(&mut worker, 1).await;
        }
    }
    maintenance.stop().await;
    lake.settle().await;
}
