//! A consumer over a [`VecLog`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use super::bell::lock;
use super::{FakeFault, POLLED_AT_US, SourceControl, VecLog};
use crate::{
    BoxFault, Lag, PartitionId, Positions, RecordChunk, RecordSource, SourceEvent, StartRequest,
};

/// When a source has nothing more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadUntil {
    /// Never: it waits for more.
    Stopped,
    /// At the ends that the log had at the start; told again after a rewind.
    End,
}

/// What the hand asked for; done in order, before more is polled.
pub(super) enum Step {
    Assign(Vec<PartitionId>),
    Revoke { partitions: Vec<PartitionId>, lost: bool, late: bool },
    Fail(FakeFault),
}

pub(super) struct State {
    pub until: ReadUntil,
    pub chunk_records: usize,
    pub latest: bool,
    pub script: VecDeque<Step>,
    pub confirm: Option<FakeFault>,
    /// Next offset of each partition held; `None`: its first record.
    pub held: BTreeMap<PartitionId, Option<i64>>,
    /// Polled ahead under the epoch of its time, as a poll thread does.
    ahead: Option<RecordChunk>,
    ends: Option<Positions>,
    /// The engine owes an answer, and the source holds still.
    waiting: bool,
    assigned: bool,
    drained: bool,
    pub epoch: u64,
    pub group: Option<String>,
    pub replies: Vec<Positions>,
    pub rewinds: Vec<(u64, Positions)>,
    pub released: Vec<Vec<PartitionId>>,
    pub committed: Positions,
    pub closed: bool,
}

/// One worker's consumer. It polls one chunk ahead of what it hands over, so that after a rewind a
/// chunk of the older epoch still arrives.
pub struct VecSource {
    log: VecLog,
    state: Arc<Mutex<State>>,
}

impl VecSource {
    pub(super) fn new(log: &VecLog, until: ReadUntil) -> (Self, SourceControl) {
        let state = State {
            until,
            chunk_records: 1000,
            latest: false,
            script: VecDeque::new(),
            confirm: None,
            held: BTreeMap::new(),
            ahead: None,
            ends: None,
            waiting: false,
            assigned: false,
            drained: false,
            epoch: 0,
            group: None,
            replies: Vec::new(),
            rewinds: Vec::new(),
            released: Vec::new(),
            committed: Positions::new(),
            closed: false,
        };
        let state = Arc::new(Mutex::new(state));
        let control = SourceControl { state: Arc::clone(&state), bell: log.bell.clone() };
        (Self { log: log.clone(), state }, control)
    }

    fn take_next(&self) -> Option<Result<SourceEvent, FakeFault>> {
        let mut state = lock(&self.state);
        if state.waiting || state.group.is_none() {
            return None;
        }
        let polled = state
            .ahead
            .take()
            .or_else(|| if state.script.is_empty() { state.poll(&self.log) } else { None });
        if let Some(chunk) = polled {
            if state.script.is_empty() {
                state.ahead = state.poll(&self.log);
            }
            return Some(Ok(SourceEvent::Records(chunk)));
        }
        match state.script.pop_front() {
            Some(Step::Fail(fault)) => Some(Err(fault)),
            Some(Step::Assign(partitions)) => {
                state.waiting = true;
                Some(Ok(self.assigned(partitions)))
            }
            Some(Step::Revoke { partitions, lost, late }) => {
                state.waiting = !late;
                if late {
                    state.held.retain(|id, _| !partitions.contains(id));
                }
                Some(Ok(self.revoked(partitions, lost)))
            }
            None if state.reached_end() => {
                state.drained = true;
                Some(Ok(SourceEvent::Drained { epoch: state.epoch, elsewhere: Vec::new() }))
            }
            None => None,
        }
    }

    fn assigned(&self, partitions: Vec<PartitionId>) -> SourceEvent {
        let (state, bell, new) =
            (Arc::clone(&self.state), self.log.bell.clone(), partitions.clone());
        let reply = Box::new(move |positions: Positions| {
            let mut state = lock(&state);
            state.held.extend(new.into_iter().map(|id| {
                let next = positions.get(&id).copied();
                (id, next)
            }));
            state.replies.push(positions);
            state.assigned = true;
            state.waiting = false;
            drop(state);
            bell.ring();
        });
        SourceEvent::Assigned { partitions, reply }
    }

    fn revoked(&self, partitions: Vec<PartitionId>, lost: bool) -> SourceEvent {
        let (state, bell, gone) =
            (Arc::clone(&self.state), self.log.bell.clone(), partitions.clone());
        let done = Box::new(move || {
            let mut state = lock(&state);
            if state.waiting {
                state.held.retain(|id, _| !gone.contains(id));
            }
            state.released.push(gone);
            state.waiting = false;
            drop(state);
            bell.ring();
        });
        SourceEvent::Revoked { partitions, lost, done }
    }
}

impl State {
    fn poll(&mut self, log: &VecLog) -> Option<RecordChunk> {
        let polled = log.poll(&mut self.held, self.ends.as_ref(), self.chunk_records);
        (!polled.is_empty()).then(|| polled.finish(self.epoch, POLLED_AT_US))
    }

    fn reached_end(&self) -> bool {
        self.until == ReadUntil::End && self.assigned && !self.drained
    }
}

impl RecordSource for VecSource {
    async fn starting_positions(&mut self) -> Result<Positions, BoxFault> {
        let latest = lock(&self.state).latest;
        Ok(if latest { self.log.highs() } else { self.log.lows() })
    }

    async fn start(&mut self, request: StartRequest) -> Result<(), BoxFault> {
        let mut state = lock(&self.state);
        state.group = Some(request.group);
        state.ends = (state.until == ReadUntil::End).then(|| self.log.highs());
        Ok(())
    }

    async fn next(&mut self) -> Result<SourceEvent, BoxFault> {
        let bell = self.log.bell.clone();
        Ok(bell.until(|| self.take_next()).await?)
    }

    async fn rebalance(&self) {
        let waits = || (!lock(&self.state).script.is_empty()).then_some(());
        self.log.bell.until(waits).await;
    }

    async fn confirm(&mut self) -> Result<(), BoxFault> {
        let fault = lock(&self.state).confirm;
        Ok(fault.map_or(Ok(()), Err)?)
    }

    async fn rewind(&mut self, positions: Positions, epoch: u64) -> Result<(), BoxFault> {
        let mut state = lock(&self.state);
        state.epoch = epoch;
        state.drained = false;
        for (id, next) in &mut state.held {
            *next = positions.get(id).copied();
        }
        state.rewinds.push((epoch, positions));
        drop(state);
        self.log.bell.ring();
        Ok(())
    }

    fn committed(&mut self, positions: &Positions) {
        lock(&self.state).committed.extend(positions.clone());
    }

    fn lag(&self) -> Lag {
        let (lows, highs, state) = (self.log.lows(), self.log.highs(), lock(&self.state));
        let behind = |(id, next): (&PartitionId, &Option<i64>)| {
            let next = next.or_else(|| lows.get(id).copied()).unwrap_or(0);
            (highs.get(id).copied().unwrap_or(0) - next).max(0) as u64
        };
        Lag { records: state.held.iter().map(behind).sum(), ..Lag::default() }
    }

    fn queued_bytes(&self) -> u64 {
        lock(&self.state).ahead.as_ref().map_or(0, |chunk| chunk.bytes() as u64)
    }

    async fn close(self) {
        lock(&self.state).closed = true;
        self.log.bell.ring();
    }
}
