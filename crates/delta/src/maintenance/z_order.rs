//! A curve through several columns (Z-order): rows near on it are near in each of them, so that
//! files cut from it have narrow bounds.

use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_row::{RowConverter, SortField};
use arrow_schema::ArrowError;

/// Bits of each column's place among its own values.
const BITS: u32 = 10;
/// So that all their bits fit one number.
pub const MAX_COLUMNS: usize = 6;
/// At most so many rows decide where the curve is cut.
const SAMPLE_ROWS: usize = 1 << 16;

/// A share of the rows that are to be spread: enough to tell the distribution of each column.
pub(super) struct Sample {
    columns: Vec<String>,
    converters: Vec<RowConverter>,
    /// Of each column, comparable as bytes.
    values: Vec<Vec<Box<[u8]>>>,
    /// Every so manieth row is in it.
    step: usize,
    passed: usize,
}

impl Sample {
    pub fn new(columns: &[String]) -> Self {
        let values = columns.iter().map(|_| Vec::new()).collect();
        Self { columns: columns.to_vec(), converters: Vec::new(), values, step: 1, passed: 0 }
    }

    pub fn take(&mut self, rows: &RecordBatch) -> Result<(), ArrowError> {
        let first = self.passed.next_multiple_of(self.step) - self.passed;
        self.passed += rows.num_rows();
        let places: Vec<u32> =
            (first..rows.num_rows()).step_by(self.step).map(|at| at as u32).collect();
        let chosen = arrow_select::take::take_record_batch(rows, &UInt32Array::from(places))?;
        let encoded = encode(&self.columns, &mut self.converters, &chosen)?;
        for (values, found) in self.values.iter_mut().zip(encoded) {
            values.extend(found);
        }
        while self.values.first().is_some_and(|values| values.len() > SAMPLE_ROWS) {
            self.halve();
        }
        Ok(())
    }

