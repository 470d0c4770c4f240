//! Format `memory`: records that this process keeps, and nothing of which survives it.

mod fault;
mod log;
mod options;
mod source;

pub use fault::MemoryFault;
pub use log::{MemoryLog, MemoryRecord};
pub use options::{MemoryConfig, MemoryOptions};
pub use source::MemorySource;
