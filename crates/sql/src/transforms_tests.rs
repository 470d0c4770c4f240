#![allow(clippy::unwrap_used)]

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Int64Array, StringArray, StructArray};
use arrow_schema::{DataType, Field, Fields, TimeUnit};

use super::*;

fn input() -> SchemaRef {
    let place = DataType::Struct(place());
    Arc::new(Schema::new(vec![
        Field::new("n", DataType::Int64, true),
        Field::new("FullName", DataType::Utf8, true),
        Field::new("place", place, true),
    ]))
}

fn place() -> Fields {
    vec![Field::new("lat", DataType::Int64, true)].into()
}

fn rows(n: &[Option<i64>], names: &[&str]) -> RecordBatch {
    let n: ArrayRef = Arc::new(Int64Array::from(n.to_vec()));
    let names: ArrayRef = Arc::new(StringArray::from(names.to_vec()));
    let places: ArrayRef = Arc::new(StructArray::new(place(), vec![Arc::clone(&n)], None));
    RecordBatch::try_new(input(), vec![n, names, places]).unwrap()
}

/// n of 0, 1, 2, …
fn numbered(len: usize) -> RecordBatch {
    let n: Vec<_> = (0..len as i64).map(Some).collect();
    rows(&n, &vec!["a"; len])
}

fn plan(statements: &[&str], columns: Columns<'_>) -> Result<Transforms, (usize, SqlFault)> {
    Transforms::plan(statements, &input(), columns)
}

fn selected(sql: &str) -> Transforms {
    plan(&[sql], Columns::Selected).unwrap()
}

fn longs(rows: &RecordBatch, column: &str) -> Vec<Option<i64>> {
    rows.column_by_name(column).unwrap().as_primitive::<Int64Type>().iter().collect()
}

fn texts(rows: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let texts = rows.column_by_name(column).unwrap().as_string::<i32>();
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}

fn refusal(sql: &str, columns: Columns<'_>) -> String {
    plan(&[sql], columns).unwrap_err().1.to_string()
}

#[test]
fn what_needs_more_than_the_row_is_refused() {
    for (sql, expected) in [
        ("SELECT count(*) FROM input", "an aggregate"),
        ("SELECT n FROM input GROUP BY n", "an aggregate"),
        ("SELECT DISTINCT n FROM input", "DISTINCT"),
        ("SELECT n FROM input ORDER BY n", "ORDER BY"),
        ("SELECT n FROM input LIMIT 1", "LIMIT or OFFSET"),
        ("SELECT row_number() OVER () AS r FROM input", "a window"),
        ("SELECT a.n FROM input a JOIN input b ON a.n = b.n", "a join"),
        ("SELECT a.n FROM input a, input b", "a join"),
        ("SELECT n FROM input UNION ALL SELECT n FROM input", "a union"),
        ("SELECT unnest(make_array(n)) AS n FROM input", "UNNEST"),
        ("SELECT n FROM input WHERE n IN (SELECT n FROM input)", "a subquery"),
        ("SELECT (SELECT max(n) FROM input) AS n FROM input", "a subquery"),
        ("SELECT n FROM input i WHERE EXISTS (SELECT 1 FROM input WHERE n = i.n)", "a subquery"),
        ("SELECT 1 AS n", "no FROM input"),
        ("VALUES (1)", "no FROM input"),
        ("SELECT now() AS at FROM input", "now()"),
        ("SELECT current_date() AS day FROM input", "current_date()"),
        ("SELECT n FROM input WHERE random() < 0.5", "random()"),
        ("SELECT CASE WHEN n > 0 THEN uuid() END AS id FROM input", "uuid()"),
        ("SELECT value FROM generate_series(1, 3)", "a table function"),
        ("SELECT nothing FROM input", "nothing"),
        ("SELECT fullname FROM input", "fullname"),
        ("SELECT n FROM elsewhere", "elsewhere"),
        ("DELETE FROM input", "changes"),
        ("EXPLAIN SELECT n FROM input", "explains"),
        ("SELECT n FROM input; SELECT n FROM input", "single SQL statement"),
        ("SELECT", "SQL error"),
    ] {
        let text = refusal(sql, Columns::Selected);
        assert!(text.contains(expected), "{sql}: {text}");
    }
}

#[test]
fn a_row_becomes_what_is_selected_of_it() {
    let rows = rows(&[Some(4), None, Some(-1)], &["ada lovelace", "b c", "d e"]);
    for (expression, expected) in [
        ("upper(\"FullName\")", ["ADA LOVELACE", "B C", "D E"]),
        ("split_part(\"FullName\", ' ', 1)", ["ada", "b", "d"]),
        ("CASE WHEN n > 0 THEN 'up' WHEN n IS NULL THEN '?' ELSE 'down' END", ["up", "?", "down"]),
        ("CAST(coalesce(n, 0) AS VARCHAR)", ["4", "0", "-1"]),
        ("CAST(coalesce(place.lat, 7) + 1 AS VARCHAR)", ["5", "8", "0"]),
        ("concat('x', n)", ["x4", "x", "x-1"]),
        ("regexp_replace(\"FullName\", '[a-c]', '_')", ["_da lovelace", "_ c", "d e"]),
        ("'always'", ["always"; 3]),
    ] {
        let sql = format!("SELECT {expression} AS t FROM input");
        let done = selected(&sql).run(&rows).unwrap();
        assert_eq!(texts(&done.rows, "t"), expected.map(|text| Some(text.to_owned())), "{sql}");
        assert_eq!(done.origins, [0, 1, 2], "{sql}");
        assert_eq!(done.failed, [], "{sql}");
    }
}

