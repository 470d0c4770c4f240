//! What reads the payloads of one schema.

use arrow_schema::Fields;
use headgate_model::{DeadLetterKind, SchemaDifference, SchemaFormat, WriterSchema};

use crate::DecodeFault;
use crate::json::JsonReader;
use crate::json_schema;
use crate::rows::{NoRow, PayloadReader, Row};

/// A schema that was compiled against the columns, or refused.
pub(super) enum Writer {
    Json,
    Refused { kind: DeadLetterKind, reason: String },
}

impl Writer {
    pub(super) fn compile(
        schema: &WriterSchema,
        fields: &Fields,
    ) -> Result<(Self, Vec<SchemaDifference>), DecodeFault> {
        match schema.format {
            SchemaFormat::JsonSchema => Ok((Self::Json, json_schema::differences(schema, fields)?)),
            format @ (SchemaFormat::Avro | SchemaFormat::Protobuf) => {
                Err(DecodeFault::WriterSchema { format, reason: "not connected".to_owned() })
            }
        }
    }

    /// False for a payload that the schema was not compiled for: it waits, and
    /// [`learn_more`](Self::learn_more) compiles it.
    #[inline]
    pub(super) fn can_read(&mut self, _body: &[u8]) -> bool {
        match self {
            Self::Json | Self::Refused { .. } => true,
        }
    }

    pub(super) fn learn_more(
        &mut self,
        _fields: &Fields,
    ) -> Result<Vec<SchemaDifference>, DecodeFault> {
        match self {
            Self::Json | Self::Refused { .. } => Ok(Vec::new()),
        }
    }

    #[inline]
    pub(super) fn read(&mut self, body: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        match self {
            Self::Json => JsonReader.read(body, row),
            Self::Refused { kind, reason } => Err(NoRow { kind: *kind, message: reason.clone() }),
        }
    }
}
