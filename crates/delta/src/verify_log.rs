//! Log entries as `verify` reads them: accounts, and which files they add.

use serde_json::Value;

use crate::account::Account;
use crate::entry::Entry;
use crate::fault::DeltaFault;
use crate::log::LogStorage;
use crate::store::TableStore;

pub(crate) struct Commit {
    pub account: Option<Account>,
    /// Of added files, as the log names them.
    pub paths: Vec<String>,
    /// Of added files, by their statistics.
    pub rows: u64,
}

pub(crate) async fn read_commit(
    log: &TableStore,
    version: i64,
) -> Result<Option<Commit>, DeltaFault> {
    let Some(bytes) = log.read(version).await? else { return Ok(None) };
    let torn = |source: serde_json::Error| DeltaFault::TornEntry {
        address: log.address.clone(),
        version,
        source: source.into(),
    };
    let account = Entry::parse(&bytes).map_err(torn)?.account;
    let (mut paths, mut rows) = (Vec::new(), 0);
    for add in adds(&bytes).map_err(torn)? {
        let stats = add.get("stats").and_then(Value::as_str).unwrap_or("{}");
        let stats: Value = serde_json::from_str(stats).map_err(torn)?;
        rows += stats.get("numRecords").and_then(Value::as_u64).unwrap_or(0);
        paths.extend(add.get("path").and_then(Value::as_str).map(str::to_owned));
    }
    Ok(Some(Commit { account, paths, rows }))
}

/// The `add` actions of an entry.
pub(crate) fn adds(bytes: &[u8]) -> Result<Vec<Value>, serde_json::Error> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"{\"add\""))
        .map(|line| serde_json::from_slice::<Value>(line).map(|mut line| line["add"].take()))
        .collect()
}
