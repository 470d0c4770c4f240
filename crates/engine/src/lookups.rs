//! What a registry was asked, and has answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use headgate_model::{BoxFault, RegisteredSchema, SchemaMiss, SchemaSource};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::EngineFault;

/// Lookups at once.
const PARALLEL: usize = 8;
/// Between the tries after which an id is given up: its schema may be registered a moment later, and
/// a registry that has just started may answer before it has read its schemas.
const ABSENT_PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5)];
/// How long an id that was given up is not asked for again.
const ABSENT_FOR: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Between two tries while nobody answers.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

type Answer = Result<Option<RegisteredSchema>, BoxFault>;

pub(crate) struct Lookups {
    source: Arc<dyn SchemaSource>,
    /// Never changes, and never goes.
    known: HashMap<u32, Arc<RegisteredSchema>>,
    /// Until when an id is taken for one without a schema.
    absent: HashMap<u32, Instant>,
    asked: BTreeSet<u32>,
    running: JoinSet<(u32, Answer)>,
    permits: Arc<Semaphore>,
    fails: mpsc::UnboundedSender<String>,
    failed: mpsc::UnboundedReceiver<String>,
}

pub(crate) enum Standing {
    Known(Arc<RegisteredSchema>),
    Absent,
    Asked,
}

pub(crate) enum News {
    /// Some ids are no longer asked for.
    Answered,
    /// Nobody answers, for this reason; it is tried again.
    Unanswered(String),
}

impl Lookups {
    pub fn new(source: Arc<dyn SchemaSource>) -> Self {
        let (fails, failed) = mpsc::unbounded_channel();
        Self {
            source,
            known: HashMap::new(),
            absent: HashMap::new(),
            asked: BTreeSet::new(),
            running: JoinSet::new(),
            permits: Arc::new(Semaphore::new(PARALLEL)),
            fails,
            failed,
        }
    }

    /// What is known of `id`, which is asked for if that is nothing.
    pub fn standing(&mut self, id: u32) -> Standing {
        if let Some(schema) = self.known.get(&id) {
            return Standing::Known(Arc::clone(schema));
        }
        if self.absent.contains_key(&id) {
            return Standing::Absent;
        }
        if self.asked.insert(id) {
            let (source, permits) = (Arc::clone(&self.source), Arc::clone(&self.permits));
            let fails = self.fails.clone();
            self.running.spawn(async move { (id, look_up(source, id, permits, fails).await) });
        }
        Standing::Asked
    }

    /// Ids asked for and not answered.
    pub fn asked(&self) -> &BTreeSet<u32> {
        &self.asked
    }

    /// Ids that were given up long enough ago to be asked for again.
    pub fn forgotten(&mut self) -> Vec<u32> {
        if self.absent.is_empty() {
            return Vec::new();
        }
        let now = Instant::now();
        let over: Vec<u32> =
            self.absent.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
        self.absent.retain(|_, until| *until > now);
        over
    }

    /// Cancel safe.
    pub async fn news(&mut self) -> Result<News, BoxFault> {
        tokio::select! {
            Some(done) = self.running.join_next() => {
                self.take(done)?;
                while let Some(done) = self.running.try_join_next() {
                    self.take(done)?;
                }
                Ok(News::Answered)
            }
            Some(error) = self.failed.recv() => Ok(News::Unanswered(error)),
            else => std::future::pending().await,
        }
    }

    fn take(
        &mut self,
        done: Result<(u32, Answer), tokio::task::JoinError>,
    ) -> Result<(), BoxFault> {
        let (id, answer) =
            done.map_err(|error| EngineFault::Panicked { what: error.to_string() })?;
        self.asked.remove(&id);
        match answer? {
            Some(schema) => {
                self.known.insert(id, Arc::new(schema));
            }
            None => {
                tracing::warn!(id, "no such schema: its records are dead letters");
                self.absent.insert(id, Instant::now() + ABSENT_FOR);
            }
        }
        Ok(())
    }
}

/// Until there is an answer; `None` where there is no schema, time and again.
async fn look_up(
    source: Arc<dyn SchemaSource>,
    id: u32,
    permits: Arc<Semaphore>,
    fails: mpsc::UnboundedSender<String>,
) -> Answer {
    let mut absences = ABSENT_PAUSES.into_iter();
    let mut longest = FIRST_PAUSE;
    loop {
        let answer = {
            let _permit = permits.acquire().await;
            source.schema(id).await
        };
        let pause = match answer {
            Ok(schema) => return Ok(Some(schema)),
            Err(SchemaMiss::Failed(fault)) => return Err(fault),
            Err(SchemaMiss::Absent) => match absences.next() {
                Some(pause) => pause,
                None => return Ok(None),
            },
            Err(SchemaMiss::Unavailable(error)) => {
                // Whoever listens may have ended meanwhile.
                let _ = fails.send(error);
                absences = ABSENT_PAUSES.into_iter();
                let pause = jittered(longest);
                longest = (longest * 2).min(LONGEST_PAUSE);
                pause
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Between half of `longest` and all of it.
fn jittered(longest: Duration) -> Duration {
    let byte = Uuid::new_v4().as_bytes()[0];
    longest / 2 + longest / 2 * u32::from(byte) / 255
}
