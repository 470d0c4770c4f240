//! What can go wrong with records in memory.

use headgate_model::{Blame, Fault, FaultContext, Retry};

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryFault {
    /// Its positions are of records that are gone, or of another source's.
    #[error("the output was begun with other records than those of the stream {stream}")]
    OtherStream { stream: String, output: String },
    #[error("the stream {stream} cannot be made")]
    NotMade { stream: String, expected: String },
    #[error("the stream {stream} does not take the records")]
    NotTaken { stream: String, expected: String, actual: String },
}

impl Fault for MemoryFault {
    fn code(&self) -> &'static str {
        match self {
            Self::OtherStream { .. } => "MEMORY_OTHER_STREAM",
            Self::NotMade { .. } | Self::NotTaken { .. } => "MEMORY_NOT_TAKEN",
        }
    }

    fn blame(&self) -> Blame {
        Blame::User
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }

    fn context(&self) -> FaultContext {
        let (operation, field, expected, actual, details) = match self {
            Self::OtherStream { stream, output } => (
                "start",
                "input.options.stream",
                output.clone(),
                stream.clone(),
                "a stream in memory ends with its process: write to another table",
            ),
            Self::NotMade { stream, expected } => {
                ("start", "stream", expected.clone(), stream.clone(), "nothing was made")
            }
            Self::NotTaken { expected, actual, .. } => {
                ("push", "records", expected.clone(), actual.clone(), "none of them was taken")
            }
        };
        FaultContext {
            operation,
            component: "memory",
            field: Some(field.to_owned()),
            expected: Some(expected),
            actual: Some(actual),
            details: Some(details.to_owned()),
        }
    }
}
