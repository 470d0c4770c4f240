//! From the columns that a `SELECT` makes to those that are asked for, without changing a value.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::compute::kernels::cmp::distinct;

use crate::fault::Misfit;

/// Which columns are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Columns<'a> {
    /// As selected, in types that tables have.
    Selected,
    /// These and no others; one that may be NULL may be missing.
    Exactly(&'a Schema),
    /// As `Exactly`, but others are left out.
    Among(&'a Schema),
}

/// How the columns are made of those selected.
#[derive(Debug)]
pub(crate) struct Fit {
    pub schema: SchemaRef,
    sources: Vec<Source>,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    /// NULL in every row.
    Missing,
    Selected(usize, Cast),
}

/// None of them changes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cast {
    None,
    Lossless,
    /// The type is narrower: values that do not fit it fail.
    Checked,
}

impl Fit {
    pub fn new(selected: &Schema, columns: Columns<'_>) -> Result<Self, Misfit> {
        match columns {
            Columns::Selected => Self::of_tables(selected),
            Columns::Exactly(wanted) => {
                let stray =
                    selected.fields().iter().find(|field| wanted.index_of(field.name()).is_err());
                if let Some(stray) = stray {
                    let names: Vec<&str> =
                        wanted.fields().iter().map(|field| field.name().as_str()).collect();
                    return Err(Misfit {
                        column: stray.name().clone(),
                        expected: format!("a column of the contract: {}", names.join(", ")),
                        actual: "another".to_owned(),
                    });
                }
                Self::to(selected, wanted)
            }
            Columns::Among(wanted) => Self::to(selected, wanted),
        }
    }

