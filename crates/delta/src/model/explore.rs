//! Runs the workers along a list of choices, and all lists there are.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::worker::{Plan, fate, live, open, partition};
use super::world::{Operation, Port, Reply, TABLES, World, created, digest};
use crate::account::Kind;
use crate::fault::DeltaFault;
use crate::verify_log::adds;

type Life = Pin<Box<dyn Future<Output = Result<(), DeltaFault>> + Send>>;

#[derive(Clone, Copy, Debug)]
enum Action {
    Answer(usize, Reply),
    Crash(usize),
    Land(usize),
    /// Hours pass, and the logs are cleaned up.
    Sleep,
}

enum Waits {
    Turn,
    Nothing,
    Time,
}

struct Run {
    plan: Plan,
    world: Arc<Mutex<World>>,
    workers: Vec<Option<Life>>,
    lives: Vec<u32>,
    told: Vec<String>,
    /// What ended a life; nothing in the model should.
    fault: Option<String>,
}

impl Run {
    async fn start(plan: Plan) -> Self {
        let mut world = World::new(plan.workers, plan.sleeps > 0);
        for log in &mut world.logs {
            log.slots.push(created());
        }
        let world = Arc::new(Mutex::new(world));
        let (workers, lives) = ((0..plan.workers).map(|_| None).collect(), vec![0; plan.workers]);
        let mut run = Self { plan, world, workers, lives, told: Vec::new(), fault: None };
        // The first commit is made; that two of them meet is another test's business.
        fresh_start(&run.world, &run.plan).await.expect("the first start");
        (0..plan.workers).for_each(|worker| run.begin(worker));
        run.settle().await;
        run
    }

    fn port(&self, worker: usize) -> Port {
        Port { world: Arc::clone(&self.world), worker, table: 0 }
    }

    fn begin(&mut self, worker: usize) {
        let mut world = self.world.lock().expect("no panic");
        world.forget(worker);
        world.histories[worker] = digest((worker, self.lives[worker]));
        drop(world);
        self.workers[worker] = Some(Box::pin(live(self.port(worker), self.plan)));
    }

    /// Until every worker waits for something that others may meet.
    async fn settle(&mut self) {
        for worker in 0..self.workers.len() {
            while let Some(life) = &mut self.workers[worker] {
                let mut context = Context::from_waker(std::task::Waker::noop());
                if let Poll::Ready(end) = life.as_mut().poll(&mut context) {
                    self.workers[worker] = None;
                    let mut world = self.world.lock().expect("no panic");
                    world.histories[worker] = digest((world.histories[worker], end.is_ok()));
                    // A store that did not answer for long is given up on, rightly.
                    let given_up =
                        |fault: &DeltaFault| matches!(fault, DeltaFault::CommitUnknown { .. });
                    let fault = end.err().filter(|fault| !given_up(fault));
                    self.fault = self.fault.take().or(fault.map(|fault| format!("{fault:?}")));
                    continue;
                }
                match self.waits(worker) {
                    Waits::Turn => break,
                    Waits::Nothing => {}
                    Waits::Time => tokio::time::advance(Duration::from_secs(6)).await,
                }
            }
        }
        // Timers need their runtime to run now and then.
        tokio::task::yield_now().await;
    }

    /// What can only have one answer is answered at once.
    fn waits(&self, worker: usize) -> Waits {
        let mut world = self.world.lock().expect("no panic");
        match world.pending(worker) {
            None => Waits::Time,
            Some(operation) if !world.is_settled(operation) => Waits::Turn,
            Some(_) => {
                world.answer(worker, Reply::Done);
                Waits::Nothing
            }
        }
    }

