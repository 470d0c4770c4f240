//! A running query moves to another version of its contract, between two batches.
//!
//! What was read before is judged by the old one and committed; then the query is prepared anew, as
//! a start would, and reads on from the positions of the output's log.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use headgate_delta::check_table;
use headgate_engine::{StopMode, StopSignal};
use headgate_model::{BoxFault, ContractRef};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

use crate::calls::Functions;
use crate::handle::QueryHandle;
use crate::parts::{Judging, Prepared, Standing};
use crate::resolve::NodeConfig;
use crate::start::load;
use crate::transform_function::TransformCalls;
use crate::{Failure, Issue};

/// What judged before, and what judges from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractChange {
    pub from: ContractRef,
    pub to: ContractRef,
}

/// The side of a query's owner.
pub(crate) struct ContractChanges {
    /// By which the query runs. One change at a time.
    pub current: AsyncMutex<NodeConfig>,
    pub standing: Arc<Standing>,
    pub changes: mpsc::Sender<Change>,
    pub base_dir: PathBuf,
    pub functions: Functions,
}

/// A change that nothing is known to speak against.
pub(crate) struct Change {
    config: Box<NodeConfig>,
    judging: Judging,
    /// Told once the next query is prepared.
    done: oneshot::Sender<()>,
}

/// One query after the other, each by the contract that holds then.
pub(crate) struct Succession {
    pub standing: Arc<Standing>,
    pub changes: mpsc::Receiver<Change>,
    pub set_transforms: watch::Sender<Option<Arc<TransformCalls>>>,
}

impl Succession {
    pub async fn run(mut self, first: Prepared, stop: StopSignal) -> Result<(), BoxFault> {
        let mut query = first;
        loop {
            let Change { config, judging, done } = tokio::select! {
                biased;
                ended = &mut query.run => return ended,
                Some(change) = self.changes.recv() => change,
            };
            query.switch.stop(StopMode::Drain);
            query.run.await?;
            self.set_transforms.send_replace(config.rows.calls.clone());
            let mut stopped = stop.clone();
            let next = self.standing.prepare(&config, judging, &stop);
            query = tokio::select! {
                biased;
                _ = stopped.wait() => return Ok(()),
                next = next => next?,
            };
            // Whoever asked may be gone.
            let _ = done.send(());
        }
    }
}

impl QueryHandle {
    /// Moves to the contracts of `json`, the configuration that the query runs by in all else.
    /// Answers once the first batch under them can begin. What speaks against it is answered before
    /// anything stops, and the query goes on as it was; a failure after that ends the query.
    pub async fn update_contract(&self, json: &str) -> Result<ContractChange, Box<Failure>> {
        let ContractChanges { current, standing, changes, base_dir, functions } = &self.contracts;
        let mut current = current.lock().await;
        let config = load(json, base_dir, functions)
            .map_err(|(issues, _)| Box::new(Failure::invalid(issues, Some(&self.name))))?;
        let issues = unlike(&current, &config);
        let (Some(from), Some(to), true) = (&current.contract, &config.contract, issues.is_empty())
        else {
            return Err(Box::new(Failure::invalid(issues, Some(&self.name))));
        };
        let change = ContractChange { from: from.reference().clone(), to: to.reference().clone() };
        if judges_alike(&current, &config) {
            return Ok(change);
        }
        let refused = |fault: BoxFault| Box::new(Failure::of(&fault, Some(&self.name)));
        let judging = standing.judging(&config).await.map_err(refused)?;
        for table in &config.tables {
            check_table(&table.config).await.map_err(|fault| refused(fault.into()))?;
        }
        let (done, prepared) = oneshot::channel();
        let asked = Change { config: Box::new(config.clone()), judging, done };
        let is_asked = changes.send(asked).await.is_ok();
        if is_asked && prepared.await.is_ok() {
            tracing::info!(
                query = self.name,
                from = change.from.version,
                to = change.to.version,
                hash = change.to.hash,
                "moved to another contract"
            );
            *current = config;
            return Ok(change);
        }
        let ended = Failure::of_run(
            "QUERY_ENDED",
            "the query ended before its contract changed".to_owned(),
            false,
            "update contract",
            &self.name,
            "start it with the new contract",
        );
        Err(Box::new(self.ended().await.unwrap_or(ended)))
    }
}

/// What a change of contract does not change.
fn unlike(current: &NodeConfig, next: &NodeConfig) -> Vec<Issue> {
    if current.contract.is_none() || next.contract.is_none() {
        let expected = "a contract, as the query was started with";
        return vec![Issue::new(&["contract"], "CONFIG_MISSING", expected, "none")];
    }
    let mut issues = Vec::new();
    let places = |config: &NodeConfig| -> Vec<(String, String)> {
        let tables = config.tables.iter();
        tables.map(|table| (table.name.clone(), table.config.address.to_string())).collect()
    };
    if current.query != next.query {
        let path = ["streaming", "query_name"];
        issues.push(Issue::new(&path, "CONFIG_CONFLICT", &current.query, &next.query));
    }
    let (was, is) = (places(current), places(next));
    let names = was.iter().chain(&is).map(|(name, _)| name);
    for name in names.collect::<BTreeSet<_>>() {
        let of = |places: &[(String, String)]| {
            let found = places.iter().find(|(known, _)| known == name);
            found.map_or("none", |(_, address)| address).to_owned()
        };
        if of(&was) != of(&is) {
            let issue = Issue::new(&[name], "CONFIG_CONFLICT", of(&was), of(&is));
            issues.push(issue.details("a running query keeps its tables: start it anew"));
        }
    }
    issues
}

/// By the same content: there is nothing to change.
fn judges_alike(a: &NodeConfig, b: &NodeConfig) -> bool {
    let contracts = |config: &NodeConfig| {
        [&config.contract, &config.shadow_contract, &config.rejects_contract]
            .map(|contract| contract.as_ref().map(|contract| contract.reference().clone()))
    };
    contracts(a) == contracts(b) && a.rows.columns == b.rows.columns
}
