//! Is every topic held still the one that its records came from?

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::types::RDKafkaErrorCode;

use crate::command::Reply;
use crate::fault::{KafkaFault, concerns_topics};
use crate::poll_thread::{ASK_TIMEOUT, PollThread};
use crate::topic_id::{NO_TOPIC_ID, TopicAnswer, TopicFacts, TopicQuery};

/// Brokers that do not answer for that long are a fault; until then they are asked again.
const PATIENCE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(500);

pub(crate) struct TopicCheck {
    /// Who wants to know; nobody if an error of a partition raised the question.
    replies: Vec<Reply>,
    query: Option<TopicQuery>,
    again_at: Instant,
    since: Instant,
}

enum Judgement {
    Same,
    Changed(KafkaFault),
    /// Not to be told now, and why.
    Unclear(String),
}

impl PollThread {
    pub(crate) fn serve_check(&mut self) -> Result<(), KafkaFault> {
        let now = Instant::now();
        let Some(mut check) = self.check.take() else {
            // A question asked while another was under way gets an answer of its own.
            if !self.confirms.is_empty() || self.suspect {
                self.suspect = false;
                let replies = std::mem::take(&mut self.confirms);
                self.check = Some(TopicCheck { replies, query: None, again_at: now, since: now });
            }
            return Ok(());
        };
        let held = self.reader.held.topics();
        if held.is_empty() {
            return self.conclude(check, Ok(()));
        }
        if check.query.is_none() && check.again_at <= now {
            let names: BTreeSet<&str> = held.iter().map(|(name, _)| name.as_ref()).collect();
            check.query = Some(TopicQuery::send(&self.consumer, names, self.route, ASK_TIMEOUT));
        }
        let answer = check.query.as_ref().and_then(|query| query.poll(Duration::ZERO));
        let Some(answer) = answer else {
            self.check = Some(check);
            return Ok(());
        };
        match judge(&held, &answer, !self.config.fail_on_data_loss) {
            Judgement::Same => self.conclude(check, Ok(())),
            Judgement::Changed(fault) => self.conclude(check, Err(fault)),
            Judgement::Unclear(reason) if check.since.elapsed() < PATIENCE => {
                tracing::warn!(target: "kafka", reason, "topics not confirmed, asking again");
                self.reroute();
                check.query = None;
                check.again_at = now + RETRY;
                self.check = Some(check);
                Ok(())
            }
            Judgement::Unclear(reason) => {
                let fault = match answer {
                    Ok(facts) if facts.iter().any(is_unknown) => KafkaFault::UnknownTopic {
                        names: facts
                            .iter()
                            .filter(|topic| is_unknown(topic))
                            .map(|topic| topic.name.to_string())
                            .collect(),
                    },
                    _ => KafkaFault::Unreachable {
                        servers: self.config.bootstrap_servers().to_owned(),
                        waited: PATIENCE,
                        reason,
                    },
                };
                self.conclude(check, Err(fault))
            }
        }
    }

    /// Tells those who asked; if nobody did, a fault is the thread's own.
    fn conclude(
        &mut self,
        check: TopicCheck,
        result: Result<(), KafkaFault>,
    ) -> Result<(), KafkaFault> {
        let mut replies = check.replies.into_iter();
        let Some(first) = replies.next() else {
            return match result {
                Err(fault @ KafkaFault::UnknownTopic { .. }) if !self.config.fail_on_data_loss => {
                    tracing::warn!(target: "kafka", %fault, "read on without it");
                    Ok(())
                }
                Err(KafkaFault::Unreachable { .. }) => Ok(()),
                other => other,
            };
        };
        // A caller that went away needs no answer; further ones are told the same fact.
        for other in replies {
            let _ = match &result {
                Ok(()) => other.send(Ok(())),
                Err(fault) => other.send(Err(KafkaFault::Client {
                    operation: "confirm topics",
                    reason: fault.to_string(),
                })),
            };
        }
        let _ = first.send(result);
        Ok(())
    }
}

fn is_unknown(topic: &TopicFacts) -> bool {
    topic.error.is_some_and(concerns_topics)
}

fn judge(held: &BTreeSet<(Arc<str>, Arc<str>)>, answer: &TopicAnswer, restart: bool) -> Judgement {
    let facts = match answer {
        Ok(facts) => facts,
        Err(code) => return Judgement::Unclear(code.to_string()),
    };
    for (name, id) in held {
        let Some(topic) = facts.iter().find(|topic| topic.name == *name) else {
            return Judgement::Unclear(format!("nothing said about {name}"));
        };
        match topic.error {
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                let reason = format!("topic {name}");
                return Judgement::Changed(KafkaFault::Refused { reason });
            }
            Some(code) => return Judgement::Unclear(format!("{name}: {code}")),
            None if topic.id == *id => {}
            None if topic.id.as_ref() == NO_TOPIC_ID => {
                return Judgement::Unclear(format!("{name}: a broker without topic ids"));
            }
            None => {
                return Judgement::Changed(KafkaFault::TopicRecreated {
                    topic: name.to_string(),
                    was: id.to_string(),
                    is: topic.id.to_string(),
                    restart,
                });
            }
        }
    }
    Judgement::Same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(id: &str, error: Option<RDKafkaErrorCode>) -> TopicAnswer {
        Ok(vec![TopicFacts { name: "t".into(), id: id.into(), partitions: vec![0], error }])
    }

    #[test]
    fn only_the_same_id_is_the_same_topic() {
        let held = BTreeSet::from([("t".into(), "a".into())]);
        let name = |judgement| match judgement {
            Judgement::Same => "same".to_owned(),
            Judgement::Unclear(_) => "unclear".to_owned(),
            Judgement::Changed(fault) => headgate_model::Fault::code(&fault).to_owned(),
        };
        for (answer, expected) in [
            (facts("a", None), "same"),
            (facts("b", None), "KAFKA_TOPIC_RECREATED"),
            (facts("-", None), "unclear"),
            (facts("-", Some(RDKafkaErrorCode::UnknownTopicOrPartition)), "unclear"),
            (facts("-", Some(RDKafkaErrorCode::TopicAuthorizationFailed)), "KAFKA_AUTH"),
            (Err(RDKafkaErrorCode::BrokerTransportFailure), "unclear"),
            (Ok(Vec::new()), "unclear"),
        ] {
            assert_eq!(name(judge(&held, &answer, false)), expected, "{answer:?}");
        }
        let none = BTreeSet::from([("t".into(), NO_TOPIC_ID.into())]);
        assert_eq!(name(judge(&none, &facts(NO_TOPIC_ID, None), false)), "same");
        let both = BTreeSet::from([("t".into(), "a".into()), ("t".into(), "b".into())]);
        assert_eq!(name(judge(&both, &facts("b", None), false)), "KAFKA_TOPIC_RECREATED");
    }
}
