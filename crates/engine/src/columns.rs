//! Columns that come from records and their coordinates, not from payloads.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, Int32Array, Int64Array, ListArray, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::DataType;
use chrono::DateTime;
use headgate_contract::RowViolation;
use headgate_model::{RecordChunk, RuleInfo};

use crate::layout::{UTC, header_fields, violation_fields};

/// The records of a chunk that a table takes, by index.
pub(crate) struct Picked<'a> {
    pub chunk: &'a RecordChunk,
    pub records: &'a [u32],
}

impl<'a> Picked<'a> {
    fn refs(&self) -> impl ExactSizeIterator<Item = headgate_model::RecordRef<'a>> {
        let chunk = self.chunk;
        self.records.iter().map(move |record| chunk.get(*record as usize))
    }

    pub fn raw_values(&self) -> ArrayRef {
        Arc::new(self.refs().map(|record| record.value).collect::<BinaryArray>())
    }

    /// Key and headers.
    pub fn origin(&self) -> [ArrayRef; 2] {
        [Arc::new(self.refs().map(|record| record.key).collect::<BinaryArray>()), self.headers()]
    }

    fn headers(&self) -> ArrayRef {
        let (mut keys, mut values) = (StringBuilder::new(), BinaryBuilder::new());
        let mut lengths = Vec::with_capacity(self.records.len());
        let mut valid = Vec::with_capacity(self.records.len());
        for record in self.refs() {
            let mut len = 0;
            for (name, value) in record.headers() {
                keys.append_value(name);
                values.append_option(value);
                len += 1;
            }
            lengths.push(len);
            valid.push(record.has_headers());
        }
        let items: Vec<ArrayRef> = vec![Arc::new(keys.finish()), Arc::new(values.finish())];
        list(header_fields(), items, lengths, Some(NullBuffer::from(valid)))
    }

    /// Topic, partition, offset, timestamp.
    pub fn coordinates(&self) -> [ArrayRef; 4] {
        let partitions = &self.chunk.partitions;
        let topics = self.refs().map(|record| &*partitions[record.partition as usize].topic);
        let topic = StringArray::from_iter_values(topics);
        let partition = Int32Array::from_iter_values(
            self.refs().map(|record| partitions[record.partition as usize].partition),
        );
        let offset = Int64Array::from_iter_values(self.refs().map(|record| record.offset));
        let timestamp: TimestampMicrosecondArray = self
            .refs()
            .map(|record| record.timestamp_ms.map(|ms| ms.saturating_mul(1000)))
            .collect();
        let timestamp = timestamp.with_timezone(UTC);
        [Arc::new(topic), Arc::new(partition), Arc::new(offset), Arc::new(timestamp)]
    }

    /// When the chunk was polled, and its UTC date.
    pub fn ingestion(&self) -> [ArrayRef; 2] {
        let at = self.chunk.polled_at_us;
        let date = DateTime::from_timestamp_micros(at).unwrap_or_default().format("%Y-%m-%d");
        let rows = self.records.len();
        let instant = TimestampMicrosecondArray::from_value(at, rows).with_timezone(UTC);
        [Arc::new(instant), constant(&date.to_string(), rows)]
    }
}

pub(crate) fn constant(text: &str, rows: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows)))
}

pub(crate) fn constant_or_null(text: Option<&str>, rows: usize) -> ArrayRef {
    Arc::new(std::iter::repeat_n(text, rows).collect::<StringArray>())
}

/// The violations of each of `rows`; `violations` is sorted by row. `null_when_clean`: rows
/// without one are NULL rather than empty.
pub(crate) fn violations(
    rows: impl ExactSizeIterator<Item = u32>,
    violations: &[RowViolation],
    rules: &[RuleInfo],
    null_when_clean: bool,
) -> ArrayRef {
    let (mut names, mut columns) = (StringBuilder::new(), StringBuilder::new());
    let mut lengths = Vec::with_capacity(rows.len());
    for row in rows {
        let found = of_row(violations, row);
        for violation in found {
            let rule = &rules[violation.rule as usize];
            names.append_value(&rule.id);
            columns.append_option(rule.column.as_deref());
        }
        lengths.push(found.len());
    }
    let nulls = null_when_clean.then(|| lengths.iter().map(|len| *len > 0).collect());
    let items: Vec<ArrayRef> = vec![Arc::new(names.finish()), Arc::new(columns.finish())];
    list(violation_fields(), items, lengths, nulls)
}

/// Not a rule that was broken: why else a row is among the rejects.
pub(crate) fn of_intervention(rows: usize) -> ArrayRef {
    let items: Vec<ArrayRef> = vec![constant("intervention", rows), constant_or_null(None, rows)];
    list(violation_fields(), items, vec![1; rows], None)
}

pub(crate) fn of_row(violations: &[RowViolation], row: u32) -> &[RowViolation] {
    let start = violations.partition_point(|violation| violation.row < row);
    let len = violations[start..].partition_point(|violation| violation.row == row);
    &violations[start..start + len]
}

fn list(
    fields: [arrow_schema::FieldRef; 2],
    items: Vec<ArrayRef>,
    lengths: Vec<usize>,
    nulls: Option<NullBuffer>,
) -> ArrayRef {
    let items = StructArray::new(fields.into_iter().collect(), items, None);
    let item = DataType::Struct(items.fields().clone());
    let element = Arc::new(arrow_schema::Field::new("element", item, true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(element, offsets, Arc::new(items), nulls))
}
