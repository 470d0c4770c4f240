//! Service levels that the rows of a batch tell of.

use arrow_schema::DataType;

use super::builder::{Builder, Column, Named, with_path};
use crate::plan::{Level, Measure};
use crate::reader::At;

/// Names and the standard's short ones.
const MEASURED: [(&str, &str, Measure); 3] = [
    ("freshness", "", Measure::Newest),
    ("latency", "ly", Measure::Oldest),
    ("retention", "re", Measure::Oldest),
];
const MICROS_PER_SECOND: i64 = 1_000_000;

impl Builder<'_> {
    /// `default_element` names the column of those that name none.
    pub fn service_level(&mut self, at: &At<'_>, default_element: Option<&str>) {
        let Some(property) = at.text("property", &mut self.issues) else {
            return self.issues.missing(at, "property", "the name of a service level");
        };
        let id = with_path("sla", Some(property));
        let short = property.to_ascii_lowercase();
        if short == "frequency" || short == "fy" {
            return self.frequency(at, &id);
        }
        let known = MEASURED.iter().find(|(name, abbreviation, _)| {
            *name == short || (!short.is_empty() && *abbreviation == short)
        });
        let Some((_, _, measure)) = known else {
            let reason = "is promised to people; the rows of a stream do not tell of it";
            return self.informational(at, id, reason);
        };
        let element = at.text("element", &mut self.issues).or(default_element);
        let Some(element) = element else {
            let reason = "names no column to measure: give it an element";
            return self.not_enforced(at, id, reason);
        };
        let columns: Vec<Column> =
            element.split(',').filter_map(|name| self.dated(name.trim())).cloned().collect();
        let [column] = columns.as_slice() else {
            let reason = format!("'{element}' is not one date or timestamp of this schema");
            return self.not_enforced(at, id, reason);
        };
        let Some((limit, unit)) = self.duration(at) else { return };
        let rule = self.level_rule(at, &id, Some(&column.path));
        let (measure, indices) = (*measure, column.indices.clone());
        self.plan.levels.push(Level { rule, measure, column: indices, limit, unit });
    }

    fn frequency(&mut self, at: &At<'_>, id: &str) {
        let Some((limit, unit)) = self.duration(at) else { return };
        let rule = self.level_rule(at, id, None);
        self.plan.levels.push(Level {
            rule,
            measure: Measure::Gap,
            column: Vec::new(),
            limit,
            unit,
        });
    }

    /// Warns: what is late is not wrong.
    fn level_rule(&mut self, at: &At<'_>, id: &str, column: Option<&str>) -> u16 {
        self.enforce_batch(at, Named { id, column }, headgate_model::Severity::Warn)
    }

    /// `column`, or `table.column`; by logical or physical names.
    fn dated(&self, element: &str) -> Option<&Column> {
        let is_moment = |column: &&Column| {
            !column.in_list
                && matches!(column.data_type, DataType::Date32 | DataType::Timestamp(..))
        };
        let called = |name: &str, column: &&Column| {
            [&column.path, &column.name_path].iter().any(|path| *path == name)
        };
        let in_table = element.split_once('.').map(|(_, name)| name);
        let moments = || self.columns.iter().filter(is_moment);
        moments()
            .find(|column| called(element, column))
            .or_else(|| moments().find(|column| in_table.is_some_and(|name| called(name, column))))
    }

    /// Microseconds of the limit and of its unit.
    fn duration(&mut self, at: &At<'_>) -> Option<(i64, i64)> {
        let Some(value) = at.get("value") else {
            self.issues.missing(at, "value", "a number");
            return None;
        };
        let number = value.as_number().or_else(|| crate::decimal::Decimal::parse(value.as_text()?));
        let Some(number) = number else {
            let id = with_path("sla", at.get("property").and_then(|at| at.as_text()));
            self.not_enforced(at, id, "its value is no number");
            return None;
        };
        let Some(unit) = micros_of(at.text("unit", &mut self.issues).unwrap_or("d")) else {
            let at = at.get("unit")?;
            self.issues.add(&at, "a unit of time, such as h, d or y");
            return None;
        };
        let limit = number.to_f64() * unit as f64;
        // Beyond 2^63 microseconds nothing is late.
        Some((limit.min(i64::MAX as f64) as i64, unit))
    }
}

/// Microseconds of a unit of time.
pub(crate) fn micros_of(unit: &str) -> Option<i64> {
    let seconds = match unit.to_ascii_lowercase().as_str() {
        "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        "y" | "yr" | "year" | "years" => 31_557_600,
        _ => return None,
    };
    Some(seconds * MICROS_PER_SECOND)
}
