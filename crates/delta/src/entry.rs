//! What a log entry says, as far as a writer cares; files that it adds are not kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::Account;
use crate::protocol::Protocol;

#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub txns: Vec<(String, i64)>,
    pub metadata: Option<TableMetadata>,
    pub protocol: Option<Protocol>,
    pub account: Option<Account>,
    pub operation: Option<String>,
    /// Milliseconds since the epoch, by the writer's clock.
    pub timestamp: Option<i64>,
    /// Paths of removed files, as the log spells them.
    pub removes: Vec<String>,
    /// Rows of a removed file are in the table no more.
    pub takes_rows: bool,
}

/// A `metaData` action. What this version does not know of it is kept for the next one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TableMetadata {
    pub schema_string: String,
    #[serde(default)]
    pub partition_columns: Vec<String>,
    #[serde(default)]
    pub configuration: BTreeMap<String, Value>,
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    txn: Option<TxnLine>,
    meta_data: Option<TableMetadata>,
    protocol: Option<Protocol>,
    commit_info: Option<CommitInfoLine>,
    remove: Option<RemoveLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemoveLine {
    path: String,
    #[serde(default = "yes")]
    data_change: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TxnLine {
    app_id: String,
    version: i64,
}

#[derive(Deserialize)]
struct CommitInfoLine {
    timestamp: Option<i64>,
    operation: Option<String>,
    headgate: Option<Account>,
}

impl Entry {
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut entry = Self::default();
        let mut lines = 0;
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Line { txn, meta_data, protocol, commit_info, remove } =
                serde_json::from_slice(line)?;
            lines += 1;
            entry.txns.extend(txn.map(|txn| (txn.app_id, txn.version)));
            entry.metadata = meta_data.or(entry.metadata);
            entry.protocol = protocol.or(entry.protocol);
            if let Some(RemoveLine { path, data_change }) = remove {
                entry.removes.push(path);
                entry.takes_rows |= data_change;
            }
            if let Some(info) = commit_info {
                entry.account = info.headgate;
                entry.operation = info.operation;
                entry.timestamp = info.timestamp;
            }
        }
        if lines == 0 {
            return Err(serde::de::Error::custom("the entry is empty"));
        }
        Ok(entry)
    }

    /// By the writer's clock; 1970 where it says nothing.
    pub fn committed_at_us(&self) -> i64 {
        self.timestamp.unwrap_or_default() * 1_000
    }
}
