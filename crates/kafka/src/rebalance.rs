//! Carries out changes of assignment, step by step between polls.
//!
//! Assign: read the topic ids, ask the engine for positions, adopt the partitions' queues, assign.
//! Revoke: hand over the open chunk, wait for the engine to commit, unassign. Meanwhile no records
//! are read, and librdkafka waits for the call that ends it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use headgate_model::{PartitionId, Positions, ReadMode, SourceEvent};
use rdkafka::consumer::Consumer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;

use crate::command::Command;
use crate::context::{Rebalance, RebalanceKind};
use crate::fault::{KafkaFault, concerns_topics, failed_to};
use crate::held::HeldPartition;
use crate::poll_thread::{ASK_TIMEOUT, PollThread};
use crate::topic_id::{TopicAnswer, TopicQuery};

/// A topic that was just created is not known to every broker at once.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(500);

enum Step {
    AskTopics { query: Option<TopicQuery>, again_at: Instant },
    AwaitPositions { ids: Vec<PartitionId>, answer: Option<Positions> },
    AwaitRelease { released: bool },
}

pub(crate) struct InProgress {
    pub rebalance: Rebalance,
    ticket: u64,
    since: Instant,
    step: Step,
}

impl PollThread {
    /// One step of the change at hand, or the first of the next one.
    pub(crate) fn serve_rebalance(&mut self) -> Result<(), KafkaFault> {
        let Some(mut change) = self.rebalance.take() else {
            let next = self.consumer.context().mailbox().rebalances.pop_front();
            return next.map_or(Ok(()), |rebalance| self.begin(rebalance));
        };
        let waited = change.since.elapsed();
        let finished = match &mut change.step {
            Step::AskTopics { query, again_at } => {
                let names = topic_names(&change.rebalance);
                if query.is_none() && *again_at <= Instant::now() {
                    let names = names.iter().map(String::as_str);
                    *query = Some(TopicQuery::send(&self.consumer, names, self.route, ASK_TIMEOUT));
                }
                let answer = query.as_ref().and_then(|query| query.poll(Duration::ZERO));
                if let Some(answer) = answer {
                    match self.identify(&change.rebalance, answer, waited)? {
                        Some(ids) => {
                            self.ask_positions(&ids, change.ticket);
                            change.step = Step::AwaitPositions { ids, answer: None };
                        }
                        None => {
                            self.reroute();
                            *query = None;
                            *again_at = Instant::now() + RETRY;
                        }
                    }
                }
                false
            }
            Step::AwaitPositions { ids, answer } => match answer.take() {
                Some(positions) => {
                    self.assign(&change.rebalance, ids, &positions)?;
                    true
                }
                None => false,
            },
            Step::AwaitRelease { released } => {
                let late = waited >= self.config.revoke_limit();
                if late && !*released {
                    tracing::warn!(target: "kafka", "revoked partitions were not released in time");
                }
                if late || *released {
                    self.unassign(&change.rebalance)?;
                }
                late || *released
            }
        };
        if finished {
            return Ok(());
        }
        if change.rebalance.kind == RebalanceKind::Assign && waited >= self.config.assign_limit() {
            let what = "positions of assigned partitions";
            return Err(KafkaFault::Unanswered { what, waited });
        }
        self.rebalance = Some(change);
        Ok(())
    }

    /// An answer of the engine; one for an older change is too late.
    pub(crate) fn answer_rebalance(&mut self, command: Command) {
        let Some(change) = &mut self.rebalance else { return };
        match (command, &mut change.step) {
            (Command::Start { ticket, positions }, Step::AwaitPositions { answer, .. })
                if ticket == change.ticket =>
            {
                *answer = Some(positions);
            }
            (Command::Release { ticket }, Step::AwaitRelease { released })
                if ticket == change.ticket =>
            {
                *released = true;
            }
            _ => {}
        }
    }

    fn begin(&mut self, rebalance: Rebalance) -> Result<(), KafkaFault> {
        tracing::info!(target: "kafka", kind = ?rebalance.kind, partitions = rebalance.partitions.len(), "rebalance");
        self.tickets += 1;
        let since = Instant::now();
        let step = match rebalance.kind {
            RebalanceKind::Assign if rebalance.partitions.is_empty() => {
                return self.assign(&rebalance, &[], &Positions::new());
            }
            RebalanceKind::Assign => Step::AskTopics { query: None, again_at: since },
            RebalanceKind::Revoke { lost } => {
                self.reader.close_chunk();
                let gone = |held: &&HeldPartition| contains(&rebalance, held);
                let partitions: Vec<_> =
                    self.reader.held.iter().filter(gone).map(|held| held.id.clone()).collect();
                if partitions.is_empty() {
                    return self.unassign(&rebalance);
                }
                let (commands, ticket) = (self.answers.clone(), self.tickets);
                let done = Box::new(move || {
                    commands.send(Command::Release { ticket });
                });
                self.reader.tell(Ok(SourceEvent::Revoked { partitions, lost, done }));
                Step::AwaitRelease { released: false }
            }
        };
        self.rebalance = Some(InProgress { rebalance, ticket: self.tickets, since, step });
        Ok(())
    }

