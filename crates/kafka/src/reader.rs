//! Records and errors of partitions, as they come, into chunks and incidents.

use std::sync::Arc;

use headgate_model::{Positions, SourceEvent};
use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::mpsc::UnboundedSender;

use crate::config::{FetchBudget, KafkaConfig};
use crate::fault::{KafkaFault, concerns_topics};
use crate::fetch_queue::Message;
use crate::gauges::Gauges;
use crate::held::Held;
use crate::open_chunk::OpenChunk;

/// What a partition's error asks the poll thread to do.
#[derive(Debug)]
pub(crate) enum Incident {
    /// Fetching stopped: the broker does not have this offset, or, `truncated`, has lost records in
    /// front of it and given their offsets to others.
    OutOfRange {
        topic: Arc<str>,
        partition: i32,
        truncated: bool,
    },
    /// The topic may be gone or another one.
    Suspect,
    Fault(KafkaFault),
}

pub(crate) struct Reader {
    pub held: Held,
    pub incidents: Vec<Incident>,
    /// Partitions whose end was reached; they need not be fetched any more.
    pub finished: Vec<(Arc<str>, i32)>,
    epoch: u64,
    chunk: OpenChunk,
    events: UnboundedSender<Result<SourceEvent, KafkaFault>>,
    gauges: Arc<Gauges>,
}

impl Reader {
    pub(crate) fn new(
        config: &KafkaConfig,
        budget: FetchBudget,
        events: UnboundedSender<Result<SourceEvent, KafkaFault>>,
        gauges: Arc<Gauges>,
    ) -> Self {
        Self {
            held: Held::default(),
            incidents: Vec::new(),
            finished: Vec::new(),
            epoch: 0,
            chunk: OpenChunk::new(budget.chunk_bytes(), config.include_headers),
            events,
            gauges,
        }
    }

    pub(crate) fn chunk(&self) -> &OpenChunk {
        &self.chunk
    }

    /// Everything of `message` that matters is copied.
    pub(crate) fn accept(&mut self, message: Message<'_>) {
        match message.error() {
            None => self.record(message),
            Some(RDKafkaErrorCode::PartitionEOF) => self.end_of_partition(message),
            Some(code) => self.trouble(code, message),
        }
    }

    fn record(&mut self, message: Message<'_>) {
        // Given up, or fetched before a rewind.
        let Some(partition) = self.held.find(message) else { return };
        let offset = message.offset();
        if partition.done || partition.next.is_some_and(|next| offset < next) {
            return;
        }
        if partition.end.is_none_or(|end| offset < end) {
            // The record's own offset says more than the advance to it.
            partition.advance = None;
            self.chunk.push(partition, message);
            partition.next = Some(offset + 1);
        }
        if let Some(end) = partition.end
            && offset + 1 >= end
        {
            partition.reached(end);
            self.finished.push((Arc::clone(&partition.id.topic), partition.id.partition));
            self.chunk.touch();
        }
        if self.chunk.is_full() {
            self.close_chunk();
        }
    }

    /// The position after the last record, trailing control records included.
    fn end_of_partition(&mut self, message: Message<'_>) {
        let Some(partition) = self.held.find(message) else { return };
        if partition.done {
            return;
        }
        if partition.reached(message.offset()) {
            self.chunk.touch();
        }
        if partition.done {
            self.finished.push((Arc::clone(&partition.id.topic), partition.id.partition));
        }
    }

    fn trouble(&mut self, code: RDKafkaErrorCode, message: Message<'_>) {
        use RDKafkaErrorCode as Code;
        let (topic, partition) = (message.topic(), message.partition());
        let (offset, reason) = (message.offset(), message.error_text());
        tracing::warn!(target: "kafka", topic, partition, offset, ?code, reason, "partition error");
        let Some(held) = self.held.find(message) else { return };
        let topic = Arc::clone(&held.id.topic);
        let incident = match code {
            Code::AutoOffsetReset | Code::OffsetOutOfRange => {
                // librdkafka has a code for truncation, but tells it in words only.
                Incident::OutOfRange { topic, partition, truncated: reason.contains("truncation") }
            }
            code if concerns_topics(code) => Incident::Suspect,
            // Without an offset it is about group offsets, which are told for monitors only.
            _ if offset < 0 => return,
            Code::TopicAuthorizationFailed => {
                Incident::Fault(KafkaFault::Refused { reason: reason.to_owned() })
            }
            Code::BadMessage
            | Code::BadCompression
            | Code::NotImplemented
            | Code::CriticalSystemResource
            | Code::MessageSizeTooLarge => Incident::Fault(KafkaFault::Unreadable {
                topic: topic.to_string(),
                partition,
                offset,
                reason: reason.to_owned(),
            }),
            // librdkafka backs off and fetches again.
            _ => return,
        };
        self.incidents.push(incident);
    }

    /// Offsets `[next, end)` are gone; the position goes on at `end`. Told before any later record.
    pub(crate) fn lose(&mut self, topic: &str, partition: i32, end: i64) {
        if let Some(partition) = self.held.get(topic, partition) {
            let lost = partition.next.map_or(0, |next| end - next);
            partition.move_to(end, lost);
            self.chunk.touch();
        }
        self.close_chunk();
    }

    /// Later chunks are of `epoch`; the open one is dropped.
    pub(crate) fn rewind(&mut self, positions: &Positions, epoch: u64) {
        self.chunk.discard();
        self.epoch = epoch;
        self.held.rewind(positions);
        self.finished.clear();
    }

    pub(crate) fn close_chunk(&mut self) {
        let Some(closed) = self.chunk.close(&mut self.held, self.epoch) else { return };
        self.gauges.sent(closed.chunk.bytes() as u64);
        if let Some(newest_ms) = closed.newest_ms {
            self.gauges.set_newest(newest_ms);
        }
        self.gauges.set_lag(self.held.lag());
        self.tell(Ok(SourceEvent::Records(closed.chunk)));
    }

    pub(crate) fn tell_drained(&self, elsewhere: Vec<(Arc<str>, i32, i64)>) {
        self.tell(Ok(SourceEvent::Drained { epoch: self.epoch, elsewhere }));
    }

    /// Never blocks, and never waits for the byte budget.
    pub(crate) fn tell(&self, event: Result<SourceEvent, KafkaFault>) {
        if matches!(event, Ok(SourceEvent::Assigned { .. } | SourceEvent::Revoked { .. })) {
            self.gauges.rebalance_sent();
        }
        // Nobody listens once the source was dropped; a close follows.
        let _ = self.events.send(event);
    }
}
