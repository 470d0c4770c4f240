//! The thread that owns the consumer: polls events, drains records, serves commands.
//!
//! No step blocks for long: while records may not flow (no room, a rebalance at hand) the thread
//! goes on polling events, so that `max.poll.interval.ms` is never exceeded.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use headgate_model::{ReadMode, SourceEvent};
use rdkafka::consumer::Consumer;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::bootstrap;
use crate::command::{Command, Commands, Reply};
use crate::config::{FetchBudget, KafkaConfig};
use crate::context::{Rebalance, RebalanceKind, SourceConsumer, SourceContext, give_up};
use crate::data_loss::Stopped;
use crate::fault::{self, KafkaFault, concerns_topics};
use crate::fetch_queue::FetchQueue;
use crate::gauges::Gauges;
use crate::lookup::{Lookup, pump};
use crate::reader::{Incident, Reader};
use crate::rebalance::{InProgress, partition_list};
use crate::selection::TopicSelection;
use crate::topic_check::TopicCheck;
use crate::topic_id::{Route, TopicFacts};
use crate::watermarks::Ends;

/// Longest wait for a record while nothing else is going on.
const IDLE_WAIT: Duration = Duration::from_millis(50);
/// The same while an answer of brokers or engine is awaited.
const BUSY_WAIT: Duration = Duration::from_millis(2);
/// Most events served between two batches of records. Rebalances wait behind the lines of
/// `kafka.debug`, thousands a second.
const EVENTS_A_TURN: usize = 256;
/// For one request about topics.
pub(crate) const ASK_TIMEOUT: Duration = Duration::from_secs(5);

const REROUTE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct PollThread {
    pub config: Arc<KafkaConfig>,
    pub queue: FetchQueue,
    pub reader: Reader,
    /// For the replies that events carry.
    pub answers: Commands,
    pub rebalance: Option<InProgress>,
    pub tickets: u64,
    pub assigned_once: bool,
    pub ends: Ends,
    /// Ends that somebody has to reach before a read to the end is over.
    awaited: Ends,
    pub check: Option<TopicCheck>,
    pub confirms: Vec<Reply>,
    pub suspect: bool,
    pub stopped: Vec<Stopped>,
    pub route: Route,
    gauges: Arc<Gauges>,
    commands: Receiver<Command>,
    pub drained: bool,
    /// Last, so that everything that refers to it is dropped before.
    pub consumer: Arc<SourceConsumer>,
}

/// What the thread is given.
pub(crate) struct Setup {
    pub config: Arc<KafkaConfig>,
    pub budget: FetchBudget,
    pub group: String,
    pub events: UnboundedSender<Result<SourceEvent, KafkaFault>>,
    pub gauges: Arc<Gauges>,
    pub answers: Commands,
    pub commands: Receiver<Command>,
}

#[derive(PartialEq, Eq)]
enum Turn {
    Next,
    Close,
}

/// The thread's whole life. `ready` hears when records may come, or why not.
pub(crate) fn run(setup: Setup, ready: oneshot::Sender<Result<(), KafkaFault>>) {
    setup.gauges.polled_by(std::thread::current());
    let mut thread = match PollThread::open(setup) {
        Ok(thread) => thread,
        Err(fault) => {
            let _ = ready.send(Err(fault));
            return;
        }
    };
    // A caller that went away closes the source through its own drop.
    let _ = ready.send(Ok(()));
    loop {
        match thread.turn() {
            Ok(Turn::Next) => {}
            Ok(Turn::Close) => break,
            Err(fault) => {
                tracing::error!(target: "kafka", %fault, "polling ends");
                thread.reader.tell(Err(fault));
                break;
            }
        }
    }
    // Leaves the group as it is dropped; partitions are given up without asking.
    thread.consumer.context().close();
    thread.give_up_rebalances();
}

