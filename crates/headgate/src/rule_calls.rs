//! Rules of a contract that are functions of the outside: called chunk by chunk, with a deadline.

use std::pin::Pin;
use std::sync::Arc;

use arrow_array::RecordBatch;
use headgate_contract::{Contract, RuleFunction};
use headgate_model::{FoundRows, RowFunctions};

use crate::Issue;
use crate::calls::{Asked, Calls, FunctionOptions};
use crate::rule_values::RuleValues;

/// All functions of one chunk answer by the same deadline.
pub type RuleCalls = Calls<RuleCall, FoundRows>;

/// A function that no rule of these contracts names.
pub(crate) fn check_used<'c>(
    functions: &FunctionOptions,
    contracts: impl IntoIterator<Item = &'c Contract>,
) -> Vec<Issue> {
    let named = contracts.into_iter().flat_map(|contract| contract.implementations());
    let named: Vec<&str> = named.map(String::as_str).collect();
    let none = "no function, since no contract has a custom rule of engine headgate";
    functions.check_used("rules", &named, none)
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

impl RuleCalls {
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

    fn call(
        &self,
        function: &RuleFunction<'_>,
        rows: &RecordBatch,
    ) -> Result<Asked<FoundRows>, String> {
        let columns = function.columns(rows);
        let values = match columns.as_slice() {
            [column] if function.rule.column.is_some() => RuleValues::of_column(column),
            columns => RuleValues::of_columns(columns),
        };
        let values = values.ok_or("its columns cannot be handed over")?;
        let asked = self.ask(|call| RuleCall {
            call,
            function: function.name().to_owned(),
            rule: function.rule.id.clone(),
            arguments: function.arguments().map(str::to_owned),
            values,
            num_rows: rows.num_rows() as u32,
        });
        asked.map_err(|why| why.to_string())
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
            let deadline = self.calls.deadline();
            let functions = self.contract.functions().zip(&self.failed);
            let called = functions.map(|(function, failed)| match failed {
                Some(reason) => Err(reason.clone()),
                None => self.calls.call(&function, rows),
            });
            let called: Vec<_> = called.collect();
            let mut answers = Vec::with_capacity(called.len());
            for (at, called) in called.into_iter().enumerate() {
                let found = match called {
                    Ok(asked) => {
                        let answer = self.calls.answer_to(asked, deadline).await;
                        answer.unwrap_or_else(|why| Err(why.to_string()))
                    }
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
    use crate::calls::DEFAULT_TIMEOUT;
    use arrow_array::{ArrayRef, StringArray};
    use tokio::time::Instant;

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
        assert_eq!(check_used(&functions(&["luhn"]), [&contract]), []);
        let issues = check_used(&functions(&["luhn", "lunh"]), [&contract]);
        let [issue] = issues.as_slice() else { panic!("{issues:?}") };
        assert_eq!(
            (issue.expected.as_str(), issue.actual.as_str()),
            ("one of iban, luhn", "\"lunh\"")
        );
        assert!(check_used(&functions(&["luhn"]), [])[0].expected.starts_with("no function"));
        assert_eq!(check_used(&functions(&[]), []), []);
    }
}
