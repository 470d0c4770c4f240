//! `logicalTypeOptions`.

use super::builder::{Builder, Column, NOT_OF_BYTES, Scope, with_path};
use crate::document::Property;
use crate::plan::{FieldCheck, FieldPlan, Target};
use crate::reader::At;
use crate::rule::Test;
use crate::rule::format::Format;
use crate::rule::items::ItemCount;
use crate::rule::multiple::Multiple;
use crate::rule::pattern::{Pattern, PatternFault};
use crate::rule::range::Range;
use crate::types::Logical;
use arrow_schema::DataType;

impl<'a> Builder<'a> {
    pub fn options(
        &mut self,
        property: &Property<'a>,
        column: &Column,
        format_bounds: Option<(i128, i128)>,
        checks: &mut Vec<FieldCheck>,
    ) {
        let logical = column.logical;
        let ordered = matches!(
            logical,
            Logical::Number | Logical::Integer | Logical::Date | Logical::Timestamp | Logical::Time
        );
        if ordered {
            self.bounds(property, column, checks);
        }
        for (key, at) in &property.options {
            match (*key, logical) {
                ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum", _) if ordered => {
                }
                ("enum", _) => self.enumeration(Some(at), column, checks),
                ("pattern" | "format", _) if column.is_bytes() => {
                    self.not_enforced(at, with_path(key, Some(&column.path)), NOT_OF_BYTES);
                }
                ("minLength" | "maxLength", Logical::Text) => {
                    let Some(count) = at.count(&mut self.issues) else { continue };
                    let check = if *key == "minLength" {
                        self.check(at, "min_length", column, Test::MinLength(count))
                    } else {
                        self.contradiction(property, "minLength", at, count);
                        self.check(at, "max_length", column, Test::MaxLength(count))
                    };
                    checks.push(check);
                }
                ("pattern", Logical::Text) => {
                    let id = with_path("pattern", Some(&column.path));
                    if let Some(pattern) = self.pattern(at, &id) {
                        checks.push(self.check(at, "pattern", column, Test::Pattern(pattern)));
                    }
                }
                ("format", Logical::Text) => checks.extend(self.text_format(at, column)),
                ("format", Logical::Number | Logical::Integer) => {
                    checks.extend(self.number_format(at, column, format_bounds));
                }
                // Of how values are written; decoding reads them so.
                ("format" | "timezone" | "defaultTimezone", Logical::Timestamp | Logical::Time)
                | ("format", Logical::Date) => {
                    let rule = if logical == Logical::Time { "format" } else { "type" };
                    let rule = with_path(rule, Some(&column.path));
                    self.cover(at, rule, crate::CoverageStatus::Enforced, None);
                }
                ("multipleOf", Logical::Number | Logical::Integer) => {
                    checks.extend(self.multiple(at, column));
                }
                ("minItems" | "maxItems", Logical::Array)
                | ("minProperties" | "maxProperties", Logical::Map) => {
                    let Some(count) = at.count(&mut self.issues) else { continue };
                    let range = if key.starts_with("min") {
                        ItemCount { min: count, max: u64::MAX }
                    } else {
                        self.contradiction(property, &key.replacen("max", "min", 1), at, count);
                        ItemCount { min: 0, max: count }
                    };
                    checks.push(self.check(at, &snake(key), column, Test::Items(range)));
                }
                ("uniqueItems", Logical::Array) => self.unique_items(property, at, column, checks),
                // Compiled with the object's fields.
                ("required", Logical::Object) => {}
                _ => {
                    let id = with_path(&snake(key), Some(&column.path));
                    let reason = match *key {
                        "minProperties" | "maxProperties" => {
                            "columns do not keep the number of keys"
                        }
                        _ => "not an option of this logical type",
                    };
                    self.not_enforced(at, id, reason);
                }
            }
        }
    }

    /// Rules for the fields that an object's `required` names.
    pub fn required_fields(
        &mut self,
        property: &Property<'a>,
        scope: &Scope,
        plans: &mut Vec<FieldPlan>,
    ) {
        let Some((_, list)) = property.options.iter().find(|(key, _)| *key == "required") else {
            return;
        };
        let names = list.items(&mut self.issues);
        if names.is_empty() {
            self.issues.add(list, "at least one name");
        }
        for (index, at) in names.iter().enumerate() {
            if self.is_repeated(&names, index, "names that differ") {
                continue;
            }
            let Some(name) = at.as_text() else {
                self.issues.add(at, "the name of a property");
                continue;
            };
            let known = property.properties.iter().flatten().filter(|p| p.measure.is_none());
            let position = known.clone().position(|p| p.name == name || p.column == name);
            let (Some(index), Some(child)) =
                (position, position.and_then(|index| known.clone().nth(index)))
            else {
                self.issues.add(at, "a property of the object");
                continue;
            };
            if child.required.is_some() || child.primary_key.is_some() {
                continue;
            }
            let Some((parent, _)) = &scope.path else { continue };
            let path = format!("{parent}.{}", child.column);
            let column = self.columns.iter().find(|column| column.path == path).cloned();
            let Some(column) = column else { continue };
            let check = self.check(at, "required", &column, Test::Null);
            match plans.iter_mut().find(|plan| plan.column == index) {
                Some(plan) => plan.checks.push(check),
                None => plans.push(FieldPlan {
                    field: column.field,
                    column: index,
                    checks: vec![check],
                    children: crate::plan::Children::None,
                }),
            }
        }
    }

    /// `None` where it cannot be used, which is then said.
    pub fn pattern(&mut self, at: &At<'_>, id: &str) -> Option<Pattern> {
        let Some(text) = at.as_text() else {
            self.issues.add(at, "a regular expression");
            return None;
        };
        match Pattern::compile(text) {
            Ok(pattern) => Some(pattern),
            Err(PatternFault::Unsupported(reason)) => {
                self.not_enforced(at, id, reason);
                None
            }
            Err(PatternFault::Malformed(reason)) => {
                let actual = format!("{}: {reason}", at.node.describe());
                self.issues.add_actual(at, "a regular expression", actual);
                None
            }
        }
    }

    fn contradiction(&mut self, property: &Property<'_>, lower: &str, at: &At<'_>, upper: u64) {
        let lower_at = property.options.iter().find(|(key, _)| *key == lower).map(|(_, at)| at);
        let least = lower_at.and_then(At::as_number).map_or(0, |number| number.ceil(0));
        if least > i128::from(upper) {
            self.issues.add(at, format!("no less than {lower}, which is {least}"));
        }
    }

    fn text_format(&mut self, at: &At<'_>, column: &Column) -> Option<FieldCheck> {
        let Some(name) = at.as_text() else {
            self.issues.add(at, "the name of a format");
            return None;
        };
        if let Some(format) = Format::parse(name) {
            return Some(self.check(at, "format", column, Test::Format(format)));
        }
        let id = with_path("format", Some(&column.path));
        match name {
            "password" => self.informational(at, id, "says how to show a value"),
            _ => self.not_enforced(at, id, format!("the format '{name}' is not built")),
        }
        None
    }

    fn number_format(
        &mut self,
        at: &At<'_>,
        column: &Column,
        bounds: Option<(i128, i128)>,
    ) -> Option<FieldCheck> {
        if let Some((min, max)) = bounds {
            return Some(self.check(at, "format", column, Test::Range(Range::Whole { min, max })));
        }
        let known = ["i8", "i16", "i32", "i64", "i128", "f32", "f64"];
        if at.as_text().is_some_and(|name| known.contains(&name)) {
            // The column's type is the format.
            let type_rule = with_path("type", Some(&column.path));
            self.cover(at, type_rule, crate::CoverageStatus::Enforced, None);
        } else {
            let reason = format!("the format {} is not built", at.node.describe());
            self.not_enforced(at, with_path("format", Some(&column.path)), reason);
        }
        None
    }

    fn multiple(&mut self, at: &At<'_>, column: &Column) -> Option<FieldCheck> {
        let step = at.number(&mut self.issues)?;
        if step.mantissa <= 0 {
            self.issues.add(at, "a number above 0");
            return None;
        }
        let multiple = match column.data_type {
            DataType::Float32 | DataType::Float64 => Multiple::of_float(step),
            DataType::Decimal128(_, scale) => Multiple::of_whole(step, i32::from(scale)),
            _ => Multiple::of_whole(step, 0),
        };
        match multiple {
            Some(multiple) => Some(self.check(at, "multiple_of", column, Test::Multiple(multiple))),
            None => {
                let id = with_path("multiple_of", Some(&column.path));
                self.not_enforced(at, id, "too many digits to be checked exactly");
                None
            }
        }
    }

    fn unique_items(
        &mut self,
        property: &Property<'_>,
        at: &At<'_>,
        column: &Column,
        checks: &mut Vec<FieldCheck>,
    ) {
        use crate::node::Value;
        match at.node.value {
            Value::Bool(false) => return,
            Value::Bool(true) => {}
            _ => return self.issues.add(at, "true or false"),
        }
        let nested = property.items.as_deref().is_some_and(|item| {
            item.properties.is_some()
                || item.items.is_some()
                || item.map.is_some()
                || item.logical_type.as_ref().is_some_and(|at| at.as_text() == Some("object"))
        });
        if nested {
            let id = with_path("unique_items", Some(&column.path));
            return self.not_enforced(
                at,
                id,
                "elements that are objects, arrays or maps are not compared",
            );
        }
        let rule = self.enforce_on(at, "unique_items", column);
        checks.push(FieldCheck { test: Test::UniqueItems, target: Target::Row(rule) });
    }
}

/// `minLength` → `min_length`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
