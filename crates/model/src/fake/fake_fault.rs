use std::error::Error;
use std::fmt;

use crate::{Blame, Fault, FaultContext, Retry};

/// A failure that a test asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FakeFault(pub &'static str);

impl fmt::Display for FakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scripted: {}", self.0)
    }
}

impl Error for FakeFault {}

impl Fault for FakeFault {
    fn code(&self) -> &'static str {
        self.0
    }

    fn blame(&self) -> Blame {
        Blame::External
    }

    fn retry(&self) -> Retry {
        Retry::Later
    }

    fn context(&self) -> FaultContext {
        FaultContext { component: "fake", ..FaultContext::default() }
    }
}
