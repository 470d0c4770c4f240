//! SQL over rows, by DataFusion: rules that judge a batch by a `SELECT`, and transforms, which are a
//! `SELECT` of each row.
//!
//! | module | holds |
//! |---|---|
//! | `session` | what a statement may see and use, and its plan |
//! | `feed` | the rows of a batch as a table that a running plan reads |
//! | `queries` | one batch after the other through all plans |
//! | `transforms` | one chunk after the other through `SELECT`s, and which rows fail |
//! | `row_by_row` | what such a `SELECT` may hold |
//! | `steps` | how it is evaluated |
//! | `fit` | how its columns become those that are asked for |

mod fault;
mod feed;
mod fit;
mod queries;
mod row_by_row;
mod session;
mod steps;
mod transforms;

pub use fault::{Misfit, SqlFault};
pub use fit::{Columns, misfits};
pub use queries::{Limits, Queries};
pub use transforms::Transforms;
