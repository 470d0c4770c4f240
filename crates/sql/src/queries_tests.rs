#![allow(clippy::unwrap_used)]

use arrow_array::{ArrayRef, Int64Array, StringArray, StructArray};
use arrow_schema::{Field, Schema};

use super::*;

fn rows(n: impl IntoIterator<Item = Option<i64>>) -> RecordBatch {
    let n: Int64Array = n.into_iter().collect();
    let names: StringArray = (0..n.len()).map(|at| Some(format!("name-{at}"))).collect();
    let inner =
        vec![(Arc::new(Field::new("x", DataType::Int64, true)), Arc::new(n.clone()) as ArrayRef)];
    RecordBatch::try_new(
        schema(),
        vec![Arc::new(n), Arc::new(names), Arc::new(StructArray::from(inner))],
    )
    .unwrap()
}

fn schema() -> SchemaRef {
    let inner = DataType::Struct(vec![Field::new("x", DataType::Int64, true)].into());
    Arc::new(Schema::new(vec![
        Field::new("n", DataType::Int64, true),
        Field::new("FullName", DataType::Utf8, true),
        Field::new("s", inner, true),
    ]))
}

async fn plan(statements: &[&str], limits: Limits) -> Result<Queries, (usize, SqlFault)> {
    Queries::plan(statements, &["orders".into(), "Orders_v1".into()], schema(), limits).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_select_measures_one_batch_after_the_other() {
    let statements = [
        "SELECT COUNT(*) FROM orders WHERE n < 0",
        r#"select count(distinct "FullName") from "Orders_v1""#,
        "SELECT max(n) - min(n) FROM orders",
        "SELECT count(*) FROM orders a JOIN orders b ON a.n = b.n",
        "SELECT sum(s.x) FROM orders",
        "SELECT bool_and(n IS NOT NULL) FROM orders",
        "SELECT count(*) FROM (SELECT n FROM orders GROUP BY n HAVING count(*) > 1) d",
        "WITH bad AS (SELECT n FROM orders WHERE n > 2) SELECT count(*) FROM bad",
    ];
    let mut queries = plan(&statements, Limits::default()).await.unwrap();
    for _ in 0..2 {
        queries.take(&rows([Some(-1), Some(2), None])).await;
        queries.take(&rows([Some(2), Some(3)])).await;
        let answers: Vec<f64> = queries.finish().await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [1.0, 3.0, 4.0, 6.0, 6.0, 0.0, 1.0, 1.0]);
    }
    queries.take(&rows([Some(-1)])).await;
    queries.reset();
    let answers = queries.finish().await;
    assert_eq!(answers[0], Ok(0.0));
    assert_eq!(answers[2], Err("it answers NULL".into()));
}

#[tokio::test]
async fn what_is_no_select_of_one_number_is_refused() {
    for (sql, expected) in [
        ("SELECT", "SQL error"),
        ("SELECT nothing FROM orders", "nothing"),
        ("SELECT 1 FROM elsewhere", "elsewhere"),
        ("SELECT n, n + 1 FROM orders", "2 columns"),
        (r#"SELECT "FullName" FROM orders"#, "Utf8"),
        ("DELETE FROM orders", "changes"),
        ("CREATE TABLE x AS SELECT 1", "changes"),
        ("COPY orders TO '/tmp/x.csv'", "changes"),
        ("SET datafusion.execution.batch_size = 1", "changes"),
        ("EXPLAIN SELECT 1", "explains"),
        ("SELECT 1; SELECT 2", "single SQL statement"),
        ("SELECT * FROM '/etc/passwd'", "etc/passwd"),
    ] {
        let (_, fault) = plan(&[sql], Limits::default()).await.err().unwrap();
        let text = fault.to_string();
        assert!(text.contains(expected), "{sql}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_fails_alone_and_without_values_of_rows() {
    let statements = [
        "SELECT count(*) FROM orders",
        r#"SELECT sum(CAST("FullName" AS BIGINT)) FROM orders"#,
        "SELECT n FROM orders",
        "SELECT sum(n / 0) FROM orders",
    ];
    let mut queries = plan(&statements, Limits::default()).await.unwrap();
    queries.take(&rows((0..10).map(Some))).await;
    let answers = queries.finish().await;
    assert_eq!(answers[0], Ok(10.0));
    assert_eq!(answers[1], Err("it casts a value that does not fit".into()));
    assert_eq!(answers[2], Err("it answers more than one row".into()));
    assert_eq!(answers[3], Err("it divides by zero".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_time_have_limits() {
    let limits = Limits { memory: 100 << 10, time: Duration::from_millis(200) };
    let statements = [
        "SELECT count(distinct n) FROM orders",
        "SELECT count(*) FROM orders a, orders b",
        "SELECT count(*) FROM orders, generate_series(1, 100000000000)",
    ];
    let mut queries = plan(&statements, limits).await.unwrap();
    queries.take(&rows((0..50_000).map(Some))).await;
    let answers = queries.finish().await;
    assert_eq!(answers[0], Err("it needs more memory than queries have".into()));
    assert!(answers[1].as_ref().unwrap_err().starts_with("it needs all rows at once"));
    assert!(answers[2].is_err(), "{answers:?}");
    queries.take(&rows([Some(1)])).await;
    assert_eq!(queries.finish().await[0], Ok(1.0));
}
