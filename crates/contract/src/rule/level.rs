//! Service levels: how old the rows of a batch are, and how long ago the last one was.

use arrow_arith::aggregate::{max, min};
use arrow_array::{ArrayRef, RecordBatch, cast::AsArray, types};
use arrow_schema::DataType;

use crate::instant::MICROS_PER_DAY;
use crate::plan::{Level, Measure};
use crate::view::resolve;

/// What a level saw: moments in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    ends: Option<(i64, i64)>,
    /// When the last batch with rows was judged.
    last: Option<i64>,
}

impl Level {
    pub fn see(&self, rows: &RecordBatch, seen: &mut Seen) {
        // A field of a struct that is NULL is NULL itself: decoding leaves nothing under it.
        let Some((array, _)) = resolve(rows, &self.column) else { return };
        if let Some((low, high)) = ends(array) {
            let (lowest, highest) = seen.ends.unwrap_or((low, high));
            seen.ends = Some((low.min(lowest), high.max(highest)));
        }
    }

    /// In the level's unit; absent where there was nothing to measure.
    pub fn measure(&self, seen: &mut Seen, num_rows: u64, now: i64) -> Option<f64> {
        let ends = seen.ends.take();
        let since = match self.measure {
            Measure::Newest => ends?.1,
            Measure::Oldest => ends?.0,
            Measure::Gap if num_rows == 0 => return None,
            Measure::Gap => seen.last.replace(now)?,
        };
        Some(now.saturating_sub(since) as f64 / self.unit as f64)
    }

    pub fn holds(&self, measured: f64) -> bool {
        measured * self.unit as f64 <= self.limit as f64
    }
}

fn ends(array: &ArrayRef) -> Option<(i64, i64)> {
    match array.data_type() {
        DataType::Date32 => {
            let days = array.as_primitive::<types::Date32Type>();
            let micros = |days| i64::from(days) * MICROS_PER_DAY;
            Some((micros(min(days)?), micros(max(days)?)))
        }
        DataType::Timestamp(..) => {
            let moments = array.as_primitive_opt::<types::TimestampMicrosecondType>()?;
            Some((min(moments)?, max(moments)?))
        }
        _ => None,
    }
}