    fn to(selected: &Schema, wanted: &Schema) -> Result<Self, Misfit> {
        let sources = wanted.fields().iter().map(|field| source(selected, field));
        let sources = sources.collect::<Result<_, _>>()?;
        let fields = wanted.fields().iter();
        let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
        Ok(Self { schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())), sources })
    }

    fn of_tables(selected: &Schema) -> Result<Self, Misfit> {
        let (mut fields, mut sources) = (Vec::new(), Vec::new());
        for (index, field) in selected.fields().iter().enumerate() {
            let name = field.name();
            let fault = |expected: &str, actual: String| Misfit {
                column: name.clone(),
                expected: expected.to_owned(),
                actual,
            };
            if name.is_empty() || name.contains(UNNAMEABLE) {
                return Err(fault("a name that tables can have: … AS name", name.clone()));
            }
            let told =
                || fault("a type that tables have: CAST(… AS type)", field.data_type().to_string());
            let own = table_type(field.data_type()).ok_or_else(told)?;
            let cast = cast(field.data_type(), &own).ok_or_else(told)?;
            fields.push(Field::new(name, own, true));
            sources.push(Source::Selected(index, cast));
        }
        Ok(Self { schema: Arc::new(Schema::new(fields)), sources })
    }

    pub fn apply(&self, rows: &RecordBatch) -> Result<RecordBatch, String> {
        let mut columns = Vec::with_capacity(self.sources.len());
        for (source, field) in self.sources.iter().zip(self.schema.fields()) {
            columns.push(match source {
                Source::Missing => new_null_array(field.data_type(), rows.num_rows()),
                Source::Selected(index, kind) => {
                    fitted(rows.column(*index), field.data_type(), *kind).ok_or_else(|| {
                        format!(
                            "column {}: a value does not fit {}",
                            field.name(),
                            field.data_type()
                        )
                    })?
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|_| "its columns do not fit".to_owned())
    }
}

/// Delta refuses these in the name of a column.
const UNNAMEABLE: [char; 10] = [' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '='];

/// Each column of `wanted` that `selected` cannot fill.
pub fn misfits(selected: &Schema, wanted: &Schema) -> Vec<Misfit> {
    wanted.fields().iter().filter_map(|field| source(selected, field).err()).collect()
}

fn source(selected: &Schema, wanted: &Field) -> Result<Source, Misfit> {
    let fault = |actual: String| Misfit {
        column: wanted.name().clone(),
        expected: wanted.data_type().to_string(),
        actual,
    };
    match selected.column_with_name(wanted.name()) {
        None if wanted.is_nullable() => Ok(Source::Missing),
        None => Err(fault("no such column, and the contract requires it".to_owned())),
        Some((index, field)) => cast(field.data_type(), wanted.data_type())
            .map(|cast| Source::Selected(index, cast))
            .ok_or_else(|| fault(field.data_type().to_string())),
    }
}

fn fitted(array: &ArrayRef, to: &DataType, kind: Cast) -> Option<ArrayRef> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |array: &ArrayRef, to: &DataType| cast_with_options(array, to, &strict).ok();
    match kind {
        Cast::None => Some(Arc::clone(array)),
        Cast::Lossless => cast(array, to),
        Cast::Checked => {
            let fitted = cast(array, to)?;
            let back = cast(&fitted, array.data_type())?;
            let differs = distinct(array, &back).ok()?;
            (differs.true_count() == 0).then_some(fitted)
        }
    }
}

/// Of the types that a computation makes and no column has, two have a column that nearly all of
/// their values fit.
fn cast(from: &DataType, to: &DataType) -> Option<Cast> {
    match (from, to) {
        _ if from == to => Some(Cast::None),
        (DataType::UInt64, DataType::Int64) => Some(Cast::Checked),
        (
            DataType::Timestamp(TimeUnit::Nanosecond, from),
            DataType::Timestamp(TimeUnit::Microsecond, to),
        ) if is_same_clock(from.as_ref(), to.as_ref()) => Some(Cast::Checked),
        _ => is_lossless(from, to).then_some(Cast::Lossless),
    }
}

/// A time without a zone is one of UTC to a column in UTC, as it is to the decoder.
fn is_same_clock(from: Option<&Arc<str>>, to: Option<&Arc<str>>) -> bool {
    from.is_none() || to.is_some()
}

fn is_lossless(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Decimal128, Dictionary, FixedSizeBinary, Float32, Float64, LargeBinary,
        LargeList, LargeUtf8, List, Map, Null, Struct, Timestamp, Utf8, Utf8View,
    };
    match (from, to) {
        _ if from == to => true,
        (Null, _) | (LargeUtf8 | Utf8View, Utf8) => true,
        (LargeBinary | BinaryView | FixedSizeBinary(_), Binary) | (Float32, Float64) => true,
        (Timestamp(from, from_zone), Timestamp(to, to_zone)) => {
            is_same_clock(from_zone.as_ref(), to_zone.as_ref())
                && digits_of(*from) <= digits_of(*to)
        }
        (_, Decimal128(precision, scale)) => {
            let whole = i16::from(*precision) - i16::from(*scale);
            decimal_digits(from)
                .is_some_and(|(digits, behind)| digits <= whole && behind <= i16::from(*scale))
        }
        (Dictionary(_, value), _) => is_lossless(value, to),
        (Struct(from), Struct(to)) => {
            from.len() == to.len()
                && from.iter().zip(to).all(|(from, to)| {
                    from.name() == to.name() && is_lossless(from.data_type(), to.data_type())
                })
        }
        (List(from) | LargeList(from), List(to)) => is_lossless(from.data_type(), to.data_type()),
        (Map(from, _), Map(to, _)) => match (from.data_type(), to.data_type()) {
            (Struct(from), Struct(to)) => {
                from.iter().zip(to).all(|(from, to)| is_lossless(from.data_type(), to.data_type()))
            }
            _ => false,
        },
        _ => match (integer(from), integer(to)) {
            (Some((signed, bits)), Some((true, wide))) if signed => bits <= wide,
            (Some((_, bits)), Some((true, wide))) => bits < wide,
            (Some((_, bits)), None) => match to {
                Float32 => bits <= 16,
                Float64 => bits <= 32,
                _ => false,
            },
            _ => false,
        },
    }
}

fn digits_of(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// Signed or not, and bits.
fn integer(of: &DataType) -> Option<(bool, u8)> {
    Some(match of {
        DataType::Int8 => (true, 8),
        DataType::Int16 => (true, 16),
        DataType::Int32 => (true, 32),
        DataType::Int64 => (true, 64),
        DataType::UInt8 => (false, 8),
        DataType::UInt16 => (false, 16),
        DataType::UInt32 => (false, 32),
        DataType::UInt64 => (false, 64),
        _ => return None,
    })
}

/// Digits before and behind the point.
fn decimal_digits(of: &DataType) -> Option<(i16, i16)> {
    Some(match of {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => {
            (i16::from(*precision) - i16::from(*scale), i16::from(*scale))
        }
        integer => match self::integer(integer)? {
            (_, 8) => (3, 0),
            (_, 16) => (5, 0),
            (_, 32) => (10, 0),
            (true, _) => (19, 0),
            (false, _) => (20, 0),
        },
    })
}

/// What a table keeps such values as.
fn table_type(of: &DataType) -> Option<DataType> {
    let element = |field: &Field| {
        table_type(field.data_type()).map(|own| Arc::new(Field::new("element", own, true)))
    };
    Some(match of {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Utf8
        | DataType::Binary => of.clone(),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
            if *scale >= 0 =>
        {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Timestamp(_, zone) => {
            DataType::Timestamp(TimeUnit::Microsecond, zone.as_ref().map(|_| "UTC".into()))
        }
        DataType::Dictionary(_, value) => table_type(value)?,
        DataType::List(item) | DataType::LargeList(item) => DataType::List(element(item)?),
        DataType::Struct(fields) => {
            let own = |field: &Arc<Field>| {
                let own = table_type(field.data_type())?;
                Some(Arc::new(Field::new(field.name(), own, true)))
            };
            DataType::Struct(fields.iter().map(own).collect::<Option<Fields>>()?)
        }
        // Its keys and values are what the contract made them.
        DataType::Map(..) => of.clone(),
        _ => return None,
    })
}
