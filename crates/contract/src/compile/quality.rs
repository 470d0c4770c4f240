//! Data quality rules.

use super::builder::{Builder, Column, NOT_OF_BYTES, Named, with_path};
use super::lasting::Scoped;
use super::options::snake;
use super::values::Stray;
use crate::plan::{Aim, Counted, FieldCheck, KeyPlan, Lasting, RuleNumber, Target};
use crate::reader::At;
use crate::rule::Test;
use crate::rule::metric::{Metric, Operator};
use crate::rule::values::{Invalid, Missing};
use crate::types::Logical;

const METRICS: [&str; 5] =
    ["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"];
const KEYS: [&str; 20] = [
    "arguments",
    "authoritativeDefinitions",
    "businessImpact",
    "customProperties",
    "description",
    "dimension",
    "engine",
    "id",
    "implementation",
    "method",
    "metric",
    "name",
    "query",
    "rule",
    "schedule",
    "scheduler",
    "severity",
    "tags",
    "type",
    "unit",
];

/// A library metric that is well formed so far.
struct Library<'r, 'a> {
    at: &'r At<'a>,
    id: String,
    must: Operator,
    percent: bool,
    column: Option<&'r Column>,
    /// `None`: the open batch.
    scoped: Option<Scoped>,
}

impl Library<'_, '_> {
    fn named(&self) -> Named<'_> {
        Named { id: &self.id, column: self.column.map(|column| column.path.as_str()) }
    }

    fn names_rows(&self) -> bool {
        self.must == Operator::Be(0.0) && !self.percent && self.column.is_some()
    }
}

impl<'a> Builder<'a> {
    /// A rule of a property, or of the schema object where there is no column.
    pub fn quality(&mut self, at: &At<'a>, column: Option<&Column>) -> Option<FieldCheck> {
        let path = column.map(|column| column.path.as_str());
        let name = ["id", "name"].iter().find_map(|key| at.get(key)?.node.scalar_text());
        let id = |default: &str| name.map_or_else(|| with_path(&snake(default), path), Into::into);
        for (key, at) in at.entries(&mut self.issues) {
            if !KEYS.contains(&key) && !Operator::NAMES.contains(&key) {
                self.unknown_key(&at);
            }
        }
        match at.text("type", &mut self.issues) {
            None | Some("library") => {}
            Some("text") => {
                self.informational(at, id("text"), "says to people what they may expect");
                return None;
            }
            Some("sql") => {
                let before = self.rules.len();
                self.sql(at, &id("sql"), column);
                self.schedule_last(at, before, &id("sql"));
                return None;
            }
            Some("custom") => {
                self.custom(at, &id("custom"), column);
                return None;
            }
            Some(_) => {
                let at = at.get("type")?;
                self.issues.add(&at, "text, library, sql or custom");
                return None;
            }
        }
        let metric_at = at
            .get("metric")
            .or_else(|| at.get("rule").filter(|at| METRICS.contains(&at.as_text().unwrap_or(""))));
        let Some(metric_at) = metric_at else {
            self.not_enforced(at, id("quality"), "no metric: what is compared is not said");
            return None;
        };
        let Some(metric) = metric_at.as_text().filter(|name| METRICS.contains(name)) else {
            self.issues.add(&metric_at, METRICS.join(", "));
            return None;
        };
        let id = id(metric);
        let must = self.operator(at)?;
        let percent = self.percent(at, &id)?;
        let scoped = self.scope(at, metric).ok()?;
        let library = Library { at, id, must, percent, column, scoped };
        let before = self.rules.len();
        let check = self.library(&library, metric, &metric_at);
        self.schedule_last(at, before, &library.id);
        check
    }

    /// True where a share is judged instead of a count. `None`: the unit is not built.
    pub fn percent(&mut self, at: &At<'_>, id: &str) -> Option<bool> {
        match at.text("unit", &mut self.issues) {
            None | Some("rows") => Some(false),
            Some("percent") => Some(true),
            Some(unit) => {
                self.not_enforced(at, id, format!("the unit '{unit}' is not built"));
                None
            }
        }
    }

    /// The rule that was compiled since there were `before`.
    pub fn schedule_last(&mut self, at: &At<'a>, before: usize, id: &str) {
        if let Some(rule) = self.rules.len().checked_sub(1).filter(|last| *last >= before) {
            self.schedule(at, RuleNumber::try_from(rule).unwrap_or(RuleNumber::MAX), id);
        }
    }

