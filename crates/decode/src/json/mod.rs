//! JSON by a schema: one pass over the bytes, straight into the columns.
//!
//! A record is exactly one JSON object (RFC 8259) in UTF-8, with nothing but white space around
//! it. Anything else is a dead letter: not UTF-8 `ENCODING_ERROR`, the rest `JSON_PARSE_ERROR`.
//! Fields that the schema does not name are held to the grammar too, and more than [`MAX_DEPTH`]
//! levels are refused.
//!
//! | column | takes | anything else is NULL and a violation |
//! |---|---|---|
//! | Utf8 | strings | a string with a lone surrogate |
//! | Int8 to Int64 | numbers of integral value: `1`, `1.0`, `1e3` | `1.5`, out of range |
//! | Float32, Float64 | numbers, as the nearest float; too small gives 0 | too large |
//! | Decimal128 | numbers, exactly: `1.50`, `15e-1` | too precise or too wide; never rounded |
//! | Boolean | `true`, `false` | |
//! | Date32 | `"2026-05-28"` | no such day |
//! | Timestamp | RFC 3339 strings, see below | beyond microseconds, second 60 |
//! | Struct | objects | |
//! | List | arrays; an item that does not fit is NULL and a violation of `path[]` | |
//!
//! * `null` and an absent field are NULL, and no violation.
//! * A key that comes twice in an object: the first value stays, and the field is a violation,
//!   whether the values are equal or not. Unknown keys may repeat.
//! * A timestamp without zone is taken as UTC by a column in UTC. A column without zone takes the
//!   time as the clock shows it; a text with a zone is a violation there.
//! * `NaN`, `Infinity`, comments, trailing commas and a byte order mark are not JSON.
//! * A lone surrogate in a field that is not decoded is no fault, as the grammar allows it.

mod extra;
mod field_order;
mod malformed;
mod number;
mod object;
mod row;
mod scan;
mod skip;
mod text;
mod time;
mod value;

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_model::{DeadLetterKind, RecordChunk};

use crate::column::{self, StructColumn};
use crate::fault::payload_bytes;
use crate::raw::not_utf8;
use crate::record_log::RecordLog;
use crate::{DecodeFault, DecodeOptions, Decoded, Decoder, EXTRA_COLUMN, UnknownFields};
use extra::ExtraColumn;
pub(crate) use field_order::FieldOrder;
use malformed::{Malformed, Reason};
use row::RowNotes;
use scan::{byte, skip_space};

/// Objects and arrays within each other, the record's own object counted; one more is a dead
/// letter.
pub const MAX_DEPTH: u32 = 128;

/// A decoder of JSON objects into the columns of `schema`, all nullable.
///
/// Refuses types that JSON has no defined form for (binary, unsigned, large and view types, times
/// in other units or zones), two fields of one path, and a field named [`EXTRA_COLUMN`] when that
/// is asked for.
pub fn json(schema: &SchemaRef, options: DecodeOptions) -> Result<Box<dyn Decoder>, DecodeFault> {
    let fields = column::nullable(schema.fields());
    let columns = column::compile(&fields)?;
    let mut all = fields.to_vec();
    let extra = (options.unknown_fields == UnknownFields::Extra).then(ExtraColumn::default);
    if extra.is_some() {
        if fields.find(EXTRA_COLUMN).is_some() {
            return Err(DecodeFault::ReservedColumn { path: EXTRA_COLUMN.to_owned() });
        }
        all.push(Arc::new(Field::new(EXTRA_COLUMN, DataType::Utf8, true)));
    }
    let schema = Arc::new(Schema::new_with_metadata(all, schema.metadata().clone()));
    let notes = RowNotes::default();
    Ok(Box::new(JsonDecoder { schema, options, columns, extra, notes }))
}

struct JsonDecoder {
    schema: SchemaRef,
    options: DecodeOptions,
    columns: StructColumn,
    extra: Option<ExtraColumn>,
    notes: RowNotes,
}

impl Decoder for JsonDecoder {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn decode(&mut self, chunk: &RecordChunk) -> Result<Decoded, DecodeFault> {
        let bytes = payload_bytes(chunk)?;
        self.columns.reserve(chunk.len(), bytes);
        if let Some(extra) = &mut self.extra {
            extra.text.reserve(chunk.len(), bytes);
        }
        let mut log = RecordLog::default();
        for (record, index) in chunk.iter().zip(0..) {
            match record.value {
                Some(payload) => self.payload(payload, index, &mut log),
                None => {
                    if log.tombstone(index, self.options.tombstones) {
                        self.null_row();
                    }
                }
            }
        }
        let rows = self.finish(log.rows() as usize)?;
        Ok(log.finish(rows, self.notes.take()))
    }
}

impl JsonDecoder {
    fn payload(&mut self, payload: &[u8], record: u32, log: &mut RecordLog) {
        if let Some(message) = not_utf8(payload) {
            log.dead(record, DeadLetterKind::Encoding, message);
            return;
        }
        let row = log.rows();
        self.notes.begin(row);
        match self.object(payload) {
            Ok(()) => {
                if let Some(extra) = &mut self.extra {
                    extra.end_row();
                }
                self.notes.keep(self.options.unknown_fields == UnknownFields::Reject);
                log.row(record);
            }
            Err(malformed) => {
                self.roll_back(row as usize);
                log.dead(record, DeadLetterKind::JsonParse, malformed.to_string());
            }
        }
    }

    fn object(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        let at = skip_space(payload, 0);
        if byte(payload, at) != b'{' {
            return Err(Malformed::new(payload, at, Reason::NotAnObject));
        }
        let extra = self.extra.as_mut();
        let behind = object::read(payload, at, &mut self.columns, extra, &mut self.notes)?;
        let end = skip_space(payload, behind);
        if end < payload.len() {
            return Err(Malformed::new(payload, end, Reason::Trailing));
        }
        Ok(())
    }

    #[cold]
    fn roll_back(&mut self, rows: usize) {
        self.columns.truncate(rows);
        if let Some(extra) = &mut self.extra {
            extra.text.truncate(rows);
        }
        self.notes.forget();
    }

    fn null_row(&mut self) {
        self.columns.push_null();
        if let Some(extra) = &mut self.extra {
            extra.end_row();
        }
    }

    fn finish(&mut self, len: usize) -> Result<RecordBatch, DecodeFault> {
        let mut columns = self.columns.finish_children()?;
        if let Some(extra) = &mut self.extra {
            columns.push(extra.text.finish()?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(len));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}
