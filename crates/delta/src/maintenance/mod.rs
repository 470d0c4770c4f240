//! What keeps tables fast and small, apart from the data path: larger files, no dead ones, short
//! logs. It reads and commits as any other writer does, on handles of its own.

mod optimize;
mod plan;
mod schedule;
mod vacuum;
mod z_order;

use chrono::Utc;
use url::Url;

use crate::fault::DeltaFault;
use crate::object_stores::StoreOptions;
use crate::store::TableStore;

pub use optimize::{OptimizeOptions, Optimized, optimize};
pub use schedule::{MaintainedTable, Maintenance, MaintenanceConfig};
pub use vacuum::{LEAST_RETENTION as LEAST_VACUUM_RETENTION, Vacuumed, vacuum};
pub use z_order::MAX_COLUMNS as MAX_Z_ORDER_COLUMNS;

/// What a log checkpoint by hand did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpointed {
    pub version: i64,
    /// Log files that readers need no more.
    pub deleted: usize,
}

/// Writes a log checkpoint of the newest version, and deletes what it makes dispensable. Queries do
/// so themselves.
pub async fn checkpoint(address: &Url) -> Result<Checkpointed, DeltaFault> {
    let store = open(address)?;
    let version = store.checkpoint(None).await?;
    Ok(Checkpointed { version, deleted: store.clean_up(Utc::now()).await? })
}

/// A store for one operation of an operator's.
fn open(address: &Url) -> Result<TableStore, DeltaFault> {
    TableStore::open(address, &StoreOptions::default(), address.to_file_path().ok())
}
