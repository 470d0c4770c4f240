//! Proves from the logs alone that a query's batches tile their partitions and balance.

use std::collections::{BTreeMap, BTreeSet};

use deltalake::kernel::Snapshot;
use futures::TryStreamExt;
use serde_json::Value;
use url::Url;

use crate::account::{Account, CountsEntry, Debt, Kind, PartitionEntry};
use crate::app_id::{self, Key};
use crate::fault::DeltaFault;
use crate::object_stores::StoreOptions;
use crate::snapshot_txns::first_entry;
use crate::store::TableStore;
use crate::verify_log::{Commit, read_commits};
use crate::verify_rows::{Batch, Range, RowAudit, RowsReport};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    pub table: String,
    pub version: i64,
    pub batches: u64,
    pub records: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub dead_letters: u64,
    pub skipped: u64,
    pub rerouted: u64,
    /// Offsets without a record: compaction, aborted transactions, markers.
    pub gaps: u64,
    /// Offsets that Kafka had deleted before they were read.
    pub lost: u64,
    /// Output versions whose files a side table does not hold yet.
    pub open_debts: u64,
    /// What does not hold, in log order; empty when all does.
    pub breaks: Vec<String>,
    pub side_tables: Vec<SideReport>,
    /// Where each partition of a query that still exists goes on.
    pub positions: Vec<VerifiedPosition>,
    /// Only of a deep verification.
    pub rows: Option<RowsReport>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPosition {
    pub query: String,
    pub topic: String,
    pub topic_id: String,
    pub partition: i32,
    pub next: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideReport {
    pub role: String,
    pub address: String,
    /// Rows that payments of the query brought, as far back as the side table's log goes.
    pub rows: u64,
    /// The output version that it holds everything up to; -1 before the first payment.
    pub paid_to: i64,
}

impl VerifyReport {
    pub fn ok(&self) -> bool {
        self.breaks.is_empty()
    }
}

/// Reads the whole log of an output table and of every side table that it names. What clean-up
/// took from either is taken as good. `deep`: all rows of all of them, too.
pub async fn verify(address: &Url, deep: bool) -> Result<VerifyReport, DeltaFault> {
    let log = TableStore::open(address, &StoreOptions::default(), None)?;
    let (tip, snapshot) = log.existing_tip().await?;
    let mut audit = Audit { tip: tip.version, deep, ..Audit::default() };
    let first = first_entry(&log).await?;
    let mut commits = read_commits(&log, first..=tip.version);
    while let Some((version, commit)) = commits.try_next().await? {
        audit.take(&commit, version);
    }
    drop(commits);
    let known = tip.txns.iter().any(|(app_id, _)| app_id::query_of(app_id).is_some());
    if audit.queries.is_empty() && !known {
        return Err(DeltaFault::NoLedger { address: address.to_string() });
    }
    audit.positions(&tip.txns);
    audit.report.table = address.to_string();
    audit.report.version = tip.version;
    let mut sides = Vec::new();
    for (address, debts) in std::mem::take(&mut audit.debts) {
        sides.extend(audit.side_table(&address, debts).await?);
    }
    if deep {
        let mut rows = RowAudit::new(std::mem::take(&mut audit.batches), first > 0);
        rows.read(&log, &snapshot, true, &audit.removals).await?;
        for Side { store, snapshot, removals } in &sides {
            rows.read(store, snapshot, false, removals).await?;
        }
        let (rows, breaks) = rows.end();
        audit.report.rows = Some(rows);
        audit.report.breaks.extend(breaks);
    }
    Ok(audit.report)
}

/// A side table whose debts were checked.
struct Side {
    store: TableStore,
    snapshot: Snapshot,
    removals: Vec<(i64, String)>,
}

/// Debts of one side table: output version, incarnation prefix, debt.
type Debts = Vec<(i64, String, Debt)>;

#[derive(Default)]
struct Audit {
    report: VerifyReport,
    /// Version of the output.
    tip: i64,
    queries: BTreeSet<String>,
    /// Next offset of each partition, by incarnation.
    next: BTreeMap<(String, String, String, i32), i64>,
    debts: BTreeMap<String, Debts>,
    deep: bool,
    /// Only of a deep verification.
    batches: Vec<Batch>,
    /// Other writers' commits that took rows away.
    removals: Vec<(i64, String)>,
}

impl Audit {
    fn take(&mut self, commit: &Commit, version: i64) {
        self.removals.extend(commit.removal.clone().map(|operation| (version, operation)));
        let Some(account) = &commit.account else { return };
        let incarnation = incarnation_of(account);
        if !matches!(account.kind, Kind::Payment | Kind::Optimize) {
            self.queries.insert(incarnation.clone());
        }
        match account.kind {
            Kind::Start => {
                for range in &account.partitions {
                    self.next.insert(key(&incarnation, range), range.start);
                }
            }
            Kind::Batch => self.batch(commit, account, &incarnation, version),
            Kind::Block
            | Kind::Release
            | Kind::Forget
            | Kind::Payment
            | Kind::Schema
            | Kind::Observed
            | Kind::Optimize => {}
        }
    }

    fn batch(&mut self, commit: &Commit, account: &Account, incarnation: &str, version: i64) {
        self.report.batches += 1;
        let mut records = 0;
        for range in &account.partitions {
            self.range(incarnation, range, version);
            records += range.records;
        }
        let counts = account.counts.unwrap_or_default();
        let CountsEntry {
            records: counted,
            accepted,
            rejected,
            dead_letters,
            skipped,
            rerouted,
            copied,
        } = counts;
        let owed: u64 = account.debts.iter().map(|debt| debt.rows).sum();
        self.expect(version, "records of its partitions", counted as i64, records);
        let parts = accepted + rejected + dead_letters + skipped + rerouted;
        let names = "accepted + rejected + dead letters + skipped + rerouted";
        self.expect(version, names, counted, parts);
        self.expect(version, "rows in output files", accepted, commit.rows);
        let aside = rejected + dead_letters + rerouted + copied;
        self.expect(version, "rows owed to side tables", aside, owed);
        self.report.records += counted;
        self.report.accepted += accepted;
        self.report.rejected += rejected;
        self.report.dead_letters += dead_letters;
        self.report.skipped += skipped;
        self.report.rerouted += rerouted;
        if self.deep {
            self.batches.push(rows_of_batch(account, incarnation, version));
        }
        for debt in &account.debts {
            let entry = (version, incarnation.to_owned(), debt.clone());
            self.debts.entry(debt.address.clone()).or_default().push(entry);
        }
    }

    fn range(&mut self, incarnation: &str, range: &PartitionEntry, version: i64) {
        let PartitionEntry { topic, partition, start, end, records, gaps, lost, .. } = range;
        if let Some(next) = self.next.insert(key(incarnation, range), *end)
            && next != *start
        {
            self.fail(format!("version {version}: {topic}-{partition} starts at {start}, but the batch before it ended at {next}"));
        }
        if end - start != records + gaps + lost {
            self.fail(format!(
                "version {version}: {topic}-{partition} spans {} offsets, but accounts for {}",
                end - start,
                records + gaps + lost
            ));
        }
        self.report.gaps += (*gaps).max(0) as u64;
        self.report.lost += (*lost).max(0) as u64;
    }

    /// The ledgers end where the log's `txn`s say that their queries stand.
    fn positions(&mut self, txns: &[(String, i64)]) {
        // The newest of each name is what it says.
        let newest: BTreeMap<&str, i64> =
            txns.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        for (app_id, incarnation) in &newest {
            let Some(query) = app_id::query_of(app_id) else { continue };
            let prefix = app_id::prefix(&query, *incarnation);
            let owner = format!("{query}@{incarnation:x}");
            for (name, position) in &newest {
                let Some(Key::Position(id)) = app_id::parse(&prefix, name) else { continue };
                let (topic, topic_id) = (id.topic.to_string(), id.topic_id.to_string());
                self.report.positions.push(VerifiedPosition {
                    query: query.clone(),
                    topic: topic.clone(),
                    topic_id: topic_id.clone(),
                    partition: id.partition,
                    next: *position,
                });
                let key = (owner.clone(), topic, topic_id, id.partition);
                match self.next.get(&key).copied() {
                    Some(next) if next != *position => self.fail(format!(
                        "version {}: {id} stands at {position}, but its ledgers end at {next}",
                        self.tip
                    )),
                    _ => {}
                }
            }
        }
    }

    fn expect<T: PartialEq + std::fmt::Display>(
        &mut self,
        version: i64,
        what: &str,
        ledger: T,
        found: T,
    ) {
        if ledger != found {
            self.fail(format!("version {version}: the ledger says {ledger}, {what} are {found}"));
        }
    }

    fn fail(&mut self, text: String) {
        self.report.breaks.push(text);
    }

    /// Every file of every debt up to the paid version is in the side table's log, once.
    async fn side_table(
        &mut self,
        address: &str,
        debts: Debts,
    ) -> Result<Option<Side>, DeltaFault> {
        let url = Url::parse(address).map_err(|source| DeltaFault::Store {
            operation: "parse the address of a side table",
            address: address.to_owned(),
            source: source.into(),
        })?;
        let store = TableStore::open(&url, &StoreOptions::default(), None)?;
        let role = debts.first().map_or_else(String::new, |(.., debt)| debt.role.clone());
        let Some((tip, snapshot)) = store.read_tip().await? else {
            self.report.open_debts += debts.len() as u64;
            self.fail(format!("side table {address} is gone"));
            return Ok(None);
        };
        let payments = self.payments(&store, tip.version).await?;
        let hash = app_id::address_hash(address);
        let paid = |incarnation: &str| {
            let suffix = format!("/side/{hash}");
            let owner = |app_id: &str| {
                let query = app_id.strip_prefix("headgate/")?.strip_suffix(&suffix)?;
                (app_id::decode(query)? == incarnation).then_some(())
            };
            let found = tip.txns.iter().rev().find(|(app_id, _)| owner(app_id).is_some());
            found.map_or(-1, |(_, version)| *version)
        };
        let mut paid_to = -1;
        for (version, incarnation, debt) in &debts {
            paid_to = paid(incarnation);
            if *version > paid_to {
                self.report.open_debts += 1;
                self.not_paid(*version, address);
                continue;
            }
            let unseen = payments.unseen(incarnation, *version);
            for path in debt.adds.iter().filter_map(|add| add.get("path").and_then(Value::as_str)) {
                let times = payments.paths.get(path).copied().unwrap_or(0);
                if times > 1 || times == 0 && !unseen {
                    self.fail(format!("file {path}, owed by output version {version}, is {times} times in {address}"));
                }
            }
        }
        self.report.side_tables.push(SideReport {
            role,
            address: address.to_owned(),
            rows: payments.rows,
            paid_to,
        });
        Ok(Some(Side { store, snapshot, removals: payments.removals }))
    }

    fn not_paid(&mut self, version: i64, address: &str) {
        for batch in self.batches.iter_mut().filter(|batch| batch.version == version) {
            batch.paid.remove(address);
        }
    }

    async fn payments(&self, log: &TableStore, last: i64) -> Result<Payments, DeltaFault> {
        let first = first_entry(log).await?;
        let mut payments = Payments { cleaned: first > 0, ..Payments::default() };
        let mut commits = read_commits(log, first..=last);
        while let Some((version, commit)) = commits.try_next().await? {
            let Commit { account, removal, paths, rows } = commit;
            payments.removals.extend(removal.map(|operation| (version, operation)));
            let Some(account) = account else { continue };
            let incarnation = incarnation_of(&account);
            if account.kind != Kind::Payment || !self.queries.contains(&incarnation) {
                continue;
            }
            payments.rows += rows;
            for path in paths {
                *payments.paths.entry(path).or_default() += 1;
            }
            if let Some((from, _)) = account.pays {
                payments.seen_from.entry(incarnation).or_insert(from);
            }
        }
        Ok(payments)
    }
}

/// What payments of the queries audited brought to one side table.
#[derive(Default)]
struct Payments {
    /// How often each file was added.
    paths: BTreeMap<String, u64>,
    rows: u64,
    /// Entries are missing before the first one read.
    cleaned: bool,
    /// Other writers' commits that took rows away.
    removals: Vec<(i64, String)>,
    /// By incarnation: the output version after which every payment was read.
    seen_from: BTreeMap<String, i64>,
}

impl Payments {
    /// True when clean-up took the payment of what output version `version` owed.
    fn unseen(&self, incarnation: &str, version: i64) -> bool {
        let from = self.seen_from.get(incarnation);
        self.cleaned && from.is_none_or(|from| version <= *from)
    }
}

fn rows_of_batch(account: &Account, incarnation: &str, version: i64) -> Batch {
    let counts = account.counts.unwrap_or_default();
    let range = |entry: &PartitionEntry| Range {
        topic: entry.topic.clone(),
        partition: entry.partition,
        start: entry.start,
        end: entry.end,
    };
    Batch {
        version,
        uuid: account.batch.clone(),
        incarnation: incarnation.to_owned(),
        ranges: account.partitions.iter().map(range).collect(),
        accepted: counts.accepted,
        copies: counts.copied > 0,
        paid: account.debts.iter().map(|debt| (debt.address.clone(), debt.rows)).collect(),
    }
}

fn incarnation_of(account: &Account) -> String {
    format!("{}@{}", account.query, account.incarnation)
}

fn key(incarnation: &str, range: &PartitionEntry) -> (String, String, String, i32) {
    (incarnation.to_owned(), range.topic.clone(), range.topic_id.clone(), range.partition)
}
