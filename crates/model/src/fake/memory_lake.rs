//! One output log as the commit point, and side tables that follow it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::SchemaRef;

use super::bell::{Bell, lock};
use super::{FakeFault, MemorySink, SinkControl};
use crate::{BoxFault, Ledger, OutputRows, PartitionId, Positions, TableRole, TakeRows};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// The query's first commit.
    Start,
    Batch,
    /// A verdict alone.
    Block,
    /// A verdict that stops every worker.
    Intervention,
    /// Lets them go on.
    Release,
}

/// One commit of the output.
#[derive(Clone, Debug)]
pub struct LogEntry {
    pub kind: EntryKind,
    pub incarnation: String,
    pub group: String,
    /// Tells whose commit it is.
    pub batch_uuid: String,
    /// The positions that it moves.
    pub positions: Positions,
    /// Absent in the first commit.
    pub ledger: Option<Ledger>,
    pub rows: Vec<RecordBatch>,
    /// Rows owed to side tables.
    pub debts: BTreeMap<TableRole, Vec<RecordBatch>>,
}

#[derive(Debug, Default)]
struct Side {
    /// Last version of the output paid.
    paid_to: i64,
    rows: Vec<RecordBatch>,
}

#[derive(Debug, Default)]
struct Tables {
    /// Version 1 is first; version 0 is the empty table.
    log: Vec<LogEntry>,
    sides: BTreeMap<TableRole, Side>,
}

impl OutputRows for MemoryLake {
    fn read<'a>(
        &'a self,
        schema: SchemaRef,
        take: &'a mut TakeRows<'_>,
    ) -> Pin<Box<dyn Future<Output = Result<(), BoxFault>> + Send + 'a>> {
        Box::pin(async move {
            for rows in self.rows(TableRole::Output) {
                let columns = schema.fields().iter().map(|field| {
                    rows.column_by_name(field.name())
                        .cloned()
                        .unwrap_or_else(|| new_null_array(field.data_type(), rows.num_rows()))
                });
                let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
                let rows = RecordBatch::try_new_with_options(
                    SchemaRef::clone(&schema),
                    columns.collect(),
                    &options,
                );
                take(&rows.map_err(|_| FakeFault("COLUMNS"))?)?;
            }
            Ok(())
        })
    }
}

/// Tables in memory, shared by all sinks made from it.
#[derive(Clone, Debug, Default)]
pub struct MemoryLake {
    tables: Arc<Mutex<Tables>>,
    pub(super) bell: Bell,
}

impl MemoryLake {
    /// A worker's view of the lake and the hand that disturbs it. Workers of one query share a
    /// group unless told otherwise.
    pub fn sink(&self) -> (MemorySink, SinkControl) {
        MemorySink::new(self, "group")
    }

    /// A worker that is none of ours: its commits end others at once.
    pub fn sink_in_group(&self, group: &str) -> (MemorySink, SinkControl) {
        MemorySink::new(self, group)
    }

    /// All commits, from version 1 on.
    pub fn log(&self) -> Vec<LogEntry> {
        lock(&self.tables).log.clone()
    }

    /// Ledgers of the batches, in order, without blocks.
    pub fn ledgers(&self) -> Vec<Ledger> {
        let batches = self.log().into_iter().filter(|entry| entry.kind == EntryKind::Batch);
        batches.filter_map(|entry| entry.ledger).collect()
    }

    /// What an operator does about a block.
    pub fn release(&self) {
        let newest = self.log().pop();
        let Some(newest) = newest else { return };
        let (positions, rows, debts) = (Positions::new(), Vec::new(), BTreeMap::new());
        let batch_uuid = "release".to_owned();
        let entry = LogEntry {
            kind: EntryKind::Release,
            ledger: None,
            batch_uuid,
            positions,
            rows,
            debts,
            ..newest
        };
        self.put(self.version() + 1, entry);
    }

    pub fn version(&self) -> i64 {
        lock(&self.tables).log.len() as i64
    }

    /// Rows that readers of a table see: of side tables only what was paid.
    pub fn rows(&self, role: TableRole) -> Vec<RecordBatch> {
        let tables = lock(&self.tables);
        match role {
            TableRole::Output => {
                tables.log.iter().flat_map(|entry| entry.rows.iter().cloned()).collect()
            }
            side => tables.sides.get(&side).map(|side| side.rows.clone()).unwrap_or_default(),
        }
    }

    pub fn num_rows(&self, role: TableRole) -> usize {
        self.rows(role).iter().map(RecordBatch::num_rows).sum()
    }

    /// Topic, partition and offset of every row of a table, sorted; empty for tables without
    /// those columns.
    pub fn coordinates(&self, role: TableRole) -> Vec<(String, i32, i64)> {
        let rows = self.rows(role);
        let mut all: Vec<_> = rows.iter().filter_map(coordinates).flatten().collect();
        all.sort();
        all
    }