impl PollThread {
    fn open(setup: Setup) -> Result<Self, KafkaFault> {
        let Setup { config, budget, group, events, gauges, answers, commands } = setup;
        let client = config.client(budget, Some(&group));
        let created = client.create_with_context(SourceContext::default());
        let consumer: Arc<SourceConsumer> = Arc::new(created.map_err(refused_config)?);
        let mut lookup = Lookup::new(&consumer, &config, config.connect_timeout());
        let topics = lookup.topics()?;
        let ends = match config.mode {
            ReadMode::Continuous => Ends::new(),
            ReadMode::UntilEnd => lookup.ends(&topics)?,
        };
        let awaited = lookup.awaited(&ends)?;
        let route = lookup.route;
        let subscribed = match &config.topics {
            TopicSelection::Subscribe(names) => {
                consumer.subscribe(&names.iter().map(String::as_str).collect::<Vec<_>>())
            }
            TopicSelection::Pattern(pattern) => consumer.subscribe(&[pattern.native()]),
            TopicSelection::Assign(_) => {
                let partitions = partitions_of(&topics);
                let assign =
                    Rebalance { kind: RebalanceKind::Assign, partitions, incremental: false };
                consumer.context().mailbox().rebalances.push_back(assign);
                Ok(())
            }
        };
        subscribed.map_err(fault::failed_to("subscribe"))?;
        let nothing = topics.iter().all(|topic| topic.partitions.is_empty());
        Ok(Self {
            queue: FetchQueue::new(Arc::clone(&consumer)),
            reader: Reader::new(&config, budget, events, Arc::clone(&gauges)),
            answers,
            rebalance: None,
            tickets: 0,
            // A group without partitions never forms.
            assigned_once: nothing,
            ends,
            awaited,
            check: None,
            confirms: Vec::new(),
            suspect: false,
            stopped: Vec::new(),
            route,
            gauges,
            commands,
            drained: false,
            config,
            consumer,
        })
    }

    fn turn(&mut self) -> Result<Turn, KafkaFault> {
        while let Ok(command) = self.commands.try_recv() {
            if self.obey(command)? == Turn::Close {
                return Ok(Turn::Close);
            }
        }
        for _ in 0..EVENTS_A_TURN {
            let before = self.consumer.context().served();
            pump(&self.consumer)?;
            if self.consumer.context().served() == before {
                break;
            }
        }
        self.read_mail()?;
        self.serve_rebalance()?;
        self.serve_check()?;
        self.restart_stopped()?;
        self.poll_records();
        self.settle_incidents()?;
        if self.reader.chunk().time_left() == Some(Duration::ZERO) {
            self.reader.close_chunk();
        }
        self.tell_if_drained();
        Ok(Turn::Next)
    }

    fn obey(&mut self, command: Command) -> Result<Turn, KafkaFault> {
        match command {
            Command::Start { .. } | Command::Release { .. } => self.answer_rebalance(command),
            Command::Confirm(reply) => self.confirms.push(reply),
            Command::Rewind { positions, epoch, reply } => {
                self.drained = false;
                // The caller's await may have been cancelled.
                let _ = reply.send(self.rewind(&positions, epoch));
            }
            Command::Committed(positions) => self.tell_group(&positions),
            Command::Close => return Ok(Turn::Close),
        }
        Ok(Turn::Next)
    }

    fn read_mail(&mut self) -> Result<(), KafkaFault> {
        let (errors, stats) = {
            let mut mailbox = self.consumer.context().mailbox();
            self.suspect |= std::mem::take(&mut mailbox.suspect);
            (std::mem::take(&mut mailbox.errors), mailbox.stats.take())
        };
        for event in errors {
            self.suspect |= concerns_topics(event.code);
            if let Some(fault) = fault::of_event(event.code, &event.reason) {
                return Err(fault);
            }
        }
        if let Some(stats) = stats {
            if stats.brokers == 0 {
                bootstrap::add_servers(&self.consumer, self.config.bootstrap_servers());
            }
            self.reader.held.note(&stats);
            self.gauges.set_fetch_queue(stats.queued_bytes);
            self.gauges.set_lag(self.reader.held.lag());
        }
        Ok(())
    }

