//! What a table may demand of its writers. Anything else is refused, at the start and whenever an
//! entry brings it.

use std::time::Duration;

use deltalake::kernel::Snapshot;
use serde::Deserialize;
use serde_json::Value;

use crate::entry::TableMetadata;
use crate::fault::{DeltaFault, Source};

/// Writer features that appending rows honours.
const FEATURES: [&str; 3] = ["appendOnly", "invariants", "timestampNtz"];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub min_writer_version: i32,
    pub writer_features: Option<Vec<String>>,
}

impl Protocol {
    pub fn of(snapshot: &Snapshot) -> Self {
        let protocol = snapshot.protocol();
        let features = protocol.writer_features().into_iter().flatten();
        Self {
            min_writer_version: protocol.min_writer_version(),
            writer_features: Some(features.map(|feature| feature.as_ref().to_owned()).collect()),
        }
    }

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

/// Positions must not expire, entries must outlive the trust in a head, and no expression may judge
/// rows that only the contract judges.
pub(crate) fn check_metadata(metadata: &TableMetadata, address: &str) -> Result<(), DeltaFault> {
    const TXN_RETENTION: &str = "delta.setTransactionRetentionDuration";
    const LOG_RETENTION: &str = "delta.logRetentionDuration";
    if metadata.schema_string.contains("\"delta.invariants\"") {
        return Err(refused(address, "column invariants".to_owned()));
    }
    if metadata.configuration.keys().any(|key| key.starts_with("delta.constraints.")) {
        return Err(refused(address, "check constraints".to_owned()));
    }
    let unsafe_value = |property: &str, actual: &Value| DeltaFault::Property {
        address: address.to_owned(),
        property: property.to_owned(),
        actual: actual.to_string(),
    };
    let set = |property| metadata.configuration.get(property).filter(|value| !value.is_null());
    if let Some(actual) = set(TXN_RETENTION) {
        return Err(unsafe_value(TXN_RETENTION, actual));
    }
    match set(LOG_RETENTION) {
        Some(actual) if !actual.as_str().and_then(interval).is_some_and(lasts_an_hour) => {
            Err(unsafe_value(LOG_RETENTION, actual))
        }
        _ => Ok(()),
    }
}

fn lasts_an_hour(interval: Duration) -> bool {
    interval >= Duration::from_secs(3600)
}

/// `interval 1 day 12 hours`, as Spark writes durations; nothing if it cannot be read.
pub(crate) fn interval(text: &str) -> Option<Duration> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let parts = words.strip_prefix(&["interval".to_owned()][..]).unwrap_or(&words);
    let mut seconds = 0.0;
    for part in parts.chunks(2) {
        let [number, unit] = part else { return None };
        let Ok(number) = number.parse::<f64>() else { return None };
        seconds += number
            * match unit.trim_end_matches('s') {
                "microsecond" => 1e-6,
                "millisecond" => 1e-3,
                "second" => 1.0,
                "minute" => 60.0,
                "hour" => 3600.0,
                "day" => 86_400.0,
                "week" => 604_800.0,
                _ => return None,
            };
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_retention_of_an_hour_or_more_is_trusted() {
        for (interval, trusted) in [
            ("interval 30 days", true),
            ("interval 1 hour", true),
            ("1 week", true),
            ("INTERVAL 0 days 90 minutes", true),
            ("interval 59 minutes", false),
            ("interval 3 months", false),
            ("interval", false),
            ("soon", false),
        ] {
            assert_eq!(super::interval(interval).is_some_and(lasts_an_hour), trusted, "{interval}");
        }
    }
}
