//! From what the user wrote to what it means: defaults, and every rule between keys. No I/O: the
//! contract's text comes in as a closure.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use headgate_contract::Contract;
use headgate_delta::{Durability, MaintenanceConfig, TableConfig};
use headgate_engine::{DecodedAs, Layout, LayoutOptions, Policy, RejectsTo, Trigger};
use headgate_model::{RerouteTarget, TableRole};
use serde_json::Value;

use crate::Issue;
use crate::calls::Functions;
use crate::contracts::{check_coverage, check_rejects, check_shadow, contract};
use crate::input::{self, Input, SourceConfig};
use crate::json_schema::InputSchema;
use crate::options::{NodeOptions, RejectsOptions, Size, StreamingOptions};
use crate::payload::{self, PARSED, PayloadConfig};
use crate::quantity;
use crate::transforms::{Contracts, RowsConfig, has_transforms};
use crate::{maintenance, servers, tables, transforms};

const DEFAULT_MAX_ROWS: u64 = 5_000_000;
const DEFAULT_MAX_BYTES: u64 = 1 << 30;
const DEFAULT_MEMORY: u64 = 512 << 20;
/// Below this a query could not hold one fetch, one chunk and one row group.
const MIN_MEMORY: u64 = 64 << 20;
const MAX_INTERVAL: Duration = Duration::from_secs(365 * 86_400);

/// A node that can be started.
#[derive(Clone)]
pub struct NodeConfig {
    pub name: String,
    pub query: String,
    pub source: SourceConfig,
    pub payload: PayloadConfig,
    pub rows: RowsConfig,
    pub contract: Option<Contract>,
    pub shadow_contract: Option<Contract>,
    pub rejects_contract: Option<Contract>,
    pub policy: Policy,
    pub trigger: Trigger,
    pub layout: Layout,
    /// The output first.
    pub tables: Vec<NamedTable>,
    pub max_rows: u64,
    pub max_bytes: u64,
    pub memory_max: u64,
    pub durability: Durability,
    pub maintenance: Option<MaintenanceConfig>,
}

#[derive(Clone, Debug)]
pub struct NamedTable {
    /// In the configuration: its role, or the name of a sink.
    pub name: String,
    /// As the user wrote it: the table name, or the path.
    pub dataset_id: String,
    pub config: TableConfig,
}

impl NodeConfig {
    pub fn table(&self, role: TableRole) -> Option<&NamedTable> {
        self.tables.iter().find(|table| table.config.role == role)
    }

    /// Where interventions may send batches: sinks, and rejects that can tell where a row is from,
    /// hold no copies of rows of the output, and have no contract of their own.
    pub fn reroute_targets(&self) -> Vec<RerouteTarget> {
        let rejects = self.layout.options.metadata
            && self.policy != Policy::Allow
            && self.rejects_contract.is_none();
        let is_target = |table: &&NamedTable| match table.config.role {
            TableRole::Sink(_) => true,
            role => role == TableRole::Rejects && rejects,
        };
        let targets = self.tables.iter().filter(is_target);
        let target = |table: &NamedTable| RerouteTarget {
            name: table.name.clone(),
            role: table.config.role,
        };
        targets.map(target).collect()
    }
}

/// Collects issues, so that the user sees all of them at once.
pub(crate) struct Issues(pub Vec<Issue>);

impl Issues {
    pub fn add(&mut self, issue: Issue) {
        self.0.push(issue);
    }

    pub fn required<T>(&mut self, value: Option<T>, path: &[&str], expected: &str) -> Option<T> {
        if value.is_none() {
            self.add(Issue::new(path, "CONFIG_MISSING", expected, "nothing"));
        }
        value
    }

    pub fn choice<T: Copy>(
        &mut self,
        value: Option<&str>,
        path: &[&str],
        names: &[(&str, T)],
    ) -> Option<T> {
        let value = value?;
        let found = names.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice);
        if found.is_none() {
            let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            self.add(Issue::new(path, "CONFIG_VALUE", known.join(" | "), value));
        }
        found
    }
}

