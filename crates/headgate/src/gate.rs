//! Interventions asked of the outside, with a deadline and an answer of its own when none comes.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use headgate_model::{Decision, InterventionGate, Verdict};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

/// What a strategy that does not answer in time is taken to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fallback {
    #[default]
    Block,
    Proceed,
}

pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Verdicts that wait for an answer.
pub struct AskedGate {
    timeout: Duration,
    fallback: Fallback,
    ask: mpsc::UnboundedSender<(u32, Verdict)>,
    asked: AsyncMutex<mpsc::UnboundedReceiver<(u32, Verdict)>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last: u32,
    answers: BTreeMap<u32, oneshot::Sender<Decision>>,
}

impl AskedGate {
    pub fn new(timeout: Duration, fallback: Fallback) -> Self {
        let (ask, asked) = mpsc::unbounded_channel();
        let waiting = Mutex::default();
        Self { timeout, fallback, ask, asked: AsyncMutex::new(asked), waiting }
    }

    /// The next verdict to decide on, with the number to answer by.
    pub async fn next(&self) -> Option<(u32, Verdict)> {
        self.asked.lock().await.recv().await
    }

    /// False when nobody waits for that answer any more.
    pub fn answer(&self, request: u32, decision: Decision) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.answers.remove(&request).is_some_and(|answer| answer.send(decision).is_ok())
    }

    fn enlist(&self) -> (u32, oneshot::Receiver<Decision>) {
        let (answer, answered) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last = waiting.last.wrapping_add(1);
        let request = waiting.last;
        waiting.answers.insert(request, answer);
        (request, answered)
    }

    fn give_up(&self, request: u32) -> Decision {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.answers.remove(&request);
        let ms = self.timeout.as_millis();
        tracing::warn!(timeout_ms = ms as u64, fallback = ?self.fallback, "intervention did not answer in time");
        match self.fallback {
            Fallback::Proceed => Decision::Proceed,
            Fallback::Block => {
                Decision::Block { reason: format!("the strategy did not answer within {ms} ms") }
            }
        }
    }
}

impl InterventionGate for AskedGate {
    fn decide<'a>(
        &'a self,
        verdict: &'a Verdict,
    ) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        Box::pin(async move {
            let (request, answered) = self.enlist();
            let _ = self.ask.send((request, verdict.clone()));
            match tokio::time::timeout(self.timeout, answered).await {
                Ok(Ok(decision)) => decision,
                Ok(Err(_)) | Err(_) => self.give_up(request),
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use headgate_model::Status;
    use std::sync::Arc;

    fn verdict() -> Verdict {
        Verdict {
            batch_uuid: "b".into(),
            status: Status::Ok,
            row_count: 1,
            violating_rows: 0,
            violations: 0,
            dead_letters: 0,
            rules: Vec::new(),
            contract: None,
        }
    }

    #[tokio::test]
    async fn an_answer_in_time_decides() {
        let gate = Arc::new(AskedGate::new(DEFAULT_TIMEOUT, Fallback::Block));
        let asking = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.decide(&verdict()).await }
        });
        let (request, _) = gate.next().await.unwrap();
        assert!(gate.answer(request, Decision::Proceed));
        assert_eq!(asking.await.unwrap(), Decision::Proceed);
        assert!(!gate.answer(request, Decision::Proceed), "a second answer is nobody's");
    }

    #[tokio::test(start_paused = true)]
    async fn no_answer_is_the_fallback() {
        let blocks = AskedGate::new(DEFAULT_TIMEOUT, Fallback::Block);
        assert!(matches!(blocks.decide(&verdict()).await, Decision::Block { .. }));
        let proceeds = AskedGate::new(DEFAULT_TIMEOUT, Fallback::Proceed);
        assert_eq!(proceeds.decide(&verdict()).await, Decision::Proceed);
    }
}
