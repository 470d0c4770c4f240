//! Wires a resolved node to concrete parts, and starts it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow_schema::{Schema, SchemaRef};
use headgate_contract::CheckOptions;
use headgate_decode::{Decoder, UnknownFields};
use headgate_delta::{DeltaSink, DeltaSinkConfig, Maintenance, Written};
use headgate_engine::{
    BatchLimits, EngineConfig, Query, QueryParts, RejectsContract, Shadow, StopSwitch,
};
use headgate_kafka::{FetchBudget, KafkaSource, TopicSelection};
use headgate_model::{BoxFault, InterventionGate, Proceed, RecordSource, TableRole};
use headgate_sources::{MemorySource, RateSource};
use tokio::sync::watch;
use tracing::Instrument;
use uuid::Uuid;

use crate::calls::Functions;
use crate::gate::{AskedGate, Fallback};
use crate::handle::{End, Feed, QueryHandle};
use crate::input::SourceConfig;
use crate::memory::{Lease, fetch_bytes};
use crate::observers::Observers;
use crate::options;
use crate::report::Datasets;
use crate::resolve::{NamedTable, NodeConfig, resolve};
use crate::rule_calls::{RuleCalls, check_used};
use crate::rule_queries;
use crate::{Dataset, Failure, Issue};

/// Batches that an intervention knows of from before.
const HISTORY: usize = 100;

#[derive(Clone, Debug)]
pub struct StartOptions {
    /// What relative paths are relative to.
    pub base_dir: PathBuf,
    /// Asks the outside about every verdict.
    pub intervention: Option<InterventionOptions>,
    /// Names of observers that follow the output's log; see [`QueryHandle::next_told`].
    pub observers: Vec<String>,
    /// Asks the outside what rules find and transforms make.
    pub functions: Functions,
}

#[derive(Clone, Copy, Debug)]
pub struct InterventionOptions {
    pub timeout: Duration,
    pub fallback: Fallback,
}

/// Reads options and whatever they point to; all issues at once.
pub fn load(
    json: &str,
    base_dir: &Path,
    functions: &Functions,
) -> Result<NodeConfig, (Vec<Issue>, Option<String>)> {
    let options = options::parse(json).map_err(|issue| (vec![issue], None))?;
    let name = options.name.clone();
    let read = |path: &Path| std::fs::read_to_string(path);
    resolve(&options, base_dir, functions, read).map_err(|found| (found, name))
}

/// Returns once the tables are open and the source is connected; the query runs on. Must be called
/// within a tokio runtime.
pub async fn start(json: &str, start: StartOptions) -> Result<QueryHandle, Box<Failure>> {
    let functions = &start.functions;
    let config = load(json, &start.base_dir, functions)
        .map_err(|(issues, name)| Box::new(Failure::invalid(issues, name.as_deref())))?;
    let name = config.name.clone();
    let contracts = [&config.contract, &config.shadow_contract].into_iter().flatten();
    let mut issues = check_used(&functions.rules, contracts);
    issues.extend(config.rows.check_used(&functions.transforms));
    if !issues.is_empty() {
        return Err(Box::new(Failure::invalid(issues, Some(&name))));
    }
    // What the engine logs of a query names it.
    let span = tracing::info_span!("query", query = name);
    start_node(config, start)
        .instrument(span)
        .await
        .map_err(|fault| Box::new(Failure::of(&fault, Some(&name))))
}

async fn start_node(config: NodeConfig, start: StartOptions) -> Result<QueryHandle, BoxFault> {
    let (lease, part) = Lease::take(config.memory_max);
    match config.source.clone() {
        SourceConfig::Kafka(kafka) => {
            let source = KafkaSource::new(*kafka, FetchBudget { bytes: fetch_bytes(part) })?;
            start_reading(source, config, lease, start).await
        }
        SourceConfig::Rate(rate) => {
            start_reading(RateSource::new(rate, now()), config, lease, start).await
        }
        SourceConfig::Memory(memory) => {
            start_reading(MemorySource::new(memory, now()), config, lease, start).await
        }
    }
}

