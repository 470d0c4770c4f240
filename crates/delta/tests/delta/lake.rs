//! A query's three tables, and workers that write numbered records to them.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_delta::{
    Codec, DEFAULT_CHECKPOINT_INTERVAL, DeltaSink, DeltaSinkConfig, Durability, TableConfig,
    VerifyReport, address_of, verify,
};
use headgate_model::{
    BatchCommit, BoxFault, Budget, CommitOutcome, ContractRef, Counts, LakeSink, Ledger,
    PartitionId, PartitionLedger, Positions, SinkImage, Status, TableRole, Verdict,
};
use tempfile::TempDir;
use url::Url;

use crate::tables;
use crate::world::World;

pub const BOTH: [Durability; 2] = [Durability::Fsync, Durability::Process];
pub const PARTITIONS: i32 = 3;
/// Stands in the payload of every record that is not accepted.
pub const MARKER: &str = "marker-of-a-rejected-value";

pub struct Lake {
    root: Url,
    durability: Durability,
    _folder: Option<TempDir>,
}

impl Lake {
    pub fn local(durability: Durability) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut root = address_of(folder.path()).unwrap();
        root.set_path(&format!("{}/", root.path()));
        Self { root, durability, _folder: Some(folder) }
    }

    /// In a store that can be told to fail.
    pub fn simulated() -> (Self, Arc<World>) {
        let (world, root) = World::create();
        (Self { root, durability: Durability::Process, _folder: None }, world)
    }

    pub fn table(&self, name: &str) -> Url {
        self.root.join(name).unwrap()
    }

    pub fn output(&self) -> Url {
        self.table("output")
    }

    pub fn rejects(&self) -> Url {
        self.table("rejects")
    }

    pub fn dead_letters(&self) -> Url {
        self.table("dead_letters")
    }

    pub fn table_config(&self, role: TableRole) -> TableConfig {
        TableConfig {
            role,
            address: self.table(role.as_str()),
            schema: schema(),
            partition_columns: Vec::new(),
            codec: Codec::default(),
            target_file_bytes: 64 << 20,
            merge_schema: false,
            store: Default::default(),
            checkpoint_interval: DEFAULT_CHECKPOINT_INTERVAL,
        }
    }

    pub fn config(&self) -> DeltaSinkConfig {
        DeltaSinkConfig {
            query: "orders".to_owned(),
            output: self.table_config(TableRole::Output),
            side_tables: vec![
                self.table_config(TableRole::Rejects),
                self.table_config(TableRole::DeadLetters),
            ],
            durability: self.durability,
            cursors: Default::default(),
            buffers: Budget::of(64 << 20),
        }
    }

    /// A worker that has opened the tables, and made the first commit if nobody had.
    pub async fn worker(&self) -> Worker {
        Worker::start(self.config()).await.unwrap()
    }

    pub async fn verify(&self) -> VerifyReport {
        verify(&self.output(), false).await.unwrap()
    }

    /// The rows of all tables, too.
    pub async fn verify_rows(&self) -> VerifyReport {
        verify(&self.output(), true).await.unwrap()
    }

    /// A fresh start pays what is owed; then every record below its partition's position is in
    /// the table its fate names, once.
    pub async fn settle(&self) -> Positions {
        let image = self.worker().await.image;
        for (table, role) in [
            (self.output(), TableRole::Output),
            (self.rejects(), TableRole::Rejects),
            (self.dead_letters(), TableRole::DeadLetters),
        ] {
            let mut expected: Vec<(i32, i64)> = image
                .positions
                .iter()
                .flat_map(|(id, end)| (0..*end).map(|offset| (id.partition, offset)))
                .filter(|(partition, offset)| fate(*partition, *offset) == role)
                .collect();
            expected.sort_unstable();
            assert_eq!(tables::coordinates(&table).await, expected, "rows of {}", role.as_str());
        }
        let report = self.verify_rows().await;
        assert_eq!((report.breaks.as_slice(), report.open_debts), ([].as_slice(), 0));
        image.positions
    }
}

/// Where a record goes.
pub fn fate(partition: i32, offset: i64) -> TableRole {
    match (i64::from(partition) + offset) % 5 {
        1 => TableRole::Rejects,
        3 => TableRole::DeadLetters,
        _ => TableRole::Output,
    }
}

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("_kafka_topic", DataType::Utf8, false),
        Field::new("_kafka_partition", DataType::Int32, false),
        Field::new("_kafka_offset", DataType::Int64, false),
        Field::new("value", DataType::Utf8, true),
    ]))
}

pub fn records(records: &[(i32, i64)], role: TableRole) -> RecordBatch {
    let value = |offset: i64| match role {
        TableRole::Output => format!("value {offset}"),
        _ => format!("{MARKER} {offset}"),
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["orders"; records.len()])),
        Arc::new(Int32Array::from_iter_values(records.iter().map(|(partition, _)| *partition))),
        Arc::new(Int64Array::from_iter_values(records.iter().map(|(_, offset)| *offset))),
        Arc::new(StringArray::from_iter_values(records.iter().map(|(_, offset)| value(*offset)))),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

