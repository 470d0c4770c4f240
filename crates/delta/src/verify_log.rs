//! Log entries as `verify` reads them: accounts, and which files they add.

use std::ops::RangeInclusive;

use futures::{Stream, StreamExt, stream};
use serde_json::Value;

use crate::account::Account;
use crate::entry::Entry;
use crate::fault::DeltaFault;
use crate::log::LogStorage;
use crate::store::TableStore;

pub(crate) struct Commit {
    pub account: Option<Account>,
    /// What took rows away, if the commit is another writer's and did.
    pub removal: Option<String>,
    /// Of added files, as the log names them.
    pub paths: Vec<String>,
    /// Of added files, by their statistics.
    pub rows: u64,
}

/// Entries that are read side by side.
const READ_AT_ONCE: usize = 16;

/// All of `versions`, in order; one that is missing is an error.
pub(crate) fn read_commits(
    log: &TableStore,
    versions: RangeInclusive<i64>,
) -> impl Stream<Item = Result<(i64, Commit), DeltaFault>> + Unpin {
    let read = move |version| async move { Ok((version, read_commit(log, version).await?)) };
    stream::iter(versions).map(read).buffered(READ_AT_ONCE).boxed()
}

async fn read_commit(log: &TableStore, version: i64) -> Result<Commit, DeltaFault> {
    let missing = || DeltaFault::MissingEntry { address: log.address.clone(), version };
    let bytes = log.read(version).await?.ok_or_else(missing)?;
    let torn = |source: serde_json::Error| DeltaFault::TornEntry {
        address: log.address.clone(),
        version,
        source: source.into(),
    };
    let Entry { account, operation, takes_rows, .. } = Entry::parse(&bytes).map_err(torn)?;
    let is_foreign = account.is_none() && takes_rows;
    let removal = is_foreign.then(|| operation.unwrap_or_else(|| "unnamed".to_owned()));
    let (mut paths, mut rows) = (Vec::new(), 0);
    for add in adds(&bytes).map_err(torn)? {
        let stats = add.get("stats").and_then(Value::as_str).unwrap_or("{}");
        let stats: Value = serde_json::from_str(stats).map_err(torn)?;
        rows += stats.get("numRecords").and_then(Value::as_u64).unwrap_or(0);
        paths.extend(add.get("path").and_then(Value::as_str).map(str::to_owned));
    }
    Ok(Commit { account, removal, paths, rows })
}

/// The `add` actions of an entry.
pub(crate) fn adds(bytes: &[u8]) -> Result<Vec<Value>, serde_json::Error> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"{\"add\""))
        .map(|line| serde_json::from_slice::<Value>(line).map(|mut line| line["add"].take()))
        .collect()
}