/// Since 1970.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

async fn start_reading<S: RecordSource>(
    source: S,
    config: NodeConfig,
    lease: Lease,
    StartOptions { intervention, observers, functions, base_dir: _ }: StartOptions,
) -> Result<QueryHandle, BoxFault> {
    let asked =
        intervention.map(|options| Arc::new(AskedGate::new(options.timeout, options.fallback)));
    let gate: Arc<dyn InterventionGate> = match &asked {
        Some(asked) => Arc::clone(asked) as _,
        None => Arc::new(Proceed),
    };
    let datasets = datasets(&config);
    let schema = config.layout.schema(TableRole::Output).cloned();
    let schema = schema.unwrap_or_else(|| Arc::new(Schema::empty()));
    let dataset = Dataset::new(datasets.output.clone(), &schema);
    let output = sink_config(&config, &lease).output;
    let query = config.query.clone();
    let observers = Observers::new(observers, query, output, config.durability, datasets.clone());
    let observers = Arc::new(observers);
    let feed = Arc::new(Feed::new(datasets, Arc::clone(&observers)));
    let (switch, signal) = StopSwitch::new();
    let cursors = observers.cursors();
    let sink = DeltaSink::new(DeltaSinkConfig { cursors, ..sink_config(&config, &lease) });
    let check = CheckOptions {
        reject_unknown_fields: config.decode.unknown_fields == UnknownFields::Reject,
        keeps_violating: config.policy.writes_violating_rows(),
        frame_bytes: 0,
    };
    let calls = Arc::new(RuleCalls::new(functions.rules.timeout));
    let decoder = decoder(&config, config.rows.columns.as_ref())?;
    let transform = config.rows.transform.clone();
    let schema = transform.as_ref().map_or(decoder.schema(), |transform| transform.schema());
    let queries = match &config.contract {
        Some(contract) => rule_queries::plan(contract, schema).await?,
        None => None,
    };
    let shadow = match &config.shadow_contract {
        Some(contract) => {
            let transform = config.rows.shadow_transform.clone();
            let columns = match &transform {
                Some(_) => config.rows.columns.as_ref(),
                None => Some(contract.schema()),
            };
            let decoder = self::decoder(&config, columns)?;
            let schema = transform.as_ref().map_or(decoder.schema(), |made| made.schema());
            Some(Shadow {
                queries: rule_queries::plan(contract, schema).await?,
                functions: calls.functions_of(contract),
                transform,
                checker: contract.checker(check),
                contract: contract.reference().clone(),
                decoder,
            })
        }
        None => None,
    };
    let parts = QueryParts {
        shadow,
        rejects_contract: config.rejects_contract.clone().map(RejectsContract::new),
        output_rows: Box::new(Written::of(sink_config(&config, &lease).output)),
        config: engine_config(&config, &lease),
        queries,
        functions: config.contract.as_ref().and_then(|contract| calls.functions_of(contract)),
        source,
        sink,
        decoder,
        transform,
        checker: config.contract.as_ref().map(|contract| contract.checker(check)),
        contract: config.contract.as_ref().map(|contract| contract.reference().clone()),
        gate,
        observer: Arc::clone(&feed) as _,
        stop: signal,
    };
    let query = Query::prepare(parts).await?;
    let id = query.incarnation().to_owned();
    let history = match &asked {
        Some(_) => observers.history(HISTORY).await?,
        None => Vec::new(),
    };
    let (set_end, end) = watch::channel(None);
    let maintenance = config.maintenance.clone().map(Maintenance::start).transpose()?;
    let task = tokio::spawn(query.run().in_current_span());
    let abort = task.abort_handle();
    let running =
        Running { name: config.name.clone(), feed: Arc::clone(&feed), lease, maintenance };
    tokio::spawn(watch_over(task, running, set_end.clone()));
    Ok(QueryHandle {
        id,
        run_id: Uuid::now_v7().to_string(),
        reroute_targets: config.reroute_targets(),
        name: config.name,
        dataset,
        history,
        gate: asked,
        calls,
        transforms: config.rows.calls,
        feed,
        observers,
        switch,
        end,
        set_end,
        task: abort,
    })
}

