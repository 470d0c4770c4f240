//! Bytes of a payload, front to back; nothing is taken that is not there.

use super::malformed::{Malformed, Reason};
use crate::MAX_DEPTH;

/// Values that take no bytes (nulls and empty records in arrays, maps and JSON), by payload and by
/// byte of it: a count costs a writer a few bytes, whatever it says.
const WITHOUT_BYTES: usize = 16;
const WITHOUT_BYTES_BY_BYTE: usize = 1;

pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    /// Values that may still take none.
    without_bytes: usize,
}

/// Items that follow each other in an array or a map.
pub(super) struct Block {
    pub(super) count: u64,
    /// Where it ends, if it says so.
    end: Option<usize>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let without_bytes = WITHOUT_BYTES.max(bytes.len().saturating_mul(WITHOUT_BYTES_BY_BYTE));
        Self { bytes, at: 0, depth: 0, without_bytes }
    }

    #[inline(always)]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    #[cold]
    pub(super) fn fail(&self, reason: Reason) -> Malformed {
        Malformed::new(self.at, reason)
    }

    #[inline(always)]
    pub(super) fn enter(&mut self) -> Result<(), Malformed> {
        if self.depth == MAX_DEPTH {
            return Err(self.fail(Reason::Depth));
        }
        self.depth += 1;
        Ok(())
    }

    #[inline(always)]
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// A value was read that began at `start`.
    #[inline(always)]
    pub(super) fn took(&mut self, start: usize) -> Result<(), Malformed> {
        if self.at == start { self.took_nothing() } else { Ok(()) }
    }

    #[cold]
    fn took_nothing(&mut self) -> Result<(), Malformed> {
        match self.without_bytes.checked_sub(1) {
            Some(rest) => self.without_bytes = rest,
            None => return Err(self.fail(Reason::NoBytes)),
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..len)) {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => Err(Malformed::new(self.bytes.len(), Reason::End)),
        }
    }

    #[inline(always)]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(taken) => {
                self.at += N;
                Ok(*taken)
            }
            None => Err(Malformed::new(self.bytes.len(), Reason::End)),
        }
    }

    #[inline(always)]
    pub(super) fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Malformed::new(self.at - 1, Reason::Boolean)),
        }
    }

    /// A number as it is written: the sign in the lowest bit, seven bits a byte. Writers may pad it.
    #[inline(always)]
    pub(super) fn long(&mut self) -> Result<i64, Malformed> {
        let bits = match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                u64::from(byte)
            }
            _ => self.varint()?,
        };
        Ok((bits >> 1) as i64 ^ -((bits & 1) as i64))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        const CONTINUES: u64 = 0x8080_8080_8080_8080;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(word) = rest.first_chunk::<8>() else { return self.varint_by_byte() };
        let word = u64::from_le_bytes(*word);
        let ends = !word & CONTINUES;
        if ends == 0 {
            return self.varint_by_byte();
        }
        let len = ends.trailing_zeros() / 8 + 1;
        // Sevens are put together in pairs, fours and eights.
        let word = word & (u64::MAX >> (64 - 8 * len)) & !CONTINUES;
        let word = (word & 0x7f00_7f00_7f00_7f00) >> 1 | (word & 0x007f_007f_007f_007f);
        let word = (word & 0x3fff_0000_3fff_0000) >> 2 | (word & 0x0000_3fff_0000_3fff);
        let word = (word & 0x0fff_ffff_0000_0000) >> 4 | (word & 0x0000_0000_0fff_ffff);
        self.at += len as usize;
        Ok(word)
    }

    #[inline(never)]
    fn varint_by_byte(&mut self) -> Result<u64, Malformed> {
        let start = self.at;
        let mut bits = 0;
        for shift in (0..70).step_by(7) {
            let [byte] = self.array()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                break;
            }
            bits |= low << shift;
            if byte < 0x80 {
                return Ok(bits);
            }
        }
        Err(Malformed::new(start, Reason::Varint))
    }

    #[inline(always)]
    pub(super) fn int(&mut self) -> Result<i32, Malformed> {
        let start = self.at;
        let value = self.long()?;
        i32::try_from(value).map_err(|_| Malformed::new(start, Reason::Int))
    }

    /// A length, and as many bytes.
    #[inline(always)]
    pub(super) fn sized(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        let len = self.long()?;
        if len < 0 {
            return Err(Malformed::new(start, Reason::Length));
        }
        self.take(usize::try_from(len).unwrap_or(usize::MAX))
    }

    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<&'a [u8], Malformed> {
        let text = self.sized()?;
        if text.is_ascii() || simdutf8::basic::from_utf8(text).is_ok() {
            Ok(text)
        } else {
            Err(Malformed::new(self.at - text.len(), Reason::Utf8))
        }
    }

    /// Index of a branch or a symbol, of so many.
    #[inline(always)]
    pub(super) fn index(&mut self, len: usize, reason: Reason) -> Result<usize, Malformed> {
        let start = self.at;
        match usize::try_from(self.long()?) {
            Ok(index) if index < len => Ok(index),
            _ => Err(Malformed::new(start, reason)),
        }
    }

    /// The next block; `None` behind the last.
    #[inline]
    pub(super) fn block(&mut self) -> Result<Option<Block>, Malformed> {
        let count = self.long()?;
        if count >= 0 {
            return Ok((count > 0).then_some(Block { count: count as u64, end: None }));
        }
        let start = self.at;
        let size = self.long()?;
        let Ok(size) = usize::try_from(size) else {
            return Err(Malformed::new(start, Reason::Length));
        };
        let end = self.at.checked_add(size).filter(|&end| end <= self.bytes.len());
        let Some(end) = end else {
            return Err(Malformed::new(self.bytes.len(), Reason::End));
        };
        Ok(Some(Block { count: count.unsigned_abs(), end: Some(end) }))
    }

    /// Behind the last item of `block`.
    #[inline]
    pub(super) fn end_block(&self, block: &Block) -> Result<(), Malformed> {
        match block.end {
            Some(end) if end != self.at => Err(self.fail(Reason::BlockSize)),
            _ => Ok(()),
        }
    }

    /// To the end of `block`; false when it does not say where that is.
    pub(super) fn skip_block(&mut self, block: &Block) -> bool {
        self.at = block.end.unwrap_or(self.at);
        block.end.is_some()
    }
}
