//! Decimals as Avro writes them: two's complement, most significant byte first, and a scale.

use super::cursor::Cursor;
use super::malformed::{Malformed, Reason};
use crate::json::number;

/// `unscaled / 10^scale`, of at most 38 digits.
#[derive(Clone, Copy)]
pub(super) struct Decimal {
    unscaled: i128,
    scale: i64,
}

/// Digits behind the point that text is written with at most.
const MAX_SCALE: i64 = 38;

impl Decimal {
    /// `None` for no bytes, and for a number of more than 38 digits.
    pub(super) fn new(bytes: &[u8], scale: i64) -> Option<Self> {
        let sign = if *bytes.first()? & 0x80 == 0 { 0 } else { 0xff };
        // Bytes in front of the last sixteen may be nothing but the sign.
        let (padding, last) = bytes.split_at(bytes.len().saturating_sub(16));
        let mut padded = [sign; 16];
        padded[16 - last.len()..].copy_from_slice(last);
        let unscaled = i128::from_be_bytes(padded);
        let is_whole = padding.iter().all(|byte| *byte == sign) && (unscaled < 0) == (sign != 0);
        (is_whole && number::within(unscaled, 38).is_some()).then_some(Self { unscaled, scale })
    }

    pub(super) fn of(integer: i64) -> Self {
        Self { unscaled: integer.into(), scale: 0 }
    }

    /// A big-decimal: bytes that hold unscaled bytes and the scale.
    pub(super) fn read_big(cursor: &mut Cursor<'_>) -> Result<Option<Self>, Malformed> {
        let outer = cursor.sized()?;
        let start = cursor.at() - outer.len();
        let broken = || Malformed::new(start, Reason::Decimal);
        let mut inner = Cursor::new(outer);
        let unscaled = inner.sized().map_err(|_| broken())?;
        let scale = inner.long().map_err(|_| broken())?;
        if inner.is_at_end() { Ok(Self::new(unscaled, scale)) } else { Err(broken()) }
    }

    /// Times `10^scale`, if integral and of at most `precision` digits; never rounded.
    pub(super) fn scaled(self, precision: u8, scale: i8) -> Option<i128> {
        if self.unscaled == 0 {
            return Some(0);
        }
        let more = i64::from(scale).checked_sub(self.scale)?;
        if more == 0 {
            return number::within(self.unscaled, precision);
        }
        let ten =
            i128::try_from(number::ten_to(usize::try_from(more.unsigned_abs()).ok()?)?).ok()?;
        let value = if more >= 0 {
            self.unscaled.checked_mul(ten)?
        } else if self.unscaled % ten == 0 {
            self.unscaled / ten
        } else {
            return None;
        };
        number::within(value, precision)
    }

    pub(super) fn integer(self) -> Option<i64> {
        self.scaled(38, 0).and_then(|value| i64::try_from(value).ok())
    }

    /// As JSON would write it, for who reads numbers there.
    pub(super) fn scientific(self) -> String {
        format!("{}e{}", self.unscaled, -i128::from(self.scale))
    }

    /// In plain notation, with all digits of its scale: `-0.50`. False when that takes too many.
    pub(super) fn write(self, out: &mut Vec<u8>) -> bool {
        let Self { unscaled, scale } = self;
        if scale > MAX_SCALE {
            return false;
        }
        if scale <= 0 {
            let whole = self.scaled(38, 0);
            if let Some(whole) = whole {
                out.extend_from_slice(whole.to_string().as_bytes());
            }
            return whole.is_some();
        }
        if unscaled < 0 {
            out.push(b'-');
        }
        let scale = scale.unsigned_abs() as usize;
        let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        out.extend_from_slice(whole.as_bytes());
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
        true
    }
}
