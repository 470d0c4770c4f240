use headgate::rule_values::RuleValues;
use headgate::{MadeRows, TransformCall};
use napi_derive::napi;

/// One function and the rows of one chunk, as JSON and what JSON cannot say of them.
#[napi(object)]
pub struct NativeTransformCall {
    pub call: u32,
    pub name: String,
    pub rows_json: String,
    pub shape_json: String,
    /// Of the rows to answer.
    pub answer_shape_json: String,
    pub num_rows: u32,
}

impl From<TransformCall> for NativeTransformCall {
    fn from(asked: TransformCall) -> Self {
        let TransformCall { call, function, rows, answer_shape, num_rows } = asked;
        let RuleValues { json, shape } = rows;
        Self {
            call,
            name: function,
            rows_json: json,
            shape_json: shape,
            answer_shape_json: answer_shape,
            num_rows,
        }
    }
}

pub(crate) fn made(lines: Option<String>, failure: Option<String>) -> MadeRows {
    match (lines, failure) {
        (Some(lines), None) => Ok(lines),
        (_, failure) => Err(failure.unwrap_or_else(|| "it answered nothing".into())),
    }
}
