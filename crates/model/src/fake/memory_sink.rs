//! One worker's view of a [`MemoryLake`], by rules 1, 5, 6 and 7 of the commit protocol: a batch is
//! put, if absent, after an image that holds exactly its starts; debts are paid after it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::RecordBatch;

use super::bell::lock;
use super::sink_control::Script;
use super::{CommitEvent, EntryKind, FakeFault, LogEntry, MemoryLake, SinkControl};
use crate::{
    BatchCommit, Block, BlockNote, BoxFault, CommitOutcome, ConvertRows, LakeSink, PartitionLedger,
    Positions, SinkImage, TableRole, TableTotal,
};

pub struct MemorySink {
    lake: MemoryLake,
    script: Arc<Mutex<Script>>,
    group: String,
    image: Image,
    open: BTreeMap<TableRole, Vec<RecordBatch>>,
}

/// The log up to `version`; nothing beyond it is known.
#[derive(Default)]
struct Image {
    version: i64,
    incarnation: Option<String>,
    positions: Positions,
    /// Group of the newest batch.
    last_group: Option<String>,
    blocked: Option<BlockNote>,
}

impl Image {
    fn apply(&mut self, entry: &LogEntry) {
        self.version += 1;
        self.incarnation = Some(entry.incarnation.clone());
        self.positions.extend(entry.positions.clone());
        match entry.kind {
            EntryKind::Batch => self.last_group = Some(entry.group.clone()),
            EntryKind::Intervention => {
                let ledger = entry.ledger.as_ref();
                let reason = ledger.and_then(|ledger| ledger.intervention.clone());
                let reason = reason.unwrap_or_default();
                self.blocked = Some(BlockNote { version: self.version, reason });
            }
            EntryKind::Release => self.blocked = None,
            EntryKind::Start | EntryKind::Block => {}
        }
    }

    fn holds(&self, ranges: &[PartitionLedger]) -> bool {
        ranges.iter().all(|range| match self.positions.get(&range.partition) {
            Some(position) => !range.first && *position == range.start,
            None => range.first,
        })
    }
}

impl MemorySink {
    pub(super) fn new(lake: &MemoryLake, group: &str) -> (Self, SinkControl) {
        let script = Arc::new(Mutex::new(Script::default()));
        let control = SinkControl { script: Arc::clone(&script), bell: lake.bell.clone() };
        let sink = Self {
            lake: lake.clone(),
            script,
            group: group.to_owned(),
            image: Image::default(),
            open: BTreeMap::new(),
        };
        (sink, control)
    }

    /// Waits while frozen.
    async fn wake(&self) {
        let (bell, script) = (self.lake.bell.clone(), Arc::clone(&self.script));
        bell.until(|| (!lock(&script).frozen).then_some(())).await;
    }

    async fn freeze(&self) {
        lock(&self.script).frozen = true;
        self.lake.bell.ring();
        self.wake().await;
    }

    fn scripted(&self, fault: impl FnOnce(&Script) -> Option<FakeFault>) -> Result<(), FakeFault> {
        fault(&lock(&self.script)).map_or(Ok(()), Err)
    }

    fn read_to_tip(&mut self) {
        while let Some(entry) = self.lake.read(self.image.version + 1) {
            self.image.apply(&entry);
        }
    }

    fn sink_image(&self) -> SinkImage {
        let Image { version, incarnation, positions, blocked, last_group: _ } = &self.image;
        SinkImage {
            incarnation: incarnation.clone(),
            group: incarnation.as_ref().map(|_| self.group.clone()),
            positions: positions.clone(),
            version: *version,
            blocked: blocked.clone(),
        }
    }

    fn pay(&self) {
        if !lock(&self.script).unpaid {
            self.lake.pay(self.image.version);
        }
    }

    /// One try at the slot after the image; taken: its entry is applied.
    fn put(&mut self, entry: &LogEntry) -> bool {
        let version = self.image.version + 1;
        let ours = self.lake.put(version, entry.clone());
        let landed = if ours { Some(entry.clone()) } else { self.lake.read(version) };
        if let Some(landed) = landed {
            self.image.apply(&landed);
        }
        ours
    }

    fn entry(&mut self, batch: &BatchCommit) -> LogEntry {
        let ranges = batch.ledger.partitions.iter();
        let positions = ranges.map(|range| (range.partition.clone(), range.end)).collect();
        let mut debts = std::mem::take(&mut self.open);
        let rows = debts.remove(&TableRole::Output).unwrap_or_default();
        LogEntry {
            kind: EntryKind::Batch,
            incarnation: self.image.incarnation.clone().unwrap_or_default(),
            group: self.group.clone(),
            batch_uuid: batch.ledger.verdict.batch_uuid.clone(),
            positions,
            ledger: Some(batch.ledger.clone()),
            rows,
            debts,
        }
    }

