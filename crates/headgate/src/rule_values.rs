//! Columns as the functions of rules get them: JSON, and what JSON cannot say of it.

use std::io::Write;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Schema, TimeUnit};
use chrono::{DateTime, SecondsFormat};
use headgate_model::map_parts;
use serde_json::{Map, Value, json};

const SECONDS_PER_DAY: i64 = 86_400;

/// A column by its path, and which of its values are there.
pub(crate) type Column<'a> = (&'a str, &'a ArrayRef, Option<NullBuffer>);

/// JSON, and its shape: `null` where the JSON says it all, `"bigint"` of texts that are 64-bit
/// integers, `"decimal"` of those that are decimals and stay texts, `"number"` of doubles (those that
/// are not finite are texts), or of what is within:
/// `{"items"}` of an array, `{"values"}` of an object of any keys, `{"fields"}` of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleValues {
    pub json: String,
    pub shape: String,
}

impl RuleValues {
    /// Dates and timestamps (UTC, six digits) are ISO 8601 and decimals are texts, so that nothing
    /// is rounded. `None`: a column holds what has no such form.
    pub(crate) fn of_column((_, array, nulls): &Column<'_>) -> Option<Self> {
        let shape = items(shape(array.data_type())?);
        let mut json = Vec::new();
        write_column(array, nulls.as_ref(), &mut json)?;
        Self::new(json, &shape)
    }

    /// An object of columns by their paths.
    pub(crate) fn of_columns(columns: &[Column<'_>]) -> Option<Self> {
        let mut shapes = Vec::with_capacity(columns.len());
        let mut json = Vec::new();
        for (index, (path, array, nulls)) in columns.iter().enumerate() {
            json.push(if index == 0 { b'{' } else { b',' });
            write_text(path, &mut json)?;
            json.push(b':');
            write_column(array, nulls.as_ref(), &mut json)?;
            shapes.push(((*path).to_owned(), items(shape(array.data_type())?)));
        }
        json.push(b'}');
        Self::new(json, &fields(shapes))
    }

    /// An array of objects, one a row.
    pub(crate) fn of_rows(rows: &RecordBatch) -> Option<Self> {
        let rows: ArrayRef = Arc::new(StructArray::from(rows.clone()));
        Self::of_column(&("", &rows, None))
    }

    fn new(json: Vec<u8>, shape: &Value) -> Option<Self> {
        Some(Self { json: String::from_utf8(json).ok()?, shape: shape.to_string() })
    }
}

/// The shape of rows; `None`: a column holds what has no such form.
pub(crate) fn row_shape(schema: &Schema) -> Option<String> {
    shape(&DataType::Struct(schema.fields().clone())).map(|shape| shape.to_string())
}

fn shape(data_type: &DataType) -> Option<Value> {
    Some(match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Date32
        | DataType::Timestamp(TimeUnit::Microsecond, _)
        | DataType::Utf8 => Value::Null,
        DataType::Decimal128(..) => json!("decimal"),
        DataType::Int64 => json!("bigint"),
        DataType::Float32 | DataType::Float64 => json!("number"),
        DataType::List(item) => items(shape(item.data_type())?),
        DataType::Struct(parts) => {
            let parts =
                parts.iter().map(|part| Some((part.name().clone(), shape(part.data_type())?)));
            fields(parts.collect::<Option<_>>()?)
        }
        DataType::Map(entries, _) => {
            let [_, value] = map_parts(entries)?;
            within("values", shape(value.data_type())?)
        }
        _ => return None,
    })
}

fn items(shape: Value) -> Value {
    within("items", shape)
}

fn within(key: &str, shape: Value) -> Value {
    if shape.is_null() { shape } else { json!({ key: shape }) }
}

/// Without those of which JSON says it all.
fn fields(shapes: Vec<(String, Value)>) -> Value {
    let shapes: Map<String, Value> =
        shapes.into_iter().filter(|(_, shape)| !shape.is_null()).collect();
    if shapes.is_empty() { Value::Null } else { json!({ "fields": shapes }) }
}

