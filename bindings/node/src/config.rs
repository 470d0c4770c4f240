use std::path::Path;

use headgate::{Failure, FunctionOptions, Functions, RuleCoverage, options, start};
use napi_derive::napi;

use crate::failure::{NativeFailure, NativeIssue};

#[napi(object)]
pub struct NativeCoverage {
    pub path: String,
    pub rule: String,
    #[napi(ts_type = "'enforced' | 'not_enforceable' | 'informational'")]
    pub status: String,
    pub reason: Option<String>,
    pub line: Option<u32>,
}

#[napi(object)]
pub struct NativeValidation {
    pub issues: Vec<NativeIssue>,
    pub coverage: Vec<NativeCoverage>,
    pub failure: Option<NativeFailure>,
}

/// Everything that can be known of a configuration without connecting to anything. `rules`,
/// `transforms`: functions that custom rules and transforms may name.
#[napi(catch_unwind)]
pub fn validate_config(
    config_json: String,
    base_dir: String,
    rules: Option<Vec<String>>,
    transforms: Option<Vec<String>>,
) -> NativeValidation {
    let named = |names: Option<Vec<String>>| FunctionOptions {
        names: names.unwrap_or_default(),
        ..FunctionOptions::default()
    };
    let functions = Functions { rules: named(rules), transforms: named(transforms) };
    match start::load(&config_json, Path::new(&base_dir), &functions) {
        Ok(config) => NativeValidation {
            issues: Vec::new(),
            coverage: config.contract.iter().flat_map(|c| c.coverage()).map(Into::into).collect(),
            failure: None,
        },
        Err((issues, name)) => NativeValidation {
            failure: Some(Failure::invalid(issues.clone(), name.as_deref()).into()),
            issues: issues.into_iter().map(Into::into).collect(),
            coverage: Vec::new(),
        },
    }
}

/// Every key path of a node, in `snake_case`.
#[napi]
pub fn config_keys() -> Vec<String> {
    options::keys()
}

#[napi]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

impl From<&RuleCoverage> for NativeCoverage {
    fn from(coverage: &RuleCoverage) -> Self {
        let RuleCoverage { path, rule, status, reason, line } = coverage.clone();
        Self { path, rule, status: status.as_str().to_owned(), reason, line }
    }
}
