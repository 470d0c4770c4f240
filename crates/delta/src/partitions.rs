//! Splits rows by the values of a table's partition columns.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt32Array};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use sha2::{Digest, Sha256};

use crate::app_id::encode;

/// Values of the partition columns, in their order; `None` is NULL.
pub(crate) type PartitionKey = Vec<Option<String>>;

/// The rows of `rows`, at least one, by partition, without the partition columns. Rows keep their order.
pub(crate) fn split(
    rows: &RecordBatch,
    columns: &[String],
) -> Result<Vec<(PartitionKey, RecordBatch)>, ArrowError> {
    if columns.is_empty() {
        return Ok(vec![(Vec::new(), rows.clone())]);
    }
    let mut values = Vec::with_capacity(columns.len());
    for name in columns {
        let column = rows.column(rows.schema_ref().index_of(name)?);
        values.push(as_text(name, column)?);
    }
    let files = without(rows, columns)?;
    let key =
        |row: usize| -> PartitionKey { values.iter().map(|column| text(column, row)).collect() };
    if values.iter().all(is_constant) {
        return Ok(vec![(key(0), files)]);
    }
    let mut groups: BTreeMap<PartitionKey, Vec<u32>> = BTreeMap::new();
    for row in 0..rows.num_rows() {
        groups.entry(key(row)).or_default().push(row as u32);
    }
    groups
        .into_iter()
        .map(|(key, rows)| {
            let taken = arrow_select::take::take_record_batch(&files, &UInt32Array::from(rows))?;
            Ok((key, taken))
        })
        .collect()
}

/// The schema of the data files: the table's without its partition columns.
pub(crate) fn file_schema(schema: &SchemaRef, columns: &[String]) -> Result<SchemaRef, ArrowError> {
    let kept: Vec<usize> = kept(schema, columns);
    schema.project(&kept).map(Into::into)
}

fn kept(schema: &SchemaRef, columns: &[String]) -> Vec<usize> {
    (0..schema.fields().len())
        .filter(|index| !columns.contains(schema.field(*index).name()))
        .collect()
}

fn without(rows: &RecordBatch, columns: &[String]) -> Result<RecordBatch, ArrowError> {
    rows.project(&kept(rows.schema_ref(), columns))
}

/// What arrow says of a value that has no text holds the value.
fn as_text(name: &str, column: &ArrayRef) -> Result<StringArray, ArrowError> {
    let text = cast(column, &DataType::Utf8).ok();
    let text = text.and_then(|text| text.as_any().downcast_ref::<StringArray>().cloned());
    let told = || format!("a value of the partition column {name} cannot be written as text");
    text.ok_or_else(|| ArrowError::CastError(told()))
}

/// Delta has no empty partition value: it reads as NULL.
fn text(column: &StringArray, row: usize) -> Option<String> {
    (!column.is_null(row))
        .then(|| column.value(row))
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
}

fn is_constant(column: &StringArray) -> bool {
    match column.null_count() {
        0 => column.iter().all(|value| value == Some(column.value(0))),
        nulls => nulls == column.len(),
    }
}

/// File systems end names at 255 bytes.
const MAX_VALUE_BYTES: usize = 160;

/// `country=DE/day=2026-01-01/`, with everything escaped that Hive escapes. A long value is named by
/// its hash: readers take values from the log, never from a path.
pub(crate) fn folder(columns: &[String], key: &[Option<String>]) -> String {
    let mut folder = String::new();
    for (name, value) in columns.iter().zip(key) {
        folder.push_str(&encode(name));
        folder.push('=');
        match value {
            Some(value) => {
                let encoded = encode(value);
                if encoded.len() <= MAX_VALUE_BYTES {
                    folder.push_str(&encoded);
                } else {
                    folder.push_str(&format!("sha256-{:x}", Sha256::digest(value)));
                }
            }
            None => folder.push_str("__HIVE_DEFAULT_PARTITION__"),
        }
        folder.push('/');
    }
    folder
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow_array::{Date32Array, Int64Array};
    use arrow_schema::{Field, Schema};
    use std::sync::Arc;

    fn rows(days: Vec<Option<i32>>) -> RecordBatch {
        let schema = Schema::new(vec![
            Field::new("id", DataType::Int64, true),
            Field::new("day", DataType::Date32, true),
        ]);
        let ids = Int64Array::from_iter_values(0..days.len() as i64);
        RecordBatch::try_new(schema.into(), vec![Arc::new(ids), Arc::new(Date32Array::from(days))])
            .unwrap()
    }

    #[test]
    fn a_value_without_a_text_is_refused_and_not_told() {
        let fault = split(&rows(vec![Some(0), Some(i32::MAX)]), &["day".to_owned()]).unwrap_err();
        let told = "Cast error: a value of the partition column day cannot be written as text";
        assert_eq!(fault.to_string(), told);
    }

    #[test]
    fn one_value_is_one_part_without_a_copy() {
        let parts = split(&rows(vec![Some(0), Some(0)]), &["day".into()]).unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].0, vec![Some("1970-01-01".to_owned())]);
        assert_eq!(parts[0].1.num_columns(), 1);
    }

    #[test]
    fn every_row_is_in_one_part_and_keeps_its_order() {
        let parts = split(&rows(vec![Some(1), None, Some(0), Some(1)]), &["day".into()]).unwrap();
        let keys: Vec<_> =
            parts.iter().map(|(key, rows)| (key[0].as_deref(), rows.num_rows())).collect();
        assert_eq!(keys, vec![(None, 1), (Some("1970-01-01"), 1), (Some("1970-01-02"), 2)]);
    }

    #[test]
    fn folders_escape_what_a_path_cannot_hold() {
        let folder = folder(&["a b".into(), "c".into()], &[Some("x/ü:".into()), None]);
        assert_eq!(folder, "a%20b=x%2F%C3%BC%3A/c=__HIVE_DEFAULT_PARTITION__/");
    }
}
