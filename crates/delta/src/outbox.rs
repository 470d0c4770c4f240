//! The output's log as an outbox (rule 15): observers follow it, in order, from where each was last
//! told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use futures::stream;
use headgate_model::CommittedBatch;

use crate::account::{Account, Kind};
use crate::app_id;
use crate::committer::Committer;
use crate::entry::Entry;
use crate::fault::DeltaFault;
use crate::moment::Moment;
use crate::sink::open_log;
use crate::snapshot_txns::first_entry;
use crate::store::TableStore;
use crate::table::{Durability, TableConfig};

/// Entries right after one read so lately cannot have been cleaned up: clean-up keeps an hour.
const TRUSTED: std::time::Duration = std::time::Duration::from_secs(10 * 60);

/// Entries that are looked at for batches of a query; others may have committed in between.
const LOOK_BACK: i64 = 1_000;
const READ_AHEAD: usize = 8;

/// The last version that each observer was told. What it says rides on later commits.
#[derive(Debug, Default)]
pub struct Cursors(Mutex<BTreeMap<String, i64>>);

impl Cursors {
    pub fn told(&self, observer: &str, version: i64) {
        let mut cursors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cursor = cursors.entry(observer.to_owned()).or_insert(version);
        *cursor = version.max(*cursor);
    }

    fn of(&self, observer: &str) -> Option<i64> {
        let cursors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cursors.get(observer).copied()
    }

    /// Those that are further than `known`.
    pub(crate) fn ahead_of(&self, known: &BTreeMap<String, i64>) -> Vec<(String, i64)> {
        let cursors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ahead =
            |(name, told): &(&String, &i64)| known.get(*name).is_none_or(|known| known < *told);
        let ahead = cursors.iter().filter(is_ahead);
        ahead.map(|(name, told)| (name.clone(), *told)).collect()
    }
}

/// What an observer is told.
#[derive(Clone, Debug)]
pub enum Told {
    /// Committed or blocked, by whichever worker.
    Batch(Box<CommittedBatch>),
    /// Log clean-up took these versions before they were told.
    Gap { from: i64, to: i64 },
}

impl Told {
    /// Up to where the observer knows everything once it was told this.
    pub fn version(&self) -> i64 {
        match self {
            Self::Batch(batch) => batch.version,
            Self::Gap { to, .. } => *to,
        }
    }
}

/// One observer's place in the log of a query's output.
pub struct Outbox {
    store: TableStore,
    query: String,
    /// The version to read next.
    next: i64,
    /// When the one before it was seen.
    seen: Option<Moment>,
}

impl Outbox {
    /// Opens the log behind the last version that `observer` was told, by `cursors` or by the log,
    /// under whichever incarnation; one that was never told begins with the oldest entry there is.
    pub async fn open(
        output: &TableConfig,
        query: &str,
        observer: &str,
        cursors: &Cursors,
    ) -> Result<Self, DeltaFault> {
        let store = TableStore::open(&output.address, &output.store, None)?;
        let (tip, _) = store.existing_tip().await?;
        let told = tip.txns.iter().filter(|(name, _)| app_id::observes(name, query, observer));
        let next = match told.map(|(_, version)| *version).chain(cursors.of(observer)).max() {
            Some(told) => told + 1,
            None => first_entry(&store).await?,
        };
        Ok(Self { store, query: query.to_owned(), next, seen: None })
    }

    /// The next thing to tell; `None` at the tip.
    pub async fn next(&mut self) -> Result<Option<Told>, DeltaFault> {
        loop {
            let asked = Moment::now();
            let Some(entry) = self.store.read_entry(self.next).await? else {
                return self.at_end(asked).await;
            };
            self.seen = Some(asked);
            self.next += 1;
            let is_own = |account: &Account| account.query == self.query;
            if entry.account.as_ref().is_some_and(is_own)
                && let Some(batch) = batch_of(entry, self.next - 1)
            {
                return Ok(Some(Told::Batch(Box::new(batch))));
            }
        }
    }

    /// Nothing there: the tip, or a hole that clean-up left.
    async fn at_end(&mut self, asked: Moment) -> Result<Option<Told>, DeltaFault> {
        if self.seen.is_none_or(|seen| seen.elapsed() > TRUSTED) {
            let first = first_entry(&self.store).await?;
            if first > self.next {
                let from = std::mem::replace(&mut self.next, first);
                return Ok(Some(Told::Gap { from, to: first - 1 }));
            }
        }
        self.seen = Some(asked);
        Ok(None)
    }
}

/// The newest batches that `query` has committed, whichever worker wrote them: at most `limit`, the
/// newest last. Blocks are not among them, nor what clean-up took.
pub async fn newest_batches(
    output: &TableConfig,
    query: &str,
    limit: usize,
) -> Result<Vec<CommittedBatch>, DeltaFault> {
    let store = &TableStore::open(&output.address, &output.store, None)?;
    let Some((tip, _)) = store.read_tip().await? else { return Ok(Vec::new()) };
    let first = first_entry(store).await?.max(tip.version - LOOK_BACK);
    let versions = stream::iter((first..=tip.version).rev());
    let read = |version| async move { (version, store.read_entry(version).await) };
    let mut entries = versions.map(read).buffered(READ_AHEAD);
    let mut newest = Vec::new();
    while newest.len() < limit
        && let Some((version, entry)) = entries.next().await
        && let Some(entry) = entry?
    {
        let is_own = |account: &Account| account.kind == Kind::Batch && account.query == query;
        if entry.account.as_ref().is_some_and(is_own) {
            newest.extend(batch_of(entry, version));
        }
    }
    newest.reverse();
    Ok(newest)
}

/// What the commit of a batch, or of a block, tells.
pub(crate) fn batch_of(entry: Entry, version: i64) -> Option<CommittedBatch> {
    let committed_at_us = entry.committed_at_us();
    let account = entry.account?;
    let side_tables = account.owed();
    let ledger = account.ledger()?;
    Some(CommittedBatch { version, ledger, committed_at_us, side_tables })
}

/// Commits what no batch has carried, if anything: a query that ends, or is idle, says how far its
/// observers are.
pub async fn settle_cursors(
    output: &TableConfig,
    query: &str,
    cursors: &Arc<Cursors>,
    durability: Durability,
) -> Result<(), DeltaFault> {
    let synced_root =
        output.address.to_file_path().ok().filter(|_| durability == Durability::Fsync);
    let store = TableStore::open(&output.address, &output.store, synced_root)?;
    let (tip, _) = store.existing_tip().await?;
    let open_log = open_log(durability, output.store.clone());
    let mut committer = Committer::of_tip(query, store.log(), &tip, Arc::clone(cursors), open_log);
    let observed = |committer: &Committer| {
        let txns = committer.cursor_txns();
        let account = committer.account(Kind::Observed).filter(|_| !txns.is_empty());
        Ok(account.map(|account| (account, txns)))
    };
    committer.operate(observed).await.map(drop)
}
