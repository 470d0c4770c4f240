//! Decoded rows to transformed ones, with every record still accounted for.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use headgate_decode::{DeadRecord, Decoded, Decoder, RowRecords};
use headgate_model::{
    DeadLetterKind, FieldViolation, Transform, TransformFault, Transformed, UNKNOWN_FIELD,
    field_types,
};

use crate::EngineFault;
use crate::process::polled_on_own_thread;

/// A transform, and what it expects of decoded fields.
pub(crate) struct RowTransform {
    transform: Arc<dyn Transform>,
    /// What is said of a field that does not fit, by its number.
    misfits: Vec<String>,
}

impl RowTransform {
    /// What comes after `decoder`, if anything.
    pub fn after(decoder: &dyn Decoder, transform: Option<&Arc<dyn Transform>>) -> Option<Self> {
        let misfits = field_types(decoder.schema()).into_iter();
        let misfits = misfits.map(|(path, expected)| format!("{path} does not fit {expected}"));
        Some(Self { transform: Arc::clone(transform?), misfits: misfits.collect() })
    }

    /// Rows that the transform leaves out are skipped. A row that it cannot be asked about, for a
    /// field that does not fit is NULL there, and one that it fails on are dead letters.
    pub async fn apply(&self, decoded: Decoded) -> Result<Decoded, EngineFault> {
        Ok(self.transformed(decoded).await?)
    }

    async fn transformed(&self, decoded: Decoded) -> Result<Decoded, TransformFault> {
        let Decoded { rows, records, fields, mut dead, mut skipped } = decoded;
        let num_rows = rows.num_rows();
        let misfits = self.misfits(&fields);
        let (rows, asked) = without(rows, &misfits)?;
        let Transformed { rows, mut origins, mut failed } =
            polled_on_own_thread(self.transform.apply(&rows)).await?;
        if let Some(asked) = asked {
            origins.iter_mut().for_each(|row| *row = asked[*row as usize]);
            failed.iter_mut().for_each(|failure| failure.row = asked[failure.row as usize]);
        }
        if origins.len() == num_rows {
            return Ok(Decoded { rows, records, fields, dead, skipped });
        }
        let record_of = |row: u32| records.get(row).unwrap_or_default();
        let mut left_out = vec![true; num_rows];
        origins.iter().for_each(|row| left_out[*row as usize] = false);
        let violation = DeadLetterKind::SchemaViolation;
        let misfits = misfits.into_iter().map(|(row, message)| (row, violation, message));
        let failed = failed.into_iter().map(|row| (row.row, DeadLetterKind::Transform, row.reason));
        for (row, kind, message) in misfits.chain(failed) {
            left_out[row as usize] = false;
            dead.push(DeadRecord { record: record_of(row), kind, message });
        }
        dead.sort_by_key(|letter| letter.record);
        let left_out = (0..num_rows as u32).filter(|row| left_out[*row as usize]);
        skipped.extend(left_out.map(record_of));
        skipped.sort_unstable();
        Ok(Decoded {
            fields: moved(&fields, &origins),
            records: RowRecords::Some(origins.into_iter().map(record_of).collect()),
            rows,
            dead,
            skipped,
        })
    }

    /// Rows with fields that do not fit, ascending, and what to say of them.
    fn misfits(&self, fields: &[FieldViolation]) -> Vec<(u32, String)> {
        let mut found: Vec<(u32, String)> = Vec::new();
        for violation in fields.iter().filter(|violation| violation.field != UNKNOWN_FIELD) {
            let message = &self.misfits[violation.field as usize];
            match found.last_mut().filter(|(row, _)| *row == violation.row) {
                Some((_, messages)) => {
                    messages.push_str("; ");
                    messages.push_str(message);
                }
                None => found.push((violation.row, message.clone())),
            }
        }
        found
    }
}

/// The other rows, and where they were, if any are left out.
fn without(
    rows: RecordBatch,
    left_out: &[(u32, String)],
) -> Result<(RecordBatch, Option<Vec<u32>>), ArrowError> {
    if left_out.is_empty() {
        return Ok((rows, None));
    }
    let mut keep = vec![true; rows.num_rows()];
    left_out.iter().for_each(|(row, _)| keep[*row as usize] = false);
    let kept = (0..rows.num_rows() as u32).filter(|row| keep[*row as usize]).collect();
    Ok((filter_record_batch(&rows, &BooleanArray::from(keep))?, Some(kept)))
}

/// What is known of rows with unknown fields, where those rows are now.
fn moved(fields: &[FieldViolation], origins: &[u32]) -> Vec<FieldViolation> {
    let unknown = fields.iter().filter(|violation| violation.field == UNKNOWN_FIELD);
    let moved = unknown.filter_map(|violation| {
        let row = origins.binary_search(&violation.row).ok()? as u32;
        Some(FieldViolation { row, field: UNKNOWN_FIELD })
    });
    moved.collect()
}
