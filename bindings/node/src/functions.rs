use headgate::FunctionOptions;
use napi_derive::napi;

use crate::query::millis;

/// Functions that custom rules or transforms may name.
#[napi(object)]
pub struct NativeFunctions {
    pub names: Vec<String>,
    pub timeout_ms: f64,
}

impl From<NativeFunctions> for FunctionOptions {
    fn from(functions: NativeFunctions) -> Self {
        let NativeFunctions { names, timeout_ms } = functions;
        Self { names, timeout: millis(timeout_ms) }
    }
}