#[test]
fn rows_of_a_condition_know_where_they_came_from() {
    let rows = numbered(10);
    for (sql, expected) in [
        ("SELECT n FROM input", (0..10).collect::<Vec<u32>>()),
        ("SELECT * FROM input WHERE n > 6", vec![7, 8, 9]),
        ("SELECT n FROM input WHERE NULL", vec![]),
        ("SELECT n FROM input WHERE 1 = 2", vec![]),
        ("SELECT n FROM input WHERE \"FullName\" = 'b'", vec![]),
        (
            "SELECT n FROM (SELECT n, n % 2 AS odd FROM input WHERE n > 3) WHERE odd = 1",
            vec![5, 7, 9],
        ),
        ("WITH late AS (SELECT * FROM input WHERE n > 7) SELECT n FROM late AS l", vec![8, 9]),
        ("SELECT i.n FROM input AS i WHERE i.place.lat BETWEEN 2 AND 3", vec![2, 3]),
    ] {
        let done = selected(sql).run(&rows).unwrap();
        assert_eq!(done.origins, expected, "{sql}");
        let n = expected.iter().map(|row| Some(i64::from(*row))).collect::<Vec<_>>();
        assert_eq!(longs(&done.rows, "n"), n, "{sql}");
    }
    let constant = selected("SELECT 1 AS one FROM input WHERE n < 2").run(&rows).unwrap();
    assert_eq!((constant.rows.num_rows(), constant.origins), (2, vec![0, 1]));
}

#[test]
fn a_row_that_fails_is_found_and_its_neighbours_are_unharmed() {
    for (sql, failing, reason) in [
        ("SELECT 100 / (n - 5) AS n FROM input", 5, "column n: it divides by zero"),
        (
            "SELECT CAST(CASE n WHEN 6 THEN 'six' ELSE '1' END AS BIGINT) AS n FROM input",
            6,
            "column n: it casts a value that does not fit",
        ),
        (
            "SELECT 9223372036854775800 + n AS n FROM input",
            8,
            "column n: a number grows beyond its type",
        ),
        ("SELECT n FROM input WHERE 10 / (n - 9) < 100", 9, "it divides by zero"),
    ] {
        for len in [10, 1, 3, 1000] {
            let rows = numbered(len);
            let done = selected(sql).run(&rows).unwrap();
            let failed = if sql.contains("9223372036854775800") {
                (8..len as u32).collect()
            } else {
                Vec::from_iter((len > failing).then_some(failing as u32))
            };
            let rows: Vec<u32> = done.failed.iter().map(|failure| failure.row).collect();
            assert_eq!(rows, failed, "{sql}");
            let others: Vec<u32> =
                (0..len as u32).filter(|row| failed.binary_search(row).is_err()).collect();
            assert_eq!(done.origins, others, "{sql}");
            assert_eq!(done.rows.num_rows(), others.len(), "{sql}");
            for failure in &done.failed {
                assert_eq!(failure.reason, format!("transforms[0]: {reason}"), "{sql}");
            }
        }
    }
}

#[test]
fn a_condition_guards_what_is_computed_behind_it() {
    for sql in [
        "SELECT 10 / n AS n FROM input WHERE n <> 0",
        "SELECT CASE WHEN n <> 0 THEN 10 / n END AS n FROM input",
        "SELECT n FROM input WHERE n <> 0 AND 10 / n > 0",
    ] {
        let transforms = selected(sql);
        let done = transforms.statements[0].evaluate(&numbered(100));
        assert!(done.is_ok(), "{sql}: {:?}", done.err());
    }
}

#[test]
fn one_transform_reads_what_the_one_before_it_made() {
    let statements = [
        "SELECT n * 2 AS m FROM input WHERE n <> 1",
        "SELECT 12 / (m - 4) AS k FROM input",
        "SELECT k AS \"K\" FROM input WHERE k <> 3",
    ];
    let transforms = plan(&statements, Columns::Selected).unwrap();
    let done = transforms.run(&numbered(6)).unwrap();
    assert_eq!(done.origins, [0, 3, 5]);
    assert_eq!(longs(&done.rows, "K"), [Some(-3), Some(6), Some(2)]);
    let reason = "transforms[1]: column k: it divides by zero".to_owned();
    assert_eq!(done.failed, [FailedRow { row: 2, reason }]);
}

