//! What librdkafka tells while it is polled, put aside for the poll thread to act on.
//!
//! A rebalance is answered later, by the thread's own steps: librdkafka waits for the (un)assign
//! call, not for the callback. So the thread goes on polling, and serves `confirm` and `rewind`,
//! while the engine cuts and commits the open batch.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};

use crate::stats::Stats;

/// A change of assignment that librdkafka waits to be carried out.
#[derive(Debug)]
pub(crate) struct Rebalance {
    pub kind: RebalanceKind,
    pub partitions: Vec<(String, i32)>,
    /// One by one, or all at once.
    pub incremental: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RebalanceKind {
    Assign,
    Revoke { lost: bool },
}

#[derive(Debug)]
pub(crate) struct ClientEvent {
    pub code: RDKafkaErrorCode,
    pub reason: String,
}

/// Filled by callbacks, emptied by the poll thread.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    pub rebalances: VecDeque<Rebalance>,
    pub errors: VecDeque<ClientEvent>,
    pub stats: Option<Stats>,
    /// A partition's own queue told of an error, which librdkafka can only log.
    pub suspect: bool,
    /// Why a connection broke last. Of one that a broker closed, librdkafka's guess at the reason is
    /// logged only.
    pub broken: Option<String>,
}

#[derive(Default)]
pub(crate) struct SourceContext {
    mailbox: Mutex<Mailbox>,
    closing: AtomicBool,
    served: AtomicU64,
}

pub(crate) type SourceConsumer = BaseConsumer<SourceContext>;

impl SourceContext {
    pub(crate) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events served so far, from 0.
    pub(crate) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    fn serve(&self) {
        self.served.fetch_add(1, Ordering::Relaxed);
    }

    /// From now on partitions are given up without asking.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }
}

impl ClientContext for SourceContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.serve();
        // Errors of a forwarded partition queue (topic gone, not authorised) arrive only so.
        if facility == "ERROR" {
            self.mailbox().suspect = true;
        }
        if facility == "FAIL" {
            let reason = message.split_once("]: ").map_or(message, |(_thread, reason)| reason);
            self.mailbox().broken = Some(reason.to_owned());
        }
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => tracing::error!(target: "kafka", facility, "{message}"),
            RDKafkaLogLevel::Warning => tracing::warn!(target: "kafka", facility, "{message}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "kafka", facility, "{message}");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(target: "kafka", facility, "{message}"),
        }
    }

    fn stats_raw(&self, json: &[u8]) {
        self.serve();
        match Stats::parse(json) {
            Ok(stats) => self.mailbox().stats = Some(stats),
            Err(error) => tracing::debug!(target: "kafka", %error, "statistics not understood"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.serve();
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
        tracing::warn!(target: "kafka", ?code, reason, "client event");
        self.mailbox().errors.push_back(ClientEvent { code, reason: reason.to_owned() });
    }
}

/// The answer of a source that closes: nothing is taken, nothing is kept.
pub(crate) fn give_up(
    consumer: &SourceConsumer,
    assign: bool,
    incremental: bool,
    partitions: &TopicPartitionList,
) {
    let gone = if assign {
        consumer.assign(&TopicPartitionList::new())
    } else if incremental {
        consumer.incremental_unassign(partitions)
    } else {
        consumer.unassign()
    };
    if let Err(error) = gone {
        tracing::debug!(target: "kafka", %error, "partitions not given up");
    }
}

impl ConsumerContext for SourceContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        self.serve();
        let assign = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let incremental = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        if self.closing.load(Ordering::Acquire) {
            return give_up(consumer, assign, incremental, partitions);
        }
        let kind = match assign {
            true => RebalanceKind::Assign,
            false => RebalanceKind::Revoke { lost: consumer.assignment_lost() },
        };
        let partitions = partitions.elements();
        let partitions =
            partitions.iter().map(|one| (one.topic().to_owned(), one.partition())).collect();
        self.mailbox().rebalances.push_back(Rebalance { kind, partitions, incremental });
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        self.serve();
        if let Err(error) = result {
            tracing::warn!(target: "kafka", %error, "group offsets not told; only lag monitors read them");
        }
    }
}
