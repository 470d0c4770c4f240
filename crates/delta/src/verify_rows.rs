//! Holds the rows of tables against the ledgers of the batches that brought them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use deltalake::kernel::Snapshot;
use futures::TryStreamExt;
use roaring::RoaringTreemap;

use crate::active::{Reading, active_files, rows_of};
use crate::fault::{DeltaFault, Source};
use crate::store::TableStore;

const BATCH_ROWS: usize = 64 << 10;

/// What tables hold, compared with what ledgers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsReport {
    /// Rows of the batches that the ledgers tell of.
    pub compared: u64,
    /// Rows of batches whose ledgers clean-up took, or, in a side table, of other queries.
    pub older: u64,
    /// Rows of records that were read again under another incarnation: they may be there twice.
    pub reread: u64,
    /// Rows without coordinates, which another writer brought.
    pub foreign: u64,
    /// Rows that are not there any more, by commits of other writers.
    pub removed: Vec<RemovedRows>,
    /// Tables whose rows have no coordinates.
    pub unchecked: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedRows {
    pub table: String,
    pub rows: u64,
    /// Versions of the table that removed rows, and by what operation.
    pub by: Vec<(i64, String)>,
}

/// A batch, as far as its rows are concerned.
pub(crate) struct Batch {
    pub version: i64,
    /// Rows of side tables carry it.
    pub uuid: String,
    pub incarnation: String,
    pub ranges: Vec<Range>,
    pub accepted: u64,
    /// Of the accepted rows, some have copies in a side table.
    pub copies: bool,
    /// Rows of each side table, by its address; without those that it is owed still.
    pub paid: BTreeMap<String, u64>,
}

pub(crate) struct Range {
    pub topic: String,
    pub partition: i32,
    pub start: i64,
    pub end: i64,
}

type Place = (String, i32);

/// `[start, end)` of a partition, read by a batch.
struct Span {
    start: i64,
    end: i64,
    batch: usize,
}

enum Found {
    Batch(usize),
    /// Read by several incarnations.
    Several,
    Older,
    Newer,
    Nowhere,
}

/// One table's rows.
struct Table {
    address: String,
    /// Of each batch.
    rows: Vec<u64>,
    offsets: BTreeMap<Place, RoaringTreemap>,
}

pub(crate) struct RowAudit {
    batches: Vec<Batch>,
    /// Of each partition, the spans of each incarnation in order.
    spans: BTreeMap<Place, Vec<Vec<Span>>>,
    by_uuid: HashMap<String, usize>,
    /// Batches of whose records others were made as well.
    reread: Vec<bool>,
    /// Ledgers before the first one known are gone.
    cleaned: bool,
    tables: Vec<Table>,
    report: RowsReport,
    breaks: Vec<String>,
}

impl RowAudit {
    pub fn new(batches: Vec<Batch>, cleaned: bool) -> Self {
        let mut by_incarnation: BTreeMap<(Place, &str), Vec<Span>> = BTreeMap::new();
        for (index, batch) in batches.iter().enumerate() {
            for Range { topic, partition, start, end } in &batch.ranges {
                let key = ((topic.clone(), *partition), batch.incarnation.as_str());
                let span = Span { start: *start, end: *end, batch: index };
                by_incarnation.entry(key).or_default().push(span);
            }
        }
        let mut spans: BTreeMap<Place, Vec<Vec<Span>>> = BTreeMap::new();
        for ((place, _), of_one) in by_incarnation {
            spans.entry(place).or_default().push(of_one);
        }
        let reread = vec![false; batches.len()];
        let uuids = batches.iter().enumerate();
        let by_uuid = uuids.map(|(index, batch)| (batch.uuid.clone(), index)).collect();
        let mut audit = Self {
            batches,
            spans,
            by_uuid,
            reread,
            cleaned,
            tables: Vec::new(),
            report: RowsReport::default(),
            breaks: Vec::new(),
        };
        audit.mark_reread();
        audit
    }

