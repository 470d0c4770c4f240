//! [`DeltaSink`]: the output log is the commit point, side tables follow it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow_array::RecordBatch;
use headgate_model::{
    BatchCommit, BoxFault, CommitOutcome, LakeSink, PartitionId, Positions, SinkImage, TableRole,
    TableTotal,
};
use url::Url;
use uuid::Uuid;

use crate::account::{self, Account, CountsEntry, Debt, Kind, PartitionEntry};
use crate::app_id;
use crate::checkpoint::Checkpoints;
use crate::commit::{self, Actions, PAYMENT_BUDGET, RETRY_BUDGET, Slot};
use crate::data_file::{WrittenFile, delete};
use crate::fault::DeltaFault;
use crate::image::{Image, PositionCheck, group};
use crate::log::{Entry, Log};
use crate::side::{Side, read_debt};
use crate::table::{Durability, Table, TableConfig, log_store, read_tip};
use crate::table_writer::TableWriter;

/// Debts to one side table that may be open before the next commit has to wait.
const MAX_OPEN_DEBTS: usize = 8;

#[derive(Clone, Debug)]
pub struct DeltaSinkConfig {
    pub query: String,
    pub output: TableConfig,
    pub side_tables: Vec<TableConfig>,
    pub durability: Durability,
    /// Bytes that open files may hold before row groups are ended early.
    pub buffer_bytes: u64,
}

/// The finished files of a batch.
type Files = BTreeMap<TableRole, Vec<WrittenFile>>;

pub struct DeltaSink {
    config: DeltaSinkConfig,
    opened: Option<Opened>,
}

struct Opened {
    log: Log,
    image: Image,
    sides: Vec<Side>,
    writers: BTreeMap<TableRole, TableWriter>,
    checkpoints: Checkpoints,
}

impl DeltaSink {
    pub fn new(config: DeltaSinkConfig) -> Self {
        Self { config, opened: None }
    }

    fn opened(&mut self) -> Result<&mut Opened, DeltaFault> {
        let address = self.config.output.address.as_str();
        self.opened.as_mut().ok_or_else(|| DeltaFault::NotATable { address: address.to_owned() })
    }
}

impl LakeSink for DeltaSink {
    async fn open(&mut self) -> Result<SinkImage, BoxFault> {
        let opened = Opened::open(&self.config).await?;
        let opened = self.opened.insert(opened);
        opened.recover().await?;
        Ok(opened.sink_image())
    }

    async fn initialize(&mut self, starts: Positions) -> Result<SinkImage, BoxFault> {
        let opened = self.opened()?;
        opened.initialize(&starts).await?;
        Ok(opened.sink_image())
    }

    async fn refresh(&mut self) -> Result<SinkImage, BoxFault> {
        let opened = self.opened()?;
        opened.read_to_tip().await?;
        opened.pay_all().await;
        Ok(opened.sink_image())
    }

    async fn write(&mut self, table: TableRole, rows: RecordBatch) -> Result<(), BoxFault> {
        let budget = self.config.buffer_bytes;
        let opened = self.opened()?;
        let address = opened.log.address.clone();
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
        for writer in self.opened()?.writers.values_mut() {
            writer.close().await?;
        }
        Ok(())
    }

    async fn commit(&mut self, batch: BatchCommit) -> Result<CommitOutcome, BoxFault> {
        let opened = self.opened()?;
        if batch.blocked {
            opened.discard().await;
            return Ok(opened.commit_block(&batch).await?);
        }
        Ok(opened.commit_batch(&batch).await?)
    }

    async fn discard(&mut self) {
        if let Some(opened) = &mut self.opened {
            opened.discard().await;
        }
    }
}

