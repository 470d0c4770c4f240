//! A query over fakes: a log, a lake, and as many workers as a test starts.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headgate_contract::{CheckOptions, Contract};
use headgate_decode::{DecodeOptions, Tombstones, UnknownFields};
use headgate_engine::{
    BatchLimits, DecodedAs, EngineConfig, EngineFault, Layout, LayoutOptions, Policy, Query,
    QueryParts, RejectsContract, RejectsTo, SchemaChange, Shadow, StopMode, StopSwitch, Trigger,
    WriterSchemas,
};
use headgate_model::fake::{
    MemoryLake, ReadUntil, SinkControl, SourceControl, VecLog, VecRegistry,
};
use headgate_model::{
    BatchObserver, BoxFault, Budget, CommittedBatch, InterventionGate, PartitionId, Proceed,
    Progress, RecordSource, RowFunctions, TableRole, Transform,
};
use tokio::task::JoinHandle;

pub const GOOD: &str = r#"{"id":"a","speed":1}"#;
pub const OTHER: &str = r#"{"id":"b","speed":1}"#;
/// Breaks `minimum_speed`.
pub const SLOW: &str = r#"{"id":"a","speed":-1}"#;
/// Breaks `required_id`.
pub const NO_ID: &str = r#"{"speed":1}"#;
/// Breaks `type_speed`: the column cannot represent it.
pub const TEXT: &str = r#"{"id":"a","speed":"fast"}"#;
/// Cannot become a row.
pub const BROKEN: &str = "{";

const PINGS: &str = r"
apiVersion: v3.1.0
kind: DataContract
id: pings
version: 1.2.0
status: active
schema:
  - name: pings
";

const PROPERTIES: &str = r"
    properties:
      - { name: id, logicalType: string, required: true }
      - { name: speed, logicalType: integer, logicalTypeOptions: { minimum: 0 } }
";

/// The contract of pings, with `properties` and what else belongs to its schema object.
pub fn contract(schema: &str) -> Contract {
    Contract::compile(&format!("{}{schema}", PINGS.trim_end()), None).unwrap()
}

pub fn pings() -> Contract {
    contract(PROPERTIES)
}

/// `batch_rules`: lines of a `quality` list beside the usual properties.
pub fn pings_with(batch_rules: &str) -> Contract {
    contract(&format!("{}\n    quality:\n      {batch_rules}\n", PROPERTIES.trim_end()))
}

pub fn partition(number: i32) -> PartitionId {
    PartitionId::new("t", "-", number)
}

/// Seconds, in virtual time.
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Until everybody waits for something that only the test or a later second brings.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

pub struct Rig {
    pub log: VecLog,
    pub lake: MemoryLake,
    /// `None`: raw.
    pub contract: Option<Contract>,
    /// Payloads name schemas of it.
    pub registry: Option<VecRegistry>,
    pub on_schema_change: SchemaChange,
    pub transform: Option<Arc<dyn Transform>>,
    pub rejects_contract: Option<Contract>,
    pub policy: Policy,
    pub rejects: RejectsTo,
    pub dead_letters: bool,
    pub metadata: bool,
    pub tombstones: Tombstones,
    pub unknown_fields: UnknownFields,
    pub trigger: Trigger,
    pub limits: BatchLimits,
    pub fixed_assignment: bool,
    pub gate: Arc<dyn InterventionGate>,
    /// Made anew for each worker.
    pub functions: Option<Box<dyn Fn() -> Box<dyn RowFunctions>>>,
    pub shadow: Option<Box<dyn Fn() -> Shadow>>,
    pub chunk_records: usize,
    pub group: &'static str,
}

