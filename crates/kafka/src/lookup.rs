//! Questions to the brokers whose answers are waited for, within a bounded time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};
use rdkafka::types::RDKafkaErrorCode;

use crate::config::KafkaConfig;
use crate::context::SourceConsumer;
use crate::fault::{self, KafkaFault};
use crate::selection::TopicSelection;
use crate::topic_id::{Route, TopicFacts, TopicQuery};

/// Between looks at what the client tells meanwhile.
const SLICE: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Lookup<'s> {
    pub consumer: &'s Arc<SourceConsumer>,
    pub config: &'s KafkaConfig,
    pub timeout: Duration,
    pub route: Route,
}

/// The first and one past the last offset, or a time in milliseconds.
pub(crate) const EARLIEST: i64 = -2;
pub(crate) const LATEST: i64 = -1;

/// Serves one event of the client. Records never come this way: their queues are adopted first.
pub(crate) fn pump(consumer: &SourceConsumer) -> Result<(), KafkaFault> {
    let reason = match consumer.poll(Duration::ZERO) {
        Some(Ok(_)) => "a record came outside of its queue".to_owned(),
        Some(Err(KafkaError::MessageConsumptionFatal(code))) => code.to_string(),
        _ => return Ok(()),
    };
    Err(KafkaFault::Client { operation: "poll", reason })
}

impl<'s> Lookup<'s> {
    /// By the controller; [`Lookup::connect`] finds out whether there is one.
    pub(crate) fn new(
        consumer: &'s Arc<SourceConsumer>,
        config: &'s KafkaConfig,
        timeout: Duration,
    ) -> Self {
        Self { consumer, config, timeout, route: Route::Controller }
    }

    /// Waits for a broker and learns whom to ask. Names of all topics there are.
    pub(crate) fn connect(&mut self) -> Result<Vec<String>, KafkaFault> {
        let metadata = self.patiently(|wait| self.consumer.fetch_metadata(None, wait))?;
        let brokers: Vec<_> = metadata.brokers().iter().map(|broker| broker.id()).collect();
        self.route = Route::among(self.consumer, &brokers);
        Ok(metadata.topics().iter().map(|topic| topic.name().to_owned()).collect())
    }

