use headgate::{Failure, FailureKind, Issue};
use napi_derive::napi;

use crate::values::NativeVerdict;

#[napi(object)]
pub struct NativeIssue {
    pub path: Vec<String>,
    pub code: String,
    pub expected: String,
    pub actual: String,
    pub details: Option<String>,
}

#[napi(object)]
pub struct NativeFailure {
    #[napi(ts_type = "'validation' | 'format' | 'query' | 'intervention'")]
    pub kind: String,
    pub code: String,
    pub message: String,
    pub retryable: bool,
    pub operation: String,
    pub component: String,
    pub node_name: Option<String>,
    pub field: Option<String>,
    pub expected: Option<String>,
    pub actual: Option<String>,
    pub details: Option<String>,
    pub causes: Vec<String>,
    pub issues: Vec<NativeIssue>,
    pub verdict: Option<NativeVerdict>,
}

impl From<Issue> for NativeIssue {
    fn from(issue: Issue) -> Self {
        let Issue { path, code, expected, actual, details } = issue;
        Self { path, code: code.to_owned(), expected, actual, details }
    }
}

impl From<Failure> for NativeFailure {
    fn from(failure: Failure) -> Self {
        let Failure {
            kind,
            code,
            message,
            retryable,
            operation,
            component,
            node_name,
            field,
            expected,
            actual,
            details,
            causes,
            issues,
            verdict,
        } = failure;
        let kind = match kind {
            FailureKind::Validation => "validation",
            FailureKind::Format => "format",
            FailureKind::Query => "query",
            FailureKind::Intervention => "intervention",
        };
        Self {
            kind: kind.to_owned(),
            code,
            message,
            retryable,
            operation,
            component,
            node_name,
            field,
            expected,
            actual,
            details,
            causes,
            issues: issues.into_iter().map(Into::into).collect(),
            verdict: verdict.as_ref().map(Into::into),
        }
    }
}
