//! The commit protocol of DESIGN.md §5 over any storage of logs: the output's log is the commit
//! point, side tables follow it.

use std::collections::BTreeMap;
use std::sync::Arc;

use headgate_model::{
    BatchCommit, Block, BlockNote, CommitOutcome, FaultPoint, SinkImage, TableRole, TableTotal,
    reach,
};
use serde_json::Value;

use crate::account::{Account, Debt, Kind};
use crate::app_id;
use crate::commit::Actions;
use crate::data_file::WrittenFile;
use crate::entry::{Entry, TableMetadata};
use crate::evolution;
use crate::fault::DeltaFault;
use crate::head::Head;
use crate::image::{Fit, Image, RETIRED, group};
use crate::log::{Follower, Log, PAYMENT_BUDGET, RETRY_BUDGET, Slot, Tip, follow};
use crate::outbox::Cursors;
use crate::rules::{self, Rule};
use crate::side::{self, Side, read_debt};

/// Debts to one side table that may be open before the next commit has to wait.
const MAX_OPEN_DEBTS: usize = 8;

/// The finished files of a batch.
pub(crate) type Files = BTreeMap<TableRole, Vec<WrittenFile>>;

/// Opens the log of a side table that only the output's log names.
pub(crate) type OpenLog = Box<dyn Fn(&str) -> Result<Log, DeltaFault> + Send + Sync>;

/// One worker's view of a query's tables.
pub(crate) struct Committer {
    pub log: Log,
    pub image: Image,
    pub sides: Vec<Side>,
    /// Columns that batches bring and the output may lack.
    pub wanted: Vec<Value>,
    /// How far observers are.
    pub cursors: Arc<Cursors>,
    pub open_log: OpenLog,
}

/// How a batch ended.
pub(crate) enum Settled {
    Committed,
    /// Refused; every slot tried is seen to hold another's commit.
    Refused(Fit),
    /// Whether a put landed is not known: the log has to be read anew, and says where to go on.
    Unknown,
}

impl Settled {
    /// False when files of the batch can be deleted: no put that names them was sent, or every slot
    /// tried is seen to hold another's.
    pub fn may_land(settled: &Result<Self, DeltaFault>) -> bool {
        match settled {
            Ok(Self::Refused(_)) => false,
            Ok(Self::Committed) => true,
            Ok(Self::Unknown) => rules::holds(Rule::KeepFiles),
            Err(fault) => !fault.is_refused_entry() && rules::holds(Rule::KeepFiles),
        }
    }
}

/// What became of one put.
pub(crate) enum Put {
    Landed,
    /// The slot is another's; the image has read on to the tip.
    Taken,
    /// The head was too old: the log has to be read anew.
    Unknown,
}

impl Follower for Committer {
    fn place(&mut self) -> (&Log, &mut Head) {
        (&self.log, &mut self.image.head)
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), DeltaFault> {
        self.image.apply(entry, &self.log.address)?;
        if let Some(account) = entry.account.as_ref().filter(|account| self.image.owns(account)) {
            for side in &mut self.sides {
                side.take_debts(self.image.version(), account);
            }
        }
        Ok(())
    }
}

impl Committer {
    /// Of a query that writes to no side table and brings no column.
    pub fn of_tip(
        query: &str,
        log: Log,
        tip: &Tip,
        cursors: Arc<Cursors>,
        open_log: OpenLog,
    ) -> Self {
        let image = Image::of_tip(query, tip);
        Self { log, image, sides: Vec::new(), wanted: Vec::new(), cursors, open_log }
    }

    pub fn sink_image(&self) -> SinkImage {
        self.image.to_sink_image(&self.log.address)
    }

    /// With the reason of a block, as far as the log still has it.
    pub async fn told_image(&self) -> Result<SinkImage, DeltaFault> {
        let mut image = self.sink_image();
        if let Some(version) = self.image.blocked_at {
            image.blocked = Some(self.block_note(version).await?);
        }
        Ok(image)
    }

