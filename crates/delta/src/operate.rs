//! What an operator does to a query that is not running: release it from a block, hand its
//! positions to another name, or read its source again.

use std::sync::Arc;

use headgate_model::Positions;
use url::Url;

use crate::account::{Account, Kind};
use crate::app_id;
use crate::commit::Actions;
use crate::committer::Committer;
use crate::fault::DeltaFault;
use crate::first_commit::{first_txns, new_incarnation};
use crate::image::{Image, RETIRED};
use crate::log::{RETRY_BUDGET, Slot};
use crate::object_stores::StoreOptions;
use crate::sink::open_log;
use crate::snapshot_txns;
use crate::store::TableStore;
use crate::table::Durability;

/// What a commit of an operator's did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub query: String,
    /// Of the output.
    pub version: i64,
    /// The version whose block was released; absent if there was none.
    pub released: Option<i64>,
    /// Where the query goes on, or begins anew.
    pub positions: Positions,
}

/// A query's output, for one operation.
pub struct Operator {
    store: TableStore,
    committer: Committer,
}

impl Operator {
    /// `query` may be left out where the table has only one.
    pub async fn open(output: &Url, query: Option<&str>) -> Result<Self, DeltaFault> {
        let synced_root = output.to_file_path().ok();
        let store = TableStore::open(output, &StoreOptions::default(), synced_root)?;
        let address = store.address.clone();
        let (tip, _) = store.existing_tip().await?;
        let mut known: Vec<String> =
            tip.txns.iter().filter_map(|(app_id, _)| app_id::query_of(app_id)).collect();
        known.sort_unstable();
        known.dedup();
        let query = match (query, known.as_slice()) {
            (None, []) => return Err(DeltaFault::NoLedger { address }),
            (None, [only]) => only.clone(),
            (Some(query), _) if known.iter().any(|name| name == query) => query.to_owned(),
            (query, _) => {
                let query = query.unwrap_or("(none was named)").to_owned();
                return Err(DeltaFault::UnknownQuery { query, address, known });
            }
        };
        let open_log = open_log(Durability::Fsync, StoreOptions::default());
        let committer = Committer::of_tip(&query, store.log(), &tip, Arc::default(), open_log);
        Ok(Self { store, committer })
    }

    fn done(&self, version: i64) -> Operation {
        let Image { query, positions, .. } = self.committer.image.clone();
        Operation { query, version, released: None, positions }
    }

    /// Lets a blocked query go on. The strategy is asked again about the records that it refused.
    pub async fn release(mut self, reason: Option<String>) -> Result<Operation, DeltaFault> {
        let mut released = None;
        let version = self
            .committer
            .operate(|committer| {
                released = committer.image.blocked_at;
                let (Some(_), Some(prefix)) = (released, committer.image.prefix()) else {
                    return Ok(None);
                };
                let account = committer.account(Kind::Release);
                let account = account.map(|account| {
                    let intervention = reason.clone();
                    Account { intervention, releases: released, ..account }
                });
                Ok(account.map(|account| (account, vec![(app_id::block(&prefix), 0)])))
            })
            .await?;
        Ok(Operation { released, ..self.done(version) })
    }

    /// Hands the positions to `name`, which must be new to the table. The old name is retired: its
    /// workers end, and it cannot start again.
    pub async fn adopt(mut self, name: &str) -> Result<Operation, DeltaFault> {
        // Debts are owed under the old name: they are paid first.
        self.committer.recover().await?;
        let incarnation = new_incarnation();
        let old = self.committer.image.query.clone();
        let address = self.store.address.clone();
        let taken = Image::of_tip(name, &self.tip().await?).incarnation;
        if taken.is_some() || name == old {
            return Err(DeltaFault::NameTaken { name: name.to_owned(), address });
        }
        let version = self
            .committer
            .operate(|committer| {
                let positions = &committer.image.positions;
                let mut txns = first_txns(name, incarnation, positions);
                txns.push((app_id::query(&old), RETIRED));
                let account = Account {
                    query: name.to_owned(),
                    ..committer.first_account(incarnation, positions)
                };
                Ok(Some((account, txns)))
            })
            .await?;
        Ok(Operation { query: name.to_owned(), ..self.done(version) })
    }

    /// Begins a new incarnation at the positions that the table had at `version`, or at those
    /// given. Rows that the output has of records after them stay, and will be there twice unless
    /// they are deleted.
    pub async fn rewind(mut self, to: RewindTo) -> Result<Operation, DeltaFault> {
        self.committer.recover().await?;
        let mut positions = self.committer.image.positions.clone();
        match to {
            RewindTo::Version(version) => positions = self.positions_at(version).await?,
            RewindTo::Offsets(chosen) => {
                for (topic, partition, offset) in chosen {
                    let place = positions
                        .iter_mut()
                        .find(|(id, _)| *id.topic == *topic && id.partition == partition);
                    let (query, address) =
                        (self.committer.image.query.clone(), self.store.address.clone());
                    let unknown = DeltaFault::NoSuchPlace {
                        query,
                        address,
                        expected: "a partition that the query reads",
                        actual: format!("{topic}-{partition}"),
                    };
                    *place.ok_or(unknown)?.1 = offset;
                }
            }
        }
        let incarnation = new_incarnation();
        let query = self.committer.image.query.clone();
        let version = self
            .committer
            .operate(|committer| {
                let account = committer.first_account(incarnation, &positions);
                Ok(Some((account, first_txns(&query, incarnation, &positions))))
            })
            .await?;
        Ok(Operation { query, version, released: None, positions })
    }

    async fn tip(&self) -> Result<crate::log::Tip, DeltaFault> {
        Ok(self.store.existing_tip().await?.0)
    }

    async fn positions_at(&self, version: i64) -> Result<Positions, DeltaFault> {
        let (txns, _) = snapshot_txns::read(&self.store, version).await?;
        let then = Image::of_tip(
            &self.committer.image.query,
            &crate::log::Tip { version, txns, newest: None, ..self.tip().await? },
        );
        if then.positions.is_empty() {
            let (query, address) = (then.query, self.store.address.clone());
            let expected = "a version after the query's first commit";
            let actual = version.to_string();
            return Err(DeltaFault::NoSuchPlace { query, address, expected, actual });
        }
        Ok(then.positions)
    }
}

impl Committer {
    /// A commit of an operator's: no files, only names and numbers. `make` gives them for the image
    /// of each slot tried, or `None` when there is nothing to do.
    pub async fn operate(
        &mut self,
        mut make: impl FnMut(&Self) -> Result<Option<(Account, Vec<(String, i64)>)>, DeltaFault>,
    ) -> Result<i64, DeltaFault> {
        loop {
            self.read_to_tip().await?;
            let Some((account, txns)) = make(self)? else { return Ok(self.image.version()) };
            let actions = Actions { txns, ..Actions::default() };
            // Not taken in: the image may be of the name or incarnation that the commit ends.
            match self.log.put(&self.image.head, &account, &actions, RETRY_BUDGET).await? {
                Slot::Ours(_) => return Ok(self.image.version() + 1),
                Slot::Other(_) => {}
                Slot::Unknown => self.reopen().await?,
            }
        }
    }
}

/// Where a query is to read from again.
#[derive(Clone, Debug)]
pub enum RewindTo {
    /// Where it stood at a version of its output.
    Version(i64),
    /// Topic, partition, next offset; partitions that are not named stay where they are.
    Offsets(Vec<(String, i32, i64)>),
}
