//! Tables as the user wrote them: address, partitioning, codec.

use std::collections::BTreeMap;
use std::path::Path;

use headgate_contract::Contract;
use headgate_delta::{
    AddressFault, Cloud, Codec, DEFAULT_CHECKPOINT_INTERVAL, DEFAULT_FILE_BYTES, OptionFault,
    StoreOptions, TableConfig, address_in,
};
use headgate_engine::Layout;
use headgate_model::TableRole;
use url::Url;

use crate::Issue;
use crate::options::{NodeOptions, RejectsOptions, TableOptions};
use crate::quantity;
use crate::resolve::{A_NAME, Issues, NamedTable, is_name};

const MIN_FILE_BYTES: u64 = 1 << 20;
const OPTIONS: [&str; 4] = ["partitionBy", "compression", "delta.targetFileSize", "mergeSchema"];

/// A table in the configuration.
struct Written<'a> {
    role: TableRole,
    /// Its path.
    at: Vec<&'a str>,
    options: &'a TableOptions,
}

impl<'a> Written<'a> {
    /// Path of one of its keys.
    fn key(&self, keys: &[&'a str]) -> Vec<&'a str> {
        [&self.at, keys].concat()
    }
}

pub(crate) fn resolve(
    options: &NodeOptions,
    layout: &Layout,
    contract: Option<&Contract>,
    base_dir: &Path,
    issues: &mut Issues,
) -> Vec<NamedTable> {
    if options.output.is_none() {
        let expected = "where accepted rows go";
        issues.add(Issue::new(&["output"], "CONFIG_MISSING", expected, "nothing"));
    }
    check_sinks(options, issues);
    let mut tables: Vec<NamedTable> = Vec::new();
    for written in written(options) {
        let table = table(&written, layout, contract, base_dir, issues);
        let Some(table) = table else { continue };
        if let Some(other) = tables.iter().find(|other| overlap(other, &table)) {
            let expected = format!("a path of its own, apart from {}", other.name);
            let path = written.key(&["path"]);
            issues.add(Issue::new(&path, "CONFIG_CONFLICT", expected, table.dataset_id));
            continue;
        }
        tables.push(table);
    }
    tables
}

/// A reroute names a sink, or a table of another kind.
fn check_sinks(options: &NodeOptions, issues: &mut Issues) {
    for name in options.sinks.iter().flat_map(BTreeMap::keys) {
        let is_role = TableRole::ALL.iter().any(|role| role.as_str() == name);
        if is_role || !is_name(name) {
            let roles = TableRole::ALL.map(TableRole::as_str).join(", ");
            let expected = format!("a name of {A_NAME}, and none of {roles}");
            issues.add(Issue::new(&["sinks"], "CONFIG_VALUE", expected, name.as_str()));
        }
    }
}

/// The output first.
fn written(options: &NodeOptions) -> Vec<Written<'_>> {
    let rejects = match &options.rejects {
        Some(RejectsOptions::Table(table)) => Some(table),
        _ => None,
    };
    let named = [
        (TableRole::Output, options.output.as_ref()),
        (TableRole::Rejects, rejects),
        (TableRole::DeadLetters, options.dead_letters.as_ref()),
    ];
    let named = named.into_iter().filter_map(|(role, options)| {
        Some(Written { role, at: vec![role.as_str()], options: options? })
    });
    let sinks = options.sinks.iter().flatten().zip(0..).map(|((name, options), number)| {
        let role = TableRole::Sink(number);
        Written { role, at: vec![role.as_str(), name.as_str()], options }
    });
    named.chain(sinks).collect()
}

/// The same place, or one inside the other.
fn overlap(a: &NamedTable, b: &NamedTable) -> bool {
    let path =
        |table: &NamedTable| format!("{}/", table.config.address.as_str().trim_end_matches('/'));
    let (a, b) = (path(a), path(b));
    a.starts_with(&b) || b.starts_with(&a)
}

fn table(
    written: &Written<'_>,
    layout: &Layout,
    contract: Option<&Contract>,
    base_dir: &Path,
    issues: &mut Issues,
) -> Option<NamedTable> {
    let format = written.key(&["format"]);
    match written.options.format.as_deref() {
        Some("delta") => {}
        None => issues.add(Issue::new(&format, "CONFIG_MISSING", "delta", "nothing")),
        Some(other) => issues.add(
            Issue::new(&format, "FORMAT_NOT_SUPPORTED", "delta", other)
                .details("formats built so far: delta"),
        ),
    }
    let options = written.options.options.clone().unwrap_or_default();
    let place = place(written, base_dir, issues);
    let store = match &place {
        Some(place) => store_options(written, &options, &place.address, issues),
        None => StoreOptions::default(),
    };
    let codec = options.get("compression").map(String::as_str);
    let codec = issues.choice(codec, &written.key(&["options", "compression"]), &Codec::NAMES);
    let target = options.get("delta.targetFileSize").map(|text| (text, quantity::bytes(text)));
    let target = match target {
        None => DEFAULT_FILE_BYTES,
        Some((_, Some(bytes))) if bytes >= MIN_FILE_BYTES => bytes,
        Some((text, _)) => {
            let path = written.key(&["options", "delta.targetFileSize"]);
            issues.add(Issue::new(&path, "CONFIG_VALUE", "a size of at least 1MiB", text.as_str()));
            DEFAULT_FILE_BYTES
        }
    };
    const SWITCH: [(&str, bool); 2] = [("false", false), ("true", true)];
    let merge_schema = options.get("mergeSchema").map(String::as_str);
    let merge_schema =
        issues.choice(merge_schema, &written.key(&["options", "mergeSchema"]), &SWITCH);
    let schema = layout.schema(written.role)?.clone();
    let columns = options.get("partitionBy");
    let partition_columns = partition_columns(written, columns, contract, issues);
    for column in &partition_columns {
        if schema.field_with_name(column).is_err() {
            let known: Vec<&str> =
                schema.fields().iter().map(|field| field.name().as_str()).collect();
            let path = written.key(&["options", "partitionBy"]);
            issues.add(Issue::new(&path, "CONFIG_VALUE", known.join(", "), column.as_str()));
        }
    }
    let Place { dataset_id, address } = place?;
    let config = TableConfig {
        role: written.role,
        address,
        schema,
        partition_columns,
        codec: codec.unwrap_or_default(),
        target_file_bytes: target as usize,
        merge_schema: merge_schema.unwrap_or_default(),
        store,
        checkpoint_interval: DEFAULT_CHECKPOINT_INTERVAL,
    };
    let name = written.at.last().copied().unwrap_or_default().to_owned();
    Some(NamedTable { name, dataset_id, config })
}

/// Values of a side table's partition columns stand in the output's log, so they may only be
/// Headgate's own.
fn partition_columns(
    table: &Written<'_>,
    written: Option<&String>,
    contract: Option<&Contract>,
    issues: &mut Issues,
) -> Vec<String> {
    let path = table.key(&["options", "partitionBy"]);
    let split = |text: &String| -> Vec<String> {
        text.split(',').map(|column| column.trim().to_owned()).filter(|c| !c.is_empty()).collect()
    };
    let written = written.map(split);
    if table.role != TableRole::Output {
        let columns = written.unwrap_or_default();
        if let Some(column) = columns.iter().find(|column| *column != "_ingestion_date") {
            issues.add(Issue::new(&path, "CONFIG_VALUE", "_ingestion_date", column.as_str()));
        }
        return columns;
    }
    let agreed = contract.map(Contract::partition_columns).unwrap_or_default();
    match written {
        Some(columns) if !agreed.is_empty() && columns != agreed => {
            let expected = format!("the contract's: {}", agreed.join(","));
            issues.add(Issue::new(&path, "CONFIG_CONFLICT", expected, columns.join(",")));
            columns
        }
        Some(columns) => columns,
        None => agreed.to_vec(),
    }
}

/// Options that are not of the table are of its store, where it has one.
fn store_options(
    written: &Written<'_>,
    options: &BTreeMap<String, String>,
    address: &Url,
    issues: &mut Issues,
) -> StoreOptions {
    let mut store = StoreOptions::default();
    let cloud = Cloud::of_scheme(address.scheme());
    let of_store = cloud.map(|cloud| format!(", {}", cloud.known_options())).unwrap_or_default();
    for (option, value) in options.iter().filter(|(name, _)| !OPTIONS.contains(&name.as_str())) {
        let path = written.key(&["options", option]);
        let unknown = Err(OptionFault::Unknown);
        match cloud.map_or(unknown, |cloud| cloud.check_option(option, value)) {
            Ok(()) => {
                store.0.insert(option.clone(), value.clone());
            }
            Err(OptionFault::Value) => {
                issues.add(Issue::new(&path, "CONFIG_VALUE", "true or false", value.as_str()));
            }
            Err(OptionFault::Unknown) => {
                let known = OPTIONS.join(", ") + &of_store;
                issues.add(Issue::new(&path, "CONFIG_UNKNOWN", known, option.as_str()));
            }
        }
    }
    store
}

struct Place {
    /// Name to users.
    dataset_id: String,
    address: Url,
}

fn place(written: &Written<'_>, base_dir: &Path, issues: &mut Issues) -> Option<Place> {
    let TableOptions { path, table_name, warehouse, .. } = written.options;
    let found = match (path, table_name, warehouse) {
        (Some(path), None, None) => Some((path.clone(), path.clone())),
        (None, Some(table), Some(warehouse)) => {
            Some((table.clone(), format!("{warehouse}/{table}")))
        }
        (None, Some(table), None) => {
            let path = written.key(&["warehouse"]);
            issues.add(Issue::new(
                &path,
                "CONFIG_MISSING",
                "the path that table names are below",
                table.as_str(),
            ));
            None
        }
        (None, None, _) => {
            let expected = "a path, or table_name and warehouse";
            issues.add(Issue::new(&written.key(&["path"]), "CONFIG_MISSING", expected, "nothing"));
            None
        }
        (Some(path), ..) => {
            let expected = "path, or table_name and warehouse, not both";
            issues.add(Issue::new(
                &written.key(&["path"]),
                "CONFIG_CONFLICT",
                expected,
                path.as_str(),
            ));
            None
        }
    };
    let (dataset_id, path) = found?;
    match address_in(base_dir, &path) {
        Ok(address) => Some(Place { dataset_id, address }),
        Err(fault) => {
            let code = match fault {
                AddressFault::Scheme(_) => "FORMAT_NOT_SUPPORTED",
                _ => "CONFIG_VALUE",
            };
            let path = written.key(&["path"]);
            issues.add(Issue::new(&path, code, AddressFault::EXPECTED, fault.to_string()));
            None
        }
    }
}
