//! Which columns take values of which scalars.

use super::scalar::Scalar;
use crate::column::Column;
use crate::json::tens;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fit {
    Always,
    /// Some values are NULL and violations.
    Sometimes,
    Never,
}

pub(super) fn of_scalar(scalar: Scalar, column: &Column) -> Fit {
    match (scalar, column) {
        (Scalar::Bool, Column::Boolean(_))
        | (Scalar::Text | Scalar::Bytes, Column::Text(_))
        | (Scalar::Bytes, Column::Binary(_))
        | (Scalar::Double, Column::Float64(_))
        | (Scalar::Float, Column::Float32(_) | Column::Float64(_)) => Fit::Always,
        (
            Scalar::Text,
            Column::Date(_)
            | Column::WrittenDate { .. }
            | Column::Timestamp { .. }
            | Column::WrittenTimestamp { .. }
            | Column::Decimal { .. },
        )
        | (
            Scalar::Double | Scalar::Float,
            Column::Int8(_)
            | Column::Int16(_)
            | Column::Int32(_)
            | Column::Int64(_)
            | Column::Float32(_)
            | Column::Decimal { .. },
        ) => Fit::Sometimes,
        (Scalar::Bool | Scalar::Text | Scalar::Bytes | Scalar::Double | Scalar::Float, _) => {
            Fit::Never
        }
        (integer, column) => of_integers(range(integer), column),
    }
}

/// Of an enum's names, or of its numbers.
pub(super) fn of_enum(column: &Column) -> Fit {
    match column {
        Column::Text(_) => Fit::Always,
        column => of_integers(range(Scalar::Int32), column),
    }
}

fn range(integer: Scalar) -> (i128, i128) {
    match integer {
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => (i32::MIN.into(), i32::MAX.into()),
        Scalar::Uint32 | Scalar::Fixed32 => (0, u32::MAX.into()),
        Scalar::Uint64 | Scalar::Fixed64 => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

fn of_integers((min, max): (i128, i128), column: &Column) -> Fit {
    let within = |low: i64, high: i64| min >= low.into() && max <= high.into();
    let always = match column {
        Column::Int8(_) => within(i8::MIN.into(), i8::MAX.into()),
        Column::Int16(_) => within(i16::MIN.into(), i16::MAX.into()),
        Column::Int32(_) => within(i32::MIN.into(), i32::MAX.into()),
        Column::Int64(_) => within(i64::MIN, i64::MAX),
        Column::Float32(_) | Column::Float64(_) => true,
        Column::Decimal { precision, scale, .. } => {
            let digits = u32::try_from(i16::from(*precision) - i16::from(*scale)).ok();
            digits.and_then(tens).is_some_and(|limit| max < limit && -limit < min)
        }
        _ => return Fit::Never,
    };
    if always { Fit::Always } else { Fit::Sometimes }
}
