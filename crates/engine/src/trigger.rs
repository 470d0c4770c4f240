//! When a batch ends.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// At a fixed interval, counted from the start; a late tick is not made up for.
    ProcessingTime(Duration),
    /// Everything there is at the start, in as many batches as the limits ask for; then it ends.
    AvailableNow,
    /// Everything there is at the start, in one batch whatever its size; then it ends.
    Once,
}

impl Default for Trigger {
    fn default() -> Self {
        Self::ProcessingTime(Duration::from_secs(10))
    }
}

/// The ticks of a trigger.
pub(crate) struct Ticks {
    interval: Option<Duration>,
    next: Instant,
}

impl Ticks {
    pub fn start(trigger: Trigger, now: Instant) -> Self {
        match trigger {
            Trigger::ProcessingTime(interval) => {
                Self { interval: Some(interval), next: now + interval }
            }
            // Never comes: batches end by limits or by the end of the source.
            Trigger::AvailableNow | Trigger::Once => Self { interval: None, next: now },
        }
    }

    /// Waits for the next tick; for ever without an interval.
    pub async fn tick(&self) {
        match self.interval {
            Some(_) => tokio::time::sleep_until(self.next).await,
            None => std::future::pending().await,
        }
    }

    /// To be called once a tick was handled.
    pub fn advance(&mut self, now: Instant) {
        let Some(interval) = self.interval else { return };
        while self.next <= now {
            self.next += interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn late_ticks_are_dropped_and_the_grid_is_kept() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut ticks = Ticks::start(Trigger::ProcessingTime(second), start);
        ticks.tick().await;
        assert_eq!(start.elapsed(), second);
        tokio::time::advance(second * 5 / 2).await;
        ticks.advance(Instant::now());
        ticks.tick().await;
        assert_eq!(start.elapsed(), second * 4);
    }
}
