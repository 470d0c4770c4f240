//! Kafka as a source of records, on librdkafka; the only crate that names rdkafka.
//!
//! [`KafkaOptions`] turns `input.options` into a [`KafkaConfig`]; [`KafkaSource`] reads by it.
//! One operating-system thread owns the consumer (`poll_thread`) and talks to the asynchronous
//! side through a channel of events and one of commands:
//!
//! ```text
//! brokers ──► librdkafka ──► one queue ──► chunks ──► KafkaSource::next
//!                 │ events                    ▲
//!                 ▼                           │ no room: records stay in librdkafka's queue,
//!             mailbox ──► rebalance, checks ──┘ whose size is bounded; events are still polled
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `options`, `properties`, `offsets`, `selection` | what the user wrote |
//! | `config` | what it means, and librdkafka's properties |
//! | `source`, `command`, `gauges` | the asynchronous side |
//! | `poll_thread`, `rebalance`, `topic_check`, `data_loss` | the thread, one concern a file |
//! | `reader`, `held`, `open_chunk` | from messages to chunks |
//! | `context`, `stats` | what librdkafka tells |
//! | `lookup`, `watermarks`, `facts` | questions to brokers with bounded answers |
//! | `fetch_queue`, `topic_id`, `bootstrap` | the three places that call librdkafka directly |
//! | `embedded` | a broker inside this process |

mod bootstrap;
mod command;
mod config;
mod context;
mod data_loss;
mod embedded;
mod facts;
mod fault;
mod fetch_queue;
mod gauges;
mod held;
mod lookup;
mod offsets;
mod open_chunk;
mod options;
mod poll_thread;
mod properties;
mod reader;
mod rebalance;
mod selection;
mod source;
mod stats;
mod topic_check;
mod topic_id;
mod watermarks;

pub use config::{FetchBudget, KafkaConfig};
pub use embedded::EmbeddedBroker;
pub use facts::{PartitionFacts, partition_facts};
pub use fault::KafkaFault;
pub use offsets::{ByPartition, EndingOffsets, OffsetChoice, StartingOffsets, UnmatchedTimestamp};
pub use options::KafkaOptions;
pub use selection::{TopicPattern, TopicSelection};
pub use source::KafkaSource;
