//! Bounds of numbers, dates, timestamps and times.

use arrow_array::{ArrowNativeTypeOp, cast::AsArray, types};
use arrow_buffer::NullBuffer;
use headgate_moment::Format;

use super::scan::{scan, scan_texts, with_whole};
use crate::instant;
use crate::view::View;

/// A bound in the column's own units: whole numbers, decimals as scaled, days, microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Range {
    /// Both inclusive.
    Whole { min: i128, max: i128 },
    /// NaN is outside every bound. Rounded to the column's precision, so that a value written like
    /// the bound equals it.
    Float(FloatBound),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FloatBound {
    AtLeast(f64),
    Above(f64),
    AtMost(f64),
    Below(f64),
}

impl Range {
    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        let nulls = view.nulls.as_ref();
        match *self {
            Self::Whole { min, max } => {
                with_whole!(view.array, values => whole(values, nulls, min, max, found), {
                    if let Some(decimals) = view.array.as_primitive_opt::<types::Decimal128Type>() {
                        whole(decimals.values(), nulls, min, max, found);
                    }
                })
            }
            Self::Float(bound) => {
                if let Some(floats) = view.array.as_primitive_opt::<types::Float64Type>() {
                    bound.find(floats.values(), nulls, |bound| bound, found);
                } else if let Some(floats) = view.array.as_primitive_opt::<types::Float32Type>() {
                    bound.find(floats.values(), nulls, |bound| bound as f32, found);
                }
            }
        }
    }
}

fn whole<T>(values: &[T], nulls: Option<&NullBuffer>, min: i128, max: i128, found: &mut Vec<u32>)
where
    T: ArrowNativeTypeOp + PartialOrd + TryFrom<i128>,
{
    let low = T::try_from(min).or(if min < 0 { Ok(T::MIN_TOTAL_ORDER) } else { Err(()) });
    let high = T::try_from(max).or(if max > 0 { Ok(T::MAX_TOTAL_ORDER) } else { Err(()) });
    match (low, high) {
        (Ok(low), Ok(high)) if low == T::MIN_TOTAL_ORDER => {
            scan(values, nulls, found, |value| value > high);
        }
        (Ok(low), Ok(high)) if high == T::MAX_TOTAL_ORDER => {
            scan(values, nulls, found, |value| value < low);
        }
        (Ok(low), Ok(high)) => scan(values, nulls, found, |value| value < low || value > high),
        // Beyond the type: no value can be inside.
        _ => scan(values, nulls, found, |_| true),
    }
}

impl FloatBound {
    fn find<T: Copy + PartialOrd>(
        self,
        values: &[T],
        nulls: Option<&NullBuffer>,
        round: impl Fn(f64) -> T,
        found: &mut Vec<u32>,
    ) {
        // Written so that NaN, which compares with nothing, is bad.
        #[allow(clippy::neg_cmp_op_on_partial_ord)]
        match self {
            Self::AtLeast(bound) => {
                let bound = round(bound);
                scan(values, nulls, found, |value| !(value >= bound));
            }
            Self::Above(bound) => {
                let bound = round(bound);
                scan(values, nulls, found, |value| !(value > bound));
            }
            Self::AtMost(bound) => {
                let bound = round(bound);
                scan(values, nulls, found, |value| !(value <= bound));
            }
            Self::Below(bound) => {
                let bound = round(bound);
                scan(values, nulls, found, |value| !(value < bound));
            }
        }
    }
}

/// Bounds of times of day, in half microseconds, both inclusive: of the clock as written, whatever its
/// offset. A text that is no time breaks its format rule, not this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeRange {
    pub min: i64,
    pub max: i64,
}

impl TimeRange {
    /// Of texts in a format of their own.
    pub fn find_written(&self, format: &Format, view: &View<'_>, found: &mut Vec<u32>) {
        scan_texts(view, found, |text| {
            let time = std::str::from_utf8(text).ok().and_then(|text| format.time(text));
            time.is_some_and(|micros| 2 * micros < self.min || 2 * micros > self.max)
        });
    }

    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        scan_texts(view, found, |text| {
            instant::time(text).is_some_and(|time| {
                let half = 2 * time.micros + i64::from(time.beyond);
                half < self.min || half > self.max
            })
        });
    }
}
