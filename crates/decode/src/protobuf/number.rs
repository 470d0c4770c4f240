//! Numbers into columns: integers and decimals exactly, floats as the nearest. All give false, and
//! push nothing, when the column does not take the value.

use std::fmt::LowerExp;
use std::io::Write as _;

use arrow_array::ArrowPrimitiveType;

use crate::column::{Column, PrimitiveColumn};
use crate::json::{decimal_text, tens};

#[inline(always)]
pub(super) fn push_integer(value: i64, column: &mut Column) -> bool {
    match column {
        Column::Int64(values) => {
            values.push(Some(value));
            true
        }
        Column::Int32(values) => narrow(value, values),
        Column::Int16(values) => narrow(value, values),
        Column::Int8(values) => narrow(value, values),
        column => push_wide(value.into(), column),
    }
}

#[inline(always)]
pub(super) fn push_unsigned(value: u64, column: &mut Column) -> bool {
    match i64::try_from(value) {
        Ok(value) => push_integer(value, column),
        Err(_) => push_wide(value.into(), column),
    }
}

fn narrow<T>(value: i64, values: &mut PrimitiveColumn<T>) -> bool
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i64>,
{
    push(T::Native::try_from(value).ok(), values)
}

#[inline(always)]
fn push<T: ArrowPrimitiveType>(value: Option<T::Native>, values: &mut PrimitiveColumn<T>) -> bool {
    if value.is_some() {
        values.push(value);
    }
    value.is_some()
}

fn push_wide(value: i128, column: &mut Column) -> bool {
    match column {
        Column::Float64(values) => push(Some(value as f64), values),
        Column::Float32(values) => push(Some(value as f32), values),
        Column::Decimal { values, precision, scale } => {
            let power = u32::try_from(*scale).ok().and_then(tens);
            let scaled = power.and_then(|power| value.checked_mul(power));
            push(scaled.filter(|value| within(*value, *precision)), values)
        }
        _ => false,
    }
}

fn within(value: i128, precision: u8) -> bool {
    tens(precision.into()).is_none_or(|limit| value.unsigned_abs() < limit.unsigned_abs())
}

#[inline(always)]
pub(super) fn push_double(value: f64, column: &mut Column) -> bool {
    match column {
        Column::Float64(values) => push(value.is_finite().then_some(value), values),
        Column::Float32(values) => {
            let nearest = value as f32;
            push(nearest.is_finite().then_some(nearest), values)
        }
        Column::Decimal { values, precision, scale } => {
            let digits = match short_decimal(value, *scale) {
                Some(digits) => Some(digits).filter(|digits| within(*digits, *precision)),
                None => shortest_decimal(value, *precision, *scale),
            };
            push(digits, values)
        }
        column => push_integral(value, column),
    }
}

pub(super) fn push_float(value: f32, column: &mut Column) -> bool {
    match column {
        Column::Decimal { values, precision, scale } => {
            push(shortest_decimal(value, *precision, *scale), values)
        }
        column => push_double(value.into(), column),
    }
}

/// What of at most 15 digits the float is the nearest to: no other text of so few digits means it.
fn short_decimal(value: f64, scale: i8) -> Option<i128> {
    let power = 10_f64.powi(u32::try_from(scale).ok().filter(|scale| *scale <= 15)? as i32);
    let digits = (value * power).round();
    (digits.abs() < 1e15 && digits / power == value).then_some(digits as i128)
}

/// Of the shortest text that means the float.
fn shortest_decimal(value: impl LowerExp, precision: u8, scale: i8) -> Option<i128> {
    let mut text = Vec::new();
    write!(text, "{value:e}").ok()?;
    decimal_text(&text, precision, scale)
}

fn push_integral(value: f64, column: &mut Column) -> bool {
    // 2^63 is the first float beyond.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let fits = value.fract() == 0.0 && (-END..END).contains(&value);
    match column {
        Column::Int64(_) | Column::Int32(_) | Column::Int16(_) | Column::Int8(_) if fits => {
            push_integer(value as i64, column)
        }
        _ => false,
    }
}