impl Opened {
    async fn open(config: &DeltaSinkConfig) -> Result<Self, DeltaFault> {
        let mut writers = BTreeMap::new();
        let (output, tip) = Table::open(&config.output, config.durability).await?;
        let image = Image::of_tip(&config.query, tip);
        let mut sides = Vec::new();
        for table in &config.side_tables {
            let (opened, tip) = Table::open(table, config.durability).await?;
            sides.push(Side::of_tip(Some(table.role), opened.log.clone(), &tip));
            writers.insert(table.role, writer(opened));
        }
        let log = output.log.clone();
        writers.insert(TableRole::Output, writer(output));
        Ok(Self { log, image, sides, writers, checkpoints: Checkpoints::default() })
    }

    fn sink_image(&self) -> SinkImage {
        self.image.to_sink_image(&self.log.address)
    }

    fn buffered_bytes(&self) -> u64 {
        self.writers.values().map(|writer| writer.buffered_bytes() as u64).sum()
    }

    /// Finds and pays every debt there is, to side tables configured or not.
    async fn recover(&mut self) -> Result<(), DeltaFault> {
        let Some(prefix) = self.image.prefix() else { return Ok(()) };
        for (hash, last) in self.image.sides.clone() {
            if !self.sides.iter().any(|side| side.hash == hash) {
                let debt = read_debt(&self.log, last, &hash).await?;
                let side = open_former(&self.log, &debt.address, last).await?;
                self.sides.push(side);
            }
            let Some(side) = self.sides.iter_mut().find(|side| side.hash == hash) else { continue };
            side.walk(&self.log, &prefix, last).await?;
        }
        let Some(account) = self.account(Kind::Payment) else { return Ok(()) };
        for side in &mut self.sides {
            side.pay(&account, &prefix, RETRY_BUDGET).await?;
        }
        Ok(())
    }

    fn account(&self, kind: Kind) -> Option<Account> {
        self.image.incarnation.map(|incarnation| self.account_under(incarnation, kind))
    }

    fn account_under(&self, incarnation: i64, kind: Kind) -> Account {
        Account {
            kind,
            query: self.image.query.clone(),
            incarnation: format!("{incarnation:x}"),
            batch: Uuid::new_v4().to_string(),
            group: group(&self.image.query, incarnation, &self.log.address),
            contract: None,
            partitions: Vec::new(),
            counts: None,
            verdict: None,
            intervention: None,
            debts: Vec::new(),
            pays: None,
        }
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), DeltaFault> {
        self.image.apply(entry, &self.log.address)?;
        if let Some(account) = entry.account.as_ref().filter(|account| self.image.owns(account)) {
            for side in &mut self.sides {
                side.take_debts(self.image.version, account);
            }
        }
        Ok(())
    }

    async fn read_to_tip(&mut self) -> Result<(), DeltaFault> {
        while let Some(entry) = self.log.read(self.image.version + 1).await? {
            self.apply(&entry)?;
        }
        Ok(())
    }

    async fn initialize(&mut self, starts: &Positions) -> Result<(), DeltaFault> {
        let incarnation = (Uuid::new_v4().as_u128() as u64 >> 1) as i64;
        let prefix = app_id::prefix(&self.image.query, incarnation);
        self.read_to_tip().await?;
        let at_start = |(id, start): (&PartitionId, &i64)| PartitionEntry {
            topic: id.topic.to_string(),
            topic_id: id.topic_id.to_string(),
            partition: id.partition,
            start: *start,
            end: *start,
            records: 0,
            gaps: 0,
            lost: 0,
        };
        let account = Account {
            partitions: starts.iter().map(at_start).collect(),
            ..self.account_under(incarnation, Kind::Start)
        };
        let mut txns = vec![(app_id::query(&self.image.query), incarnation)];
        txns.extend(starts.iter().map(|(id, start)| (app_id::position(&prefix, id), *start)));
        let actions = Actions { txns, ..Actions::default() };
        // A slot that another worker's first commit took is read, and its incarnation taken over.
        while self.image.incarnation.is_none() {
            self.put(&account, &actions).await?;
        }
        Ok(())
    }

