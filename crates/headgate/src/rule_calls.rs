//! Rules of a contract that are functions of the outside: called chunk by chunk, with a deadline.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_array::RecordBatch;
use headgate_contract::{Contract, RuleFunction};
use headgate_model::{FoundRows, RowFunctions};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::Issue;
use crate::rule_values::RuleValues;

/// Of all functions together, for one chunk.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Functions that the outside has registered.
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
    /// A function that no rule of these contracts names was registered in vain, or is misspelled.
    pub(crate) fn check_used<'c>(
        &self,
        contracts: impl IntoIterator<Item = &'c Contract>,
    ) -> Vec<Issue> {
        let contracts = contracts.into_iter();
        let named: Vec<&String> =
            contracts.flat_map(|contract| contract.implementations()).collect();
        let expected = match named.as_slice() {
            [] => "no function, since no contract has a custom rule of engine headgate".to_owned(),
            named => {
                let named: Vec<&str> = named.iter().map(|name| name.as_str()).collect();
                format!("one of {}", named.join(", "))
            }
        };
        let unused = self.names.iter().filter(|name| !named.contains(name));
        unused
            .map(|name| {
                Issue::new(&["rules"], "CONFIG_UNKNOWN_KEY", &expected, format!("\"{name}\""))
            })
            .collect()
    }
}

/// One function and the values of one chunk.
#[derive(Clone, Debug)]
pub struct RuleCall {
    /// To answer by.
    pub call: u32,
    pub function: String,
    pub rule: String,
    /// A JSON object.
    pub arguments: Option<String>,
    pub values: RuleValues,
    pub num_rows: u32,
}

/// Calls that wait for an answer.
pub struct RuleCalls {
    timeout: Duration,
    ask: Mutex<Option<mpsc::UnboundedSender<RuleCall>>>,
    asked: AsyncMutex<mpsc::UnboundedReceiver<RuleCall>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last: u32,
    answers: BTreeMap<u32, oneshot::Sender<FoundRows>>,
}

type Answer = (u32, oneshot::Receiver<FoundRows>);

impl RuleCalls {
    pub fn new(timeout: Duration) -> Self {
        let (ask, asked) = mpsc::unbounded_channel();
        let (ask, asked) = (Mutex::new(Some(ask)), AsyncMutex::new(asked));
        Self { timeout, ask, asked, waiting: Mutex::default() }
    }

    /// The next call to answer; `None` once closed.
    pub async fn next(&self) -> Option<RuleCall> {
        self.asked.lock().await.recv().await
    }

    /// False when nobody waits for that answer any more.
    pub fn answer(&self, call: u32, found: FoundRows) -> bool {
        self.take(call).is_some_and(|answer| answer.send(found).is_ok())
    }

    /// Nobody will answer any more.
    pub fn close(&self) {
        self.ask.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// What the rules of a contract ask; `None` where they ask nothing.
    pub(crate) fn functions_of(
        self: &Arc<Self>,
        contract: &Contract,
    ) -> Option<Box<dyn RowFunctions>> {
        let count = contract.functions().len();
        let calls = Arc::clone(self);
        (count > 0).then(|| -> Box<dyn RowFunctions> {
            Box::new(CalledFunctions {
                calls,
                contract: contract.clone(),
                failed: vec![None; count],
            })
        })
    }

    fn take(&self, call: u32) -> Option<oneshot::Sender<FoundRows>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).answers.remove(&call)
    }

    fn call(&self, function: &RuleFunction<'_>, rows: &RecordBatch) -> Result<Answer, String> {
        let columns = function.columns(rows);
        let values = match columns.as_slice() {
            [column] if function.rule.column.is_some() => RuleValues::of_column(column),
            columns => RuleValues::of_columns(columns),
        };
        let values = values.ok_or("its columns cannot be handed over")?;
        let (answer, answered) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last = waiting.last.wrapping_add(1);
        let call = waiting.last;
        waiting.answers.insert(call, answer);
        let ask = self.ask.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = RuleCall {
            call,
            function: function.name().to_owned(),
            rule: function.rule.id.clone(),
            arguments: function.arguments().map(str::to_owned),
            values,
            num_rows: rows.num_rows() as u32,
        };
        if ask.as_ref().is_some_and(|ask| ask.send(asked).is_ok()) {
            Ok((call, answered))
        } else {
            Err("nobody answers".into())
        }
    }

    async fn answer_to(&self, (call, answered): Answer, deadline: Instant) -> FoundRows {
        match timeout_at(deadline, answered).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Err("nobody answers".into()),
            Err(_) => {
                self.take(call);
                Err(format!("it did not answer within {} s", self.timeout.as_secs_f64()))
            }
        }
    }
}

struct CalledFunctions {
    calls: Arc<RuleCalls>,
    contract: Contract,
    /// By function: why it failed on the open batch. It is not called again, for the batch's rule
    /// has failed already, and each call might take all the time that there is.
    failed: Vec<Option<String>>,
}

