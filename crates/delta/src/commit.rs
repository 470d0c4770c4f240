//! The bytes of a commit, and the one way to put them: if absent, then look whose they are.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::account::Account;
use crate::fault::{DeltaFault, Source};
use crate::log::{Entry, Log};

/// How long an empty slot is tried again before the outcome is declared unknown.
pub(crate) const RETRY_BUDGET: Duration = Duration::from_secs(60);
/// The same for a payment that can stay owed: the batch it follows is committed and waits for it.
pub(crate) const PAYMENT_BUDGET: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a commit consists of, besides its account.
#[derive(Default)]
pub(crate) struct Actions<'a> {
    pub adds: Vec<&'a Value>,
    pub txns: Vec<(String, i64)>,
    pub rows: u64,
}

pub(crate) fn bytes(
    version: i64,
    account: &Account,
    actions: &Actions<'_>,
) -> Result<Bytes, serde_json::Error> {
    let now = chrono::Utc::now().timestamp_millis();
    let mut lines = vec![serde_json::to_string(&json!({ "commitInfo": {
        "timestamp": now,
        "operation": "STREAMING UPDATE",
        "operationParameters": {
            "outputMode": "Append",
            "queryId": account.incarnation,
            "epochId": version.to_string(),
        },
        "operationMetrics": {
            "numAddedFiles": actions.adds.len().to_string(),
            "numOutputRows": actions.rows.to_string(),
        },
        "isBlindAppend": true,
        "engineInfo": concat!("headgate/", env!("CARGO_PKG_VERSION")),
        "headgate": account,
    }}))?];
    for add in &actions.adds {
        lines.push(serde_json::to_string(&json!({ "add": add }))?);
    }
    for (app_id, version) in &actions.txns {
        let txn = json!({ "appId": app_id, "version": version, "lastUpdated": now });
        lines.push(serde_json::to_string(&json!({ "txn": txn }))?);
    }
    Ok(lines.join("\n").into())
}

/// What a slot holds after a put.
pub(crate) enum Slot {
    Ours,
    Other(Box<Entry>),
}

/// Puts `bytes` at `version` if absent. Whatever the store answers, the slot decides: an error may
/// hide our own success, and an empty slot takes the same bytes again.
pub(crate) async fn put(
    log: &Log,
    version: i64,
    batch: &str,
    bytes: &Bytes,
    budget: Duration,
) -> Result<Slot, DeltaFault> {
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let Err(source) = log.put(version, bytes.clone()).await else { return Ok(Slot::Ours) };
        match log.read(version).await {
            Ok(Some(entry)) => {
                let ours = entry.account.as_ref().is_some_and(|account| account.batch == batch);
                return Ok(if ours { Slot::Ours } else { Slot::Other(Box::new(entry)) });
            }
            Ok(None) if is_permanent(source.as_ref()) => {
                return Err(DeltaFault::store("put a log entry", &log.address, source));
            }
            Err(torn @ DeltaFault::TornEntry { .. }) => return Err(torn),
            Ok(None) | Err(_) if started.elapsed() > budget => {
                return Err(unknown(log, version, source));
            }
            Ok(None) | Err(_) => {
                tracing::warn!(address = %log.address, version, error = %source, "commit not answered, trying the same slot again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn unknown(log: &Log, version: i64, source: Source) -> DeltaFault {
    DeltaFault::CommitUnknown { address: log.address.clone(), version, source }
}

/// A full or forbidden disk does not mend within a retry.
pub(crate) fn is_permanent(source: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    io_kinds(source).any(|kind| {
        matches!(kind, PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull)
    })
}

pub(crate) fn is_full(source: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    io_kinds(source).any(|kind| matches!(kind, QuotaExceeded | StorageFull))
}

fn io_kinds<'a>(
    source: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = std::io::ErrorKind> + 'a {
    std::iter::successors(Some(source), |error| error.source())
        .filter_map(|error| error.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
}
