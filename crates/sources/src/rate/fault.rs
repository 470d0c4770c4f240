//! What can go wrong with records that are made up.

use headgate_model::{Blame, Fault, FaultContext, Retry};

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RateFault {
    /// Going on would skip values, or repeat them.
    #[error("the output was begun with other records")]
    OtherStream { output: String, options: String },
}

impl Fault for RateFault {
    fn code(&self) -> &'static str {
        match self {
            Self::OtherStream { .. } => "RATE_OTHER_STREAM",
        }
    }

    fn blame(&self) -> Blame {
        Blame::User
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }

    fn context(&self) -> FaultContext {
        let Self::OtherStream { output, options } = self;
        let details = "give the options that the output was begun with, or write to another table";
        FaultContext {
            operation: "start",
            component: "rate",
            field: Some("input.options".to_owned()),
            expected: Some(output.clone()),
            actual: Some(options.clone()),
            details: Some(details.to_owned()),
        }
    }
}
