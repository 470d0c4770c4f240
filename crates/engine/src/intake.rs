//! Poll, take in, cut: the first half of a batch's life.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use headgate_contract::Checker;
use headgate_decode::Decoder;
use headgate_model::{
    BatchObserver, BatchQueries, BoxFault, OutputRows, Phases, Positions, RecordChunk,
    RecordSource, RowFunctions, SourceEvent,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

use crate::account::Offsets;
use crate::assemble::Assembler;
use crate::lookups::News;
use crate::process::answers;
use crate::schemas::Schemas;
use crate::shadow::OpenShadow;
use crate::stop::{StopMode, StopSignal};
use crate::transform::RowTransform;
use crate::trigger::Ticks;
use crate::verdict::{Tally, verdict};
use crate::work::{Cut, Feedback, Work};
use crate::{EngineConfig, EngineFault, Trigger};

pub(crate) struct Intake<S> {
    pub source: S,
    pub decoder: Box<dyn Decoder>,
    /// Of decoders that read by their writers' schemas.
    pub schemas: Option<Schemas>,
    pub transform: Option<RowTransform>,
    pub checker: Option<Checker>,
    /// What rules need to have asked of the rows.
    pub queries: Option<Box<dyn BatchQueries>>,
    /// What rules need to have found in the rows.
    pub functions: Option<Box<dyn RowFunctions>>,
    pub shadow: Option<OpenShadow>,
    pub output_rows: Box<dyn OutputRows>,
    /// Where the output stands by what rules over more than a batch know of it.
    pub stands_on: Option<Positions>,
    pub assembler: Assembler,
    pub config: EngineConfig,
    pub observer: Arc<dyn BatchObserver>,
    pub work: mpsc::Sender<Work>,
    pub feedback: mpsc::UnboundedReceiver<Feedback>,
    pub stop: StopSignal,
    pub offsets: Offsets,
    pub epoch: u64,
    /// Consecutive fences.
    pub fences: u32,
    /// When to read again from the output's positions, after a fence.
    pub rewind: Option<Instant>,
    /// The source has reached its end, and that is still to be settled.
    pub drained: bool,
    /// Ends of partitions that other workers hold, of a source that has reached its own.
    pub elsewhere: Vec<(Arc<str>, i32, i64)>,
    /// When to see how far the others are.
    pub look_elsewhere: Option<Instant>,
    /// Polled beyond what the open batch may take.
    pub pending: VecDeque<RecordChunk>,
    /// `maxOffsetsPerTrigger` is reached: the rest waits for the next tick.
    pub held: bool,
    pub batch: OpenBatch,
    pub last_cut: Instant,
}

/// What the batch that is being filled has so far.
pub(crate) struct OpenBatch {
    pub uuid: String,
    pub tally: Tally,
    pub bytes: u64,
    /// Offsets that the source no longer had.
    pub lost: i64,
    pub opened_at: Option<Instant>,
    pub phases: Phases,
}

impl OpenBatch {
    pub fn new() -> Self {
        Self {
            uuid: Uuid::now_v7().to_string(),
            tally: Tally::default(),
            bytes: 0,
            lost: 0,
            opened_at: None,
            phases: Phases::default(),
        }
    }

    /// With its first chunk. The UUID tells when.
    pub fn open(&mut self) {
        if self.opened_at.is_none() {
            self.opened_at = Some(Instant::now());
            self.uuid = Uuid::now_v7().to_string();
        }
    }

    fn is_empty(&self) -> bool {
        self.tally.counts.records == 0 && self.lost == 0
    }
}

/// The outlet is gone; its own result says why.
pub(crate) struct OutletGone;

pub(crate) type Flow<T> = Result<T, IntakeEnd>;

/// Why intake ends early.
pub(crate) enum IntakeEnd {
    Fault(BoxFault),
    Outlet(OutletGone),
}

impl From<BoxFault> for IntakeEnd {
    fn from(fault: BoxFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<EngineFault> for IntakeEnd {
    fn from(fault: EngineFault) -> Self {
        Self::Fault(fault.into())
    }
}

enum Step {
    Stop(StopMode),
    Feedback(Feedback),
    Rewind,
    Tick,
    Schemas(News),
    LookElsewhere,
    End,
    Fill,
    Source(SourceEvent),
}

impl<S: RecordSource> Intake<S> {
    pub async fn run(&mut self) -> Flow<()> {
        let mut ticks = Ticks::start(self.config.trigger, Instant::now());
        loop {
            match self.next_step(&ticks).await? {
                Step::Stop(StopMode::Drop) => return Ok(()),
                Step::Stop(StopMode::Drain) => return self.cut_and_settle().await,
                Step::Feedback(feedback) => self.take_feedback(feedback)?,
                Step::Rewind => self.rewind_to_tip().await?,
                Step::Tick => {
                    self.tick().await?;
                    ticks.advance(Instant::now());
                }
                Step::Source(SourceEvent::Records(chunk)) => self.take(chunk).await?,
                Step::Source(SourceEvent::Assigned { partitions, reply }) => {
                    self.assigned(&partitions, reply).await?;
                }
                Step::Source(SourceEvent::Revoked { partitions, lost, done }) => {
                    self.revoked(&partitions, lost, done).await?;
                }
                Step::Source(SourceEvent::Drained { epoch, elsewhere }) => {
                    if epoch == self.epoch {
                        self.drained(elsewhere).await?;
                    }
                }
                Step::Schemas(news) => self.take_news(news).await?,
                Step::Fill => self.fill().await?,
                Step::LookElsewhere | Step::End => {
                    if self.settle_last().await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn next_step(&mut self, ticks: &Ticks) -> Flow<Step> {
        let started = Instant::now();
        let has_ended = self.drained
            && self.rewind.is_none()
            && self.pending.is_empty()
            && !self.waits_for_schemas();
        let has_more = !self.held && self.rewind.is_none() && !self.pending.is_empty();
        let waits = self.schemas.as_ref().is_some_and(Schemas::is_full);
        let holds_back = self.held || has_more || waits;
        let step = tokio::select! {
            biased;
            mode = self.stop.wait() => Step::Stop(mode),
            feedback = self.feedback.recv() => match feedback {
                Some(feedback) => Step::Feedback(feedback),
                None => return Err(IntakeEnd::Outlet(OutletGone)),
            },
            () = at(self.rewind) => Step::Rewind,
            () = at(self.look_elsewhere) => Step::LookElsewhere,
            () = ticks.tick() => Step::Tick,
            news = Schemas::news(&mut self.schemas) => Step::Schemas(news?),
            () = std::future::ready(()), if has_ended => Step::End,
            event = next_event(&mut self.source, holds_back) => Step::Source(event?),
            () = std::future::ready(()), if has_more => Step::Fill,
        };
        self.batch.phases.poll += started.elapsed();
        Ok(step)
    }

    async fn take(&mut self, chunk: RecordChunk) -> Flow<()> {
        if chunk.epoch != self.epoch || self.rewind.is_some() {
            return Ok(());
        }
        self.pending.push_back(chunk);
        // While held, chunks come only because a rebalance waits behind them.
        if self.held { Ok(()) } else { self.fill().await }
    }

    /// Takes in what waits until a limit ends the batch. One batch at a time, so that a stop or a
    /// rebalance never waits for all that a chunk may hold.
    async fn fill(&mut self) -> Flow<()> {
        while let Some(mut chunk) = self.pending.pop_front() {
            let room = self.room();
            if (chunk.len() as u64) > room {
                self.pending.push_front(chunk.split_off(room as usize));
            }
            self.process(chunk).await?;
            if self.is_full() {
                self.held = self.waits_for_tick();
                return self.cut().await;
            }
        }
        Ok(())
    }

    /// Records that the open batch can still take.
    fn room(&self) -> u64 {
        if self.config.trigger == Trigger::Once {
            return u64::MAX;
        }
        let limits = &self.config.limits;
        let most = limits.max_offsets.map_or(limits.max_rows, |max| max.min(limits.max_rows));
        most.saturating_sub(self.batch.tally.counts.records).max(1)
    }

    fn is_full(&self) -> bool {
        let limits = &self.config.limits;
        let records = self.batch.tally.counts.records;
        let state = self.checker.as_ref().map_or(0, Checker::state_bytes);
        self.config.trigger != Trigger::Once
            && (records >= limits.max_rows
                || limits.max_offsets.is_some_and(|max| records >= max)
                || self.batch.bytes >= limits.max_bytes
                || state as u64 >= limits.state.bytes())
    }

    /// `maxOffsetsPerTrigger` holds the rest back until the next tick, where there are ticks.
    fn waits_for_tick(&self) -> bool {
        let reached = |max| self.batch.tally.counts.records >= max;
        matches!(self.config.trigger, Trigger::ProcessingTime(_))
            && self.config.limits.max_offsets.is_some_and(reached)
    }

    /// Takes in everything that waits, whatever the limits.
    pub async fn take_pending(&mut self) -> Flow<()> {
        while let Some(chunk) = self.pending.pop_front() {
            self.process(chunk).await?;
        }
        Ok(())
    }

    async fn tick(&mut self) -> Flow<()> {
        let limits = &self.config.limits;
        let few = limits.min_offsets.is_some_and(|min| self.batch.tally.counts.records < min);
        if few && !self.batch.is_empty() && self.last_cut.elapsed() < limits.max_trigger_delay {
            return Ok(());
        }
        let was_held = std::mem::take(&mut self.held);
        if self.batch.is_empty() && self.pending.is_empty() && !was_held {
            self.tell_idle().await?;
            self.last_cut = Instant::now();
            self.batch.phases = Phases::default();
            return Ok(());
        }
        self.cut().await?;
        self.fill().await
    }

    /// Ends the open batch, if it holds anything. Its records are confirmed to come from the
    /// partitions they were read as.
    pub async fn cut(&mut self) -> Flow<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.cut_what_there_is().await
    }

    async fn cut_what_there_is(&mut self) -> Flow<()> {
        self.source.confirm().await?;
        let partitions = self.offsets.cut();
        if partitions.is_empty() {
            return Ok(());
        }
        let OpenBatch { uuid, tally, bytes, lost: _, opened_at, mut phases } =
            std::mem::replace(&mut self.batch, OpenBatch::new());
        let started = Instant::now();
        let answers = answers(&mut self.queries).await;
        if let Some(functions) = &mut self.functions {
            functions.reset();
        }
        phases.check += started.elapsed();
        let now = now_us();
        let rules = self.checker.as_mut().map(|checker| checker.finish(&answers, now).rules);
        let mut rules = rules.unwrap_or_default();
        if let Some(contract) = &mut self.assembler.rejects_contract {
            rules.extend(contract.finish(now));
        }
        let shadow = match &mut self.shadow {
            Some(shadow) => Some(shadow.finish(uuid.clone(), self.config.policy, now).await),
            None => None,
        };
        let stands_on = self.stands_on.clone();
        if let Some(known) = &mut self.stands_on {
            known.extend(partitions.iter().map(|range| (range.partition.clone(), range.end)));
        }
        let contract = self.assembler.contract.clone();
        let verdict = verdict(uuid, &tally, rules, self.config.policy, contract);
        let now = Instant::now();
        let cut = Cut {
            epoch: self.epoch,
            partitions,
            counts: tally.counts,
            verdict,
            shadow,
            stands_on,
            phases,
            lag: self.source.lag(),
            fetch_queue: self.source.queued_bytes(),
            held: self.held_records(),
            chunk_bytes: bytes,
            opened_at: opened_at.unwrap_or(now),
            elapsed: now - self.last_cut,
        };
        self.last_cut = now;
        self.send(Work::Cut(Box::new(cut))).await
    }

    /// Ends the open batch and waits until it and all before it are settled.
    pub async fn cut_and_settle(&mut self) -> Flow<()> {
        self.cut().await?;
        let (reply, settled) = oneshot::channel();
        self.send(Work::Settled { reply }).await?;
        settled.await.map_err(|_| IntakeEnd::Outlet(OutletGone))?;
        while let Ok(feedback) = self.feedback.try_recv() {
            self.take_feedback(feedback)?;
        }
        Ok(())
    }

    async fn drained(&mut self, elsewhere: Vec<(Arc<str>, i32, i64)>) -> Flow<()> {
        self.elsewhere = elsewhere;
        self.drained = true;
        // What waits for schemas may do so for hours.
        if self.waits_for_schemas() && self.config.trigger != Trigger::Once {
            return self.cut().await;
        }
        Ok(())
    }

    fn waits_for_schemas(&self) -> bool {
        self.schemas.as_ref().is_some_and(Schemas::holds)
    }

    /// True when everything up to the end is committed, by whichever worker; false when a fence asks
    /// for another round, or when others are not there yet.
    async fn settle_last(&mut self) -> Flow<bool> {
        self.look_elsewhere = None;
        self.drained = false;
        if self.rewind.is_some() {
            return Ok(false);
        }
        // Gaps at the end of a partition too, so that others see it done.
        self.cut_what_there_is().await?;
        self.cut_and_settle().await?;
        if self.rewind.is_some() {
            return Ok(false);
        }
        if self.elsewhere.is_empty() {
            return Ok(true);
        }
        let positions = self.positions_at_tip().await?;
        let is_behind = |(topic, partition, end): &&(Arc<str>, i32, i64)| {
            !positions.iter().any(|(id, position)| {
                id.topic == *topic && id.partition == *partition && position >= end
            })
        };
        let behind = self.elsewhere.iter().filter(is_behind).count();
        if behind > 0 {
            tracing::info!(behind, "waiting for partitions that other workers hold");
            self.look_elsewhere = Some(Instant::now() + HEARTBEAT);
        }
        Ok(behind == 0)
    }

    pub async fn send(&mut self, work: Work) -> Flow<()> {
        self.work.send(work).await.map_err(|_| IntakeEnd::Outlet(OutletGone))
    }
}

/// What is held back stays with the source, unless a rebalance waits behind it.
async fn next_event<S: RecordSource>(source: &mut S, held: bool) -> Result<SourceEvent, BoxFault> {
    if held {
        source.rebalance().await;
    }
    source.next().await
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// How long a fenced worker waits for news of its assignment: Kafka's heartbeat interval.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(3);
