//! What rules over more than a batch remember: rows of the output, and rows about to be added.

use arrow_array::RecordBatch;
use arrow_buffer::NullBuffer;

use crate::plan::{Counted, Lasting, Reach};
use crate::rule::key::{DistinctKeys, Keyed, SeenKeys};

/// Of one rule.
pub(crate) struct Memory {
    keys: Keys,
    num_rows: u64,
    num_found: u64,
    /// Windows are numbered from 1970.
    window: Option<i64>,
    /// What windows measured that ended since the last verdict.
    ended: Vec<f64>,
}

enum Keys {
    None,
    Exact(SeenKeys),
    About(Option<DistinctKeys>),
}

impl Memory {
    pub fn new(lasting: &Lasting) -> Self {
        let keys = match lasting.counted {
            Counted::Rows => Keys::None,
            Counted::Repeated(_) => Keys::Exact(SeenKeys::default()),
            Counted::AboutRepeated(_) => Keys::About(DistinctKeys::new()),
        };
        Self { keys, num_rows: 0, num_found: 0, window: None, ended: Vec::new() }
    }

    pub fn state_bytes(&self) -> usize {
        match &self.keys {
            Keys::Exact(keys) => keys.state_bytes(),
            Keys::None | Keys::About(_) => 0,
        }
    }

    /// Rows that were ingested at `now` come next, in microseconds since 1970.
    pub fn enter(&mut self, lasting: &Lasting, now: i64) {
        let Reach::Window(micros) = lasting.reach else { return };
        let next = now.div_euclid(micros);
        let Some(open) = self.window.replace(next).filter(|open| *open != next) else { return };
        if next < open {
            // The clock was set back: the window stays open.
            self.window = Some(open);
            return;
        }
        self.ended.push(self.measure(lasting));
        let ended = std::mem::take(&mut self.ended);
        *self = Self { window: self.window, ended, ..Self::new(lasting) };
        if next > open + 1 {
            self.ended.push(self.measure(lasting));
        }
    }

    /// The open window ends, whatever the time.
    pub fn end(&mut self, lasting: &Lasting) {
        self.ended.push(self.measure(lasting));
    }

    /// Takes in rows, and adds those that are repeated to `found`. `None`: columns are not there.
    pub fn take(
        &mut self,
        rows: &RecordBatch,
        columns: &[Vec<usize>],
        counted: Option<&NullBuffer>,
        found: &mut Vec<u32>,
    ) -> Option<()> {
        let left_out = counted.map_or(0, NullBuffer::null_count);
        self.num_rows += (rows.num_rows() - left_out) as u64;
        let keyed = Keyed { rows, columns, counted };
        let before = found.len();
        match &mut self.keys {
            Keys::None | Keys::About(None) => {}
            Keys::Exact(keys) => keys.find_repeated(keyed, found)?,
            Keys::About(Some(keys)) => keys.add(keyed)?,
        }
        self.num_found += (found.len() - before) as u64;
        Some(())
    }

    /// Takes in rows of the output, which were ingested at `ingested`.
    pub fn recall(
        &mut self,
        lasting: &Lasting,
        rows: &RecordBatch,
        columns: &[Vec<usize>],
        ingested: Option<&[i64]>,
    ) -> Option<()> {
        let mut found = Vec::new();
        let (Reach::Window(micros), Some(ingested)) = (lasting.reach, ingested) else {
            return self.take(rows, columns, None, &mut found);
        };
        let window = |moment: &i64| moment.div_euclid(micros);
        let Some(newest) = ingested.iter().map(window).max() else { return Some(()) };
        if self.window.is_none_or(|known| known < newest) {
            *self = Self { window: Some(newest), ..Self::new(lasting) };
        }
        let counted: NullBuffer =
            ingested.iter().map(|moment| Some(window(moment)) == self.window).collect();
        self.take(rows, columns, Some(&counted), &mut found)
    }

    /// What the rule measures now.
    pub fn measure(&self, lasting: &Lasting) -> f64 {
        let found = match (&lasting.counted, &self.keys) {
            (Counted::Rows, _) => self.num_rows as f64,
            (_, Keys::About(Some(keys))) => keys.num_repeated(),
            _ => self.num_found as f64,
        };
        match lasting.aim.is_percent() {
            true if self.num_rows == 0 => 0.0,
            true => 100.0 * found / self.num_rows as f64,
            false => found,
        }
    }

    /// What is to be judged with the open batch: the rows so far, or the windows that ended.
    pub fn judged(&mut self, lasting: &Lasting) -> Vec<f64> {
        match lasting.reach {
            Reach::Stream => vec![self.measure(lasting)],
            Reach::Window(_) => std::mem::take(&mut self.ended),
        }
    }
}
