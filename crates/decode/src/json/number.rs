//! Numbers. What JSON writes is decimal and exact; a value is taken only if its column's type can
//! hold it: integers and decimals exactly, floats as the nearest.

use super::malformed::{Malformed, Reason};
use super::scan::{byte, digit_count, digits, word};

type Read<T> = Result<(usize, Option<T>), Malformed>;

#[inline(always)]
pub(crate) fn starts(first: u8) -> bool {
    first == b'-' || first.is_ascii_digit()
}

#[inline(always)]
fn goes_on(next: u8) -> bool {
    matches!(next, b'.' | b'e' | b'E') || next.is_ascii_digit()
}

/// Index behind the number at `at`, by JSON's grammar.
pub(crate) fn skip(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    let mut end = at + usize::from(byte(bytes, at) == b'-');
    if byte(bytes, end) == b'0' {
        end += 1;
    } else {
        end = skip_digits(bytes, end)?;
    }
    if byte(bytes, end) == b'.' {
        end = skip_digits(bytes, end + 1)?;
    }
    if matches!(byte(bytes, end), b'e' | b'E') {
        end += 1;
        end += usize::from(matches!(byte(bytes, end), b'+' | b'-'));
        end = skip_digits(bytes, end)?;
    }
    // Also a digit behind a leading zero.
    if goes_on(byte(bytes, end)) {
        Err(Malformed::new(bytes, end, Reason::Number))
    } else {
        Ok(end)
    }
}

fn skip_digits(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
    let mut end = start;
    while byte(bytes, end).is_ascii_digit() {
        end += 1;
    }
    if end == start { Err(Malformed::new(bytes, end, Reason::Number)) } else { Ok(end) }
}

/// An integral number within 64 bits, however it is written: `1000`, `1.0`, `1e3`.
#[inline(always)]
pub(crate) fn integer(bytes: &[u8], at: usize) -> Read<i64> {
    let negative = byte(bytes, at) == b'-';
    let start = at + usize::from(negative);
    let Some((end, magnitude)) = short_digits(bytes, start) else {
        return long_integer(bytes, at);
    };
    if goes_on(byte(bytes, end)) {
        return long_integer(bytes, at);
    }
    // At most 16 digits: no overflow.
    let magnitude = magnitude as i64;
    Ok((end, Some(if negative { -magnitude } else { magnitude })))
}

/// 1 to 16 digits without a superfluous zero in front; a 17th may follow.
#[inline(always)]
fn short_digits(bytes: &[u8], start: usize) -> Option<(usize, u64)> {
    let first = word(bytes, start);
    let count = digit_count(first);
    if count == 0 || (count > 1 && first as u8 == b'0') {
        return None;
    }
    if count < 8 {
        return Some((start + count as usize, digits(first, count)));
    }
    let second = word(bytes, start + 8);
    let more = digit_count(second);
    let value = digits(first, 8) * POWERS[more as usize] + digits(second, more);
    Some((start + 8 + more as usize, value))
}

#[inline(never)]
fn long_integer(bytes: &[u8], at: usize) -> Read<i64> {
    let end = skip(bytes, at)?;
    let exact = Exact::parse(&bytes[at..end]);
    Ok((end, exact.and_then(|exact| exact.scaled(0)).and_then(|value| i64::try_from(value).ok())))
}

/// `digits[.digits]` of at most 15 digits, as `mantissa / 10^fraction`.
struct Short {
    end: usize,
    negative: bool,
    mantissa: u64,
    fraction: u32,
}

#[inline(always)]
fn short(bytes: &[u8], at: usize) -> Option<Short> {
    let negative = byte(bytes, at) == b'-';
    let start = at + usize::from(negative);
    let (mut end, mut mantissa) = short_digits(bytes, start)?;
    let mut fraction = 0;
    let mut count = end - start;
    if byte(bytes, end) == b'.' {
        let next = word(bytes, end + 1);
        fraction = digit_count(next);
        if fraction == 0 {
            return None;
        }
        mantissa =
            mantissa.wrapping_mul(POWERS[fraction as usize]).wrapping_add(digits(next, fraction));
        count += fraction as usize;
        end += 1 + fraction as usize;
    }
    (count <= 15 && !goes_on(byte(bytes, end))).then_some(Short {
        end,
        negative,
        mantissa,
        fraction,
    })
}

/// Powers of ten that a float, and a product with 15 digits in `u64`, hold exactly.
const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Every power of ten of 128 bits.
const TENS: [u128; 39] = {
    let mut tens = [1; 39];
    let mut power = 1;
    while power < tens.len() {
        tens[power] = tens[power - 1] * 10;
        power += 1;
    }
    tens
};

/// `None` beyond 128 bits.
pub(crate) fn ten_to(power: usize) -> Option<u128> {
    TENS.get(power).copied()
}

