//! CSV: one line a record, by the names of its columns.
//!
//! A record is exactly one line (RFC 4180), with or without its line break; line breaks between
//! quotes do not end it. With [`CsvOptions::header`] a line of names comes first, in every record.
//! Anything else is a dead letter: not UTF-8 `ENCODING_ERROR`; `CSV_PARSE_ERROR` an empty payload,
//! more lines, a quote that does not end or that something follows, other than as many fields as
//! there are names.
//!
//! | column | takes | anything else is NULL and a violation |
//! |---|---|---|
//! | Utf8 | every field as it is, spaces too | |
//! | Binary | base64 (RFC 4648, padded) | any other field |
//! | integers, floats, Decimal128 | numbers as JSON writes them | spaces, a `+`, leading zeros, `NaN`, out of range, inexact |
//! | Boolean | `true` and `false`, in capitals too, as Spark reads them | `1`, `yes` |
//! | Date32, Timestamp | what the JSON decoder takes of a string, by the column's format if it has one | |
//! | Struct, List, Map, JSON text | JSON of that shape | no JSON, another shape |
//!
//! * A field that is one of [`CsvOptions::null_words`] and not in quotes is NULL. By default that is
//!   the empty field; `""` is the empty text.
//! * A column that no name is for is NULL. A name that no column is for is an unknown field;
//!   `_extra` gets it as a string, or as `null` for a NULL word.
//! * A byte order mark before a line is skipped.
//! * In quotes, two quotes are one; there is no other escape. A quote within a field that does not
//!   start with one is a letter like others.

mod line;
mod options;
mod reader;
mod value;

use arrow_schema::SchemaRef;

pub use options::CsvOptions;

use crate::rows::RowDecoder;
use crate::{DecodeFault, DecodeOptions, Decoder};
use reader::CsvReader;

/// A decoder of lines into the columns of `schema`, all nullable.
///
/// Refuses what [`crate::json()`] refuses, and `csv` where it contradicts itself.
pub fn csv(
    schema: &SchemaRef,
    csv: &CsvOptions,
    options: DecodeOptions,
) -> Result<Box<dyn Decoder>, DecodeFault> {
    let reader = CsvReader::new(schema, csv)?;
    Ok(Box::new(RowDecoder::new(schema, options, reader)?))
}
