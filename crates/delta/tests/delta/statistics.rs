//! Statistics in the log against a reference computation over the rows.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Fields, Schema};
use chrono::{DateTime, NaiveDate};
use headgate_delta::Durability;
use headgate_model::{BatchCommit, Counts, LakeSink, TableRole};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::lake::{Lake, Worker, ledger};
use crate::tables;

/// The statistics of a file that holds `batches`, one row group each.
async fn stats_of(batches: &[RecordBatch]) -> Value {
    serde_json::from_str(&text_of(batches).await).unwrap()
}

async fn text_of(batches: &[RecordBatch]) -> String {
    let lake = Lake::local(Durability::Process);
    let mut config = lake.config();
    config.output.schema = batches[0].schema();
    config.side_tables.clear();
    config.buffers.set(0);
    let mut worker = Worker::start(config).await.unwrap();
    let rows = batches.iter().map(RecordBatch::num_rows).sum::<usize>() as u64;
    for batch in batches {
        worker.sink.write(TableRole::Output, batch.clone()).await.unwrap();
    }
    let mut ledger = ledger(&[(0, 0, rows as i64)], false);
    ledger.counts = Counts { records: rows, accepted: rows, ..Counts::default() };
    worker.sink.commit(BatchCommit { ledger, blocked: None, stands_on: None }).await.unwrap();
    let entry = tables::entry(&lake.output(), 2).await;
    let adds = tables::actions(&entry, "add");
    assert_eq!(adds.len(), 1);
    adds[0]["stats"].as_str().unwrap().to_owned()
}

/// A number as it is written: serde_json's parser may be off by the last digit.
fn written(text: &str, kind: &str, column: &str) -> Option<f64> {
    let (_, values) = text.split_once(&format!("\"{kind}\":{{"))?;
    let values = values.split("\"nullCount\":").next()?.split("\"maxValues\":").next()?;
    let (_, number) = values.split_once(&format!("\"{column}\":"))?;
    number.split([',', '}']).next()?.parse().ok()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[derive(Clone, Debug)]
struct Row {
    long: Option<i64>,
    double: Option<f64>,
    text: Option<String>,
    date: Option<i32>,
    instant: Option<i64>,
    cents: Option<i128>,
    wide: Option<i128>,
    inner: Option<Option<i64>>,
}

fn to_batch(rows: &[Row]) -> RecordBatch {
    let inner = Int64Array::from_iter(rows.iter().map(|row| row.inner.flatten()));
    let valid: Vec<bool> = rows.iter().map(|row| row.inner.is_some()).collect();
    let fields = Fields::from(vec![Field::new("inner", DataType::Int64, true)]);
    let decimal = |values: Vec<Option<i128>>, precision, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
    };
    let instants = TimestampMicrosecondArray::from_iter(rows.iter().map(|row| row.instant));
    batch(vec![
        ("long", Arc::new(Int64Array::from_iter(rows.iter().map(|row| row.long)))),
        ("double", Arc::new(Float64Array::from_iter(rows.iter().map(|row| row.double)))),
        ("text", Arc::new(StringArray::from_iter(rows.iter().map(|row| row.text.as_deref())))),
        ("date", Arc::new(Date32Array::from_iter(rows.iter().map(|row| row.date)))),
        ("instant", Arc::new(instants.with_timezone("UTC"))),
        ("cents", decimal(rows.iter().map(|row| row.cents).collect(), 10, 2)),
        ("wide", decimal(rows.iter().map(|row| row.wide).collect(), 38, 4)),
        ("outer", Arc::new(StructArray::new(fields, vec![Arc::new(inner)], Some(valid.into())))),
    ])
}

