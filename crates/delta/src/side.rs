//! Side tables follow the output: debts stand in its log, payments bring their files.

use std::collections::BTreeMap;
use std::time::Duration;

use headgate_model::TableRole;
use serde_json::Value;
use uuid::Uuid;

use crate::account::{Account, Debt, Kind};
use crate::app_id;
use crate::commit::Actions;
use crate::entry::Entry;
use crate::evolution;
use crate::fault::DeltaFault;
use crate::head::Head;
use crate::log::{Follower, Log, RETRY_BUDGET, Slot, Tip, follow};
use crate::rules::{self, Rule};

/// One side table, and what output versions owe it.
pub(crate) struct Side {
    /// Absent when the query no longer writes to it.
    pub role: Option<TableRole>,
    pub log: Log,
    /// First digits of the address's hash, as `txn` names have it.
    pub hash: String,
    head: Head,
    /// Own `txn` names of this query, whatever the incarnation, and the output version paid to.
    paid: BTreeMap<String, i64>,
    /// Output versions above the one paid to, with what they owe.
    owed: BTreeMap<i64, Debt>,
}

impl Follower for Side {
    fn place(&mut self) -> (&Log, &mut Head) {
        (&self.log, &mut self.head)
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), DeltaFault> {
        self.head.check(entry, &self.log.address)?;
        self.head.advance(entry);
        self.absorb(&entry.txns);
        Ok(())
    }
}

impl Side {
    pub fn of_tip(role: Option<TableRole>, log: Log, tip: &Tip) -> Self {
        let hash = app_id::address_hash(&log.address);
        let (paid, owed) = (BTreeMap::new(), BTreeMap::new());
        let mut side = Self { role, log, hash, head: Head::of_tip(tip), paid, owed };
        side.absorb(&tip.txns);
        side
    }

    fn absorb(&mut self, txns: &[(String, i64)]) {
        let own = format!("/side/{}", self.hash);
        for (app_id, version) in txns.iter().filter(|(app_id, _)| app_id.ends_with(&own)) {
            self.paid.insert(app_id.clone(), *version);
        }
    }

    async fn read_to_tip(&mut self) -> Result<(), DeltaFault> {
        if !follow(self).await? {
            self.reopen().await?;
        }
        Ok(())
    }

    pub async fn reopen(&mut self) -> Result<(), DeltaFault> {
        let address = &self.log.address;
        let gone = || DeltaFault::NotATable { address: address.clone() };
        let tip = self.log.storage.tip().await?.ok_or_else(gone)?;
        if tip.version < self.head.version {
            let (address, version) = (address.clone(), self.head.version);
            return Err(DeltaFault::MissingEntry { address, version });
        }
        self.head = Head::of_tip(&tip);
        self.absorb(&tip.txns);
        Ok(())
    }

    fn txn(&self, prefix: &str) -> String {
        format!("{prefix}/side/{}", self.hash)
    }

    /// The last output version paid; -1 before the first.
    pub fn paid_to(&self, prefix: &str) -> i64 {
        self.paid.get(&self.txn(prefix)).copied().unwrap_or(-1)
    }

    pub fn version(&self) -> i64 {
        self.head.version
    }

    pub fn open_debts(&self) -> usize {
        self.owed.len()
    }

    /// Takes in what a version of the output, whichever worker wrote it, owes this table.
    pub fn take_debts(&mut self, version: i64, account: &Account) {
        for debt in &account.debts {
            if debt.address == self.log.address {
                self.owed.insert(version, debt.clone());
            }
        }
    }

    /// Follows `prev` from the last version that owes this table down to the one paid to.
    pub async fn walk(&mut self, output: &Log, prefix: &str, last: i64) -> Result<(), DeltaFault> {
        let paid = self.paid_to(prefix);
        let mut next = Some(last);
        while let Some(version) = next.filter(|version| *version > paid) {
            let debt = read_debt(output, version, &self.hash).await?;
            self.check_files(version, &debt).await?;
            next = debt.prev;
            self.owed.insert(version, debt);
        }
        Ok(())
    }

