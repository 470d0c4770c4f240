//! Calls to functions of the outside: each is answered within a deadline, or not at all.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::Issue;

pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the outside has registered.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    pub rules: FunctionOptions,
    pub transforms: FunctionOptions,
}

/// Functions of one kind.
#[derive(Clone, Debug)]
pub struct FunctionOptions {
    pub names: Vec<String>,
    pub timeout: Duration,
}

impl Default for FunctionOptions {
    fn default() -> Self {
        Self { names: Vec::new(), timeout: DEFAULT_TIMEOUT }
    }
}

impl FunctionOptions {
    /// A function that nobody names was registered in vain, or is misspelled. `kind`: where it was
    /// registered; `none`: what is expected where nothing names any.
    pub(crate) fn check_used(&self, kind: &str, named: &[&str], none: &str) -> Vec<Issue> {
        let expected = match named {
            [] => none.to_owned(),
            named => format!("one of {}", named.join(", ")),
        };
        let unused = self.names.iter().filter(|name| !named.contains(&name.as_str()));
        let issue = |name| {
            let path = ["hooks", kind];
            Issue::new(&path, "CONFIG_UNKNOWN_KEY", &expected, format!("\"{name}\""))
        };
        unused.map(issue).collect()
    }
}

/// Questions that wait for somebody to take them, and those that wait for their answer.
pub struct Calls<Q, A> {
    timeout: Duration,
    ask: Mutex<Option<mpsc::UnboundedSender<Q>>>,
    asked: AsyncMutex<mpsc::UnboundedReceiver<Q>>,
    waiting: Mutex<Waiting<A>>,
}

struct Waiting<A> {
    last: u32,
    answers: BTreeMap<u32, oneshot::Sender<A>>,
}

/// A question that was asked.
pub(crate) struct Asked<A> {
    call: u32,
    answered: oneshot::Receiver<A>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    Nobody,
    /// After this long.
    Late(Duration),
}

impl Display for Unanswered {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => write!(f, "nobody answers"),
            Self::Late(timeout) => {
                write!(f, "it did not answer within {} s", timeout.as_secs_f64())
            }
        }
    }
}

impl<Q, A> Calls<Q, A> {
    /// `timeout`: between a deadline and when it is set.
    pub fn new(timeout: Duration) -> Self {
        let (ask, asked) = mpsc::unbounded_channel();
        let (ask, asked) = (Mutex::new(Some(ask)), AsyncMutex::new(asked));
        let waiting = Mutex::new(Waiting { last: 0, answers: BTreeMap::new() });
        Self { timeout, ask, asked, waiting }
    }

    /// The next call to answer; `None` once closed.
    pub async fn next(&self) -> Option<Q> {
        self.asked.lock().await.recv().await
    }

    /// False when nobody waits for that answer any more.
    pub fn answer(&self, call: u32, answer: A) -> bool {
        self.take(call).is_some_and(|waiting| waiting.send(answer).is_ok())
    }

    /// Nobody will answer any more.
    pub fn close(&self) {
        self.ask.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// `question`: by the number to answer by.
    pub(crate) fn ask(&self, question: impl FnOnce(u32) -> Q) -> Result<Asked<A>, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last = waiting.last.wrapping_add(1);
        let call = waiting.last;
        waiting.answers.insert(call, answer);
        let ask = self.ask.lock().unwrap_or_else(PoisonError::into_inner);
        if ask.as_ref().is_some_and(|ask| ask.send(question(call)).is_ok()) {
            Ok(Asked { call, answered })
        } else {
            waiting.answers.remove(&call);
            Err(Unanswered::Nobody)
        }
    }

    pub(crate) async fn answer_to(
        &self,
        Asked { call, answered }: Asked<A>,
        deadline: Instant,
    ) -> Result<A, Unanswered> {
        match timeout_at(deadline, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Unanswered::Nobody),
            Err(_) => {
                self.take(call);
                Err(Unanswered::Late(self.timeout))
            }
        }
    }

    fn take(&self, call: u32) -> Option<oneshot::Sender<A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).answers.remove(&call)
    }
}
