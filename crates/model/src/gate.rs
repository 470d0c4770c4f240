//! The seam through which a strategy sees a verdict before the commit.

use std::future::Future;
use std::pin::Pin;

use crate::Verdict;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Proceed,
    Warn { reason: String },
    Block { reason: String },
}

/// Decides on each verdict. May be asked again about the same records, in another cut, until the
/// commit that follows from its answer.
pub trait InterventionGate: Send + Sync + 'static {
    fn decide<'a>(
        &'a self,
        verdict: &'a Verdict,
    ) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;
}

/// Never intervenes.
pub struct Proceed;

impl InterventionGate for Proceed {
    fn decide<'a>(
        &'a self,
        _verdict: &'a Verdict,
    ) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        Box::pin(std::future::ready(Decision::Proceed))
    }
}
