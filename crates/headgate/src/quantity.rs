//! Sizes and durations as people write them.

use std::time::Duration;

const UNITS: [(&str, u64); 9] = [
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

/// `512MiB`, `1 GB`, `134217728`; whole numbers of a unit, in any case.
pub fn bytes(text: &str) -> Option<u64> {
    let upper = text.trim().to_ascii_uppercase();
    let digits = upper.find(|c: char| !c.is_ascii_digit()).unwrap_or(upper.len());
    let (number, unit) = upper.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "" => Some(number),
        unit => {
            let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
            number.checked_mul(*factor)
        }
    }
}

/// `10 seconds`, `1 minute`: a whole number and one of Spark's units.
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_once(char::is_whitespace)?;
    let number: u64 = number.parse().ok()?;
    let unit = unit.trim().trim_end_matches('s');
    let seconds = |factor: u64| number.checked_mul(factor).map(Duration::from_secs);
    match unit {
        "microsecond" => Some(Duration::from_micros(number)),
        "millisecond" => Some(Duration::from_millis(number)),
        "second" => seconds(1),
        "minute" => seconds(60),
        "hour" => seconds(3_600),
        "day" => seconds(86_400),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        for (text, expected) in [
            ("512MiB", Some(512 << 20)),
            ("1 GiB", Some(1 << 30)),
            ("1gb", Some(1_000_000_000)),
            ("134217728", Some(134_217_728)),
            ("7B", Some(7)),
            ("", None),
            ("MiB", None),
            ("1.5GiB", None),
            ("-1MiB", None),
            ("1 parsec", None),
            ("99999999999TiB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, expected) in [
            ("10 seconds", Some(Duration::from_secs(10))),
            ("1 minute", Some(Duration::from_secs(60))),
            ("250 milliseconds", Some(Duration::from_millis(250))),
            ("400 days", Some(Duration::from_secs(400 * 86_400))),
            ("0 seconds", Some(Duration::ZERO)),
            ("-5 seconds", None),
            ("10", None),
            ("10s", None),
            ("ten seconds", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
