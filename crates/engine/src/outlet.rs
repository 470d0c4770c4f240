//! Write, decide, commit, observe: the second half of a batch's life.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headgate_model::{
    BatchCommit, BatchObserver, Block, BoxFault, CommitOutcome, CommittedBatch, Decision,
    FaultPoint, InterventionGate, LakeSink, Ledger, MemoryUse, Progress, SinkImage, Status,
    TableRole, TableTotal, Waiting, reach,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::EngineFault;
use crate::reroute::Rerouting;
use crate::work::{Cut, Feedback, Work};

pub(crate) struct Outlet<K> {
    pub sink: K,
    pub gate: Arc<dyn InterventionGate>,
    pub observer: Arc<dyn BatchObserver>,
    pub rerouting: Rerouting,
    pub feedback: mpsc::UnboundedSender<Feedback>,
    /// Work of older epochs is void.
    pub epoch: u64,
    pub version: i64,
    pub write_time: Duration,
    /// The call to the store that is under way.
    pub calls: Calls,
}

/// What the outlet waits for, as its reporter sees it.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<Option<(&'static str, Instant)>>>);

impl Calls {
    async fn during<T>(&self, operation: &'static str, call: impl Future<Output = T>) -> T {
        self.set(Some((operation, Instant::now())));
        let done = call.await;
        self.set(None);
        done
    }