    /// One try at the slot after the image. True: it is ours, and the image knows it. False: the
    /// image has read on to the tip.
    async fn put(&mut self, account: &Account, actions: &Actions<'_>) -> Result<bool, DeltaFault> {
        let version = self.image.version + 1;
        let bytes = commit::bytes(version, account, actions)
            .map_err(|source| DeltaFault::encode(&self.log.address, source))?;
        match commit::put(&self.log, version, &account.batch, &bytes, RETRY_BUDGET).await? {
            Slot::Other(entry) => {
                self.apply(&entry)?;
                self.read_to_tip().await?;
                Ok(false)
            }
            Slot::Ours => {
                let entry = Entry {
                    txns: actions.txns.clone(),
                    account: Some(account.clone()),
                    ..Entry::default()
                };
                self.apply(&entry)?;
                self.checkpoints.after_commit(&self.log, version);
                Ok(true)
            }
        }
    }

    async fn commit_batch(&mut self, batch: &BatchCommit) -> Result<CommitOutcome, DeltaFault> {
        self.hold_while_indebted().await?;
        let files = self.finish_files().await?;
        let landed = self.put_batch(batch, &files).await;
        // Every slot tried is seen to hold another's commit; after any other failure a put may
        // still land, and the files stay.
        if matches!(&landed, Ok(false)) || matches!(&landed, Err(fault) if fault.is_refused_entry())
        {
            self.delete(&files).await;
        }
        if !landed? {
            return Ok(self.fenced());
        }
        let version = self.image.version;
        self.pay_all().await;
        Ok(CommitOutcome::Committed { version, side_tables: self.totals(&files) })
    }