    fn actions(&self) -> Vec<Action> {
        let world = self.world.lock().expect("no panic");
        let mut actions = Vec::new();
        for worker in 0..self.workers.len() {
            let Some(operation) = world.pending(worker) else { continue };
            match operation {
                Operation::Choose { among } => {
                    let choices = (0..*among).map(|n| Action::Answer(worker, Reply::Choice(n)));
                    actions.extend(choices);
                }
                Operation::Put { .. } if self.plan.lost > 0 => {
                    let replies = [Reply::Done, Reply::Lost, Reply::Late];
                    actions.extend(replies.map(|reply| Action::Answer(worker, reply)));
                }
                _ => actions.push(Action::Answer(worker, Reply::Done)),
            }
            // Anywhere else a death changes nothing that a death before the next put does not.
            if matches!(operation, Operation::Put { .. }) && self.plan.crashes > 0 {
                actions.push(Action::Crash(worker));
            }
        }
        actions.extend((0..world.late.len()).map(Action::Land));
        if self.plan.sleeps > 0 && world.logs[0].slots.len() > 2 {
            actions.push(Action::Sleep);
        }
        actions
    }

    async fn take(&mut self, action: Action) {
        self.told.push(format!("{action:?}"));
        match action {
            Action::Answer(worker, reply) => {
                if matches!(reply, Reply::Lost | Reply::Late) {
                    self.plan.lost -= 1;
                }
                self.world.lock().expect("no panic").answer(worker, reply);
            }
            Action::Crash(worker) => {
                self.plan.crashes -= 1;
                self.lives[worker] += 1;
                self.begin(worker);
            }
            Action::Land(at) => self.world.lock().expect("no panic").land(at),
            Action::Sleep => {
                self.plan.sleeps -= 1;
                self.world.lock().expect("no panic").sleep_and_clean();
                tokio::time::advance(Duration::from_secs(2 * 3600)).await;
            }
        }
        self.settle().await;
    }

    fn state(&self) -> (u64, u64) {
        let world = self.world.lock().expect("no panic");
        let stored = world.stored();
        let Plan { crashes, lost, sleeps, .. } = self.plan;
        (digest((stored, &world.histories, &self.lives, crashes, lost, sleeps)), stored)
    }

    /// What a fresh start makes of what is stored, once everything under way has landed.
    async fn close(&self) -> Result<(), String> {
        if let Some(fault) = &self.fault {
            return Err(format!("a worker died of {fault} after {}", self.told.join("; ")));
        }
        let mut world = self.world.lock().expect("no panic").copy();
        while !world.late.is_empty() {
            world.land(0);
        }
        let world = Arc::new(Mutex::new(world));
        fresh_start(&world, &self.plan).await.map_err(|fault| format!("no start: {fault:?}"))?;
        let found = check(&world.lock().expect("no panic"), &self.plan);
        found.map_err(|wrong| format!("{wrong} after {}", self.told.join("; ")))
    }
}

/// A start that nobody interferes with.
async fn fresh_start(world: &Arc<Mutex<World>>, plan: &Plan) -> Result<(), DeltaFault> {
    let worker = plan.workers;
    world.lock().expect("no panic").histories.push(digest("fresh"));
    let port = Port { world: Arc::clone(world), worker, table: 0 };
    let mut start = Box::pin(open(&port, plan));
    let end = loop {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match start.as_mut().poll(&mut context) {
            Poll::Ready(end) => break end.map(|_| ()),
            Poll::Pending => world.lock().expect("no panic").answer(worker, Reply::Done),
        }
    };
    world.lock().expect("no panic").histories.truncate(plan.workers);
    end
}

