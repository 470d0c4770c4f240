//! How much room a column needs, learned from the chunk before.

/// Things by row, as of the last chunk that had rows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Learned {
    rows: usize,
    things: usize,
}

impl Learned {
    pub(crate) fn learn(&mut self, rows: usize, things: usize) {
        if rows > 0 {
            *self = Self { rows, things };
        }
    }

    /// What `rows` will need and a little more, never above `max`; 0 before anything was learned.
    pub(crate) fn expect(self, rows: usize, max: usize) -> usize {
        if self.rows == 0 {
            return 0;
        }
        let things = self.things as u128 * rows as u128 / self.rows as u128;
        usize::try_from(things + things / 16 + 64).unwrap_or(max).min(max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_huge_row_does_not_reserve_beyond_the_chunk() {
        let mut learned = Learned::default();
        assert_eq!(learned.expect(8192, 1000), 0);
        learned.learn(1, 10_000_000);
        learned.learn(0, 0);
        assert_eq!(learned.expect(8192, 1_000_000), 1_000_000);
    }
}
