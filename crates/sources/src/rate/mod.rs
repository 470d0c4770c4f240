//! Format `rate`, with the options of Spark's.

mod fault;
mod options;
mod source;
mod stream;

pub use fault::RateFault;
pub use options::{RateConfig, RateOptions};
pub use source::RateSource;