fn write_column(array: &ArrayRef, nulls: Option<&NullBuffer>, out: &mut Vec<u8>) -> Option<()> {
    out.push(b'[');
    for slot in 0..array.len() {
        if slot > 0 {
            out.push(b',');
        }
        if nulls.is_some_and(|nulls| nulls.is_null(slot)) {
            out.extend(b"null");
        } else {
            write_value(array, slot, out)?;
        }
    }
    out.push(b']');
    Some(())
}

fn write_value(array: &ArrayRef, slot: usize, out: &mut Vec<u8>) -> Option<()> {
    if array.is_null(slot) {
        out.extend(b"null");
        return Some(());
    }
    match array.data_type() {
        DataType::Boolean => write!(out, "{}", array.as_boolean().value(slot)).ok(),
        DataType::Int8 => write!(out, "{}", array.as_primitive::<Int8Type>().value(slot)).ok(),
        DataType::Int16 => write!(out, "{}", array.as_primitive::<Int16Type>().value(slot)).ok(),
        DataType::Int32 => write!(out, "{}", array.as_primitive::<Int32Type>().value(slot)).ok(),
        DataType::Int64 => {
            write!(out, "\"{}\"", array.as_primitive::<Int64Type>().value(slot)).ok()
        }
        DataType::Float32 => {
            let value = array.as_primitive::<Float32Type>().value(slot);
            // As it is written, not as a double shows its bits.
            if value.is_finite() {
                serde_json::to_writer(out, &value).ok()
            } else {
                write_double(f64::from(value), out)
            }
        }
        DataType::Float64 => write_double(array.as_primitive::<Float64Type>().value(slot), out),
        DataType::Decimal128(..) => {
            write!(out, "\"{}\"", array.as_primitive::<Decimal128Type>().value_as_string(slot)).ok()
        }
        DataType::Date32 => {
            let days = i64::from(array.as_primitive::<Date32Type>().value(slot));
            let day = DateTime::from_timestamp(days * SECONDS_PER_DAY, 0)?;
            write!(out, "\"{}\"", day.format("%Y-%m-%d")).ok()
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(slot);
            let text = DateTime::from_timestamp_micros(micros)?
                .to_rfc3339_opts(SecondsFormat::Micros, true);
            let text = if zone.is_some() { text.as_str() } else { text.trim_end_matches('Z') };
            write!(out, "\"{text}\"").ok()
        }
        DataType::Utf8 => write_text(array.as_string::<i32>().value(slot), out),
        DataType::List(_) => write_column(&array.as_list::<i32>().value(slot), None, out),
        DataType::Struct(parts) => {
            let columns = array.as_struct().columns();
            let names = parts.iter().map(|part| part.name().as_str());
            write_object(names.zip(columns).map(|(name, column)| (name, column, slot)), out)
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(slot);
            let (keys, values) = (entries.column(0).as_string_opt::<i32>()?, entries.column(1));
            write_object((0..entries.len()).map(|at| (keys.value(at), values, at)), out)
        }
        _ => None,
    }
}

fn write_object<'a>(
    entries: impl Iterator<Item = (&'a str, &'a ArrayRef, usize)>,
    out: &mut Vec<u8>,
) -> Option<()> {
    out.push(b'{');
    for (index, (name, array, slot)) in entries.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(name, out)?;
        out.push(b':');
        write_value(array, slot, out)?;
    }
    out.push(b'}');
    Some(())
}

