//! Opens a table, or creates it, and refuses one that contradicts what will be written.

use std::path::Path as LocalPath;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use deltalake::kernel::engine::arrow_conversion::{TryIntoArrow, TryIntoKernel};
use deltalake::kernel::{Snapshot, StructType};
use deltalake::logstore::LogStoreRef;
use deltalake::logstore::object_store::{Error as StoreError, ObjectStoreExt, PutMode, PutOptions};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTableBuilder, DeltaTableError, Path};
use headgate_model::TableRole;
use url::Url;
use uuid::Uuid;

use crate::data_file::Codec;
use crate::durable;
use crate::fault::DeltaFault;
use crate::log::{Entry, Log, TableMetadata};
use crate::partitions;
use crate::protocol::{Protocol, check_metadata};
use crate::snapshot_txns;
use crate::stats::{OWN_COLUMNS, StatsColumns};
use crate::table_writer::Layout;

/// Whether a commit survives the loss of power, on local disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Files and entries are synced before they are named.
    #[default]
    Fsync,
    /// Survives the death of the process, not of the machine.
    Process,
}

/// A table as the query wants it.
#[derive(Clone, Debug)]
pub struct TableConfig {
    pub role: TableRole,
    /// As [`address_of`] gives it: the same place has one address only.
    pub address: Url,
    /// All columns, partition columns included.
    pub schema: SchemaRef,
    pub partition_columns: Vec<String>,
    pub codec: Codec,
    pub target_file_bytes: usize,
}

/// An open table: its log, and the layout of its files.
pub(crate) struct Table {
    pub log: Log,
    pub layout: Layout,
}

/// The one address of a local path: absolute, links resolved, whether or not it exists.
pub fn address_of(path: &LocalPath) -> Result<Url, DeltaFault> {
    let not_writable = |source: std::io::Error| DeltaFault::NotWritable {
        address: path.display().to_string(),
        source: source.into(),
    };
    let absolute = std::path::absolute(path).map_err(not_writable)?;
    let existing = absolute.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(&absolute);
    let rest = absolute.strip_prefix(existing).unwrap_or(LocalPath::new(""));
    let resolved = std::fs::canonicalize(existing).map_err(not_writable)?;
    let resolved = if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) };
    Url::from_file_path(&resolved).map_err(|()| {
        not_writable(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not an absolute path"))
    })
}

pub(crate) fn log_store(address: &Url) -> Result<LogStoreRef, DeltaFault> {
    DeltaTableBuilder::from_url(address.clone())
        .and_then(|builder| builder.build_storage())
        .map_err(|source| DeltaFault::store("open the store", address.as_str(), source))
}

/// A table's newest state, but for its files.
#[derive(Debug)]
pub(crate) struct Tip {
    pub version: i64,
    pub metadata: TableMetadata,
    pub txns: Vec<(String, i64)>,
    pub newest: Option<Entry>,
}

/// `None`: there is no table.
pub(crate) async fn read_tip(log: &Log) -> Result<Option<(Tip, Snapshot)>, DeltaFault> {
    let fail = |source: DeltaTableError| DeltaFault::store("read the log", &log.address, source);
    let snapshot = match Snapshot::try_new(log.store.as_ref(), None).await {
        Ok(snapshot) => snapshot,
        Err(DeltaTableError::NotATable(_)) => return Ok(None),
        Err(_) if empty_log(log).await => return Ok(None),
        Err(source) => {
            return Err(snapshot_txns::defect(log).await.unwrap_or_else(|| fail(source)));
        }
    };
    let version = snapshot.version() as i64;
    let metadata = serde_json::to_value(snapshot.metadata())
        .and_then(serde_json::from_value::<TableMetadata>)
        .map_err(|source| fail(source.into()))?;
    check_metadata(&metadata, &log.address)?;
    let txns = snapshot_txns::read(log, version).await?;
    let newest = log.read(version).await?;
    Ok(Some((Tip { version, metadata, txns, newest }, snapshot)))
}

/// A folder whose log is missing or has no entry is no table yet.
async fn empty_log(log: &Log) -> bool {
    use futures::TryStreamExt;
    let objects = log.objects();
    let mut listing = objects.list(Some(&Path::from("_delta_log")));
    matches!(listing.try_next().await, Ok(None))
}

impl Table {
    /// Opens the table, or creates it.
    pub async fn open(
        config: &TableConfig,
        durability: Durability,
    ) -> Result<(Self, Tip), DeltaFault> {
        let address = config.address.as_str().to_owned();
        let local = config.address.to_file_path().ok();
        if let Some(root) = &local {
            create_folder(root, &address)?;
        }
        let store = log_store(&config.address)?;
        let synced_root = local.filter(|_| durability == Durability::Fsync);
        let log = Log { store, address, synced_root };
        probe(&log).await?;
        if read_tip(&log).await?.is_none() {
            create(config, &log).await?;
            if let Some(root) = log.synced_root.clone() {
                let synced = durable::sync_created(root).await;
                synced.map_err(|source| DeltaFault::store("sync a table", &log.address, source))?;
            }
        }
        let missing = || DeltaFault::NotATable { address: log.address.clone() };
        let (tip, snapshot) = read_tip(&log).await?.ok_or_else(missing)?;
        protocol_of(&snapshot).check(&log.address)?;
        check_partitioning(config, &tip.metadata)?;
        let actual: Schema =
            snapshot.schema().as_ref().try_into_arrow().map_err(
                |source: arrow_schema::ArrowError| DeltaFault::encode(&log.address, source),
            )?;
        check_schema(config, &actual)?;
        let file_schema = partitions::file_schema(&config.schema, &config.partition_columns)
            .map_err(|source| DeltaFault::encode(&log.address, source))?;
        let layout = Layout {
            file_schema,
            partition_columns: config.partition_columns.clone(),
            codec: config.codec,
            target_file_bytes: config.target_file_bytes,
            stats: stats_of(config.role),
        };
        Ok((Self { log, layout }, tip))
    }
}

