//! The log of an output as a history: what every query committed, blocked and released, for readers
//! that are none of its workers.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use deltalake::kernel::StructType;
use deltalake::kernel::engine::arrow_conversion::TryIntoArrow;
use futures::{StreamExt, stream};
use headgate_model::CommittedBatch;
use url::Url;

use crate::account::Kind;
use crate::entry::{Entry, TableMetadata};
use crate::fault::{DeltaFault, Source};
use crate::object_stores::StoreOptions;
use crate::outbox::batch_of;
use crate::snapshot_txns::entries;
use crate::store::TableStore;

/// Entries that are read side by side.
const READ_AT_ONCE: usize = 16;

/// What entries of a log tell, in order.
#[derive(Clone, Debug)]
pub enum LedgerEvent {
    /// Columns of the table from here on.
    Schema(SchemaRef),
    /// Committed or blocked.
    Batch { query: String, incarnation: String, batch: Box<CommittedBatch> },
    Release {
        query: String,
        version: i64,
        committed_at_us: i64,
        reason: Option<String>,
        /// The version that had blocked.
        released: Option<i64>,
    },
    /// Log clean-up took these versions, both inclusive, before they were read.
    Gap { from: i64, to: i64 },
}

#[derive(Clone, Debug)]
pub struct LedgerPage {
    /// Of the table.
    pub address: String,
    pub events: Vec<LedgerEvent>,
    /// The version to read next.
    pub next: i64,
    /// It was not there yet.
    pub is_end: bool,
}

/// At most `limit` versions from `from` on.
pub async fn read_ledgers(
    address: &Url,
    from: i64,
    limit: usize,
) -> Result<LedgerPage, DeltaFault> {
    let store = &TableStore::open(address, &StoreOptions::default(), None)?;
    let mut page = LedgerPage {
        address: store.address.clone(),
        events: Vec::new(),
        next: from,
        is_end: false,
    };
    if store.read_entry(from).await?.is_none() {
        match start_after_hole(store, from).await? {
            Some(first) => {
                page.events.push(LedgerEvent::Gap { from, to: first - 1 });
                page.next = first;
            }
            None => return Ok(LedgerPage { is_end: true, ..page }),
        }
    }
    let versions = stream::iter((page.next..).take(limit));
    let read = |version| async move { (version, store.read_entry(version).await) };
    let mut entries = versions.map(read).buffered(READ_AT_ONCE);
    while let Some((version, entry)) = entries.next().await {
        let Some(entry) = entry? else {
            page.is_end = true;
            break;
        };
        if let Some(metadata) = &entry.metadata {
            page.events.push(LedgerEvent::Schema(schema_of(store, metadata, version)?));
        }
        page.events.extend(event_of(entry, version));
        page.next = version + 1;
    }
    Ok(page)
}

/// Nothing at `from`: the tip, or a hole that clean-up left and the first entry behind it. Clean-up
/// takes the oldest: an entry that outlives a later one is gone by the next look.
async fn start_after_hole(store: &TableStore, from: i64) -> Result<Option<i64>, DeltaFault> {
    if from > 0 && store.read_entry(from - 1).await?.is_some() {
        return Ok(None);
    }
    let address = || store.address.clone();
    match entries(store).await? {
        None => Err(DeltaFault::NotATable { address: address() }),
        Some((first, _)) if first > from => Ok(Some(first)),
        Some((_, last)) if last + 1 < from => {
            Err(DeltaFault::MissingEntry { address: address(), version: from - 1 })
        }
        Some(_) => Ok(None),
    }
}

fn schema_of(
    store: &TableStore,
    metadata: &TableMetadata,
    version: i64,
) -> Result<SchemaRef, DeltaFault> {
    let torn =
        |source: Source| DeltaFault::TornEntry { address: store.address.clone(), version, source };
    let parsed = serde_json::from_str::<StructType>(&metadata.schema_string);
    let schema: Result<Schema, _> = (&parsed.map_err(|error| torn(error.into()))?).try_into_arrow();
    schema.map(Arc::new).map_err(|error| torn(error.into()))
}

fn event_of(entry: Entry, version: i64) -> Option<LedgerEvent> {
    let account = entry.account.as_ref()?;
    let query = account.query.clone();
    Some(match account.kind {
        Kind::Batch | Kind::Block => LedgerEvent::Batch {
            incarnation: account.incarnation.clone(),
            batch: Box::new(batch_of(entry, version)?),
            query,
        },
        Kind::Release => LedgerEvent::Release {
            version,
            committed_at_us: entry.committed_at_us(),
            reason: account.intervention.clone(),
            released: account.releases,
            query,
        },
        _ => return None,
    })
}
