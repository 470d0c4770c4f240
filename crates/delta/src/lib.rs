//! The sink on Delta Lake, and what reads it back; the only crate that names deltalake.
//!
//! The output's log is the commit point and the checkpoint (DESIGN.md §5). [`DeltaSink`] writes
//! Parquet files nobody can see, then puts one log entry that carries files, positions, ledger and
//! debts; side tables are paid from it.
//!
//! | module | holds |
//! |---|---|
//! | `log`, `commit` | one log: read an entry, put one if absent, tell whose it is |
//! | `image`, `app_id`, `account` | what a query keeps in the log, its names and its JSON |
//! | `side` | debts and payments |
//! | `protocol` | what a table may demand of its writers |
//! | `table`, `table_writer`, `data_file`, `partitions`, `stats` | tables and their files |
//! | `verify`, `preview` | ledgers and rows read back |

mod account;
mod app_id;
mod checkpoint;
mod commit;
mod data_file;
mod durable;
mod fault;
mod image;
mod log;
mod object_reader;
mod partitions;
mod parts;
mod preview;
mod protocol;
mod side;
mod sink;
mod snapshot_txns;
mod stats;
mod table;
mod table_writer;
mod verify;
mod verify_log;

pub use data_file::Codec;
pub use fault::DeltaFault;
pub use preview::{TableSize, newest_rows, table_size};
pub use sink::{DeltaSink, DeltaSinkConfig};
pub use table::{Durability, TableConfig, address_of};
pub use verify::{SideReport, VerifyReport, verify};
