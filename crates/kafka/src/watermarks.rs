//! Starting and ending offsets of the partitions there are, as numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use headgate_model::{PartitionId, Positions};

use crate::fault::KafkaFault;
use crate::lookup::{EARLIEST, LATEST, Lookup};
use crate::offsets::{
    ByPartition, EndingOffsets, OffsetChoice, StartingOffsets, UnmatchedTimestamp,
};
use crate::topic_id::TopicFacts;

/// Where reading stops, exclusive, by topic and partition.
pub(crate) type Ends = BTreeMap<(Arc<str>, i32), i64>;

/// What to ask for a partition, or the answer itself.
#[derive(Clone, Copy)]
enum Ask {
    At(i64),
    Look(i64),
}

impl From<OffsetChoice> for Ask {
    fn from(choice: OffsetChoice) -> Self {
        match choice {
            OffsetChoice::Earliest => Self::Look(EARLIEST),
            OffsetChoice::Latest => Self::Look(LATEST),
            OffsetChoice::At(offset) => Self::At(offset),
        }
    }
}

impl Lookup<'_> {
    /// Of every selected partition there is.
    pub(crate) fn starting_positions(&mut self) -> Result<Positions, KafkaFault> {
        let topics = self.topics()?;
        let starting = &self.config.starting;
        let option = starting.option();
        let asks = match starting {
            StartingOffsets::Earliest => all(&topics, Ask::Look(EARLIEST)),
            StartingOffsets::Latest => all(&topics, Ask::Look(LATEST)),
            StartingOffsets::Timestamp(millis) => all(&topics, Ask::Look(*millis)),
            StartingOffsets::Exact(exact) => {
                named(option, &topics, exact, |choice| (*choice).into())?
            }
            StartingOffsets::ByTimestamp(millis) => {
                named(option, &topics, millis, |millis| Ask::Look(*millis))?
            }
        };
        let mut offsets = self.resolve(&asks)?;
        self.match_timestamps(option, &asks, &mut offsets)?;
        let ids: BTreeMap<_, _> = topics.iter().map(|topic| (&topic.name, &topic.id)).collect();
        let positions = asks.iter().zip(offsets).filter_map(|((topic, partition, _), offset)| {
            let id = PartitionId::new(Arc::clone(topic), Arc::clone(ids.get(topic)?), *partition);
            Some((id, offset))
        });
        Ok(positions.collect())
    }

    pub(crate) fn ends(&self, topics: &[TopicFacts]) -> Result<Ends, KafkaFault> {
        let asks = match &self.config.ending {
            EndingOffsets::Latest => all(topics, Ask::Look(LATEST)),
            EndingOffsets::Exact(exact) => {
                named("endingOffsets", topics, exact, |choice| (*choice).into())?
            }
        };
        let offsets = self.resolve(&asks)?;
        let keys = asks.into_iter().map(|(topic, partition, _)| (topic, partition));
        Ok(keys.zip(offsets).collect())
    }

    /// Of those ends, the ones of partitions that hold anything before them.
    pub(crate) fn awaited(&self, ends: &Ends) -> Result<Ends, KafkaFault> {
        let asks: Vec<_> = ends
            .keys()
            .map(|(topic, partition)| (Arc::clone(topic), *partition, Ask::Look(EARLIEST)))
            .collect();
        let firsts = self.resolve(&asks)?;
        let held = ends.iter().zip(firsts).filter(|((_, end), first)| first < *end);
        Ok(held.map(|((key, end), _)| (key.clone(), *end)).collect())
    }

    /// The first and one past the last offset of one partition.
    pub(crate) fn range(&self, topic: &Arc<str>, partition: i32) -> Result<(i64, i64), KafkaFault> {
        let at = |which| self.offsets(&[(Arc::clone(topic), partition, which)]);
        let first = |offsets: Vec<i64>| offsets.first().copied().unwrap_or(0);
        Ok((first(at(EARLIEST)?), first(at(LATEST)?)))
    }

    fn resolve(&self, asks: &[(Arc<str>, i32, Ask)]) -> Result<Vec<i64>, KafkaFault> {
        let looked: Vec<_> = asks
            .iter()
            .filter_map(|(topic, partition, ask)| match ask {
                Ask::Look(at) => Some((Arc::clone(topic), *partition, *at)),
                Ask::At(_) => None,
            })
            .collect();
        let mut found = self.offsets(&looked)?.into_iter();
        let mut answer = |ask: &Ask| match ask {
            Ask::At(offset) => *offset,
            Ask::Look(_) => found.next().unwrap_or(LATEST),
        };
        Ok(asks.iter().map(|(_, _, ask)| answer(ask)).collect())
    }

    /// A time after every record of a partition has no offset yet.
    fn match_timestamps(
        &self,
        option: &'static str,
        asks: &[(Arc<str>, i32, Ask)],
        offsets: &mut [i64],
    ) -> Result<(), KafkaFault> {
        let open: Vec<usize> = (0..offsets.len()).filter(|at| offsets[*at] < 0).collect();
        if open.is_empty() {
            return Ok(());
        }
        if self.config.unmatched_timestamp == UnmatchedTimestamp::Error {
            let names: Vec<_> =
                open.iter().map(|at| format!("{}-{}", asks[*at].0, asks[*at].1)).collect();
            let details = format!("no record at or after that time in {}", names.join(", "));
            return Err(KafkaFault::OffsetsUnresolved { option, details });
        }
        let latest: Vec<_> =
            open.iter().map(|at| (Arc::clone(&asks[*at].0), asks[*at].1, LATEST)).collect();
        for (at, offset) in open.into_iter().zip(self.offsets(&latest)?) {
            offsets[at] = offset;
        }
        Ok(())
    }
}

