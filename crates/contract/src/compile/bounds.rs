//! `minimum`, `maximum`, and their exclusive forms.

use arrow_schema::DataType;

use super::builder::{Builder, Column};
use super::options::snake;
use crate::decimal::Decimal;
use crate::document::Property;
use crate::instant;
use crate::node::Value;
use crate::plan::FieldCheck;
use crate::reader::At;
use crate::rule::Test;
use crate::rule::range::{FloatBound, Range, TimeRange};
use crate::types::Logical;

/// A bound as the document gives it.
struct Bound<'a> {
    /// Where the rule is written; of the boolean, for the exclusive bounds of v3.0.
    at: At<'a>,
    key: &'static str,
    value: At<'a>,
    lower: bool,
    exclusive: bool,
}

impl<'a> Builder<'a> {
    pub fn bounds(
        &mut self,
        property: &Property<'a>,
        column: &Column,
        checks: &mut Vec<FieldCheck>,
    ) {
        let mut bounds = self.one_side(property, "minimum", "exclusiveMinimum", true);
        bounds.extend(self.one_side(property, "maximum", "exclusiveMaximum", false));
        let (mut low, mut high) = ((f64::NEG_INFINITY, false), (f64::INFINITY, false));
        for bound in bounds {
            let Some((test, value)) = self.test(&bound, column) else { continue };
            let side = if bound.lower { &mut low } else { &mut high };
            let tighter = if bound.lower { value >= side.0 } else { value <= side.0 };
            if tighter {
                *side = (value, bound.exclusive);
            }
            if low.0 > high.0 || (low.0 == high.0 && (low.1 || high.1)) {
                self.issues.add(&bound.value, "a maximum that leaves room above the minimum");
            }
            checks.push(self.check(&bound.at, &snake(bound.key), column, test));
        }
    }

    fn one_side(
        &mut self,
        property: &Property<'a>,
        plain: &'static str,
        exclusive: &'static str,
        lower: bool,
    ) -> Vec<Bound<'a>> {
        let get = |key| property.options.iter().find(|(name, _)| *name == key).map(|(_, at)| at);
        let mut bounds = Vec::new();
        let inclusive_at = get(plain);
        let mut plain_is_exclusive = false;
        if let Some(at) = get(exclusive) {
            match (&at.node.value, inclusive_at) {
                (Value::Bool(false), _) => {}
                (Value::Bool(true), Some(value)) => {
                    plain_is_exclusive = true;
                    let (at, value) = (at.clone(), value.clone());
                    bounds.push(Bound { at, key: exclusive, value, lower, exclusive: true });
                }
                (Value::Bool(true), None) => {
                    self.issues.add(at, format!("a value, or {plain} beside it"));
                }
                _ => bounds.push(Bound {
                    at: at.clone(),
                    key: exclusive,
                    value: at.clone(),
                    lower,
                    exclusive: true,
                }),
            }
        }
        if let (Some(at), false) = (inclusive_at, plain_is_exclusive) {
            let (at, value) = (at.clone(), at.clone());
            bounds.insert(0, Bound { at, key: plain, value, lower, exclusive: false });
        }
        bounds
    }

    /// The test, and the bound as a number to compare bounds with.
    fn test(&mut self, bound: &Bound<'_>, column: &Column) -> Option<(Test, f64)> {
        let units = match (column.logical, &column.data_type) {
            (Logical::Time, _) => {
                let micros =
                    self.parse(bound, column, "a time such as 08:30:00", |text| column.time(text))?;
                // The odd half is any time between two microseconds.
                let (at, step) = (2 * micros, i64::from(bound.exclusive));
                let range = if bound.lower {
                    TimeRange { min: at + step, max: i64::MAX }
                } else {
                    TimeRange { min: i64::MIN, max: at - step }
                };
                let range = match &column.moment {
                    Some(moment) => Test::WrittenRange(moment.format.clone(), range),
                    None => Test::TimeRange(range),
                };
                return Some((range, micros as f64));
            }
            (_, DataType::Date32) => {
                self.parse(bound, column, "a date such as 2026-01-31", |text| {
                    column.date(text).map(i64::from)
                })?
            }
            (_, DataType::Timestamp(..)) => {
                self.parse(bound, column, "a timestamp such as 2026-01-31T08:30:00Z", |text| {
                    let midnight = |days| i64::from(days) * instant::MICROS_PER_DAY;
                    let iso = text.as_bytes();
                    // The standard's own example has bounds in ISO 8601 beside another format.
                    column
                        .timestamp(text)
                        .or_else(|| instant::timestamp(iso))
                        .or_else(|| instant::date(iso).map(midnight))
                })?
            }
            (_, data_type) => {
                let value = bound.value.number(&mut self.issues)?;
                return Some((Test::Range(number_range(bound, value, data_type)), value.to_f64()));
            }
        };
        let value = Decimal { mantissa: i128::from(units), scale: 0 };
        Some((Test::Range(number_range(bound, value, &column.data_type)), units as f64))
    }

    fn parse(
        &mut self,
        bound: &Bound<'_>,
        column: &Column,
        expected: &str,
        parse: impl Fn(&str) -> Option<i64>,
    ) -> Option<i64> {
        let value = bound.value.as_text().and_then(parse);
        if value.is_none() {
            let own = column.moment.as_ref().map(|_| "a value in the property's own format");
            self.issues.add(&bound.value, own.unwrap_or(expected));
        }
        value
    }
}

fn number_range(bound: &Bound<'_>, value: Decimal, data_type: &DataType) -> Range {
    let scale = match data_type {
        DataType::Float32 | DataType::Float64 => {
            let value = value.to_f64();
            return Range::Float(match (bound.lower, bound.exclusive) {
                (true, false) => FloatBound::AtLeast(value),
                (true, true) => FloatBound::Above(value),
                (false, false) => FloatBound::AtMost(value),
                (false, true) => FloatBound::Below(value),
            });
        }
        DataType::Decimal128(_, scale) => i32::from(*scale),
        _ => 0,
    };
    let (min, max) = match (bound.lower, bound.exclusive) {
        (true, false) => (value.ceil(scale), i128::MAX),
        (true, true) => (value.floor(scale).saturating_add(1), i128::MAX),
        (false, false) => (i128::MIN, value.floor(scale)),
        (false, true) => (i128::MIN, value.ceil(scale).saturating_sub(1)),
    };
    Range::Whole { min, max }
}
