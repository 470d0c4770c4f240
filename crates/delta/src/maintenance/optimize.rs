//! Small files become larger ones, with the same rows: readers open fewer, and the log is shorter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use deltalake::kernel::Snapshot;
use deltalake::kernel::engine::arrow_conversion::TryIntoArrow;
use futures::TryStreamExt;
use headgate_model::{FaultPoint, reach};
use serde_json::{Value, json};
use url::Url;

use super::open;
use super::plan::{self, Eagerness, Goal, Group};
use super::z_order::{self, Curve, Sample};
use crate::account::{Account, Kind};
use crate::active::{ActiveFile, Reading, active_files, rows_of};
use crate::app_id;
use crate::commit::Actions;
use crate::data_file::{Codec, WrittenFile, delete};
use crate::entry::{Entry, TableMetadata};
use crate::fault::{DeltaFault, Source};
use crate::head::Head;
use crate::log::{Follower, Log, RETRY_BUDGET, Slot, Tip, follow};
use crate::partitions::{self, PartitionKey};
use crate::protocol::Protocol;
use crate::stats::StatsColumns;
use crate::store::TableStore;
use crate::table::DEFAULT_FILE_BYTES;
use crate::table_writer::{Layout, TableWriter};

/// Rows that are read, spread and written at once.
const BATCH_ROWS: usize = 8 << 10;
/// What open files may hold together.
const BUFFER_BYTES: usize = 32 << 20;
/// What is rewritten before it is committed.
const COMMIT_BYTES: u64 = 1 << 30;

#[derive(Clone, Debug, Default)]
pub struct OptimizeOptions {
    /// Absent: the table's `delta.targetFileSize`, or 128 MiB.
    pub target_file_bytes: Option<u64>,
    /// Columns of a curve that rows are spread along, so that files have narrow bounds in each.
    pub z_order: Vec<String>,
    pub codec: Codec,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Optimized {
    /// Of the last commit; absent if there was nothing to do.
    pub version: Option<i64>,
    pub files_removed: u64,
    pub files_added: u64,
    pub bytes_removed: u64,
    pub bytes_added: u64,
    /// Groups of files that another writer rewrote or deleted meanwhile.
    pub conflicts: u64,
}

/// Rewrites the small files of a table, partition by partition.
pub async fn optimize(address: &Url, options: &OptimizeOptions) -> Result<Optimized, DeltaFault> {
    let store = open(address)?;
    Optimizer::open(&store, options, Eagerness::Asked, &AtomicBool::new(false)).await?.run().await
}

pub(super) struct Optimizer<'a> {
    store: &'a TableStore,
    snapshot: Snapshot,
    tip: Tip,
    layout: Layout,
    goal: Goal,
    z_order: Vec<String>,
    is_stopped: &'a AtomicBool,
}

impl<'a> Optimizer<'a> {
    pub async fn open(
        store: &'a TableStore,
        options: &OptimizeOptions,
        eagerness: Eagerness,
        is_stopped: &'a AtomicBool,
    ) -> Result<Self, DeltaFault> {
        let (tip, snapshot) = store.existing_tip().await?;
        Protocol::of(&snapshot).check(&store.address)?;
        let own = snapshot.table_properties().target_file_size.map(|bytes| bytes.get());
        let target_bytes = options.target_file_bytes.or(own).unwrap_or(DEFAULT_FILE_BYTES);
        let layout = layout(store, &snapshot, &tip.metadata, target_bytes, options.codec)?;
        check_columns(store, &layout, &options.z_order)?;
        let clustered = !options.z_order.is_empty();
        let goal = Goal { target_bytes, eagerness, clustered };
        let z_order = options.z_order.clone();
        Ok(Self { store, snapshot, tip, layout, goal, z_order, is_stopped })
    }

    /// When the table was last optimized, in milliseconds since the epoch.
    pub fn last_run(&self) -> Option<i64> {
        let mut txns = self.tip.txns.iter().rev();
        txns.find(|(name, _)| name == app_id::OPTIMIZED).map(|(_, at)| *at)
    }

    pub async fn run(self) -> Result<Optimized, DeltaFault> {
        let files = active_files(self.store, &self.snapshot, |file| self.goal.wants(file)).await?;
        let mut commit = Rewriting {
            log: self.store.log(),
            head: Head::of_tip(&self.tip),
            groups: Vec::new(),
            done: Optimized::default(),
        };
        let mut open_bytes = 0;
        for group in plan::groups(files, self.goal) {
            if self.is_stopped.load(Ordering::Acquire) {
                break;
            }
            open_bytes += group.bytes();
            match self.rewrite(&group).await {
                Ok(files) => commit.groups.push(Rewritten { group, files, is_lost: false }),
                Err(DeltaFault::Stopped { .. }) => break,
                // Another writer may have removed them, and vacuumed.
                Err(fault) => {
                    tracing::warn!(address = %self.store.address, %fault, "files not optimized");
                }
            }
            if open_bytes >= COMMIT_BYTES {
                commit.settle(self.store).await?;
                open_bytes = 0;
            }
        }
        commit.settle(self.store).await?;
        Ok(commit.done)
    }