    /// A payment that names a file which is gone would make the side table unreadable.
    async fn check_files(&self, version: i64, debt: &Debt) -> Result<(), DeltaFault> {
        for add in &debt.adds {
            let path = add.get("path").and_then(Value::as_str).unwrap_or_default();
            let address = self.log.address.clone();
            let lost = |what: String| DeltaFault::DebtLost { address, version, what };
            match self.log.storage.file_size(path).await? {
                None => return Err(lost(format!("file {path} is gone"))),
                Some(size) if Some(size) != add.get("size").and_then(Value::as_u64) => {
                    return Err(lost(format!("file {path} has another size")));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Pays everything owed in one commit. `budget` is how long an unanswered one is tried again.
    pub async fn pay(
        &mut self,
        account: &Account,
        prefix: &str,
        budget: Duration,
    ) -> Result<(), DeltaFault> {
        let txn = self.txn(prefix);
        loop {
            let from = self.paid_to(prefix);
            self.owed.retain(|version, _| *version > from);
            if !rules::holds(Rule::PayAll) {
                let newest = self.owed.last_key_value().map(|(version, _)| *version);
                self.owed.retain(|version, _| Some(*version) == newest);
            }
            let Some(to) = self.owed.last_key_value().map(|(version, _)| *version) else {
                return Ok(());
            };
            let payment =
                Account { kind: Kind::Payment, pays: Some((from, to)), ..account.clone() };
            let adds: Vec<Value> =
                self.owed.values().flat_map(|debt| debt.adds.iter().cloned()).collect();
            let rows = self.owed.values().map(|debt| debt.rows).sum();
            let txns = vec![(txn.clone(), to)];
            let actions = Actions { adds: adds.iter().collect(), txns, rows, ..Actions::default() };
            self.put(payment, &actions, budget).await?;
        }
    }

    /// Adds the columns that the query writes and the table lacks, before any commit needs them.
    pub async fn evolve(&mut self, account: &Account, wanted: &[Value]) -> Result<(), DeltaFault> {
        loop {
            let merged = evolution::merge(&self.head.metadata, wanted)
                .map_err(|column| clash(&self.log.address, &column))?;
            let Some(metadata) = merged else { return Ok(()) };
            let account = Account { kind: Kind::Schema, ..account.clone() };
            let actions = Actions { metadata: Some(metadata), ..Actions::default() };
            self.put(account, &actions, RETRY_BUDGET).await?;
        }
    }

    /// One try at the slot after the head; whoever has it, the head has moved on afterwards.
    async fn put(
        &mut self,
        account: Account,
        actions: &Actions<'_>,
        budget: Duration,
    ) -> Result<(), DeltaFault> {
        let account = Account { batch: Uuid::new_v4().to_string(), ..account };
        match self.log.put(&self.head, &account, actions, budget).await? {
            Slot::Unknown => self.reopen().await,
            Slot::Other(entry) => {
                self.apply(&entry)?;
                self.read_to_tip().await
            }
            Slot::Ours(sent) => {
                self.apply(&Entry {
                    txns: actions.txns.clone(),
                    metadata: actions.metadata.clone(),
                    ..Entry::default()
                })?;
                self.head.confirm(sent);
                self.log.storage.committed(self.head.version);
                Ok(())
            }
        }
    }
}

pub(crate) fn clash(address: &str, column: &str) -> DeltaFault {
    DeltaFault::Schema {
        address: address.to_owned(),
        column: column.to_owned(),
        expected: "the type that the contract gives it".to_owned(),
        actual: "a column of another type, added by another writer".to_owned(),
    }
}

pub(crate) async fn read_debt(output: &Log, version: i64, hash: &str) -> Result<Debt, DeltaFault> {
    let lost = |what: &str| DeltaFault::DebtLost {
        address: format!("side table {hash}"),
        version,
        what: what.to_owned(),
    };
    let entry = output.read(version).await?.ok_or_else(|| lost("the log entry is gone"))?;
    let debts = entry.account.into_iter().flat_map(|account| account.debts);
    debts
        .into_iter()
        .find(|debt| app_id::address_hash(&debt.address) == hash)
        .ok_or_else(|| lost("the log entry names no such debt"))
}
