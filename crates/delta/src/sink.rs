//! [`DeltaSink`]: files that nobody can see yet, and the commit that shows them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use deltalake::ObjectStore;
use futures::TryStreamExt;
use headgate_model::{
    BatchCommit, BoxFault, Budget, CommitOutcome, ConvertRows, FaultPoint, LakeSink, Positions,
    SinkImage, TableRole, reach,
};
use url::Url;

use crate::account::Kind;
use crate::active::{ActiveFile, Reading, rows_of};
use crate::committer::{Committer, Files, OpenLog, Settled};
use crate::data_file::{WrittenFile, delete};
use crate::fault::DeltaFault;
use crate::image::Fit;
use crate::log::{Log, RETRY_BUDGET};
use crate::object_stores::StoreOptions;
use crate::outbox::Cursors;
use crate::patience::patiently;
use crate::side::Side;
use crate::store::TableStore;
use crate::table::{Durability, Table, TableConfig};
use crate::table_writer::TableWriter;

#[derive(Clone, Debug)]
pub struct DeltaSinkConfig {
    pub query: String,
    pub output: TableConfig,
    pub side_tables: Vec<TableConfig>,
    pub durability: Durability,
    /// How far observers are; it rides on commits.
    pub cursors: Arc<Cursors>,
    /// Bytes that open files may hold before row groups are ended early.
    pub buffers: Budget,
}

/// Rows that are read at once when files are rewritten for another table.
const REWRITTEN_ROWS: usize = 8 << 10;

pub struct DeltaSink {
    config: DeltaSinkConfig,
    opened: Option<Opened>,
}

struct Opened {
    committer: Committer,
    writers: BTreeMap<TableRole, TableWriter>,
}

impl DeltaSink {
    pub fn new(config: DeltaSinkConfig) -> Self {
        Self { config, opened: None }
    }

    fn opened(&mut self) -> Result<&mut Opened, DeltaFault> {
        let address = self.config.output.address.as_str();
        self.opened.as_mut().ok_or_else(|| DeltaFault::NotATable { address: address.to_owned() })
    }

    /// Rows of the output's files into files of another table.
    async fn rewrite(
        &mut self,
        objects: &Arc<dyn ObjectStore>,
        files: &[WrittenFile],
        to: TableRole,
        convert: &ConvertRows<'_>,
    ) -> Result<(), BoxFault> {
        let schema = Arc::clone(&self.config.output.schema);
        let reading = Reading { batch_rows: REWRITTEN_ROWS, limit: None };
        for file in files {
            let address = self.config.output.address.to_string();
            let fail = |source| DeltaFault::store("reroute a data file", &address, source);
            let file = ActiveFile::written(file);
            let rows = rows_of(Arc::clone(objects), &file, &schema, reading).await;
            let mut rows = rows.map_err(&fail)?;
            while let Some(rows) = rows.try_next().await.map_err(&fail)? {
                self.write(to, convert(rows)?).await?;
            }
        }
        if let Some(target) = self.opened()?.writers.get_mut(&to) {
            target.close().await?;
        }
        Ok(reach(FaultPoint::Reroute)?)
    }
}

impl LakeSink for DeltaSink {
    async fn open(&mut self) -> Result<SinkImage, BoxFault> {
        let opened = Opened::open(&self.config).await?;
        let opened = self.opened.insert(opened);
        opened.committer.recover().await?;
        Ok(opened.committer.told_image().await?)
    }

    async fn initialize(&mut self, starts: Positions) -> Result<SinkImage, BoxFault> {
        let opened = self.opened()?;
        opened.committer.initialize(&starts).await?;
        Ok(opened.committer.told_image().await?)
    }

    async fn refresh(&mut self) -> Result<SinkImage, BoxFault> {
        let opened = self.opened()?;
        opened.committer.read_to_tip().await?;
        opened.committer.pay_all().await;
        Ok(opened.committer.told_image().await?)
    }

    async fn write(&mut self, table: TableRole, rows: RecordBatch) -> Result<(), BoxFault> {
        let budget = self.config.buffers.bytes();
        let opened = self.opened()?;
        let address = opened.committer.log.address.clone();
        let writer = opened
            .writers
            .get_mut(&table)
            .ok_or_else(|| DeltaFault::encode(&address, format!("no {} table", table.as_str())))?;
        writer.write(&rows).await?;
        while opened.buffered_bytes() > budget {
            let before = opened.buffered_bytes();
            let largest = opened.writers.values_mut().max_by_key(|writer| writer.buffered_bytes());
            if let Some(writer) = largest {
                writer.shrink_largest().await?;
            }
            if opened.buffered_bytes() >= before {
                break;
            }
        }
        Ok(())
    }

    fn buffered_bytes(&self) -> u64 {
        self.opened.as_ref().map_or(0, Opened::buffered_bytes)
    }

    async fn close_files(&mut self) -> Result<(), BoxFault> {
        let opened = self.opened()?;
        for writer in opened.writers.values_mut() {
            writer.close().await?;
        }
        reach(FaultPoint::Files)?;
        Ok(opened.committer.confirm_head().await?)
    }

