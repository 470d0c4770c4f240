//! One table's Delta log, entry by entry: read, and put if absent.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use deltalake::ObjectStore;
use deltalake::logstore::{CommitOrBytes, LogStore, LogStoreRef};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::account::Account;
use crate::durable;
use crate::fault::{DeltaFault, Source};
use crate::protocol::{Protocol, check_metadata};

/// What a log entry says, as far as a writer cares; its files are not kept.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub txns: Vec<(String, i64)>,
    pub metadata: Option<TableMetadata>,
    pub protocol: Option<Protocol>,
    pub account: Option<Account>,
    pub operation: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TableMetadata {
    pub schema_string: String,
    #[serde(default)]
    pub partition_columns: Vec<String>,
    #[serde(default)]
    pub configuration: std::collections::BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    txn: Option<TxnLine>,
    meta_data: Option<TableMetadata>,
    protocol: Option<Protocol>,
    commit_info: Option<CommitInfoLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TxnLine {
    app_id: String,
    version: i64,
}

#[derive(Deserialize)]
struct CommitInfoLine {
    operation: Option<String>,
    headgate: Option<Account>,
}

impl Entry {
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut entry = Self::default();
        let mut lines = 0;
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Line { txn, meta_data, protocol, commit_info } = serde_json::from_slice(line)?;
            lines += 1;
            entry.txns.extend(txn.map(|txn| (txn.app_id, txn.version)));
            entry.metadata = meta_data.or(entry.metadata);
            entry.protocol = protocol.or(entry.protocol);
            if let Some(info) = commit_info {
                entry.account = info.headgate;
                entry.operation = info.operation;
            }
        }
        if lines == 0 {
            return Err(serde::de::Error::custom("the entry is empty"));
        }
        Ok(entry)
    }

    /// Refuses what appending to a table of `base` cannot stand on.
    pub fn check(
        &self,
        version: i64,
        base: &TableMetadata,
        address: &str,
    ) -> Result<(), DeltaFault> {
        if let Some(protocol) = &self.protocol {
            protocol.check(address)?;
        }
        let Some(metadata) = &self.metadata else { return Ok(()) };
        check_metadata(metadata, address)?;
        let same = metadata.schema_string == base.schema_string
            && metadata.partition_columns == base.partition_columns;
        if same {
            Ok(())
        } else {
            Err(DeltaFault::SchemaChanged { address: address.to_owned(), version })
        }
    }
}

/// The log of one table. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Log {
    pub store: LogStoreRef,
    pub address: String,
    /// Set when entries and files are to survive a power loss.
    pub synced_root: Option<PathBuf>,
}

impl Log {
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        self.store.object_store(None)
    }

    /// `None` beyond the tip, and where clean-up has been.
    pub async fn read(&self, version: i64) -> Result<Option<Entry>, DeltaFault> {
        let Some(bytes) = self.read_bytes(version).await? else { return Ok(None) };
        Entry::parse(&bytes).map(Some).map_err(|source| DeltaFault::TornEntry {
            address: self.address.clone(),
            version,
            source: source.into(),
        })
    }

    pub async fn read_bytes(&self, version: i64) -> Result<Option<Bytes>, DeltaFault> {
        self.store
            .read_commit_entry(version as u64)
            .await
            .map_err(|source| DeltaFault::store("read a log entry", &self.address, source))
    }

    /// Succeeds only if the slot was empty. An error says nothing about the slot: read it.
    pub async fn put(&self, version: i64, bytes: Bytes) -> Result<(), Source> {
        match &self.synced_root {
            Some(root) => durable::put_if_absent(root.clone(), version, bytes).await,
            None => self
                .store
                .write_commit_entry(version as u64, CommitOrBytes::LogBytes(bytes), Uuid::new_v4())
                .await
                .map_err(Into::into),
        }
    }
}
