//! What a worker does with the real committer: one life, from its start to its death.

use headgate_model::{
    BatchCommit, Block, Counts, Ledger, PartitionId, PartitionLedger, Positions, Status, TableRole,
    Verdict,
};
use serde_json::{Value, json};

use super::world::{Port, digest};
use crate::account::Kind;
use crate::committer::{Committer, Files, Settled};
use crate::data_file::WrittenFile;
use crate::fault::DeltaFault;
use crate::image::Image;
use crate::log::PAYMENT_BUDGET;
use crate::side::Side;

/// What a model is explored with.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub workers: usize,
    pub partitions: i32,
    /// Records of each partition.
    pub records: i64,
    pub crashes: u32,
    pub lost: u32,
    pub sleeps: u32,
    /// Side tables may be out of reach for a while.
    pub owes: bool,
    /// The image may move while a batch is open.
    pub moves: bool,
    /// Each worker brings a column of its own.
    pub evolves: bool,
    pub blocks: bool,
}

pub type Range = (i32, i64, i64);

pub fn partition(number: i32) -> PartitionId {
    PartitionId::new("t", "x", number)
}

/// The table that a record goes to.
pub fn fate(partition: i32, offset: i64) -> usize {
    [1, 0, 1, 2][(i64::from(partition) + offset) as usize % 4]
}

pub fn column(worker: usize) -> Value {
    json!({ "name": format!("c{worker}"), "type": "long", "nullable": true, "metadata": {} })
}

/// Opens the tables as a start does.
pub async fn open(port: &Port, plan: &Plan) -> Result<Committer, DeltaFault> {
    let log = port.log(0);
    let tip = log.storage.tip().await?.expect("a table");
    let wanted = if plan.evolves { vec![column(port.worker)] } else { Vec::new() };
    let (image, world) = (Image::of_tip("q", &tip), port.clone());
    let open_log =
        Box::new(move |address: &str| Ok(world.log(1 + usize::from(address.contains("dead")))));
    let mut committer =
        Committer { log, image, sides: Vec::new(), wanted, cursors: Default::default(), open_log };
    for (table, role) in [(1, TableRole::Rejects), (2, TableRole::DeadLetters)] {
        let log = port.log(table);
        let tip = log.storage.tip().await?.expect("a table");
        committer.sides.push(Side::of_tip(Some(role), log, &tip));
    }
    committer.recover().await?;
    if committer.image.incarnation.is_none() {
        let starts = (0..plan.partitions).map(|number| (partition(number), 0));
        committer.initialize(&starts.collect::<Positions>()).await?;
    }
    Ok(committer)
}

/// Every batch of one more record of some partitions.
fn menu(positions: &Positions, plan: &Plan) -> Vec<Vec<Range>> {
    let next = |number: i32| {
        let start = *positions.get(&partition(number))?;
        (start < plan.records).then_some((number, start, start + 1))
    };
    let all: Vec<Range> = (0..plan.partitions).filter_map(next).collect();
    let mut menu: Vec<Vec<Range>> = all.iter().map(|range| vec![*range]).collect();
    if all.len() > 1 {
        menu.push(all);
    }
    menu
}

pub async fn live(port: Port, plan: Plan) -> Result<(), DeltaFault> {
    port.begin().await;
    let mut committer = open(&port, &plan).await?;
    loop {
        let menu = menu(&committer.image.positions, &plan);
        if menu.is_empty() {
            return Ok(());
        }
        let ranges = &menu[port.choose(menu.len()).await];
        let batch = batch(&port, ranges);
        let files = write(&port, ranges);
        // A batch stays open for a while: others commit, and the image may move under it.
        let step = port.choose(1 + usize::from(plan.moves) + usize::from(plan.blocks)).await;
        if step == 1 && plan.moves {
            committer.read_to_tip().await?;
        }
        if step > 0 && plan.blocks {
            delete(&port, &files);
            committer.commit_block(&batch, Block::Intervention).await?;
            return Ok(());
        }
        committer.hold_while_indebted().await?;
        let settled = committer.settle(&batch, &files).await;
        if !Settled::may_land(&settled) {
            delete(&port, &files);
        }
        match settled? {
            Settled::Committed => {
                port.lock().claimed.insert(batch.ledger.verdict.batch_uuid.clone());
                if port.choose(1 + usize::from(plan.owes)).await == 0 {
                    pay(&mut committer).await?;
                }
            }
            Settled::Refused(crate::image::Fit::Blocked(_)) => return Ok(()),
            Settled::Refused(_) => {}
            Settled::Unknown => committer.reopen().await?,
        }
    }
}

/// One side table after the other: their order is nobody's business.
async fn pay(committer: &mut Committer) -> Result<(), DeltaFault> {
    let account = committer.account(Kind::Payment).expect("an incarnation");
    let prefix = committer.image.prefix().expect("an incarnation");
    for side in &mut committer.sides {
        match side.pay(&account, &prefix, PAYMENT_BUDGET).await {
            // It stays owed.
            Ok(()) | Err(DeltaFault::CommitUnknown { .. }) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

fn batch(port: &Port, ranges: &[Range]) -> BatchCommit {
    let uuid = format!("{:x}", digest((port.lock().histories[port.worker], "batch")));
    let partitions = ranges
        .iter()
        .map(|(number, start, end)| PartitionLedger {
            partition: partition(*number),
            start: *start,
            end: *end,
            records: end - start,
            gaps: 0,
            lost: 0,
            first: false,
        })
        .collect();
    let verdict = Verdict {
        batch_uuid: uuid,
        status: Status::Ok,
        row_count: 0,
        violating_rows: 0,
        violations: 0,
        dead_letters: 0,
        rules: Vec::new(),
        contract: None,
    };
    let ledger = Ledger {
        partitions,
        counts: Counts::default(),
        verdict,
        shadow: None,
        intervention: None,
        rerouted_to: None,
    };
    BatchCommit { ledger, blocked: None, stands_on: None }
}

fn write(port: &Port, ranges: &[Range]) -> Files {
    let mut files = Files::new();
    for (table, role) in TableRole::ALL.into_iter().enumerate() {
        let rows: Vec<(i32, i64)> = ranges
            .iter()
            .flat_map(|(number, start, end)| (*start..*end).map(|offset| (*number, offset)))
            .filter(|(number, offset)| fate(*number, *offset) == table)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let mut world = port.lock();
        let path = format!("{:x}", digest((world.histories[port.worker], "file", table)));
        world.files.insert(path.clone());
        let add = json!({ "path": path, "size": 1, "rows": rows, "worker": port.worker });
        let file = WrittenFile { path: path.into(), rows: rows.len() as u64, add };
        files.insert(role, vec![file]);
    }
    files
}

fn delete(port: &Port, files: &Files) {
    let mut world = port.lock();
    for file in files.values().flatten() {
        world.files.remove(file.path.as_ref());
    }
}
