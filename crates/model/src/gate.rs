//! The seam through which a strategy sees a verdict before the commit.

use std::future::Future;
use std::pin::Pin;

use crate::{TableRole, Verdict};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Proceed,
    Warn {
        reason: String,
    },
    Block {
        reason: String,
    },
    /// What would be accepted goes elsewhere.
    Reroute {
        reason: String,
        to: RerouteTarget,
    },
}

/// Where a batch is sent instead of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RerouteTarget {
    /// By which the user knows it: that of a sink, or `rejects`.
    pub name: String,
    pub role: TableRole,
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