    fn mark_reread(&mut self) {
        for lists in self.spans.values().filter(|lists| lists.len() > 1) {
            for (at, list) in lists.iter().enumerate() {
                let others = || lists.iter().enumerate().filter(|(other, _)| *other != at);
                for span in list {
                    let meets = |other: &Span| other.start < span.end && span.start < other.end;
                    if others().any(|(_, other)| other.iter().any(meets)) {
                        self.reread[span.batch] = true;
                    }
                }
            }
        }
    }

    /// Reads all rows of a table. `removals`: commits of others that took rows away.
    pub async fn read(
        &mut self,
        store: &TableStore,
        snapshot: &Snapshot,
        is_output: bool,
        removals: &[(i64, String)],
    ) -> Result<(), DeltaFault> {
        let fail = |source: Source| DeltaFault::store("read the rows", &store.address, source);
        let schema = row_columns();
        let columns = snapshot.arrow_schema();
        let is_missing = |name: &&str| columns.field_with_name(name).is_err();
        if COORDINATES.iter().any(is_missing) {
            self.report.unchecked.push(store.address.clone());
            return Ok(());
        }
        let mut table = Table {
            address: store.address.clone(),
            rows: vec![0; self.batches.len()],
            offsets: BTreeMap::new(),
        };
        let mut twice: BTreeMap<Place, (u64, i64)> = BTreeMap::new();
        let reading = Reading { batch_rows: BATCH_ROWS, limit: None };
        for file in active_files(store, snapshot, |_| true).await? {
            let mut batches =
                rows_of(store.objects(), &file, &schema, reading).await.map_err(fail)?;
            while let Some(rows) = batches.try_next().await.map_err(fail)? {
                self.take(&mut table, &rows, is_output, &mut twice);
            }
        }
        for ((topic, partition), (rows, first)) in twice {
            self.breaks.push(format!(
                "{}: {rows} rows of {topic}-{partition} are there more than once, the first at offset {first}",
                table.address
            ));
        }
        self.compare(&table, is_output, removals);
        self.tables.push(table);
        Ok(())
    }

    fn take(
        &mut self,
        table: &mut Table,
        rows: &RecordBatch,
        is_output: bool,
        twice: &mut BTreeMap<Place, (u64, i64)>,
    ) {
        let topics = rows.column(0).as_string::<i32>();
        let partitions = rows.column(1).as_primitive::<Int32Type>();
        let offsets = rows.column(2).as_primitive::<Int64Type>();
        let uuids = rows.column(3).as_string::<i32>();
        let mut place = (String::new(), -1);
        for row in 0..rows.num_rows() {
            if topics.is_null(row) || partitions.is_null(row) || offsets.is_null(row) {
                self.report.foreign += 1;
                continue;
            }
            let (topic, partition) = (topics.value(row), partitions.value(row));
            if place.0 != topic || place.1 != partition {
                place = (topic.to_owned(), partition);
            }
            let offset = offsets.value(row);
            let uuid = uuids.is_valid(row).then(|| uuids.value(row));
            match self.find_row(uuid, &place, offset) {
                Found::Batch(batch) => {
                    table.rows[batch] += 1;
                    self.report.compared += 1;
                    let seen = table.offsets.entry(place.clone()).or_default();
                    if !seen.insert(offset.unsigned_abs()) {
                        let (rows, _) = twice.entry(place.clone()).or_insert((0, offset));
                        *rows += 1;
                    }
                }
                Found::Several => self.report.reread += 1,
                Found::Older => self.report.older += 1,
                // Of batches after the version of the output that is verified.
                Found::Newer if !is_output => {}
                Found::Newer | Found::Nowhere => self.breaks.push(format!(
                    "{}: the row of {topic}-{partition} at offset {offset} is in no ledger",
                    table.address
                )),
            }
        }
    }

