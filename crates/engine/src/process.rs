//! What a chunk goes through: decode, transform, functions, rules, queries.

use std::future::poll_fn;
use std::pin::Pin;

use arrow_array::RecordBatch;
use headgate_contract::CheckedRows;
use headgate_decode::Decoded;
use headgate_model::{
    BatchQueries, BoxFault, FaultPoint, FoundRows, RecordChunk, RecordSource, RowFunctions,
    TableRole, reach,
};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

use crate::EngineFault;
use crate::intake::{Flow, Intake};
use crate::recall::within;
use crate::work::Work;

/// Rows of a chunk, and as the shadow decoded them.
type Both = (Decoded, Option<Decoded>);

impl<S: RecordSource> Intake<S> {
    pub async fn process(&mut self, chunk: RecordChunk) -> Flow<()> {
        let Some(chunk) = self.admit(chunk)? else { return Ok(()) };
        self.batch.open();
        self.batch.bytes += chunk.payload_bytes() as u64;
        self.batch.lost += chunk.advances.iter().map(|advance| advance.lost).sum::<i64>();
        self.offsets.add(&chunk)?;
        reach(FaultPoint::Poll).map_err(BoxFault::from)?;
        if chunk.is_empty() {
            return Ok(());
        }
        self.recall().await?;
        let (decoded, shadowed) = self.decode(&chunk).await?;
        let started = Instant::now();
        let found = find(&mut self.functions, &decoded.rows).await;
        self.batch.phases.check += started.elapsed();
        let tables = on_own_thread(|| self.check_and_assemble(&chunk, &decoded, found))?;
        if let Some(queries) = &mut self.queries {
            let started = Instant::now();
            queries.take(&decoded.rows).await;
            self.batch.phases.check += started.elapsed();
        }
        if let (Some(shadow), Some(decoded)) = (&mut self.shadow, shadowed) {
            shadow.judge(&chunk, &decoded).await?;
        }
        reach(FaultPoint::Decode).map_err(BoxFault::from)?;
        if !tables.is_empty() {
            self.send(Work::Rows { epoch: self.epoch, tables }).await?;
        }
        Ok(())
    }

    async fn decode(&mut self, chunk: &RecordChunk) -> Result<Both, EngineFault> {
        let started = Instant::now();
        let decoded = on_own_thread(|| self.decoder.decode(chunk))?;
        self.batch.phases.decode += started.elapsed();
        let started = Instant::now();
        let decoded = match &self.transform {
            Some(transform) => transform.apply(decoded).await?,
            None => decoded,
        };
        self.batch.phases.transform += started.elapsed();
        self.refuse_dead(chunk, &decoded)?;
        let shadowed = match &mut self.shadow {
            Some(shadow) => Some(shadow.decode(chunk).await?),
            None => None,
        };
        Ok((decoded, shadowed))
    }

    /// Rows for the tables.
    fn check_and_assemble(
        &mut self,
        chunk: &RecordChunk,
        decoded: &Decoded,
        found: Vec<FoundRows>,
    ) -> Result<Vec<(TableRole, RecordBatch)>, EngineFault> {
        let started = Instant::now();
        let checked = self.check(chunk, decoded, found)?;
        self.batch.phases.check += started.elapsed();
        let assembled = self.assembler.assemble(chunk, decoded, &checked, &self.batch.uuid)?;
        let tally = &mut self.batch.tally;
        tally.counts.add(&assembled.counts);
        tally.rows += decoded.rows.num_rows() as u64;
        tally.violating_rows += checked.violating.len() as u64;
        tally.blocks |= assembled.blocks;
        Ok(assembled.tables)
    }

    fn check(
        &mut self,
        chunk: &RecordChunk,
        decoded: &Decoded,
        mut found: Vec<FoundRows>,
    ) -> Result<CheckedRows, EngineFault> {
        let Some(checker) = &mut self.checker else { return Ok(CheckedRows::default()) };
        checker.enter(chunk.polled_at_us);
        found.extend(checker.find_in(payloads(chunk, decoded)));
        let checked = checker.check_with(&decoded.rows, &decoded.fields, found)?;
        within(checker, self.config.limits.state.bytes())?;
        Ok(checked)
    }

    fn refuse_dead(&self, chunk: &RecordChunk, decoded: &Decoded) -> Result<(), EngineFault> {
        match decoded.dead.first() {
            Some(dead) if !self.config.layout.options.dead_letters => {
                let record = chunk.get(dead.record as usize);
                Err(EngineFault::Undecodable {
                    partition: chunk.partitions[record.partition as usize].to_string(),
                    offset: record.offset,
                    kind: dead.kind.as_str(),
                    message: dead.message.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

/// What queries answer about the batch, where there are any.
pub(crate) async fn answers(
    queries: &mut Option<Box<dyn BatchQueries>>,
) -> Vec<Result<f64, String>> {
    match queries {
        Some(queries) => queries.finish().await,
        None => Vec::new(),
    }
}

/// What functions find in a chunk, where there are any.
pub(crate) async fn find(
    functions: &mut Option<Box<dyn RowFunctions>>,
    rows: &RecordBatch,
) -> Vec<FoundRows> {
    match functions {
        Some(functions) if rows.num_rows() > 0 => functions.find(rows).await,
        _ => Vec::new(),
    }
}

/// What each row came from.
pub(crate) fn payloads<'a>(
    chunk: &'a RecordChunk,
    decoded: &'a Decoded,
) -> impl Iterator<Item = Option<&'a [u8]>> {
    let records = &decoded.records;
    (0..records.len() as u32).map(|row| chunk.get(records.get(row)? as usize).value)
}

/// Runs `work`, which is all computation, while another thread takes over what else this one has to
/// do. Without it tokio would wake the outlet on this thread, where nobody else may take it, and
/// decoding and writing would take turns instead of overlapping.
pub(crate) fn on_own_thread<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => work(),
        _ => tokio::task::block_in_place(work),
    }
}

/// As [`on_own_thread`], between the waits of `work`.
pub(crate) async fn polled_on_own_thread<F: Future + Unpin>(mut work: F) -> F::Output {
    poll_fn(|cx| on_own_thread(|| Pin::new(&mut work).poll(cx))).await
}
