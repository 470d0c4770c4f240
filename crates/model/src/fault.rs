//! What every error of Headgate answers, whichever crate it comes from.

use std::error::Error;

/// Who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Configuration, contract or data.
    User,
    /// A broker, store or other writer.
    External,
    /// A defect of Headgate.
    Internal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same start may succeed later, with nothing changed.
    Later,
    Never,
}

/// Where it happened, what was expected and what to do; never a payload value or a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultContext {
    pub operation: &'static str,
    pub component: &'static str,
    /// Path in the configuration, such as `input.options.subscribe`.
    pub field: Option<String>,
    pub expected: Option<String>,
    pub actual: Option<String>,
    /// What to do about it, or where exactly it is.
    pub details: Option<String>,
}

pub trait Fault: Error + Send + Sync + 'static {
    /// Stable, in capitals: `KAFKA_AUTH`, `DELTA_LOG_GAP`.
    fn code(&self) -> &'static str;
    fn blame(&self) -> Blame;
    fn retry(&self) -> Retry;
    fn context(&self) -> FaultContext;
}

pub type BoxFault = Box<dyn Fault>;

impl<F: Fault> From<F> for BoxFault {
    fn from(fault: F) -> Self {
        Box::new(fault)
    }
}
