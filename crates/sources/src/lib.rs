//! Sources that need no client of their own, each for one worker that reads all partitions.
//!
//! [`RateSource`] makes records up at a steady rate, for demonstrations and tests: `rate::options` says
//! what the user may write, `rate::stream` which record is due when, `rate::source` hands them over.
//! [`MemorySource`] reads a [`MemoryLog`], which whoever has it fills: for tests, in one process.

mod assignment;
mod clock;
mod memory;
mod rate;

pub use memory::{MemoryConfig, MemoryFault, MemoryLog, MemoryOptions, MemoryRecord, MemorySource};
pub use rate::{RateConfig, RateFault, RateOptions, RateSource};