    fn library(
        &mut self,
        library: &Library<'_, 'a>,
        metric: &str,
        metric_at: &At<'_>,
    ) -> Option<FieldCheck> {
        let arguments = self.arguments(library, metric);
        let argument =
            |key: &str| arguments.iter().find(|(name, _)| *name == key).map(|(_, at)| at);
        match (metric, library.column) {
            ("rowCount", _) => {
                if library.percent {
                    let at = library.at.get("unit")?;
                    self.issues.add(&at, "rows");
                    return None;
                }
                match &library.scoped {
                    Some(scoped) => self.lasting(library, scoped, Counted::Rows),
                    None => {
                        self.metric(library, true);
                    }
                }
                None
            }
            ("duplicateValues", _) => {
                self.duplicates(library, argument("properties"));
                None
            }
            (_, None) => {
                self.issues.add(metric_at, "rowCount or duplicateValues; others go to a property");
                None
            }
            ("nullValues", Some(_)) => Some(self.found(library, Test::Null)),
            ("missingValues", Some(column)) => {
                let missing = match argument("missingValues") {
                    None => Missing { null: true, values: None },
                    Some(list) if column.is_bytes() => {
                        self.not_enforced(list, library.id.clone(), NOT_OF_BYTES);
                        return None;
                    }
                    Some(list) => {
                        let items = list.items(&mut self.issues);
                        let (values, null) = self.values(items, list, column, Stray::Ignore)?;
                        Missing { null, values: Some(values) }
                    }
                };
                Some(self.found(library, Test::Missing(missing)))
            }
            (_, Some(column)) => {
                let invalid =
                    self.invalid(library, column, argument("validValues"), argument("pattern"))?;
                Some(self.found(library, Test::Invalid(invalid)))
            }
        }
    }

    /// Arguments that the metric takes; others are said to be ignored.
    fn arguments(&mut self, library: &Library<'_, 'a>, metric: &str) -> Vec<(&'a str, At<'a>)> {
        let entries = library.at.get("arguments").map(|at| at.entries(&mut self.issues));
        let (known, others): (Vec<_>, Vec<_>) =
            entries.unwrap_or_default().into_iter().partition(|(key, _)| match metric {
                "missingValues" => *key == "missingValues",
                "invalidValues" => matches!(*key, "validValues" | "pattern"),
                "duplicateValues" => *key == "properties" && library.column.is_none(),
                _ => false,
            });
        for (_, at) in others {
            self.not_enforced(&at, library.id.clone(), format!("not an argument of {metric} here"));
        }
        known
    }

    fn invalid(
        &mut self,
        library: &Library<'_, 'a>,
        column: &Column,
        values: Option<&At<'a>>,
        pattern: Option<&At<'a>>,
    ) -> Option<Invalid> {
        if values.is_none() && pattern.is_none() {
            self.issues.missing(library.at, "arguments", "validValues or a pattern");
        }
        if column.is_bytes() {
            self.not_enforced(library.at, library.id.clone(), NOT_OF_BYTES);
            return None;
        }
        if let Some(at) = pattern.filter(|_| column.logical != Logical::Text) {
            self.issues.add_actual(at, "a property of type string", column.logical.as_str());
            return None;
        }
        let values = match values {
            None => None,
            Some(list) => {
                let items = list.items(&mut self.issues);
                Some(self.values(items, list, column, Stray::Refuse)?.0)
            }
        };
        let pattern = match pattern {
            None => None,
            Some(at) => Some(self.pattern(at, &library.id)?),
        };
        Some(Invalid { values, pattern })
    }

    fn duplicates(&mut self, library: &Library<'_, 'a>, properties: Option<&At<'a>>) {
        let columns = match (library.column, properties) {
            (Some(column), _) => vec![column.clone()],
            (None, None) => {
                return self.issues.missing(
                    library.at,
                    "arguments.properties",
                    "names of properties",
                );
            }
            (None, Some(list)) => {
                let Some(columns) = self.columns_of(list) else { return };
                columns
            }
        };
        if let Some(reason) = columns.iter().find_map(Column::no_key) {
            return self.not_enforced(library.at, library.id.clone(), reason);
        }
        let columns = columns.into_iter().map(|column| column.indices).collect();
        if let Some(scoped) = &library.scoped {
            let repeated =
                if scoped.estimated { Counted::AboutRepeated } else { Counted::Repeated };
            return self.lasting(library, scoped, repeated(columns));
        }
        let target = self.target(library);
        self.plan.keys.push(KeyPlan { columns, target });
    }

