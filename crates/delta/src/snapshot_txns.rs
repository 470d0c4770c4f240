//! Every `txn` of a table at a version: the checkpoint's `txn` column and the entries after it.
//! The cost is one column of one checkpoint, whatever the number of files or partitions.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use deltalake::Path;
use deltalake::logstore::object_store::ObjectMeta;
use futures::TryStreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use crate::fault::{DeltaFault, Source};
use crate::object_reader::ObjectReader;
use crate::store::TableStore;

type Txns = Vec<(String, i64)>;

/// With the version of the checkpoint that they were read from; -1 without one.
pub(crate) async fn read(log: &TableStore, version: i64) -> Result<(Txns, i64), DeltaFault> {
    let fail = |source: Source| DeltaFault::store("read positions", &log.address, source);
    let listed = list(log).await?;
    let (checkpoint, parts) = newest_checkpoint(&listed, version);
    let mut txns = Vec::new();
    for part in parts {
        txns.extend(read_part(log, part).await.map_err(fail)?);
    }
    for version in checkpoint + 1..=version {
        let missing = || DeltaFault::MissingEntry { address: log.address.clone(), version };
        txns.extend(log.read_entry(version).await?.ok_or_else(missing)?.txns);
    }
    Ok((txns, checkpoint))
}

/// Why a log cannot be read, if an entry of it is torn or missing.
pub(crate) async fn defect(log: &TableStore) -> Option<DeltaFault> {
    let listed = list(log).await.ok()?;
    let newest = listed.iter().filter_map(entry_version).max()?;
    match read(log, newest).await {
        Err(fault @ (DeltaFault::TornEntry { .. } | DeltaFault::MissingEntry { .. })) => {
            Some(fault)
        }
        _ => None,
    }
}

/// An entry or a checkpoint of a log.
#[derive(Clone, Debug)]
pub(crate) struct LogFile {
    pub version: i64,
    pub is_checkpoint: bool,
    pub modified: chrono::DateTime<chrono::Utc>,
    pub path: Path,
}

pub(crate) async fn log_files(log: &TableStore) -> Result<Vec<LogFile>, DeltaFault> {
    let file = |meta: ObjectMeta| {
        let name = meta.location.filename()?;
        let checkpoint = checkpoint_name(name).map(|(version, _)| version);
        let version = checkpoint.or_else(|| entry_version(&meta))?;
        let is_checkpoint = checkpoint.is_some();
        Some(LogFile { version, is_checkpoint, modified: meta.last_modified, path: meta.location })
    };
    Ok(list(log).await?.into_iter().filter_map(file).collect())
}

/// The oldest entry that clean-up has left.
pub(crate) async fn first_entry(log: &TableStore) -> Result<i64, DeltaFault> {
    Ok(entries(log).await?.map_or(0, |(first, _)| first))
}

/// The oldest and the newest entry; `None` where there is none.
pub(crate) async fn entries(log: &TableStore) -> Result<Option<(i64, i64)>, DeltaFault> {
    let listed = list(log).await?;
    let versions = || listed.iter().filter_map(entry_version);
    Ok(versions().min().zip(versions().max()))
}

/// The oldest version that can still be read: the first, or that of the oldest checkpoint.
pub(crate) async fn oldest_version(log: &TableStore) -> Result<i64, DeltaFault> {
    let files = log_files(log).await?;
    let oldest = |is_checkpoint| {
        let files = files.iter().filter(|file| file.is_checkpoint == is_checkpoint);
        files.map(|file| file.version).min()
    };
    Ok(match oldest(false) {
        Some(first) if first > 0 => oldest(true).unwrap_or(first),
        _ => 0,
    })
}

async fn list(log: &TableStore) -> Result<Vec<ObjectMeta>, DeltaFault> {
    let objects = log.objects();
    let listing = objects.list(Some(&Path::from("_delta_log")));
    let listed = listing.try_collect().await;
    listed.map_err(|source| DeltaFault::store("list the log", &log.address, source))
}

fn entry_version(meta: &ObjectMeta) -> Option<i64> {
    meta.location.filename()?.strip_suffix(".json")?.parse().ok()
}

/// Version and files of the newest checkpoint that is complete; -1 without one.
fn newest_checkpoint(listed: &[ObjectMeta], version: i64) -> (i64, Vec<&ObjectMeta>) {
    let mut found: Vec<(i64, usize, &ObjectMeta)> = listed
        .iter()
        .filter_map(|meta| {
            let (version, parts) = checkpoint_name(meta.location.filename()?)?;
            Some((version, parts, meta))
        })
        .filter(|(at, ..)| *at <= version)
        .collect();
    found.sort_by_key(|(version, parts, _)| (std::cmp::Reverse(*version), *parts));
    for (version, parts, _) in &found {
        let files: Vec<&ObjectMeta> = found
            .iter()
            .filter(|(other, other_parts, _)| other == version && other_parts == parts)
            .map(|(.., meta)| *meta)
            .collect();
        if files.len() >= *parts {
            // Several checkpoints of one version say the same: one of them is enough.
            return (*version, files.into_iter().take(*parts).collect());
        }
    }
    (-1, Vec::new())
}

/// Version, and in how many files: `V.checkpoint.parquet`, `V.checkpoint.P.N.parquet` or
/// `V.checkpoint.<uuid>.parquet`.
fn checkpoint_name(name: &str) -> Option<(i64, usize)> {
    let (version, rest) = name.split_once(".checkpoint.")?;
    let version = version.parse().ok()?;
    let rest = rest.strip_suffix("parquet")?.trim_end_matches('.');
    let parts = rest.split_once('.').map_or(Some(1), |(_, parts)| parts.parse().ok())?;
    Some((version, parts))
}

async fn read_part(log: &TableStore, part: &ObjectMeta) -> Result<Txns, Source> {
    let reader =
        ObjectReader { objects: log.objects(), path: part.location.clone(), size: part.size };
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
    let schema = builder.parquet_schema();
    let Some(root) = schema.root_schema().get_fields().iter().position(|f| f.name() == "txn")
    else {
        return Ok(Vec::new());
    };
    let mask = ProjectionMask::roots(schema, [root]);
    let mut batches = builder.with_projection(mask).build()?;
    let mut txns = Vec::new();
    while let Some(batch) = batches.try_next().await? {
        txns.extend(txns_of(&batch).ok_or("checkpoint without txn.appId and txn.version")?);
    }
    Ok(txns)
}

fn txns_of(batch: &RecordBatch) -> Option<Txns> {
    let txn = batch.column_by_name("txn")?.as_struct_opt()?;
    let app_ids = txn.column_by_name("appId")?.as_string_opt::<i32>()?;
    let versions = txn.column_by_name("version")?.as_primitive_opt::<Int64Type>()?;
    let rows = (0..txn.len()).filter(|row| txn.is_valid(*row) && app_ids.is_valid(*row));
    Some(rows.map(|row| (app_ids.value(row).to_owned(), versions.value(row))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoint_names_tell_version_and_parts() {
        for (name, expected) in [
            ("00000000000000000010.checkpoint.parquet", Some((10, 1))),
            ("00000000000000000010.checkpoint.0000000001.0000000003.parquet", Some((10, 3))),
            (
                "00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.parquet",
                Some((10, 1)),
            ),
            ("00000000000000000010.json", None),
            ("_last_checkpoint", None),
        ] {
            assert_eq!(checkpoint_name(name), expected, "{name}");
        }
    }
}