    /// Ids of the partitions; `None` when the brokers have to be asked again.
    fn identify(
        &self,
        rebalance: &Rebalance,
        answer: TopicAnswer,
        waited: Duration,
    ) -> Result<Option<Vec<PartitionId>>, KafkaFault> {
        let facts = match answer {
            Ok(facts) => facts,
            Err(code) => {
                tracing::warn!(target: "kafka", ?code, "topic ids not read");
                return Ok(None);
            }
        };
        let mut ids = Vec::with_capacity(rebalance.partitions.len());
        for topic in &facts {
            match topic.error {
                None => {}
                Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                    return Err(KafkaFault::Refused { reason: format!("topic {}", topic.name) });
                }
                Some(code) if concerns_topics(code) && waited >= UNKNOWN_FOR => {
                    return Err(KafkaFault::UnknownTopic { names: vec![topic.name.to_string()] });
                }
                Some(_) => return Ok(None),
            }
            let of_topic = rebalance.partitions.iter().filter(|(name, _)| *name == *topic.name);
            ids.extend(of_topic.map(|(_, partition)| {
                PartitionId::new(Arc::clone(&topic.name), Arc::clone(&topic.id), *partition)
            }));
        }
        Ok((ids.len() == rebalance.partitions.len()).then_some(ids))
    }

    fn ask_positions(&self, ids: &[PartitionId], ticket: u64) {
        let commands = self.answers.clone();
        let reply = Box::new(move |positions| {
            commands.send(Command::Start { ticket, positions });
        });
        self.reader.tell(Ok(SourceEvent::Assigned { partitions: ids.to_vec(), reply }));
    }

    fn assign(
        &mut self,
        rebalance: &Rebalance,
        ids: &[PartitionId],
        positions: &Positions,
    ) -> Result<(), KafkaFault> {
        let failed = failed_to("assign");
        let kept = self.reader.held.places();
        let mut list = TopicPartitionList::with_capacity(ids.len());
        for id in ids {
            let next = positions.get(id).copied();
            if let Some(fault) = recreated(id, positions) {
                if self.config.fail_on_data_loss {
                    return Err(fault);
                }
                tracing::warn!(target: "kafka", topic = %id.topic, "created again; read from its first record");
            }
            self.adopt(&id.topic, id.partition)?;
            let offset = next.map_or(Offset::Beginning, Offset::Offset);
            list.add_partition_offset(&id.topic, id.partition, offset).map_err(&failed)?;
            let end = self.ends.get(&(Arc::clone(&id.topic), id.partition)).copied();
            let held = match self.config.mode {
                ReadMode::UntilEnd if end.is_none() => {
                    self.reader.finished.push((Arc::clone(&id.topic), id.partition));
                    HeldPartition::excluded(id.clone(), next)
                }
                _ => HeldPartition::new(id.clone(), next, end),
            };
            self.reader.held.add(held);
        }
        // One that was paused at its end and given up would come back paused.
        self.consumer.resume(&list).map_err(&failed)?;
        let assigned = match rebalance.incremental {
            true => self.consumer.incremental_assign(&list),
            false => self.consumer.assign(&list),
        };
        assigned.map_err(&failed)?;
        self.assigned_once = true;
        self.drained = false;
        // librdkafka pauses all partitions during a change. Where it told the end of one last, it
        // would go on one offset too late.
        self.seek(&kept)
    }

    fn unassign(&mut self, rebalance: &Rebalance) -> Result<(), KafkaFault> {
        let list = partition_list(&rebalance.partitions);
        let gone = match rebalance.incremental {
            true => self.consumer.incremental_unassign(&list),
            false => self.consumer.unassign(),
        };
        if let Err(error) = gone {
            tracing::warn!(target: "kafka", %error, "partitions not given up");
        }
        self.reader.held.remove(|held| contains(rebalance, held));
        let lost = matches!(rebalance.kind, RebalanceKind::Revoke { lost: true });
        if lost || !rebalance.incremental {
            // The group assigns anew; until then there is nothing that could be read to its end.
            self.assigned_once = false;
        }
        // As after an assignment.
        let kept = self.reader.held.places();
        self.seek(&kept)
    }
}

/// The output has read a topic of this name, but only under another id.
fn recreated(id: &PartitionId, positions: &Positions) -> Option<KafkaFault> {
    let mut of_name = positions.keys().filter(|known| known.topic == id.topic).peekable();
    let other = (*of_name.peek()?).clone();
    let known = of_name.any(|known| known.topic_id == id.topic_id);
    (!known).then(|| KafkaFault::TopicRecreated {
        topic: id.topic.to_string(),
        was: other.topic_id.to_string(),
        is: id.topic_id.to_string(),
        restart: false,
    })
}

fn contains(rebalance: &Rebalance, held: &HeldPartition) -> bool {
    let is = |(topic, partition): &(String, i32)| {
        *partition == held.id.partition && **topic == *held.id.topic
    };
    rebalance.partitions.iter().any(is)
}

fn topic_names(rebalance: &Rebalance) -> Vec<String> {
    let mut names: Vec<_> = rebalance.partitions.iter().map(|(topic, _)| topic.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

pub(crate) fn partition_list<S: AsRef<str>>(partitions: &[(S, i32)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for (topic, partition) in partitions {
        list.add_partition(topic.as_ref(), *partition);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_known_only_under_another_id_was_created_again() {
        let id = |topic, id, partition| PartitionId::new(topic, id, partition);
        for (known, expected) in [
            (vec![], false),
            (vec![id("t", "now", 0)], false),
            // A partition that was added.
            (vec![id("t", "now", 1)], false),
            (vec![id("other", "former", 0)], false),
            (vec![id("t", "former", 0)], true),
            (vec![id("t", "former", 1)], true),
            // Accepted before.
            (vec![id("t", "former", 0), id("t", "now", 1)], false),
        ] {
            let positions: Positions = known.iter().map(|id| (id.clone(), 7)).collect();
            let fault = recreated(&id("t", "now", 0), &positions);
            assert_eq!(fault.is_some(), expected, "{known:?}");
        }
    }
}
