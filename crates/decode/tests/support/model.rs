//! Values that are known before they are written as JSON: the oracle of the property tests.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field};
use chrono::{DateTime, Duration, FixedOffset, NaiveDate, SecondsFormat};
use headgate_model::map_parts;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::{list, local, map, utc};

#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    Absent,
    Null,
    /// JSON that fits no column of its type.
    Misfit(&'static str),
    Text(String),
    Int(i64),
    /// The bits of an `f64`, so that -0 is not 0.
    Float(u64),
    Bool(bool),
    /// With 4 digits behind the point.
    Decimal(i128),
    Days(i32),
    Micros(i64),
    Object(Vec<(String, Model)>),
    List(Vec<Model>),
    Map(Vec<(String, Model)>),
}

pub const DECIMAL: DataType = DataType::Decimal128(24, 4);

pub fn data_type() -> impl Strategy<Value = DataType> {
    let scalar = prop_oneof![
        Just(DataType::Utf8),
        Just(DataType::Int8),
        Just(DataType::Int64),
        Just(DataType::Float32),
        Just(DataType::Float64),
        Just(DataType::Boolean),
        Just(DECIMAL),
        Just(DataType::Date32),
        Just(utc()),
        Just(local()),
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(list),
            inner.clone().prop_map(map),
            fields(inner).prop_map(DataType::Struct),
        ]
    })
}

/// Names of every length around the 16 bytes that are compared at once.
pub fn fields<S: Strategy<Value = DataType>>(
    inner: S,
) -> impl Strategy<Value = arrow_schema::Fields> {
    let name = "[a-c]{0,3}|[a-z]{12,18}|[é\"\\\\]{1,2}";
    proptest::collection::btree_map(name, inner, 1..5).prop_map(|fields| {
        fields.into_iter().map(|(name, of)| Field::new(name, of, true)).collect()
    })
}

/// A value for a column of this type; one in ten is absent, NULL or a misfit.
pub fn value(of: &DataType) -> BoxedStrategy<Model> {
    let scalar = match of {
        DataType::Utf8 => {
            prop_oneof!["[a-z0-9-]{0,40}", any::<String>()].prop_map(Model::Text).boxed()
        }
        DataType::Int8 => any::<i8>().prop_map(|int| Model::Int(int.into())).boxed(),
        DataType::Int64 => {
            prop_oneof![any::<i64>(), any::<i32>().prop_map(i64::from), -1000..1000_i64]
                .prop_map(Model::Int)
                .boxed()
        }
        DataType::Float32 => {
            any::<f32>().prop_map(|float| Model::Float(f64::from(float).to_bits())).boxed()
        }
        DataType::Float64 => prop_oneof![
            any::<f64>(),
            (any::<i32>(), 0..9_i32).prop_map(|(n, scale)| f64::from(n) / 10_f64.powi(scale)),
        ]
        .prop_map(|float| Model::Float(float.to_bits()))
        .boxed(),
        DataType::Boolean => any::<bool>().prop_map(Model::Bool).boxed(),
        DataType::Decimal128(..) => {
            prop_oneof![any::<i32>().prop_map(i128::from), any::<i128>().prop_map(|n| n >> 49)]
                .prop_map(Model::Decimal)
                .boxed()
        }
        // Years 0001 to 9998, for a zone may move the year.
        DataType::Date32 => (-719_162..2_932_166_i32).prop_map(Model::Days).boxed(),
        DataType::Timestamp(..) => (-719_162..2_932_166_i64, 0..86_400_000_000_i64)
            .prop_map(|(day, micros)| Model::Micros(day * 86_400_000_000 + micros))
            .boxed(),
        DataType::Struct(fields) => object(fields).boxed(),
        DataType::List(item) => proptest::collection::vec(value(item.data_type()), 0..4)
            .prop_map(|items| {
                // An item cannot be absent.
                let there = |item| if item == Model::Absent { Model::Null } else { item };
                Model::List(items.into_iter().map(there).collect())
            })
            .boxed(),
        DataType::Map(entries, _) => {
            let [_, value_field] = map_parts(entries).unwrap();
            // More keys than are compared with each other; a value cannot be absent.
            proptest::collection::btree_map("[a-zé\"]{0,3}", value(value_field.data_type()), 0..12)
                .prop_map(|entries| {
                    let there = |value| if value == Model::Absent { Model::Null } else { value };
                    Model::Map(entries.into_iter().map(|(key, of)| (key, there(of))).collect())
                })
                .boxed()
        }
        other => panic!("{other}"),
    };
    let misfit: &[&str] = match of {
        DataType::Utf8 => &["1", "\"\\ud800\"", "{\"a\":[]}", "[[]]"],
        DataType::Struct(_) => &["[{}]", "1e5", "\"{}\""],
        DataType::List(_) => &["{\"a\":[1,{}]}", "false"],
        DataType::Map(..) => &[
            "[{}]",
            "{\"a\":null,\"b\":null,\"\\u0061\":null}",
            "{\"\\ud800\":null}",
            "{\"1\":null,\"2\":null,\"3\":null,\"4\":null,\"5\":null,\"6\":null,\"7\":null,\"8\":null,\"1\":null}",
        ],
        DataType::Boolean => &["0", "\"true\""],
        DataType::Date32 | DataType::Timestamp(..) => &["\"1999-02-29\"", "12", "\"\\u0031\""],
        _ => &["\"1\"", "1e999", "true", "-1e400", "{}"],
    };
    Union::new_weighted(vec![
        (18, scalar),
        (1, prop_oneof![Just(Model::Absent), Just(Model::Null)].boxed()),
        (1, proptest::sample::select(misfit).prop_map(Model::Misfit).boxed()),
    ])
    .boxed()
}