/// The nearest `f64`; `None` when that is infinite.
#[inline(always)]
pub(crate) fn float64(bytes: &[u8], at: usize) -> Read<f64> {
    match short(bytes, at) {
        // Both are exact below 2^53, so that one division rounds once (Clinger 1990).
        Some(Short { end, negative, mantissa, fraction }) => {
            let value = mantissa as f64 / POWERS[fraction as usize] as f64;
            Ok((end, Some(if negative { -value } else { value })))
        }
        None => {
            let end = skip(bytes, at)?;
            let value: Option<f64> = fast_float2::parse(&bytes[at..end]).ok();
            Ok((end, value.filter(|value| value.is_finite())))
        }
    }
}

/// The nearest `f32`; `None` when that is infinite.
#[inline(always)]
pub(crate) fn float32(bytes: &[u8], at: usize) -> Read<f32> {
    let end = skip(bytes, at)?;
    let value: Option<f32> = fast_float2::parse(&bytes[at..end]).ok();
    Ok((end, value.filter(|value| value.is_finite())))
}

/// The number times `10^scale`; `None` when that is not integral, or has more than `precision`
/// digits.
#[inline(always)]
pub(crate) fn decimal(bytes: &[u8], at: usize, precision: u8, scale: i8) -> Read<i128> {
    match short(bytes, at) {
        Some(Short { end, negative, mantissa, fraction })
            if i64::from(fraction) <= i64::from(scale) && scale <= 18 =>
        {
            // 15 digits times 10^18 at most.
            let value = i128::from(mantissa) * TENS[scale as usize - fraction as usize] as i128;
            Ok((end, within(if negative { -value } else { value }, precision)))
        }
        _ => {
            let end = skip(bytes, at)?;
            let exact = Exact::parse(&bytes[at..end]).and_then(|exact| exact.scaled(scale));
            Ok((end, exact.and_then(|value| within(value, precision))))
        }
    }
}

/// What `read` makes of a text that is a number of JSON's grammar and nothing else.
fn whole<T>(text: &[u8], read: impl FnOnce(&[u8], usize) -> Read<T>) -> Option<T> {
    let (end, value) = starts(byte(text, 0)).then(|| read(text, 0).ok()).flatten()?;
    value.filter(|_| end == text.len())
}

pub(crate) fn integer_text(text: &[u8]) -> Option<i64> {
    whole(text, integer)
}

pub(crate) fn float64_text(text: &[u8]) -> Option<f64> {
    whole(text, float64)
}

pub(crate) fn float32_text(text: &[u8]) -> Option<f32> {
    whole(text, float32)
}

/// The number times `10^scale`, as [`decimal`] has it.
pub(crate) fn decimal_text(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    whole(text, |text, at| decimal(text, at, precision, scale))
}

/// `10^power`, if 128 bits hold it.
pub(crate) fn tens(power: u32) -> Option<i128> {
    TENS.get(power as usize).map(|&power| power as i128)
}

/// `None` for more than `precision` digits.
#[inline(always)]
pub(crate) fn within(value: i128, precision: u8) -> Option<i128> {
    (value.unsigned_abs() < *TENS.get(usize::from(precision))?).then_some(value)
}

/// Any number of at most 38 significant digits: `mantissa * 10^exponent`, where the mantissa does
/// not end in a zero, unless it is zero.
struct Exact {
    negative: bool,
    mantissa: u128,
    exponent: i64,
}

impl Exact {
    /// `text` is a number of JSON's grammar.
    fn parse(text: &[u8]) -> Option<Self> {
        let (negative, text) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let power = text.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(text.len());
        let mut exponent = text.get(power + 1..).map_or(0, saturating_exponent);
        let (mut mantissa, mut zeros, mut behind_point) = (0_u128, 0_usize, false);
        for &digit in &text[..power] {
            if digit == b'.' {
                behind_point = true;
                continue;
            }
            exponent -= i64::from(behind_point);
            if digit == b'0' {
                zeros += usize::from(mantissa != 0);
                continue;
            }
            let shift = *TENS.get(zeros + 1)?;
            mantissa = mantissa.checked_mul(shift)?.checked_add(u128::from(digit - b'0'))?;
            zeros = 0;
        }
        Some(Self { negative, mantissa, exponent: exponent + zeros as i64 })
    }

    /// The value times `10^scale`, if integral and within 128 bits.
    fn scaled(&self, scale: i8) -> Option<i128> {
        if self.mantissa == 0 {
            return Some(0);
        }
        let power = usize::try_from(self.exponent + i64::from(scale)).ok()?;
        let value = self.mantissa.checked_mul(*TENS.get(power)?)?;
        let value = i128::try_from(value).ok()?;
        Some(if self.negative { -value } else { value })
    }
}

/// Far beyond what any type holds, and far from overflow when digits are counted against it.
const MAX_EXPONENT: i64 = 1 << 40;

fn saturating_exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let magnitude = digits
        .iter()
        .fold(0, |value: i64, digit| (value * 10 + i64::from(digit - b'0')).min(MAX_EXPONENT));
    if negative { -magnitude } else { magnitude }
}