    fn block(&mut self, batch: &BatchCommit, block: Block) -> CommitOutcome {
        self.open.clear();
        self.read_to_tip();
        let kind = match block {
            Block::Policy => EntryKind::Block,
            Block::Intervention => EntryKind::Intervention,
        };
        let entry = LogEntry { kind, positions: Positions::new(), ..self.entry(batch) };
        while self.image.blocked.is_none() && self.image.holds(&batch.ledger.partitions) {
            if self.put(&entry) {
                let version = self.image.version;
                return CommitOutcome::Committed { version, side_tables: Vec::new() };
            }
        }
        self.fenced()
    }

    fn fits(&self, batch: &BatchCommit) -> bool {
        let stands = batch.stands_on.as_ref().is_none_or(|on| *on == self.image.positions);
        stands && self.image.holds(&batch.ledger.partitions)
    }

    fn fenced(&self) -> CommitOutcome {
        if let Some(note) = &self.image.blocked {
            return CommitOutcome::Blocked(note.clone());
        }
        let same_group = self.image.last_group.as_ref() == Some(&self.group);
        CommitOutcome::Fenced { image: self.sink_image(), same_group }
    }

    fn totals(&self, entry: &LogEntry) -> Vec<TableTotal> {
        let total = |(role, rows): (&TableRole, &Vec<RecordBatch>)| {
            let paid_to = self.lake.paid_to(*role);
            TableTotal {
                role: *role,
                address: format!("memory:{}", role.as_str()),
                rows: rows.iter().map(|rows| rows.num_rows() as u64).sum(),
                version: (paid_to >= self.image.version).then_some(paid_to),
            }
        };
        entry.debts.iter().map(total).collect()
    }
}

impl LakeSink for MemorySink {
    async fn open(&mut self) -> Result<SinkImage, BoxFault> {
        self.wake().await;
        self.scripted(|script| script.open)?;
        self.read_to_tip();
        self.pay();
        Ok(self.sink_image())
    }

    async fn initialize(&mut self, starts: Positions) -> Result<SinkImage, BoxFault> {
        self.wake().await;
        let entry = LogEntry {
            kind: EntryKind::Start,
            incarnation: "1".into(),
            group: self.group.clone(),
            batch_uuid: String::new(),
            positions: starts,
            ledger: None,
            rows: Vec::new(),
            debts: BTreeMap::new(),
        };
        while self.image.incarnation.is_none() {
            self.put(&entry);
        }
        Ok(self.sink_image())
    }

    async fn refresh(&mut self) -> Result<SinkImage, BoxFault> {
        self.wake().await;
        lock(&self.script).refreshes += 1;
        self.scripted(|script| script.refresh)?;
        self.read_to_tip();
        self.pay();
        Ok(self.sink_image())
    }

    async fn write(&mut self, table: TableRole, rows: RecordBatch) -> Result<(), BoxFault> {
        self.wake().await;
        self.scripted(|script| script.write)?;
        self.open.entry(table).or_default().push(rows);
        Ok(())
    }

    fn buffered_bytes(&self) -> u64 {
        let rows = self.open.values().flatten();
        rows.map(|rows| rows.get_array_memory_size() as u64).sum()
    }

    async fn close_files(&mut self) -> Result<(), BoxFault> {
        self.wake().await;
        Ok(())
    }

    async fn reroute(&mut self, to: TableRole, convert: &ConvertRows<'_>) -> Result<(), BoxFault> {
        self.wake().await;
        let rows = self.open.remove(&TableRole::Output).unwrap_or_default();
        let converted = rows.into_iter().map(convert).collect::<Result<Vec<_>, _>>()?;
        self.open.entry(to).or_default().extend(converted);
        Ok(())
    }

    async fn commit(&mut self, batch: BatchCommit) -> Result<CommitOutcome, BoxFault> {
        self.wake().await;
        if let Some(block) = batch.blocked {
            return Ok(self.block(&batch, block));
        }
        let entry = self.entry(&batch);
        let event = lock(&self.script).commits.pop_front().unwrap_or(CommitEvent::Lands);
        match &event {
            CommitEvent::Fails(fault) => return Err((*fault).into()),
            CommitEvent::Freezes => self.freeze().await,
            CommitEvent::Beaten { group } => {
                self.read_to_tip();
                if self.fits(&batch) {
                    let (group, batch_uuid) = (group.clone(), "another".into());
                    self.put(&LogEntry { group, batch_uuid, ..entry.clone() });
                }
            }
            CommitEvent::Lands | CommitEvent::ReplyLost(_) | CommitEvent::FreezesUnpaid => {}
        }
        loop {
            if self.image.blocked.is_some() || !self.fits(&batch) {
                return Ok(self.fenced());
            }
            if self.put(&entry) {
                break;
            }
        }
        match event {
            CommitEvent::ReplyLost(fault) => return Err(fault.into()),
            CommitEvent::FreezesUnpaid => self.freeze().await,
            _ => {}
        }
        self.pay();
        let side_tables = self.totals(&entry);
        Ok(CommitOutcome::Committed { version: self.image.version, side_tables })
    }

    async fn discard(&mut self) {
        self.open.clear();
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn close(&mut self) {}
}
