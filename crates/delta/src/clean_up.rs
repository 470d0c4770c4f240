//! Log clean-up: entries that a checkpoint has made dispensable, and that are older than the table
//! keeps its history.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use deltalake::Path;
use deltalake::logstore::object_store::ObjectStoreExt;
use serde_json::Value;
use url::Url;

use crate::account::Account;
use crate::answer::told;
use crate::app_id;
use crate::fault::DeltaFault;
use crate::log::{LogStorage, Tip};
use crate::object_stores::StoreOptions;
use crate::protocol::interval;
use crate::snapshot_txns::{LogFile, log_files};
use crate::store::TableStore;

/// Delta's own default.
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// For so long observers that were not told yet keep entries.
const KEPT_FOR_OBSERVERS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Deletes log entries of a table that readers need no more at `now`, and answers how many files
/// that were. Queries do so themselves after each checkpoint.
pub async fn clean_up_log(address: &Url, now: DateTime<Utc>) -> Result<usize, DeltaFault> {
    TableStore::open(address, &StoreOptions::default(), None)?.clean_up(now).await
}

/// Deletes what may go, and answers how many files that were. Entries that owe a side table files
/// stay until these are paid, whichever query owes them.
pub(crate) async fn clean_up(
    store: &TableStore,
    tip: &Tip,
    now: DateTime<Utc>,
) -> Result<usize, DeltaFault> {
    let set = |property| tip.metadata.configuration.get(property).and_then(Value::as_str);
    if set("delta.enableExpiredLogCleanup") == Some("false") {
        return Ok(0);
    }
    let retention = set("delta.logRetentionDuration").and_then(interval).unwrap_or(RETENTION);
    let oldest = now - chrono::Duration::from_std(retention).unwrap_or(chrono::Duration::MAX);
    let files = log_files(store).await?;
    let Some(kept) = kept_checkpoint(&files, oldest) else { return Ok(0) };
    let keep_from = kept.min(first_untold(&files, &tip.txns, now));
    let keep_from = first_unpaid(store, &files, keep_from).await?;
    let mut deleted = 0;
    for path in before(&files, keep_from) {
        match store.objects().delete(path).await.map_err(|error| told(error.into())) {
            Ok(()) => deleted += 1,
            // It is dispensable next time too.
            Err(error) => tracing::warn!(address = %store.address, %error, "log entry not deleted"),
        }
    }
    Ok(deleted)
}

/// The newest checkpoint that history is kept from: all that readers may ask for comes after it.
fn kept_checkpoint(files: &[LogFile], oldest: DateTime<Utc>) -> Option<i64> {
    let is_old = |version: i64| {
        let entry = files.iter().find(|file| !file.is_checkpoint && file.version == version);
        entry.is_some_and(|entry| entry.modified < oldest)
    };
    let checkpoints = files.iter().filter(|file| file.is_checkpoint && is_old(file.version));
    checkpoints.map(|file| file.version).max()
}

/// The first entry before `kept` with a debt that is not paid; `kept` if there is none.
async fn first_unpaid(store: &TableStore, files: &[LogFile], kept: i64) -> Result<i64, DeltaFault> {
    let mut paid = SideTables { store, txns: BTreeMap::new() };
    let mut versions: Vec<i64> = files
        .iter()
        .filter(|file| !file.is_checkpoint && file.version < kept)
        .map(|file| file.version)
        .collect();
    versions.sort_unstable();
    for version in versions {
        let Some(account) = store.read_entry(version).await?.and_then(|entry| entry.account) else {
            continue;
        };
        for debt in &account.debts {
            if paid.up_to(&account, &debt.address).await < version {
                return Ok(version);
            }
        }
    }
    Ok(kept)
}

/// The first entry that an observer was not told of, if it is not too old to be kept for that.
fn first_untold(files: &[LogFile], txns: &[(String, i64)], now: DateTime<Utc>) -> i64 {
    // The newest of each name is what it says.
    let told: BTreeMap<&str, i64> = txns
        .iter()
        .filter(|(name, _)| app_id::is_observer(name))
        .map(|(name, version)| (name.as_str(), *version))
        .collect();
    let Some(least) = told.into_values().min() else { return i64::MAX };
    let untold = files.iter().filter(|file| {
        let age = (now - file.modified).to_std().unwrap_or_default();
        !file.is_checkpoint && file.version > least && age < KEPT_FOR_OBSERVERS
    });
    untold.map(|file| file.version).min().unwrap_or(i64::MAX)
}