fn write_double(value: f64, out: &mut Vec<u8>) -> Option<()> {
    if value.is_finite() {
        serde_json::to_writer(out, &value).ok()
    } else if value.is_nan() {
        write!(out, "\"NaN\"").ok()
    } else {
        write!(out, "\"{}Infinity\"", if value < 0.0 { "-" } else { "" }).ok()
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) -> Option<()> {
    serde_json::to_writer(out, text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    use arrow_array::builder::{Int64Builder, MapBuilder, StringBuilder};
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
        Int32Array, Int64Array, ListArray, StringArray, TimestampMicrosecondArray,
    };
    use arrow_schema::Field;

    fn told(array: impl Array + 'static) -> (String, String) {
        let array: ArrayRef = Arc::new(array);
        let values = RuleValues::of_column(&("a", &array, array.nulls().cloned())).unwrap();
        (values.json, values.shape)
    }

    fn said(json: &str, shape: &str) -> (String, String) {
        (json.to_owned(), shape.to_owned())
    }

    #[test]
    fn scalars_lose_nothing() {
        let texts = StringArray::from(vec![Some("a\"\n\u{1f}é"), None]);
        assert_eq!(told(texts), said("[\"a\\\"\\n\\u001fé\",null]", "null"));
        assert_eq!(told(BooleanArray::from(vec![true, false])), said("[true,false]", "null"));
        assert_eq!(told(Int32Array::from(vec![-1, i32::MAX])), said("[-1,2147483647]", "null"));
        let long = Int64Array::from(vec![Some(i64::MIN), None]);
        assert_eq!(told(long), said(r#"["-9223372036854775808",null]"#, r#"{"items":"bigint"}"#));
        let doubles = vec![0.1, -0.0, 1e300, f64::NAN, f64::NEG_INFINITY];
        let expected = said(r#"[0.1,-0.0,1e+300,"NaN","-Infinity"]"#, r#"{"items":"number"}"#);
        assert_eq!(told(Float64Array::from(doubles)), expected);
        let floats = Float32Array::from(vec![0.1, f32::INFINITY]);
        assert_eq!(told(floats), said(r#"[0.1,"Infinity"]"#, r#"{"items":"number"}"#));
        let decimals = Decimal128Array::from(vec![-5, 123_456]).with_precision_and_scale(38, 2);
        let expected = said(r#"["-0.05","1234.56"]"#, r#"{"items":"decimal"}"#);
        assert_eq!(told(decimals.unwrap()), expected);
        let days = Date32Array::from(vec![-1, 20_000]);
        assert_eq!(told(days), said(r#"["1969-12-31","2024-10-04"]"#, "null"));
        let moments = TimestampMicrosecondArray::from(vec![1, 1_500_000]);
        let expected =
            said(r#"["1970-01-01T00:00:00.000001","1970-01-01T00:00:01.500000"]"#, "null");
        assert_eq!(told(moments.clone()), expected);
        let (json, _) = told(moments.with_timezone("UTC"));
        assert!(json.contains("00.000001Z"), "{json}");
    }

    #[test]
    fn what_is_within_has_a_shape_of_its_own() {
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some(vec![Some(1), None]),
            None,
            Some(vec![]),
        ]);
        let expected = said(r#"[["1",null],null,[]]"#, r#"{"items":{"items":"bigint"}}"#);
        assert_eq!(told(list), expected);
        let fields =
            vec![Field::new("t", DataType::Utf8, true), Field::new("n", DataType::Int64, true)];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec!["x", "y"])),
            Arc::new(Int64Array::from(vec![1, 2])),
        ];
        let objects = StructArray::new(fields.into(), columns, Some(vec![true, false].into()));
        let expected =
            said(r#"[{"t":"x","n":"1"},null]"#, r#"{"items":{"fields":{"n":"bigint"}}}"#);
        assert_eq!(told(objects), expected);
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
        map.keys().append_value("k");
        map.values().append_value(7);
        map.append(true).unwrap();
        let expected = said(r#"[{"k":"7"}]"#, r#"{"items":{"values":"bigint"}}"#);
        assert_eq!(told(map.finish()), expected);
        let plain = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]);
        assert_eq!(told(plain), said("[[1]]", "null"));
    }

    #[test]
    fn columns_are_named_and_may_be_hidden_by_the_object_around_them() {
        let card: ArrayRef = Arc::new(StringArray::from(vec!["1", "2"]));
        let amount: ArrayRef = Arc::new(Int64Array::from(vec![5, 6]));
        let hidden = Some(NullBuffer::from(vec![true, false]));
        let values =
            RuleValues::of_columns(&[("card", &card, None), ("o.amount", &amount, hidden)]);
        let RuleValues { json, shape } = values.unwrap();
        assert_eq!(json, r#"{"card":["1","2"],"o.amount":["5",null]}"#);
        assert_eq!(shape, r#"{"fields":{"o.amount":{"items":"bigint"}}}"#);
        let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![b"x".as_slice()]));
        assert_eq!(RuleValues::of_column(&("b", &bytes, None)), None);
    }
}
