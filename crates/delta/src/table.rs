//! Opens a table, or creates it, and refuses one that contradicts what will be written.

use std::path::Path as LocalPath;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use deltalake::Path;
use deltalake::kernel::engine::arrow_conversion::{TryIntoArrow, TryIntoKernel};
use deltalake::kernel::{Snapshot, StructType};
use deltalake::logstore::object_store::{Error as StoreError, ObjectStoreExt, PutMode, PutOptions};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::SaveMode;
use headgate_model::{FaultPoint, TableRole, map_parts};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::answer::told;
use crate::data_file::Codec;
use crate::durable;
use crate::entry::TableMetadata;
use crate::evolution;
use crate::fault::DeltaFault;
use crate::log::{LogStorage, Tip};
use crate::object_stores::StoreOptions;
use crate::partitions;
use crate::patience::patiently;
use crate::protocol::Protocol;
use crate::side;
use crate::stats::{OWN_COLUMNS, StatsColumns};
use crate::store::TableStore;
use crate::table_writer::Layout;

/// Files a reader opens quickly, and a row group or a few.
pub const DEFAULT_FILE_BYTES: u64 = 128 << 20;

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
    /// As [`address_in`](crate::address_in) gives it: the same place has one address only.
    pub address: Url,
    /// All columns, partition columns included.
    pub schema: SchemaRef,
    pub partition_columns: Vec<String>,
    pub codec: Codec,
    pub target_file_bytes: usize,
    /// Columns that the table lacks are added to it.
    pub merge_schema: bool,
    pub store: StoreOptions,
    /// Commits between two log checkpoints.
    pub checkpoint_interval: i64,
}

/// An open table: its log, and the layout of its files.
pub(crate) struct Table {
    pub store: TableStore,
    pub layout: Layout,
    /// Columns to be written that may have to be added, as the log spells them.
    pub wanted: Vec<Value>,
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
        let synced_root = local.filter(|_| durability == Durability::Fsync);
        let mut store = TableStore::open(&config.address, &config.store, synced_root)?;
        store.checkpoint_every(config.checkpoint_interval);
        if config.role == TableRole::Output {
            store.puts = [FaultPoint::OutputPut, FaultPoint::OutputPutDone];
        }
        probe(&store).await?;
        // The kernel would call it an error.
        if store.has_no_entry().await || store.read_tip().await?.is_none() {
            create(config, &store).await?;
            if let Some(root) = store.synced_root.clone() {
                let synced = durable::sync_created(root).await;
                synced.map_err(|source| DeltaFault::store("sync a table", &address, source))?;
            }
        }
        let (tip, snapshot) = store.existing_tip().await?;
        check(config, &tip, &snapshot)?;
        let wanted = if config.merge_schema { wanted(config)? } else { Vec::new() };
        let file_schema = partitions::file_schema(&config.schema, &config.partition_columns)
            .map_err(|source| DeltaFault::encode(&address, source))?;
        let layout = Layout {
            file_schema,
            partition_columns: config.partition_columns.clone(),
            codec: config.codec,
            target_file_bytes: config.target_file_bytes,
            stats: stats_of(config.role),
        };
        Ok((Self { store, layout, wanted }, tip))
    }
}

/// Whether the table, as it is now, can be opened so; one that is not there can. Writes nothing.
pub async fn check_table(config: &TableConfig) -> Result<(), DeltaFault> {
    let store = TableStore::open(&config.address, &config.store, None)?;
    let Some((tip, snapshot)) = patiently(|| store.read_tip()).await? else { return Ok(()) };
    check(config, &tip, &snapshot)?;
    if config.merge_schema {
        evolution::merge(&tip.metadata, &wanted(config)?)
            .map_err(|column| side::clash(&store.address, &column))?;
    }
    Ok(())
}

fn check(config: &TableConfig, tip: &Tip, snapshot: &Snapshot) -> Result<(), DeltaFault> {
    let address = config.address.as_str();
    Protocol::of(snapshot).check(address)?;
    check_partitioning(config, &tip.metadata)?;
    let actual: Schema = snapshot
        .schema()
        .as_ref()
        .try_into_arrow()
        .map_err(|source: arrow_schema::ArrowError| DeltaFault::encode(address, source))?;
    check_schema(config, &actual)
}

fn stats_of(role: TableRole) -> StatsColumns {
    match role {
        TableRole::Output => StatsColumns::All,
        TableRole::Rejects | TableRole::DeadLetters | TableRole::Sink(_) => StatsColumns::OwnOnly,
    }
}

fn create_folder(root: &LocalPath, address: &str) -> Result<(), DeltaFault> {
    std::fs::create_dir_all(root.join("_delta_log")).map_err(|source| DeltaFault::NotWritable {
        address: address.to_owned(),
        source: source.into(),
    })
}

/// Two puts at one key: the second must be refused, or commits would overwrite each other.
async fn probe(log: &TableStore) -> Result<(), DeltaFault> {
    let objects = log.objects();
    let key = Path::from(format!("_headgate_probe_{}", Uuid::new_v4()));
    let create = || PutOptions::from(PutMode::Create);
    let first = objects.put_opts(&key, "probe".into(), create()).await;
    first.map_err(|source| DeltaFault::NotWritable {
        address: log.address.clone(),
        source: told(source.into()),
    })?;
    let second = objects.put_opts(&key, "probe".into(), create()).await;
    if let Err(error) = objects.delete(&key).await.map_err(|error| told(error.into())) {
        tracing::warn!(address = %log.address, %error, "probe left behind");
    }
    match second {
        Err(StoreError::AlreadyExists { .. }) => Ok(()),
        Ok(_) => Err(DeltaFault::NoConditionalPut { address: log.address.clone() }),
        Err(source) => Err(DeltaFault::store("probe put-if-absent", &log.address, source)),
    }
}

async fn create(config: &TableConfig, log: &TableStore) -> Result<(), DeltaFault> {
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
        Err(source) => match log.read(0).await? {
            Some(_) => Ok(()),
            None => Err(DeltaFault::store("create the table", &log.address, source)),
        },
    }
}

/// The columns to be written, each of which rows from before may lack.
fn wanted(config: &TableConfig) -> Result<Vec<Value>, DeltaFault> {
    let fields = config.schema.fields().iter().map(|field| field.as_ref().clone());
    let nullable = Schema::new(fields.map(|field| field.with_nullable(true)).collect::<Vec<_>>());
    let schema: StructType =
        (&nullable).try_into_kernel().map_err(|source: arrow_schema::ArrowError| {
            DeltaFault::encode(config.address.as_str(), source)
        })?;
    let json = serde_json::to_value(&schema)
        .map_err(|source| DeltaFault::encode(config.address.as_str(), source))?;
    Ok(json["fields"].as_array().cloned().unwrap_or_default())
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
            if config.merge_schema {
                continue;
            }
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

/// Equal but for the names of list items and map entries, nullability inside, and metadata.
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
        (DataType::Map(wanted, _), DataType::Map(found, _)) => {
            match (map_parts(wanted), map_parts(found)) {
                (Some(wanted), Some(found)) => wanted
                    .iter()
                    .zip(found)
                    .all(|(wanted, found)| same_type(wanted.data_type(), found.data_type())),
                _ => false,
            }
        }
        (wanted, found) => wanted == found,
    }
}
