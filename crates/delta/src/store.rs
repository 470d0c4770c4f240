//! A table's place in an object store or on a local disk, by way of delta-rs.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use deltalake::kernel::Snapshot;
use deltalake::logstore::object_store::{Error as StoreError, ObjectStoreExt};
use deltalake::logstore::{CommitOrBytes, LogStore, LogStoreRef};
use deltalake::{DeltaTableBuilder, DeltaTableError, ObjectStore, Path};
use futures::TryStreamExt;
use headgate_model::{FaultPoint, reach};
use url::Url;
use uuid::Uuid;

use crate::checkpoint::Checkpoints;
use crate::checkpoint_file;
use crate::clean_up;
use crate::durable;
use crate::entry::{Entry, TableMetadata};
use crate::fault::{DeltaFault, Source};
use crate::log::{Log, LogStorage, Tip};
use crate::moment::Moment;
use crate::object_stores::{self, StoreOptions};
use crate::patience::patiently;
use crate::protocol::check_metadata;
use crate::snapshot_txns;
use crate::synced_store::SyncedStore;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct TableStore {
    pub store: LogStoreRef,
    pub address: String,
    /// Set when entries and files are to survive a power loss.
    pub synced_root: Option<PathBuf>,
    options: StoreOptions,
    /// Where tests can break a put: before it, and after it took effect.
    pub puts: [FaultPoint; 2],
    checkpoints: Arc<Checkpoints>,
}

impl TableStore {
    pub fn open(
        address: &Url,
        options: &StoreOptions,
        synced_root: Option<PathBuf>,
    ) -> Result<Self, DeltaFault> {
        object_stores::register();
        let storage_options = options.0.clone().into_iter().collect();
        let store = DeltaTableBuilder::from_url(address.clone())
            .and_then(|builder| builder.with_storage_options(storage_options).build_storage())
            .map_err(|source| DeltaFault::store("open the store", address.as_str(), source))?;
        let checkpoints = Arc::default();
        let puts = [FaultPoint::SidePut, FaultPoint::SidePutDone];
        let (address, options) = (address.to_string(), options.clone());
        Ok(Self { store, address, synced_root, options, puts, checkpoints })
    }

    /// Told before the first commit.
    pub fn checkpoint_every(&mut self, commits: i64) {
        self.checkpoints = Arc::new(Checkpoints::every(commits));
    }

    /// The same table by handles of its own.
    pub fn reopened(&self) -> Result<Self, DeltaFault> {
        let own = Self::open(self.store.root_url(), &self.options, self.synced_root.clone())?;
        Ok(Self { checkpoints: Arc::clone(&self.checkpoints), ..own })
    }

    /// Another table that is reached as this one is.
    pub fn beside(&self, address: &Url) -> Result<Self, DeltaFault> {
        Self::open(address, &self.options, None)
    }

    /// Deletes entries that a checkpoint has made dispensable.
    pub async fn clean_up(&self, now: chrono::DateTime<chrono::Utc>) -> Result<usize, DeltaFault> {
        match self.tip().await? {
            Some(tip) => clean_up::clean_up(self, &tip, now).await,
            None => Ok(0),
        }
    }

    /// Writes a checkpoint of `version`, or of the newest one; answers which.
    pub async fn checkpoint(&self, version: Option<i64>) -> Result<i64, DeltaFault> {
        let fail = |source: Source| DeltaFault::store("write a checkpoint", &self.address, source);
        reach(FaultPoint::Checkpoint).map_err(|error| fail(error.into()))?;
        let store = self.checkpoint_store().map_err(|source| fail(source.into()))?;
        let written = checkpoint_file::write(store.as_ref(), version).await.map_err(fail)?;
        self.checkpoints.found(written);
        Ok(written)
    }

    /// Clean-up relies on a checkpoint, and readers on the one that is named newest: where entries
    /// survive a power loss, it has to, before it is named.
    fn checkpoint_store(&self) -> Result<LogStoreRef, DeltaTableError> {
        if self.synced_root.is_none() {
            return Ok(self.store.clone());
        }
        let location = self.store.root_url().clone();
        let builder = DeltaTableBuilder::from_url(location.clone())?;
        builder.with_storage_backend(Arc::<SyncedStore>::default(), location).build_storage()
    }

