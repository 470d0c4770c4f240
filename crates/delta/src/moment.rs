//! Time that also passes while the process is stopped or the machine asleep.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    monotonic: Instant,
    wall: SystemTime,
    since_boot: Duration,
}

impl Moment {
    pub fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now(), since_boot: since_boot() }
    }

    /// By the clock that says the most: one of them stands still in every kind of sleep, and the
    /// wall clock may be set back.
    pub fn elapsed(self) -> Duration {
        let wall = self.wall.elapsed().unwrap_or_default();
        let boot = since_boot().saturating_sub(self.since_boot);
        self.monotonic.elapsed().max(wall).max(boot)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Elsewhere the monotonic clock or the wall clock has to do.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_boot() -> Duration {
    Duration::ZERO
}
