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

/// The side that listens, to one switch or to two.
#[derive(Clone, Debug)]
pub struct StopSignal {
    own: watch::Receiver<Option<StopMode>>,
    outer: Option<watch::Receiver<Option<StopMode>>>,
}

impl StopSwitch {
    pub fn new() -> (Self, StopSignal) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), StopSignal { own: receiver, outer: None })
    }

    /// One more switch for a part of what `outer` stops: its signal listens to both.
    pub fn within(outer: &StopSignal) -> (Self, StopSignal) {
        let (switch, signal) = Self::new();
        (switch, StopSignal { outer: Some(outer.own.clone()), ..signal })
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
    /// The strictest of what was asked.
    pub fn asked(&self) -> Option<StopMode> {
        let asked = [Some(&self.own), self.outer.as_ref()];
        let mut asked = asked.into_iter().flatten().filter_map(|switch| *switch.borrow());
        let first = asked.next()?;
        Some(if asked.next() == Some(StopMode::Drop) { StopMode::Drop } else { first })
    }

    /// Waits until asked; for ever if nobody can ask any more.
    pub async fn wait(&mut self) -> StopMode {
        let mode = tokio::select! {
            mode = next(Some(&mut self.own)) => mode,
            mode = next(self.outer.as_mut()) => mode,
        };
        self.asked().unwrap_or(mode)
    }
}

async fn next(switch: Option<&mut watch::Receiver<Option<StopMode>>>) -> StopMode {
    if let Some(switch) = switch
        && let Ok(Some(mode)) = switch.wait_for(Option::is_some).await.map(|mode| *mode)
    {
        return mode;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_switch_within_stops_its_part_alone_and_the_outer_one_both() {
        let (outer, mut all) = StopSwitch::new();
        let (inner, mut part) = StopSwitch::within(&all);
        inner.stop(StopMode::Drain);
        assert_eq!((all.asked(), part.wait().await), (None, StopMode::Drain));
        let (_, mut next) = StopSwitch::within(&all);
        assert_eq!(next.asked(), None);
        outer.stop(StopMode::Drop);
        assert_eq!(all.wait().await, StopMode::Drop);
        assert_eq!(next.wait().await, StopMode::Drop);
        assert_eq!(part.wait().await, StopMode::Drop);
    }
}