/// `base_dir`: what relative paths are relative to. `functions`: those that custom rules and transforms may name.
/// `read`: the text of a contract.
pub fn resolve(
    options: &NodeOptions,
    base_dir: &Path,
    functions: &Functions,
    read: impl Fn(&Path) -> std::io::Result<String>,
) -> Result<NodeConfig, Vec<Issue>> {
    let mut issues = Issues(Vec::new());
    let name = issues.required(options.name.clone(), &["name"], "a name for the query");
    let name = name.filter(|name| check_name(&mut issues, &["name"], name)).unwrap_or_default();
    let streaming = streaming(options.streaming.as_ref(), &mut issues);
    let policy = policy(options, &mut issues);
    let mut compiled = |path: &[&str], document: Option<&Value>| {
        contract(path, document, base_dir, &functions.rules.names, &read, &mut issues)
    };
    let shadow = compiled(&["shadow_contract"], options.shadow_contract.as_ref());
    let of_rejects = compiled(&["rejects_contract"], options.rejects_contract.as_ref());
    let of_input = options.input.as_ref().and_then(|input| input.contract.as_ref());
    let of_input = compiled(&["input", "contract"], of_input);
    let contract = compiled(&["contract"], options.contract.as_ref());
    let schema = InputSchema::read(options.json_schema(), base_dir, &read, &mut issues);
    let of_input = match &schema {
        Some(schema) if has_transforms(options) => {
            of_input.or_else(|| schema.contract(&mut issues))
        }
        _ => of_input,
    };
    let (contract, shadow) = match &schema {
        Some(schema) => schema.join(options, contract, shadow, &mut issues),
        None => (contract, shadow),
    };
    let supplied = servers::supply(options, contract.as_ref(), &mut issues);
    let options = &supplied.options;
    check_coverage(options, contract.as_ref(), &mut issues);
    check_shadow(options, shadow.as_ref(), &mut issues);
    let input =
        input::resolve(options.input.as_ref(), streaming.trigger, base_dir, &read, &mut issues);
    check_contract(options, &input, &mut issues);
    let contracts =
        Contracts { input: of_input.as_ref(), output: contract.as_ref(), shadow: shadow.as_ref() };
    let named = &functions.transforms;
    let rows = transforms::resolve(options, &input.payload, &contracts, named, &mut issues);
    payload::check(&input.payload, rows.columns.as_ref(), &mut issues);
    let layout = layout(options, &input, policy, contract.as_ref(), &rows);
    if contract.is_some() || rows.transform.is_some() {
        let of = if contract.is_some() { "contract" } else { "transforms" };
        check_columns(&layout, of, &mut issues);
    }
    check_policy(options, policy, &mut issues);
    check_rejects(options, of_rejects.as_ref(), layout.schema(TableRole::Rejects), &mut issues);
    let mut tables = tables::resolve(options, &layout, contract.as_ref(), base_dir, &mut issues);
    let batch = options.batch.as_ref();
    let max_rows = batch.and_then(|batch| batch.max_rows).unwrap_or(DEFAULT_MAX_ROWS);
    if max_rows == 0 {
        issues.add(Issue::new(&["batch", "max_rows"], "CONFIG_VALUE", "at least 1", "0"));
    }
    let max_bytes = batch.and_then(|batch| batch.max_bytes.as_ref());
    let max_bytes = size(max_bytes, &["batch", "max_bytes"], 1, DEFAULT_MAX_BYTES, &mut issues);
    let memory = options.memory.as_ref().and_then(|memory| memory.max.as_ref());
    let memory_max = size(memory, &["memory", "max"], MIN_MEMORY, DEFAULT_MEMORY, &mut issues);
    const DURABILITIES: [(&str, Durability); 2] =
        [("fsync", Durability::Fsync), ("process", Durability::Process)];
    let durability = options.durability.as_deref();
    let durability = issues.choice(durability, &["durability"], &DURABILITIES).unwrap_or_default();
    let maintenance = options.maintenance.as_ref();
    if let Some(interval) = maintenance::checkpoint_interval(maintenance, &mut issues) {
        tables.iter_mut().for_each(|table| table.config.checkpoint_interval = interval);
    }
    let maintenance = maintenance::resolve(maintenance, &tables, durability, &mut issues);
    supplied.explain(&mut issues);
    match (input.source, issues.0.is_empty()) {
        (Some(source), true) => Ok(NodeConfig {
            query: streaming.query_name.unwrap_or_else(|| name.clone()),
            name,
            source,
            payload: input.payload,
            rows,
            contract,
            shadow_contract: shadow,
            rejects_contract: of_rejects,
            policy,
            trigger: streaming.trigger,
            layout,
            tables,
            max_rows,
            max_bytes,
            memory_max,
            durability,
            maintenance,
        }),
        _ => Err(issues.0),
    }
}