    /// Every topic that is selected, with all its partitions; of `assign` only those named.
    pub(crate) fn topics(&mut self) -> Result<Vec<TopicFacts>, KafkaFault> {
        let all = self.connect()?;
        let (facts, required) = match &self.config.topics {
            TopicSelection::Subscribe(names) => (self.describe(names)?, true),
            TopicSelection::Assign(assigned) => {
                let names: Vec<_> = assigned.keys().cloned().collect();
                (self.describe(&names)?, true)
            }
            TopicSelection::Pattern(pattern) => {
                let names: Vec<_> = all.into_iter().filter(|name| pattern.matches(name)).collect();
                (self.describe(&names)?, false)
            }
        };
        let (known, failed): (Vec<_>, Vec<_>) =
            facts.into_iter().partition(|topic| topic.error.is_none());
        let mut missing = Vec::new();
        for topic in failed {
            match topic.error {
                Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                    return Err(KafkaFault::Refused { reason: format!("topic {}", topic.name) });
                }
                _ if required => missing.push(topic.name.to_string()),
                _ => {}
            }
        }
        let mut known = known;
        if let TopicSelection::Assign(assigned) = &self.config.topics {
            for topic in &mut known {
                let wanted = assigned.get(topic.name.as_ref()).cloned().unwrap_or_default();
                let absent = wanted.iter().filter(|one| !topic.partitions.contains(one));
                missing.extend(absent.map(|one| format!("{}-{one}", topic.name)));
                topic.partitions = wanted;
            }
        }
        if !missing.is_empty() {
            return Err(KafkaFault::UnknownTopic { names: missing });
        }
        Ok(known)
    }

    /// Errors of single topics are in their facts.
    pub(crate) fn describe(&self, names: &[String]) -> Result<Vec<TopicFacts>, KafkaFault> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut query: Option<TopicQuery> = None;
        self.patiently(|wait| {
            let names = names.iter().map(String::as_str);
            let asked = query.get_or_insert_with(|| {
                TopicQuery::send(self.consumer, names, self.route, self.timeout)
            });
            match asked.poll(wait.min(SLICE)) {
                None => Err(KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut)),
                Some(Ok(facts)) => Ok(facts),
                Some(Err(code)) => {
                    query = None;
                    std::thread::sleep(PAUSE);
                    Err(KafkaError::MetadataFetch(code))
                }
            }
        })
    }

    /// The offset of each partition at [`EARLIEST`], [`LATEST`] or a time; `LATEST` is the answer
    /// for a time after every record. In the order asked.
    pub(crate) fn offsets(&self, wanted: &[(Arc<str>, i32, i64)]) -> Result<Vec<i64>, KafkaFault> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        self.patiently(|wait| {
            let mut list = TopicPartitionList::with_capacity(wanted.len());
            for (topic, partition, at) in wanted {
                list.add_partition_offset(topic, *partition, Offset::from_raw(*at))?;
            }
            let answer = self.consumer.offsets_for_times(list, wait);
            let resolve = |answer: TopicPartitionList| -> Result<Vec<i64>, KafkaError> {
                let answered = by_partition(&answer)?;
                let unknown = KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownPartition);
                let of = |(topic, partition, _): &(Arc<str>, i32, i64)| {
                    answered.get(&(topic.to_string(), *partition)).copied()
                };
                wanted.iter().map(|one| of(one).ok_or(unknown.clone())).collect()
            };
            answer.and_then(resolve).inspect_err(|_| std::thread::sleep(PAUSE))
        })
    }

    /// Asks again until there is an answer, a refusal, or no time left.
    fn patiently<T>(
        &self,
        mut ask: impl FnMut(Duration) -> Result<T, KafkaError>,
    ) -> Result<T, KafkaFault> {
        let deadline = Instant::now() + self.timeout;
        let mut told = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let error = match ask(left.min(Duration::from_secs(1)).max(SLICE)) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            self.listen(&mut told)?;
            if !left.is_zero() {
                continue;
            }
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
            let broken = || self.consumer.context().mailbox().broken.take();
            let reason =
                told.unwrap_or_else(|| (code, broken().unwrap_or_else(|| code.to_string())));
            return Err(match reason {
                (code, reason) if fault::is_tls(code, &reason) => KafkaFault::Tls { reason },
                (_, reason) => KafkaFault::Unreachable {
                    servers: self.config.bootstrap_servers().to_owned(),
                    waited: self.timeout,
                    reason,
                },
            });
        }
    }

    /// A refusal ends the wait; of the rest, what says most is remembered.
    fn listen(&self, told: &mut Option<(RDKafkaErrorCode, String)>) -> Result<(), KafkaFault> {
        for _ in 0..16 {
            pump(self.consumer)?;
        }
        for event in self.consumer.context().mailbox().errors.drain(..) {
            if let Some(fault) = fault::of_event(event.code, &event.reason) {
                return Err(fault);
            }
            let vague = event.code == RDKafkaErrorCode::AllBrokersDown;
            if told.is_none() || !vague {
                *told = Some((event.code, event.reason));
            }
        }
        Ok(())
    }
}

/// Offsets of a list by topic and partition; the first partition's error, if any.
fn by_partition(list: &TopicPartitionList) -> Result<HashMap<(String, i32), i64>, KafkaError> {
    let entry = |one: &TopicPartitionListElem<'_>| {
        one.error()?;
        let offset = one.offset().to_raw().unwrap_or(LATEST);
        Ok(((one.topic().to_owned(), one.partition()), offset))
    };
    list.elements().iter().map(entry).collect()
}