    pub async fn block_note(&self, version: i64) -> Result<BlockNote, DeltaFault> {
        let entry = self.log.read(version).await?;
        let account = entry.and_then(|entry| entry.account);
        let reason = account.and_then(|account| account.intervention);
        Ok(BlockNote { version, reason: reason.unwrap_or_default() })
    }

    /// Finds and pays every debt there is, to side tables configured or not.
    pub async fn recover(&mut self) -> Result<(), DeltaFault> {
        if self.image.incarnation == Some(RETIRED) {
            return Err(DeltaFault::Retired { query: self.image.query.clone() });
        }
        self.walk_debts().await?;
        reach(FaultPoint::Recover)
            .map_err(|source| DeltaFault::store("recover", &self.log.address, source))?;
        let (Some(account), Some(prefix)) = (self.account(Kind::Payment), self.image.prefix())
        else {
            return Ok(());
        };
        for side in &mut self.sides {
            side.pay(&account, &prefix, RETRY_BUDGET).await?;
        }
        self.forget_former().await
    }

    /// A side table that the configuration no longer names, and that is paid, need not be there at
    /// the next start.
    async fn forget_former(&mut self) -> Result<(), DeltaFault> {
        let former = self.sides.iter().filter(|side| side.role.is_none());
        let hashes: Vec<String> = former.map(|side| side.hash.clone()).collect();
        if hashes.is_empty() {
            return Ok(());
        }
        self.operate(|committer| {
            let (Some(account), Some(prefix)) =
                (committer.account(Kind::Forget), committer.image.prefix())
            else {
                return Ok(None);
            };
            // Another worker may still write to it.
            let is_paid = |hash: &&String| {
                let last = committer.image.sides.get(*hash).copied().unwrap_or_default();
                let side = committer.sides.iter().find(|side| side.hash == **hash);
                last > 0 && side.is_some_and(|side| side.paid_to(&prefix) >= last)
            };
            let txns: Vec<_> = hashes
                .iter()
                .filter(is_paid)
                .map(|hash| (app_id::side_by_hash(&prefix, hash), 0))
                .collect();
            Ok((!txns.is_empty()).then_some((account, txns)))
        })
        .await?;
        self.sides.retain(|side| side.role.is_some());
        self.read_to_tip().await
    }

    async fn walk_debts(&mut self) -> Result<(), DeltaFault> {
        let Some(prefix) = self.image.prefix() else { return Ok(()) };
        for (hash, last) in self.image.sides.clone().into_iter().filter(|(_, last)| *last > 0) {
            if !self.sides.iter().any(|side| side.hash == hash) {
                let debt = read_debt(&self.log, last, &hash).await?;
                let side = self.open_former(&debt.address, last).await?;
                self.sides.push(side);
            }
            let Some(side) = self.sides.iter_mut().find(|side| side.hash == hash) else { continue };
            side.walk(&self.log, &prefix, last).await?;
        }
        Ok(())
    }

    /// A side table that earlier configurations wrote to, and that may still be owed files.
    async fn open_former(&self, address: &str, version: i64) -> Result<Side, DeltaFault> {
        let log = (self.open_log)(address)?;
        let tip = log.storage.tip().await?.ok_or_else(|| DeltaFault::DebtLost {
            address: address.to_owned(),
            version,
            what: "the table is gone".to_owned(),
        })?;
        Ok(Side::of_tip(None, log, &tip))
    }

    pub fn account(&self, kind: Kind) -> Option<Account> {
        self.image.incarnation.map(|incarnation| self.account_under(incarnation, kind))
    }

    pub fn account_under(&self, incarnation: i64, kind: Kind) -> Account {
        Account {
            query: self.image.query.clone(),
            incarnation: format!("{incarnation:x}"),
            group: group(&self.image.query, incarnation, &self.log.address),
            ..Account::new(kind)
        }
    }

    pub async fn read_to_tip(&mut self) -> Result<(), DeltaFault> {
        if !follow(self).await? {
            self.reopen().await?;
        }
        Ok(())
    }