    async fn reroute(&mut self, to: TableRole, convert: &ConvertRows<'_>) -> Result<(), BoxFault> {
        let opened = self.opened()?;
        let Some(output) = opened.writers.get_mut(&TableRole::Output) else { return Ok(()) };
        let files = output.finish().await?;
        let objects = Arc::clone(output.objects());
        let rewritten = self.rewrite(&objects, &files, to, convert).await;
        delete(&objects, &files).await;
        rewritten
    }

    async fn commit(&mut self, batch: BatchCommit) -> Result<CommitOutcome, BoxFault> {
        let opened = self.opened()?;
        if let Some(block) = batch.blocked {
            opened.discard().await;
            return Ok(opened.committer.commit_block(&batch, block).await?);
        }
        Ok(opened.commit_batch(&batch).await?)
    }

    async fn discard(&mut self) {
        if let Some(opened) = &mut self.opened {
            opened.discard().await;
        }
    }

    fn patience(&self) -> Duration {
        RETRY_BUDGET
    }

    async fn close(&mut self) {
        if let Some(opened) = &mut self.opened {
            opened.committer.finish().await;
        }
    }
}

impl Opened {
    async fn open(config: &DeltaSinkConfig) -> Result<Self, DeltaFault> {
        let mut writers = BTreeMap::new();
        let (output, tip) = patiently(|| Table::open(&config.output, config.durability)).await?;
        let open_log = open_log(config.durability, config.output.store.clone());
        let cursors = Arc::clone(&config.cursors);
        let log = output.store.log();
        let mut committer = Committer::of_tip(&config.query, log, &tip, cursors, open_log);
        committer.wanted = output.wanted;
        for table in &config.side_tables {
            let (opened, tip) = patiently(|| Table::open(table, config.durability)).await?;
            let mut side = Side::of_tip(Some(table.role), opened.store.log(), &tip);
            let account = committer.account_under(0, Kind::Schema);
            side.evolve(&account, &opened.wanted).await?;
            committer.sides.push(side);
            writers.insert(table.role, TableWriter::new(&opened.store, opened.layout));
        }
        writers.insert(TableRole::Output, TableWriter::new(&output.store, output.layout));
        Ok(Self { committer, writers })
    }

    fn buffered_bytes(&self) -> u64 {
        self.writers.values().map(|writer| writer.buffered_bytes() as u64).sum()
    }

    async fn commit_batch(&mut self, batch: &BatchCommit) -> Result<CommitOutcome, DeltaFault> {
        self.committer.hold_while_indebted().await?;
        let files = self.finish_files().await?;
        let settled = self.committer.settle(batch, &files).await;
        if !Settled::may_land(&settled) {
            self.delete(&files).await;
        }
        match settled? {
            Settled::Refused(Fit::Blocked(version)) => {
                Ok(CommitOutcome::Blocked(self.committer.block_note(version).await?))
            }
            Settled::Refused(Fit::Moved | Fit::Fits) => Ok(self.committer.fenced()),
            Settled::Unknown => {
                self.committer.reopen().await?;
                Ok(self.committer.fenced())
            }
            Settled::Committed => {
                let version = self.committer.image.version();
                if reach(FaultPoint::Payment).is_ok() {
                    self.committer.pay_all().await;
                }
                let side_tables = self.committer.totals(&files);
                Ok(CommitOutcome::Committed { version, side_tables })
            }
        }
    }

    /// All files of the batch, or none.
    async fn finish_files(&mut self) -> Result<Files, DeltaFault> {
        let mut files = Files::new();
        match self.finish_into(&mut files).await {
            Ok(()) => Ok(files),
            Err(fault) => {
                self.delete(&files).await;
                self.discard().await;
                Err(fault)
            }
        }
    }

    async fn finish_into(&mut self, all: &mut Files) -> Result<(), DeltaFault> {
        for (role, writer) in &mut self.writers {
            let files = writer.finish().await?;
            if !files.is_empty() {
                all.insert(*role, files);
            }
        }
        Ok(())
    }

    async fn delete(&mut self, files: &Files) {
        for (role, files) in files {
            if let Some(writer) = self.writers.get(role) {
                delete(writer.objects(), files).await;
            }
        }
    }

    async fn discard(&mut self) {
        for writer in self.writers.values_mut() {
            writer.discard().await;
        }
    }
}

/// A side table that the configuration no longer names is looked for with the output's options.
pub(crate) fn open_log(durability: Durability, options: StoreOptions) -> OpenLog {
    Box::new(move |address: &str| -> Result<Log, DeltaFault> {
        let fail = |error: url::ParseError| DeltaFault::store("find a side table", address, error);
        let url = Url::parse(address).map_err(fail)?;
        let synced_root = url.to_file_path().ok().filter(|_| durability == Durability::Fsync);
        Ok(TableStore::open(&url, &options, synced_root)?.log())
    })
}
