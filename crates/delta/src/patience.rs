//! Trying again what a store may answer better later.

use std::error::Error;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::answer::{is_answer, is_permanent};
use crate::fault::DeltaFault;

/// How long a start, or a read, goes on trying.
const BUDGET: Duration = Duration::from_secs(60);

/// Runs `work` until it succeeds, fails for good, or the budget is spent. A store's client has
/// retried what it could by then; this is for what it does not dare to repeat.
pub(crate) async fn patiently<T, F>(mut work: impl FnMut() -> F) -> Result<T, DeltaFault>
where
    F: Future<Output = Result<T, DeltaFault>>,
{
    let started = Instant::now();
    let mut pauses = Pauses::default();
    loop {
        match work().await {
            Err(fault) if may_mend(&fault) && started.elapsed() < BUDGET => {
                let cause = fault.source().map(ToString::to_string).unwrap_or_default();
                tracing::warn!(%fault, cause, "a store failed, trying again");
                tokio::time::sleep(pauses.next()).await;
            }
            done => return done,
        }
    }
}

fn may_mend(fault: &DeltaFault) -> bool {
    match fault {
        DeltaFault::Store { source, .. } => !is_permanent(source.as_ref()),
        // A local path that cannot be written now cannot be written in a minute.
        DeltaFault::NotWritable { source, .. } => {
            is_answer(source.as_ref()) && !is_permanent(source.as_ref())
        }
        _ => false,
    }
}

/// Pauses between tries: each up to twice the last, with jitter, and none too long.
pub(crate) struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(Duration::from_millis(50))
    }
}

impl Pauses {
    const LONGEST: Duration = Duration::from_secs(5);

    pub fn next(&mut self) -> Duration {
        let longest = self.0;
        self.0 = (longest * 2).min(Self::LONGEST);
        let [share, ..] = Uuid::new_v4().into_bytes();
        longest / 2 + longest / 2 * u32::from(share) / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_within_their_limit() {
        let mut pauses = Pauses::default();
        for longest in [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            let pause = pauses.next().as_millis();
            assert!((longest / 2..=longest).contains(&pause), "{pause} of {longest}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_for_good_is_tried_once_and_what_may_mend_for_a_minute() {
        for (kind, most) in
            [(std::io::ErrorKind::StorageFull, 1), (std::io::ErrorKind::TimedOut, 40)]
        {
            let mut tries = 0;
            let done: Result<(), _> = patiently(|| {
                tries += 1;
                let fault = DeltaFault::store("try", "x", std::io::Error::from(kind));
                std::future::ready(Err(fault))
            })
            .await;
            assert!(
                done.is_err() && tries <= most && (tries > 1) == (most > 1),
                "{kind:?} {tries}"
            );
        }
    }
}