fn all(topics: &[TopicFacts], ask: Ask) -> Vec<(Arc<str>, i32, Ask)> {
    let of = |topic: &TopicFacts| {
        let name = Arc::clone(&topic.name);
        topic.partitions.clone().into_iter().map(move |one| (Arc::clone(&name), one, ask))
    };
    topics.iter().flat_map(of).collect()
}

/// The option has to name every partition there is, and no other.
fn named<T>(
    option: &'static str,
    topics: &[TopicFacts],
    by: &ByPartition<T>,
    ask: impl Fn(&T) -> Ask,
) -> Result<Vec<(Arc<str>, i32, Ask)>, KafkaFault> {
    let mut asks = Vec::new();
    let mut missing = Vec::new();
    for topic in topics {
        for partition in &topic.partitions {
            match by.get(topic.name.as_ref()).and_then(|partitions| partitions.get(partition)) {
                Some(value) => asks.push((Arc::clone(&topic.name), *partition, ask(value))),
                None => missing.push(format!("{}-{partition}", topic.name)),
            }
        }
    }
    let exists = |name: &str, partition: &i32| {
        topics
            .iter()
            .any(|topic| topic.name.as_ref() == name && topic.partitions.contains(partition))
    };
    let extra: Vec<_> = by
        .iter()
        .flat_map(|(name, partitions)| partitions.keys().map(move |one| (name, one)))
        .filter(|(name, one)| !exists(name, one))
        .map(|(name, one)| format!("{name}-{one}"))
        .collect();
    let details = match (missing.is_empty(), extra.is_empty()) {
        (true, true) => return Ok(asks),
        (false, _) => format!("it has to name every partition; missing: {}", missing.join(", ")),
        (true, false) => format!("no such partition: {}", extra.join(", ")),
    };
    Err(KafkaFault::OffsetsUnresolved { option, details })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn topic(name: &str, partitions: i32) -> TopicFacts {
        let partitions = (0..partitions).collect();
        TopicFacts { name: name.into(), id: "x".into(), partitions, error: None }
    }

    #[test]
    fn exact_offsets_name_every_partition_and_no_other() {
        let topics = [topic("a", 2)];
        for (given, fits) in [
            (vec![(0, OffsetChoice::At(5)), (1, OffsetChoice::Latest)], true),
            (vec![(0, OffsetChoice::At(5))], false),
            (
                vec![
                    (0, OffsetChoice::At(5)),
                    (1, OffsetChoice::Latest),
                    (2, OffsetChoice::Latest),
                ],
                false,
            ),
        ] {
            let by = ByPartition::from([("a".to_owned(), given.into_iter().collect())]);
            let asks = named("startingOffsets", &topics, &by, |choice| (*choice).into());
            assert_eq!(asks.is_ok(), fits);
        }
    }
}
