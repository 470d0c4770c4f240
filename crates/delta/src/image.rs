//! What a worker keeps of an output's log: the numbers of its query, never the file list.

use std::collections::BTreeMap;

use headgate_model::{PartitionLedger, Positions, SinkImage};

use crate::account::{Account, ContractEntry, Kind, PartitionEntry};
use crate::app_id::{self, Key};
use crate::entry::Entry;
use crate::fault::DeltaFault;
use crate::head::Head;
use crate::log::Tip;
use crate::rules::{self, Rule};

/// A query's state in a table's log, complete to its head.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub query: String,
    pub head: Head,
    pub incarnation: Option<i64>,
    pub positions: Positions,
    /// Hash of each side table's address, and the last version that owes it files.
    pub sides: BTreeMap<String, i64>,
    /// The last version that each observer was told.
    pub observers: BTreeMap<String, i64>,
    /// The version of an intervention's block that nobody released.
    pub blocked_at: Option<i64>,
    /// Consumer group of the newest batch.
    pub last_group: Option<String>,
    /// Starts and contract of the block that the newest entry holds, if it holds one.
    pub last_block: Option<(Vec<PartitionEntry>, Option<ContractEntry>)>,
}

/// Whether a batch still fits the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    Fits,
    /// Another worker moved one of its positions first.
    Moved,
    /// An intervention blocked the query at this version.
    Blocked(i64),
}

/// The incarnation of a query that another one adopted: it cannot start again.
pub(crate) const RETIRED: i64 = 0;

impl Image {
    pub fn of_tip(query: &str, tip: &Tip) -> Self {
        let mut image = Self {
            query: query.to_owned(),
            head: Head::of_tip(tip),
            incarnation: None,
            positions: Positions::default(),
            sides: BTreeMap::new(),
            observers: BTreeMap::new(),
            blocked_at: None,
            last_group: None,
            last_block: None,
        };
        image.absorb(&tip.txns);
        image.note_account(tip.newest.as_ref());
        image
    }

    pub fn version(&self) -> i64 {
        self.head.version
    }

    pub fn prefix(&self) -> Option<String> {
        self.incarnation.map(|incarnation| app_id::prefix(&self.query, incarnation))
    }

    /// Takes in txns read at or before the head, in any order.
    fn absorb(&mut self, txns: &[(String, i64)]) {
        let found = self.incarnation_in(txns);
        if found.is_some() && found != self.incarnation {
            self.incarnation = found;
            self.positions.clear();
            self.sides.clear();
            self.observers.clear();
            self.blocked_at = None;
        }
        let Some(prefix) = self.prefix() else { return };
        for (app_id, version) in txns {
            match app_id::parse(&prefix, app_id) {
                Some(Key::Position(partition)) => {
                    self.positions.insert(partition, *version);
                }
                Some(Key::Side(hash)) => {
                    self.sides.insert(hash, *version);
                }
                Some(Key::Observer(name)) => {
                    self.observers.insert(name, *version);
                }
                Some(Key::Block) => self.blocked_at = (*version > 0).then_some(*version),
                Some(Key::Other) | None => {}
            }
        }
    }

    /// Takes in the entry that follows the head. One that is refused is not taken in, so that every
    /// later try meets it again.
    pub fn apply(&mut self, entry: &Entry, address: &str) -> Result<(), DeltaFault> {
        self.head.check(entry, address)?;
        self.check_incarnation(self.incarnation_in(&entry.txns))?;
        self.head.advance(entry);
        self.absorb(&entry.txns);
        self.note_account(Some(entry));
        Ok(())
    }

    /// Refuses another incarnation than the one known.
    pub fn check_incarnation(&self, found: Option<i64>) -> Result<(), DeltaFault> {
        match (self.incarnation, found) {
            (Some(own), Some(found)) if own != found => Err(DeltaFault::Superseded {
                query: self.query.clone(),
                expected: format!("incarnation {own:x}"),
                actual: format!("incarnation {found:x}"),
            }),
            _ => Ok(()),
        }
    }

    fn incarnation_in(&self, txns: &[(String, i64)]) -> Option<i64> {
        let own = app_id::query(&self.query);
        txns.iter().rev().find(|(app_id, _)| *app_id == own).map(|(_, incarnation)| *incarnation)
    }

    /// True for accounts of this query and incarnation; others share the table.
    pub fn owns(&self, account: &Account) -> bool {
        account.query == self.query
            && self.incarnation.is_some_and(|own| account.incarnation == format!("{own:x}"))
    }

    fn note_account(&mut self, entry: Option<&Entry>) {
        let account = entry
            .and_then(|entry| entry.account.as_ref())
            .filter(|account| account.query == self.query);
        match account {
            Some(account) if account.kind == Kind::Block => {
                self.last_block = Some((account.partitions.clone(), account.contract.clone()));
            }
            Some(account) if account.kind == Kind::Batch => {
                self.last_block = None;
                self.last_group = Some(account.group.clone());
            }
            _ => {}
        }
    }