fn check_name(issues: &mut Issues, path: &[&str], name: &str) -> bool {
    if !is_name(name) {
        issues.add(Issue::new(path, "CONFIG_VALUE", A_NAME, name));
    }
    is_name(name)
}

/// What [`is_name`] takes.
pub(crate) const A_NAME: &str = "1 to 200 printable characters";

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 200 && !name.chars().any(char::is_control)
}

struct Streaming {
    trigger: Trigger,
    query_name: Option<String>,
}

fn streaming(options: Option<&StreamingOptions>, issues: &mut Issues) -> Streaming {
    let trigger = options.and_then(|options| options.trigger.as_ref());
    let path = ["streaming", "trigger", "interval"];
    const KINDS: [(&str, Trigger); 3] = [
        ("processing_time", Trigger::ProcessingTime(Duration::from_secs(10))),
        ("available_now", Trigger::AvailableNow),
        ("once", Trigger::Once),
    ];
    let kind = trigger.and_then(|trigger| trigger.kind.as_deref());
    let mut resolved =
        issues.choice(kind, &["streaming", "trigger", "type"], &KINDS).unwrap_or_default();
    if let Some(interval) = trigger.and_then(|trigger| trigger.interval.as_deref()) {
        let expected = "a number and a unit, such as 10 seconds: more than 0, at most 365 days";
        match (resolved, quantity::duration(interval)) {
            (Trigger::AvailableNow | Trigger::Once, _) => {
                issues.add(Issue::new(
                    &path,
                    "CONFIG_CONFLICT",
                    "no interval with this trigger",
                    interval,
                ));
            }
            (_, Some(interval)) if !interval.is_zero() && interval <= MAX_INTERVAL => {
                resolved = Trigger::ProcessingTime(interval);
            }
            _ => issues.add(Issue::new(&path, "CONFIG_VALUE", expected, interval)),
        }
    }
    let mode = options.and_then(|options| options.output_mode.as_deref());
    issues.choice(mode, &["streaming", "output_mode"], &[("append", ())]);
    let query_name = options.and_then(|options| options.query_name.clone());
    let query_name =
        query_name.filter(|name| check_name(issues, &["streaming", "query_name"], name));
    Streaming { trigger: resolved, query_name }
}

fn policy(options: &NodeOptions, issues: &mut Issues) -> Policy {
    let given = options.on_violation.as_deref();
    let named = issues.choice(given, &["on_violation"], &Policy::NAMES);
    match (given, options.enforce) {
        (Some(given), Some(enforce)) => {
            let actual = format!("on_violation: {given} and enforce: {enforce}");
            issues.add(
                Issue::new(
                    &["enforce"],
                    "CONFIG_CONFLICT",
                    "on_violation or enforce, not both",
                    actual,
                )
                .details("enforce: true is block, enforce: false is allow"),
            );
            Policy::default()
        }
        (None, Some(false)) => Policy::Allow,
        _ => named.unwrap_or_default(),
    }
}

fn check_contract(options: &NodeOptions, input: &Input, issues: &mut Issues) {
    let written = options.input.as_ref();
    let raw_fields = written.and_then(|input| input.unknown_fields.as_deref());
    let of_input = written.is_some_and(|input| input.contract.is_some());
    let transforms = has_transforms(options);
    match (input.payload.is_parsed(), options.has_contract()) {
        (true, false) if !(of_input && transforms) => issues.add(
            Issue::new(
                &["contract"],
                "CONFIG_MISSING",
                "a contract, which decides the columns",
                "nothing",
            )
            .details("decode: raw keeps payloads as text and needs none"),
        ),
        (false, true) if !transforms => issues.add(
            Issue::new(&["input", "decode"], "CONFIG_CONFLICT", PARSED, "raw")
                .details("to check a contract: decode: raw does not look into payloads, unless transforms do"),
        ),
        (false, _) if of_input => issues.add(
            Issue::new(&["input", "contract"], "CONFIG_CONFLICT", PARSED, "raw")
                .details("transforms of raw payloads read them from the column _raw_value"),
        ),
        (false, _) if raw_fields.is_some_and(|fields| fields != "ignore") => issues.add(
            Issue::new(&["input", "unknown_fields"], "CONFIG_CONFLICT", PARSED, "raw"),
        ),
        _ => {}
    }
}

