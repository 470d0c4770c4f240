//! Schemas that payloads were written with, apart from the contract that they are held against.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchemaFormat {
    Avro,
    JsonSchema,
    Protobuf,
}

impl SchemaFormat {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avro => "Avro",
            Self::JsonSchema => "JSON Schema",
            Self::Protobuf => "Protobuf",
        }
    }
}

/// A schema as its registry or its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterSchema {
    pub format: SchemaFormat,
    pub text: String,
    /// What it refers to, by the names it uses for them; what others need comes first.
    pub references: Vec<SchemaReference>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaReference {
    pub name: String,
    pub text: String,
}

/// A field that the writer has otherwise than the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaDifference {
    /// As [`crate::field_paths`] has it; of a field that only the writer has, its path there.
    pub path: String,
    /// By the contract.
    pub expected: String,
    /// By the writer.
    pub actual: String,
    /// False when rows cannot satisfy the contract: a field that it requires is not there, or none
    /// of the writer's values fits the column. Otherwise it is no more than worth telling.
    pub compatible: bool,
}
