//! A running query, as its owner holds it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headgate_engine::{StopMode, StopSwitch};
use headgate_model::{
    BatchObserver, CommittedBatch, Decision, FoundRows, Progress, RerouteTarget, Verdict,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex as AsyncMutex, broadcast, mpsc, watch};
use tokio::task::AbortHandle;

use crate::contract_change::ContractChanges;
use crate::gate::AskedGate;
use crate::observers::{Observers, Report as ToldReport};
use crate::report::{self, BatchReport, Datasets, ProgressReport};
use crate::rule_calls::{RuleCall, RuleCalls};
use crate::transform_function::{MadeRows, TransformCall, TransformCalls};
use crate::{Dataset, Failure};

/// Progress reports that a slow reader may fall behind by; older ones are dropped.
const PROGRESS_KEPT: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryState {
    Active,
    Terminated,
    Failed,
}

/// How a query ended.
pub(crate) type End = Result<(), Box<Failure>>;

pub struct QueryHandle {
    /// Stable across restarts: the incarnation.
    pub id: String,
    /// This start.
    pub run_id: String,
    pub name: String,
    /// The output.
    pub dataset: Dataset,
    /// Where interventions may send batches.
    pub reroute_targets: Vec<RerouteTarget>,
    /// With an intervention: the newest batches of the query before this start, the newest last.
    pub history: Vec<BatchReport>,
    pub(crate) gate: Option<Arc<AskedGate>>,
    pub(crate) calls: Arc<RuleCalls>,
    /// Of the query that runs now; a change of contract plans its transforms anew.
    pub(crate) transforms: watch::Receiver<Option<Arc<TransformCalls>>>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) observers: Arc<Observers>,
    pub(crate) switch: StopSwitch,
    pub(crate) end: watch::Receiver<Option<End>>,
    pub(crate) set_end: watch::Sender<Option<End>>,
    pub(crate) task: AbortHandle,
    pub(crate) contracts: ContractChanges,
}

/// Where the engine's reports wait for whoever asks.
pub(crate) struct Feed {
    datasets: Datasets,
    observers: Arc<Observers>,
    batches: Mutex<Option<mpsc::UnboundedSender<BatchReport>>>,
    received: AsyncMutex<mpsc::UnboundedReceiver<BatchReport>>,
    progress: Mutex<Option<broadcast::Sender<ProgressReport>>>,
    reports: AsyncMutex<broadcast::Receiver<ProgressReport>>,
}

impl Feed {
    pub fn new(datasets: Datasets, observers: Arc<Observers>) -> Self {
        let (batches, received) = mpsc::unbounded_channel();
        let (progress, reports) = broadcast::channel(PROGRESS_KEPT);
        Self {
            datasets,
            observers,
            batches: Mutex::new(Some(batches)),
            received: AsyncMutex::new(received),
            progress: Mutex::new(Some(progress)),
            reports: AsyncMutex::new(reports),
        }
    }

