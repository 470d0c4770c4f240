//! What a table may demand of its writers. Anything else is refused, at the start and whenever an
//! entry brings it.

use serde::Deserialize;

use crate::fault::{DeltaFault, Source};
use crate::log::TableMetadata;

/// Writer features that appending rows honours.
const FEATURES: [&str; 3] = ["appendOnly", "invariants", "timestampNtz"];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub min_writer_version: i32,
    pub writer_features: Option<Vec<String>>,
}

impl Protocol {
    pub fn check(&self, address: &str) -> Result<(), DeltaFault> {
        let version = self.min_writer_version;
        let mut features = self.writer_features.iter().flatten();
        let unknown = features.find(|name| !FEATURES.contains(&name.as_str()));
        match unknown {
            Some(feature) => Err(refused(address, format!("writer feature {feature}"))),
            None if version > 2 && version != 7 => {
                Err(refused(address, format!("writer version {version}")))
            }
            None => Ok(()),
        }
    }
}

fn refused(address: &str, demand: String) -> DeltaFault {
    DeltaFault::Protocol { address: address.to_owned(), source: Source::from(demand) }
}

/// Positions must not expire, and no expression may judge rows that only the contract judges.
pub(crate) fn check_metadata(metadata: &TableMetadata, address: &str) -> Result<(), DeltaFault> {
    const RETENTION: &str = "delta.setTransactionRetentionDuration";
    if metadata.schema_string.contains("\"delta.invariants\"") {
        return Err(refused(address, "column invariants".to_owned()));
    }
    match metadata.configuration.get(RETENTION) {
        Some(actual) if !actual.is_null() => Err(DeltaFault::Property {
            address: address.to_owned(),
            property: RETENTION.to_owned(),
            actual: actual.to_string(),
        }),
        _ => Ok(()),
    }
}
