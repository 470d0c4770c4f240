//! Timestamps and durations as Protobuf's JSON writes them: 0, 3, 6 or 9 digits of a second.

const NANOS_BY_SECOND: i32 = 1_000_000_000;
const SECONDS_BY_DAY: i64 = 86_400;
/// 10,000 years of 365.25 days.
const MAX_DURATION: i64 = 315_576_000_000;

/// Like `2026-05-28T12:34:56.789Z`; `None` outside of the years 1 to 9999.
pub(super) fn timestamp(seconds: i64, nanos: i32) -> Option<String> {
    if !super::well_known::SECONDS.contains(&seconds) || !(0..NANOS_BY_SECOND).contains(&nanos) {
        return None;
    }
    let (day, time) = (seconds.div_euclid(SECONDS_BY_DAY), seconds.rem_euclid(SECONDS_BY_DAY));
    let (year, month, date) = civil(day);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    let fraction = fraction(nanos);
    Some(format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

/// Like `-3.5s`; `None` beyond 10,000 years, or if the parts have different signs.
pub(super) fn duration(seconds: i64, nanos: i32) -> Option<String> {
    let is_valid = (-MAX_DURATION..=MAX_DURATION).contains(&seconds)
        && (-NANOS_BY_SECOND + 1..NANOS_BY_SECOND).contains(&nanos)
        && (seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0));
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    is_valid.then(|| format!("{sign}{}{}s", seconds.abs(), fraction(nanos.abs())))
}

fn fraction(nanos: i32) -> String {
    match nanos {
        0 => String::new(),
        _ if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        _ if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
        _ => format!(".{nanos:09}"),
    }
}

/// Year, month and day of the days since 1970, by the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years start in March, 400 years make an era; day 0 is 0000-03-01.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_written_as_the_decoder_of_json_reads_them() {
        let mut seconds = -62_135_596_800;
        while seconds <= 253_402_300_799 {
            let text = timestamp(seconds, 123_456_000);
            let read = text.and_then(|text| crate::json::timestamp(text.as_bytes(), true));
            assert_eq!(read, Some(seconds * 1_000_000 + 123_456), "{seconds}");
            seconds += 86_399 * 7;
        }
    }

    #[test]
    fn fractions_have_as_many_digits_as_they_need() {
        let written = |nanos| timestamp(0, nanos);
        assert_eq!(written(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(written(10_000_000).as_deref(), Some("1970-01-01T00:00:00.010Z"));
        assert_eq!(written(1_000).as_deref(), Some("1970-01-01T00:00:00.000001Z"));
        assert_eq!(written(1).as_deref(), Some("1970-01-01T00:00:00.000000001Z"));
        assert_eq!(duration(3, 500_000_000).as_deref(), Some("3.500s"));
        assert_eq!(duration(0, -1).as_deref(), Some("-0.000000001s"));
        assert_eq!(duration(-MAX_DURATION, 0).as_deref(), Some("-315576000000s"));
        for (seconds, nanos) in [(MAX_DURATION + 1, 0), (1, -1), (-1, 1), (0, NANOS_BY_SECOND)] {
            assert_eq!(duration(seconds, nanos), None);
        }
        assert_eq!(timestamp(253_402_300_800, 0), None);
        assert_eq!(timestamp(0, -1), None);
    }
}