fn row() -> impl Strategy<Value = Row> {
    let double = prop_oneof![
        4 => any::<f64>().prop_filter("finite", |value| value.is_finite()),
        1 => Just(0.0), 1 => Just(-0.0), 1 => Just(f64::NAN),
    ];
    let text = prop_oneof![3 => ".{0,8}", 1 => "[a-z]{20,60}", 1 => "[\u{7ff}ü\u{10ffff}]{1,30}"];
    let opt = proptest::option::of::<BoxedStrategy<i64>>;
    (
        opt(any::<i64>().boxed()),
        proptest::option::of(double),
        proptest::option::of(text),
        proptest::option::of(-719_162..2_932_896_i32),
        opt((-62_135_596_800_000_000..253_402_300_799_999_999_i64).boxed()),
        opt((-9_999_999_999..=9_999_999_999_i64).boxed()),
        opt(any::<i64>().boxed()),
        proptest::option::of(opt((-50..50_i64).boxed())),
    )
        .prop_map(|(long, double, text, date, instant, cents, wide, inner)| Row {
            long,
            double,
            text,
            date,
            instant,
            cents: cents.map(i128::from),
            wide: wide.map(|value| i128::from(value) * 3),
            inner,
        })
}

/// Smallest and largest as JSON; `None` without values.
fn bounds<T: PartialOrd + Clone>(
    values: impl Iterator<Item = Option<T>>,
    json: impl Fn(&T) -> Value,
) -> Option<(Value, Value)> {
    let present: Vec<T> = values.flatten().collect();
    let least = present.iter().reduce(|a, b| if b < a { b } else { a })?;
    let greatest = present.iter().reduce(|a, b| if b > a { b } else { a })?;
    Some((json(least), json(greatest)))
}

fn check(groups: &[Vec<Row>], text: &str) {
    let rows = groups.concat();
    let rows = rows.as_slice();
    let stats: Value = serde_json::from_str(text).unwrap();
    let stats = &stats;
    let expect = |name: &str, pointer: &str, nulls: usize, bounds: Option<(Value, Value)>| {
        let at = |kind: &str| stats.pointer(&format!("/{kind}/{pointer}")).cloned();
        assert_eq!(at("nullCount"), Some(nulls.into()), "nulls of {name}");
        let found = at("minValues").zip(at("maxValues"));
        assert_eq!(found, bounds, "bounds of {name}");
    };
    let nulls = |is_null: fn(&Row) -> bool| rows.iter().filter(|row| is_null(row)).count();
    assert_eq!(stats["numRecords"], rows.len());
    let long = bounds(rows.iter().map(|row| row.long), |value| json!(value));
    expect("long", "long", nulls(|row| row.long.is_none()), long);

    // NaN takes no part, but a row group of nothing else leaves the column without bounds; a zero
    // bounds zeros of either sign.
    let only_nan = |group: &Vec<Row>| {
        let mut doubles = group.iter().filter_map(|row| row.double).peekable();
        doubles.peek().is_some() && doubles.all(f64::is_nan)
    };
    let bounded = !groups.iter().any(only_nan);
    let doubles = rows.iter().filter_map(|row| row.double);
    let present: Vec<f64> = doubles.filter(|value| bounded && !value.is_nan()).collect();
    let bound = |value: f64, zero: f64| if value == 0.0 { zero } else { value };
    let least = present.iter().copied().reduce(f64::min).map(|value| bound(value, -0.0));
    let greatest = present.iter().copied().reduce(f64::max).map(|value| bound(value, 0.0));
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    assert_eq!(bits(written(text, "minValues", "double")), bits(least), "least of {present:?}");
    assert_eq!(bits(written(text, "maxValues", "double")), bits(greatest), "most of {present:?}");
    assert_eq!(stats["nullCount"]["double"], nulls(|row| row.double.is_none()));

    let day = |days: &i32| {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let date = epoch + chrono::Duration::days(i64::from(*days));
        json!(date.format("%Y-%m-%d").to_string())
    };
    let date = bounds(rows.iter().map(|row| row.date), day);
    expect("date", "date", nulls(|row| row.date.is_none()), date);
    let instant = |micros: &i64| {
        let at = DateTime::from_timestamp_micros(*micros).unwrap();
        json!(at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
    };
    let instants = bounds(rows.iter().map(|row| row.instant), instant);
    expect("instant", "instant", nulls(|row| row.instant.is_none()), instants);

    let cents = |value: &i128| {
        let sign = if *value < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:02}", value.abs() / 100, value.abs() % 100);
        serde_json::from_str(&text).unwrap()
    };
    let money = bounds(rows.iter().map(|row| row.cents), cents);
    expect("cents", "cents", nulls(|row| row.cents.is_none()), money);

    // More digits than a double holds: no bounds rather than wrong ones.
    let precise = |value: &i128| value.unsigned_abs() < 1_000_000_000_000_000;
    let all: Vec<i128> = rows.iter().filter_map(|row| row.wide).collect();
    let extremes = all.iter().min().into_iter().chain(all.iter().max());
    if !extremes.clone().all(precise) {
        assert_eq!(stats.pointer("/minValues/wide"), None);
        assert_eq!(stats.pointer("/maxValues/wide"), None);
    }
    assert_eq!(stats["nullCount"]["wide"], nulls(|row| row.wide.is_none()));

    let inner = bounds(rows.iter().map(|row| row.inner.flatten()), |value| json!(value));
    expect("outer.inner", "outer/inner", nulls(|row| row.inner.flatten().is_none()), inner);

    check_text(rows, stats);
}

