//! A query from its start to its end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use headgate_contract::Checker;
use headgate_decode::Decoder;
use headgate_model::{
    BatchObserver, BatchQueries, BoxFault, ContractRef, InterventionGate, LakeSink, OutputRows,
    RecordSource, RowFunctions, StartRequest, Transform,
};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::Instrument;

use crate::account::Offsets;
use crate::assemble::Assembler;
use crate::intake::{Intake, IntakeEnd, OpenBatch};
use crate::outlet::{Outlet, released};
use crate::reroute::Rerouting;
use crate::schemas::WriterSchemas;
use crate::shadow::Shadow;
use crate::stop::StopSignal;
use crate::transform::RowTransform;
use crate::{EngineConfig, EngineFault, RejectsContract};

/// Chunks between decoding and writing: enough that neither waits for the other's every step.
const WORK_QUEUE: usize = 2;

/// Everything a query is made of.
pub struct QueryParts<S, K> {
    pub config: EngineConfig,
    pub source: S,
    pub sink: K,
    pub decoder: Box<dyn Decoder>,
    /// For a decoder that reads by its writers' schemas.
    pub schemas: Option<WriterSchemas>,
    pub transform: Option<Arc<dyn Transform>>,
    pub checker: Option<Checker>,
    pub queries: Option<Box<dyn BatchQueries>>,
    pub functions: Option<Box<dyn RowFunctions>>,
    pub contract: Option<ContractRef>,
    /// What the rejects are held against.
    pub rejects_contract: Option<RejectsContract>,
    pub shadow: Option<Shadow>,
    /// For rules over more than a batch.
    pub output_rows: Box<dyn OutputRows>,
    pub gate: Arc<dyn InterventionGate>,
    pub observer: Arc<dyn BatchObserver>,
    pub stop: StopSignal,
}

/// A query whose tables are open and whose source is connected.
pub struct Query<S, K> {
    intake: Intake<S>,
    outlet: Outlet<K>,
    work: mpsc::Receiver<crate::work::Work>,
    incarnation: String,
}

impl<S: RecordSource, K: LakeSink> Query<S, K> {
    /// Opens the tables, pays what earlier runs owe, resolves starting offsets if the output has
    /// none yet, and connects. Nothing is read before all of that succeeded.
    pub async fn prepare(parts: QueryParts<S, K>) -> Result<Self, BoxFault> {
        let QueryParts {
            config,
            mut source,
            mut sink,
            decoder,
            schemas,
            transform,
            checker,
            queries,
            functions,
            contract,
            shadow,
            rejects_contract,
            output_rows,
            gate,
            observer,
            stop,
        } = parts;
        let forgotten = checker.as_ref().and_then(Checker::forgotten);
        if forgotten.is_some_and(|forgotten| forgotten.by_time) && !config.layout.options.metadata {
            return Err(EngineFault::NoIngestionTime.into());
        }
        let mut image = sink.open().await?;
        released(&image)?;
        if image.incarnation.is_none() {
            let starts = source.starting_positions().await?;
            image = sink.initialize(starts).await?;
        }
        let group = image.group.clone().unwrap_or_default();
        source.start(StartRequest { group, positions: image.positions }).await?;
        let (work, received) = mpsc::channel(WORK_QUEUE);
        let (feedback, told) = mpsc::unbounded_channel();
        let rules = checker.as_ref().map(|checker| checker.rules().to_vec()).unwrap_or_default();
        let rerouting = Rerouting { layout: config.layout.clone(), contract: contract.clone() };
        let assembler =
            Assembler { layout: config.layout.clone(), contract, rules, rejects_contract };
        let intake = Intake {
            source,
            transform: RowTransform::after(decoder.as_ref(), transform.as_ref()),
            decoder,
            schemas: schemas.map(Into::into),
            checker,
            queries,
            functions,
            shadow: shadow.map(Into::into),
            output_rows,
            stands_on: None,
            assembler,
            config,
            observer: Arc::clone(&observer),
            work,
            feedback: told,
            stop,
            offsets: Offsets::default(),
            epoch: 0,
            fences: 0,
            rewind: None,
            drained: false,
            elsewhere: Vec::new(),
            look_elsewhere: None,
            pending: VecDeque::new(),
            held: false,
            batch: OpenBatch::new(),
            last_cut: Instant::now(),
        };
        let outlet = Outlet {
            sink,
            gate,
            observer,
            rerouting,
            feedback,
            epoch: 0,
            version: image.version,
            write_time: Duration::ZERO,
            calls: Default::default(),
        };
        Ok(Self {
            intake,
            outlet,
            work: received,
            incarnation: image.incarnation.unwrap_or_default(),
        })
    }

    /// Stable across restarts; changes when the query begins anew.
    pub fn incarnation(&self) -> &str {
        &self.incarnation
    }

    /// Runs until it is stopped, its source has ended, or something fails. Batches that were cut
    /// before a failure are still committed; the open one is dropped.
    pub async fn run(self) -> Result<(), BoxFault> {
        let Self { mut intake, outlet, work, incarnation: _ } = self;
        let outlet = tokio::spawn(outlet.run(work).in_current_span());
        let taken = intake.run().await;
        let Intake { source, work, .. } = intake;
        drop(work);
        let written = match outlet.await {
            Ok(written) => written,
            Err(error) => Err(EngineFault::Panicked { what: error.to_string() }.into()),
        };
        source.close().await;
        match (taken, written) {
            (_, Err(fault)) | (Err(IntakeEnd::Fault(fault)), Ok(())) => Err(fault),
            (Ok(()) | Err(IntakeEnd::Outlet(_)), Ok(())) => Ok(()),
        }
    }
}