    /// False: another worker moved a position first.
    async fn put_batch(&mut self, batch: &BatchCommit, files: &Files) -> Result<bool, DeltaFault> {
        while self.image.check(&batch.ledger.partitions) == PositionCheck::Fits {
            let Some((account, txns)) = self.batch_account(batch, files) else { break };
            let output = files.get(&TableRole::Output).map(Vec::as_slice).unwrap_or_default();
            let adds = output.iter().map(|file| &file.add).collect();
            let rows = output.iter().map(|file| file.rows).sum();
            if self.put(&account, &Actions { adds, txns, rows }).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn fenced(&self) -> CommitOutcome {
        let own = self.sink_image().group;
        CommitOutcome::Fenced { image: self.sink_image(), same_group: self.image.last_group == own }
    }

    fn log_of(&self, role: TableRole) -> &Log {
        let side = self.sides.iter().find(|side| side.role == Some(role));
        side.map_or(&self.log, |side| &side.log)
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
            delete(&self.log_of(*role).objects(), files).await;
        }
    }

    /// Account and txns for the slot after the image.
    fn batch_account(
        &self,
        batch: &BatchCommit,
        files: &Files,
    ) -> Option<(Account, Vec<(String, i64)>)> {
        let prefix = self.image.prefix()?;
        let version = self.image.version + 1;
        let ledger = &batch.ledger;
        let mut txns: Vec<(String, i64)> = ledger
            .partitions
            .iter()
            .map(|range| (app_id::position(&prefix, &range.partition), range.end))
            .collect();
        let mut debts = Vec::new();
        for side in &self.sides {
            let Some(files) = side.role.and_then(|role| files.get(&role)) else { continue };
            txns.push((app_id::side(&prefix, &side.log.address), version));
            debts.push(Debt {
                role: side.role.map_or("", TableRole::as_str).to_owned(),
                address: side.log.address.clone(),
                prev: self.image.sides.get(&side.hash).copied(),
                rows: files.iter().map(|file| file.rows).sum(),
                adds: files.iter().map(|file| file.add.clone()).collect(),
            });
        }
        let account = Account { debts, ..self.ledger_account(Kind::Batch, batch)? };
        Some((account, txns))
    }

    fn ledger_account(&self, kind: Kind, batch: &BatchCommit) -> Option<Account> {
        let ledger = &batch.ledger;
        Some(Account {
            batch: ledger.verdict.batch_uuid.clone(),
            contract: ledger.verdict.contract.as_ref().map(Into::into),
            partitions: ledger.partitions.iter().map(Into::into).collect(),
            counts: Some(CountsEntry::from(&ledger.counts)),
            verdict: Some(account::verdict(ledger)),
            intervention: ledger.intervention.clone(),
            ..self.account(kind)?
        })
    }

    /// The verdict alone, once a range and contract: a restart that blocks again adds nothing.
    async fn commit_block(&mut self, batch: &BatchCommit) -> Result<CommitOutcome, DeltaFault> {
        self.read_to_tip().await?;
        while self.image.check(&batch.ledger.partitions) == PositionCheck::Fits {
            let Some(account) = self.ledger_account(Kind::Block, batch) else { break };
            let known = |(partitions, contract): &(Vec<PartitionEntry>, _)| {
                *contract == account.contract
                    && partitions.len() == account.partitions.len()
                    && partitions.iter().zip(&account.partitions).all(|(a, b)| {
                        (&a.topic, &a.topic_id, a.partition, a.start)
                            == (&b.topic, &b.topic_id, b.partition, b.start)
                    })
            };
            if self.image.last_block.as_ref().is_some_and(known)
                || self.put(&account, &Actions::default()).await?
            {
                let version = self.image.version;
                return Ok(CommitOutcome::Committed { version, side_tables: Vec::new() });
            }
        }
        Ok(self.fenced())
    }

    /// Pays what can be paid; what cannot stays owed, is logged, and is tried again.
    async fn pay_all(&mut self) {
        let (Some(account), Some(prefix)) = (self.account(Kind::Payment), self.image.prefix())
        else {
            return;
        };
        let payments = self.sides.iter_mut().filter(|side| side.open_debts() > 0).map(|side| {
            let (account, prefix) = (&account, &prefix);
            async move {
                if let Err(fault) = side.pay(account, prefix, PAYMENT_BUDGET).await {
                    tracing::warn!(
                        address = %side.log.address,
                        open = side.open_debts(),
                        error = %fault,
                        "side table not paid, still owed"
                    );
                }
            }
        });
        futures::future::join_all(payments).await;
    }

    async fn hold_while_indebted(&mut self) -> Result<(), DeltaFault> {
        let (Some(account), Some(prefix)) = (self.account(Kind::Payment), self.image.prefix())
        else {
            return Ok(());
        };
        for side in self.sides.iter_mut().filter(|side| side.open_debts() >= MAX_OPEN_DEBTS) {
            side.pay(&account, &prefix, RETRY_BUDGET).await?;
        }
        Ok(())
    }

    fn totals(&self, files: &Files) -> Vec<TableTotal> {
        let mut totals = Vec::new();
        for side in &self.sides {
            let Some((role, files)) = side.role.and_then(|role| files.get_key_value(&role)) else {
                continue;
            };
            totals.push(TableTotal {
                role: *role,
                address: side.log.address.clone(),
                rows: files.iter().map(|file| file.rows).sum(),
                version: (side.open_debts() == 0).then_some(side.version()),
            });
        }
        totals
    }

    async fn discard(&mut self) {
        for writer in self.writers.values_mut() {
            writer.discard().await;
        }
    }
}

/// A side table that earlier configurations wrote to, and that may still be owed files.
async fn open_former(output: &Log, address: &str, version: i64) -> Result<Side, DeltaFault> {
    let lost = |what: String| DeltaFault::DebtLost { address: address.to_owned(), version, what };
    let url = Url::parse(address).map_err(|error| lost(error.to_string()))?;
    let synced_root: Option<PathBuf> =
        output.synced_root.as_ref().and_then(|_| url.to_file_path().ok());
    let log = Log { store: log_store(&url)?, address: address.to_owned(), synced_root };
    let (tip, _) = read_tip(&log).await?.ok_or_else(|| lost("the table is gone".to_owned()))?;
    Ok(Side::of_tip(None, log, &tip))
}

fn writer(table: Table) -> TableWriter {
    TableWriter::new(&table.log, table.layout)
}