    /// The files that hold the rows of `group` from now on; nothing refers to them yet.
    async fn rewrite(&self, group: &Group) -> Result<Vec<WrittenFile>, DeltaFault> {
        let lanes = group.bytes().div_ceil(self.goal.target_bytes).clamp(1, plan::MAX_LANES);
        let mut writers: Vec<TableWriter> = Vec::new();
        let written = self.write(group, lanes as usize, &mut writers).await;
        let mut files = Vec::new();
        let mut failed = written.err();
        for mut writer in writers {
            match (&failed, writer.finish().await) {
                (None, Ok(finished)) => {
                    files.extend(finished);
                    continue;
                }
                (None, Err(fault)) => failed = Some(fault),
                (Some(_), Ok(finished)) => delete(&self.store.objects(), &finished).await,
                (Some(_), Err(_)) => {}
            }
            writer.discard().await;
        }
        match failed {
            None => Ok(files.into_iter().map(WrittenFile::rearranged).collect()),
            Some(fault) => {
                delete(&self.store.objects(), &files).await;
                Err(fault)
            }
        }
    }

    async fn write(
        &self,
        group: &Group,
        lanes: usize,
        writers: &mut Vec<TableWriter>,
    ) -> Result<(), DeltaFault> {
        let mut curve = self.curve(group, lanes).await?;
        let names = self.layout.partition_columns.iter();
        let key: PartitionKey =
            names.map(|name| group.partition.get(name).cloned().flatten()).collect();
        let layout = match curve {
            // A lane is one file, however well it compresses.
            Some(_) => Layout { target_file_bytes: usize::MAX, ..self.layout.clone() },
            None => self.layout.clone(),
        };
        let fail = |source: Source| DeltaFault::store("optimize", &self.store.address, source);
        for file in &group.files {
            let mut batches = self.read(file, &layout.file_schema).await.map_err(fail)?;
            while let Some(rows) = batches.try_next().await.map_err(fail)? {
                let parts = match &mut curve {
                    Some(curve) => curve.spread(&rows).map_err(|source| fail(source.into()))?,
                    None => vec![rows],
                };
                for (lane, rows) in parts.iter().enumerate().filter(|(_, rows)| rows.num_rows() > 0)
                {
                    while writers.len() <= lane {
                        writers.push(TableWriter::new(self.store, layout.clone()));
                    }
                    writers[lane].write_into(key.clone(), rows).await?;
                }
                shrink(writers).await?;
                if self.is_stopped.load(Ordering::Acquire) {
                    return Err(DeltaFault::Stopped { address: self.store.address.clone() });
                }
            }
        }
        Ok(())
    }

    async fn curve(&self, group: &Group, lanes: usize) -> Result<Option<Curve>, DeltaFault> {
        if self.z_order.is_empty() {
            return Ok(None);
        }
        let fail = |source: Source| DeltaFault::store("optimize", &self.store.address, source);
        let fields = self.layout.file_schema.fields().iter();
        let keys = fields.filter(|field| self.z_order.contains(field.name())).cloned();
        let schema = SchemaRef::from(Schema::new(keys.collect::<Vec<_>>()));
        let mut sample = Sample::new(&self.z_order);
        for file in &group.files {
            let mut batches = self.read(file, &schema).await.map_err(fail)?;
            while let Some(rows) = batches.try_next().await.map_err(fail)? {
                sample.take(&rows).map_err(|source| fail(source.into()))?;
            }
        }
        Ok(Some(sample.cut(lanes)))
    }

    async fn read(
        &self,
        file: &ActiveFile,
        schema: &SchemaRef,
    ) -> Result<futures::stream::BoxStream<'static, Result<RecordBatch, Source>>, Source> {
        let reading = Reading { batch_rows: BATCH_ROWS, limit: None };
        rows_of(self.store.objects(), file, schema, reading).await
    }
}

async fn shrink(writers: &mut [TableWriter]) -> Result<(), DeltaFault> {
    while writers.iter().map(TableWriter::buffered_bytes).sum::<usize>() > BUFFER_BYTES {
        let Some(largest) = writers.iter_mut().max_by_key(|writer| writer.buffered_bytes()) else {
            break;
        };
        let before = largest.buffered_bytes();
        largest.end_row_group().await?;
        if largest.buffered_bytes() >= before {
            break;
        }
    }
    Ok(())
}

