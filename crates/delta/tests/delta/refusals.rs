//! Tables that contradict what is to be written, refused by name.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use headgate_delta::{DeltaSinkConfig, Durability};
use headgate_model::{BoxFault, LakeSink, TableRole};
use serde_json::{Value, json};

use crate::lake::{Lake, Worker, records};
use crate::tables;

async fn refused(config: DeltaSinkConfig) -> BoxFault {
    match Worker::open(config).await {
        Err(fault) => fault,
        Ok(_) => panic!("opened"),
    }
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", item, true)))
}

#[tokio::test]
async fn a_contradicting_column_is_named_with_what_was_expected_and_found() {
    let instant =
        |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    let there = vec![
        Field::new("id", DataType::Int64, false),
        Field::new("at", instant(Some("UTC")), true),
        Field::new("price", DataType::Decimal128(10, 2), true),
        Field::new("tags", list(DataType::Utf8), true),
    ];
    let with = |index: usize, field: Field| {
        let mut fields = there.clone();
        fields[index] = field;
        fields
    };
    let mut more = there.clone();
    more.push(Field::new("extra", DataType::Utf8, true));
    let cases = [
        (
            with(0, Field::new("id", DataType::Int32, false)),
            "id",
            "Int32 not null",
            "Int64 not null",
        ),
        (with(0, Field::new("id", DataType::Int64, true)), "id", "Int64", "Int64 not null"),
        (
            with(1, Field::new("at", instant(None), true)),
            "at",
            "Timestamp(µs)",
            "Timestamp(µs, \"UTC\")",
        ),
        (
            with(2, Field::new("price", DataType::Decimal128(12, 2), true)),
            "price",
            "Decimal128(12, 2)",
            "Decimal128(10, 2)",
        ),
        (with(3, Field::new("tags", list(DataType::Int64), true)), "tags", "", ""),
        (more, "extra", "Utf8", "no such column"),
        (there[1..].to_vec(), "id", "a column of the contract", "Int64 not null"),
    ];
    for (wanted, column, expected, actual) in cases {
        let lake = Lake::local(Durability::Process);
        let mut config = lake.config();
        config.output.schema = Arc::new(Schema::new(there.clone()));
        Worker::open(config.clone()).await.unwrap();
        config.output.schema = Arc::new(Schema::new(wanted));
        let fault = refused(config).await;
        assert_eq!(fault.code(), "DELTA_SCHEMA_MISMATCH", "{column}");
        assert!(fault.to_string().contains(&format!("column {column} of")), "{fault}");
        if !expected.is_empty() {
            let context = fault.context();
            assert_eq!(context.expected.as_deref(), Some(expected), "{column}");
            assert_eq!(context.actual.as_deref(), Some(actual), "{column}");
        }
    }
}

#[tokio::test]
async fn looser_tables_are_accepted() {
    let lake = Lake::local(Durability::Process);
    let mut config = lake.config();
    let strict = Arc::clone(&config.output.schema);
    let mut fields: Vec<Field> =
        strict.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    fields.push(Field::new("from_elsewhere", DataType::Boolean, true));
    config.output.schema = Arc::new(Schema::new(fields));
    Worker::open(config.clone()).await.unwrap();
    config.output.schema = strict;
    let mut worker = Worker::start(config).await.unwrap();
    worker.advance(&[0], 10).await;
    assert_eq!(lake.verify().await.breaks, Vec::<String>::new());
}

#[tokio::test]
async fn t11_another_partitioning_is_refused_with_both_named() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    let mut config = lake.config();
    config.side_tables[0].partition_columns = vec!["_kafka_topic".to_owned()];
    let fault = refused(config).await;
    assert_eq!(fault.code(), "DELTA_PARTITIONING_MISMATCH");
    assert_eq!(fault.context().expected.as_deref(), Some("partitioned by _kafka_topic"));
    assert_eq!(fault.context().actual.as_deref(), Some("no partition columns"));
    assert!(fault.to_string().contains("/rejects"), "{fault}");
}

async fn with_property(lake: &Lake, version: i64) {
    let entry = tables::entry(&lake.output(), 0).await;
    let mut metadata = tables::actions(&entry, "metaData")[0].clone();
    metadata["configuration"]["delta.setTransactionRetentionDuration"] = "interval 7 days".into();
    let actions = [tables::foreign("SET TBLPROPERTIES"), json!({ "metaData": metadata })];
    tables::put_entry(&lake.output(), version, &actions).await;
}

#[tokio::test]
async fn a_property_that_would_expire_positions_is_refused_at_the_start() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    with_property(&lake, 2).await;
    let fault = refused(lake.config()).await;
    assert_eq!(fault.code(), "DELTA_UNSAFE_PROPERTY");
    let actual = fault.context().actual.unwrap();
    assert!(actual.contains("delta.setTransactionRetentionDuration"), "{actual}");
    assert!(actual.contains("interval 7 days"), "{actual}");
}