    /// What was reported can still be read; then readers are told that it is over.
    pub fn close(&self) {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl BatchObserver for Feed {
    fn batch(&self, batch: CommittedBatch) {
        self.observers.committed(batch.version);
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(batches) = batches.as_ref() {
            let _ = batches.send(self.datasets.batch(batch));
        }
    }

    fn progress(&self, progress: Progress) {
        let sender = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = sender.as_ref() {
            let _ = sender.send(report::progress(progress));
        }
    }

    fn leads(&self, leads: bool) {
        self.observers.lead(leads);
    }
}

impl QueryHandle {
    pub fn state(&self) -> QueryState {
        match self.end.borrow().as_ref() {
            None => QueryState::Active,
            Some(Ok(())) => QueryState::Terminated,
            Some(Err(_)) => QueryState::Failed,
        }
    }

    /// Batches in commit order; `None` once the query has ended and all were told.
    pub async fn next_batch(&self) -> Option<BatchReport> {
        self.feed.received.lock().await.recv().await
    }

    /// What an observer is to be told next, in the order of the output's log, whichever worker
    /// wrote it; `None` once the query has ended and all was told, or another worker tells it.
    /// The same comes again until [`told`](Self::told) of it outlasts a restart.
    pub async fn next_told(&self, observer: &str) -> Result<Option<ToldReport>, Box<Failure>> {
        self.observers.next(observer, self.end.clone()).await
    }

    /// The observer has taken note of everything up to `version`.
    pub fn told(&self, observer: &str, version: i64) {
        self.observers.told(observer, version);
    }

    /// After the end: says in the log how far observers are, if no batch has.
    pub async fn settle_observers(&self) -> Result<(), Box<Failure>> {
        self.observers.settle().await
    }

    /// Progress in order, without what a slow reader missed.
    pub async fn next_progress(&self) -> Option<ProgressReport> {
        let mut reports = self.feed.reports.lock().await;
        loop {
            match reports.recv().await {
                Ok(report) => return Some(report),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The next verdict to decide on; `None` without an intervention, or once ended.
    pub async fn next_verdict(&self) -> Option<(u32, Verdict)> {
        self.unless_ended(self.gate.as_ref()?.next()).await
    }

    /// False when nobody waits for that answer any more.
    pub fn decide(&self, request: u32, decision: Decision) -> bool {
        self.gate.as_ref().is_some_and(|gate| gate.answer(request, decision))
    }

    /// The next call of a rule's function; `None` once ended.
    pub async fn next_rule_call(&self) -> Option<RuleCall> {
        self.unless_ended(self.calls.next()).await
    }

    /// Rows that break the rule, or why they are not known, which never holds values of rows. False
    /// when nobody waits for that answer any more.
    pub fn answer_rule_call(&self, call: u32, found: FoundRows) -> bool {
        self.calls.answer(call, found)
    }

    /// The next call of a transform's function; `None` without any, or once ended.
    pub async fn next_transform_call(&self) -> Option<TransformCall> {
        let mut transforms = self.transforms.clone();
        loop {
            let calls = transforms.borrow_and_update().clone()?;
            tokio::select! {
                next = self.unless_ended(calls.next()) => return next,
                Ok(()) = transforms.changed() => {}
            }
        }
    }

    /// False when nobody waits for that answer any more.
    pub fn answer_transform_call(&self, call: u32, made: MadeRows) -> bool {
        let calls = self.transforms.borrow().clone();
        calls.is_some_and(|calls| calls.answer(call, made))
    }

    /// What comes next, as long as the query has not ended.
    async fn unless_ended<T>(&self, next: impl Future<Output = Option<T>>) -> Option<T> {
        let mut end = self.end.clone();
        tokio::select! {
            biased;
            next = next => next,
            _ = end.wait_for(Option::is_some) => None,
        }
    }

    /// Waits until everything has stopped; the failure, if that is why.
    pub async fn ended(&self) -> Option<Failure> {
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some).await;
        match ended.as_deref() {
            Ok(Some(Err(failure))) => Some(failure.as_ref().clone()),
            _ => None,
        }
    }

    /// Ends the query and waits for it, for `timeout` at most: then its tasks are abandoned, which
    /// loses nothing that was committed. Can be called in any state, any number of times.
    pub async fn stop(&self, drain: bool, timeout: Duration) -> Option<Failure> {
        self.switch.stop(if drain { StopMode::Drain } else { StopMode::Drop });
        if let Ok(failure) = tokio::time::timeout(timeout, self.ended()).await {
            return failure;
        }
        let failure = Failure::of_run(
            "STOP_DEADLINE",
            format!("the query did not stop within {} ms", timeout.as_millis()),
            true,
            "stop",
            &self.name,
            "its open batch is dropped and will be read again; a commit on its way may still land, and counts",
        );
        self.feed.close();
        self.set_end.send_if_modified(|end| {
            let first = end.is_none();
            if first {
                *end = Some(Err(Box::new(failure)));
            }
            first
        });
        // After the end is set: the task's own end would be taken for a panic.
        self.task.abort();
        self.ended().await
    }
}
