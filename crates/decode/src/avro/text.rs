//! What texts hold of values that Avro does not write as text.

use std::io::Write;

use super::cursor::Cursor;
use super::malformed::{Malformed, Reason};
use super::skip::skip;
use super::types::{Type, Types, Unit};
use super::value::read_decimal;
use crate::base64;

const SECONDS_BY_DAY: i64 = 86_400;
const DAYS_BY_ERA: i64 = 146_097;

/// Appends the text of a value. False when it has none; what was appended then is worth nothing.
pub(super) fn write(
    types: &Types,
    of: Type,
    cursor: &mut Cursor<'_>,
    out: &mut Vec<u8>,
) -> Result<bool, Malformed> {
    match of {
        Type::String => out.extend_from_slice(cursor.string()?),
        Type::Enum(of) => {
            let symbols = types.symbols(of);
            let symbol = cursor.index(symbols.len(), Reason::Symbol)?;
            out.extend_from_slice(symbols[symbol].as_bytes());
        }
        Type::Bytes => base64::write(cursor.sized()?, out),
        Type::Fixed(size) => base64::write(cursor.take(size as usize)?, out),
        Type::UuidString => uuid_text(cursor.string()?, out),
        Type::UuidFixed => uuid(&cursor.array()?, out),
        Type::UuidBytes => match cursor.sized()?.try_into() {
            Ok(bytes) => uuid(bytes, out),
            Err(_) => return Ok(false),
        },
        Type::Decimal { .. } | Type::BigDecimal => {
            let decimal = read_decimal(types, of, cursor)?;
            return Ok(decimal.is_some_and(|decimal| decimal.write(out)));
        }
        Type::Date => date(cursor.int()?.into(), out),
        Type::TimeMillis => return Ok(time_of_day(cursor.int()?.into(), Unit::Millis, out)),
        Type::TimeMicros => return Ok(time_of_day(cursor.long()?, Unit::Micros, out)),
        Type::Timestamp { unit, local } => timestamp(cursor.long()?, unit, local, out),
        Type::Duration => duration(&cursor.array()?, out),
        _ => {
            skip(types, of, cursor)?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writing to a vector does not fail.
fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// `2026-05-28`; years beyond 0000 to 9999 with their sign, as ISO 8601 has them.
fn date(days: i64, out: &mut Vec<u8>) {
    // Years that start in March, in eras of 400 years, from 0000-03-01 on.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(DAYS_BY_ERA), days.rem_euclid(DAYS_BY_ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let year = year + era * 400;
    if (0..=9_999).contains(&year) {
        put(out, format_args!("{year:04}-{month:02}-{day:02}"));
    } else {
        put(out, format_args!("{year:+05}-{month:02}-{day:02}"));
    }
}

/// `12:34:56.789`, with as many digits as are needed, in threes. False when no clock shows it.
fn time_of_day(value: i64, unit: Unit, out: &mut Vec<u8>) -> bool {
    let by_second = by_second(unit);
    let (second, fraction) = (value.div_euclid(by_second), value.rem_euclid(by_second));
    let is_shown = (0..SECONDS_BY_DAY).contains(&second);
    if is_shown {
        clock(second, fraction, unit, out);
    }
    is_shown
}

fn timestamp(value: i64, unit: Unit, local: bool, out: &mut Vec<u8>) {
    let by_second = by_second(unit);
    let (second, fraction) = (value.div_euclid(by_second), value.rem_euclid(by_second));
    date(second.div_euclid(SECONDS_BY_DAY), out);
    out.push(b'T');
    clock(second.rem_euclid(SECONDS_BY_DAY), fraction, unit, out);
    if !local {
        out.push(b'Z');
    }
}

fn by_second(unit: Unit) -> i64 {
    match unit {
        Unit::Millis => 1_000,
        Unit::Micros => 1_000_000,
        Unit::Nanos => 1_000_000_000,
    }
}

fn clock(second: i64, fraction: i64, unit: Unit, out: &mut Vec<u8>) {
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    put(out, format_args!("{hour:02}:{minute:02}:{second:02}"));
    let nanos = fraction * (1_000_000_000 / by_second(unit));
    if nanos == 0 {
    } else if nanos % 1_000_000 == 0 {
        put(out, format_args!(".{:03}", nanos / 1_000_000));
    } else if nanos % 1_000 == 0 {
        put(out, format_args!(".{:06}", nanos / 1_000));
    } else {
        put(out, format_args!(".{nanos:09}"));
    }
}

/// `P1M2DT3.004S`: months, days and seconds are not worth a fixed number of each other, so each
/// stays as it was written; nothing at all is `PT0S`.
fn duration(parts: &[u8; 12], out: &mut Vec<u8>) {
    let part =
        |at: usize| u32::from_le_bytes([parts[at], parts[at + 1], parts[at + 2], parts[at + 3]]);
    let (months, days, millis) = (part(0), part(4), part(8));
    out.push(b'P');
    if months > 0 {
        put(out, format_args!("{months}M"));
    }
    if days > 0 {
        put(out, format_args!("{days}D"));
    }
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    if rest > 0 {
        put(out, format_args!("T{seconds}.{rest:03}S"));
    } else if seconds > 0 || (months == 0 && days == 0) {
        put(out, format_args!("T{seconds}S"));
    }
}

fn uuid(bytes: &[u8; 16], out: &mut Vec<u8>) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        put(out, format_args!("{byte:02x}"));
    }
}

/// In lower case, if it is one; else as it was written, for the contract to judge.
fn uuid_text(text: &[u8], out: &mut Vec<u8>) {
    let is_uuid = text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let start = out.len();
    out.extend_from_slice(text);
    if is_uuid {
        out[start..].make_ascii_lowercase();
    }
}
