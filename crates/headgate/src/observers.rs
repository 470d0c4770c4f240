//! Observers that follow the output's log: what each was told outlasts workers and restarts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use headgate_delta::{
    Cursors, DeltaFault, Durability, Outbox, TableConfig, Told, newest_batches, settle_cursors,
};
use headgate_model::BoxFault;
use tokio::sync::{Mutex, watch};

use crate::Failure;
use crate::handle::End;
use crate::report::{BatchReport, Datasets};

/// Between looks for what other workers committed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What an observer is told.
#[derive(Clone, Debug)]
pub enum Report {
    Batch(Box<BatchReport>),
    Gap { from: i64, to: i64 },
}

pub(crate) struct Observers {
    query: String,
    output: TableConfig,
    durability: Durability,
    datasets: Datasets,
    cursors: Arc<Cursors>,
    /// Their places in the log; none while another worker tells them.
    places: BTreeMap<String, Mutex<Option<Outbox>>>,
    leads: watch::Sender<bool>,
    committed: watch::Sender<i64>,
}

impl Observers {
    pub fn new(
        names: Vec<String>,
        query: String,
        output: TableConfig,
        durability: Durability,
        datasets: Datasets,
    ) -> Self {
        Self {
            query,
            output,
            durability,
            datasets,
            cursors: Arc::default(),
            places: names.into_iter().map(|name| (name, Mutex::default())).collect(),
            leads: watch::Sender::new(false),
            committed: watch::Sender::new(-1),
        }
    }

    pub fn cursors(&self) -> Arc<Cursors> {
        Arc::clone(&self.cursors)
    }

    /// This worker is the one to tell them, or no longer.
    pub fn lead(&self, leads: bool) {
        self.leads.send_replace(leads);
    }

    pub fn committed(&self, version: i64) {
        self.committed.send_replace(version);
    }

    /// The next thing to tell `name`; `None` once the query has ended and all was told, or another
    /// worker tells it.
    pub async fn next(
        &self,
        name: &str,
        mut end: watch::Receiver<Option<End>>,
    ) -> Result<Option<Report>, Box<Failure>> {
        let Some(place) = self.places.get(name) else { return Ok(None) };
        let mut place = place.lock().await;
        let (mut leads, mut committed) = (self.leads.subscribe(), self.committed.subscribe());
        loop {
            let has_ended = end.borrow_and_update().is_some();
            committed.borrow_and_update();
            if !*leads.borrow_and_update() {
                // Whoever tells it meanwhile says in the log how far it came.
                *place = None;
                if has_ended {
                    return Ok(None);
                }
                tokio::select! {
                    _ = leads.changed() => {}
                    _ = end.changed() => {}
                }
                continue;
            }
            match self.look(&mut place, name).await.map_err(|fault| self.failure(fault))? {
                Some(told) => return Ok(Some(self.report(told))),
                None if has_ended => return Ok(None),
                None => tokio::select! {
                    _ = leads.changed() => {}
                    _ = end.changed() => {}
                    _ = committed.changed() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                },
            }
        }
    }

    async fn look(
        &self,
        place: &mut Option<Outbox>,
        name: &str,
    ) -> Result<Option<Told>, DeltaFault> {
        let outbox = match place {
            Some(outbox) => outbox,
            None => {
                place.insert(Outbox::open(&self.output, &self.query, name, &self.cursors).await?)
            }
        };
        outbox.next().await
    }

    fn report(&self, told: Told) -> Report {
        match told {
            Told::Batch(batch) => Report::Batch(Box::new(self.datasets.batch(*batch))),
            Told::Gap { from, to } => Report::Gap { from, to },
        }
    }

    /// `name` has taken note of everything up to `version`.
    pub fn told(&self, name: &str, version: i64) {
        self.cursors.told(name, version);
    }

    /// Says in the log how far observers are, if no batch has.
    pub async fn settle(&self) -> Result<(), Box<Failure>> {
        let settled = settle_cursors(&self.output, &self.query, &self.cursors, self.durability);
        settled.await.map_err(|fault| self.failure(fault))
    }

    /// What the query committed before, by any worker: at most `limit` batches, the newest last.
    pub async fn history(&self, limit: usize) -> Result<Vec<BatchReport>, DeltaFault> {
        let newest = newest_batches(&self.output, &self.query, limit).await?;
        Ok(newest.into_iter().map(|batch| self.datasets.batch(batch)).collect())
    }

    fn failure(&self, fault: DeltaFault) -> Box<Failure> {
        Box::new(Failure::of(&BoxFault::from(fault), Some(&self.query)))
    }
}