    /// Drains what is there; waits for a first record only when there was none.
    fn poll_records(&mut self) {
        let busy = self.rebalance.is_some() || self.check.is_some();
        if self.rebalance.is_some() || !self.gauges.has_room() {
            std::thread::park_timeout(if busy { BUSY_WAIT } else { IDLE_WAIT / 5 });
            return;
        }
        let wanted = self.reader.chunk().wanted();
        if self.take(wanted, Duration::ZERO) == 0 {
            let longest = if busy { BUSY_WAIT } else { IDLE_WAIT };
            let wait = self.reader.chunk().time_left().unwrap_or(longest).min(longest);
            self.take(1, wait);
        }
    }

    fn take(&mut self, max: usize, wait: Duration) -> usize {
        let batch = self.queue.take(max, wait);
        for message in batch.iter() {
            self.reader.accept(message);
        }
        batch.len()
    }

    fn settle_incidents(&mut self) -> Result<(), KafkaFault> {
        for incident in std::mem::take(&mut self.reader.incidents) {
            match incident {
                Incident::Fault(fault) => return Err(fault),
                Incident::Suspect => self.suspect = true,
                Incident::OutOfRange { topic, partition, truncated } => {
                    self.stop(topic, partition, truncated);
                }
            }
        }
        let finished = std::mem::take(&mut self.reader.finished);
        if !finished.is_empty()
            && let Err(error) = self.consumer.pause(&partition_list(&finished))
        {
            tracing::debug!(target: "kafka", %error, "finished partitions not paused");
        }
        Ok(())
    }

    /// After a question that got no answer: another broker may be up.
    pub(crate) fn reroute(&mut self) {
        if matches!(self.route, Route::Broker(_)) {
            let mut lookup = Lookup::new(&self.consumer, &self.config, REROUTE_TIMEOUT);
            if lookup.connect().is_ok() {
                self.route = lookup.route;
            }
        }
    }

    /// librdkafka would wait for their answers for ever.
    fn give_up_rebalances(&mut self) {
        let unanswered = std::mem::take(&mut self.consumer.context().mailbox().rebalances);
        let under_way = self.rebalance.take().map(|progress| progress.rebalance);
        for Rebalance { kind, partitions, incremental } in under_way.into_iter().chain(unanswered) {
            let is_assign = matches!(kind, RebalanceKind::Assign);
            give_up(&self.consumer, is_assign, incremental, &partition_list(&partitions));
        }
    }

    fn tell_if_drained(&mut self) {
        let over = self.config.mode == ReadMode::UntilEnd
            && self.assigned_once
            && self.rebalance.is_none()
            && !self.drained
            && self.reader.held.all_done();
        if over {
            self.drained = true;
            self.reader.close_chunk();
            let held = &self.reader.held;
            let elsewhere = self
                .awaited
                .iter()
                .filter(|((topic, partition), _)| !held.holds(topic, *partition));
            let elsewhere = elsewhere
                .map(|((topic, partition), end)| (Arc::clone(topic), *partition, *end))
                .collect();
            self.reader.tell_drained(elsewhere);
        }
    }
}

fn partitions_of(topics: &[TopicFacts]) -> Vec<(String, i32)> {
    let of = |topic: &TopicFacts| {
        let name = topic.name.to_string();
        topic.partitions.clone().into_iter().map(move |one| (name.clone(), one))
    };
    topics.iter().flat_map(of).collect()
}

/// librdkafka's words name properties, not values.
pub(crate) fn refused_config(error: rdkafka::error::KafkaError) -> KafkaFault {
    use rdkafka::error::KafkaError as Client;
    let reason = match error {
        Client::ClientConfig(_, why, name, _) => format!("{name}: {why}"),
        Client::ClientCreation(why) => why,
        other => other.to_string(),
    };
    KafkaFault::Unconfigurable { reason }
}
