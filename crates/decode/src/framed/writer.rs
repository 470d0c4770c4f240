//! What reads the payloads of one schema.

use arrow_schema::Fields;
use headgate_model::{DeadLetterKind, SchemaDifference, SchemaFormat, WriterSchema};

use super::messages::Messages;
use crate::DecodeFault;
use crate::avro::AvroReader;
use crate::json::{JsonReader, JsonValueReader};
use crate::json_schema;
use crate::protobuf::{MessageName, ProtobufSchema};
use crate::rows::{NoRow, PayloadReader, Row};

/// A schema that was compiled against the columns, or refused.
pub(super) enum Writer {
    Avro(Box<AvroReader>),
    Json,
    /// Payloads are one value for the only column: a key.
    JsonValue,
    Protobuf(Box<Messages>),
    Refused {
        kind: DeadLetterKind,
        reason: String,
    },
}

impl Writer {
    pub(super) fn compile(
        schema: &WriterSchema,
        fields: &Fields,
    ) -> Result<(Self, Vec<SchemaDifference>), DecodeFault> {
        match schema.format {
            SchemaFormat::JsonSchema if fields.len() == 1 && json_schema::is_scalar(schema)? => {
                Ok((Self::JsonValue, Vec::new()))
            }
            SchemaFormat::JsonSchema => Ok((Self::Json, json_schema::differences(schema, fields)?)),
            SchemaFormat::Avro => {
                let (reader, differences) = AvroReader::compile(schema, fields)?;
                Ok((Self::Avro(Box::new(reader)), differences))
            }
            // Which of its messages a payload is stands in each frame.
            SchemaFormat::Protobuf => {
                Ok((Self::Protobuf(Box::new(Messages::of(schema)?)), Vec::new()))
            }
        }
    }

    /// False for a payload that the schema was not compiled for: it waits, and
    /// [`learn_more`](Self::learn_more) compiles it.
    #[inline]
    pub(super) fn can_read(&mut self, body: &[u8]) -> bool {
        match self {
            Self::Avro(_) | Self::Json | Self::JsonValue | Self::Refused { .. } => true,
            Self::Protobuf(messages) => messages.can_read(body),
        }
    }

    pub(super) fn learn_more(
        &mut self,
        fields: &Fields,
    ) -> Result<Vec<SchemaDifference>, DecodeFault> {
        match self {
            Self::Avro(_) | Self::Json | Self::JsonValue | Self::Refused { .. } => Ok(Vec::new()),
            Self::Protobuf(messages) => messages.learn(fields),
        }
    }

    #[inline]
    pub(super) fn read(&mut self, body: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        match self {
            Self::Avro(reader) => reader.read(body, row),
            Self::Json => JsonReader.read(body, row),
            Self::JsonValue => JsonValueReader.read(body, row),
            Self::Protobuf(messages) => messages.read(body, row),
            Self::Refused { kind, reason } => Err(NoRow { kind: *kind, message: reason.clone() }),
        }
    }
}

/// How a registered schema differs from the columns of `fields`, before any payload of it was seen.
/// Of several messages nobody knows yet which one payloads are: nothing is said of those.
pub fn registered_differences(
    schema: &WriterSchema,
    fields: &Fields,
) -> Result<Vec<SchemaDifference>, DecodeFault> {
    if schema.format != SchemaFormat::Protobuf {
        return Ok(Writer::compile(schema, fields)?.1);
    }
    let schema = ProtobufSchema::compile(schema)?;
    match schema.has(MessageName::Only) {
        true => Ok(schema.reader(MessageName::Only, fields)?.1),
        false => Ok(Vec::new()),
    }
}
