//! Records that wait for the schemas they were written with.
//!
//! A record whose schema nobody has told yet is held, and everything behind it in its partition with
//! it; other partitions go on. What is held is not of the open batch: a batch is cut and committed in
//! front of it, and a stop leaves it unread.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use headgate_decode::{Decoder, Payloads, WantedSchema, schema_ids};
use headgate_model::{
    BoxFault, DeadLetterKind, HeldRecords, PartitionId, RecordChunk, RecordSource,
    RegisteredSchema, SchemaSource,
};
use tokio::time::Instant;

use crate::intake::{Flow, Intake};
use crate::lookups::{Lookups, News, Standing};
use crate::work::Work;
use crate::{EngineFault, SchemaChange, SchemaName};

/// Bytes held beyond which nothing more is read, of no partition.
const MAX_HELD_BYTES: usize = 64 << 20;

/// Where decoders' schemas come from.
pub struct WriterSchemas {
    pub source: Arc<dyn SchemaSource>,
    pub on_change: SchemaChange,
}

pub(crate) struct Schemas {
    lookups: Lookups,
    on_change: SchemaChange,
    /// In the order they were read.
    held: VecDeque<RecordChunk>,
    since: Option<Instant>,
    /// Why the source does not answer, while it does not.
    outage: Option<String>,
}

impl From<WriterSchemas> for Schemas {
    fn from(schemas: WriterSchemas) -> Self {
        let WriterSchemas { source, on_change } = schemas;
        let lookups = Lookups::new(source);
        Self { lookups, on_change, held: VecDeque::new(), since: None, outage: None }
    }
}

impl Schemas {
    /// Waits for news; for ever where there is nothing to be told.
    pub async fn news(schemas: &mut Option<Self>) -> Result<News, BoxFault> {
        match schemas {
            Some(schemas) => schemas.lookups.news().await,
            None => std::future::pending().await,
        }
    }

    pub fn is_full(&self) -> bool {
        self.held.iter().map(RecordChunk::bytes).sum::<usize>() >= MAX_HELD_BYTES
    }

    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Forgets all that is held: it is read again.
    pub fn drop_held(&mut self) {
        self.held.clear();
        self.since = None;
    }

    /// Forgets what is held of partitions that somebody else reads from now on.
    pub fn drop_partitions(&mut self, partitions: &[PartitionId]) {
        let kept = std::mem::take(&mut self.held).into_iter();
        let kept = kept.map(|chunk| chunk.without(partitions));
        self.held = kept.filter(|chunk| !is_void(chunk)).collect();
    }

    pub fn report(&self) -> Option<HeldRecords> {
        let since = self.since.filter(|_| self.holds())?;
        let partitions: BTreeSet<_> =
            self.held.iter().flat_map(|chunk| &chunk.partitions).cloned().collect();
        Some(HeldRecords {
            schema_ids: self.lookups.asked().iter().copied().collect(),
            partitions: partitions.into_iter().collect(),
            records: self.held.iter().map(|chunk| chunk.len() as u64).sum(),
            elapsed: since.elapsed(),
            error: self.outage.clone(),
        })
    }

    /// Tells `decoder` what is known of the schemas that it wants. What it still wants waits.
    fn tell(
        &mut self,
        decoder: &mut dyn Decoder,
        chunk: &RecordChunk,
        judge: impl Fn(&SchemaName, Learned) -> Result<Option<String>, EngineFault>,
    ) -> Result<Vec<WantedSchema>, EngineFault> {
        loop {
            let mut wanted = decoder.wanted_schemas(Payloads::values(chunk));
            let before = wanted.len();
            for id in schema_ids(&wanted) {
                match self.lookups.standing(id) {
                    Standing::Asked => continue,
                    Standing::Absent => {
                        let reason = format!("schema {id} is not in the registry");
                        decoder.refuse_schema(id, DeadLetterKind::Framing, &reason);
                    }
                    Standing::Known(registered) => {
                        let RegisteredSchema { subject, schema } = registered.as_ref();
                        let name = SchemaName { id, subject: subject.clone() };
                        if let Some(reason) = judge(&name, decoder.learn_schema(id, schema))? {
                            decoder.refuse_schema(id, DeadLetterKind::SchemaRefused, &reason);
                        }
                    }
                }
                wanted.retain(|wanted| wanted.id != id);
            }
            // Of a schema that is told now, payloads may want more: another of its messages.
            if wanted.len() == before {
                return Ok(wanted);
            }
        }
    }

