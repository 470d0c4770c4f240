#![allow(clippy::unwrap_used, clippy::panic)]

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{ArrayRef, BinaryArray, Int64Array, StringArray};
use headgate_model::{Fault, Retry, TransformFault};
use tokio::time::{Duration, Instant};

use crate::calls::DEFAULT_TIMEOUT;

use super::*;

fn declared() -> Vec<Value> {
    vec![
        json!({ "name": "trip", "logicalType": "string", "required": true }),
        json!({ "name": "metres", "logicalType": "integer" }),
        json!({ "name": "fare", "logicalType": "number", "physicalType": "decimal(6, 2)" }),
        json!({ "name": "on", "logicalType": "date", "logicalTypeOptions": { "format": "dd.MM.yyyy" } }),
    ]
}

fn rows() -> RecordBatch {
    let trips: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let metres: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    RecordBatch::try_from_iter([("trip", trips), ("metres", metres)]).unwrap()
}

fn calls() -> Arc<TransformCalls> {
    Arc::new(TransformCalls::new(DEFAULT_TIMEOUT))
}

fn planned(calls: &Arc<TransformCalls>) -> FunctionTransform {
    FunctionTransform::plan(calls, 2, "f", &declared(), &rows().schema()).unwrap()
}

/// What becomes of [`rows`] where the function answers `made`.
async fn answered(made: MadeRows) -> Result<Transformed, FunctionFault> {
    let calls = calls();
    let transform = planned(&calls);
    let rows = rows();
    let answering = async {
        let call = calls.next().await.unwrap();
        assert!(calls.answer(call.call, made));
    };
    match tokio::join!(transform.apply(&rows), answering).0 {
        Ok(transformed) => Ok(transformed),
        Err(TransformFault::Function(fault)) => Err(fault),
        Err(TransformFault::Rows(error)) => panic!("{error}"),
    }
}

fn failed(transformed: &Transformed) -> Vec<(u32, &str)> {
    transformed.failed.iter().map(|failed| (failed.row, failed.reason.as_str())).collect()
}

#[tokio::test]
async fn a_function_gets_rows_as_they_are_and_the_shape_of_its_answer() {
    let calls = calls();
    let transform = planned(&calls);
    let rows = rows();
    let look = async {
        let call = calls.next().await.unwrap();
        assert_eq!((call.function.as_str(), call.num_rows), ("f", 3));
        let json =
            r#"[{"trip":"a","metres":"1"},{"trip":"b","metres":null},{"trip":"c","metres":"3"}]"#;
        assert_eq!(call.rows.json, json);
        assert_eq!(call.rows.shape, r#"{"items":{"fields":{"metres":"bigint"}}}"#);
        let shape: Value = serde_json::from_str(&call.answer_shape).unwrap();
        assert_eq!(shape, json!({ "fields": { "fare": "decimal", "metres": "bigint" } }));
        assert!(calls.answer(call.call, Ok("null\nnull\nnull".into())));
        assert!(!calls.answer(call.call, Err(String::new())), "a second answer is nobody's");
    };
    let made = tokio::join!(transform.apply(&rows), look).0.unwrap();
    assert_eq!((made.rows.num_rows(), made.origins.len(), made.failed.len()), (0, 0, 0));
    assert_eq!(transform.schema().field(3).metadata().len(), 0, "dates are ISO 8601");
}

#[tokio::test]
async fn rows_are_made_left_out_or_failed() {
    let lines = [r#"{"trip":"A","metres":9007199254740993,"fare":12.30}"#, "null", "\"TypeError\""];
    let made = answered(Ok(lines.join("\n"))).await.unwrap();
    assert_eq!(made.origins, [0]);
    assert_eq!(made.rows.column(1).as_primitive::<Int64Type>().values(), &[9_007_199_254_740_993]);
    assert_eq!(made.rows.column(2).as_primitive::<Decimal128Type>().value_as_string(0), "12.30");
    assert_eq!(failed(&made), [(2, "transforms[2]: it answered TypeError")]);
}

#[tokio::test]
async fn what_does_not_fit_the_schema_is_the_failure_of_its_row() {
    let lines = [
        r#"{"trip":"a","metres":"1","fare":1e999}"#,
        r#"{"metres":2}"#,
        r#"{"trip":"c","kilometres":3}"#,
    ];
    let made = answered(Ok(lines.join("\n"))).await.unwrap();
    assert_eq!(made.rows.num_rows(), 0);
    let expected = [
        (0, "transforms[2]: metres does not fit Int64; fare does not fit Decimal128(6, 2)"),
        (1, "transforms[2]: trip is missing"),
        (2, "transforms[2]: it has a field that its schema has not"),
    ];
    assert_eq!(failed(&made), expected);
    let among = [r#"{"trip":7}"#, r#"{"trip":"b"}"#, "{{"];
    let made = answered(Ok(among.join("\n"))).await.unwrap();
    assert_eq!((made.origins.as_slice(), made.rows.num_rows()), ([1].as_slice(), 1));
    let failed: Vec<u32> = made.failed.iter().map(|failed| failed.row).collect();
    assert_eq!(failed, [0, 2]);
}

#[tokio::test]
async fn a_function_that_throws_or_answers_too_few_rows_fails() {
    for (made, reason) in [
        (Err("it threw RangeError".to_owned()), "it threw RangeError"),
        (Ok("null\nnull".to_owned()), "it answered 2 rows for 3"),
        (Ok("null\n[]\nnull".to_owned()), "it answered what is no row"),
    ] {
        let fault = answered(made).await.unwrap_err();
        assert_eq!((fault.reason.as_str(), fault.step), (reason, 2));
        assert_eq!((fault.code(), fault.retry()), ("TRANSFORM_FUNCTION_FAILED", Retry::Never));
        assert_eq!(fault.context().field.unwrap(), "transforms.2.function");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_does_not_answer_is_late() {
    let calls = calls();
    let transform = planned(&calls);
    let (rows, started) = (rows(), Instant::now());
    let Err(TransformFault::Function(fault)) = transform.apply(&rows).await else { panic!() };
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    assert_eq!(fault.reason, "it did not answer within 10 s");
    assert_eq!((fault.code(), fault.retry()), ("TRANSFORM_FUNCTION_LATE", Retry::Later));
    let call = calls.next().await.unwrap();
    assert!(!calls.answer(call.call, Ok("null\nnull\nnull".into())), "it is too late");
    let none = rows.slice(0, 0);
    assert_eq!(transform.apply(&none).await.unwrap().rows.num_rows(), 0, "nobody is asked");
}

#[test]
fn what_is_wrong_with_a_schema_is_told_where_it_is() {
    let found = |schema: Value, input: &Schema| {
        let schema = schema.as_array().unwrap().clone();
        let issues = FunctionTransform::plan(&calls(), 1, "f", &schema, input).err().unwrap();
        issues.into_iter().map(|issue| issue.path.join(".")).collect::<Vec<_>>()
    };
    let rows = rows().schema();
    let odd = json!([{ "name": "a", "logicalType": "text" }, { "name": "b" }]);
    let paths = ["transforms.1.schema.0.logicalType", "transforms.1.schema.1.logicalType"];
    assert_eq!(found(odd, &rows), paths);
    assert!(found(json!([]), &rows)[0].starts_with("transforms.1.schema"));
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![b"x".as_slice()]));
    let bytes = RecordBatch::try_from_iter([("b", bytes)]).unwrap();
    assert_eq!(found(Value::from(declared()), &bytes.schema()), ["transforms.1.function"]);
}