pub fn object(fields: &arrow_schema::Fields) -> impl Strategy<Value = Model> + use<> {
    let members: Vec<_> =
        fields.iter().map(|field| (Just(field.name().clone()), value(field.data_type()))).collect();
    members.prop_map(Model::Object)
}

/// What a column holds, in the terms of the model; `Absent` and `Misfit` are `Null` there.
pub fn held(array: &ArrayRef, row: usize) -> Model {
    if array.is_null(row) {
        return Model::Null;
    }
    let float = |float: f64| Model::Float(float.to_bits());
    match array.data_type() {
        DataType::Utf8 => Model::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::Int8 => Model::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int32 => Model::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Model::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => Model::Bool(array.as_boolean().value(row)),
        DataType::Decimal128(..) => {
            Model::Decimal(array.as_primitive::<Decimal128Type>().value(row))
        }
        DataType::Date32 => Model::Days(array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(..) => {
            Model::Micros(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().iter();
            let member = |(field, column): (&std::sync::Arc<Field>, _)| {
                (field.name().clone(), held(column, row))
            };
            Model::Object(fields.iter().zip(columns).map(member).collect())
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            Model::List((0..items.len()).map(|item| held(&items, item)).collect())
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0).as_string::<i32>(), entries.column(1));
            let entry = |at| (keys.value(at).to_owned(), held(values, at));
            Model::Map((0..entries.len()).map(entry).collect())
        }
        other => panic!("{other}"),
    }
}

impl Model {
    /// What a column should hold of it, with the paths that do not fit.
    pub fn expected(&self, path: &str, misfits: &mut Vec<String>) -> Self {
        match self {
            Self::Absent | Self::Null => Self::Null,
            Self::Misfit(_) => {
                misfits.push(path.to_owned());
                Self::Null
            }
            Self::Object(members) => {
                let mut member = |(name, value): &(String, Self)| {
                    let path = if path == "$" { name.clone() } else { format!("{path}.{name}") };
                    (name.clone(), value.expected(&path, misfits))
                };
                Self::Object(members.iter().map(&mut member).collect())
            }
            Self::List(items) => {
                let path = format!("{path}[]");
                Self::List(items.iter().map(|item| item.expected(&path, misfits)).collect())
            }
            Self::Map(entries) => {
                let path = format!("{path}{{}}");
                let mut entry =
                    |(key, value): &(String, Self)| (key.clone(), value.expected(&path, misfits));
                Self::Map(entries.iter().map(&mut entry).collect())
            }
            value => value.clone(),
        }
    }
}

pub fn day(days: i32) -> String {
    let date = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + Duration::days(days.into());
    date.format("%Y-%m-%d").to_string()
}

/// In this zone, or as the clock shows it when there is none.
pub fn instant(micros: i64, zone_minutes: Option<i32>) -> String {
    let time = DateTime::from_timestamp_micros(micros).unwrap();
    match zone_minutes {
        None => time.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
        Some(0) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        Some(minutes) => {
            let zone = FixedOffset::east_opt(minutes * 60).unwrap();
            time.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Micros, false)
        }
    }
}
