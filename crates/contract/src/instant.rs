//! Dates and times of ISO 8601 as RFC 3339 profiles it, in the proleptic Gregorian calendar.

pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(crate) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// A time of day and, where written, its distance from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeOfDay {
    pub micros: i64,
    pub offset_minutes: Option<i32>,
    /// Digits beyond the sixth of the fraction are not all zeros.
    pub beyond: bool,
    /// Written as second 60.
    leap: bool,
}

/// `YYYY-MM-DD` as days since 1970-01-01.
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > last {
        return None;
    }
    // Years begin in March, so that the leap day is a year's last.
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// `hh:mm:ss`, with an optional fraction and an optional `Z` or `±hh:mm`. Digits after the sixth of
/// a fraction are only told of.
pub(crate) fn time(text: &[u8]) -> Option<TimeOfDay> {
    let (clock, mut rest) = text.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let (hour, minute, second) = (pair(h1, h2)?, pair(m1, m2)?, pair(s1, s2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut micros = i64::from(hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND;
    let mut beyond = false;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let (fraction, tail) = fraction.split_at_checked(digits)?;
        let mut unit = MICROS_PER_SECOND;
        for byte in fraction.iter().take(6) {
            unit /= 10;
            micros += i64::from(byte - b'0') * unit;
        }
        beyond = fraction.iter().skip(6).any(|byte| *byte != b'0');
        rest = tail;
    }
    let offset_minutes = offset(rest)?;
    let leap = second == 60;
    // A leap second is the last of a UTC day.
    if leap && (hour * 60 + minute - offset_minutes.unwrap_or(0)).rem_euclid(1440) != 1439 {
        return None;
    }
    Some(TimeOfDay { micros, offset_minutes, beyond, leap })
}

/// A date, `T`, `t` or a space, and a time. Microseconds since 1970 in UTC; without an offset the
/// text is taken as UTC.
pub(crate) fn timestamp(text: &[u8]) -> Option<i64> {
    let (days, time) = date_and_time(text)?;
    let offset = i64::from(time.offset_minutes.unwrap_or(0)) * 60 * MICROS_PER_SECOND;
    let micros = time.micros - if time.leap { MICROS_PER_SECOND } else { 0 };
    Some(i64::from(days) * MICROS_PER_DAY + micros - offset)
}

/// RFC 3339 `date-time`: as [`timestamp`], but `T` and the offset must be there.
pub(crate) fn is_date_time(text: &[u8]) -> bool {
    matches!(text.get(10), Some(b'T' | b't'))
        && date_and_time(text).is_some_and(|(_, time)| time.offset_minutes.is_some())
}

fn date_and_time(text: &[u8]) -> Option<(i32, TimeOfDay)> {
    let (day, rest) = text.split_at_checked(10)?;
    let [b'T' | b't' | b' ', clock @ ..] = rest else { return None };
    Some((date(day)?, time(clock)?))
}

fn offset(text: &[u8]) -> Option<Option<i32>> {
    match *text {
        [] => Some(None),
        [b'Z' | b'z'] => Some(Some(0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hour, minute) = (pair(h1, h2)?, pair(m1, m2)?);
            if hour > 23 || minute > 59 {
                return None;
            }
            let minutes = hour * 60 + minute;
            Some(Some(if sign == b'-' { -minutes } else { minutes }))
        }
        _ => None,
    }
}

fn pair(tens: u8, ones: u8) -> Option<i32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        let cases = [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2026-11-21", Some(20_778)),
            ("0001-01-01", Some(-719_162)),
            ("9999-12-31", Some(2_932_896)),
            ("1900-02-29", None),
            ("2026-02-30", None),
            ("2026-00-10", None),
            ("2026-13-01", None),
            ("2026-1-01", None),
            ("2026-01-01 ", None),
        ];
        for (text, days) in cases {
            assert_eq!(date(text.as_bytes()), days, "{text}");
        }
    }

    #[test]
    fn timestamps_are_microseconds_in_utc() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01 00:00:00", Some(0)),
            ("1970-01-01t00:00:01.5z", Some(1_500_000)),
            ("1970-01-01T00:00:00.1234567Z", Some(123_456)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1969-12-31T23:30:00-00:30", Some(0)),
            ("1972-06-30T23:59:60Z", Some(78_796_799_000_000)),
            ("1972-06-30T22:59:60Z", None),
            ("1970-01-01T24:00:00Z", None),
            ("1970-01-01T00:00:00.Z", None),
            ("1970-01-01T00:00:00+0100", None),
            ("1970-01-01T00:00Z", None),
            ("1970-01-01", None),
            ("1970-01-01X00:00:00Z", None),
        ];
        for (text, micros) in cases {
            assert_eq!(timestamp(text.as_bytes()), micros, "{text}");
        }
    }
}
