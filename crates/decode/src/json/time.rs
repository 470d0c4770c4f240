//! Dates and times: `2026-05-28`, and RFC 3339 with the zone optional.

const HIGHS: u128 = 0x8080_8080_8080_8080_8080_8080_8080_8080;
const DATE_TIME: [u8; 16] = *b"0000-00-00T00:00";
/// What carries a byte above its place's highest digit into the high bit.
const LIMITS: u128 = u128::from_le_bytes([
    0x76, 0x76, 0x76, 0x76, 0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76,
]);
const MICROS_BY_SECOND: i64 = 1_000_000;
const SECONDS_BY_DAY: i64 = 86_400;

/// Days since 1970 of a text like `2026-05-28`: years 0000 to 9999, proleptic Gregorian.
#[inline]
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    let mut padded = DATE_TIME;
    padded[..10].copy_from_slice(text.first_chunk::<10>()?);
    let values = date_time(padded)?;
    if text.len() == 10 { days(&values) } else { None }
}

/// Microseconds since 1970 of a text like `2026-05-28T12:34:56.789+02:00`: in UTC when `zoned`
/// (a text without a zone is in UTC already); else as the clock shows it, and a text with a zone
/// is refused, for the column could not keep it.
///
/// `t`, `z` and a space for `T` are taken, as RFC 3339 allows. There is no second 60 and no hour
/// 24. Digits beyond the microsecond have to be zeros.
#[inline]
pub(crate) fn timestamp(text: &[u8], zoned: bool) -> Option<i64> {
    let (head, rest) = text.split_first_chunk::<16>()?;
    let mut head = *head;
    if matches!(head[10], b't' | b' ') {
        head[10] = b'T';
    }
    let values = date_time(head)?;
    let (hours, minutes) = (pair(&values, 11), pair(&values, 14));
    let (&[b':', tens, ones], rest) = rest.split_first_chunk::<3>()? else { return None };
    let seconds = i64::from(digit(tens)? * 10 + digit(ones)?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let (micros, zone) = match rest {
        [b'.', rest @ ..] => fraction(rest)?,
        _ => (0, rest),
    };
    let offset = match zone {
        [] => 0,
        _ if !zoned => return None,
        [b'Z' | b'z'] => 0,
        _ => offset_seconds(zone)?,
    };
    let time = i64::from(hours * 60 + minutes) * 60 + seconds - offset;
    let seconds = i64::from(days(&values)?) * SECONDS_BY_DAY + time;
    Some(seconds * MICROS_BY_SECOND + micros)
}

/// The digits' values at their places, if every byte is what its place wants.
#[inline(always)]
fn date_time(text: [u8; 16]) -> Option<[u8; 16]> {
    let values = u128::from_le_bytes(text) ^ u128::from_le_bytes(DATE_TIME);
    let wrong = (values.wrapping_add(LIMITS) | values) & HIGHS;
    (wrong == 0).then(|| values.to_le_bytes())
}

#[inline(always)]
fn pair(values: &[u8; 16], at: usize) -> u32 {
    u32::from(values[at]) * 10 + u32::from(values[at + 1])
}

/// Days since 1970, if there is such a day.
#[inline(always)]
fn days(values: &[u8; 16]) -> Option<i32> {
    let year = pair(values, 0) * 100 + pair(values, 2);
    let (month, day) = (pair(values, 5), pair(values, 8));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    if day == 0 || day > longest {
        return None;
    }
    // Years start in March, so that a leap day is the last, and 400 years earlier than ours, so
    // that none is negative: 1970-01-01 is then day 865,565.
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let day = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some(day as i32 - 865_565)
}

#[inline(always)]
fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(10)
}

/// Microseconds of the digits behind a point, and what follows them.
#[inline(always)]
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let mut micros = 0;
    let mut weight = 100_000;
    let mut len = 0;
    while let Some(value) = text.get(len).and_then(|&byte| digit(byte)) {
        if weight == 0 && value != 0 {
            return None;
        }
        micros += i64::from(value) * weight;
        weight /= 10;
        len += 1;
    }
    if len == 0 { None } else { Some((micros, &text[len..])) }
}

/// Seconds east of UTC of a text like `+02:00`.
fn offset_seconds(zone: &[u8]) -> Option<i64> {
    let &[sign, h1, h2, b':', m1, m2] = zone else { return None };
    let hours = digit(h1)? * 10 + digit(h2)?;
    let minutes = digit(m1)? * 10 + digit(m2)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i64::from(hours * 60 + minutes) * 60;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_millennia_follows_the_one_before() {
        let mut expected = date(b"0000-01-01").unwrap();
        assert_eq!(expected, -719_528);
        for year in 0..10_000_i32 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in (1..).zip(lengths) {
                for day in 1..=length {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    assert_eq!(date(text.as_bytes()), Some(expected), "{text}");
                    expected += 1;
                }
                let text = format!("{year:04}-{month:02}-{:02}", length + 1);
                assert_eq!(date(text.as_bytes()), None, "{text}");
            }
        }
        assert_eq!(date(b"1970-01-01"), Some(0));
    }
}
