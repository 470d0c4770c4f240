//! Logs in memory, and the only place where workers meet: every operation waits for its turn.

use std::collections::btree_map::Entry as Turn;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;

use crate::entry::{Entry, TableMetadata};
use crate::fault::{DeltaFault, Source};
use crate::log::{Log, LogStorage, Tip};
use crate::moment::Moment;
use crate::rules::{self, Rule};

/// Output, rejects, dead letters.
pub const TABLES: usize = 3;

pub fn digest(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    Read {
        table: usize,
        version: i64,
    },
    Put {
        table: usize,
        version: i64,
    },
    Tip {
        table: usize,
    },
    FileSize {
        path: String,
    },
    /// Not of the storage: a life begins.
    Begin,
    /// Not of the storage: what the worker does next.
    Choose {
        among: usize,
    },
}

/// How an operation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    Done,
    /// Done, but the worker is not told.
    Lost,
    /// Not done yet, and the worker is told that it failed.
    Late,
    Choice(usize),
}

#[derive(Clone)]
pub struct Slot {
    pub bytes: Bytes,
    pub label: u64,
}

#[derive(Clone, Default)]
pub struct TableLog {
    pub slots: Vec<Slot>,
    /// Entries below are gone; a checkpoint holds what they said.
    pub cleaned: i64,
    /// Put where clean-up had been: no reader of the table ever looks there.
    pub hidden: BTreeMap<i64, Slot>,
}

struct Asked {
    operation: Operation,
    reply: Option<Reply>,
}

#[derive(Clone)]
pub struct Late {
    pub table: usize,
    pub version: i64,
    slot: Slot,
}

#[derive(Default)]
pub struct World {
    pub logs: [TableLog; TABLES],
    pub files: BTreeSet<String>,
    /// Batches that a worker was told are committed.
    pub claimed: BTreeSet<String>,
    pub late: Vec<Late>,
    /// Everything that each worker has learned in its life, which makes its state.
    pub histories: Vec<u64>,
    /// Clean-up is still to come.
    pub cleans: bool,
    asked: BTreeMap<usize, Asked>,
    jumps: u64,
}

impl World {
    pub fn new(workers: usize, cleans: bool) -> Self {
        Self { histories: vec![0; workers], cleans, ..Self::default() }
    }

    /// What is stored, without anybody's operations.
    pub fn copy(&self) -> Self {
        Self {
            logs: self.logs.clone(),
            files: self.files.clone(),
            claimed: self.claimed.clone(),
            late: self.late.clone(),
            histories: self.histories.clone(),
            ..Self::default()
        }
    }

    pub fn pending(&self, worker: usize) -> Option<&Operation> {
        self.asked.get(&worker).filter(|asked| asked.reply.is_none()).map(|asked| &asked.operation)
    }

    pub fn answer(&mut self, worker: usize, reply: Reply) {
        if let Some(asked) = self.asked.get_mut(&worker) {
            asked.reply = Some(reply);
        }
    }

    pub fn forget(&mut self, worker: usize) {
        self.asked.remove(&worker);
    }

    /// True when nothing is gained by letting others go first. What a worker reads is read at once:
    /// had another's put come in between, it might as well have come before the worker's own last
    /// operation, and that order is explored.
    pub fn is_settled(&self, operation: &Operation) -> bool {
        match operation {
            Operation::Begin => false,
            Operation::Put { table, version } => {
                // Clean-up may yet empty the slot.
                self.slot(*table, *version).is_some()
                    && !self.cleans
                    && rules::holds(Rule::PutIfAbsent)
            }
            Operation::Choose { among } => *among == 1,
            Operation::Read { .. } | Operation::FileSize { .. } | Operation::Tip { .. } => true,
        }
    }

    fn slot(&self, table: usize, version: i64) -> Option<&Slot> {
        let log = &self.logs[table];
        let cleaned = version < log.cleaned;
        if cleaned { log.hidden.get(&version) } else { log.slots.get(version as usize) }
    }

    fn put(&mut self, table: usize, version: i64, slot: Slot) -> bool {
        let log = &mut self.logs[table];
        let at = version as usize;
        if version < log.cleaned && !log.hidden.contains_key(&version) {
            log.hidden.insert(version, slot);
        } else if at == log.slots.len() {
            log.slots.push(slot);
        } else if at < log.slots.len() && !rules::holds(Rule::PutIfAbsent) {
            log.slots[at] = slot;
        } else {
            return false;
        }
        true
    }

    pub fn land(&mut self, at: usize) {
        let Late { table, version, slot } = self.late.remove(at);
        self.put(table, version, slot);
    }

    /// Hours pass. Entries are cleaned up, but for the newest and for debts that are not paid.
    pub fn sleep_and_clean(&mut self) {
        self.jumps += 1;
        self.cleans = false;
        let unpaid = self.oldest_unpaid();
        for (table, log) in self.logs.iter_mut().enumerate() {
            let newest = log.slots.len() as i64 - 1;
            log.cleaned = if table == 0 { newest.min(unpaid) } else { newest };
        }
    }

    fn oldest_unpaid(&self) -> i64 {
        let txns = |table| self.entries(table).into_iter().flat_map(|entry: Entry| entry.txns);
        let paid = |hash: &str| {
            let ends = format!("/side/{hash}");
            let all = (1..TABLES).flat_map(txns).filter(|(name, _)| name.ends_with(&ends));
            all.map(|(_, version)| version).max().unwrap_or(-1)
        };
        let mut oldest = i64::MAX;
        for (version, entry) in self.entries(0).iter().enumerate() {
            let debts = entry.account.iter().flat_map(|account| &account.debts);
            for debt in debts {
                if version as i64 > paid(&crate::app_id::address_hash(&debt.address)) {
                    oldest = oldest.min(version as i64);
                }
            }
        }
        oldest
    }

