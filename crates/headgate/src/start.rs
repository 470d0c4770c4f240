//! Wires a resolved node to concrete parts, and starts it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow_schema::Schema;
use headgate_delta::Maintenance;
use headgate_engine::StopSwitch;
use headgate_kafka::FetchBudget;
use headgate_model::{BoxFault, InterventionGate, Proceed, TableRole};
use headgate_registry::SchemaRegistry;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};
use tracing::Instrument;
use uuid::Uuid;

use crate::calls::Functions;
use crate::contract_change::{ContractChanges, Succession};
use crate::gate::{AskedGate, Fallback};
use crate::handle::{End, Feed, QueryHandle};
use crate::memory::{Lease, fetch_bytes};
use crate::observers::Observers;
use crate::options;
use crate::parts::{self, Standing};
use crate::report::Datasets;
use crate::resolve::{NamedTable, NodeConfig, resolve};
use crate::rule_calls::{RuleCalls, check_used};
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
    let StartOptions { intervention, observers, functions, base_dir } = start;
    let (lease, part) = Lease::take(config.memory_max);
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
    let (output, query) = (parts::output(&config).clone(), config.query.clone());
    let observers = Observers::new(observers, query, output, config.durability, datasets.clone());
    let observers = Arc::new(observers);
    let feed = Arc::new(Feed::new(datasets, Arc::clone(&observers)));
    let calls = Arc::new(RuleCalls::new(functions.rules.timeout));
    let registry = config.payload.registry.as_ref().map(SchemaRegistry::new).transpose()?;
    let standing = Arc::new(Standing {
        gate,
        feed: Arc::clone(&feed),
        calls: Arc::clone(&calls),
        cursors: observers.cursors(),
        fetch: FetchBudget { bytes: fetch_bytes(part) },
        writers: lease.writers(),
        state: lease.state(),
        registry: registry.map(Arc::new),
    });
    let (switch, signal) = StopSwitch::new();
    let judging = standing.judging(&config).await?;
    let first = standing.prepare(&config, judging, &signal).await?;
    let id = first.incarnation.clone();
    let history = match &asked {
        Some(_) => observers.history(HISTORY).await?,
        None => Vec::new(),
    };
    let (set_end, end) = watch::channel(None);
    let maintenance = config.maintenance.clone().map(Maintenance::start).transpose()?;
    let (set_transforms, transforms) = watch::channel(config.rows.calls.clone());
    let (changes, asked_changes) = mpsc::channel(1);
    let succession =
        Succession { standing: Arc::clone(&standing), changes: asked_changes, set_transforms };
    let task = tokio::spawn(succession.run(first, signal).in_current_span());
    let abort = task.abort_handle();
    let running =
        Running { name: config.name.clone(), feed: Arc::clone(&feed), lease, maintenance };
    tokio::spawn(watch_over(task, running, set_end.clone()));
    Ok(QueryHandle {
        id,
        run_id: Uuid::now_v7().to_string(),
        reroute_targets: config.reroute_targets(),
        name: config.name.clone(),
        dataset,
        history,
        gate: asked,
        calls,
        transforms,
        feed,
        observers,
        switch,
        end,
        set_end,
        task: abort,
        contracts: ContractChanges {
            current: AsyncMutex::new(config),
            standing,
            changes,
            base_dir,
            functions,
        },
    })
}

/// Since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
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
