//! What any fault says to the outside: one flat value, whichever crate it came from.

use std::error::Error;

use headgate_engine::EngineFault;
use headgate_model::{BoxFault, Retry, Verdict};

use crate::Issue;

/// Which error class the outside makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    Validation,
    Format,
    Query,
    Intervention,
}

#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
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
    /// From the nearest to the root.
    pub causes: Vec<String>,
    pub issues: Vec<Issue>,
    pub verdict: Option<Verdict>,
}

impl Failure {
    pub fn of(fault: &BoxFault, node: Option<&str>) -> Self {
        let context = fault.context();
        let error: &(dyn Error + 'static) = fault.as_ref();
        let verdict = match error.downcast_ref::<EngineFault>() {
            Some(EngineFault::Violated { verdict } | EngineFault::Blocked { verdict, .. }) => {
                Some(verdict.as_ref().clone())
            }
            _ => None,
        };
        let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
        Self {
            kind: if verdict.is_some() { FailureKind::Intervention } else { FailureKind::Query },
            code: fault.code().to_owned(),
            message: fault.to_string(),
            retryable: fault.retry() == Retry::Later,
            operation: context.operation.to_owned(),
            component: context.component.to_owned(),
            node_name: node.map(str::to_owned),
            field: context.field,
            expected: context.expected,
            actual: context.actual,
            details: context.details,
            causes: causes.map(ToString::to_string).collect(),
            issues: Vec::new(),
            verdict,
        }
    }

    /// A configuration that cannot be started.
    pub fn invalid(issues: Vec<Issue>, node: Option<&str>) -> Self {
        let unsupported = |issue: &&Issue| issue.code == "FORMAT_NOT_SUPPORTED";
        let format = issues.iter().find(unsupported);
        let shown = format.or(issues.first());
        let kind = if format.is_some() { FailureKind::Format } else { FailureKind::Validation };
        Self {
            kind,
            code: format.map_or("CONFIG_INVALID", |issue| issue.code).to_owned(),
            message: match issues.len() {
                1 => "the configuration has 1 issue".to_owned(),
                many => format!("the configuration has {many} issues"),
            },
            retryable: false,
            operation: "validate".to_owned(),
            component: "config".to_owned(),
            node_name: node.map(str::to_owned),
            field: shown.map(|issue| issue.path.join(".")),
            expected: shown.map(|issue| issue.expected.clone()),
            actual: shown.map(|issue| issue.actual.clone()),
            details: shown.and_then(|issue| issue.details.clone()),
            causes: Vec::new(),
            issues,
            verdict: None,
        }
    }

    pub(crate) fn of_run(
        code: &str,
        message: String,
        retryable: bool,
        operation: &str,
        node: &str,
        details: &str,
    ) -> Self {
        Self {
            kind: FailureKind::Query,
            code: code.to_owned(),
            message,
            retryable,
            operation: operation.to_owned(),
            component: "query".to_owned(),
            node_name: Some(node.to_owned()),
            field: None,
            expected: None,
            actual: None,
            details: Some(details.to_owned()),
            causes: Vec::new(),
            issues: Vec::new(),
            verdict: None,
        }
    }
}