    /// What readers see, cleaned up or not.
    pub fn entries(&self, table: usize) -> Vec<Entry> {
        let shown = self.logs[table].slots.iter();
        shown.map(|slot| Entry::parse(&slot.bytes).expect("an entry")).collect()
    }

    fn tip(&self, table: usize) -> Tip {
        let mut entries = self.entries(table);
        let metadata = entries.iter().rev().find_map(|entry| entry.metadata.clone());
        Tip {
            version: entries.len() as i64 - 1,
            metadata: metadata.expect("a table"),
            txns: entries.iter().flat_map(|entry| entry.txns.clone()).collect(),
            newest: entries.pop(),
            at: Moment::now(),
        }
    }

    /// All that a fresh start would find.
    pub fn stored(&self) -> u64 {
        let logs: Vec<_> = self
            .logs
            .iter()
            .map(|log| {
                let labels: Vec<u64> =
                    log.slots.iter().chain(log.hidden.values()).map(|slot| slot.label).collect();
                (labels, log.cleaned)
            })
            .collect();
        let late: Vec<_> =
            self.late.iter().map(|late| (late.table, late.version, late.slot.label)).collect();
        digest((logs, late, &self.files, &self.claimed))
    }
}

/// A worker's way to one table.
#[derive(Clone)]
pub struct Port {
    pub world: Arc<Mutex<World>>,
    pub worker: usize,
    pub table: usize,
}

impl Port {
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no panic")
    }

    pub fn log(&self, table: usize) -> Log {
        let port = Self { table, ..self.clone() };
        Log { storage: Arc::new(port), address: address(table) }
    }

    /// Waits for its turn; one operation of a worker waits at a time.
    async fn ask(&self, operation: Operation) -> Reply {
        let mut asked = Some(Asked { operation: operation.clone(), reply: None });
        let reply = std::future::poll_fn(|_| {
            let mut world = self.lock();
            if asked.is_some() {
                let turn = world.asked.entry(self.worker);
                if let Turn::Vacant(free) = turn {
                    free.insert(asked.take().expect("asked once"));
                }
                return Poll::Pending;
            }
            match world.asked.get(&self.worker).and_then(|asked| asked.reply) {
                None => Poll::Pending,
                Some(reply) => Poll::Ready(reply),
            }
        })
        .await;
        let mut world = self.lock();
        let jumps = world.jumps;
        let history = &mut world.histories[self.worker];
        *history = digest((*history, operation, reply, jumps));
        reply
    }

    fn learn(&self, what: impl Hash) {
        let mut world = self.lock();
        world.forget(self.worker);
        let history = &mut world.histories[self.worker];
        *history = digest((*history, what));
    }

    pub async fn begin(&self) {
        self.ask(Operation::Begin).await;
        self.learn(());
    }

    pub async fn choose(&self, among: usize) -> usize {
        let reply = self.ask(Operation::Choose { among }).await;
        let choice = if let Reply::Choice(choice) = reply { choice } else { 0 };
        self.learn(choice);
        choice
    }
}

pub fn address(table: usize) -> String {
    format!("model:{}", ["output", "rejects", "dead_letters"][table])
}

#[async_trait]
impl LogStorage for Port {
    async fn read(&self, version: i64) -> Result<Option<Bytes>, DeltaFault> {
        self.ask(Operation::Read { table: self.table, version }).await;
        let found = self.lock().slot(self.table, version).cloned();
        self.learn(found.as_ref().map(|slot| slot.label));
        Ok(found.map(|slot| slot.bytes))
    }

    async fn put(&self, version: i64, bytes: Bytes) -> Result<(), Source> {
        let label = self.lock().histories[self.worker];
        let operation = Operation::Put { table: self.table, version };
        let reply = self.ask(operation).await;
        let slot = Slot { bytes, label };
        let done = {
            let mut world = self.lock();
            if reply == Reply::Late {
                world.late.push(Late { table: self.table, version, slot });
                false
            } else {
                world.put(self.table, version, slot)
            }
        };
        let told = done && reply == Reply::Done;
        self.learn(told);
        if told { Ok(()) } else { Err("not answered, or taken".into()) }
    }

    async fn tip(&self) -> Result<Option<Tip>, DeltaFault> {
        self.ask(Operation::Tip { table: self.table }).await;
        let (tip, labels) = {
            let world = self.lock();
            let shown = world.logs[self.table].slots.iter();
            (world.tip(self.table), shown.map(|slot| slot.label).collect::<Vec<_>>())
        };
        self.learn(labels);
        Ok(Some(tip))
    }

    async fn file_size(&self, path: &str) -> Result<Option<u64>, DeltaFault> {
        self.ask(Operation::FileSize { path: path.to_owned() }).await;
        let found = self.lock().files.contains(path);
        self.learn(found);
        Ok(found.then_some(1))
    }

    fn committed(&self, _: i64) {}

    async fn finish(&self) {}
}

/// A table's first entry.
pub fn created() -> Slot {
    let schema = json!({ "type": "struct", "fields": [] }).to_string();
    let metadata = TableMetadata { schema_string: schema, ..TableMetadata::default() };
    Slot { bytes: json!({ "metaData": metadata }).to_string().into(), label: 0 }
}
