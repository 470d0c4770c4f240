//! What the async side asks of the poll thread.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use headgate_model::Positions;
use tokio::sync::oneshot;

use crate::fault::KafkaFault;
use crate::gauges::Gauges;

pub(crate) type Reply = oneshot::Sender<Result<(), KafkaFault>>;

pub(crate) enum Command {
    /// The answer to an assignment, of the ticket's.
    Start {
        ticket: u64,
        positions: Positions,
    },
    /// The revocation of this ticket may go through.
    Release {
        ticket: u64,
    },
    Confirm(Reply),
    Rewind {
        positions: Positions,
        epoch: u64,
        reply: Reply,
    },
    Committed(Positions),
    Close,
}

/// Wakes the poll thread where it only sleeps; where it waits for records, it looks soon.
#[derive(Clone)]
pub(crate) struct Commands {
    sender: Sender<Command>,
    gauges: Arc<Gauges>,
}

pub(crate) fn commands(gauges: Arc<Gauges>) -> (Commands, Receiver<Command>) {
    let (sender, receiver) = channel();
    (Commands { sender, gauges }, receiver)
}

impl Commands {
    /// False if the poll thread has ended.
    pub(crate) fn send(&self, command: Command) -> bool {
        let sent = self.sender.send(command).is_ok();
        self.gauges.wake();
        sent
    }
}
