//! One table's Delta log, entry by entry: read, and put if absent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::account::Account;
use crate::answer::{is_permanent, told};
use crate::commit::{self, Actions};
use crate::durable::NotSynced;
use crate::entry::{Entry, TableMetadata};
use crate::fault::{DeltaFault, Source};
use crate::head::Head;
use crate::moment::Moment;
use crate::patience::{Pauses, patiently};
use crate::rules::{self, Rule};

/// A table's newest state, but for its files.
#[derive(Clone, Debug)]
pub(crate) struct Tip {
    pub version: i64,
    pub metadata: TableMetadata,
    pub txns: Vec<(String, i64)>,
    pub newest: Option<Entry>,
    /// Before it was read.
    pub at: Moment,
}

/// Where logs are kept; the commit protocol needs no more of a store than this.
#[async_trait]
pub(crate) trait LogStorage: Send + Sync {
    /// `None` beyond the tip, and where clean-up has been.
    async fn read(&self, version: i64) -> Result<Option<Bytes>, DeltaFault>;

    /// Succeeds only if the slot was empty. An error says nothing about the slot: read it.
    async fn put(&self, version: i64, bytes: Bytes) -> Result<(), Source>;

    /// Found by listing the log, not by trying slots. `None`: there is no table.
    async fn tip(&self) -> Result<Option<Tip>, DeltaFault>;

    /// `None`: there is no such file.
    async fn file_size(&self, path: &str) -> Result<Option<u64>, DeltaFault>;

    /// Told of every version put.
    fn committed(&self, version: i64);

    /// Waits for what [`committed`](Self::committed) has started.
    async fn finish(&self);
}

/// What follows a head.
pub(crate) enum News {
    Entries(Vec<Entry>),
    /// Nothing: the head is the tip.
    Tip,
    /// The head was last seen as the tip so long ago that clean-up may have emptied the slots after
    /// it, and that what is found there may be what another sleeper put into such a hole.
    Unknown,
}

/// What a slot holds after a put.
pub(crate) enum Slot {
    /// With the moment before the put.
    Ours(Moment),
    Other(Box<Entry>),
    /// The head was too old before the put or at its reply: whatever was answered proves nothing.
    Unknown,
}

/// How long an empty slot is tried again before the outcome is declared unknown.
pub(crate) const RETRY_BUDGET: Duration = Duration::from_secs(60);
/// The same for a payment that can stay owed: the batch it follows is committed and waits for it.
pub(crate) const PAYMENT_BUDGET: Duration = Duration::from_secs(5);

/// What keeps up with a log, entry by entry.
pub(crate) trait Follower {
    fn place(&mut self) -> (&Log, &mut Head);

    fn apply(&mut self, entry: &Entry) -> Result<(), DeltaFault>;
}

/// Takes in everything up to the tip. False: the head is too old for that, and the log has to be
/// read anew.
pub(crate) async fn follow(follower: &mut impl Follower) -> Result<bool, DeltaFault> {
    let mut most = 1;
    loop {
        let (log, head) = follower.place();
        match log.news(head, most).await? {
            News::Tip => return Ok(true),
            News::Unknown => return Ok(false),
            News::Entries(entries) => {
                entries.iter().try_for_each(|entry| follower.apply(entry))?;
                most = (most * 2).min(16);
            }
        }
    }
}

/// The log of one table. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Log {
    pub storage: Arc<dyn LogStorage>,
    pub address: String,
}

impl Log {
    /// Tries again what may mend; [`put`](Self::put) has a budget of its own.
    pub async fn read(&self, version: i64) -> Result<Option<Entry>, DeltaFault> {
        patiently(|| self.read_once(version)).await
    }

    async fn read_once(&self, version: i64) -> Result<Option<Entry>, DeltaFault> {
        let Some(bytes) = self.storage.read(version).await? else { return Ok(None) };
        Entry::parse(&bytes).map(Some).map_err(|source| DeltaFault::TornEntry {
            address: self.address.clone(),
            version,
            source: source.into(),
        })
    }

    /// Up to `most` entries that follow `head`, read side by side: one after the other would never
    /// catch up with a busy writer behind a slow store.
    pub async fn news(&self, head: &mut Head, most: i64) -> Result<News, DeltaFault> {
        let asked = Moment::now();
        let next = head.version + 1;
        let reads = (next..next + most).map(|version| self.read(version));
        let mut entries = Vec::new();
        for read in futures::future::join_all(reads).await {
            match read? {
                Some(entry) => entries.push(entry),
                None => break,
            }
        }
        if !head.is_fresh() {
            return Ok(News::Unknown);
        }
        if !entries.is_empty() {
            return Ok(News::Entries(entries));
        }
        head.confirm(asked);
        Ok(News::Tip)
    }

    /// Puts a commit after `head` if absent. Whatever the store answers, the slot decides: an error
    /// may hide our own success, and an empty slot takes the same bytes again.
    pub async fn put(
        &self,
        head: &Head,
        account: &Account,
        actions: &Actions<'_>,
        budget: Duration,
    ) -> Result<Slot, DeltaFault> {
        let version = head.version + 1;
        let bytes = commit::bytes(version, account, actions)
            .map_err(|source| DeltaFault::encode(&self.address, source))?;
        let started = tokio::time::Instant::now();
        let mut pauses = Pauses::default();
        loop {
            if !head.is_fresh() {
                return Ok(Slot::Unknown);
            }
            let sent = Moment::now();
            let answer = self.storage.put(version, bytes.clone()).await;
            let trusted = |slot| if head.is_fresh() { slot } else { Slot::Unknown };
            let Err(source) = answer.map_err(told) else { return Ok(trusted(Slot::Ours(sent))) };
            if source.is::<NotSynced>() {
                return Err(DeltaFault::store("sync a log entry", &self.address, source));
            }
            match self.read_once(version).await {
                Ok(Some(entry)) => {
                    let is_ours =
                        entry.account.as_ref().is_some_and(|own| own.batch == account.batch)
                            && rules::holds(Rule::SlotTells);
                    let slot =
                        if is_ours { Slot::Ours(sent) } else { Slot::Other(Box::new(entry)) };
                    return Ok(trusted(slot));
                }
                Err(torn @ DeltaFault::TornEntry { .. }) => return Err(torn),
                Ok(None) | Err(_) if is_permanent(source.as_ref()) => {
                    return Err(DeltaFault::store("put a log entry", &self.address, source));
                }
                Ok(None) | Err(_) if started.elapsed() > budget => {
                    let address = self.address.clone();
                    return Err(DeltaFault::CommitUnknown { address, version, source });
                }
                Ok(None) | Err(_) => {
                    tracing::warn!(address = %self.address, version, error = %source, "commit not answered, trying the same slot again");
                    tokio::time::sleep(pauses.next()).await;
                }
            }
        }
    }
}