    /// Versions that owe side tables, unpaid.
    pub fn open_debts(&self) -> usize {
        let tables = lock(&self.tables);
        let versions = tables.log.iter().zip(1..);
        let owes = |(entry, version): (&LogEntry, i64)| {
            entry.debts.keys().filter(|role| tables.paid_to(**role) < version).count()
        };
        versions.map(owes).sum()
    }

    /// What breaks the invariant: ledgers tile, counts balance, and tables hold what they say.
    pub fn breaks(&self) -> Vec<String> {
        let mut breaks = Vec::new();
        let mut positions = Positions::new();
        for (entry, version) in self.log().iter().zip(1..) {
            let said = breaks.len();
            entry.check(&mut positions, &mut breaks);
            breaks[said..].iter_mut().for_each(|found| *found = format!("v{version}: {found}"));
        }
        breaks
    }

    /// The entry at `version`, if that slot is taken.
    pub(super) fn read(&self, version: i64) -> Option<LogEntry> {
        lock(&self.tables).log.get(usize::try_from(version - 1).ok()?).cloned()
    }

    /// Puts `entry` at `version` if that slot is empty.
    pub(super) fn put(&self, version: i64, entry: LogEntry) -> bool {
        let mut tables = lock(&self.tables);
        let empty = tables.log.len() as i64 == version - 1;
        if empty {
            tables.log.push(entry);
        }
        empty
    }

    /// Pays every debt up to `version`, whoever owes it.
    pub(super) fn pay(&self, version: i64) {
        let mut tables = lock(&self.tables);
        let Tables { log, sides } = &mut *tables;
        for (entry, at) in log.iter().zip(1..=version) {
            for (role, rows) in &entry.debts {
                let side = sides.entry(*role).or_default();
                if side.paid_to < at {
                    side.rows.extend(rows.iter().cloned());
                    side.paid_to = at;
                }
            }
        }
    }

    pub(super) fn paid_to(&self, role: TableRole) -> i64 {
        lock(&self.tables).paid_to(role)
    }
}

impl Tables {
    fn paid_to(&self, role: TableRole) -> i64 {
        self.sides.get(&role).map_or(0, |side| side.paid_to)
    }
}

impl LogEntry {
    fn check(&self, positions: &mut Positions, breaks: &mut Vec<String>) {
        let Some(ledger) = &self.ledger else {
            positions.extend(self.positions.clone());
            return;
        };
        let num_rows =
            |rows: &[RecordBatch]| rows.iter().map(|rows| rows.num_rows() as u64).sum::<u64>();
        let counts = &ledger.counts;
        if !counts.balances() {
            breaks.push(format!("counts do not balance: {counts:?}"));
        }
        if matches!(self.kind, EntryKind::Block | EntryKind::Intervention) {
            if !self.rows.is_empty() || !self.debts.is_empty() || !self.positions.is_empty() {
                breaks.push("a block holds more than its verdict".into());
            }
            return;
        }
        let (out, side) =
            (num_rows(&self.rows), self.debts.values().map(|rows| num_rows(rows)).sum::<u64>());
        if out != counts.accepted {
            breaks.push(format!("{out} rows in the output, {} accepted", counts.accepted));
        }
        if side != counts.rejected + counts.dead_letters + counts.rerouted + counts.copied {
            breaks.push(format!("{side} rows in side tables, {counts:?}"));
        }
        let records: i64 = ledger.partitions.iter().map(|range| range.records).sum();
        if records != counts.records as i64 {
            breaks.push(format!("{records} records in ranges, {} counted", counts.records));
        }
        let mut seen = BTreeSet::<&PartitionId>::new();
        for range in &ledger.partitions {
            let before = positions.insert(range.partition.clone(), range.end);
            let tiles = before.is_none_or(|before| before == range.start)
                && range.first == before.is_none()
                && range.end - range.start == range.records + range.gaps + range.lost
                && seen.insert(&range.partition);
            if !tiles {
                breaks.push(format!("{range:?} after position {before:?}"));
            }
        }
    }
}

fn coordinates(rows: &RecordBatch) -> Option<Vec<(String, i32, i64)>> {
    let topics = rows.column_by_name("_kafka_topic")?.as_string_opt::<i32>()?;
    let partitions = rows.column_by_name("_kafka_partition")?.as_primitive_opt::<Int32Type>()?;
    let offsets = rows.column_by_name("_kafka_offset")?.as_primitive_opt::<Int64Type>()?;
    let row = |row| (topics.value(row).to_owned(), partitions.value(row), offsets.value(row));
    Some((0..topics.len()).map(row).collect())
}
