//! The ledgers of an output table against its rows, and against the brokers.

use std::collections::{BTreeMap, BTreeSet};

use headgate_delta::{VerifiedPosition, VerifyReport};
use headgate_kafka::{KafkaOptions, PartitionFacts, partition_facts};
use headgate_model::{BoxFault, ReadMode};

use crate::Failure;
use crate::inspect::{address, failure};
use crate::options::OptionMap;

#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Reads all rows of all tables.
    pub deep: bool,
    /// `kafka.bootstrap.servers`, and whatever else it takes to reach them.
    pub kafka: Option<OptionMap>,
}

#[derive(Clone, Debug)]
pub struct Verification {
    /// Its breaks are of the brokers, too.
    pub report: VerifyReport,
    /// Only where brokers were asked.
    pub partitions: Vec<PartitionStanding>,
}

/// Where a partition stands between table and brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionStanding {
    pub topic: String,
    pub partition: i32,
    /// Of which query; absent for a partition that nobody has read.
    pub query: Option<String>,
    pub next: Option<i64>,
    /// What the brokers have; absent where they have no such partition.
    pub first: Option<i64>,
    pub end: Option<i64>,
}

/// Proves the ledgers of an output table; see `headgate verify`.
pub async fn verify(path: &str, options: VerifyOptions) -> Result<Verification, Box<Failure>> {
    let address = address(path)?;
    let mut report = headgate_delta::verify(&address, options.deep).await.map_err(failure)?;
    let Some(kafka) = options.kafka else {
        return Ok(Verification { report, partitions: Vec::new() });
    };
    let facts = ask(path, kafka, &report.positions).await?;
    let (partitions, breaks) = compare(&report.positions, &facts);
    report.breaks.extend(breaks);
    Ok(Verification { report, partitions })
}

async fn ask(
    path: &str,
    mut options: OptionMap,
    positions: &[VerifiedPosition],
) -> Result<Vec<PartitionFacts>, Box<Failure>> {
    let topics: BTreeSet<String> = positions.iter().map(|one| one.topic.clone()).collect();
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let topics: Vec<String> = topics.into_iter().collect();
    options.insert("subscribe".to_owned(), topics.join(","));
    let config = KafkaOptions::from_options(options, ReadMode::UntilEnd).map_err(|issues| {
        let named = issues.iter().map(|issue| {
            format!("{}: expected {}, got {}", issue.option, issue.expected, issue.actual)
        });
        let message = named.collect::<Vec<_>>().join("; ");
        let advice = "give options as an input of format kafka has them";
        Box::new(Failure::of_run("CONFIG_OPTION", message, false, "verify", path, advice))
    })?;
    let facts = partition_facts(config, topics).await;
    facts.map_err(|fault| Box::new(Failure::of(&BoxFault::from(fault), None)))
}

fn compare(
    positions: &[VerifiedPosition],
    facts: &[PartitionFacts],
) -> (Vec<PartitionStanding>, Vec<String>) {
    let mut unread: BTreeMap<(&str, i32), &PartitionFacts> =
        facts.iter().map(|fact| ((fact.topic.as_str(), fact.partition), fact)).collect();
    let known = unread.clone();
    let (mut standings, mut breaks) = (Vec::new(), Vec::new());
    for VerifiedPosition { query, topic, topic_id, partition, next } in positions {
        let fact = known.get(&(topic.as_str(), *partition)).copied();
        unread.remove(&(topic.as_str(), *partition));
        let place = format!("{topic}-{partition} of {query}");
        match fact {
            None => breaks.push(format!("{place} stands at {next}, but the brokers have no such partition")),
            Some(fact) if fact.topic_id != *topic_id => breaks.push(format!(
                "{place} stands at {next} of the topic with id {topic_id}, which was created again as {}",
                fact.topic_id
            )),
            Some(PartitionFacts { end, .. }) if next > end => breaks.push(format!(
                "{place} stands at {next}, but the brokers' last offset is before {end}"
            )),
            Some(PartitionFacts { first, .. }) if next < first => breaks.push(format!(
                "{place} stands at {next}, but the brokers' first offset is {first}: {} offsets will not be read",
                first - next
            )),
            Some(_) => {}
        }
        standings.push(PartitionStanding {
            topic: topic.clone(),
            partition: *partition,
            query: Some(query.clone()),
            next: Some(*next),
            first: fact.map(|fact| fact.first),
            end: fact.map(|fact| fact.end),
        });
    }
    standings.extend(unread.into_values().map(|fact| PartitionStanding {
        topic: fact.topic.clone(),
        partition: fact.partition,
        query: None,
        next: None,
        first: Some(fact.first),
        end: Some(fact.end),
    }));
    standings
        .sort_by(|a, b| (&a.topic, a.partition, &a.query).cmp(&(&b.topic, b.partition, &b.query)));
    (standings, breaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(partition: i32, next: i64) -> VerifiedPosition {
        let (query, topic, topic_id) = ("q".to_owned(), "t".to_owned(), "id".to_owned());
        VerifiedPosition { query, topic, topic_id, partition, next }
    }

    fn fact(partition: i32, first: i64, end: i64) -> PartitionFacts {
        let (topic, topic_id) = ("t".to_owned(), "id".to_owned());
        PartitionFacts { topic, topic_id, partition, first, end }
    }

    #[test]
    fn a_position_lies_within_what_the_brokers_have() {
        let again = PartitionFacts { topic_id: "other".to_owned(), ..fact(0, 0, 9) };
        for (next, fact, expected) in [
            (5, Some(fact(0, 0, 9)), None),
            (9, Some(fact(0, 9, 9)), None),
            (10, Some(fact(0, 0, 9)), Some("last offset is before 9")),
            (2, Some(fact(0, 5, 9)), Some("first offset is 5: 3 offsets will not be read")),
            (5, Some(again), Some("created again as other")),
            (5, None, Some("no such partition")),
        ] {
            let facts: Vec<PartitionFacts> = fact.into_iter().collect();
            let (_, breaks) = compare(&[at(0, next)], &facts);
            let holds = match expected {
                Some(part) => breaks.len() == 1 && breaks[0].contains(part),
                None => breaks.is_empty(),
            };
            assert!(holds, "{breaks:?}, not {expected:?}");
        }
    }

    #[test]
    fn a_partition_that_nobody_has_read_is_named() {
        let (standings, breaks) = compare(&[at(0, 5)], &[fact(0, 0, 9), fact(1, 0, 4)]);
        assert!(breaks.is_empty());
        let found: Vec<_> = standings.iter().map(|one| (one.partition, one.next)).collect();
        assert_eq!(found, [(0, Some(5)), (1, None)]);
    }
}
