//! The time of day that a source goes by.

use std::time::Duration;

use tokio::time::Instant;

/// Set once and carried on by the runtime: it never goes back, and tests can move it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Since 1970, at `set_at`.
    time: Duration,
    set_at: Instant,
}

impl Clock {
    pub fn set(time: Duration) -> Self {
        Self { time, set_at: Instant::now() }
    }

    /// Microseconds since 1970.
    pub fn now_us(self) -> i64 {
        let now = self.time + self.set_at.elapsed();
        i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
    }

    /// Milliseconds since 1970.
    pub fn now_ms(self) -> i64 {
        self.now_us() / 1000
    }
}
