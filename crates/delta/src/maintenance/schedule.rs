//! Maintenance of a query's tables while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::oneshot::Receiver;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use super::optimize::{OptimizeOptions, Optimizer};
use super::plan::Eagerness;
use super::vacuum::vacuum_store;
use crate::background;
use crate::fault::DeltaFault;
use crate::object_stores::StoreOptions;
use crate::store::TableStore;
use crate::table::Durability;

/// A rewriting that does not end by then is left to itself: it ends with the process.
const STOP_WITHIN: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct MaintenanceConfig {
    pub tables: Vec<MaintainedTable>,
    /// Between two looks for small files.
    pub optimize_every: Duration,
    pub vacuum_every: Duration,
    /// Absent: the table's own.
    pub vacuum_retention: Option<Duration>,
    pub durability: Durability,
}

#[derive(Clone, Debug)]
pub struct MaintainedTable {
    pub address: Url,
    pub store: StoreOptions,
    pub options: OptimizeOptions,
    /// Commits between two log checkpoints.
    pub checkpoint_interval: i64,
}

/// Runs until it is stopped. Several workers of a query may each have one: the log tells them of
/// one another.
pub struct Maintenance {
    stop: Arc<Stop>,
    ended: Receiver<()>,
}

#[derive(Default)]
struct Stop {
    is_set: AtomicBool,
    told: Notify,
}

impl Maintenance {
    pub fn start(config: MaintenanceConfig) -> Result<Self, DeltaFault> {
        let stop = Arc::new(Stop::default());
        let address = config.tables.first().map_or("no table", |table| table.address.as_str());
        let fail = |error: std::io::Error| DeltaFault::store("start maintenance", address, error);
        let (own, told) = (config.clone(), Arc::clone(&stop));
        let ended = background::run("headgate-tables", move || async move {
            keep(&own, &told).await;
        });
        Ok(Self { stop, ended: ended.map_err(fail)? })
    }

    /// Lets what is being rewritten go, and waits for that.
    pub async fn stop(self) {
        self.stop.is_set.store(true, Ordering::Release);
        self.stop.told.notify_one();
        match tokio::time::timeout(STOP_WITHIN, self.ended).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::warn!("the maintenance of tables broke off"),
            Err(_) => tracing::warn!("the maintenance of tables is not waited for any longer"),
        }
    }
}

async fn keep(config: &MaintenanceConfig, stop: &Stop) {
    let mut vacuumed: Option<Instant> = None;
    loop {
        // Workers that start together do not look together.
        let [share, ..] = Uuid::new_v4().into_bytes();
        let pause = config.optimize_every.mul_f64(0.5 + f64::from(share) / 255.0);
        tokio::select! {
            () = stop.told.notified() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let vacuums = vacuumed.is_none_or(|at| at.elapsed() >= config.vacuum_every);
        for table in &config.tables {
            if stop.is_set.load(Ordering::Acquire) {
                return;
            }
            match maintain(config, table, vacuums, &stop.is_set).await {
                Ok(()) | Err(DeltaFault::Stopped { .. }) => {}
                Err(fault) => {
                    tracing::warn!(address = %table.address, %fault, "table not maintained");
                }
            }
        }
        if vacuums {
            vacuumed = Some(Instant::now());
        }
    }
}

async fn maintain(
    config: &MaintenanceConfig,
    table: &MaintainedTable,
    vacuums: bool,
    is_stopped: &AtomicBool,
) -> Result<(), DeltaFault> {
    let address = &table.address;
    let synced = config.durability == Durability::Fsync;
    let synced_root = address.to_file_path().ok().filter(|_| synced);
    let mut store = TableStore::open(address, &table.store, synced_root)?;
    store.checkpoint_every(table.checkpoint_interval);
    let optimizer = Optimizer::open(&store, &table.options, Eagerness::Due, is_stopped).await?;
    let now = chrono::Utc::now();
    let pause = config.optimize_every.mul_f64(0.5).as_millis() as i64;
    if optimizer.last_run().is_none_or(|at| now.timestamp_millis() - at >= pause) {
        let done = optimizer.run().await?;
        if let Some(version) = done.version {
            let (removed, added) = (done.files_removed, done.files_added);
            tracing::info!(%address, version, removed, added, "small files became larger ones");
        }
    }
    if vacuums {
        let files = vacuum_store(&store, config.vacuum_retention, false, now).await?.files.len();
        if files > 0 {
            tracing::info!(%address, files, "files deleted that nothing refers to");
        }
    }
    // A checkpoint that its commit began.
    crate::log::LogStorage::finish(&store).await;
    Ok(())
}