    pub fn log(&self) -> Log {
        Log { storage: Arc::new(self.clone()), address: self.address.clone() }
    }

    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        self.store.object_store(None)
    }

    /// `None`: there is no table.
    pub async fn read_tip(&self) -> Result<Option<(Tip, Snapshot)>, DeltaFault> {
        let fail =
            |source: DeltaTableError| DeltaFault::store("read the log", &self.address, source);
        let at = Moment::now();
        let snapshot = match Snapshot::try_new(self.store.as_ref(), None).await {
            Ok(snapshot) => snapshot,
            Err(DeltaTableError::NotATable(_)) => return Ok(None),
            Err(_) if self.has_no_entry().await => return Ok(None),
            Err(source) => {
                return Err(snapshot_txns::defect(self).await.unwrap_or_else(|| fail(source)));
            }
        };
        let version = snapshot.version() as i64;
        let metadata = serde_json::to_value(snapshot.metadata())
            .and_then(serde_json::from_value::<TableMetadata>)
            .map_err(|source| fail(source.into()))?;
        check_metadata(&metadata, &self.address)?;
        let (txns, checkpoint) = snapshot_txns::read(self, version).await?;
        self.checkpoints.found(checkpoint);
        let newest = self.log().read(version).await?;
        Ok(Some((Tip { version, metadata, txns, newest, at }, snapshot)))
    }

    /// Of a table that has to be there.
    pub async fn existing_tip(&self) -> Result<(Tip, Snapshot), DeltaFault> {
        let missing = || DeltaFault::NotATable { address: self.address.clone() };
        self.read_tip().await?.ok_or_else(missing)
    }

    /// Of a version before the newest one, as far back as the log goes.
    pub async fn snapshot_of(&self, version: i64, newest: i64) -> Result<Snapshot, DeltaFault> {
        let oldest = snapshot_txns::oldest_version(self).await?;
        let address = &self.address;
        if !(oldest..=newest).contains(&version) {
            let address = address.clone();
            return Err(DeltaFault::NoSuchVersion { address, version, oldest, newest });
        }
        let fail = |source| DeltaFault::store("read an earlier version", address, source);
        Snapshot::try_new(self.store.as_ref(), Some(version as u64)).await.map_err(fail)
    }

    /// A folder whose log is missing or has no entry is no table yet.
    pub async fn has_no_entry(&self) -> bool {
        let objects = self.objects();
        let mut listing = objects.list(Some(&Path::from("_delta_log")));
        matches!(listing.try_next().await, Ok(None))
    }

    pub async fn read_entry(&self, version: i64) -> Result<Option<Entry>, DeltaFault> {
        self.log().read(version).await
    }
}

#[async_trait]
impl LogStorage for TableStore {
    async fn read(&self, version: i64) -> Result<Option<Bytes>, DeltaFault> {
        let fail = |source| DeltaFault::store("read a log entry", &self.address, source);
        self.store.read_commit_entry(version as u64).await.map_err(fail)
    }

    async fn put(&self, version: i64, bytes: Bytes) -> Result<(), Source> {
        let [before, after] = self.puts;
        reach(before)?;
        match &self.synced_root {
            Some(root) => durable::put_if_absent(root.clone(), version, bytes).await?,
            None => {
                let entry = CommitOrBytes::LogBytes(bytes);
                self.store.write_commit_entry(version as u64, entry, Uuid::new_v4()).await?;
            }
        }
        Ok(reach(after)?)
    }

    async fn tip(&self) -> Result<Option<Tip>, DeltaFault> {
        Ok(patiently(|| self.read_tip()).await?.map(|(tip, _)| tip))
    }

    async fn file_size(&self, path: &str) -> Result<Option<u64>, DeltaFault> {
        let fail = |error: StoreError| DeltaFault::store("look for a file", &self.address, error);
        // The log holds paths URL-encoded; our names have nothing to encode but `%`.
        let path = Path::parse(path.replace("%25", "%")).map_err(|error| fail(error.into()))?;
        match self.objects().head(&path).await {
            Ok(found) => Ok(Some(found.size)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(fail(error)),
        }
    }

    fn committed(&self, version: i64) {
        self.checkpoints.after_commit(self, version);
    }

    async fn finish(&self) {
        self.checkpoints.finish().await;
    }
}
