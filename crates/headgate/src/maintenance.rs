//! `maintenance:` as the user wrote it, for the tables of a node.

use std::time::Duration;

use headgate_delta::{
    Durability, LEAST_VACUUM_RETENTION, MAX_Z_ORDER_COLUMNS, MaintainedTable, MaintenanceConfig,
    OptimizeOptions,
};
use headgate_model::TableRole;

use crate::Issue;
use crate::options::MaintenanceOptions;
use crate::quantity;
use crate::resolve::{Issues, NamedTable};

const OPTIMIZE_EVERY: Duration = Duration::from_secs(600);
const VACUUM_EVERY: Duration = Duration::from_secs(86_400);

/// Commits between two log checkpoints, if the user says so.
pub(crate) fn checkpoint_interval(
    options: Option<&MaintenanceOptions>,
    issues: &mut Issues,
) -> Option<i64> {
    let interval = options?.checkpoint_interval?;
    if interval == 0 {
        let path = ["maintenance", "checkpoint_interval"];
        issues.add(Issue::new(&path, "CONFIG_VALUE", "at least 1", "0"));
    }
    Some(interval.into())
}

/// `None` where it is switched off.
pub(crate) fn resolve(
    options: Option<&MaintenanceOptions>,
    tables: &[NamedTable],
    durability: Durability,
    issues: &mut Issues,
) -> Option<MaintenanceConfig> {
    let z_order = options.and_then(|options| options.z_order.clone()).unwrap_or_default();
    check_z_order(&z_order, tables, issues);
    let mut duration = |key: &str, written: Option<&String>, least: Duration, expected: &str| {
        let text = written?;
        let parsed = quantity::duration(text).filter(|found| !found.is_zero() && *found >= least);
        if parsed.is_none() {
            let path = ["maintenance", key];
            issues.add(Issue::new(&path, "CONFIG_VALUE", expected, text.as_str()));
        }
        parsed
    };
    const INTERVAL: &str = "a number and a unit, such as 10 minutes: more than 0";
    const RETENTION: &str = "a number and a unit, such as 30 days: at least 7 days";
    let every = options.and_then(|options| options.optimize_interval.as_ref());
    let optimize_every = duration("optimize_interval", every, Duration::ZERO, INTERVAL);
    let every = options.and_then(|options| options.vacuum_interval.as_ref());
    let vacuum_every = duration("vacuum_interval", every, Duration::ZERO, INTERVAL);
    let kept = options.and_then(|options| options.vacuum_retention.as_ref());
    let vacuum_retention = duration("vacuum_retention", kept, LEAST_VACUUM_RETENTION, RETENTION);
    if options.and_then(|options| options.enabled) == Some(false) {
        return None;
    }
    let tables = tables.iter().map(|NamedTable { config, .. }| MaintainedTable {
        address: config.address.clone(),
        store: config.store.clone(),
        checkpoint_interval: config.checkpoint_interval,
        options: OptimizeOptions {
            target_file_bytes: Some(config.target_file_bytes as u64),
            z_order: if config.role == TableRole::Output { z_order.clone() } else { Vec::new() },
            codec: config.codec,
        },
    });
    Some(MaintenanceConfig {
        tables: tables.collect(),
        optimize_every: optimize_every.unwrap_or(OPTIMIZE_EVERY),
        vacuum_every: vacuum_every.unwrap_or(VACUUM_EVERY),
        vacuum_retention,
        durability,
    })
}

/// Columns of the output's files: not those that they are partitioned by.
fn check_z_order(z_order: &[String], tables: &[NamedTable], issues: &mut Issues) {
    let path = ["maintenance", "z_order"];
    if z_order.len() > MAX_Z_ORDER_COLUMNS {
        let expected = format!("at most {MAX_Z_ORDER_COLUMNS} columns");
        issues.add(Issue::new(&path, "CONFIG_VALUE", expected, format!("{}", z_order.len())));
    }
    let Some(output) = tables.iter().find(|table| table.config.role == TableRole::Output) else {
        return;
    };
    let config = &output.config;
    let fields = config.schema.fields().iter().map(|field| field.name());
    let known: Vec<&String> =
        fields.filter(|name| !config.partition_columns.contains(name)).collect();
    for column in z_order.iter().filter(|column| !known.contains(column)) {
        let known = known.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        issues.add(Issue::new(&path, "CONFIG_VALUE", known, column.as_str()));
    }
}