    pub fn fit(&self, ranges: &[PartitionLedger]) -> Fit {
        if let Some(version) = self.blocked_at.filter(|_| rules::holds(Rule::Block)) {
            return Fit::Blocked(version);
        }
        let fits = ranges.iter().all(|range| match self.positions.get(&range.partition) {
            Some(position) => *position == range.start && !range.first,
            None => range.first,
        });
        if fits || !rules::holds(Rule::PositionCheck) { Fit::Fits } else { Fit::Moved }
    }

    /// True when the newest entry blocks the same range under the same contract.
    pub fn knows_block(&self, account: &Account) -> bool {
        self.last_block.as_ref().is_some_and(|(partitions, contract)| {
            let place = |entry: &PartitionEntry| {
                (entry.topic.clone(), entry.topic_id.clone(), entry.partition, entry.start)
            };
            *contract == account.contract
                && partitions.iter().map(place).eq(account.partitions.iter().map(place))
        })
    }

    pub fn to_sink_image(&self, address: &str) -> SinkImage {
        SinkImage {
            incarnation: self.incarnation.map(|incarnation| format!("{incarnation:x}")),
            group: self.incarnation.map(|incarnation| group(&self.query, incarnation, address)),
            positions: self.positions.clone(),
            version: self.head.version,
            blocked: None,
        }
    }
}

/// The consumer group: a copy of a table, or another output of the same query, has its own.
pub(crate) fn group(query: &str, incarnation: i64, address: &str) -> String {
    format!("headgate-{query}-{}", app_id::address_hash(&format!("{incarnation:x} {address}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::entry::TableMetadata;
    use crate::moment::Moment;
    use headgate_model::PartitionId;

    fn image() -> Image {
        let prefix = app_id::prefix("q", 7);
        let id = PartitionId::new("t", "x", 0);
        let metadata = TableMetadata {
            schema_string: r#"{"type":"struct","fields":[]}"#.into(),
            ..TableMetadata::default()
        };
        let txns = vec![("headgate/q".into(), 7), (app_id::position(&prefix, &id), 10)];
        Image::of_tip("q", &Tip { version: 0, metadata, txns, newest: None, at: Moment::now() })
    }

    fn range(partition: i32, start: i64, first: bool) -> PartitionLedger {
        let partition = PartitionId::new("t", "x", partition);
        PartitionLedger { partition, start, end: start + 1, records: 1, gaps: 0, lost: 0, first }
    }

    #[test]
    fn a_batch_fits_only_at_the_position_it_starts_from() {
        let image = image();
        assert_eq!(image.fit(&[range(0, 10, false)]), Fit::Fits);
        assert_eq!(image.fit(&[range(0, 10, false), range(1, 3, true)]), Fit::Fits);
        for moved in [range(0, 9, false), range(0, 11, false), range(0, 10, true)] {
            assert_eq!(image.fit(&[moved]), Fit::Moved);
        }
        assert_eq!(image.fit(&[range(1, 0, false)]), Fit::Moved);
    }

    #[test]
    fn a_new_incarnation_stops_the_worker_at_every_try() {
        let mut image = image();
        let entry = Entry { txns: vec![("headgate/q".into(), 8)], ..Entry::default() };
        for _ in 0..2 {
            let fault = image.apply(&entry, "x").unwrap_err();
            assert!(matches!(fault, DeltaFault::Superseded { .. }));
            assert_eq!((image.version(), image.incarnation), (0, Some(7)));
        }
    }

    #[test]
    fn positions_of_another_incarnation_are_forgotten() {
        let mut image = image();
        image.absorb(&[("headgate/q".into(), 8)]);
        assert!(image.positions.is_empty());
    }

    #[test]
    fn a_block_stays_until_it_is_released() {
        let mut image = image();
        let block = app_id::block(&app_id::prefix("q", 7));
        let set = |version| Entry { txns: vec![(block.clone(), version)], ..Entry::default() };
        image.apply(&set(1), "x").unwrap();
        image.apply(&Entry::default(), "x").unwrap();
        assert_eq!(image.fit(&[range(0, 10, false)]), Fit::Blocked(1));
        image.apply(&set(0), "x").unwrap();
        assert_eq!(image.fit(&[range(0, 10, false)]), Fit::Fits);
    }

    #[test]
    fn a_foreign_commit_moves_nothing_but_the_version() {
        let mut image = image();
        let before = image.positions.clone();
        image.apply(&Entry::default(), "x").unwrap();
        assert_eq!((image.version(), image.positions), (1, before));
    }

    #[test]
    fn a_property_that_expires_positions_is_refused_when_it_appears() {
        let mut image = image();
        let mut metadata = TableMetadata::default();
        metadata
            .configuration
            .insert("delta.setTransactionRetentionDuration".into(), "interval 1 day".into());
        let entry = Entry { metadata: Some(metadata), ..Entry::default() };
        for _ in 0..2 {
            assert!(matches!(image.apply(&entry, "x"), Err(DeltaFault::Property { .. })));
            assert_eq!(image.version(), 0, "what is refused is not taken in");
        }
    }
}
