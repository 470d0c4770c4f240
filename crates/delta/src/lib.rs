//! The sink on Delta Lake, and what reads it back; the only crate that names deltalake.
//!
//! The output's log is the commit point and the checkpoint (DESIGN.md §5). [`DeltaSink`] writes
//! Parquet files nobody can see, then puts one log entry that carries files, positions, ledger and
//! debts; side tables are paid from it.
//!
//! | module | holds |
//! |---|---|
//! | `log`, `head`, `entry`, `commit` | one log: read an entry, put one if absent, tell whose it is |
//! | `image`, `app_id`, `account` | what a query keeps in the log, its names and its JSON |
//! | `committer`, `first_commit`, `side` | the protocol: batches, blocks, debts and payments |
//! | `checkpoint`, `checkpoint_file`, `clean_up`, `background` | what runs apart from commits |
//! | `maintenance` | files made larger, dead ones deleted, along a curve if asked |
//! | `outbox`, `ledgers` | the log as observers follow it, and as a history for others |
//! | `operate` | what operators commit: release, adopt, rewind |
//! | `rules` | what a test can take away from the protocol, to see it fail |
//! | `protocol`, `evolution` | what a table may demand of its writers, and columns that come to it |
//! | `address`, `object_stores`, `store`, `durable`, `synced_store` | where tables are kept |
//! | `answer`, `fault` | what goes wrong there |
//! | `active` | the files that a table consists of, and their rows |
//! | `table`, `table_writer`, `data_file`, `upload`, `partitions`, `stats` | tables and their files |
//! | `documents` | small objects that are no tables: contracts |
//! | `verify`, `verify_rows`, `preview` | ledgers and rows read back |

mod account;
mod active;
mod address;
mod answer;
mod app_id;
mod background;
mod checkpoint;
mod checkpoint_file;
mod clean_up;
mod commit;
mod committer;
mod data_file;
mod documents;
mod durable;
mod entry;
mod evolution;
mod fault;
mod first_commit;
mod head;
mod image;
mod ledgers;
mod log;
mod maintenance;
#[cfg(test)]
mod model;
mod moment;
mod object_reader;
mod object_stores;
mod operate;
mod outbox;
mod partitions;
mod parts;
mod patience;
mod preview;
mod protocol;
mod rules;
mod scan;
mod side;
mod sink;
mod snapshot_txns;
mod stats;
mod store;
mod synced_store;
mod table;
mod table_writer;
mod upload;
mod verify;
mod verify_log;
mod verify_rows;

pub use address::{AddressFault, address_in, address_of};
pub use checkpoint::DEFAULT_CHECKPOINT_INTERVAL;
pub use clean_up::clean_up_log;
pub use data_file::Codec;
pub use documents::Documents;
pub use fault::DeltaFault;
pub use ledgers::{LedgerEvent, LedgerPage, read_ledgers};
pub use maintenance::{
    Checkpointed, LEAST_VACUUM_RETENTION, MAX_Z_ORDER_COLUMNS, MaintainedTable, Maintenance,
    MaintenanceConfig, OptimizeOptions, Optimized, Vacuumed, checkpoint, optimize, vacuum,
};
pub use object_stores::{Cloud, OptionFault, StoreOptions};
pub use operate::{Operation, Operator, RewindTo};
pub use outbox::{Cursors, Outbox, Told, newest_batches, settle_cursors};
pub use preview::{TableSize, newest_rows, table_size};
pub use scan::{Scan, Written, scan};
pub use sink::{DeltaSink, DeltaSinkConfig};
pub use table::{DEFAULT_FILE_BYTES, Durability, TableConfig, check_table};
pub use verify::{SideReport, VerifiedPosition, VerifyReport, verify};
pub use verify_rows::{RemovedRows, RowsReport};