    /// The columns that a list names, by their names or their physical names.
    pub fn columns_of(&mut self, list: &At<'_>) -> Option<Vec<Column>> {
        let mut columns = Vec::new();
        for at in list.items(&mut self.issues) {
            let name = at.as_text();
            let known = self.columns.iter().find(|column| {
                [column.path.as_str(), &column.name_path].contains(&name.unwrap_or(""))
            });
            match known {
                Some(column) => columns.push(column.clone()),
                None => self.issues.add(&at, "the name of a property"),
            }
        }
        if columns.is_empty() {
            self.issues.add(list, "names of properties");
            return None;
        }
        Some(columns)
    }

    fn found(&mut self, library: &Library<'_, 'a>, test: Test) -> FieldCheck {
        FieldCheck { test, target: self.target(library) }
    }

    fn lasting(&mut self, library: &Library<'_, 'a>, scoped: &Scoped, counted: Counted) {
        let names_rows = matches!(counted, Counted::Repeated(_)) && library.names_rows();
        let aim = if names_rows {
            Aim::Row(self.enforce_rows(library.at, library.named()))
        } else {
            let severity = self.severity(library.at);
            let rule = self.enforce_batch(library.at, library.named(), severity);
            Aim::Measure { rule, percent: library.percent, must: library.must }
        };
        let (Aim::Row(rule) | Aim::Measure { rule, .. }) = aim;
        if let Some(info) = self.rule_mut(rule) {
            info.scope = scoped.scope();
            info.estimated = scoped.estimated;
        }
        if names_rows {
            self.remark(
                "over the rows of the output: rows that break other rules are not compared",
            );
        }
        self.plan.lasting.push(Lasting { reach: scoped.reach, counted, aim });
    }

    /// A property that must have none at all names rows; every other count judges the batch.
    fn target(&mut self, library: &Library<'_, 'a>) -> Target {
        if library.names_rows() {
            Target::Row(self.enforce_rows(library.at, library.named()))
        } else {
            Target::Metric(self.metric(library, false))
        }
    }

    fn metric(&mut self, library: &Library<'_, 'a>, of_rows: bool) -> usize {
        let severity = self.severity(library.at);
        let rule = self.enforce_batch(library.at, library.named(), severity);
        let (must, percent) = (library.must, library.percent);
        self.plan.metrics.push(Metric { rule, of_rows, percent, must });
        self.plan.metrics.len() - 1
    }

    /// The one operator of a rule.
    pub fn operator(&mut self, at: &At<'_>) -> Option<Operator> {
        let given: Vec<_> =
            Operator::NAMES.iter().filter_map(|name| Some((*name, at.get(name)?))).collect();
        let [(name, value)] = given.as_slice() else {
            let names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
            let actual = if names.is_empty() { "none".into() } else { names.join(" and ") };
            self.issues.add_actual(at, "one operator, such as mustBe", actual);
            return None;
        };
        if let "mustBeBetween" | "mustNotBeBetween" = *name {
            let ends: Vec<_> = value.items(&mut self.issues);
            let numbers: Vec<_> =
                ends.iter().filter_map(|at| Some(at.as_number()?.to_f64())).collect();
            return match numbers.as_slice() {
                [low, high] if ends.len() == 2 && low < high => Some(match *name {
                    "mustBeBetween" => Operator::BeBetween(*low, *high),
                    _ => Operator::NotBeBetween(*low, *high),
                }),
                _ => {
                    self.issues.add(value, "two numbers, the smaller first");
                    None
                }
            };
        }
        let number = value.number(&mut self.issues)?.to_f64();
        Some(match *name {
            "mustBe" => Operator::Be(number),
            "mustNotBe" => Operator::NotBe(number),
            "mustBeGreaterThan" => Operator::BeGreaterThan(number),
            "mustBeGreaterOrEqualTo" => Operator::BeGreaterOrEqualTo(number),
            "mustBeLessThan" => Operator::BeLessThan(number),
            _ => Operator::BeLessOrEqualTo(number),
        })
    }
}
