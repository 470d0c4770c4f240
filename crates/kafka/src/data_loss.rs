//! Moves of the position that no record explains: rewinds, and offsets that are gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use headgate_model::Positions;
use rdkafka::consumer::{CommitMode, Consumer, RebalanceProtocol};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;

use crate::fault::{KafkaFault, failed_to};
use crate::held::{HeldPartition, Place};
use crate::lookup::Lookup;
use crate::poll_thread::{ASK_TIMEOUT, PollThread};
use crate::rebalance::partition_list;

/// A partition that librdkafka does not fetch any more: the broker does not have its offset.
#[derive(Debug)]
pub(crate) struct Stopped {
    topic: Arc<str>,
    partition: i32,
    truncated: bool,
    since: Instant,
    again_at: Instant,
}

const RETRY: Duration = Duration::from_secs(1);
/// For brokers that do not answer, then a fault.
const PATIENCE: Duration = Duration::from_secs(60);
const SEEK_TIMEOUT: Duration = Duration::from_secs(5);
/// For a partition whose fetching only begins, and that cannot be moved yet.
const SEEK_PATIENCE: Duration = Duration::from_secs(1);
const SEEK_PAUSE: Duration = Duration::from_millis(20);

impl PollThread {
    pub(crate) fn stop(&mut self, topic: Arc<str>, partition: i32, truncated: bool) {
        let same = |one: &&mut Stopped| one.topic == topic && one.partition == partition;
        let now = Instant::now();
        match self.stopped.iter_mut().find(same) {
            Some(known) => known.truncated |= truncated,
            None => {
                let stopped = Stopped { topic, partition, truncated, since: now, again_at: now };
                self.stopped.push(stopped);
            }
        }
    }

    /// One at a time, and never amid a rebalance, whose answer librdkafka would take it for.
    pub(crate) fn restart_stopped(&mut self) -> Result<(), KafkaFault> {
        let now = Instant::now();
        let due = self.stopped.iter().position(|one| one.again_at <= now);
        let Some(at) = due.filter(|_| !self.is_rebalancing()) else { return Ok(()) };
        let mut stopped = self.stopped.swap_remove(at);
        match self.restart(&stopped) {
            Err(KafkaFault::Unreachable { .. }) if stopped.since.elapsed() < PATIENCE => {
                stopped.again_at = now + RETRY;
                self.stopped.push(stopped);
                Ok(())
            }
            other => other,
        }
    }

    fn is_rebalancing(&self) -> bool {
        self.rebalance.is_some() || !self.consumer.context().mailbox().rebalances.is_empty()
    }

    /// Is it retention, truncation, or another topic of the same name?
    fn restart(&mut self, stopped: &Stopped) -> Result<(), KafkaFault> {
        let Some(held) = self.reader.held.get(&stopped.topic, stopped.partition) else {
            return Ok(());
        };
        let (id, next) = (held.id.clone(), held.next);
        let mut lookup = Lookup::new(&self.consumer, &self.config, ASK_TIMEOUT);
        lookup.route = self.route;
        for now in lookup.describe(&[id.topic.to_string()])? {
            if now.error == Some(RDKafkaErrorCode::TopicAuthorizationFailed) {
                return Err(KafkaFault::Refused { reason: format!("topic {}", now.name) });
            }
            if now.error.is_none() && now.id != id.topic_id {
                return Err(KafkaFault::TopicRecreated {
                    topic: now.name.to_string(),
                    was: id.topic_id.to_string(),
                    is: now.id.to_string(),
                    restart: !self.config.fail_on_data_loss,
                });
            }
        }
        let Some(position) = next else {
            return self.refetch((id.topic, id.partition, None));
        };
        let (low, high) = lookup.range(&id.topic, id.partition)?;
        let (topic, partition) = (id.topic.to_string(), id.partition);
        if position > high {
            // Positions never go back, so that no setting can read on from here.
            return Err(KafkaFault::PastEnd { topic, partition, position, end: high });
        }
        if stopped.truncated {
            if self.config.fail_on_data_loss {
                return Err(KafkaFault::Truncated { topic, partition, position });
            }
            tracing::warn!(target: "kafka", topic, partition, position, "log truncated");
        }
        if position < low {
            if self.config.fail_on_data_loss {
                return Err(KafkaFault::DataLoss { topic, partition, from: position, to: low });
            }
            tracing::warn!(target: "kafka", topic, partition, from = position, to = low, "records lost");
            self.reader.lose(&topic, partition, low);
        }
        // In range again, or the error is older than a rewind.
        self.refetch((id.topic, partition, Some(position.max(low))))
    }

