use std::sync::Arc;

use headgate::ContractIssue;
use headgate::contract_check;
use headgate::contract_test::{self, TestFault, TestOptions};
use headgate::rule_calls::RuleCalls;
use napi::bindgen_prelude::Uint32Array;
use napi_derive::napi;

use crate::failure::NativeFailure;
use crate::functions::NativeFunctions;
use crate::rules::{NativeRuleCall, found};

#[napi(object)]
pub struct NativeContractIssue {
    pub path: String,
    pub expected: String,
    pub actual: String,
    pub line: Option<u32>,
}

#[napi(object)]
pub struct NativeContractCheck {
    pub report_json: Option<String>,
    pub issues: Vec<NativeContractIssue>,
}

#[napi(object)]
pub struct NativeContractTestOptions {
    pub contract: String,
    pub schema: Option<String>,
    pub path: String,
    pub format: Option<String>,
    /// Of a Delta table; default: the newest.
    pub version: Option<i64>,
    pub samples: u32,
    pub rules: Option<NativeFunctions>,
}

#[napi(object)]
pub struct NativeContractTest {
    pub result_json: Option<String>,
    pub issues: Vec<NativeContractIssue>,
    pub failure: Option<NativeFailure>,
}

/// What becomes of every rule of all schema objects of the document, or of the one named.
/// `functions`: those that custom rules may name.
#[napi]
pub async fn check_contract(
    text: String,
    schema: Option<String>,
    functions: Option<Vec<String>>,
) -> NativeContractCheck {
    let functions = functions.unwrap_or_default();
    match contract_check::check(&text, schema.as_deref(), &functions).await {
        Ok(report) => {
            NativeContractCheck { report_json: Some(report.to_string()), issues: Vec::new() }
        }
        Err(issues) => NativeContractCheck { report_json: None, issues: told(issues) },
    }
}

/// The rules of a contract over a file or a table.
#[napi]
pub struct NativeContractTrial {
    options: TestOptions,
    calls: Arc<RuleCalls>,
}

#[napi]
impl NativeContractTrial {
    #[napi(constructor)]
    pub fn new(options: NativeContractTestOptions) -> Self {
        let NativeContractTestOptions { contract, schema, path, format, version, samples, rules } =
            options;
        let functions = rules.map(headgate::FunctionOptions::from).unwrap_or_default();
        let calls = Arc::new(RuleCalls::new(functions.timeout));
        let samples = samples as usize;
        let options = TestOptions { contract, schema, path, format, version, samples, functions };
        Self { options, calls }
    }

    /// Once: then nothing is called any more.
    #[napi]
    pub async fn run(&self) -> NativeContractTest {
        match contract_test::test(self.options.clone(), &self.calls).await {
            Ok(result) => NativeContractTest {
                result_json: Some(result.to_string()),
                issues: Vec::new(),
                failure: None,
            },
            Err(TestFault::Contract(issues)) => {
                NativeContractTest { result_json: None, issues: told(issues), failure: None }
            }
            Err(TestFault::Data(failure)) => NativeContractTest {
                result_json: None,
                issues: Vec::new(),
                failure: Some((*failure).into()),
            },
        }
    }

    /// The next call of a rule's function; null once all has run.
    #[napi]
    pub async fn next_rule_call(&self) -> Option<NativeRuleCall> {
        self.calls.next().await.map(Into::into)
    }

    /// The rows that break the rule, or why they are not known. False when the deadline had passed.
    #[napi]
    pub fn answer_rule_call(
        &self,
        call: u32,
        rows: Option<Uint32Array>,
        failure: Option<String>,
    ) -> bool {
        self.calls.answer(call, found(rows, failure))
    }
}

fn told(issues: Vec<ContractIssue>) -> Vec<NativeContractIssue> {
    let told = |ContractIssue { path, expected, actual, line }| NativeContractIssue {
        path,
        expected,
        actual,
        line,
    };
    issues.into_iter().map(told).collect()
}
