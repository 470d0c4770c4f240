//! SQL over rows, by DataFusion: rules that judge a batch by a `SELECT`.
//!
//! | module | holds |
//! |---|---|
//! | `session` | what a statement may see and use, and its plan |
//! | `feed` | the rows of a batch as a table that a running plan reads |
//! | `queries` | one batch after the other through all plans |

mod fault;
mod feed;
mod queries;
mod session;

pub use fault::SqlFault;
pub use queries::{Limits, Queries};
