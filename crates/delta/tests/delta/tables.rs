//! Tables looked at and tampered with from outside the sink.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use bytes::Bytes;
use deltalake::logstore::object_store::ObjectStoreExt;
use deltalake::{DeltaTable, DeltaTableBuilder, ObjectStore, Path};
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use url::Url;

pub fn objects(table: &Url) -> Arc<dyn ObjectStore> {
    DeltaTableBuilder::from_url(table.clone()).unwrap().build_storage().unwrap().object_store(None)
}

pub fn entry_path(version: i64) -> Path {
    Path::from(format!("_delta_log/{version:020}.json"))
}

/// The actions of a log entry, in order.
pub async fn entry(table: &Url, version: i64) -> Vec<Value> {
    let bytes = objects(table).get(&entry_path(version)).await.unwrap().bytes().await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub async fn put_entry(table: &Url, version: i64, actions: &[Value]) {
    let lines: Vec<String> = actions.iter().map(Value::to_string).collect();
    objects(table).put(&entry_path(version), lines.join("\n").into()).await.unwrap();
}

/// Rewrites an entry with `edit`.
pub async fn edit_entry(table: &Url, version: i64, edit: impl FnOnce(&mut Vec<Value>)) {
    let mut actions = entry(table, version).await;
    edit(&mut actions);
    put_entry(table, version, &actions).await;
}

pub async fn delete(table: &Url, path: &str) {
    objects(table).delete(&Path::parse(path).unwrap()).await.unwrap();
}

/// The actions of a kind, such as `add`.
pub fn actions<'a>(entry: &'a [Value], kind: &str) -> Vec<&'a Value> {
    entry.iter().filter_map(|action| action.get(kind)).collect()
}

pub fn ledger(entry: &[Value]) -> &Value {
    &actions(entry, "commitInfo")[0]["headgate"]
}

/// What OPTIMIZE or any other writer leaves: a commit that knows nothing of Headgate.
pub fn foreign(operation: &str) -> Value {
    json!({ "commitInfo": { "timestamp": 1, "operation": operation, "engineInfo": "elsewhere" } })
}

pub async fn load(table: &Url) -> DeltaTable {
    let mut loaded = DeltaTable::new(
        DeltaTableBuilder::from_url(table.clone()).unwrap().build_storage().unwrap(),
    );
    loaded.load().await.unwrap();
    loaded
}

pub async fn version(table: &Url) -> i64 {
    load(table).await.version().unwrap() as i64
}

/// Every object of the table, relative to its root.
pub async fn list(table: &Url) -> Vec<String> {
    let listed: Vec<_> = objects(table).list(None).try_collect().await.unwrap();
    let mut paths: Vec<String> = listed.iter().map(|meta| meta.location.to_string()).collect();
    paths.sort();
    paths
}

/// The active data files, as deltalake reads the log, with their bytes.
pub async fn files(table: &Url) -> Vec<(Path, Bytes)> {
    let loaded = load(table).await;
    let paths: Vec<Path> =
        loaded.snapshot().unwrap().log_data().iter().map(|file| file.object_store_path()).collect();
    let objects = objects(table);
    let mut files = Vec::new();
    for path in paths {
        let bytes = objects.get(&path).await.unwrap().bytes().await.unwrap();
        files.push((path, bytes));
    }
    files
}

/// All rows of the active files; partition columns are not among them.
pub async fn rows(table: &Url) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    for (_, bytes) in files(table).await {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        batches.extend(reader.map(Result::unwrap));
    }
    batches
}

/// Partition and offset of every row, sorted; twice what is there twice.
pub async fn coordinates(table: &Url) -> Vec<(i32, i64)> {
    let mut found = Vec::new();
    for batch in rows(table).await {
        let column = |name| Arc::clone(batch.column_by_name(name).unwrap());
        let (partitions, offsets) = (column("_kafka_partition"), column("_kafka_offset"));
        let partitions = partitions.as_primitive::<Int32Type>().values().to_vec();
        let offsets = offsets.as_primitive::<Int64Type>().values().to_vec();
        found.extend(partitions.into_iter().zip(offsets));
    }
    found.sort_unstable();
    found
}

/// A checkpoint of the newest version.
pub async fn checkpoint(table: &Url) {
    deltalake::checkpoints::create_checkpoint(&load(table).await, None).await.unwrap();
}

pub async fn column_names(table: &Url) -> Vec<String> {
    let loaded = load(table).await;
    let schema = loaded.snapshot().unwrap().schema();
    schema.fields().map(|field| field.name().to_string()).collect()
}

/// Another writer's commit that edits the columns.
pub async fn change_schema(table: &Url, version: i64, edit: impl FnOnce(&mut Vec<Value>)) {
    let loaded = load(table).await;
    let mut metadata = serde_json::to_value(loaded.snapshot().unwrap().metadata()).unwrap();
    let mut schema: Value =
        serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    edit(schema["fields"].as_array_mut().unwrap());
    metadata["schemaString"] = schema.to_string().into();
    put_entry(table, version, &[foreign("ALTER TABLE"), json!({ "metaData": metadata })]).await;
}