    /// What of `chunk` does not wait.
    fn hold_back(&mut self, chunk: RecordChunk, wanted: &[WantedSchema]) -> RecordChunk {
        let is_held = |id| self.held.iter().any(|chunk| chunk.partitions.contains(id));
        let mut from: Vec<Option<u32>> =
            chunk.partitions.iter().map(|id| is_held(id).then_some(0)).collect();
        for WantedSchema { record, .. } in wanted {
            let first = &mut from[chunk.get(*record as usize).partition as usize];
            *first = Some(first.map_or(*record, |first| first.min(*record)));
        }
        if from.iter().all(Option::is_none) {
            return chunk;
        }
        let (on, back) = chunk.hold_back(&from);
        if !is_void(&back) {
            self.since.get_or_insert_with(Instant::now);
            self.held.push_back(back);
        }
        on
    }
}

type Learned = Result<Vec<headgate_model::SchemaDifference>, headgate_decode::DecodeFault>;

fn is_void(chunk: &RecordChunk) -> bool {
    chunk.is_empty() && chunk.advances.is_empty()
}

impl<S: RecordSource> Intake<S> {
    /// What of `chunk` can be decoded, if anything. The rest waits for its schemas.
    pub fn admit(&mut self, chunk: RecordChunk) -> Flow<Option<RecordChunk>> {
        let Some(schemas) = &mut self.schemas else { return Ok(Some(chunk)) };
        let mut shadow = self.shadow.as_mut().map(|shadow| shadow.shadow.decoder.as_mut());
        for id in schemas.lookups.forgotten() {
            self.decoder.forget_schema(id);
            if let Some(shadow) = &mut shadow {
                shadow.forget_schema(id);
            }
        }
        let on_change = schemas.on_change;
        let judge = |name: &SchemaName, learned: Learned| on_change.judge(name, learned);
        let mut wanted = schemas.tell(self.decoder.as_mut(), &chunk, judge)?;
        if let Some(shadow) = shadow {
            let judge =
                |_: &SchemaName, learned: Learned| Ok(learned.err().map(|fault| fault.to_string()));
            wanted.extend(schemas.tell(shadow, &chunk, judge)?);
        }
        let admitted = schemas.hold_back(chunk, &wanted);
        Ok(if is_void(&admitted) { None } else { Some(admitted) })
    }

    /// Takes up again what waited for an answer, or says that there is none.
    pub async fn take_news(&mut self, news: News) -> Flow<()> {
        let Some(schemas) = &mut self.schemas else { return Ok(()) };
        match news {
            News::Answered => {
                while let Some(chunk) = schemas.held.pop_back() {
                    self.pending.push_front(chunk);
                }
                if schemas.lookups.asked().is_empty() {
                    schemas.since = None;
                    if schemas.outage.take().is_some() {
                        tracing::info!("the schema registry answers again: no record waits");
                    }
                }
                Ok(())
            }
            News::Unanswered(error) => {
                if schemas.outage.replace(error).is_some() {
                    return Ok(());
                }
                if let Some(HeldRecords { schema_ids, partitions, records, elapsed, error }) =
                    schemas.report()
                {
                    let partitions: Vec<_> = partitions.iter().map(ToString::to_string).collect();
                    let waited_ms = elapsed.as_millis() as u64;
                    tracing::warn!(
                        ?schema_ids,
                        ?partitions,
                        records,
                        waited_ms,
                        error,
                        "the schema registry does not answer: records of schemas that are not known wait"
                    );
                }
                self.tell_idle().await
            }
        }
    }

    /// Progress without a batch.
    pub async fn tell_idle(&mut self) -> Flow<()> {
        let (lag, fetch_queue) = (self.source.lag(), self.source.queued_bytes());
        let held = self.held_records();
        self.send(Work::Idle { elapsed: self.last_cut.elapsed(), lag, fetch_queue, held }).await
    }

    pub fn held_records(&self) -> Option<HeldRecords> {
        self.schemas.as_ref()?.report()
    }
}
