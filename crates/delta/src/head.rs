//! How far a log is known.

use std::time::Duration;

use crate::entry::{Entry, TableMetadata};
use crate::evolution;
use crate::fault::DeltaFault;
use crate::log::Tip;
use crate::moment::Moment;
use crate::protocol::check_metadata;
use crate::rules::{self, Rule};

/// How long after it was seen as the tip a head may be built upon. Clean-up keeps entries for an
/// hour at least, so that slots right after a younger head cannot have been emptied.
const TRUSTED: Duration = Duration::from_secs(10 * 60);

#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub version: i64,
    pub metadata: TableMetadata,
    seen_as_tip: Moment,
}

impl Head {
    pub fn of_tip(tip: &Tip) -> Self {
        Self { version: tip.version, metadata: tip.metadata.clone(), seen_as_tip: tip.at }
    }

    pub fn is_fresh(&self) -> bool {
        self.seen_as_tip.elapsed() <= TRUSTED || !rules::holds(Rule::FreshHead)
    }

    /// It was the tip at `at`.
    pub fn confirm(&mut self, at: Moment) {
        self.seen_as_tip = at;
    }

    /// Refuses an entry after this head that appending cannot stand on.
    pub fn check(&self, next: &Entry, address: &str) -> Result<(), DeltaFault> {
        if let Some(protocol) = &next.protocol {
            protocol.check(address)?;
        }
        let Some(metadata) = &next.metadata else { return Ok(()) };
        check_metadata(metadata, address)?;
        match evolution::stands_on(&self.metadata, metadata) {
            Ok(()) => Ok(()),
            Err(difference) => Err(DeltaFault::SchemaChanged {
                address: address.to_owned(),
                version: self.version + 1,
                difference,
            }),
        }
    }

    /// Moves on over the entry that follows.
    pub fn advance(&mut self, over: &Entry) {
        self.version += 1;
        if let Some(metadata) = &over.metadata {
            self.metadata = metadata.clone();
        }
    }
}