impl RowFunctions for CalledFunctions {
    fn find<'a>(
        &'a mut self,
        rows: &'a RecordBatch,
    ) -> Pin<Box<dyn Future<Output = Vec<FoundRows>> + Send + 'a>> {
        Box::pin(async move {
            let deadline = Instant::now() + self.calls.timeout;
            let functions = self.contract.functions().zip(&self.failed);
            let called = functions.map(|(function, failed)| match failed {
                Some(reason) => Err(reason.clone()),
                None => self.calls.call(&function, rows),
            });
            let called: Vec<_> = called.collect();
            let mut answers = Vec::with_capacity(called.len());
            for (at, called) in called.into_iter().enumerate() {
                let found = match called {
                    Ok(answer) => self.calls.answer_to(answer, deadline).await,
                    Err(reason) => Err(reason),
                };
                if let (Err(reason), None) = (&found, &self.failed[at]) {
                    let rule = self.contract.functions().nth(at).map(|each| each.rule.id.as_str());
                    tracing::warn!(rule, reason, "a rule cannot be checked");
                    self.failed[at] = Some(reason.clone());
                }
                answers.push(found);
            }
            answers
        })
    }

    fn reset(&mut self) {
        self.failed.fill(None);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, StringArray};

    fn contract() -> Contract {
        let text = "
apiVersion: v3.1.0
kind: DataContract
id: cards
version: 1.0.0
status: active
schema:
  - name: cards
    properties:
      - name: card
        logicalType: string
        quality:
          - { type: custom, engine: headgate, implementation: { function: luhn, arguments: { most: 3 } } }
          - { type: custom, engine: headgate, implementation: iban }
";
        Contract::compile_with(text, None, &["luhn".to_owned(), "iban".to_owned()]).unwrap()
    }

    fn rows() -> RecordBatch {
        let cards: ArrayRef = Arc::new(StringArray::from(vec!["1", "2"]));
        RecordBatch::try_from_iter([("card", cards)]).unwrap()
    }

    #[tokio::test]
    async fn functions_are_called_with_their_values_and_answer_in_any_order() {
        let calls = Arc::new(RuleCalls::new(DEFAULT_TIMEOUT));
        let mut functions = calls.functions_of(&contract()).unwrap();
        let asking = tokio::spawn(async move { functions.find(&rows()).await });
        let (first, second) = (calls.next().await.unwrap(), calls.next().await.unwrap());
        assert_eq!((first.function.as_str(), second.function.as_str()), ("luhn", "iban"));
        assert_eq!((first.rule.as_str(), second.rule.as_str()), ("custom_card", "custom_card_2"));
        assert_eq!(first.arguments.as_deref(), Some(r#"{"most":3}"#));
        assert_eq!((first.values.json.as_str(), first.num_rows), (r#"["1","2"]"#, 2));
        assert!(calls.answer(second.call, Ok(vec![1])));
        assert!(calls.answer(first.call, Err("it threw TypeError".into())));
        let expected = [Err("it threw TypeError".into()), Ok(vec![1])];
        assert_eq!(asking.await.unwrap(), expected);
        assert!(!calls.answer(first.call, Ok(vec![])), "a second answer is nobody's");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_is_not_called_again_in_that_batch() {
        let calls = Arc::new(RuleCalls::new(DEFAULT_TIMEOUT));
        let mut functions = calls.functions_of(&contract()).unwrap();
        let started = Instant::now();
        let late: FoundRows = Err("it did not answer within 10 s".into());
        assert_eq!(functions.find(&rows()).await, [late.clone(), late.clone()]);
        assert_eq!(started.elapsed(), DEFAULT_TIMEOUT, "all of them together");
        let (first, _) = (calls.next().await.unwrap(), calls.next().await.unwrap());
        assert!(!calls.answer(first.call, Ok(vec![])), "it is too late");
        assert_eq!(functions.find(&rows()).await, [late.clone(), late]);
        assert_eq!(started.elapsed(), DEFAULT_TIMEOUT);
        functions.reset();
        let asking = tokio::spawn(async move { functions.find(&rows()).await });
        for _ in 0..2 {
            let call = calls.next().await.unwrap();
            assert!(calls.answer(call.call, Ok(vec![])));
        }
        assert_eq!(asking.await.unwrap(), [Ok(vec![]), Ok(vec![])]);
    }

    #[test]
    fn a_function_that_no_rule_names_is_told_with_those_that_rules_name() {
        let functions = |names: &[&str]| FunctionOptions {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..FunctionOptions::default()
        };
        let contract = contract();
        assert_eq!(functions(&["luhn"]).check_used([&contract]), []);
        let issues = functions(&["luhn", "lunh"]).check_used([&contract]);
        let [issue] = issues.as_slice() else { panic!("{issues:?}") };
        assert_eq!(
            (issue.expected.as_str(), issue.actual.as_str()),
            ("one of iban, luhn", "\"lunh\"")
        );
        assert!(functions(&["luhn"]).check_used([])[0].expected.starts_with("no function"));
        assert_eq!(functions(&[]).check_used([]), []);
    }
}
