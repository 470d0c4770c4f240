//! Payloads in the wire format of a schema registry: byte 0, the id of the writer's schema in four
//! bytes, big-endian, and behind them what that schema says, Avro, JSON or Protobuf.
//!
//! A topic may mix schemas and their formats; each payload is read by its own. What is not in the
//! wire format is a dead letter `WIRE_FORMAT_ERROR`. Ids that newer clients put into headers are not
//! read.

mod messages;
mod reader;
mod writer;

use std::collections::BTreeSet;

use arrow_schema::{Fields, SchemaRef};
use headgate_model::{DeadLetterKind, SchemaDifference, WriterSchema};

use crate::rows::RowDecoder;
use crate::{DecodeFault, DecodeOptions, Decoded, Decoder, Payloads, WantedSchema};
use reader::FramedReader;
pub use writer::registered_differences;

/// What is in front of a document: byte 0 and the schema's id.
pub const FRAME_BYTES: usize = 5;

/// A decoder of framed payloads into the columns of `schema`, all nullable. It has to be told every
/// schema that it asks for.
pub fn framed(schema: &SchemaRef, options: DecodeOptions) -> Result<Box<dyn Decoder>, DecodeFault> {
    let rows = RowDecoder::new(schema, options, FramedReader::default())?;
    Ok(Box::new(FramedDecoder { fields: schema.fields().clone(), rows }))
}

struct FramedDecoder {
    /// As the contract has them: NULL where it allows that.
    fields: Fields,
    rows: RowDecoder<FramedReader>,
}

impl Decoder for FramedDecoder {
    fn schema(&self) -> &SchemaRef {
        self.rows.schema()
    }

    fn decode_payloads(&mut self, payloads: Payloads<'_>) -> Result<Decoded, DecodeFault> {
        self.rows.decode_payloads(payloads)
    }

    fn wanted_schemas(&mut self, payloads: Payloads<'_>) -> Vec<WantedSchema> {
        self.rows.reader.wanted(payloads)
    }

    fn learn_schema(
        &mut self,
        id: u32,
        schema: &WriterSchema,
    ) -> Result<Vec<SchemaDifference>, DecodeFault> {
        self.rows.reader.learn(id, schema, &self.fields)
    }

    fn refuse_schema(&mut self, id: u32, kind: DeadLetterKind, reason: &str) {
        self.rows.reader.refuse(id, kind, reason);
    }

    fn forget_schema(&mut self, id: u32) {
        self.rows.reader.forget(id);
    }
}

/// The ids of `wanted`, ascending, each once.
pub fn schema_ids(wanted: &[WantedSchema]) -> BTreeSet<u32> {
    wanted.iter().map(|wanted| wanted.id).collect()
}