fn stats_of(role: TableRole) -> StatsColumns {
    match role {
        TableRole::Output => StatsColumns::All,
        TableRole::Rejects | TableRole::DeadLetters => StatsColumns::OwnOnly,
    }
}

fn create_folder(root: &LocalPath, address: &str) -> Result<(), DeltaFault> {
    std::fs::create_dir_all(root.join("_delta_log")).map_err(|source| DeltaFault::NotWritable {
        address: address.to_owned(),
        source: source.into(),
    })
}

/// Two puts at one key: the second must be refused, or commits would overwrite each other.
async fn probe(log: &Log) -> Result<(), DeltaFault> {
    let objects = log.objects();
    let key = Path::from(format!("_headgate_probe_{}", Uuid::new_v4()));
    let create = || PutOptions::from(PutMode::Create);
    let first = objects.put_opts(&key, "probe".into(), create()).await;
    first.map_err(|source| DeltaFault::NotWritable {
        address: log.address.clone(),
        source: source.into(),
    })?;
    let second = objects.put_opts(&key, "probe".into(), create()).await;
    if let Err(error) = objects.delete(&key).await {
        tracing::warn!(address = %log.address, %error, "probe left behind");
    }
    match second {
        Err(StoreError::AlreadyExists { .. }) => Ok(()),
        Ok(_) => Err(DeltaFault::NoConditionalPut { address: log.address.clone() }),
        Err(source) => Err(DeltaFault::store("probe put-if-absent", &log.address, source)),
    }
}

async fn create(config: &TableConfig, log: &Log) -> Result<(), DeltaFault> {
    let schema: StructType = config
        .schema
        .as_ref()
        .try_into_kernel()
        .map_err(|source: arrow_schema::ArrowError| DeltaFault::encode(&log.address, source))?;
    let mut builder = CreateBuilder::new()
        .with_log_store(log.store.clone())
        .with_columns(schema.fields().cloned())
        .with_partition_columns(config.partition_columns.clone())
        .with_save_mode(SaveMode::Ignore);
    if stats_of(config.role) == StatsColumns::OwnOnly {
        let present: Vec<&str> = OWN_COLUMNS
            .into_iter()
            .filter(|name| config.schema.field_with_name(name).is_ok())
            .collect();
        builder = builder.with_configuration_property(
            deltalake::TableProperty::DataSkippingStatsColumns,
            Some(present.join(",")),
        );
    }
    match builder.await {
        Ok(_) => Ok(()),
        // Another worker may have created it first.
        Err(source) => match log.read_bytes(0).await? {
            Some(_) => Ok(()),
            None => Err(DeltaFault::store("create the table", &log.address, source)),
        },
    }
}

fn protocol_of(snapshot: &Snapshot) -> Protocol {
    let protocol = snapshot.protocol();
    let features = protocol.writer_features().into_iter().flatten();
    Protocol {
        min_writer_version: protocol.min_writer_version(),
        writer_features: Some(features.map(|feature| feature.as_ref().to_owned()).collect()),
    }
}

fn check_partitioning(config: &TableConfig, actual: &TableMetadata) -> Result<(), DeltaFault> {
    if actual.partition_columns == config.partition_columns {
        return Ok(());
    }
    let name = |columns: &[String]| match columns {
        [] => "no partition columns".to_owned(),
        columns => format!("partitioned by {}", columns.join(", ")),
    };
    Err(DeltaFault::Partitioning {
        address: config.address.to_string(),
        expected: name(&config.partition_columns),
        actual: name(&actual.partition_columns),
    })
}

/// Every column to be written is there with its type, and every other one may be NULL.
fn check_schema(config: &TableConfig, actual: &Schema) -> Result<(), DeltaFault> {
    let mismatch = |column: &str, expected: String, actual: String| DeltaFault::Schema {
        address: config.address.to_string(),
        column: column.to_owned(),
        expected,
        actual,
    };
    for wanted in config.schema.fields() {
        let Ok(found) = actual.field_with_name(wanted.name()) else {
            return Err(mismatch(wanted.name(), describe(wanted), "no such column".to_owned()));
        };
        let narrower = wanted.is_nullable() && !found.is_nullable();
        if narrower || !same_type(wanted.data_type(), found.data_type()) {
            return Err(mismatch(wanted.name(), describe(wanted), describe(found)));
        }
    }
    let demanded = actual
        .fields()
        .iter()
        .find(|found| !found.is_nullable() && config.schema.field_with_name(found.name()).is_err());
    match demanded {
        Some(found) => {
            Err(mismatch(found.name(), "a column of the contract".to_owned(), describe(found)))
        }
        None => Ok(()),
    }
}

fn describe(field: &Field) -> String {
    let null = if field.is_nullable() { "" } else { " not null" };
    format!("{}{null}", field.data_type())
}

/// Equal but for the names of list items, nullability inside, and metadata.
fn same_type(wanted: &DataType, found: &DataType) -> bool {
    match (wanted, found) {
        (DataType::Struct(wanted), DataType::Struct(found)) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(wanted, found)| {
                    wanted.name() == found.name()
                        && same_type(wanted.data_type(), found.data_type())
                })
        }
        (DataType::List(wanted), DataType::List(found)) => {
            same_type(wanted.data_type(), found.data_type())
        }
        (wanted, found) => wanted == found,
    }
}