    pub(crate) fn rewind(&mut self, positions: &Positions, epoch: u64) -> Result<(), KafkaFault> {
        self.reader.rewind(positions, epoch);
        let places = self.reader.held.places();
        self.seek(&places)?;
        let names: Vec<_> =
            places.iter().map(|(topic, partition, _)| (topic, *partition)).collect();
        self.consumer.resume(&partition_list(&names)).map_err(failed_to("resume"))
    }

    /// Whatever was fetched before is never handed over. Partitions that librdkafka has stopped
    /// cannot be moved so; they are started anew afterwards.
    pub(crate) fn seek(&mut self, to: &[Place]) -> Result<(), KafkaFault> {
        let deadline = Instant::now() + SEEK_PATIENCE;
        let mut open = to.to_vec();
        while !open.is_empty() {
            let list = placed(&open).map_err(failed_to("seek"))?;
            let sought =
                self.consumer.seek_partitions(list, SEEK_TIMEOUT).map_err(failed_to("seek"))?;
            open.retain(|(topic, partition, _)| {
                sought.find_partition(topic, *partition).is_some_and(|one| one.error().is_err())
            });
            if Instant::now() >= deadline {
                break;
            }
            if !open.is_empty() {
                std::thread::sleep(SEEK_PAUSE);
            }
        }
        for (topic, partition, _) in open {
            self.stop(topic, partition, false);
        }
        Ok(())
    }

    /// Gives the partition up and takes it again: librdkafka seeks only what it fetches. The eager
    /// protocol changes all partitions at once.
    fn refetch(&self, place: Place) -> Result<(), KafkaFault> {
        let eager = matches!(self.consumer.rebalance_protocol(), RebalanceProtocol::Eager);
        let places = match eager {
            true => self.reader.held.iter().map(HeldPartition::place).collect(),
            false => vec![place],
        };
        let list = placed(&places).map_err(failed_to("assign"))?;
        let given_up = match eager {
            true => self.consumer.unassign(),
            false => self.consumer.incremental_unassign(&list),
        };
        given_up.map_err(failed_to("unassign"))?;
        // Requests of a partition are served in their order, so that an answer, here always a
        // refusal, comes after the stop, which ends the forwarding of its queue.
        self.consumer.seek_partitions(list.clone(), SEEK_TIMEOUT).map_err(failed_to("seek"))?;
        for (topic, partition, _) in &places {
            self.adopt(topic, *partition)?;
        }
        let taken = match eager {
            true => self.consumer.assign(&list),
            false => self.consumer.incremental_assign(&list),
        };
        taken.map_err(failed_to("assign"))
    }

    pub(crate) fn adopt(&self, topic: &str, partition: i32) -> Result<(), KafkaFault> {
        if self.queue.adopt(topic, partition) {
            return Ok(());
        }
        let reason = format!("no queue for {topic}-{partition}");
        Err(KafkaFault::Client { operation: "assign", reason })
    }

    /// Group offsets for lag monitors; nothing of ours reads them.
    pub(crate) fn tell_group(&self, positions: &Positions) {
        let told = |held: &HeldPartition| {
            let next = positions.get(&held.id).copied()?;
            Some((Arc::clone(&held.id.topic), held.id.partition, Some(next)))
        };
        let told: Vec<_> = self.reader.held.iter().filter_map(told).collect();
        if told.is_empty() {
            return;
        }
        let sent = placed(&told).and_then(|list| self.consumer.commit(&list, CommitMode::Async));
        if let Err(error) = sent {
            tracing::warn!(target: "kafka", %error, "group offsets not told");
        }
    }
}

fn placed(places: &[Place]) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(places.len());
    for (topic, partition, next) in places {
        let offset = next.map_or(Offset::Beginning, Offset::Offset);
        list.add_partition_offset(topic, *partition, offset)?;
    }
    Ok(list)
}
