//! What the API answers.

use headgate_model::{SchemaFormat, WriterSchema};
use serde::Deserialize;

/// `GET /schemas/ids/{id}` and `/subjects/{subject}/versions/{version}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SchemaAnswer {
    pub schema: String,
    /// Absent for Avro.
    #[serde(default)]
    pub schema_type: Option<String>,
    #[serde(default)]
    pub references: Option<Vec<Reference>>,
    /// Of a version.
    #[serde(default)]
    pub id: Option<u32>,
    #[serde(default)]
    pub version: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Reference {
    pub name: String,
    pub subject: String,
    pub version: u32,
}

/// One of `GET /schemas/ids/{id}/versions`.
#[derive(Debug, Deserialize)]
pub(crate) struct SubjectVersion {
    pub subject: String,
}

/// Of every answer that is no success.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    pub error_code: u32,
    #[serde(default)]
    pub message: String,
}

impl Refusal {
    /// Subject, version or schema not found; any other 404 is not of this API.
    pub fn is_absence(&self) -> bool {
        (40401..=40403).contains(&self.error_code)
    }
}

impl SchemaAnswer {
    /// The schema without what it refers to; the name of its type where that is unknown.
    pub fn into_parts(self) -> Result<(WriterSchema, Vec<Reference>), String> {
        let format = match self.schema_type.as_deref() {
            None | Some("AVRO") => SchemaFormat::Avro,
            Some("JSON") => SchemaFormat::JsonSchema,
            Some("PROTOBUF") => SchemaFormat::Protobuf,
            Some(other) => return Err(format!("a schema of type {other}")),
        };
        let schema = WriterSchema { format, text: self.schema, references: Vec::new() };
        Ok((schema, self.references.unwrap_or_default()))
    }
}
