//! Files that nothing refers to any more.

use std::time::Duration;

use chrono::{DateTime, Utc};
use deltalake::logstore::object_store::Error as StoreError;
use deltalake::operations::vacuum::{Clock, VacuumMode};
use deltalake::{DeltaTable, Path};
use futures::{StreamExt, TryStreamExt, stream};
use url::Url;

use super::open;
use crate::fault::DeltaFault;
use crate::store::TableStore;

/// Files younger than this may be of a batch that is still open, or owed to a side table; readers
/// may still be at a version that has them.
pub const LEAST_RETENTION: Duration = Duration::from_secs(7 * 86_400);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vacuumed {
    /// Relative to the table's root.
    pub files: Vec<String>,
}

/// Deletes the files of a table that were removed from it, or never came into it, longer ago than
/// `retention` (absent: the table's own, 7 days unless it says otherwise). Writes nothing to the log.
pub async fn vacuum(
    address: &Url,
    retention: Option<Duration>,
    dry_run: bool,
    now: DateTime<Utc>,
) -> Result<Vacuumed, DeltaFault> {
    vacuum_store(&open(address)?, retention, dry_run, now).await
}

pub(super) async fn vacuum_store(
    store: &TableStore,
    retention: Option<Duration>,
    dry_run: bool,
    now: DateTime<Utc>,
) -> Result<Vacuumed, DeltaFault> {
    if let Some(asked) = retention.filter(|asked| *asked < LEAST_RETENTION) {
        let actual = format!("{:.1} hours", asked.as_secs_f64() / 3_600.0);
        return Err(DeltaFault::Retention { address: store.address.clone(), actual });
    }
    let (_, snapshot) = store.existing_tip().await?;
    let own = snapshot.table_properties().deleted_file_retention_duration;
    let retention = retention.or(own).unwrap_or(LEAST_RETENTION).max(LEAST_RETENTION);
    let fail = |source| DeltaFault::store("vacuum", &store.address, source);
    let retention = chrono::Duration::from_std(retention).unwrap_or(chrono::Duration::MAX);
    // The deletion itself is ours: the library commits beside it, and cleans the log by its own
    // rules, which know nothing of debts.
    let (_, plan) = DeltaTable::new(store.store.clone())
        .vacuum()
        .with_mode(VacuumMode::Full)
        .with_enforce_retention_duration(false)
        .with_retention_period(retention)
        .with_clock(std::sync::Arc::new(At(now)))
        .with_dry_run(true)
        .await
        .map_err(fail)?;
    let files = plan.files_deleted;
    if !dry_run {
        delete(store, &files).await?;
    }
    Ok(Vacuumed { files })
}

async fn delete(store: &TableStore, files: &[String]) -> Result<(), DeltaFault> {
    let fail = |error: StoreError| DeltaFault::store("vacuum", &store.address, error);
    let paths: Vec<Path> = files
        .iter()
        .map(|file| Path::parse(file).map_err(|error| fail(error.into())))
        .collect::<Result<_, _>>()?;
    let locations = stream::iter(paths).map(Ok).boxed();
    let deleted = store.objects().delete_stream(locations);
    let gone = deleted.filter(|result| {
        let is_gone = matches!(result, Err(StoreError::NotFound { .. }));
        std::future::ready(!is_gone)
    });
    gone.try_for_each(|_| std::future::ready(Ok(()))).await.map_err(fail)
}

#[derive(Debug)]
struct At(DateTime<Utc>);

impl Clock for At {
    fn current_timestamp_millis(&self) -> i64 {
        self.0.timestamp_millis()
    }
}
