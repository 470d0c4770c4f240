//! Sources and sinks in memory, for the tests of whoever is generic over the seams. They keep every
//! promise of the traits, use the latitude that the traits leave (a chunk of an older epoch does
//! arrive after a rewind), and fail where a test tells them to. No clock, no task, no runtime.
//!
//! | type | stands for |
//! |---|---|
//! | [`VecLog`] | the brokers: partitions with records, gaps and retention, shared by sources |
//! | [`VecSource`], [`SourceControl`] | one worker's consumer, and the hand that assigns and revokes |
//! | [`VecRegistry`] | the registry that has the schemas of payloads |
//! | [`MemoryLake`] | the tables: one output log, and side tables that follow it by payments |
//! | [`MemorySink`], [`SinkControl`] | one worker's view of the lake, and the hand that disturbs it |

mod bell;
mod fake_fault;
mod memory_lake;
mod memory_sink;
mod sink_control;
mod source_control;
mod vec_log;
mod vec_registry;
mod vec_source;

pub use fake_fault::FakeFault;
pub use memory_lake::{EntryKind, LogEntry, MemoryLake};
pub use memory_sink::MemorySink;
pub use sink_control::{CommitEvent, SinkControl};
pub use source_control::SourceControl;
pub use vec_log::{POLLED_AT_US, VecLog, VecRecord};
pub use vec_registry::{Answering, VecRegistry};
pub use vec_source::{ReadUntil, VecSource};
