//! Bits, and validity that costs nothing while nothing is NULL.

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};

/// A growing run of bits, least significant first, as Arrow lays them out.
#[derive(Default)]
pub(crate) struct Bitmap {
    bytes: Vec<u8>,
    len: usize,
}

impl Bitmap {
    fn ones(len: usize) -> Self {
        let mut bits = Self { bytes: vec![u8::MAX; len.div_ceil(8)], len };
        bits.clear_beyond_len();
        bits
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        self.bytes.reserve(additional.div_ceil(8));
    }

    #[inline]
    pub(crate) fn push(&mut self, bit: bool) {
        let shift = self.len % 8;
        if shift == 0 {
            self.bytes.push(u8::from(bit));
        } else if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << shift;
        }
        self.len += 1;
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.bytes.truncate(len.div_ceil(8));
            self.clear_beyond_len();
        }
    }

    /// [`Bitmap::push`] counts on it.
    fn clear_beyond_len(&mut self) {
        let used = self.len % 8;
        if used != 0
            && let Some(last) = self.bytes.last_mut()
        {
            *last &= (1 << used) - 1;
        }
    }

    pub(crate) fn finish(&mut self) -> BooleanBuffer {
        let Self { bytes, len } = std::mem::take(self);
        BooleanBuffer::new(Buffer::from_vec(bytes), 0, len)
    }
}

/// Which values of a column are not NULL.
#[derive(Default)]
pub(crate) struct Validity {
    /// Absent until the first NULL.
    bits: Option<Bitmap>,
    len: usize,
}

impl Validity {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, valid: bool) {
        if !valid || self.bits.is_some() {
            self.push_bit(valid);
        }
        self.len += 1;
    }

    #[inline(never)]
    fn push_bit(&mut self, valid: bool) {
        self.bits.get_or_insert_with(|| Bitmap::ones(self.len)).push(valid);
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            if let Some(bits) = &mut self.bits {
                bits.truncate(len);
            }
        }
    }

    pub(crate) fn finish(&mut self) -> Option<NullBuffer> {
        let Self { bits, .. } = std::mem::take(self);
        let nulls = NullBuffer::new(bits?.finish());
        (nulls.null_count() > 0).then_some(nulls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_bits_are_pushed_anew() {
        let mut validity = Validity::default();
        let pattern = |index: usize| !index.is_multiple_of(3);
        (0..21).for_each(|_| validity.push(true));
        (0..40).for_each(|_| validity.push(false));
        validity.truncate(11);
        (11..100).for_each(|index| validity.push(pattern(index)));
        let nulls = validity.finish();
        let valid: Vec<bool> = nulls.iter().flat_map(NullBuffer::iter).collect();
        let expected: Vec<bool> = (0..100).map(|index| index < 11 || pattern(index)).collect();
        assert_eq!(valid, expected);
    }

    #[test]
    fn a_column_whose_nulls_were_all_rolled_back_has_no_bitmap() {
        let mut validity = Validity::default();
        validity.push(true);
        validity.push(false);
        validity.truncate(1);
        assert!(validity.finish().is_none());
    }
}