/// Oldest first, so that what a crash leaves has no gap.
fn before(files: &[LogFile], version: i64) -> Vec<&Path> {
    let mut before: Vec<&LogFile> = files.iter().filter(|file| file.version < version).collect();
    before.sort_by_key(|file| file.version);
    before.into_iter().map(|file| &file.path).collect()
}

/// What side tables say of their payments, each asked once.
struct SideTables<'s> {
    store: &'s TableStore,
    txns: BTreeMap<String, BTreeMap<String, i64>>,
}

impl SideTables<'_> {
    /// The output version that a query has paid up to; -1 where the table does not say.
    async fn up_to(&mut self, account: &Account, address: &str) -> i64 {
        if !self.txns.contains_key(address) {
            let read = self.read(address).await.unwrap_or_else(|error| {
                tracing::warn!(%address, %error, "side table not read, what it is owed is kept");
                BTreeMap::new()
            });
            self.txns.insert(address.to_owned(), read);
        }
        let Ok(incarnation) = i64::from_str_radix(&account.incarnation, 16) else { return -1 };
        let name = app_id::side(&app_id::prefix(&account.query, incarnation), address);
        self.txns.get(address).and_then(|txns| txns.get(&name)).copied().unwrap_or(-1)
    }

    async fn read(&self, address: &str) -> Result<BTreeMap<String, i64>, DeltaFault> {
        let fail = |error: url::ParseError| DeltaFault::store("find a side table", address, error);
        let side = self.store.beside(&Url::parse(address).map_err(fail)?)?;
        let tip = side.tip().await?;
        Ok(tip.map(|tip| tip.txns.into_iter().collect()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(entries: std::ops::Range<i64>, checkpoints: &[i64]) -> Vec<LogFile> {
        let file = |version: i64, is_checkpoint| LogFile {
            version,
            is_checkpoint,
            modified: DateTime::from_timestamp(version, 0).unwrap_or_default(),
            path: Path::from(format!("{version}{}", if is_checkpoint { "c" } else { "" })),
        };
        let checkpoints = checkpoints.iter().map(|version| file(*version, true));
        entries.map(|version| file(version, false)).chain(checkpoints).collect()
    }

    #[test]
    fn what_an_observer_was_not_told_is_kept_for_thirty_days() {
        let files = log(0..10, &[8]);
        let told = |versions: &[i64]| -> Vec<(String, i64)> {
            let prefix = app_id::prefix("q", 1);
            let name = |at: usize| app_id::observer(&prefix, &format!("o{at}"));
            versions.iter().enumerate().map(|(at, version)| (name(at), *version)).collect()
        };
        let days = |days: i64| DateTime::from_timestamp(days * 86_400, 0).unwrap_or_default();
        for (versions, now, expected) in [
            (&[][..], days(1), i64::MAX),
            (&[5], days(1), 6),
            (&[5, 3], days(1), 4),
            (&[9], days(1), i64::MAX),
            (&[3], days(31), i64::MAX),
        ] {
            assert_eq!(first_untold(&files, &told(versions), now), expected, "{versions:?}");
        }
        let twice = [told(&[3]), told(&[7])].concat();
        assert_eq!(first_untold(&files, &twice, days(1)), 8);
    }

    #[test]
    fn history_is_kept_from_a_checkpoint_on() {
        for (checkpoints, now, expected) in [
            (&[][..], 9, None),
            (&[4], 4, None),
            (&[4], 5, Some("0 1 2 3")),
            (&[4], 100, Some("0 1 2 3")),
            (&[2, 4, 8], 6, Some("0 1 2 2c 3")),
        ] {
            let files = log(0..10, checkpoints);
            let oldest = DateTime::from_timestamp(now, 0).unwrap_or_default();
            let found = kept_checkpoint(&files, oldest).map(|kept| {
                before(&files, kept).into_iter().map(Path::as_ref).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(found.as_deref(), expected, "{checkpoints:?} {now}");
        }
    }
}
