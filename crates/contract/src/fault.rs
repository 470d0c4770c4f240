//! Why a contract cannot be used.

use std::fmt;

use headgate_model::{Blame, Fault, FaultContext, Retry};

/// One thing wrong with a document. Every issue of a document is found, not only the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractIssue {
    /// Where in the document, such as `schema[0].properties[2].logicalType`; empty for all of it.
    pub path: String,
    pub expected: String,
    pub actual: String,
    /// From 1. Absent where the text gave no position.
    pub line: Option<u32>,
}

impl fmt::Display for ContractIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "document" } else { &self.path };
        write!(f, "{path}: expected {}, found {}", self.expected, self.actual)?;
        self.line.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractFault {
    /// The document is malformed, contradicts itself, or asks for a type that there is not. Issues
    /// are in the order of the document, and never empty.
    #[error("the contract has {} issue(s)", issues.len())]
    Invalid { issues: Vec<ContractIssue> },
    /// Rows, or violations of their fields, that were not made by this contract's schema.
    #[error("rows do not have the contract's schema")]
    RowsMismatch { path: String, expected: String, actual: String },
}

impl Fault for ContractFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "CONTRACT_INVALID",
            Self::RowsMismatch { .. } => "CONTRACT_ROWS_MISMATCH",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Invalid { .. } => Blame::User,
            Self::RowsMismatch { .. } => Blame::Internal,
        }
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }

    fn context(&self) -> FaultContext {
        match self {
            Self::Invalid { issues } => {
                let first = issues.first();
                FaultContext {
                    operation: "compile",
                    component: "contract",
                    field: first.map(|issue| issue.path.clone()),
                    expected: first.map(|issue| issue.expected.clone()),
                    actual: first.map(|issue| issue.actual.clone()),
                    details: Some(
                        issues.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
                    ),
                }
            }
            Self::RowsMismatch { path, expected, actual } => FaultContext {
                operation: "check",
                component: "contract",
                field: Some(path.clone()),
                expected: Some(expected.clone()),
                actual: Some(actual.clone()),
                details: None,
            },
        }
    }
}
