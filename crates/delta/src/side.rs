//! Side tables follow the output: debts stand in its log, payments bring their files.

use std::collections::BTreeMap;
use std::time::Duration;

use deltalake::Path;
use deltalake::logstore::object_store::{Error as StoreError, ObjectStoreExt};
use headgate_model::TableRole;
use serde_json::Value;
use uuid::Uuid;

use crate::account::{Account, Debt, Kind};
use crate::app_id;
use crate::checkpoint::Checkpoints;
use crate::commit::{self, Actions, Slot};
use crate::fault::DeltaFault;
use crate::log::{Entry, Log, TableMetadata};
use crate::table::Tip;

/// One side table, and what output versions owe it.
pub(crate) struct Side {
    /// Absent when the query no longer writes to it.
    pub role: Option<TableRole>,
    pub log: Log,
    /// First digits of the address's hash, as `txn` names have it.
    pub hash: String,
    version: i64,
    metadata: TableMetadata,
    checkpoints: Checkpoints,
    /// Own `txn` names of this query, whatever the incarnation, and the output version paid to.
    paid: BTreeMap<String, i64>,
    /// Output versions above the one paid to, with what they owe.
    owed: BTreeMap<i64, Debt>,
}

impl Side {
    pub fn of_tip(role: Option<TableRole>, log: Log, tip: &Tip) -> Self {
        let hash = app_id::address_hash(&log.address);
        let mut side = Self {
            role,
            log,
            hash,
            version: tip.version,
            metadata: tip.metadata.clone(),
            checkpoints: Checkpoints::default(),
            paid: BTreeMap::new(),
            owed: BTreeMap::new(),
        };
        side.absorb(&tip.txns);
        side
    }

    fn absorb(&mut self, txns: &[(String, i64)]) {
        let own = format!("/side/{}", self.hash);
        for (app_id, version) in txns.iter().filter(|(app_id, _)| app_id.ends_with(&own)) {
            self.paid.insert(app_id.clone(), *version);
        }
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), DeltaFault> {
        entry.check(self.version + 1, &self.metadata, &self.log.address)?;
        self.version += 1;
        self.absorb(&entry.txns);
        Ok(())
    }

    async fn read_to_tip(&mut self) -> Result<(), DeltaFault> {
        while let Some(entry) = self.log.read(self.version + 1).await? {
            self.apply(&entry)?;
        }
        Ok(())
    }

    fn txn(&self, prefix: &str) -> String {
        format!("{prefix}/side/{}", self.hash)
    }

    /// The last output version paid; -1 before the first.
    fn paid_to(&self, prefix: &str) -> i64 {
        self.paid.get(&self.txn(prefix)).copied().unwrap_or(-1)
    }

    pub fn version(&self) -> i64 {
        self.version
    }

    pub fn open_debts(&self) -> usize {
        self.owed.len()
    }

    pub fn owe(&mut self, version: i64, debt: Debt) {
        self.owed.insert(version, debt);
    }

    /// Takes in what a version of the output, whichever worker wrote it, owes this table.
    pub fn take_debts(&mut self, version: i64, account: &Account) {
        for debt in &account.debts {
            if debt.address == self.log.address {
                self.owe(version, debt.clone());
            }
        }
    }

    /// Follows `prev` from the last version that owes this table down to the one paid to.
    pub async fn walk(&mut self, output: &Log, prefix: &str, last: i64) -> Result<(), DeltaFault> {
        let paid = self.paid_to(prefix);
        let mut next = Some(last);
        while let Some(version) = next.filter(|version| *version > paid) {
            let debt = read_debt(output, version, &self.hash).await?;
            check_files(&self.log, version, &debt).await?;
            next = debt.prev;
            self.owe(version, debt);
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
            let Some(to) = self.owed.last_key_value().map(|(version, _)| *version) else {
                return Ok(());
            };
            let batch = Uuid::new_v4().to_string();
            let payment = Account {
                kind: Kind::Payment,
                batch: batch.clone(),
                pays: Some((from, to)),
                ..account.clone()
            };
            let adds: Vec<&Value> = self.owed.values().flat_map(|debt| &debt.adds).collect();
            let rows = self.owed.values().map(|debt| debt.rows).sum();
            let actions = Actions { adds, txns: vec![(txn.clone(), to)], rows };
            let next = self.version + 1;
            let bytes = commit::bytes(next, &payment, &actions)
                .map_err(|source| DeltaFault::encode(&self.log.address, source))?;
            match commit::put(&self.log, next, &batch, &bytes, budget).await? {
                Slot::Ours => {
                    self.version = next;
                    self.paid.insert(txn.clone(), to);
                    self.checkpoints.after_commit(&self.log, next);
                }
                Slot::Other(entry) => {
                    self.apply(&entry)?;
                    self.read_to_tip().await?;
                }
            }
        }
    }
}

/// A payment that names a file which is gone would make the side table unreadable.
async fn check_files(log: &Log, version: i64, debt: &Debt) -> Result<(), DeltaFault> {
    let objects = log.objects();
    for add in &debt.adds {
        let path = add.get("path").and_then(Value::as_str).unwrap_or_default();
        let lost =
            |what: String| DeltaFault::DebtLost { address: log.address.clone(), version, what };
        let decoded = path.replace("%25", "%");
        let found = objects.head(&Path::parse(&decoded).map_err(|e| lost(e.to_string()))?).await;
        let found = found.map_err(|error| match error {
            StoreError::NotFound { .. } => lost(format!("file {path} is gone")),
            error => DeltaFault::store("look for a file of a debt", &log.address, error),
        })?;
        if Some(found.size) != add.get("size").and_then(Value::as_u64) {
            return Err(lost(format!("file {path} has another size")));
        }
    }
    Ok(())
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