impl Rig {
    /// Partitions 0 to 2; `split` with both side tables; reads what there is, then ends.
    pub fn new() -> Self {
        Self {
            log: VecLog::new((0..3).map(partition)),
            lake: MemoryLake::default(),
            contract: Some(pings()),
            registry: None,
            on_schema_change: SchemaChange::Block,
            transform: None,
            shadow: None,
            rejects_contract: None,
            policy: Policy::Split,
            rejects: RejectsTo::Rejects,
            dead_letters: true,
            metadata: true,
            tombstones: Tombstones::Skip,
            unknown_fields: UnknownFields::Ignore,
            trigger: Trigger::AvailableNow,
            limits: BatchLimits {
                max_rows: u64::MAX,
                max_bytes: u64::MAX,
                max_offsets: None,
                min_offsets: None,
                max_trigger_delay: secs(900),
                state: Budget::of(u64::MAX),
            },
            fixed_assignment: false,
            gate: Arc::new(Proceed),
            functions: None,
            chunk_records: 1000,
            group: "group",
        }
    }

    /// As [`Rig::new`], but it goes on until stopped, with a tick every ten seconds.
    pub fn ticking() -> Self {
        Self { trigger: Trigger::ProcessingTime(secs(10)), ..Self::new() }
    }

    /// Appends to partition 0.
    pub fn append(&self, records: &[&str]) {
        self.append_to(0, records);
    }

    pub fn append_to(&self, number: i32, records: &[&str]) {
        for record in records {
            self.log.append(&partition(number), *record);
        }
    }

    fn config(&self) -> EngineConfig {
        let decoded = match &self.contract {
            Some(contract) => DecodedAs::Contract {
                schema: Arc::clone(contract.schema()),
                extra: self.unknown_fields == UnknownFields::Extra,
            },
            None => match &self.transform {
                Some(transform) => {
                    DecodedAs::Transformed { schema: Arc::clone(transform.schema()), raw: true }
                }
                None => DecodedAs::Raw,
            },
        };
        let layout = Layout::new(LayoutOptions {
            decoded,
            policy: self.policy,
            rejects: self.rejects,
            dead_letters: self.dead_letters,
            metadata: self.metadata,
        });
        EngineConfig {
            query: "pings".into(),
            policy: self.policy,
            trigger: self.trigger,
            limits: self.limits.clone(),
            layout,
            fixed_assignment: self.fixed_assignment,
        }
    }

    /// A worker that holds no partition yet.
    pub async fn try_start(&self) -> Result<Worker, BoxFault> {
        let until = match self.trigger {
            Trigger::ProcessingTime(_) => ReadUntil::Stopped,
            Trigger::AvailableNow | Trigger::Once => ReadUntil::End,
        };
        let (source, source_control) = self.log.source(until);
        let (sink, sink_control) = self.lake.sink_in_group(self.group);
        source_control.set_chunk_records(self.chunk_records);
        self.start_with(source, source_control, sink, sink_control).await
    }

    pub async fn start_with<S: RecordSource, C>(
        &self,
        source: S,
        source_control: C,
        sink: headgate_model::fake::MemorySink,
        sink_control: SinkControl,
    ) -> Result<Worker<C>, BoxFault> {
        let options =
            DecodeOptions { tombstones: self.tombstones, unknown_fields: self.unknown_fields };
        let decoder = match &self.contract {
            Some(contract) if self.registry.is_some() => {
                headgate_decode::framed(contract.schema(), options).unwrap()
            }
            Some(contract) => headgate_decode::json(contract.schema(), options).unwrap(),
            None => headgate_decode::raw(self.tombstones),
        };
        let reject_unknown_fields = self.unknown_fields == UnknownFields::Reject;
        let check = CheckOptions {
            reject_unknown_fields,
            keeps_violating: self.policy.writes_violating_rows(),
            frame_bytes: 0,
        };
        let (switch, stop) = StopSwitch::new();
        let told = Arc::new(Told::default());
        let query = Query::prepare(QueryParts {
            config: self.config(),
            source,
            sink,
            decoder,
            schemas: self.registry.clone().map(|registry| WriterSchemas {
                source: Arc::new(registry),
                on_change: self.on_schema_change,
            }),
            transform: self.transform.clone(),
            queries: None,
            functions: self.functions.as_ref().map(|functions| functions()),
            rejects_contract: self.rejects_contract.clone().map(RejectsContract::new),
            shadow: self.shadow.as_ref().map(|shadow| shadow()),
            output_rows: Box::new(self.lake.clone()),
            checker: self.contract.as_ref().map(|contract| contract.checker(check)),
            contract: self.contract.as_ref().map(|contract| contract.reference().clone()),
            gate: Arc::clone(&self.gate),
            observer: Arc::clone(&told) as Arc<dyn BatchObserver>,
            stop,
        })
        .await?;
        let task = tokio::spawn(query.run());
        Ok(Worker { source: source_control, sink: sink_control, stop: switch, told, task })
    }

