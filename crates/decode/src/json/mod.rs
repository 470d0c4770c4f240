//! JSON by a schema: one pass over the bytes, straight into the columns.
//!
//! A record is exactly one JSON object (RFC 8259) in UTF-8, with nothing but white space around
//! it. Anything else is a dead letter: not UTF-8 `ENCODING_ERROR`, the rest `JSON_PARSE_ERROR`.
//! Fields that the schema does not name are held to the grammar too, and more than [`MAX_DEPTH`](crate::MAX_DEPTH)
//! levels are refused.
//!
//! | column | takes | anything else is NULL and a violation |
//! |---|---|---|
//! | Utf8 | strings | a string with a lone surrogate |
//! | Binary | strings of base64 (RFC 4648, padded) | any other string |
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

mod field_order;
mod malformed;
pub(crate) mod number;
mod object;
mod scan;
mod skip;
mod text;
pub(crate) mod time;
mod value;

use arrow_schema::SchemaRef;
use headgate_model::DeadLetterKind;

use crate::column::Node;
use crate::notes::RowNotes;
use crate::raw::not_utf8;
use crate::rows::{NoRow, PayloadReader, Row, RowDecoder};
use crate::{DecodeFault, DecodeOptions, Decoder};
pub(crate) use field_order::FieldOrder;
use malformed::{Malformed, Reason};
pub(crate) use number::{decimal_text, float32_text, float64_text, integer_text, tens};
use scan::{byte, skip_space};
pub(crate) use time::{date, timestamp};

/// A decoder of JSON objects into the columns of `schema`, all nullable.
///
/// Refuses types that JSON has no defined form for (unsigned, large and view types, times
/// in other units or zones), two fields of one path, and a field named [`EXTRA_COLUMN`] when that
/// is asked for.
pub fn json(schema: &SchemaRef, options: DecodeOptions) -> Result<Box<dyn Decoder>, DecodeFault> {
    Ok(Box::new(RowDecoder::new(schema, options, JsonReader)?))
}

/// As [`json()`], of payloads that are one JSON value of any type, into the only column of `schema`.
pub fn json_value(
    schema: &SchemaRef,
    options: DecodeOptions,
) -> Result<Box<dyn Decoder>, DecodeFault> {
    Ok(Box::new(RowDecoder::new(schema, options, JsonValueReader)?))
}

pub(crate) struct JsonReader;

pub(crate) struct JsonValueReader;

impl PayloadReader for JsonReader {
    #[inline]
    fn read(&mut self, payload: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        text(payload, |at| {
            if byte(payload, at) != b'{' {
                return Err(Malformed::new(payload, at, Reason::NotAnObject));
            }
            object::read(payload, at, row.columns, row.extra, row.notes)
        })
    }
}

impl PayloadReader for JsonValueReader {
    fn read(&mut self, payload: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        text(payload, |at| {
            let mut end = at;
            for column in &mut row.columns.children {
                end = value::read(payload, at, column, row.notes)?;
            }
            Ok(end)
        })
    }
}

/// Gives `node` exactly one value from `text`; false if that is nested too deeply, or no JSON.
pub(crate) fn read_value(text: &[u8], node: &mut Node, notes: &mut RowNotes) -> bool {
    value::read(text, 0, node, notes).is_ok_and(|end| end == text.len())
}

/// A payload that is one JSON text, which `read` takes from its first byte on.
#[inline]
fn text(payload: &[u8], read: impl FnOnce(usize) -> Result<usize, Malformed>) -> Result<(), NoRow> {
    if let Some(message) = not_utf8(payload) {
        return Err(NoRow { kind: DeadLetterKind::Encoding, message });
    }
    whole(payload, read).map_err(|malformed| NoRow {
        kind: DeadLetterKind::JsonParse,
        message: malformed.to_string(),
    })
}

#[inline]
fn whole(
    payload: &[u8],
    read: impl FnOnce(usize) -> Result<usize, Malformed>,
) -> Result<(), Malformed> {
    let behind = read(skip_space(payload, 0))?;
    let end = skip_space(payload, behind);
    if end < payload.len() {
        return Err(Malformed::new(payload, end, Reason::Trailing));
    }
    Ok(())
}