    /// The batch that a row says it is of, or the one that its coordinates lie in.
    fn find_row(&self, uuid: Option<&str>, place: &Place, offset: i64) -> Found {
        let Some(uuid) = uuid else { return self.find(place, offset) };
        let Some(batch) = self.by_uuid.get(uuid).copied() else { return Found::Older };
        let mut ranges = self.batches[batch].ranges.iter();
        let holds = ranges.any(|range| {
            range.topic == place.0
                && range.partition == place.1
                && (range.start..range.end).contains(&offset)
        });
        match (holds, self.reread[batch]) {
            (false, _) => Found::Nowhere,
            (true, true) => Found::Several,
            (true, false) => Found::Batch(batch),
        }
    }

    fn find(&self, place: &Place, offset: i64) -> Found {
        let Some(lists) = self.spans.get(place) else {
            return if self.cleaned { Found::Older } else { Found::Nowhere };
        };
        let (mut found, mut is_before, mut is_after) = (None, false, false);
        for spans in lists {
            let next = spans.partition_point(|span| span.end <= offset);
            match spans.get(next) {
                Some(span) if span.start <= offset && found.is_some() => return Found::Several,
                Some(span) if span.start <= offset => found = Some(span.batch),
                Some(_) => is_before |= next == 0,
                None => is_after = true,
            }
        }
        match found {
            Some(batch) => Found::Batch(batch),
            None if is_before && self.cleaned => Found::Older,
            None if is_after => Found::Newer,
            None => Found::Nowhere,
        }
    }

    /// Each batch's rows are all there, unless somebody took them.
    fn compare(&mut self, table: &Table, is_output: bool, removals: &[(i64, String)]) {
        let (mut missing, mut by): (u64, Vec<(i64, String)>) = (0, Vec::new());
        for (index, batch) in self.batches.iter().enumerate().filter(|(at, _)| !self.reread[*at]) {
            let owed = batch.paid.get(&table.address).copied().unwrap_or_default();
            let expected = if is_output { batch.accepted } else { owed };
            let found = table.rows[index];
            let later = |(version, _): &&(i64, String)| !is_output || *version > batch.version;
            let takers: Vec<&(i64, String)> = removals.iter().filter(later).collect();
            if found < expected && !takers.is_empty() {
                missing += expected - found;
                by.extend(takers.into_iter().cloned());
            } else if found != expected {
                self.breaks.push(format!(
                    "version {}: the ledger says {expected}, rows of the batch in {} are {found}",
                    batch.version, table.address
                ));
            }
        }
        if missing > 0 {
            by.sort();
            by.dedup();
            self.report.removed.push(RemovedRows {
                table: table.address.clone(),
                rows: missing,
                by,
            });
        }
    }

    /// What the rows of all tables say, and what does not hold.
    pub fn end(mut self) -> (RowsReport, Vec<String>) {
        for (at, table) in self.tables.iter().enumerate() {
            for other in &self.tables[at + 1..] {
                for (place, offsets) in &table.offsets {
                    let Some(others) = other.offsets.get(place) else { continue };
                    let shared = offsets & others;
                    let is_wrong = |offset: &u64| {
                        let batch = self.find(place, *offset as i64);
                        !matches!(batch, Found::Batch(batch) if self.batches[batch].copies)
                    };
                    let wrong: Vec<u64> = shared.iter().filter(is_wrong).collect();
                    if let Some(first) = wrong.first() {
                        self.breaks.push(format!(
                            "{} records of {}-{} are both in {} and in {}, the first at offset {first}",
                            wrong.len(),
                            place.0,
                            place.1,
                            table.address,
                            other.address
                        ));
                    }
                }
            }
        }
        (self.report, self.breaks)
    }
}

const COORDINATES: [&str; 3] = ["_kafka_topic", "_kafka_partition", "_kafka_offset"];

fn row_columns() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("_kafka_topic", DataType::Utf8, true),
        Field::new("_kafka_partition", DataType::Int32, true),
        Field::new("_kafka_offset", DataType::Int64, true),
        Field::new("_batch_uuid", DataType::Utf8, true),
    ]))
}
