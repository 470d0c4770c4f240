//! Which record is due when. Everything that decides a record's bytes stands in the topic id, and so
//! in the output's log: reading it again, after whatever happened, gives the same bytes.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use headgate_model::{PartitionId, Positions};

use super::{RateConfig, RateFault};

pub(crate) const TOPIC: &str = "rate";

/// Values 0, 1, 2, …, one after the other into the partitions in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateStream {
    /// Milliseconds since 1970 at which value 0 is due.
    pub start_ms: i64,
    pub rows_per_second: u32,
    pub num_partitions: u32,
}

impl RateStream {
    pub fn starting_at(start_ms: i64, config: &RateConfig) -> Self {
        let RateConfig { rows_per_second, num_partitions, mode: _ } = *config;
        Self { start_ms, rows_per_second, num_partitions }
    }

    /// The stream that an output with these positions was begun with, which has to be that of `config`.
    pub fn in_output(positions: &Positions, config: &RateConfig) -> Result<Self, RateFault> {
        let begun = positions.keys().find(|id| &*id.topic == TOPIC);
        let found = begun.and_then(|id| Self::from_topic_id(&id.topic_id));
        let wanted = Self::starting_at(found.map_or(0, |found| found.start_ms), config);
        match found {
            Some(found) if found == wanted => Ok(found),
            _ => {
                let output = found.map_or("no records of format rate".into(), |it| it.to_string());
                Err(RateFault::OtherStream { output, options: wanted.to_string() })
            }
        }
    }

    fn topic_id(&self) -> String {
        let Self { start_ms, rows_per_second, num_partitions } = self;
        format!("{start_ms}-{rows_per_second}-{num_partitions}")
    }

    fn from_topic_id(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let start_ms = parts.next()?.parse().ok()?;
        let rows_per_second = parts.next()?.parse().ok().filter(|rate| *rate > 0)?;
        let num_partitions = parts.next()?.parse().ok().filter(|count| *count > 0)?;
        Some(Self { start_ms, rows_per_second, num_partitions })
    }

    /// In the order of their numbers.
    pub fn partitions(&self) -> Vec<PartitionId> {
        let (topic, topic_id): (Arc<str>, Arc<str>) = (TOPIC.into(), self.topic_id().into());
        let numbers = 0..self.num_partitions as i32;
        numbers.map(|at| PartitionId::new(topic.clone(), topic_id.clone(), at)).collect()
    }

    pub fn value(&self, partition: usize, offset: i64) -> i64 {
        offset.saturating_mul(i64::from(self.num_partitions)).saturating_add(partition as i64)
    }

    /// Where a partition ends that holds all values below `due`, exclusive.
    pub fn end(&self, partition: usize, due: i64) -> i64 {
        let count = i64::from(self.num_partitions);
        (due - partition as i64 + count - 1).div_euclid(count)
    }

    /// Milliseconds since 1970 at which the value is due; its record says so.
    pub fn timestamp_ms(&self, value: i64) -> i64 {
        let after = i128::from(value) * 1000 / i128::from(self.rows_per_second);
        self.start_ms.saturating_add(i64::try_from(after).unwrap_or(i64::MAX))
    }

    /// How many values are due: those whose timestamp is not after `now_ms`.
    pub fn due(&self, now_ms: i64) -> i64 {
        let begun = i128::from(now_ms) - i128::from(self.start_ms) + 1;
        let due = (begun * i128::from(self.rows_per_second) + 999).div_euclid(1000);
        i64::try_from(due.max(0)).unwrap_or(i64::MAX)
    }

    pub fn payload(&self, value: i64) -> String {
        let timestamp = DateTime::from_timestamp_millis(self.timestamp_ms(value));
        let timestamp = timestamp.unwrap_or(DateTime::UNIX_EPOCH);
        let timestamp = timestamp.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!(r#"{{"timestamp":"{timestamp}","value":{value}}}"#)
    }
}

impl fmt::Display for RateStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start_ms: _, rows_per_second, num_partitions } = self;
        write!(f, "rowsPerSecond {rows_per_second}, numPartitions {num_partitions}")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use headgate_model::ReadMode;

    const START: i64 = 1_700_000_000_123;

    fn stream(rows_per_second: u32, num_partitions: u32) -> RateStream {
        RateStream { start_ms: START, rows_per_second, num_partitions }
    }

    #[test]
    fn what_is_due_is_what_has_a_timestamp_up_to_now() {
        for rate in [1, 6, 7, 999, 1000, 1001, 30_000] {
            let stream = stream(rate, 1);
            for elapsed in [-1000, -1, 0, 1, 166, 167, 999, 1000, 1001, 86_400_000] {
                let (now, due) = (START + elapsed, stream.due(START + elapsed));
                assert!(due == 0 || stream.timestamp_ms(due - 1) <= now, "{rate} {elapsed}");
                assert!(stream.timestamp_ms(due) > now, "{rate} {elapsed}");
            }
        }
        assert_eq!(stream(6, 1).due(START + 9_999), 60);
    }

    #[test]
    fn partitions_share_the_values_in_turn() {
        for count in [1, 2, 3, 7] {
            let stream = stream(6, count);
            for due in 0..20 {
                let of = |at: usize| (0..stream.end(at, due)).map(move |n| stream.value(at, n));
                let mut values: Vec<_> = (0..count as usize).flat_map(of).collect();
                values.sort_unstable();
                assert_eq!(values, (0..due).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_record_says_its_value_and_when_it_was_due() {
        let expected = r#"{"timestamp":"2023-11-14T22:13:21.123Z","value":6}"#;
        assert_eq!(stream(6, 1).payload(6), expected);
    }

    #[test]
    fn the_output_remembers_the_stream_and_refuses_another() {
        let config = |rows_per_second, num_partitions| RateConfig {
            rows_per_second,
            num_partitions,
            mode: ReadMode::Continuous,
        };
        let positions: Positions =
            stream(6, 2).partitions().into_iter().map(|id| (id, 9)).collect();
        let found = RateStream::in_output(&positions, &config(6, 2)).unwrap();
        assert_eq!(found, stream(6, 2));
        let kafka = Positions::from([(PartitionId::new("t", "-", 0), 9)]);
        let foreign = Positions::from([(PartitionId::new(TOPIC, "Zm9v-0-0", 0), 9)]);
        for (positions, config, output) in [
            (&positions, config(7, 2), "rowsPerSecond 6, numPartitions 2"),
            (&positions, config(6, 1), "rowsPerSecond 6, numPartitions 2"),
            (&kafka, config(6, 2), "no records of format rate"),
            (&foreign, config(6, 2), "no records of format rate"),
        ] {
            let RateFault::OtherStream { output: found, .. } =
                RateStream::in_output(positions, &config).unwrap_err();
            assert_eq!(found, output);
        }
    }
}
