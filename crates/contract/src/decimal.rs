//! Numbers of a document, exact.

/// `mantissa × 10^-scale`, without trailing zeros in the mantissa.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub mantissa: i128,
    pub scale: i32,
}

impl Decimal {
    /// Reads an optionally signed decimal with an optional exponent; `None` beyond 38 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, exponent) = match text.split_once(['e', 'E']) {
            Some((text, exponent)) => (text, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let negative = text.starts_with('-');
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let mut mantissa = 0_i128;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
            mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
        }
        let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if mantissa == 0 {
            scale = 0;
        }
        while mantissa != 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale = scale.checked_sub(1)?;
        }
        Some(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    /// The value in units of `10^-scale`, if it is a whole number of them and in range.
    pub fn units(self, scale: i32) -> Option<i128> {
        let power = scale.checked_sub(self.scale)?;
        if self.mantissa == 0 {
            return Some(0);
        }
        self.mantissa.checked_mul(power_of_ten(u32::try_from(power).ok()?)?)
    }

    /// The greatest number of units not above the value, saturating.
    pub fn floor(self, scale: i32) -> i128 {
        self.rounded(scale, i128::div_euclid)
    }

    /// The least number of units not below the value, saturating.
    pub fn ceil(self, scale: i32) -> i128 {
        self.rounded(scale, |value, unit| -(-value).div_euclid(unit))
    }

    fn rounded(self, scale: i32, divide: impl Fn(i128, i128) -> i128) -> i128 {
        if let Some(units) = self.units(scale) {
            return units;
        }
        let beyond = if self.mantissa < 0 { i128::MIN } else { i128::MAX };
        match u32::try_from(i64::from(self.scale) - i64::from(scale)) {
            // A unit wider than any mantissa leaves only the sign.
            Ok(power) => match power_of_ten(power) {
                Some(unit) => divide(self.mantissa, unit),
                None => divide(self.mantissa.signum(), 2),
            },
            Err(_) => beyond,
        }
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        let exponent = i64::from(self.scale).saturating_neg();
        format!("{}e{exponent}", self.mantissa).parse().unwrap_or(f64::NAN)
    }
}

pub(crate) fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_exactly() {
        let cases = [
            ("0", Some((0, 0))),
            ("-0.0", Some((0, 0))),
            ("1.50", Some((15, 1))),
            ("+7", Some((7, 0))),
            ("1200", Some((12, -2))),
            ("1.5e3", Some((15, -2))),
            ("2E-3", Some((2, 3))),
            ("18446744073709551615", Some((18_446_744_073_709_551_615, 0))),
            ("1e400", Some((1, -400))),
            ("1234567890123456789012345678901234567891", None),
            (".", None),
            ("1,5", None),
            ("abc", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(mantissa, scale)| Decimal { mantissa, scale });
            assert_eq!(Decimal::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn rounding_to_units_keeps_the_side() {
        let cases = [
            ("1.5", 0, 1, 2),
            ("-1.5", 0, -2, -1),
            ("2", 0, 2, 2),
            ("0.005", 2, 0, 1),
            ("-0.005", 2, -1, 0),
            ("12.34", 2, 1234, 1234),
            ("1e400", 0, i128::MAX, i128::MAX),
            ("-1e400", 0, i128::MIN, i128::MIN),
            ("1e-400", 0, 0, 1),
            ("-1e-400", 0, -1, 0),
        ];
        for (text, scale, floor, ceil) in cases {
            let value = Decimal::parse(text).unwrap();
            assert_eq!((value.floor(scale), value.ceil(scale)), (floor, ceil), "{text}");
        }
    }
}
