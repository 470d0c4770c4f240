//! Encoded bytes in pieces of one size, so that a row group is never copied as a whole.

use std::collections::VecDeque;
use std::io::{Result, Write};

/// Parts of a multipart upload; smaller files are one put. S3's minimum is 5 MiB.
pub(crate) const PART_BYTES: usize = 8 << 20;

#[derive(Default)]
pub(crate) struct Parts {
    full: VecDeque<Vec<u8>>,
    open: Vec<u8>,
}

impl Parts {
    pub fn len(&self) -> usize {
        self.full.len() * PART_BYTES + self.open.len()
    }

    /// The oldest part of [`PART_BYTES`].
    pub fn take_full(&mut self) -> Option<Vec<u8>> {
        self.full.pop_front()
    }

    /// What is left once no part is full.
    pub fn take_rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.open)
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let taken = bytes.len().min(PART_BYTES - self.open.len());
        self.open.extend_from_slice(&bytes[..taken]);
        if self.open.len() == PART_BYTES {
            self.full.push_back(std::mem::take(&mut self.open));
        }
        Ok(taken)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_parts_of_one_size() {
        let mut parts = Parts::default();
        let bytes: Vec<u8> = (0..PART_BYTES * 2 + 7).map(|byte| byte as u8).collect();
        for piece in bytes.chunks(PART_BYTES / 3) {
            parts.write_all(piece).unwrap();
        }
        assert_eq!(parts.len(), bytes.len());
        let mut out = Vec::new();
        while let Some(part) = parts.take_full() {
            assert_eq!(part.len(), PART_BYTES);
            out.extend(part);
        }
        assert_eq!(parts.take_rest().len(), 7);
        assert!(parts.take_rest().is_empty());
    }
}
