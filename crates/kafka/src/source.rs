//! The asynchronous face of the poll thread.

use std::sync::Arc;
use std::time::Duration;

use headgate_model::{BoxFault, Lag, Positions, RecordSource, SourceEvent, StartRequest};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use crate::command::{Command, Commands, commands};
use crate::config::{FetchBudget, KafkaConfig};
use crate::context::{SourceConsumer, SourceContext};
use crate::fault::KafkaFault;
use crate::gauges::Gauges;
use crate::lookup::Lookup;
use crate::poll_thread::{self, Setup, refused_config};

/// Leaving the group takes one round trip; a broker that is away is not waited for.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads Kafka on a thread of its own. Dropped without [`RecordSource::close`], the thread still
/// leaves the group and ends, unobserved.
pub struct KafkaSource {
    config: Arc<KafkaConfig>,
    budget: FetchBudget,
    gauges: Arc<Gauges>,
    running: Option<Running>,
}

struct Running {
    commands: Commands,
    events: UnboundedReceiver<Result<SourceEvent, KafkaFault>>,
    /// Resolves when the thread has ended.
    ended: oneshot::Receiver<()>,
}

impl Running {
    /// Why the thread has ended: its last word waits behind events that nobody takes any more.
    fn end(&mut self) -> KafkaFault {
        while let Ok(event) = self.events.try_recv() {
            if let Err(fault) = event {
                return fault;
            }
        }
        KafkaFault::NotRunning
    }
}

impl KafkaSource {
    /// Checks that librdkafka takes the configuration as a whole; connects to nothing.
    pub fn new(config: KafkaConfig, budget: FetchBudget) -> Result<Self, KafkaFault> {
        config.client(budget, None).create_native_config().map_err(refused_config)?;
        let gauges = Arc::new(Gauges::new(budget.in_flight_bytes()));
        Ok(Self { config: Arc::new(config), budget, gauges, running: None })
    }

    pub fn config(&self) -> &KafkaConfig {
        &self.config
    }

    async fn ask(
        &mut self,
        command: impl FnOnce(oneshot::Sender<Result<(), KafkaFault>>) -> Command,
    ) -> Result<(), BoxFault> {
        let Some(running) = &mut self.running else { return Err(KafkaFault::NotRunning.into()) };
        let (reply, answer) = oneshot::channel();
        let sent = running.commands.send(command(reply));
        let answer = if sent { answer.await.ok() } else { None };
        let Some(answer) = answer else { return Err(running.end().into()) };
        Ok(answer?)
    }
}

impl RecordSource for KafkaSource {
    async fn starting_positions(&mut self) -> Result<Positions, BoxFault> {
        let (config, budget) = (Arc::clone(&self.config), self.budget);
        let look = move || {
            let created = config.client(budget, None).create_with_context(SourceContext::default());
            let consumer: Arc<SourceConsumer> = Arc::new(created.map_err(refused_config)?);
            Lookup::new(&consumer, &config, config.connect_timeout()).starting_positions()
        };
        let found = tokio::task::spawn_blocking(look).await;
        found.unwrap_or(Err(KafkaFault::NotRunning)).map_err(BoxFault::from)
    }

    async fn start(&mut self, request: StartRequest) -> Result<(), BoxFault> {
        let (sender, events) = unbounded_channel();
        let (commands, receiver) = commands(Arc::clone(&self.gauges));
        let (ready, readiness) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let setup = Setup {
            config: Arc::clone(&self.config),
            budget: self.budget,
            group: request.group,
            events: sender,
            gauges: Arc::clone(&self.gauges),
            answers: commands.clone(),
            commands: receiver,
        };
        let span = tracing::Span::current();
        // Before the first await, so that a cancelled start still closes what it began.
        self.running = Some(Running { commands, events, ended });
        let spawned =
            std::thread::Builder::new().name("headgate-kafka".to_owned()).spawn(move || {
                let _in_query = span.entered();
                poll_thread::run(setup, ready);
                // Nobody waits for the end of a source that was only dropped.
                let _ = end.send(());
            });
        if let Err(error) = spawned {
            let reason = error.to_string();
            return Err(KafkaFault::Client { operation: "start a thread", reason }.into());
        }
        readiness.await.unwrap_or(Err(KafkaFault::NotRunning)).map_err(BoxFault::from)
    }

    async fn next(&mut self) -> Result<SourceEvent, BoxFault> {
        let Some(running) = &mut self.running else { return Err(KafkaFault::NotRunning.into()) };
        let event = running.events.recv().await.unwrap_or(Err(KafkaFault::NotRunning))?;
        match &event {
            SourceEvent::Records(chunk) => self.gauges.taken(chunk.bytes() as u64),
            SourceEvent::Assigned { .. } | SourceEvent::Revoked { .. } => {
                self.gauges.rebalance_taken();
            }
            SourceEvent::Drained { .. } => {}
        }
        Ok(event)
    }

    async fn rebalance(&self) {
        self.gauges.rebalance().await;
    }

    async fn confirm(&mut self) -> Result<(), BoxFault> {
        self.ask(Command::Confirm).await
    }

    async fn rewind(&mut self, positions: Positions, epoch: u64) -> Result<(), BoxFault> {
        self.ask(|reply| Command::Rewind { positions, epoch, reply }).await
    }

    fn committed(&mut self, positions: &Positions) {
        if let Some(running) = &self.running {
            running.commands.send(Command::Committed(positions.clone()));
        }
    }

    fn lag(&self) -> Lag {
        self.gauges.lag()
    }

    fn queued_bytes(&self) -> u64 {
        self.gauges.queued_bytes()
    }

    async fn close(mut self) {
        let Some(running) = self.running.take() else { return };
        running.commands.send(Command::Close);
        let Running { ended, events, .. } = running;
        drop(events);
        if tokio::time::timeout(CLOSE_TIMEOUT, ended).await.is_err() {
            tracing::warn!(target: "kafka", "the group was not left in time");
        }
    }
}

impl Drop for KafkaSource {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.commands.send(Command::Close);
        }
    }
}
