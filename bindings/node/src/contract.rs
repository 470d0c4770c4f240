use headgate::ContractIssue;
use headgate::contract_check;
use headgate::contract_test::{self, TestFault, TestOptions};
use napi_derive::napi;

use crate::failure::NativeFailure;

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
    pub samples: u32,
}

#[napi(object)]
pub struct NativeContractTest {
    pub result_json: Option<String>,
    pub issues: Vec<NativeContractIssue>,
    pub failure: Option<NativeFailure>,
}

/// What becomes of every rule of all schema objects of the document, or of the one named.
#[napi]
pub async fn check_contract(text: String, schema: Option<String>) -> NativeContractCheck {
    match contract_check::check(&text, schema.as_deref()).await {
        Ok(report) => {
            NativeContractCheck { report_json: Some(report.to_string()), issues: Vec::new() }
        }
        Err(issues) => NativeContractCheck { report_json: None, issues: told(issues) },
    }
}

/// The rules of a contract over a file or a table.
#[napi]
pub async fn test_contract(options: NativeContractTestOptions) -> NativeContractTest {
    let NativeContractTestOptions { contract, schema, path, format, samples } = options;
    let samples = samples as usize;
    match contract_test::test(TestOptions { contract, schema, path, format, samples }).await {
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

fn told(issues: Vec<ContractIssue>) -> Vec<NativeContractIssue> {
    let told = |ContractIssue { path, expected, actual, line }| NativeContractIssue {
        path,
        expected,
        actual,
        line,
    };
    issues.into_iter().map(told).collect()
}