#[tokio::test]
async fn t18_a_property_that_would_expire_positions_is_refused_while_running_and_stays_refused() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    with_property(&lake, 2).await;
    for _ in 0..2 {
        let ranges = worker.next(&[0], 5);
        worker.write(&ranges).await.unwrap();
        let fault = worker.commit(&ranges).await.unwrap_err();
        assert_eq!(fault.code(), "DELTA_UNSAFE_PROPERTY");
    }
    assert_eq!(tables::version(&lake.output()).await, 2);
    for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
        let listed = tables::list(&table).await;
        assert!(listed.iter().all(|path| !path.ends_with(".parquet")), "{listed:?}");
    }
}

#[tokio::test]
async fn column_invariants_are_refused() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    let entry = tables::entry(&lake.output(), 0).await;
    let mut metadata = tables::actions(&entry, "metaData")[0].clone();
    let mut schema: Value =
        serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    schema["fields"][2]["metadata"]["delta.invariants"] =
        json!({ "expression": { "expression": "_kafka_offset > 7" } }).to_string().into();
    metadata["schemaString"] = schema.to_string().into();
    let actions = [tables::foreign("CHANGE COLUMN"), json!({ "metaData": metadata })];
    tables::put_entry(&lake.output(), 2, &actions).await;
    let fault = refused(lake.config()).await;
    assert_eq!(fault.code(), "DELTA_UNSUPPORTED_PROTOCOL");
    assert_eq!(fault.context().actual.as_deref(), Some("column invariants"));
}

#[tokio::test]
async fn a_side_table_that_cannot_be_written_any_more_stays_owed() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let upgrade = [tables::foreign("UPGRADE"), protocol(&["rowTracking"])];
    tables::put_entry(&lake.rejects(), 1, &upgrade).await;
    for _ in 0..2 {
        worker.advance(&[0], 5).await;
    }
    assert_eq!(tables::version(&lake.rejects()).await, 1);
    let report = lake.verify().await;
    assert_eq!((report.open_debts, report.ok()), (2, true));
    assert_eq!(refused(lake.config()).await.code(), "DELTA_UNSUPPORTED_PROTOCOL");
}

fn protocol(features: &[&str]) -> Value {
    json!({ "protocol": {
        "minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": [], "writerFeatures": features,
    }})
}

#[tokio::test]
async fn an_unsupported_protocol_is_refused_at_the_start() {
    for (feature, supported) in
        [("appendOnly", true), ("rowTracking", false), ("checkConstraints", false)]
    {
        let lake = Lake::local(Durability::Process);
        lake.worker().await;
        let upgrade = [tables::foreign("UPGRADE"), protocol(&[feature])];
        tables::put_entry(&lake.output(), 2, &upgrade).await;
        if supported {
            Worker::open(lake.config()).await.unwrap();
            continue;
        }
        let fault = refused(lake.config()).await;
        assert_eq!(fault.code(), "DELTA_UNSUPPORTED_PROTOCOL", "{feature}");
        assert!(fault.context().actual.unwrap().contains(feature));
    }
}

#[tokio::test]
async fn an_unsupported_protocol_is_refused_while_running() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let upgrade = [tables::foreign("UPGRADE"), protocol(&["appendOnly", "rowTracking"])];
    tables::put_entry(&lake.output(), 2, &upgrade).await;
    let ranges = worker.next(&[0], 5);
    worker.write(&ranges).await.unwrap();
    let fault = worker.commit(&ranges).await.unwrap_err();
    assert_eq!(fault.code(), "DELTA_UNSUPPORTED_PROTOCOL");
    assert_eq!(tables::version(&lake.output()).await, 2);
}

#[tokio::test]
async fn t17_a_torn_last_entry_is_refused_and_named() {
    for torn in ["", "{\"commitInfo\":{\"timest"] {
        let lake = Lake::local(Durability::Fsync);
        let mut worker = lake.worker().await;
        worker.advance(&[0], 4).await;
        let log = lake.output().to_file_path().unwrap().join("_delta_log");
        std::fs::write(log.join("00000000000000000002.json"), torn).unwrap();
        let fault = refused(lake.config()).await;
        assert_eq!(fault.code(), "DELTA_TORN_LOG_ENTRY", "{fault} {:?}", fault.context());
        assert!(fault.to_string().contains("log entry 2 of"), "{fault}");
    }
}

#[tokio::test]
async fn a_null_in_a_column_that_is_not_nullable_is_an_encoding_fault() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let rows = records(&[(0, 0)], TableRole::Output);
    let mut columns = rows.columns().to_vec();
    columns[0] = arrow_array::new_null_array(&DataType::Utf8, 1);
    let fields: Vec<Field> = rows
        .schema_ref()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect();
    let rows = arrow_array::RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let fault = worker.sink.write(TableRole::Output, rows).await.unwrap_err();
    assert_eq!(fault.code(), "PARQUET_ENCODE", "{fault}");
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_named() {
    let lake = Lake::local(Durability::Process);
    let file = lake.output().to_file_path().unwrap();
    std::fs::write(&file, "in the way").unwrap();
    let fault = refused(lake.config()).await;
    assert_eq!(fault.code(), "DELTA_NOT_WRITABLE");
    assert!(fault.to_string().contains("/output"), "{fault}");
}
