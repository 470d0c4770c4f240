//! Every type that a contract can name, written and read back.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Fields, Schema};
use headgate_delta::{Durability, newest_rows};
use headgate_model::{BatchCommit, Counts, LakeSink, TableRole};

use crate::lake::{Lake, Worker, ledger};
use crate::tables;

fn decimal(values: Vec<Option<i128>>, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
}

fn list_of_structs() -> ArrayRef {
    let names = StringArray::from(vec![Some("x"), None, Some("y")]);
    let fields = Fields::from(vec![Field::new("name", DataType::Utf8, true)]);
    let items = StructArray::new(fields.clone(), vec![Arc::new(names)], None);
    let item = Arc::new(Field::new("element", DataType::Struct(fields), true));
    let offsets = arrow_buffer::OffsetBuffer::from_lengths([2, 0, 1]);
    Arc::new(ListArray::new(item, offsets, Arc::new(items), Some(vec![true, false, true].into())))
}

fn nested() -> ArrayRef {
    let deep = Fields::from(vec![Field::new("text", DataType::Utf8, true)]);
    let fields = Fields::from(vec![
        Field::new("lat", DataType::Float64, true),
        Field::new("deep", DataType::Struct(deep.clone()), true),
    ]);
    // Below a NULL there are only NULLs: Parquet keeps nothing else there.
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, None]));
    let deep = StructArray::new(deep, vec![text], Some(vec![true, false, false].into()));
    let lat: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.5), None, Some(-0.0)]));
    Arc::new(StructArray::new(
        fields,
        vec![lat, Arc::new(deep)],
        Some(vec![true, false, true].into()),
    ))
}

fn all_types() -> RecordBatch {
    let mut numbers = ListBuilder::new(Int64Builder::new()).with_field(Field::new(
        "element",
        DataType::Int64,
        true,
    ));
    numbers.append_value([Some(1), None]);
    numbers.append_null();
    numbers.append_value([]);
    let instants = vec![Some(-1), None, Some(253_402_300_799_999_999)];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("byte", Arc::new(Int8Array::from(vec![Some(i8::MIN), None, Some(i8::MAX)]))),
        ("short", Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(i16::MAX)]))),
        ("int", Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(i32::MAX)]))),
        ("long", Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)]))),
        ("float", Arc::new(Float32Array::from(vec![Some(f32::MIN), None, Some(f32::INFINITY)]))),
        ("double", Arc::new(Float64Array::from(vec![Some(f64::MIN), None, Some(f64::NAN)]))),
        ("text", Arc::new(StringArray::from(vec![Some(""), None, Some("größer\u{10ffff}")]))),
        ("bytes", Arc::new(BinaryArray::from(vec![Some(&[0xff_u8, 0][..]), None, Some(&[])]))),
        ("date", Arc::new(Date32Array::from(vec![Some(-719_162), None, Some(2_932_896)]))),
        (
            "instant",
            Arc::new(TimestampMicrosecondArray::from(instants.clone()).with_timezone("UTC")),
        ),
        ("wall_clock", Arc::new(TimestampMicrosecondArray::from(instants))),
        ("small", decimal(vec![Some(-99_999), None, Some(99_999)], 5, 2)),
        ("medium", decimal(vec![Some(-1), None, Some(10_i128.pow(17))], 18, 3)),
        ("large", decimal(vec![Some(-(10_i128.pow(37))), None, Some(7)], 38, 10)),
        ("nested", nested()),
        ("numbers", Arc::new(numbers.finish())),
        ("stops", list_of_structs()),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[tokio::test]
async fn all_types_are_read_back_as_they_were_written() {
    let lake = Lake::local(Durability::Process);
    let rows = all_types();
    let mut config = lake.config();
    config.output.schema = rows.schema();
    let mut worker = Worker::start(config.clone()).await.unwrap();
    worker.sink.write(TableRole::Output, rows.clone()).await.unwrap();
    let mut ledger = ledger(&[(0, 0, 3)], false);
    ledger.counts = Counts { records: 3, accepted: 3, ..Counts::default() };
    worker.sink.commit(BatchCommit { ledger, blocked: None, stands_on: None }).await.unwrap();

    let stored = tables::rows(&lake.output()).await;
    assert_eq!(stored.len(), 1);
    for (index, field) in rows.schema_ref().fields().iter().enumerate() {
        let (expected, found) = (rows.column(index), stored[0].column(index));
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{}", field.name());
    }
    let preview = newest_rows(&lake.output(), 10).await.unwrap();
    assert_eq!(preview.num_rows(), 3);
    for (index, field) in rows.schema_ref().fields().iter().enumerate() {
        assert_eq!(
            preview.column(index).null_count(),
            rows.column(index).null_count(),
            "{}",
            field.name()
        );
    }
    Worker::open(config).await.expect("the table it created is the table it wants");
}