    /// Reads the log anew, from its newest checkpoint, and what it owes side tables.
    pub async fn reopen(&mut self) -> Result<(), DeltaFault> {
        let (address, version) = (self.log.address.clone(), self.image.version());
        let gone = || DeltaFault::MissingEntry { address: address.clone(), version };
        let tip: Tip = self.log.storage.tip().await?.ok_or_else(gone)?;
        let image = Image::of_tip(&self.image.query, &tip);
        self.image.check_incarnation(Some(image.incarnation.unwrap_or(RETIRED)))?;
        if image.version() < version {
            return Err(gone());
        }
        evolution::stands_on(&self.image.head.metadata, &image.head.metadata).map_err(
            |difference| DeltaFault::SchemaChanged {
                address: address.clone(),
                version: image.version(),
                difference,
            },
        )?;
        self.image = image;
        // What was paid meanwhile need not be in the log any more.
        for side in &mut self.sides {
            side.reopen().await?;
        }
        self.walk_debts().await
    }

    /// A table dropped and created anew must not get an entry that continues the old one.
    pub async fn confirm_head(&mut self) -> Result<(), DeltaFault> {
        match self.log.storage.read(self.image.version()).await? {
            Some(_) => Ok(()),
            None => self.reopen().await,
        }
    }

    /// One try at the slot after the image.
    pub(crate) async fn put(
        &mut self,
        account: &Account,
        actions: &Actions<'_>,
    ) -> Result<Put, DeltaFault> {
        match self.log.put(&self.image.head, account, actions, RETRY_BUDGET).await? {
            Slot::Unknown => Ok(Put::Unknown),
            Slot::Other(entry) => {
                self.apply(&entry)?;
                self.read_to_tip().await?;
                Ok(Put::Taken)
            }
            Slot::Ours(sent) => {
                self.apply(&Entry {
                    txns: actions.txns.clone(),
                    metadata: actions.metadata.clone(),
                    account: Some(account.clone()),
                    ..Entry::default()
                })?;
                self.image.head.confirm(sent);
                self.log.storage.committed(self.image.version());
                Ok(Put::Landed)
            }
        }
    }

    /// Puts the batch, if it fits, until a slot is its own or it fits no more.
    pub async fn settle(
        &mut self,
        batch: &BatchCommit,
        files: &Files,
    ) -> Result<Settled, DeltaFault> {
        if !self.image.head.is_fresh() {
            self.reopen().await?;
        }
        let stale = if rules::holds(Rule::MergeSchema) { None } else { self.evolved(files)? };
        loop {
            let fit = self.image.fit(&batch.ledger.partitions);
            if fit != Fit::Fits {
                return Ok(Settled::Refused(fit));
            }
            if batch.stands_on.as_ref().is_some_and(|on| *on != self.image.positions) {
                return Ok(Settled::Refused(Fit::Moved));
            }
            let Some((account, txns)) = self.batch_account(batch, files) else {
                return Ok(Settled::Refused(Fit::Moved));
            };
            let output = files.get(&TableRole::Output).map(Vec::as_slice).unwrap_or_default();
            let actions = Actions {
                adds: output.iter().map(|file| &file.add).collect(),
                txns,
                rows: output.iter().map(|file| file.rows).sum(),
                metadata: stale.clone().or(self.evolved(files)?),
                ..Actions::default()
            };
            match self.put(&account, &actions).await? {
                Put::Landed => return Ok(Settled::Committed),
                Put::Taken => {}
                Put::Unknown => return Ok(Settled::Unknown),
            }
        }
    }

    /// The output's metadata with the columns that `files` bring, if it lacks any.
    fn evolved(&self, files: &Files) -> Result<Option<TableMetadata>, DeltaFault> {
        if !files.contains_key(&TableRole::Output) {
            return Ok(None);
        }
        evolution::merge(&self.image.head.metadata, &self.wanted)
            .map_err(|column| side::clash(&self.log.address, &column))
    }

