//! Avro by two schemas: the writer's says how the bytes are laid out, the contract's columns what
//! becomes of them. Both are put together once into a program that every payload walks, straight
//! into the columns; what no column wants is skipped.
//!
//! Fields are matched by name, as JSON's are. A column without a field is NULL (contracts have no
//! defaults), a field without a column is unknown. What no reading can make fit is told at once, as
//! a [`SchemaDifference`].
//!
//! | column | takes | NULL and a violation |
//! |---|---|---|
//! | Utf8 | `string`, `enum`, `uuid`; `bytes` and `fixed` as base64; decimals in plain notation; dates, times, timestamps and durations as ISO 8601 has them | a time that no clock shows, a decimal of more than 38 digits |
//! | Utf8 that holds JSON | records and maps, or arrays | |
//! | Binary | `bytes`, `fixed`, the UTF-8 of a `string` | |
//! | Int8 to Int64 | `int`, `long`; `float`, `double` and decimals of integral value; dates, times and timestamps as the number they are written as | `1.5`, out of range |
//! | Float32, Float64 | `int`, `long`, `float`, `double`, decimals, as the nearest float; NaN and infinities | a number too large |
//! | Decimal128 | decimals, `int`, `long`, exactly; `float` and `double` as the shortest decimal that names them | too precise or too wide; never rounded |
//! | Boolean | `boolean` | |
//! | Date32 | `date`, a `string` as JSON has it | no such day |
//! | Timestamp in UTC | `timestamp-*`, a `string` as JSON has it | beyond microseconds, out of range |
//! | Timestamp without zone | `local-timestamp-*`, a `string` as JSON has it | beyond microseconds, out of range |
//! | Struct | records | |
//! | List | arrays | |
//! | Map | maps | a key that is there twice |
//!
//! * Of a union, the branch that is written is read; one that does not fit is NULL and a violation.
//! * `timestamp-nanos` is never rounded: what is not a whole microsecond is NULL and a violation in
//!   a timestamp column, and has nine digits in a text.
//! * A duration is `P1M2DT3.004S`: months, days and milliseconds, none turned into another.
//! * A UUID is in lower case; a `string` that says it is one and is not stays as it was written.
//! * An enum's symbol is its text; the writer's schema has every symbol, so no default is needed.
//! * Payloads are binary, bare or as single objects (`C3 01` and the schema's fingerprint); files
//!   of Avro's container format are no payloads.
//! * Anything that is not one whole record is a dead letter `AVRO_DECODE_ERROR` with the field and
//!   the byte: cut short, bytes left over, a string that is not UTF-8, no such branch or symbol, more
//!   than [`MAX_DEPTH`](crate::MAX_DEPTH) levels. What is skipped is only held to what it takes to find its end.
//!   Numbers may be padded, as other readers allow it.
//!
//! Schemas are parsed by `apache-avro`; payloads are not, for its values are trees. `arrow-avro`
//! decodes into columns too and is what tests compare with, where it can read the schema.
//! It does not hold what is needed here (59): a malformed record is an error of `decode`, and what
//! of it is in the builders by then stays there, as it does when the payload ends too early, which is
//! taken for a piece of more to come; no value is NULL because it does not fit, with its field
//! named; an array of nulls may claim 2^31 items in ten bytes; and a block's size is believed.

mod compile;
mod cursor;
mod decimal;
mod difference;
mod json;
mod malformed;
mod program;
mod read;
mod skip;
mod takes;
mod text;
mod types;
mod value;
mod writer;

use arrow_schema::{Fields, SchemaRef};
use headgate_model::{DeadLetterKind, SchemaDifference, WriterSchema};

use crate::rows::{NoRow, PayloadReader, Row, RowDecoder};
use crate::{DecodeFault, DecodeOptions, Decoder};
use malformed::{Malformed, Reason};
use program::Program;

/// How single objects begin; the fingerprint of their schema follows.
const SINGLE_OBJECT: [u8; 2] = [0xc3, 0x01];

/// A decoder of records of `writer`'s schema into the columns of `schema`, all nullable; with how
/// the two differ, where `schema`'s own nullability says what is required.
///
/// A payload is a record's binary form, alone or as a single object. What begins as a single object
/// (`C3 01`) is one: with the fingerprint of another schema it is a dead letter, although a bare
/// record might begin so, too, if its first field is the number -98: better that than a record that
/// is read by the wrong schema.
pub fn avro(
    schema: &SchemaRef,
    writer: &WriterSchema,
    options: DecodeOptions,
) -> Result<(Box<dyn Decoder>, Vec<SchemaDifference>), DecodeFault> {
    let (reader, differences) = AvroReader::compile(writer, schema.fields())?;
    let decoder = RowDecoder::new(schema, options, BareReader { reader })?;
    Ok((Box::new(decoder), differences))
}

/// Reads what follows a schema's id or fingerprint: one record in binary form.
pub(crate) struct AvroReader {
    program: Program,
    fingerprint: [u8; 8],
}

impl AvroReader {
    /// `fields` as the contract has them: what is not nullable there is required. Their columns are
    /// always nullable.
    pub(crate) fn compile(
        writer: &WriterSchema,
        fields: &Fields,
    ) -> Result<(Self, Vec<SchemaDifference>), DecodeFault> {
        let writer = writer::parse(writer)?;
        let (program, differences) = compile::compile(writer.types, writer.root, fields)?;
        Ok((Self { program, fingerprint: writer.fingerprint }, differences))
    }

    /// `base` bytes lie in front of `payload` in the record's value.
    fn record(&self, payload: &[u8], base: usize, row: Row<'_>) -> Result<(), NoRow> {
        self.program.payload(payload, row).map_err(|bad| self.no_row(&bad, base))
    }

    #[cold]
    fn no_row(&self, bad: &Malformed, base: usize) -> NoRow {
        NoRow { kind: DeadLetterKind::Avro, message: bad.message(&self.program.types, base) }
    }
}

impl PayloadReader for AvroReader {
    #[inline]
    fn read(&mut self, payload: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        self.record(payload, 0, row)
    }
}

/// Payloads that nothing frames but, perhaps, the header of a single object.
struct BareReader {
    reader: AvroReader,
}

impl PayloadReader for BareReader {
    #[inline]
    fn read(&mut self, payload: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        let Some(object) = payload.strip_prefix(&SINGLE_OBJECT) else {
            return self.reader.record(payload, 0, row);
        };
        if let Some(record) = object.strip_prefix(&self.reader.fingerprint) {
            return self.reader.record(
                record,
                SINGLE_OBJECT.len() + self.reader.fingerprint.len(),
                row,
            );
        }
        let bad = Malformed::new(SINGLE_OBJECT.len(), Reason::Fingerprint);
        Err(self.reader.no_row(&bad, 0))
    }
}
