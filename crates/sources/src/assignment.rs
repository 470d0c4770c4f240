//! How a source that holds all its partitions is assigned them.

use std::future::pending;

use headgate_model::{PartitionId, Positions, SourceEvent};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) enum Assignment {
    ToTell,
    /// The engine owes an answer.
    Told(oneshot::Receiver<Positions>),
    Taken,
}

/// What to do before anything is read.
pub(crate) enum Assigned {
    Tell(SourceEvent),
    Begin(Positions),
    Done,
}

impl Assignment {
    /// Cancel safe.
    pub async fn advance(&mut self, partitions: &[PartitionId]) -> Assigned {
        match self {
            Self::ToTell => {
                let (sender, answer) = oneshot::channel();
                *self = Self::Told(answer);
                // Nobody listens any more once the source is closed.
                let reply = Box::new(move |positions| drop(sender.send(positions)));
                Assigned::Tell(SourceEvent::Assigned { partitions: partitions.to_vec(), reply })
            }
            Self::Told(answer) => match answer.await {
                Ok(positions) => {
                    *self = Self::Taken;
                    Assigned::Begin(positions)
                }
                // An engine that will not answer has ended.
                Err(_) => pending().await,
            },
            Self::Taken => Assigned::Done,
        }
    }

    /// Resolves while there is one to tell.
    pub async fn rebalance(assignment: Option<&Self>) {
        if !matches!(assignment, Some(Self::ToTell)) {
            pending().await
        }
    }
}

/// Where each of the partitions goes on: from its first record where nothing is said of it.
pub(crate) fn offsets(partitions: &[PartitionId], positions: &Positions) -> Vec<i64> {
    partitions.iter().map(|id| positions.get(id).copied().unwrap_or(0)).collect()
}