/// A long text's bounds are cut to 32 bytes: the lower is a prefix, the upper still above.
fn check_text(rows: &[Row], stats: &Value) {
    let texts: Vec<&str> = rows.iter().filter_map(|row| row.text.as_deref()).collect();
    assert_eq!(stats["nullCount"]["text"], rows.len() - texts.len());
    let bound = |kind: &str| stats.pointer(&format!("/{kind}/text")).and_then(Value::as_str);
    let (Some(least), Some(greatest)) = (texts.iter().min(), texts.iter().max()) else {
        assert_eq!((bound("minValues"), bound("maxValues")), (None, None));
        return;
    };
    let (low, high) = (bound("minValues").unwrap(), bound("maxValues").unwrap());
    assert!(least.starts_with(low), "{low:?} for {least:?}");
    assert!(low.len() == least.len() || (29..=32).contains(&low.len()), "{low:?} for {least:?}");
    if greatest.len() <= 32 {
        assert_eq!(high, *greatest);
    } else {
        assert!(high >= *greatest, "{high:?} for {greatest:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn statistics_equal_a_reference_computation_over_all_row_groups(
        groups in proptest::collection::vec(proptest::collection::vec(row(), 1..12), 1..4)
    ) {
        let batches: Vec<RecordBatch> = groups.iter().map(|rows| to_batch(rows)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stats = runtime.block_on(text_of(&batches));
        check(&groups, &stats);
    }
}

#[tokio::test]
async fn columns_without_a_value_have_no_bounds() {
    let rows = batch(vec![
        ("nan", Arc::new(Float64Array::from(vec![f64::NAN, f64::NAN]))),
        ("null", Arc::new(Int64Array::from(vec![None, None]))),
        ("infinite", Arc::new(Float64Array::from(vec![1.0, f64::INFINITY]))),
    ]);
    let stats = stats_of(&[rows]).await;
    assert_eq!(stats["minValues"], json!({}));
    assert_eq!(stats["maxValues"], json!({}));
    assert_eq!(stats["nullCount"], json!({ "nan": 0, "null": 2, "infinite": 0 }));
}

#[tokio::test]
async fn only_the_first_32_columns_are_indexed() {
    let names: Vec<String> = (0..40).map(|number| format!("c{number:02}")).collect();
    let column = |number: usize| -> ArrayRef { Arc::new(Int64Array::from(vec![number as i64])) };
    let rows =
        batch(names.iter().enumerate().map(|(n, name)| (name.as_str(), column(n))).collect());
    let stats = stats_of(&[rows]).await;
    assert_eq!(stats["minValues"].as_object().unwrap().len(), 32);
    assert_eq!(stats["maxValues"]["c31"], 31);
}

#[tokio::test]
async fn years_that_readers_cannot_parse_have_no_bounds() {
    let rows = batch(vec![
        ("date", Arc::new(Date32Array::from(vec![0, 4_000_000]))),
        (
            "instant",
            Arc::new(
                TimestampMicrosecondArray::from(vec![0, 300_000_000_000_000_000])
                    .with_timezone("UTC"),
            ),
        ),
        ("past", Arc::new(Date32Array::from(vec![-1_000_000, 0]))),
    ]);
    let stats = stats_of(&[rows]).await;
    assert_eq!(stats["minValues"], json!({}));
    assert_eq!(stats["maxValues"], json!({}));
}