    fn halve(&mut self) {
        for values in &mut self.values {
            let mut place = 0;
            values.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
        self.step *= 2;
    }

    /// Cuts the curve into `lanes` of about as many rows each.
    pub fn cut(mut self, lanes: usize) -> Curve {
        let sampled: Vec<Vec<Box<[u8]>>> = self.values.clone();
        let bounds: Vec<Vec<Box<[u8]>>> =
            self.values.iter_mut().map(|values| quantiles(values)).collect();
        let rows = sampled.first().map_or(0, Vec::len);
        let mut places: Vec<u64> = (0..rows)
            .map(|row| place(&bounds, sampled.iter().map(|values| values[row].as_ref())))
            .collect();
        places.sort_unstable();
        let cuts = (1..lanes).filter_map(|lane| places.get(rows * lane / lanes).copied()).collect();
        Curve { columns: self.columns, converters: self.converters, bounds, cuts }
    }
}

pub(super) struct Curve {
    columns: Vec<String>,
    converters: Vec<RowConverter>,
    bounds: Vec<Vec<Box<[u8]>>>,
    /// Places on the curve at which the next lane begins.
    cuts: Vec<u64>,
}

impl Curve {
    /// The rows of each lane, in their order.
    pub fn spread(&mut self, rows: &RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
        let encoded = encode(&self.columns, &mut self.converters, rows)?;
        let mut lanes = vec![Vec::new(); self.cuts.len() + 1];
        for row in 0..rows.num_rows() {
            let place = place(&self.bounds, encoded.iter().map(|values| values[row].as_ref()));
            lanes[self.cuts.partition_point(|cut| *cut <= place)].push(row as u32);
        }
        let take = |rows_of: Vec<u32>| {
            arrow_select::take::take_record_batch(rows, &UInt32Array::from(rows_of))
        };
        lanes.into_iter().map(take).collect()
    }
}

fn encode(
    columns: &[String],
    converters: &mut Vec<RowConverter>,
    rows: &RecordBatch,
) -> Result<Vec<Vec<Box<[u8]>>>, ArrowError> {
    let found: Vec<&ArrayRef> = columns
        .iter()
        .map(|name| rows.schema_ref().index_of(name).map(|index| rows.column(index)))
        .collect::<Result<_, _>>()?;
    if converters.is_empty() {
        for column in &found {
            converters.push(RowConverter::new(vec![SortField::new(column.data_type().clone())])?);
        }
    }
    let encode = |(converter, column): (&mut RowConverter, &&ArrayRef)| {
        let rows = converter.convert_columns(&[ArrayRef::clone(column)])?;
        Ok(rows.iter().map(|row| Box::from(row.as_ref())).collect())
    };
    converters.iter_mut().zip(&found).map(encode).collect()
}

/// Where a column's values are cut so that about as many rows lie between any two cuts.
fn quantiles(values: &mut [Box<[u8]>]) -> Vec<Box<[u8]>> {
    values.sort_unstable();
    let parts = 1 << BITS;
    // A value that is there often is there as often: so columns of few values weigh as much.
    (1..parts).filter_map(|part| values.get(values.len() * part / parts).cloned()).collect()
}

/// The bits of the columns' ranks in turn, the highest first.
fn place<'v>(bounds: &[Vec<Box<[u8]>>], values: impl Iterator<Item = &'v [u8]>) -> u64 {
    let rank = |(bounds, value): (&Vec<Box<[u8]>>, &[u8])| {
        bounds.partition_point(|bound| bound.as_ref() <= value) as u64
    };
    let ranks: Vec<u64> = bounds.iter().zip(values).map(rank).collect();
    let bits = (0..BITS).rev().flat_map(|bit| ranks.iter().map(move |rank| rank >> bit & 1));
    bits.fold(0, |place, bit| place << 1 | bit)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{Int64Array, StringArray};
    use std::sync::Arc;

    const SIDE: i64 = 64;

    /// A grid of points, in an order without sense.
    fn grid() -> RecordBatch {
        let count = SIDE * SIDE;
        let shuffled: Vec<i64> = (0..count).map(|at| at * 2_731 % count).collect();
        let x = Int64Array::from_iter_values(shuffled.iter().map(|at| at % SIDE));
        let y =
            StringArray::from_iter_values(shuffled.iter().map(|at| format!("{:03}", at / SIDE)));
        RecordBatch::try_from_iter([("x", Arc::new(x) as ArrayRef), ("y", Arc::new(y) as ArrayRef)])
            .unwrap()
    }

    #[test]
    fn every_row_is_in_one_lane_and_lanes_are_squares() {
        let rows = grid();
        let columns = ["x".to_owned(), "y".to_owned()];
        let mut sample = Sample::new(&columns);
        sample.take(&rows).unwrap();
        let mut curve = sample.cut(4);
        let lanes = curve.spread(&rows).unwrap();
        assert_eq!(lanes.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [1024; 4]);
        for lane in &lanes {
            let x = lane.column(0).as_primitive::<Int64Type>();
            let y = lane.column(1).as_string::<i32>();
            let (low, high) = (x.values().iter().min().unwrap(), x.values().iter().max().unwrap());
            assert_eq!(high - low, SIDE / 2 - 1);
            let numbers = y.iter().flatten().map(|text| text.parse::<i64>().unwrap());
            let (low, high) = (numbers.clone().min().unwrap(), numbers.max().unwrap());
            assert_eq!(high - low, SIDE / 2 - 1);
        }
    }

    #[test]
    fn a_sample_takes_every_nth_row_over_batches_of_any_size() {
        let rows = grid();
        let mut sample = Sample::new(&["x".to_owned()]);
        let mut taken = 0;
        while taken < 5 * SAMPLE_ROWS {
            let size = 1 + taken % 1_000;
            sample.take(&rows.slice(0, size)).unwrap();
            taken += size;
        }
        assert_eq!(sample.step, 8);
        assert_eq!(sample.values[0].len(), taken.div_ceil(8));
    }

    #[test]
    fn no_row_at_all_is_one_lane() {
        let rows = grid().slice(0, 0);
        let mut sample = Sample::new(&["x".to_owned()]);
        sample.take(&rows).unwrap();
        assert_eq!(sample.cut(3).spread(&rows).unwrap().len(), 1);
    }
}
