//! A query's first commit in a table: its incarnation, and where every partition starts.

use headgate_model::{PartitionId, Positions};
use uuid::Uuid;

use crate::account::{Account, Kind, PartitionEntry};
use crate::app_id;
use crate::commit::Actions;
use crate::committer::{Committer, Put};
use crate::fault::DeltaFault;
use crate::image::Image;

impl Committer {
    pub async fn initialize(&mut self, starts: &Positions) -> Result<(), DeltaFault> {
        self.read_to_tip().await?;
        if self.image.incarnation.is_none() {
            self.check_other_names(starts).await?;
        }
        let incarnation = new_incarnation();
        let account = self.first_account(incarnation, starts);
        let txns = first_txns(&self.image.query, incarnation, starts);
        let actions = Actions { txns, ..Actions::default() };
        // A slot that another worker's first commit took is read, and its incarnation taken over.
        while self.image.incarnation.is_none() {
            if let Put::Unknown = self.put(&account, &actions).await? {
                self.reopen().await?;
            }
        }
        Ok(())
    }

    /// A query under a new name would read everything again that it has read under its old one.
    async fn check_other_names(&self, starts: &Positions) -> Result<(), DeltaFault> {
        let Some(tip) = self.log.storage.tip().await? else { return Ok(()) };
        for other in tip.txns.iter().filter_map(|(app_id, _)| app_id::query_of(app_id)) {
            let image = Image::of_tip(&other, &tip);
            if other != self.image.query && starts.keys().any(|id| image.positions.contains_key(id))
            {
                let (query, address) = (self.image.query.clone(), self.log.address.clone());
                return Err(DeltaFault::ReadUnderAnotherName { query, other, address });
            }
        }
        Ok(())
    }

    pub fn first_account(&self, incarnation: i64, starts: &Positions) -> Account {
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
        Account {
            partitions: starts.iter().map(at_start).collect(),
            ..self.account_under(incarnation, Kind::Start)
        }
    }
}

/// Random, and never the number of a query that was retired.
pub(crate) fn new_incarnation() -> i64 {
    ((Uuid::new_v4().as_u128() as u64 >> 1) as i64).max(1)
}

/// The `txn`s that a query begins with.
pub(crate) fn first_txns(query: &str, incarnation: i64, starts: &Positions) -> Vec<(String, i64)> {
    let prefix = app_id::prefix(query, incarnation);
    let positions = starts.iter().map(|(id, start)| (app_id::position(&prefix, id), *start));
    std::iter::once((app_id::query(query), incarnation)).chain(positions).collect()
}
