//! Why a decoder cannot be built, or cannot hold a chunk.

use arrow_schema::{ArrowError, DataType};
use headgate_model::{Blame, Fault, FaultContext, Retry, SchemaFormat};

use crate::payloads::MAX_BYTES;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFault {
    #[error("column `{path}` has a type that payloads cannot be decoded to")]
    UnsupportedType { path: String, data_type: DataType },
    #[error("two columns have the path `{path}`")]
    DuplicateColumn { path: String },
    #[error("column `{path}` has a name that Headgate keeps for itself")]
    ReservedColumn { path: String },
    #[error("the format of column `{path}` is not read: {reason}")]
    Format { path: String, reason: String },
    #[error("the writer's schema cannot be used: {reason}")]
    WriterSchema { format: SchemaFormat, reason: String },
    #[error("option `{option}` of CSV cannot be used: {reason}")]
    CsvOption { option: &'static str, reason: String },
    #[error("chunk is too large for one batch of columns")]
    ChunkTooLarge { bytes: usize },
    /// A defect: decoded columns do not agree with their own schema.
    #[error("decoded columns do not fit their schema")]
    Columns(#[source] ArrowError),
}

impl From<ArrowError> for DecodeFault {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::OffsetOverflowError(bytes) => Self::ChunkTooLarge { bytes },
            error => Self::Columns(error),
        }
    }
}

impl DecodeFault {
    fn path(&self) -> Option<&str> {
        match self {
            Self::UnsupportedType { path, .. }
            | Self::DuplicateColumn { path }
            | Self::ReservedColumn { path }
            | Self::Format { path, .. } => Some(path),
            Self::WriterSchema { .. }
            | Self::CsvOption { .. }
            | Self::ChunkTooLarge { .. }
            | Self::Columns(_) => None,
        }
    }
}

impl Fault for DecodeFault {
    fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedType { .. } => "DECODE_UNSUPPORTED_TYPE",
            Self::DuplicateColumn { .. } => "DECODE_DUPLICATE_COLUMN",
            Self::ReservedColumn { .. } => "DECODE_RESERVED_COLUMN",
            Self::Format { .. } => "DECODE_FORMAT",
            Self::WriterSchema { .. } => "SCHEMA_INVALID",
            Self::CsvOption { .. } => "DECODE_CSV_OPTION",
            Self::ChunkTooLarge { .. } => "DECODE_CHUNK_TOO_LARGE",
            Self::Columns(_) => "DECODE_COLUMNS",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::ChunkTooLarge { .. } | Self::Columns(_) => Blame::Internal,
            _ => Blame::User,
        }
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }

    fn context(&self) -> FaultContext {
        let (expected, actual) = match self {
            Self::Format { reason, .. } => {
                ("a pattern and a time zone of the JDK".to_owned(), reason.clone())
            }
            Self::UnsupportedType { data_type, .. } => (
                "string, bytes, integer, number, boolean, decimal, date, timestamp in \
                 microseconds, object, array or map"
                    .to_owned(),
                data_type.to_string(),
            ),
            Self::DuplicateColumn { .. } => ("one column a path".to_owned(), "two".to_owned()),
            Self::ReservedColumn { path } => ("another name".to_owned(), path.clone()),
            Self::WriterSchema { format, reason } => {
                (format!("a schema that {} allows", format.as_str()), reason.clone())
            }
            Self::CsvOption { option, reason } => {
                (format!("`{option}` that lines can be split by"), reason.clone())
            }
            Self::ChunkTooLarge { bytes } => {
                (format!("at most {MAX_BYTES} bytes"), format!("{bytes} bytes"))
            }
            Self::Columns(_) => {
                return FaultContext {
                    operation: "decode",
                    component: "decode",
                    ..FaultContext::default()
                };
            }
        };
        FaultContext {
            operation: if self.path().is_some() { "compile decoder" } else { "decode" },
            component: "decode",
            field: self.path().map(|path| format!("schema.{path}")),
            expected: Some(expected),
            actual: Some(actual),
            details: None,
        }
    }
}