    pub async fn start(&self) -> Worker {
        self.try_start().await.unwrap()
    }

    /// A worker that holds every partition there is.
    pub async fn start_alone(&self) -> Worker {
        let worker = self.start().await;
        worker.source.assign(&self.log.partitions());
        worker
    }

    /// Runs a query that ends by itself.
    pub async fn run(&self) -> Arc<Told> {
        let worker = self.start_alone().await;
        let told = Arc::clone(&worker.told);
        worker.ended().await.unwrap();
        told
    }

    /// Runs a query that must fail.
    pub async fn run_to_fault(&self) -> BoxFault {
        self.start_alone().await.ended().await.unwrap_err()
    }

    /// Offsets of partition 0 in a table.
    pub fn offsets(&self, role: TableRole) -> Vec<i64> {
        let rows = self.lake.coordinates(role).into_iter();
        rows.filter(|(_, number, _)| *number == 0).map(|(_, _, offset)| offset).collect()
    }

    /// Records of every committed batch.
    pub fn batch_sizes(&self) -> Vec<u64> {
        self.lake.ledgers().iter().map(|ledger| ledger.counts.records).collect()
    }

    /// Every record of the log is in one table, once.
    pub fn assert_exactly_once(&self) {
        let roles = TableRole::ALL.into_iter().chain([TableRole::Sink(0)]);
        let mut found: Vec<_> = roles.flat_map(|role| self.lake.coordinates(role)).collect();
        found.sort();
        assert_eq!(found, self.log.coordinates());
        assert_eq!(self.lake.breaks(), Vec::<String>::new());
        assert_eq!(self.lake.open_debts(), 0);
    }
}

/// `C`: what directs its source.
pub struct Worker<C = SourceControl> {
    pub source: C,
    pub sink: SinkControl,
    pub stop: StopSwitch,
    pub told: Arc<Told>,
    task: JoinHandle<Result<(), BoxFault>>,
}

impl<C> Worker<C> {
    pub fn is_running(&self) -> bool {
        !self.task.is_finished()
    }

    pub async fn ended(self) -> Result<(), BoxFault> {
        tokio::time::timeout(secs(3600), self.task).await.expect("still running").unwrap()
    }

    pub async fn fault(self) -> BoxFault {
        self.ended().await.unwrap_err()
    }

    pub async fn stopped(self, mode: StopMode) {
        self.stop.stop(mode);
        self.ended().await.unwrap();
    }

    /// As a killed process: what it has not sent to the lake by now never arrives.
    pub fn kill(self) {
        self.sink.freeze();
        self.task.abort();
    }
}

/// What an observer was told.
#[derive(Default)]
pub struct Told {
    batches: Mutex<Vec<CommittedBatch>>,
    progress: Mutex<Vec<Progress>>,
}

impl Told {
    pub fn batches(&self) -> Vec<CommittedBatch> {
        self.batches.lock().unwrap().clone()
    }

    pub fn progress(&self) -> Vec<Progress> {
        self.progress.lock().unwrap().clone()
    }
}

impl BatchObserver for Told {
    fn batch(&self, batch: CommittedBatch) {
        self.batches.lock().unwrap().push(batch);
    }

    fn progress(&self, progress: Progress) {
        self.progress.lock().unwrap().push(progress);
    }
}

pub fn engine_fault(fault: &BoxFault) -> &EngineFault {
    let error: &(dyn Error + 'static) = &**fault;
    error.downcast_ref().unwrap_or_else(|| panic!("not a fault of the engine: {fault}"))
}
