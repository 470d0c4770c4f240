//! Options resolved, and what they make of librdkafka's properties.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use headgate_model::ReadMode;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use crate::offsets::{EndingOffsets, StartingOffsets, UnmatchedTimestamp};
use crate::properties::is_secret;
use crate::selection::{INTERNAL_TOPICS, TopicSelection};

/// Bytes that the source may hold: librdkafka's queue, requests on their way, and chunks that
/// nobody took yet. librdkafka may exceed its share by one response a broker.
#[derive(Clone, Copy, Debug)]
pub struct FetchBudget {
    pub bytes: u64,
}

const MIB: u64 = 1 << 20;

impl FetchBudget {
    /// Half: what librdkafka has fetched and nobody has read.
    fn queue_bytes(self) -> u64 {
        (self.bytes / 2).max(MIB)
    }

    /// An eighth: one response of one broker.
    fn fetch_bytes(self) -> u64 {
        (self.bytes / 8).clamp(MIB, 32 * MIB)
    }

    /// A quarter: chunks that were not taken yet. One chunk always passes, however large.
    pub(crate) fn in_flight_bytes(self) -> u64 {
        (self.bytes / 4).max(MIB / 2)
    }

    /// Payload at which a chunk is closed.
    pub(crate) fn chunk_bytes(self) -> usize {
        (self.bytes / 16).clamp(64 << 10, 2 * MIB) as usize
    }
}

/// What the options of format `kafka` mean.
#[derive(Clone)]
pub struct KafkaConfig {
    pub topics: TopicSelection,
    pub starting: StartingOffsets,
    /// What a starting timestamp after every record means.
    pub unmatched_timestamp: UnmatchedTimestamp,
    /// Of use with [`ReadMode::UntilEnd`] only.
    pub ending: EndingOffsets,
    /// True: offsets that are gone, or another topic of the same name, stop the query.
    pub fail_on_data_loss: bool,
    pub include_headers: bool,
    /// The engine cuts a batch there.
    pub max_offsets_per_trigger: Option<u64>,
    /// The engine holds a trigger back until so many, for `max_trigger_delay` at most.
    pub min_offsets_per_trigger: Option<u64>,
    pub max_trigger_delay: Duration,
    pub mode: ReadMode,
    /// librdkafka's properties, without their `kafka.` prefix.
    pub(crate) properties: BTreeMap<String, String>,
}

/// Short, so that a query without its broker says so soon. librdkafka's own is 30 s.
const CONNECT_TIMEOUT_MS: u64 = 10_000;
const MAX_POLL_INTERVAL_MS: u64 = 300_000;
const REVOKE_LIMIT: Duration = Duration::from_secs(30);

impl KafkaConfig {
    pub fn bootstrap_servers(&self) -> &str {
        self.properties.get("bootstrap.servers").map_or("", String::as_str)
    }

    /// How long a start may look for brokers: `socket.connection.setup.timeout.ms`.
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.millis("socket.connection.setup.timeout.ms", CONNECT_TIMEOUT_MS)
    }

    /// How long an assignment may wait for its positions.
    pub(crate) fn assign_limit(&self) -> Duration {
        self.millis("max.poll.interval.ms", MAX_POLL_INTERVAL_MS) / 2
    }

    /// How long a revocation may wait for the open batch.
    pub(crate) fn revoke_limit(&self) -> Duration {
        REVOKE_LIMIT.min(self.assign_limit())
    }

    fn millis(&self, property: &str, default: u64) -> Duration {
        let given = self.properties.get(property).and_then(|text| text.trim().parse().ok());
        Duration::from_millis(given.unwrap_or(default))
    }

    /// Properties for a client; with no group it can look things up but not read.
    pub(crate) fn client(&self, budget: FetchBudget, group: Option<&str>) -> ClientConfig {
        let mut client = ClientConfig::new();
        let fetch_bytes = budget.fetch_bytes().max(self.largest_message());
        let broker_side = self
            .properties
            .get("group.protocol")
            .is_some_and(|protocol| protocol.eq_ignore_ascii_case("consumer"));
        client
            .set("client.id", "headgate")
            .set("socket.connection.setup.timeout.ms", CONNECT_TIMEOUT_MS.to_string())
            .set("socket.keepalive.enable", "true")
            // New partitions within half a minute; librdkafka's own is 5 minutes.
            .set("topic.metadata.refresh.interval.ms", "30000")
            .set("topic.blacklist", internal_topics())
            // The bytes bound the queue, not the count; at the bound, fetch again soon, not in 1 s.
            .set("queued.min.messages", "1000000")
            .set("fetch.queue.backoff.ms", "10")
            .set("fetch.wait.max.ms", "100")
            .set("fetch.max.bytes", fetch_bytes.to_string())
            .set("fetch.message.max.bytes", (fetch_bytes / 4).max(MIB).to_string());
        if !broker_side {
            client.set("partition.assignment.strategy", "cooperative-sticky");
        }
        for (name, value) in &self.properties {
            // An alias beside its default would leave to chance which one counts.
            let alias = name == "max.partition.fetch.bytes";
            client.set(if alias { "fetch.message.max.bytes" } else { name }, value);
        }
        client
            .set("queued.max.messages.kbytes", (budget.queue_bytes() / 1024).to_string())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("statistics.interval.ms", "1000")
            // Lines below it come only with kafka.debug; where they end up is tracing's choice.
            .set_log_level(RDKafkaLogLevel::Debug);
        if let Some(group) = group {
            client.set("group.id", group);
        }
        client
    }

    /// librdkafka wants `fetch.max.bytes` at least that large.
    fn largest_message(&self) -> u64 {
        self.properties.get("message.max.bytes").and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

fn internal_topics() -> String {
    INTERNAL_TOPICS.iter().map(|topic| format!("^{topic}$")).collect::<Vec<_>>().join(",")
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            topics,
            starting,
            unmatched_timestamp,
            ending,
            fail_on_data_loss,
            include_headers,
            max_offsets_per_trigger,
            min_offsets_per_trigger,
            max_trigger_delay,
            mode,
            properties,
        } = self;
        let shown = |(name, value): (&String, &String)| {
            let value = if is_secret(name) { "(not shown)" } else { value.as_str() };
            (name.clone(), value.to_owned())
        };
        f.debug_struct("KafkaConfig")
            .field("topics", topics)
            .field("starting", starting)
            .field("unmatched_timestamp", unmatched_timestamp)
            .field("ending", ending)
            .field("fail_on_data_loss", fail_on_data_loss)
            .field("include_headers", include_headers)
            .field("max_offsets_per_trigger", max_offsets_per_trigger)
            .field("min_offsets_per_trigger", min_offsets_per_trigger)
            .field("max_trigger_delay", max_trigger_delay)
            .field("mode", mode)
            .field("properties", &properties.iter().map(shown).collect::<BTreeMap<_, _>>())
            .finish()
    }
}
