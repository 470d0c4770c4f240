//! Lists of values, as the column's type holds them.

use arrow_schema::DataType;

use super::builder::{Builder, Column, NOT_OF_BYTES, with_path};
use crate::decimal::Decimal;
use crate::node::Value;
use crate::plan::FieldCheck;
use crate::reader::At;
use crate::rule::Test;
use crate::rule::values::{TextSet, Values};

/// What becomes of a listed value that no value of the column can equal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    Refuse,
    /// `N/A` may stand for a missing number where it is text.
    Ignore,
}

impl<'a> Builder<'a> {
    /// v3.2's `enum`, of values or of `{ value }`.
    pub fn enumeration(
        &mut self,
        list: Option<&At<'a>>,
        column: &Column,
        checks: &mut Vec<FieldCheck>,
    ) {
        let Some(list) = list else { return };
        if column.is_bytes() {
            let id = with_path("enum", Some(&column.path));
            return self.not_enforced(list, id, NOT_OF_BYTES);
        }
        let items = list.items(&mut self.issues);
        if items.is_empty() {
            return self.issues.add(list, "at least one value");
        }
        let items: Vec<At<'a>> =
            items.into_iter().map(|item| item.entry("value").unwrap_or(item)).collect();
        for index in 0..items.len() {
            self.is_repeated(&items, index, "values that differ");
        }
        if let Some((values, _)) = self.values(items, list, column, Stray::Refuse) {
            checks.push(self.check(list, "enum", column, Test::OneOf(values)));
        }
    }

    /// The values, and whether NULL is among them.
    pub fn values(
        &mut self,
        items: Vec<At<'a>>,
        list: &At<'_>,
        column: &Column,
        stray: Stray,
    ) -> Option<(Values, bool)> {
        if column.logical.is_nested() {
            self.issues.add_actual(list, "a property of a scalar type", column.logical.as_str());
            return None;
        }
        let (nulls, items): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| matches!(item.node.value, Value::Null));
        let mut take = Take { builder: self, stray };
        let values = match &column.data_type {
            DataType::Boolean => {
                let bools = take.each(&items, "true or false", |item| match item.node.value {
                    Value::Bool(value) => Some(value),
                    _ => None,
                });
                Values::Bool { yes: bools.contains(&true), no: bools.contains(&false) }
            }
            DataType::Float64 => Values::Float(take.each(&items, "a number", float)),
            DataType::Float32 => {
                let round = |item: &At<'_>| float(item).map(|value| f64::from(value as f32));
                Values::Float(take.each(&items, "a number", round))
            }
            DataType::Decimal128(_, scale) => {
                let scale = i32::from(*scale);
                let units = |item: &At<'_>| item.as_number()?.units(scale);
                Values::Decimal(take.each(&items, "a number of the column's scale", units))
            }
            DataType::Date32 => Values::Whole(
                take.each(&items, "a date", |item| column.date(item.as_text()?).map(i64::from)),
            ),
            DataType::Timestamp(..) => Values::Whole(
                take.each(&items, "a timestamp", |item| column.timestamp(item.as_text()?)),
            ),
            DataType::Utf8 => {
                let texts = take.each(&items, "text", At::as_text);
                Values::Text(Box::new(TextSet::new(texts)))
            }
            _ => Values::Whole(take.each(&items, "a whole number", |item| {
                i64::try_from(item.as_number()?.units(0)?).ok()
            })),
        };
        Some((values, !nulls.is_empty()))
    }
}

fn float(item: &At<'_>) -> Option<f64> {
    item.as_number().map(Decimal::to_f64)
}

struct Take<'b, 'a> {
    builder: &'b mut Builder<'a>,
    stray: Stray,
}

impl Take<'_, '_> {
    fn each<'i, T>(
        &mut self,
        items: &'i [At<'i>],
        expected: &str,
        read: impl Fn(&'i At<'i>) -> Option<T>,
    ) -> Vec<T> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match read(item) {
                Some(value) => values.push(value),
                None if self.stray == Stray::Refuse => self.builder.issues.add(item, expected),
                None => {}
            }
        }
        values
    }
}
