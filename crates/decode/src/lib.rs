//! Payload bytes to Arrow columns, by a schema; pure, one format a module.
//!
//! | module | holds |
//! |---|---|
//! | [`avro()`] | records of a writer's Avro schema, by a program made of both schemas |
//! | [`framed()`] | payloads that name their writer's schema, as schema registries have it |
//! | [`json()`] | one JSON object a record, parsed straight into the columns of a schema |
//! | [`keyed()`] | a decoder of values and one of keys, into one row |
//! | [`csv()`] | one line of CSV a record |
//! | [`protobuf()`] | one Protobuf message a record, by its writer's schema |
//! | [`raw()`] | no parse: one text column of payloads |
//! | [`Decoded`] | what all give: rows, what did not fit, what was no row at all |
//!
//! A record becomes a row, a dead letter or, for a tombstone, nothing. A bad record never touches
//! its neighbours, and a field that does not fit its column costs the row only that field:
//!
//! ```
//! use std::sync::Arc;
//! use arrow_schema::{DataType, Field, Schema};
//! use headgate_decode::{DecodeOptions, json};
//! use headgate_model::{ChunkBuilder, FieldViolation, PartitionId};
//!
//! let schema = Arc::new(Schema::new(vec![
//!     Field::new("id", DataType::Utf8, false),
//!     Field::new("n", DataType::Int64, false),
//! ]));
//! let mut chunk = ChunkBuilder::default();
//! let partition = chunk.partition(&PartitionId::new("t", "-", 0));
//! for (offset, payload) in [r#"{"id":"a","n":1}"#, "{", r#"{"n":1.5,"id":"b"}"#].iter().enumerate() {
//!     chunk.push(partition, offset as i64, None, Some(payload.as_bytes()), None, []);
//! }
//!
//! let mut decoder = json(&schema, DecodeOptions::default())?;
//! let decoded = decoder.decode(&chunk.finish(0, 0))?;
//! assert_eq!(decoded.rows.num_rows(), 2);
//! assert_eq!(decoded.dead[0].message, "unexpected end at byte 1");
//! assert_eq!(decoded.fields, [FieldViolation { row: 1, field: 1 }]);
//! assert_eq!(decoded.records.get(1), Some(2));
//! # Ok::<(), headgate_decode::DecodeFault>(())
//! ```

mod avro;
mod base64;
mod column;
mod csv;
mod decoded;
mod extra;
mod fault;
mod framed;
mod json;
mod json_schema;
mod keyed;
mod notes;
mod options;
mod payloads;
mod protobuf;
mod raw;
mod record_log;
mod rows;

use arrow_schema::SchemaRef;
use headgate_model::{DeadLetterKind, RecordChunk, SchemaDifference, WriterSchema};

pub use avro::avro;
pub use csv::{CsvOptions, csv};
pub use decoded::{DeadRecord, Decoded, RowRecords};
pub use fault::DecodeFault;
pub use framed::{FRAME_BYTES, framed, registered_differences, schema_ids};
pub use json::{json, json_value};
pub use keyed::{KeySplit, keyed};
pub use notes::MAX_DEPTH;
pub use options::{DecodeOptions, EXTRA_COLUMN, RAW_COLUMN, Tombstones, UnknownFields};
pub use payloads::Payloads;
pub use protobuf::protobuf;
pub use raw::raw;

/// Turns the payloads of a chunk into rows.
pub trait Decoder: Send {
    /// Schema of [`Decoded::rows`]: every field nullable, at every level.
    fn schema(&self) -> &SchemaRef;

    /// Every record is accounted for once: a row, a dead letter, or skipped. Fails only when the
    /// chunk as a whole cannot be held in columns; bad records are values.
    fn decode_payloads(&mut self, payloads: Payloads<'_>) -> Result<Decoded, DecodeFault>;

    /// The values of `chunk`, as [`decode_payloads`](Self::decode_payloads) has it.
    fn decode(&mut self, chunk: &RecordChunk) -> Result<Decoded, DecodeFault> {
        self.decode_payloads(Payloads::values(chunk))
    }

    /// Payloads of writers' schemas that nobody has told this decoder about, in the order of the
    /// records. None of them is decoded before its schema was learned or refused.
    fn wanted_schemas(&mut self, _payloads: Payloads<'_>) -> Vec<WantedSchema> {
        Vec::new()
    }

    /// Reads payloads of schema `id` from now on, as far as they were wanted, and says how it differs
    /// from the columns.
    fn learn_schema(
        &mut self,
        _id: u32,
        _schema: &WriterSchema,
    ) -> Result<Vec<SchemaDifference>, DecodeFault> {
        Ok(Vec::new())
    }

    /// Payloads of schema `id` are dead letters from now on, of this kind and for this reason.
    fn refuse_schema(&mut self, _id: u32, _kind: DeadLetterKind, _reason: &str) {}

    /// Schema `id` is wanted again.
    fn forget_schema(&mut self, _id: u32) {}
}

/// A record whose schema is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedSchema {
    /// Index in the chunk.
    pub record: u32,
    pub id: u32,
}
