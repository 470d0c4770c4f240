//! `multipleOf`: exact for whole numbers and decimals; for doubles, of the number as it is written.

use arrow_array::{cast::AsArray, types};
use arrow_buffer::NullBuffer;

use super::scan::{scan, with_whole};
use crate::decimal::{Decimal, power_of_ten};
use crate::view::View;

/// Whole doubles up to here are exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// The greatest power of ten that a double holds exactly.
const MAX_EXACT_SCALE: i32 = 22;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Multiple {
    /// `value × factor` must be a multiple of `divisor`, where `factor × divisor` fits.
    Whole { factor: i128, divisor: i128 },
    /// `value × 10^scale` must be a whole number and a multiple of `divisor`.
    Float { scale: i32, divisor: i64 },
}

impl Multiple {
    /// `scale`: of a decimal column, 0 for whole numbers. `None`: beyond what is exact.
    pub fn of_whole(step: Decimal, scale: i32) -> Option<Self> {
        let common = step.scale.max(scale);
        let divisor = step.units(common)?;
        let factor = power_of_ten(u32::try_from(common - scale).ok()?)?;
        divisor.checked_mul(factor)?;
        Some(Self::Whole { factor, divisor })
    }

    pub fn of_float(step: Decimal) -> Option<Self> {
        let scale = step.scale.max(0);
        let divisor = i64::try_from(step.units(scale)?).ok()?;
        (scale <= MAX_EXACT_SCALE).then_some(Self::Float { scale, divisor })
    }

    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        let nulls = view.nulls.as_ref();
        match *self {
            Self::Whole { factor, divisor } if factor % divisor == 0 => {}
            Self::Whole { factor, divisor } => match i64::try_from(divisor) {
                Ok(short) if factor == 1 => with_whole!(
                    view.array,
                    values => scan(values, nulls, found, |value| i64::from(value) % short != 0),
                    decimals(view, nulls, found, factor, divisor)
                ),
                _ => with_whole!(
                    view.array,
                    values => scan(values, nulls, found, |value| {
                        i128::from(value) % divisor * factor % divisor != 0
                    }),
                    decimals(view, nulls, found, factor, divisor)
                ),
            },
            Self::Float { scale, divisor } => {
                let power = 10_f64.powi(scale);
                if let Some(floats) = view.array.as_primitive_opt::<types::Float64Type>() {
                    scan(floats.values(), nulls, found, |value| {
                        !is_multiple(
                            value,
                            power,
                            scale,
                            divisor,
                            |near| near == value,
                            || value.to_string(),
                        )
                    });
                } else if let Some(floats) = view.array.as_primitive_opt::<types::Float32Type>() {
                    scan(floats.values(), nulls, found, |value| {
                        let same = |near: f64| near as f32 == value;
                        !is_multiple(f64::from(value), power, scale, divisor, same, || {
                            value.to_string()
                        })
                    });
                }
            }
        }
    }
}

fn decimals(
    view: &View<'_>,
    nulls: Option<&NullBuffer>,
    found: &mut Vec<u32>,
    factor: i128,
    divisor: i128,
) {
    if let Some(decimals) = view.array.as_primitive_opt::<types::Decimal128Type>() {
        scan(decimals.values(), nulls, found, |value| value % divisor * factor % divisor != 0);
    }
}

/// The double nearest to a decimal of `scale` digits is that decimal's quotient, correctly rounded,
/// so that dividing back tells whether the value was written as one.
fn is_multiple(
    value: f64,
    power: f64,
    scale: i32,
    divisor: i64,
    same: impl Fn(f64) -> bool,
    written: impl Fn() -> String,
) -> bool {
    let units = (value * power).round();
    if units.abs() < MAX_EXACT {
        return same(units / power) && (units as i64) % divisor == 0;
    }
    // Far more digits than any double has: the rest of the power is taken by its remainder.
    let Some(written) = digits(&written()) else { return false };
    let Ok(power) = u32::try_from(scale - written.scale) else { return false };
    let divisor = i128::from(divisor);
    let power = (0..power).fold(1 % divisor, |power, _| power * 10 % divisor);
    written.mantissa % divisor * power % divisor == 0
}

/// The digits of a double as it is printed: one that is large is followed by zeros.
fn digits(printed: &str) -> Option<Decimal> {
    let trimmed = if printed.contains('.') { printed } else { printed.trim_end_matches('0') };
    let zeros = i32::try_from(printed.len() - trimmed.len()).ok()?;
    let digits = Decimal::parse(trimmed)?;
    Some(Decimal { scale: digits.scale - zeros, ..digits })
}