pub fn partition(partition: i32) -> PartitionId {
    PartitionId::new("orders", "q4-+=", partition)
}

/// `[start, end)` of a partition, all offsets of it records.
pub type Range = (i32, i64, i64);

/// Where the records of `ranges` go, in order.
pub fn split(ranges: &[Range]) -> Vec<(TableRole, Vec<(i32, i64)>)> {
    TableRole::ALL
        .into_iter()
        .map(|role| {
            let all = ranges.iter().flat_map(|(p, start, end)| (*start..*end).map(|o| (*p, o)));
            (role, all.filter(|(p, o)| fate(*p, *o) == role).collect())
        })
        .collect()
}

pub fn contract(version: &str) -> ContractRef {
    ContractRef { id: "orders".into(), version: version.into(), hash: "ab".repeat(32) }
}

pub fn ledger(ranges: &[Range], first: bool) -> Ledger {
    let parts = split(ranges);
    let count = |role| parts.iter().find(|(r, _)| *r == role).map_or(0, |(_, rows)| rows.len());
    let counts = Counts {
        records: parts.iter().map(|(_, rows)| rows.len() as u64).sum(),
        accepted: count(TableRole::Output) as u64,
        rejected: count(TableRole::Rejects) as u64,
        dead_letters: count(TableRole::DeadLetters) as u64,
        ..Counts::default()
    };
    let partitions = ranges
        .iter()
        .map(|(number, start, end)| PartitionLedger {
            partition: partition(*number),
            start: *start,
            end: *end,
            records: end - start,
            gaps: 0,
            lost: 0,
            first,
        })
        .collect();
    let verdict = Verdict {
        batch_uuid: uuid::Uuid::new_v4().to_string(),
        status: if counts.rejected == 0 { Status::Ok } else { Status::Warn },
        row_count: counts.records - counts.dead_letters,
        violating_rows: counts.rejected,
        violations: counts.rejected,
        dead_letters: counts.dead_letters,
        rules: Vec::new(),
        contract: Some(contract("1.0.0")),
    };
    Ledger { partitions, counts, verdict, shadow: None, intervention: None, rerouted_to: None }
}

pub fn starts() -> Positions {
    (0..PARTITIONS).map(|number| (partition(number), 0)).collect()
}

pub struct Worker {
    pub sink: DeltaSink,
    pub image: SinkImage,
}

impl Worker {
    pub async fn open(config: DeltaSinkConfig) -> Result<Self, BoxFault> {
        let mut sink = DeltaSink::new(config);
        let image = sink.open().await?;
        Ok(Self { sink, image })
    }

    pub async fn start(config: DeltaSinkConfig) -> Result<Self, BoxFault> {
        let mut worker = Self::open(config).await?;
        if worker.image.incarnation.is_none() {
            worker.image = worker.sink.initialize(starts()).await?;
        }
        Ok(worker)
    }

    pub fn position(&self, number: i32) -> i64 {
        self.image.positions[&partition(number)]
    }

    /// The next `count` records of each of `partitions`, by this worker's image.
    pub fn next(&self, partitions: &[i32], count: i64) -> Vec<Range> {
        partitions
            .iter()
            .map(|number| (*number, self.position(*number), self.position(*number) + count))
            .collect()
    }

    pub async fn write(&mut self, ranges: &[Range]) -> Result<(), BoxFault> {
        for (role, rows) in split(ranges) {
            if !rows.is_empty() {
                self.sink.write(role, records(&rows, role)).await?;
            }
        }
        Ok(())
    }

    pub async fn commit(&mut self, ranges: &[Range]) -> Result<CommitOutcome, BoxFault> {
        let ledger = ledger(ranges, false);
        let outcome =
            self.sink.commit(BatchCommit { ledger, blocked: None, stands_on: None }).await?;
        match &outcome {
            CommitOutcome::Committed { version, .. } => {
                self.image.version = *version;
                for (number, _, end) in ranges {
                    self.image.positions.insert(partition(*number), *end);
                }
            }
            CommitOutcome::Fenced { image, .. } => self.image = image.clone(),
            CommitOutcome::Blocked(_) => {}
        }
        Ok(outcome)
    }

    /// Writes and commits the next `count` records of each of `partitions`; the version.
    pub async fn advance(&mut self, partitions: &[i32], count: i64) -> i64 {
        let ranges = self.next(partitions, count);
        self.write(&ranges).await.unwrap();
        match self.commit(&ranges).await.unwrap() {
            CommitOutcome::Committed { version, .. } => version,
            outcome => panic!("{outcome:?}"),
        }
    }
}

pub fn is_fenced(outcome: &CommitOutcome) -> bool {
    matches!(outcome, CommitOutcome::Fenced { .. })
}
