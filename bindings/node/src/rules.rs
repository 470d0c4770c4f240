use headgate::RuleCall;
use headgate::rule_values::RuleValues;
use headgate_model::FoundRows;
use napi::bindgen_prelude::Uint32Array;
use napi_derive::napi;

/// One function and the values of one chunk, as JSON and what JSON cannot say of them.
#[napi(object)]
pub struct NativeRuleCall {
    pub call: u32,
    pub name: String,
    pub rule: String,
    pub arguments_json: Option<String>,
    pub values_json: String,
    pub shape_json: String,
    pub num_rows: u32,
}

impl From<RuleCall> for NativeRuleCall {
    fn from(asked: RuleCall) -> Self {
        let RuleCall { call, function, rule, arguments, values, num_rows } = asked;
        let RuleValues { json, shape } = values;
        Self {
            call,
            name: function,
            rule,
            arguments_json: arguments,
            values_json: json,
            shape_json: shape,
            num_rows,
        }
    }
}

pub(crate) fn found(rows: Option<Uint32Array>, failure: Option<String>) -> FoundRows {
    match (rows, failure) {
        (Some(rows), None) => Ok(rows.to_vec()),
        (_, failure) => Err(failure.unwrap_or_else(|| "it answered nothing".into())),
    }
}