    fn set(&self, call: Option<(&'static str, Instant)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = call;
    }

    fn now(&self) -> Option<(&'static str, Instant)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that takes longer is reported, as often.
const REPORT_EVERY: Duration = Duration::from_secs(1);

impl<K: LakeSink> Outlet<K> {
    /// Ends when `work` is closed and done; what was not cut by then is dropped.
    pub async fn run(mut self, mut work: mpsc::Receiver<Work>) -> Result<(), BoxFault> {
        let mut result = Ok(());
        let (calls, observer) = (self.calls.clone(), Arc::clone(&self.observer));
        let budget = self.sink.patience();
        while result.is_ok()
            && let Some(next) = work.recv().await
        {
            let version = self.version;
            let step = self.step(next);
            tokio::pin!(step);
            result = loop {
                tokio::select! {
                    biased;
                    done = &mut step => break done,
                    () = tokio::time::sleep(REPORT_EVERY) => {
                        let Some((operation, since)) = calls.now() else { continue };
                        let elapsed = since.elapsed();
                        if elapsed >= REPORT_EVERY {
                            let waiting = Some(Waiting { operation, elapsed, budget });
                            observer
                                .progress(Progress { waiting, ..Progress::idle(version, now_us()) });
                        }
                    }
                }
            };
        }
        self.sink.discard().await;
        self.sink.close().await;
        result
    }

    async fn step(&mut self, work: Work) -> Result<(), BoxFault> {
        match work {
            Work::Rows { epoch, tables } if epoch == self.epoch => {
                let started = Instant::now();
                for (role, rows) in tables {
                    self.calls.during("write", self.sink.write(role, rows)).await?;
                }
                self.write_time += started.elapsed();
            }
            Work::Cut(cut) if cut.epoch == self.epoch => self.settle(*cut).await?,
            Work::Rows { .. } | Work::Cut(_) => {}
            Work::Idle { elapsed, lag, fetch_queue, held } => {
                let memory = MemoryUse { fetch_queue, ..MemoryUse::default() };
                let idle = Progress::idle(self.version, now_us());
                self.observer.progress(Progress { elapsed, lag, memory, held, ..idle });
                released(&self.calls.during("refresh", self.sink.refresh()).await?)?;
            }
            Work::Settled { reply } => {
                // Whoever asked may have failed meanwhile.
                let _ = reply.send(());
            }
            Work::Refresh { reply } => {
                let image = self.calls.during("refresh", self.sink.refresh()).await?;
                released(&image)?;
                let _ = reply.send(image);
            }
            Work::Restart { epoch } => {
                self.sink.discard().await;
                self.write_time = Duration::ZERO;
                self.epoch = epoch;
            }
        }
        Ok(())
    }

    /// Decide, commit, observe.
    async fn settle(&mut self, mut cut: Cut) -> Result<(), BoxFault> {
        let mut phases = cut.phases;
        let writers = self.sink.buffered_bytes();
        let started = Instant::now();
        if cut.verdict.status != Status::Block {
            self.calls.during("close", self.sink.close_files()).await?;
        }
        phases.write = std::mem::take(&mut self.write_time) + started.elapsed();
        let started = Instant::now();
        let Decided { ledger, refusal, reroute } = decide(self.gate.as_ref(), &cut).await;
        phases.decide = started.elapsed();
        let started = Instant::now();
        if let Some(to) = reroute {
            let uuid = &ledger.verdict.batch_uuid;
            let convert = |rows| self.rerouting.convert(to, uuid, rows);
            self.calls.during("write", self.sink.reroute(to, &convert)).await?;
        }
        phases.write += started.elapsed();
        let started = Instant::now();
        let blocked = match &refusal {
            None => None,
            Some(EngineFault::Blocked { .. }) => Some(Block::Intervention),
            Some(_) => Some(Block::Policy),
        };
        let stands_on = cut.stands_on.take().filter(|_| blocked.is_none());
        let stood_on = stands_on.is_some();
        let commit = BatchCommit { ledger: ledger.clone(), blocked, stands_on };
        let outcome = self.calls.during("commit", self.sink.commit(commit)).await?;
        phases.commit = started.elapsed();
        match outcome {
            CommitOutcome::Fenced { image, same_group } => {
                tracing::info!(
                    version = image.version,
                    "fenced: another worker moved a position first"
                );
                self.fence(same_group);
            }
            CommitOutcome::Blocked(note) => return Err(EngineFault::StillBlocked(note).into()),
            CommitOutcome::Committed { version, side_tables } => {
                self.version = version;
                self.observe(&cut, phases, writers, ledger, side_tables);
                reach(FaultPoint::Observed)?;
                if let Some(refusal) = refusal {
                    return Err(refusal.into());
                }
                let forgets = reroute.is_some() && stood_on;
                let ends = cut.partitions.iter().map(|range| (range.partition.clone(), range.end));
                let _ = self.feedback.send(Feedback::Committed { positions: ends.collect() });
                if forgets {
                    self.fence(true);
                }
            }
        }
        Ok(())
    }

    /// Until intake restarts, everything it sent belongs to a batch that is no more.
    fn fence(&mut self, same_group: bool) {
        let _ = self.feedback.send(Feedback::Fenced { epoch: self.epoch, same_group });
        self.epoch = u64::MAX;
    }

    fn observe(
        &self,
        cut: &Cut,
        phases: headgate_model::Phases,
        writers: u64,
        ledger: Ledger,
        side_tables: Vec<TableTotal>,
    ) {
        let at_us = now_us();
        let Cut { lag, fetch_queue, chunk_bytes: chunks, opened_at, elapsed, .. } = cut;
        self.observer.batch(CommittedBatch {
            version: self.version,
            ledger: ledger.clone(),
            committed_at_us: at_us,
            side_tables,
        });
        self.observer.progress(Progress {
            version: self.version,
            at_us,
            num_input_rows: ledger.counts.records,
            elapsed: *elapsed,
            busy: opened_at.elapsed(),
            phases,
            lag: *lag,
            memory: MemoryUse { fetch_queue: *fetch_queue, chunks: *chunks, writers, commit: 0 },
            ledger: Some(ledger),
            waiting: None,
            held: cut.held.clone(),
        });
    }
}

struct Decided {
    ledger: Ledger,
    refusal: Option<EngineFault>,
    reroute: Option<TableRole>,
}

/// The strategy may be stricter than the policy, never laxer: it is not asked of a batch that
/// the policy blocks.
async fn decide(gate: &dyn InterventionGate, cut: &Cut) -> Decided {
    let mut ledger = Ledger {
        partitions: cut.partitions.clone(),
        counts: cut.counts,
        verdict: cut.verdict.clone(),
        shadow: cut.shadow.clone(),
        intervention: None,
        rerouted_to: None,
    };
    let (mut refusal, mut reroute) = (None, None);
    if ledger.verdict.status == Status::Block {
        let verdict = Box::new(ledger.verdict.clone());
        return Decided { refusal: Some(EngineFault::Violated { verdict }), ledger, reroute };
    }
    match gate.decide(&ledger.verdict).await {
        Decision::Proceed => {}
        Decision::Warn { reason } => {
            ledger.verdict.status = Status::Warn;
            ledger.intervention = Some(reason);
        }
        Decision::Reroute { reason, to } => {
            ledger.verdict.status = Status::Warn;
            ledger.intervention = Some(reason);
            let rows = std::mem::take(&mut ledger.counts.accepted);
            if rows > 0 {
                ledger.counts.rerouted = rows;
                ledger.rerouted_to = Some(to.name);
                reroute = Some(to.role);
            }
        }
        Decision::Block { reason } => {
            ledger.verdict.status = Status::Block;
            ledger.intervention = Some(reason.clone());
            let verdict = Box::new(ledger.verdict.clone());
            refusal = Some(EngineFault::Blocked { reason, verdict });
        }
    }
    Decided { ledger, refusal, reroute }
}

/// A block stops every worker and every start until somebody releases it.
pub(crate) fn released(image: &SinkImage) -> Result<(), EngineFault> {
    match &image.blocked {
        Some(note) => Err(EngineFault::StillBlocked(note.clone())),
        None => Ok(()),
    }
}

fn now_us() -> i64 {
    chrono::Utc::now().timestamp_micros()
}