#[test]
fn the_contracts_columns_are_met_without_changing_a_value() {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let pair = |item| DataType::Struct(vec![Field::new("lat", item, true)].into());
    for (expression, to) in [
        ("n", DataType::Int64),
        ("CAST(n AS INT)", DataType::Int64),
        ("CAST(n AS INT)", DataType::Float64),
        ("n", DataType::Decimal128(20, 1)),
        ("CAST(n AS DECIMAL(10, 2))", DataType::Decimal128(12, 3)),
        ("CAST(n AS REAL)", DataType::Float64),
        ("NULL", DataType::Boolean),
        ("array_length(make_array(n))", DataType::Int64),
        ("arrow_cast(\"FullName\", 'Utf8View')", DataType::Utf8),
        ("to_timestamp(n)", instant.clone()),
        ("to_timestamp_millis(n)", instant),
        ("place", pair(DataType::Int64)),
        ("named_struct('lat', CAST(n AS INT))", pair(DataType::Int64)),
        ("make_array(n)", DataType::List(Arc::new(Field::new("element", DataType::Int64, true)))),
    ] {
        let wanted = Schema::new(vec![
            Field::new("more", DataType::Utf8, true),
            Field::new("x", to.clone(), false),
        ]);
        let sql = format!("SELECT {expression} AS x FROM input");
        let transforms = plan(&[&sql], Columns::Exactly(&wanted)).unwrap();
        assert!(transforms.schema().fields().iter().all(|field| field.is_nullable()));
        let done = transforms.run(&numbered(3)).unwrap();
        assert_eq!(done.failed, [], "{sql}");
        assert_eq!(done.rows.column(1).data_type(), &to, "{sql}");
        assert_eq!(done.rows.column(0).null_count(), 3, "{sql}");
    }
}

#[test]
fn values_arrive_as_they_were() {
    let wanted = Schema::new(vec![
        Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("x", DataType::Float64, true),
    ]);
    let sql = "SELECT CAST(n AS INT) AS x, to_timestamp_nanos(n * 500) AS at FROM input";
    let done = plan(&[sql], Columns::Exactly(&wanted)).unwrap().run(&numbered(4)).unwrap();
    let at = done.rows.column(0).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(at.values(), &[0, 1]);
    assert_eq!(done.rows.column(1).as_primitive::<Float64Type>().values(), &[0.0, 2.0]);
    let failed: Vec<u32> = done.failed.iter().map(|failure| failure.row).collect();
    assert_eq!(failed, [1, 3], "a microsecond has no half");
    assert!(done.failed[0].reason.contains("column at: a value does not fit Timestamp"));
}

#[test]
fn columns_that_the_contract_cannot_take_are_named() {
    let wanted = Schema::new(vec![
        Field::new("n", DataType::Int32, false),
        Field::new("t", DataType::Utf8, true),
    ]);
    for (sql, expected) in [
        ("SELECT n FROM input", "column n: expected Int32, got Int64"),
        ("SELECT \"FullName\" AS t FROM input", "column n: expected Int32, got no such column"),
        (
            "SELECT CAST(n AS INT) AS n, 1 AS u FROM input",
            "column u: expected a column of the contract: n, t, got another",
        ),
        ("SELECT CAST(n AS INT) AS n, n AS t FROM input", "column t: expected Utf8, got Int64"),
    ] {
        let text = refusal(sql, Columns::Exactly(&wanted));
        assert!(text.starts_with(expected), "{sql}: {text}");
    }
    let others = "SELECT CAST(n AS INT) AS n, 1 AS u FROM input";
    let among = plan(&[others], Columns::Among(&wanted)).unwrap();
    assert_eq!(among.run(&numbered(1)).unwrap().rows.num_columns(), 2);
    let (at, _) =
        plan(&["SELECT n FROM input", "SELECT m FROM input"], Columns::Selected).unwrap_err();
    assert_eq!(at, 1);
}

#[test]
fn without_a_contract_columns_are_those_of_tables() {
    let transforms = selected(
        "SELECT array_length(make_array(n)) AS len, to_timestamp(n) AS at, \
         arrow_cast(\"FullName\", 'LargeUtf8') AS t, make_array(n) AS list FROM input",
    );
    let list = DataType::List(Arc::new(Field::new("element", DataType::Int64, true)));
    let types: Vec<DataType> =
        transforms.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(types[0], DataType::Int64);
    assert!(matches!(types[1], DataType::Timestamp(TimeUnit::Microsecond, _)));
    assert_eq!(types[2..], [DataType::Utf8, list]);
    let done = transforms.run(&numbered(2)).unwrap();
    assert_eq!((done.rows.schema_ref(), done.failed.len()), (transforms.schema(), 0));
    for (sql, expected) in [
        ("SELECT n + 1 FROM input", "AS name"),
        ("SELECT NULL AS x FROM input", "a type that tables have"),
        ("SELECT INTERVAL '1' DAY AS x FROM input", "a type that tables have"),
    ] {
        let text = refusal(sql, Columns::Selected);
        assert!(text.contains(expected), "{sql}: {text}");
    }
}

#[test]
fn a_chunk_without_rows_is_one_without_rows() {
    let done = selected("SELECT n FROM input WHERE n > 1").run(&numbered(0)).unwrap();
    assert_eq!((done.rows.num_rows(), done.rows.num_columns()), (0, 1));
}