fn layout(
    store: &TableStore,
    snapshot: &Snapshot,
    metadata: &TableMetadata,
    target_bytes: u64,
    codec: Codec,
) -> Result<Layout, DeltaFault> {
    let fail = |source: arrow_schema::ArrowError| DeltaFault::encode(&store.address, source);
    let schema: Schema = snapshot.schema().as_ref().try_into_arrow().map_err(fail)?;
    let partition_columns = metadata.partition_columns.clone();
    let file_schema =
        partitions::file_schema(&Arc::new(schema), &partition_columns).map_err(fail)?;
    Ok(Layout {
        file_schema,
        partition_columns,
        codec,
        target_file_bytes: usize::try_from(target_bytes).unwrap_or(usize::MAX),
        stats: StatsColumns::of(metadata),
    })
}

fn check_columns(
    store: &TableStore,
    layout: &Layout,
    z_order: &[String],
) -> Result<(), DeltaFault> {
    let unknown = |actual: String| DeltaFault::ZOrder {
        address: store.address.clone(),
        expected: format!("up to {} columns that are no partition columns", z_order::MAX_COLUMNS),
        actual,
    };
    if z_order.len() > z_order::MAX_COLUMNS {
        return Err(unknown(format!("{} columns", z_order.len())));
    }
    let mut columns = z_order.iter();
    match columns.find(|name| layout.file_schema.field_with_name(name).is_err()) {
        Some(name) => Err(unknown(name.clone())),
        None => Ok(()),
    }
}

struct Rewritten {
    group: Group,
    files: Vec<WrittenFile>,
    /// Another writer removed one of the group's files.
    is_lost: bool,
}

/// What is rewritten, on its way into the log.
struct Rewriting {
    log: Log,
    head: Head,
    groups: Vec<Rewritten>,
    done: Optimized,
}

impl Follower for Rewriting {
    fn place(&mut self) -> (&Log, &mut Head) {
        (&self.log, &mut self.head)
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), DeltaFault> {
        self.head.check(entry, &self.log.address)?;
        self.head.advance(entry);
        for rewritten in &mut self.groups {
            let mut files = rewritten.group.files.iter();
            rewritten.is_lost |= files.any(|file| entry.removes.contains(&file.logged_path));
        }
        Ok(())
    }
}

impl Rewriting {
    /// Commits all groups that nobody else has touched. Their new files stay when it is not known
    /// whether that happened; otherwise what is not committed is deleted.
    async fn settle(&mut self, store: &TableStore) -> Result<(), DeltaFault> {
        let settled = self.put().await;
        let may_have_landed = matches!(&settled, Err(fault) if !fault.is_refused_entry());
        for Rewritten { group, files, is_lost } in std::mem::take(&mut self.groups) {
            if is_lost || settled.is_err() && !may_have_landed {
                self.done.conflicts += u64::from(is_lost);
                delete(&store.objects(), &files).await;
            } else if settled.is_ok() {
                self.done.files_removed += group.files.len() as u64;
                self.done.files_added += files.len() as u64;
                self.done.bytes_removed += group.bytes();
                self.done.bytes_added += files.iter().map(WrittenFile::bytes).sum::<u64>();
            }
        }
        settled
    }

    async fn put(&mut self) -> Result<(), DeltaFault> {
        loop {
            if !follow(self).await? {
                let (address, version) = (self.log.address.clone(), self.head.version);
                return Err(DeltaFault::MissingEntry { address, version });
            }
            reach(FaultPoint::Optimize)
                .map_err(|source| DeltaFault::store("optimize", &self.log.address, source))?;
            let groups: Vec<&Rewritten> =
                self.groups.iter().filter(|rewritten| !rewritten.is_lost).collect();
            if groups.is_empty() {
                return Ok(());
            }
            let now = chrono::Utc::now().timestamp_millis();
            let files = groups.iter().flat_map(|rewritten| &rewritten.files);
            let removed = groups.iter().flat_map(|rewritten| &rewritten.group.files);
            let actions = Actions {
                adds: files.clone().map(|file| &file.add).collect(),
                removes: removed.map(|file| remove(file, now)).collect(),
                rows: files.map(|file| file.rows).sum(),
                txns: vec![(app_id::OPTIMIZED.to_owned(), now)],
                metadata: None,
            };
            let account = Account::new(Kind::Optimize);
            match self.log.put(&self.head, &account, &actions, RETRY_BUDGET).await? {
                Slot::Ours(sent) => {
                    self.head.version += 1;
                    self.head.confirm(sent);
                    self.done.version = Some(self.head.version);
                    self.log.storage.committed(self.head.version);
                    return Ok(());
                }
                Slot::Other(entry) => self.apply(&entry)?,
                Slot::Unknown => {
                    let (address, version) = (self.log.address.clone(), self.head.version + 1);
                    let source = "the log was not read for too long".into();
                    return Err(DeltaFault::CommitUnknown { address, version, source });
                }
            }
        }
    }
}

fn remove(file: &ActiveFile, now: i64) -> Value {
    json!({
        "path": file.logged_path,
        "deletionTimestamp": now,
        "dataChange": false,
        "extendedFileMetadata": true,
        "partitionValues": file.partition,
        "size": file.size,
    })
}
