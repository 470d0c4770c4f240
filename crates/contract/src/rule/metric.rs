//! Library metrics that judge a batch as a whole.

use crate::plan::RuleNumber;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metric {
    pub rule: RuleNumber,
    /// Judges the number of rows instead of what was found.
    pub of_rows: bool,
    /// Judges `100 × found / seen`, 0 where nothing was seen.
    pub percent: bool,
    pub must: Operator,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operator {
    Be(f64),
    NotBe(f64),
    BeGreaterThan(f64),
    BeGreaterOrEqualTo(f64),
    BeLessThan(f64),
    BeLessOrEqualTo(f64),
    /// Both inclusive.
    BeBetween(f64, f64),
    /// Outside of both, exclusive.
    NotBeBetween(f64, f64),
}

impl Operator {
    pub const NAMES: [&'static str; 8] = [
        "mustBe",
        "mustNotBe",
        "mustBeGreaterThan",
        "mustBeGreaterOrEqualTo",
        "mustBeLessThan",
        "mustBeLessOrEqualTo",
        "mustBeBetween",
        "mustNotBeBetween",
    ];

    pub fn holds(self, measured: f64) -> bool {
        match self {
            Self::Be(value) => measured == value,
            Self::NotBe(value) => measured != value,
            Self::BeGreaterThan(value) => measured > value,
            Self::BeGreaterOrEqualTo(value) => measured >= value,
            Self::BeLessThan(value) => measured < value,
            Self::BeLessOrEqualTo(value) => measured <= value,
            Self::BeBetween(low, high) => (low..=high).contains(&measured),
            Self::NotBeBetween(low, high) => !(low..=high).contains(&measured),
        }
    }
}

/// What a metric found in the open batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub found: u64,
    pub seen: u64,
}

impl Metric {
    pub fn measure(&self, tally: Tally, num_rows: u64) -> f64 {
        if self.of_rows {
            num_rows as f64
        } else if !self.percent {
            tally.found as f64
        } else if tally.seen == 0 {
            0.0
        } else {
            100.0 * tally.found as f64 / tally.seen as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_hold_below_at_and_above_their_value() {
        let cases = [
            (Operator::Be(5.0), [false, true, false]),
            (Operator::NotBe(5.0), [true, false, true]),
            (Operator::BeGreaterThan(5.0), [false, false, true]),
            (Operator::BeGreaterOrEqualTo(5.0), [false, true, true]),
            (Operator::BeLessThan(5.0), [true, false, false]),
            (Operator::BeLessOrEqualTo(5.0), [true, true, false]),
            (Operator::BeBetween(5.0, 6.0), [false, true, true]),
            (Operator::BeBetween(4.0, 5.0), [true, true, false]),
            (Operator::NotBeBetween(5.0, 6.0), [true, false, false]),
            (Operator::NotBeBetween(4.0, 5.0), [false, false, true]),
        ];
        for (operator, expected) in cases {
            assert_eq!(
                [4.0, 5.0, 6.0].map(|value| operator.holds(value)),
                expected,
                "{operator:?}"
            );
        }
    }

    #[test]
    fn percent_of_nothing_is_zero() {
        let metric = Metric { rule: 0, of_rows: false, percent: true, must: Operator::Be(0.0) };
        assert_eq!(metric.measure(Tally::default(), 0), 0.0);
        assert_eq!(metric.measure(Tally { found: 1, seen: 8 }, 8), 12.5);
    }
}