/// What lasts as long as a query.
struct Running {
    name: String,
    feed: Arc<Feed>,
    lease: Lease,
    maintenance: Option<Maintenance>,
}

/// Waits for the query and says how it ended, panics included.
async fn watch_over(
    task: tokio::task::JoinHandle<Result<(), BoxFault>>,
    running: Running,
    set_end: watch::Sender<Option<End>>,
) {
    let ended = task.await;
    let Running { name, feed, lease, maintenance } = running;
    if let Some(maintenance) = maintenance {
        maintenance.stop().await;
    }
    drop(lease);
    feed.close();
    let end = match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(fault)) => Err(Box::new(Failure::of(&fault, Some(&name)))),
        Err(error) => Err(Box::new(Failure::of_run(
            "ENGINE_PANICKED",
            error.to_string(),
            false,
            "run",
            &name,
            "nothing uncommitted was kept; please report this",
        ))),
    };
    set_end.send_if_modified(|known| {
        let first = known.is_none();
        if first {
            *known = Some(end);
        }
        first
    });
}

fn datasets(config: &NodeConfig) -> Datasets {
    let name = |role| config.table(role).map(|table| table.dataset_id.clone());
    let is_sink = |table: &&NamedTable| matches!(table.config.role, TableRole::Sink(_));
    let sinks = config.tables.iter().filter(is_sink);
    Datasets {
        output: name(TableRole::Output).unwrap_or_default(),
        rejects: name(TableRole::Rejects),
        sinks: sinks.map(|sink| (sink.name.clone(), sink.dataset_id.clone())).collect(),
    }
}

/// Without columns, payloads stay as they are.
fn decoder(config: &NodeConfig, columns: Option<&SchemaRef>) -> Result<Box<dyn Decoder>, BoxFault> {
    Ok(match columns {
        Some(columns) => headgate_decode::json(columns, config.decode)?,
        None => headgate_decode::raw(config.decode.tombstones),
    })
}

fn sink_config(config: &NodeConfig, lease: &Lease) -> DeltaSinkConfig {
    let table = |table: &NamedTable| table.config.clone();
    let (output, sides): (Vec<_>, Vec<_>) =
        config.tables.iter().map(table).partition(|table| table.role == TableRole::Output);
    DeltaSinkConfig {
        query: config.query.clone(),
        // Resolution refuses a node without an output.
        output: output.into_iter().next().unwrap_or_else(|| config.tables[0].config.clone()),
        side_tables: sides,
        durability: config.durability,
        cursors: Arc::default(),
        buffers: lease.writers(),
    }
}

fn engine_config(config: &NodeConfig, lease: &Lease) -> EngineConfig {
    let limits = BatchLimits {
        max_rows: config.max_rows,
        max_bytes: config.max_bytes,
        max_offsets: None,
        min_offsets: None,
        max_trigger_delay: Duration::ZERO,
        state: lease.state(),
    };
    let (limits, fixed_assignment) = match &config.source {
        SourceConfig::Kafka(kafka) => {
            let limits = BatchLimits {
                max_offsets: kafka.max_offsets_per_trigger,
                min_offsets: kafka.min_offsets_per_trigger,
                max_trigger_delay: kafka.max_trigger_delay,
                ..limits
            };
            (limits, matches!(kafka.topics, TopicSelection::Assign(_)))
        }
        // One worker has them all.
        SourceConfig::Rate(_) | SourceConfig::Memory(_) => (limits, true),
    };
    EngineConfig {
        query: config.query.clone(),
        policy: config.policy,
        trigger: config.trigger,
        limits,
        layout: config.layout.clone(),
        fixed_assignment,
    }
}
