//! Payloads as they are: one text column.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_model::DeadLetterKind;

use crate::column::TextColumn;
use crate::record_log::RecordLog;
use crate::{DecodeFault, Decoded, Decoder, Payloads, RAW_COLUMN, Tombstones};

/// A decoder that does not parse: every payload that is UTF-8, the empty one too, is the value of
/// [`RAW_COLUMN`]; any other is a dead letter `ENCODING_ERROR`.
pub fn raw(tombstones: Tombstones) -> Box<dyn Decoder> {
    let field = Field::new(RAW_COLUMN, DataType::Utf8, true);
    let schema = Arc::new(Schema::new(vec![field]));
    Box::new(RawDecoder { schema, tombstones, payloads: TextColumn::default() })
}

struct RawDecoder {
    schema: SchemaRef,
    tombstones: Tombstones,
    payloads: TextColumn,
}

impl Decoder for RawDecoder {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn decode_payloads(&mut self, payloads: Payloads<'_>) -> Result<Decoded, DecodeFault> {
        self.payloads.reserve(payloads.len(), payloads.bytes()?);
        let mut log = RecordLog::default();
        for (payload, index) in payloads.iter().zip(0..) {
            match payload {
                None => {
                    if log.tombstone(index, self.tombstones) {
                        self.payloads.push_null();
                    }
                }
                Some(payload) => match not_utf8(payload) {
                    None => {
                        self.payloads.push(payload);
                        log.row(index);
                    }
                    Some(message) => log.dead(index, DeadLetterKind::Encoding, message),
                },
            }
        }
        let len = log.rows() as usize;
        let options = RecordBatchOptions::new().with_row_count(Some(len));
        let column = self.payloads.finish()?;
        let rows = RecordBatch::try_new_with_options(self.schema.clone(), vec![column], &options)?;
        Ok(log.finish(rows, Vec::new()))
    }
}

/// The message of an `ENCODING_ERROR`; `None` for UTF-8.
#[inline]
pub(crate) fn not_utf8(payload: &[u8]) -> Option<String> {
    if simdutf8::basic::from_utf8(payload).is_ok() { None } else { Some(encoding_message(payload)) }
}

#[cold]
fn encoding_message(payload: &[u8]) -> String {
    let at = simdutf8::compat::from_utf8(payload).err().map_or(0, |error| error.valid_up_to());
    format!("not UTF-8 at byte {at}")
}
