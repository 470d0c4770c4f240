//! One value into the column that takes its type.

use std::fmt::Arguments;
use std::ops::RangeInclusive;

use arrow_array::ArrowPrimitiveType;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};

use super::cursor::Cursor;
use super::decimal::Decimal;
use super::malformed::Malformed;
use super::skip::skip;
use super::types::{Type, Types, Unit};
use super::{json, text};
use crate::column::{Column, PrimitiveColumn};
use crate::json::{number, time};

/// From 0000-01-01 to 9999-12-31, as days and as microseconds: what dates and times of four digits can
/// say, in every format of payloads. Readers of tables do not agree on what is beyond.
const DAYS: RangeInclusive<i32> = -719_528..=2_932_896;
const MICROS: RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Fits,
    /// The column has a NULL.
    Misfit,
}

/// `None` for what the column cannot hold.
type Read<T> = Result<Option<T>, Malformed>;

/// Gives `column` exactly one value.
pub(super) fn read(
    types: &Types,
    of: Type,
    column: &mut Column,
    cursor: &mut Cursor<'_>,
) -> Result<Taken, Malformed> {
    let fits = match column {
        Column::Text(column) => {
            let fits = text::write(types, of, cursor, column.values())?;
            column.close(fits)
        }
        Column::Int64(column) => push(column, integer(types, of, cursor)?),
        Column::Float64(column) => push(column, float64(types, of, cursor)?),
        Column::Timestamp { values, zoned } => {
            let zoned = *zoned;
            timestamp(types, of, values, cursor, |text| time::timestamp(text.as_bytes(), zoned))?
        }
        Column::WrittenTimestamp { values, format } => {
            timestamp(types, of, values, cursor, |text| format.timestamp(text))?
        }
        Column::Boolean(column) => {
            let value = match of {
                Type::Boolean => Some(cursor.boolean()?),
                _ => other(types, of, cursor)?,
            };
            column.push(value);
            value.is_some()
        }
        Column::Decimal { values, precision, scale } => {
            push(values, decimal(types, of, cursor, *precision, *scale)?)
        }
        Column::Date(values) => {
            date(types, of, values, cursor, |text| time::date(text.as_bytes()))?
        }
        Column::WrittenDate { values, format } => {
            date(types, of, values, cursor, |text| format.date(text))?
        }
        Column::Int32(column) => narrow(types, of, column, cursor)?,
        Column::Int16(column) => narrow(types, of, column, cursor)?,
        Column::Int8(column) => narrow(types, of, column, cursor)?,
        Column::Float32(column) => push(column, float32(types, of, cursor)?),
        Column::Binary(column) => {
            let bytes = match of {
                Type::Bytes | Type::String => Some(cursor.sized()?),
                Type::Fixed(size) => Some(cursor.take(size as usize)?),
                _ => other(types, of, cursor)?,
            };
            column.values().extend_from_slice(bytes.unwrap_or_default());
            column.close(bytes.is_some())
        }
        Column::Json { text, .. } => {
            json::write(types, of, cursor, text.values())?;
            text.commit();
            true
        }
        Column::Struct(_) | Column::List(_) | Column::Map(_) => {
            skip(types, of, cursor)?;
            column.push_null();
            false
        }
    };
    Ok(if fits { Taken::Fits } else { Taken::Misfit })
}

/// A value that the column does not take, whatever it is.
#[cold]
fn other<T>(types: &Types, of: Type, cursor: &mut Cursor<'_>) -> Read<T> {
    skip(types, of, cursor).map(|()| None)
}

#[inline(always)]
fn push<T: ArrowPrimitiveType>(column: &mut PrimitiveColumn<T>, value: Option<T::Native>) -> bool {
    column.push(value);
    value.is_some()
}

fn narrow<T>(
    types: &Types,
    of: Type,
    column: &mut PrimitiveColumn<T>,
    cursor: &mut Cursor<'_>,
) -> Result<bool, Malformed>
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i64>,
{
    let value = integer(types, of, cursor)?;
    Ok(push(column, value.and_then(|value| value.try_into().ok())))
}

/// Numbers of integral value, and what moments are written as.
fn integer(types: &Types, of: Type, cursor: &mut Cursor<'_>) -> Read<i64> {
    Ok(match of {
        Type::Long | Type::TimeMicros | Type::Timestamp { .. } => Some(cursor.long()?),
        Type::Int | Type::Date | Type::TimeMillis => Some(cursor.int()?.into()),
        Type::Float => integral(f32::from_le_bytes(cursor.array()?).into()),
        Type::Double => integral(f64::from_le_bytes(cursor.array()?)),
        Type::Decimal { .. } | Type::BigDecimal => {
            read_decimal(types, of, cursor)?.and_then(Decimal::integer)
        }
        _ => other(types, of, cursor)?,
    })
}

fn integral(float: f64) -> Option<i64> {
    // -2^63 is a float, and 2^63 the first beyond.
    const END: f64 = 9_223_372_036_854_775_808.0;
    (float.trunc() == float && (-END..END).contains(&float)).then_some(float as i64)
}