/// Every record below its partition's position is in its table, once; everything claimed is there.
fn check(world: &World, plan: &Plan) -> Result<(), String> {
    let entries = world.entries(0);
    let mut positions = BTreeMap::new();
    let mut blocked = false;
    let mut shown = BTreeSet::new();
    for entry in &entries {
        for (name, version) in &entry.txns {
            for number in 0..plan.partitions {
                if name.ends_with(&format!("/{}@x/{number}", partition(number).topic)) {
                    positions.insert(number, *version);
                }
            }
        }
        let Some(account) = &entry.account else { continue };
        shown.insert(account.batch.clone());
        match account.kind {
            Kind::Block => blocked = true,
            Kind::Batch if blocked => return Err("a batch was committed behind a block".into()),
            _ => {}
        }
    }
    if let Some(batch) = world.claimed.iter().find(|batch| !shown.contains(*batch)) {
        return Err(format!("batch {batch} was told to be committed, and nobody sees it"));
    }
    let mut columns = BTreeSet::new();
    for table in 0..TABLES {
        let mut found: Vec<(i32, i64)> = Vec::new();
        for slot in &world.logs[table].slots {
            for add in adds(&slot.bytes).expect("adds") {
                let path = add["path"].as_str().unwrap_or_default();
                if !world.files.contains(path) {
                    return Err(format!("table {table} names a file that is deleted"));
                }
                if table == 0 {
                    columns.extend(add["worker"].as_u64());
                }
                let rows: Vec<(i32, i64)> =
                    serde_json::from_value(add["rows"].clone()).expect("rows");
                found.extend(rows);
            }
        }
        found.sort_unstable();
        let owed: Vec<(i32, i64)> = positions
            .iter()
            .flat_map(|(number, end)| (0..*end).map(|offset| (*number, offset)))
            .filter(|(number, offset)| fate(*number, *offset) == table)
            .collect();
        if found != owed {
            return Err(format!("table {table} holds {found:?}, owed {owed:?}"));
        }
    }
    let schema = entries.iter().rev().find_map(|entry| entry.metadata.as_ref());
    let schema = schema.map_or("", |metadata| metadata.schema_string.as_str());
    let lacks = |worker: &&u64| plan.evolves && !schema.contains(&format!("\"c{worker}\""));
    match columns.iter().find(lacks) {
        Some(worker) => Err(format!("the column of worker {worker} is gone")),
        None => Ok(()),
    }
}

pub struct Explored {
    pub states: usize,
    pub exhausted: bool,
    pub failure: Option<String>,
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime")
}

/// Depth first; a state seen before is left.
pub fn explore(plan: Plan, most: usize) -> Explored {
    runtime().block_on(async {
        let (mut seen, mut closed) = (HashSet::new(), HashSet::new());
        let mut open: Vec<Vec<usize>> = vec![Vec::new()];
        let explored = |states, exhausted, failure| Explored { states, exhausted, failure };
        while let Some(mut path) = open.pop() {
            let mut run = Run::start(plan).await;
            for choice in &path {
                let action = run.actions()[*choice];
                run.take(action).await;
            }
            loop {
                let (state, stored) = run.state();
                if !seen.insert(state) {
                    break;
                }
                if (closed.insert(stored) || run.fault.is_some())
                    && let Err(failure) = run.close().await
                {
                    return explored(seen.len(), false, Some(failure));
                }
                if seen.len() >= most {
                    return explored(seen.len(), false, None);
                }
                let actions = run.actions();
                let Some(first) = actions.first() else { break };
                for other in 1..actions.len() {
                    let mut branch = path.clone();
                    branch.push(other);
                    open.push(branch);
                }
                path.push(0);
                run.take(*first).await;
            }
        }
        explored(seen.len(), true, None)
    })
}

/// Random schedules, closed at their end.
pub fn walk(plan: Plan, seed: u64, walks: u64) -> (u64, Option<String>) {
    runtime().block_on(async {
        let mut steps = 0;
        for walk in 0..walks {
            let mut rng = SmallRng::seed_from_u64(seed * walks + walk);
            let mut run = Run::start(plan).await;
            loop {
                let actions = run.actions();
                if actions.is_empty() {
                    break;
                }
                let action = actions[rng.random_range(0..actions.len())];
                run.take(action).await;
                steps += 1;
            }
            if let Err(failure) = run.close().await {
                return (steps, Some(format!("walk {walk} of seed {seed}: {failure}")));
            }
        }
        (steps, None)
    })
}
