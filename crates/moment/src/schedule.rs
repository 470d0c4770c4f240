//! When something is due, as cron says it.

use std::str::FromStr;

use chrono::DateTime;
use croner::Cron;

/// Five fields, in UTC.
#[derive(Clone, Debug)]
pub struct Schedule(Cron);

impl Schedule {
    /// An error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Cron::from_str(text).map(Self).map_err(|error| error.to_string())
    }

    /// True when it was time after `since` and up to `now`, both in microseconds since 1970.
    pub fn is_due(&self, since: i64, now: i64) -> bool {
        let Some(since) = DateTime::from_timestamp_micros(since) else { return true };
        let next = self.0.find_next_occurrence(&since, false);
        next.is_ok_and(|next| next.timestamp_micros() <= now)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn it_is_due_once_a_time_has_passed() {
        let daily = Schedule::parse("0 20 * * *").unwrap();
        for (since, now, due) in [
            ("2026-01-01T19:00:00Z", "2026-01-01T19:59:59Z", false),
            ("2026-01-01T19:00:00Z", "2026-01-01T20:00:00Z", true),
            ("2026-01-01T20:00:00Z", "2026-01-02T19:59:00Z", false),
            ("2026-01-01T20:00:01Z", "2026-01-09T19:59:00Z", true),
        ] {
            assert_eq!(daily.is_due(micros(since), micros(now)), due, "{since} {now}");
        }
        assert!(Schedule::parse("at noon").is_err());
        assert!(Schedule::parse("99 * * * *").is_err());
    }
}