fn layout(
    options: &NodeOptions,
    input: &Input,
    policy: Policy,
    contract: Option<&Contract>,
    rows: &RowsConfig,
) -> Layout {
    let decoded = match (contract, &rows.transform) {
        (Some(contract), transform) if input.payload.is_parsed() || transform.is_some() => {
            DecodedAs::Contract {
                schema: contract.schema().clone(),
                extra: input.payload.has_extra(),
            }
        }
        (None, Some(transform)) => DecodedAs::Transformed {
            schema: transform.schema().clone(),
            raw: !input.payload.is_parsed(),
        },
        _ => DecodedAs::Raw,
    };
    let rejects = match &options.rejects {
        None => RejectsTo::Nowhere,
        Some(RejectsOptions::Word(_)) => RejectsTo::DeadLetters,
        Some(RejectsOptions::Table(_)) => RejectsTo::Rejects,
    };
    let dead_letters = options.dead_letters.is_some();
    Layout::new(LayoutOptions { decoded, policy, rejects, dead_letters, metadata: input.metadata })
}

/// Tables are read by engines that do not tell `Id` from `id`.
fn check_columns(layout: &Layout, of: &str, issues: &mut Issues) {
    let mut told = BTreeSet::new();
    for schema in TableRole::ALL.iter().filter_map(|role| layout.schema(*role)) {
        let mut seen = BTreeSet::new();
        for field in schema.fields() {
            let name = field.name().to_lowercase();
            if !seen.insert(name.clone()) && told.insert(name) {
                let expected = "names apart from one another and from Headgate's own columns";
                issues.add(Issue::new(&[of], "CONFIG_CONFLICT", expected, field.name().as_str()));
            }
        }
    }
}

fn check_policy(options: &NodeOptions, policy: Policy, issues: &mut Issues) {
    match &options.rejects {
        None if policy == Policy::Split => issues.add(
            Issue::new(
                &["rejects"],
                "CONFIG_MISSING",
                "a table for rejections under on_violation: split",
                "nothing",
            )
            .details("rejects: dead_letters sends them to the dead letters"),
        ),
        Some(RejectsOptions::Word(word)) if word != "dead_letters" => {
            issues.add(Issue::new(
                &["rejects"],
                "CONFIG_VALUE",
                "a table, or dead_letters",
                word.as_str(),
            ));
        }
        Some(RejectsOptions::Word(_)) if options.dead_letters.is_none() => issues.add(Issue::new(
            &["dead_letters"],
            "CONFIG_MISSING",
            "a table, since rejects go there",
            "nothing",
        )),
        Some(_) if !options.has_contract() => issues.add(Issue::new(
            &["rejects"],
            "CONFIG_CONFLICT",
            "a contract to reject by",
            "no contract",
        )),
        _ => {}
    }
    if !options.has_contract() && (options.on_violation.is_some() || options.enforce.is_some()) {
        let path = if options.enforce.is_some() { "enforce" } else { "on_violation" };
        issues.add(Issue::new(&[path], "CONFIG_CONFLICT", "a contract to violate", "no contract"));
    }
}

fn size(
    option: Option<&Size>,
    path: &[&str],
    least: u64,
    default: u64,
    issues: &mut Issues,
) -> u64 {
    let (parsed, text) = match option {
        None => return default,
        Some(Size::Bytes(bytes)) => (Some(*bytes), bytes.to_string()),
        Some(Size::Text(text)) => (quantity::bytes(text), text.clone()),
    };
    match parsed.filter(|bytes| *bytes >= least) {
        Some(bytes) => bytes,
        None => {
            let expected = format!("a size such as 512MiB, at least {least} bytes");
            issues.add(Issue::new(path, "CONFIG_VALUE", expected, text));
            default
        }
    }
}
