//! One life of a query over real tables: it reads what there is and ends.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use headgate_contract::{CheckOptions, Contract};
use headgate_decode::{DecodeOptions, Tombstones, UnknownFields};
use headgate_delta::{
    Codec, DeltaSink, DeltaSinkConfig, Durability, OptimizeOptions, TableConfig, Written,
    address_of, optimize,
};
use headgate_engine::{
    BatchLimits, DecodedAs, EngineConfig, Layout, LayoutOptions, Policy, Query, QueryParts,
    RejectsTo, StopSwitch, Trigger,
};
use headgate_model::fake::{ReadUntil, VecLog};
use headgate_model::{
    Budget, Decision, Fault, InterventionGate, PartitionId, Proceed, RerouteTarget, Silent,
    TableRole, Verdict,
};

pub const PARTITIONS: i32 = 3;
pub const RECORDS: i64 = 120;
pub const SINK: TableRole = TableRole::Sink(0);

/// To the sink, to the rejects, to the output, and so on.
#[derive(Default)]
struct InTurns(AtomicU32);

impl InterventionGate for InTurns {
    fn decide<'a>(
        &'a self,
        _verdict: &'a Verdict,
    ) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        let role = match self.0.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => SINK,
            1 => TableRole::Rejects,
            _ => return Box::pin(std::future::ready(Decision::Proceed)),
        };
        let to = RerouteTarget { name: role.as_str().into(), role };
        let decision = Decision::Reroute { reason: "in turns".into(), to };
        Box::pin(std::future::ready(decision))
    }
}

const CONTRACT: &str = "
apiVersion: v3.1.0
kind: DataContract
id: pings
version: 1.0.0
status: active
schema:
  - name: pings
    properties:
      - { name: id, logicalType: string, required: true }
      - { name: speed, logicalType: integer, logicalTypeOptions: { minimum: 0 } }
";

/// Where a record belongs, and what it says.
pub fn record(partition: i32, offset: i64) -> (TableRole, String) {
    match (i64::from(partition) + offset) % 7 {
        2 => (TableRole::Rejects, format!(r#"{{"id":"{offset}","speed":-1}}"#)),
        5 => (TableRole::DeadLetters, format!("{{{offset}")),
        _ => (TableRole::Output, format!(r#"{{"id":"{offset}","speed":{offset}}}"#)),
    }
}

/// Text that does not compress.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + (state % 26) as u8)
    };
    (0..bytes).map(letter).collect()
}

pub fn live(lake: &Path) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ended = runtime.block_on(run(lake));
    if let Err(code) = ended {
        // A failed call ended the query: the process says so.
        eprintln!("{code}");
        std::process::exit(3);
    }
}

async fn run(lake: &Path) -> Result<(), String> {
    // Files of several parts, each batch one of them.
    let large = std::env::var(crate::LARGE).is_ok();
    let reroutes = std::env::var(crate::REROUTES).is_ok();
    let partitions = (0..PARTITIONS).map(|number| PartitionId::new("pings", "id", number));
    let log = VecLog::new(partitions.clone());
    for (number, id) in partitions.enumerate() {
        for offset in 0..RECORDS {
            let (role, mut text) = record(number as i32, offset);
            if large && role == TableRole::Output {
                let id = noise((number as u64) << 32 | offset as u64, 96 << 10);
                text = format!(r#"{{"id":"{id}","speed":{offset}}}"#);
            }
            log.append(&id, text.as_str());
        }
    }
    let contract = Contract::compile(CONTRACT, None).unwrap();
    let layout = Layout::new(LayoutOptions {
        decoded: DecodedAs::Contract { schema: Arc::clone(contract.schema()), extra: false },
        policy: Policy::Split,
        rejects: RejectsTo::Rejects,
        dead_letters: true,
        metadata: true,
    });
    let table = |role: TableRole| TableConfig {
        role,
        address: address_of(&lake.join(role.as_str())).unwrap(),
        schema: layout.schema(role).unwrap().clone(),
        partition_columns: Vec::new(),
        codec: Codec::default(),
        target_file_bytes: 64 << 20,
        merge_schema: false,
        store: Default::default(),
        checkpoint_interval: 3,
    };
    let sink = DeltaSink::new(DeltaSinkConfig {
        query: "pings".into(),
        output: table(TableRole::Output),
        side_tables: [TableRole::Rejects, TableRole::DeadLetters]
            .into_iter()
            .chain(reroutes.then_some(SINK))
            .map(table)
            .collect(),
        durability: Durability::Process,
        cursors: Default::default(),
        buffers: Budget::of(64 << 20),
    });
    let (source, control) = log.source(ReadUntil::End);
    control.set_chunk_records(17);
    let options =
        DecodeOptions { tombstones: Tombstones::Skip, unknown_fields: UnknownFields::Ignore };
    let (_switch, stop) = StopSwitch::new();
    let prepared = Query::prepare(QueryParts {
        schemas: None,
        transform: None,
        queries: None,
        functions: None,
        rejects_contract: None,
        shadow: None,
        output_rows: Box::new(Written::of(table(TableRole::Output))),
        config: EngineConfig {
            query: "pings".into(),
            policy: Policy::Split,
            trigger: Trigger::AvailableNow,
            limits: BatchLimits {
                max_rows: if large { 200 } else { 40 },
                max_bytes: u64::MAX,
                max_offsets: None,
                min_offsets: None,
                max_trigger_delay: Duration::from_secs(900),
                state: Budget::of(u64::MAX),
            },
            layout: layout.clone(),
            fixed_assignment: false,
        },
        source,
        sink,
        decoder: headgate_decode::json(contract.schema(), options).unwrap(),
        checker: Some(contract.checker(CheckOptions::default())),
        contract: Some(contract.reference().clone()),
        gate: if reroutes { Arc::new(InTurns::default()) } else { Arc::new(Proceed) },
        observer: Arc::new(Silent),
        stop,
    })
    .await;
    let query = prepared.map_err(|fault| fault.code().to_owned())?;
    let task = tokio::spawn(query.run());
    control.assign(&log.partitions());
    task.await.unwrap().map_err(|fault| fault.code().to_owned())?;
    for role in [TableRole::Output, TableRole::Rejects] {
        let address = address_of(&lake.join(role.as_str())).unwrap();
        let done = optimize(&address, &OptimizeOptions::default()).await;
        done.map_err(|fault| fault.code().to_owned())?;
    }
    Ok(())
}