fn float64(types: &Types, of: Type, cursor: &mut Cursor<'_>) -> Read<f64> {
    Ok(match of {
        Type::Double => Some(f64::from_le_bytes(cursor.array()?)),
        Type::Float => Some(f32::from_le_bytes(cursor.array()?).into()),
        Type::Long => Some(cursor.long()? as f64),
        Type::Int => Some(cursor.int()?.into()),
        Type::Decimal { .. } | Type::BigDecimal => read_decimal(types, of, cursor)?
            .and_then(|decimal| fast_float2::parse(decimal.scientific()).ok())
            .filter(|float: &f64| float.is_finite()),
        _ => other(types, of, cursor)?,
    })
}

fn float32(types: &Types, of: Type, cursor: &mut Cursor<'_>) -> Read<f32> {
    Ok(match of {
        Type::Float => Some(f32::from_le_bytes(cursor.array()?)),
        Type::Double => {
            let double = f64::from_le_bytes(cursor.array()?);
            let nearest = double as f32;
            (nearest.is_finite() || !double.is_finite()).then_some(nearest)
        }
        Type::Long => Some(cursor.long()? as f32),
        Type::Int => Some(cursor.int()? as f32),
        Type::Decimal { .. } | Type::BigDecimal => read_decimal(types, of, cursor)?
            .and_then(|decimal| fast_float2::parse(decimal.scientific()).ok())
            .filter(|float: &f32| float.is_finite()),
        _ => other(types, of, cursor)?,
    })
}

fn decimal(
    types: &Types,
    of: Type,
    cursor: &mut Cursor<'_>,
    precision: u8,
    scale: i8,
) -> Read<i128> {
    Ok(match of {
        Type::Decimal { .. } | Type::BigDecimal => {
            read_decimal(types, of, cursor)?.and_then(|decimal| decimal.scaled(precision, scale))
        }
        Type::Long => Decimal::of(cursor.long()?).scaled(precision, scale),
        Type::Int => Decimal::of(cursor.int()?.into()).scaled(precision, scale),
        Type::Float => {
            let float = f32::from_le_bytes(cursor.array()?);
            named(float.is_finite(), format_args!("{float:e}"), precision, scale)
        }
        Type::Double => {
            let float = f64::from_le_bytes(cursor.array()?);
            named(float.is_finite(), format_args!("{float:e}"), precision, scale)
        }
        _ => other(types, of, cursor)?,
    })
}

/// The shortest decimal that names a float, as JSON has it.
#[inline(never)]
fn named(is_finite: bool, float: Arguments<'_>, precision: u8, scale: i8) -> Option<i128> {
    let text = is_finite.then(|| float.to_string())?;
    number::decimal(text.as_bytes(), 0, precision, scale).ok().and_then(|(_, value)| value)
}

/// A decimal of any of its forms.
pub(super) fn read_decimal(types: &Types, of: Type, cursor: &mut Cursor<'_>) -> Read<Decimal> {
    match of {
        Type::Decimal { size: None, scale } => Ok(Decimal::new(cursor.sized()?, scale.into())),
        Type::Decimal { size: Some(size), scale } => {
            Ok(Decimal::new(cursor.take(size as usize)?, scale.into()))
        }
        Type::BigDecimal => Decimal::read_big(cursor),
        _ => other(types, of, cursor),
    }
}

fn date(
    types: &Types,
    of: Type,
    column: &mut PrimitiveColumn<Date32Type>,
    cursor: &mut Cursor<'_>,
    parse: impl FnOnce(&str) -> Option<i32>,
) -> Result<bool, Malformed> {
    let value = match of {
        Type::Date => Some(cursor.int()?).filter(|day| DAYS.contains(day)),
        Type::String => std::str::from_utf8(cursor.string()?).ok().and_then(parse),
        _ => other(types, of, cursor)?,
    };
    Ok(push(column, value))
}

/// `None` for what is no whole microsecond, or not of [`MICROS`].
pub(super) fn micros(value: i64, unit: Unit) -> Option<i64> {
    let micros = match unit {
        Unit::Micros => Some(value),
        Unit::Millis => value.checked_mul(1_000),
        Unit::Nanos => (value % 1_000 == 0).then_some(value / 1_000),
    };
    micros.filter(|micros| MICROS.contains(micros))
}

fn timestamp(
    types: &Types,
    of: Type,
    column: &mut PrimitiveColumn<TimestampMicrosecondType>,
    cursor: &mut Cursor<'_>,
    parse: impl FnOnce(&str) -> Option<i64>,
) -> Result<bool, Malformed> {
    let value = match of {
        Type::Timestamp { unit, .. } => micros(cursor.long()?, unit),
        Type::String => std::str::from_utf8(cursor.string()?).ok().and_then(parse),
        _ => other(types, of, cursor)?,
    };
    Ok(push(column, value))
}
