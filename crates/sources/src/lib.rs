//! Sources that need no client of their own.
//!
//! [`RateSource`] makes records up at a steady rate, for demonstrations and tests: `rate::options` says
//! what the user may write, `rate::stream` which record is due when, `rate::source` hands them over.

mod rate;

pub use rate::{RateConfig, RateFault, RateOptions, RateSource};
