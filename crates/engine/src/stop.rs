//! How a running query is asked to end.

use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// Commit what was read, then end.
    Drain,
    /// Drop the open batch; a commit on its way is waited for.
    Drop,
}

/// The side that asks. The first request wins, but a drain can become a drop.
#[derive(Clone, Debug)]
pub struct StopSwitch(watch::Sender<Option<StopMode>>);

/// The side that listens.
#[derive(Clone, Debug)]
pub struct StopSignal(watch::Receiver<Option<StopMode>>);

impl StopSwitch {
    pub fn new() -> (Self, StopSignal) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), StopSignal(receiver))
    }

    pub fn stop(&self, mode: StopMode) {
        self.0.send_if_modified(|asked| {
            let stronger = *asked != Some(StopMode::Drop) && *asked != Some(mode);
            if stronger {
                *asked = Some(mode);
            }
            stronger
        });
    }
}

impl StopSignal {
    pub fn asked(&self) -> Option<StopMode> {
        *self.0.borrow()
    }

    /// Waits until asked; for ever if nobody can ask any more.
    pub async fn wait(&mut self) -> StopMode {
        match self.0.wait_for(Option::is_some).await.map(|mode| *mode) {
            Ok(Some(mode)) => mode,
            _ => std::future::pending().await,
        }
    }
}
