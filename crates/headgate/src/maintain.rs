//! What an operator does to the files and the log of a table.

use std::time::Duration;

use chrono::Utc;
use headgate_delta::{Checkpointed, OptimizeOptions, Optimized, Vacuumed};

use crate::Failure;
use crate::inspect::{address, failure};
use crate::quantity;

type Maintained<T> = Result<T, Box<Failure>>;

/// Makes small files larger; see `headgate optimize`.
pub async fn optimize(
    path: &str,
    z_order: Vec<String>,
    target_file_size: Option<&str>,
) -> Maintained<Optimized> {
    let target_file_bytes = target_file_size
        .map(|text| quantity::bytes(text).filter(|bytes| *bytes > 0).ok_or(text))
        .transpose()
        .map_err(|text| unusable(path, text, "a size such as 128MiB"))?;
    let options = OptimizeOptions { target_file_bytes, z_order, ..OptimizeOptions::default() };
    headgate_delta::optimize(&address(path)?, &options).await.map_err(failure)
}

/// Deletes files that nothing refers to; see `headgate vacuum`.
pub async fn vacuum(path: &str, retention: Option<&str>, dry_run: bool) -> Maintained<Vacuumed> {
    let retention: Option<Duration> = retention
        .map(|text| quantity::duration(text).ok_or(text))
        .transpose()
        .map_err(|text| unusable(path, text, "a number and a unit, such as 30 days"))?;
    let address = address(path)?;
    headgate_delta::vacuum(&address, retention, dry_run, Utc::now()).await.map_err(failure)
}

/// Writes a log checkpoint; see `headgate checkpoint`.
pub async fn checkpoint(path: &str) -> Maintained<Checkpointed> {
    headgate_delta::checkpoint(&address(path)?).await.map_err(failure)
}

fn unusable(path: &str, text: &str, expected: &str) -> Box<Failure> {
    let message = format!("expected {expected}, got \"{text}\"");
    Box::new(Failure::of_run("CONFIG_VALUE", message, false, "maintain", path, expected))
}