    pub fn fenced(&self) -> CommitOutcome {
        let image = self.sink_image();
        let same_group = self.image.last_group.is_none() || self.image.last_group == image.group;
        CommitOutcome::Fenced { image, same_group }
    }

    /// Account and txns for the slot after the image.
    fn batch_account(
        &self,
        batch: &BatchCommit,
        files: &Files,
    ) -> Option<(Account, Vec<(String, i64)>)> {
        let prefix = self.image.prefix()?;
        let version = self.image.version() + 1;
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
            let prev = self.image.sides.get(&side.hash).copied();
            debts.push(Debt {
                role: side.role.map_or("", TableRole::as_str).to_owned(),
                address: side.log.address.clone(),
                prev: prev.filter(|last| *last > 0 && rules::holds(Rule::DebtChain)),
                rows: files.iter().map(|file| file.rows).sum(),
                adds: files.iter().map(|file| file.add.clone()).collect(),
            });
        }
        txns.extend(self.cursor_txns());
        let account = Account { debts, ..self.ledger_account(Kind::Batch, batch)? };
        Some((account, txns))
    }

    /// What observers were told beyond what the log says.
    pub fn cursor_txns(&self) -> Vec<(String, i64)> {
        let Some(prefix) = self.image.prefix() else { return Vec::new() };
        let ahead = self.cursors.ahead_of(&self.image.observers).into_iter();
        ahead.map(|(name, told)| (app_id::observer(&prefix, &name), told)).collect()
    }

    fn ledger_account(&self, kind: Kind, batch: &BatchCommit) -> Option<Account> {
        Some(self.account(kind)?.telling(&batch.ledger))
    }

    /// The verdict alone. An intervention's stops every worker until it is released; the policy's
    /// is told once a range and contract, so that a restart that blocks again adds nothing.
    pub async fn commit_block(
        &mut self,
        batch: &BatchCommit,
        block: Block,
    ) -> Result<CommitOutcome, DeltaFault> {
        self.read_to_tip().await?;
        loop {
            match self.image.fit(&batch.ledger.partitions) {
                Fit::Fits => {}
                Fit::Moved => return Ok(self.fenced()),
                Fit::Blocked(version) => {
                    return Ok(CommitOutcome::Blocked(self.block_note(version).await?));
                }
            }
            let (Some(account), Some(prefix)) =
                (self.ledger_account(Kind::Block, batch), self.image.prefix())
            else {
                return Ok(self.fenced());
            };
            let mut actions = Actions::default();
            if block == Block::Intervention {
                actions.txns.push((app_id::block(&prefix), self.image.version() + 1));
            } else if self.image.knows_block(&account) {
                return Ok(self.told_block());
            }
            match self.put(&account, &actions).await? {
                Put::Landed => return Ok(self.told_block()),
                Put::Taken => {}
                Put::Unknown => self.reopen().await?,
            }
        }
    }

    fn told_block(&self) -> CommitOutcome {
        CommitOutcome::Committed { version: self.image.version(), side_tables: Vec::new() }
    }

    /// Pays what can be paid; what cannot stays owed, is logged, and is tried again.
    pub async fn pay_all(&mut self) {
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

    pub async fn hold_while_indebted(&mut self) -> Result<(), DeltaFault> {
        let (Some(account), Some(prefix)) = (self.account(Kind::Payment), self.image.prefix())
        else {
            return Ok(());
        };
        for side in self.sides.iter_mut().filter(|side| side.open_debts() >= MAX_OPEN_DEBTS) {
            side.pay(&account, &prefix, RETRY_BUDGET).await?;
        }
        Ok(())
    }

    /// Waits for what the logs have running apart.
    pub async fn finish(&mut self) {
        let logs = std::iter::once(&self.log).chain(self.sides.iter().map(|side| &side.log));
        futures::future::join_all(logs.map(|log| log.storage.finish())).await;
    }

    pub fn totals(&self, files: &Files) -> Vec<TableTotal> {
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
}
