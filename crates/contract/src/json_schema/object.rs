//! What is below a value: properties, items, entries of a map.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields};
use serde_json::Value;

use super::compile::{Column, Compiler, Slot};
use super::form::{Conjunct, Conjuncts, Form, Kind, Part, says_something};
use super::source::issue;
use crate::plan::{Children, FieldPlan};

impl<'a> Compiler<'a> {
    /// Type of the column and what is checked below it. Without a column, and where the column is
    /// text, what is below has none either.
    pub fn below(
        &mut self,
        found: &Conjuncts<'a>,
        column: Option<&Column>,
    ) -> (DataType, Children) {
        let Some(column) = column.filter(|column| column.is_open) else {
            self.without_columns(found);
            return (DataType::Utf8, Children::None);
        };
        match column.form.kind {
            Kind::Object if map_value(found).is_some() => self.map(found, column),
            Kind::Object => {
                let (fields, plans) = self.fields(found, Some(&column.path));
                let children =
                    if plans.is_empty() { Children::None } else { Children::Struct(plans) };
                (DataType::Struct(fields.into()), children)
            }
            Kind::Array => self.list(found, column),
            kind => {
                if kind == Kind::Any {
                    self.without_columns(found);
                }
                (scalar(kind), Children::None)
            }
        }
    }

    /// The columns of properties. `parent`: the path of the object, but for the payload itself.
    pub fn fields(
        &mut self,
        found: &Conjuncts<'a>,
        parent: Option<&str>,
    ) -> (Vec<Field>, Vec<FieldPlan>) {
        let (mut fields, mut plans) = (Vec::<Field>::new(), Vec::new());
        let mut required = found.required();
        for (name, parts) in found.properties() {
            let location = parts.first().map(|part| part.location.clone()).unwrap_or_default();
            // Delta's columns differ by more than case.
            if fields.iter().any(|known| known.name().eq_ignore_ascii_case(name)) {
                let expected = "a name of its own, whatever the case";
                self.issues.push(issue(&location, expected, format!("'{name}' again")));
            }
            let (own, others) = required.into_iter().partition(|(other, _)| *other == name);
            required = others;
            let own: Vec<(&str, String)> = own;
            let slot = Slot {
                path: parent.map_or(name.to_owned(), |parent| format!("{parent}.{name}")),
                location,
                name: name.to_owned(),
                index: fields.len(),
                is_nested: parent.is_some(),
                required: own.into_iter().map(|(_, location)| location).collect(),
            };
            let Some((field, plan)) = self.value(parts, Some(slot)) else { continue };
            fields.push(field);
            if !plan.is_idle() {
                plans.push(plan);
            }
        }
        for (_, location) in required {
            self.judge(&location, None);
        }
        self.elements(found, "additionalProperties");
        (fields, plans)
    }

    fn list(&mut self, found: &Conjuncts<'a>, column: &Column) -> (DataType, Children) {
        let Some(items) = found.only("items") else { return (DataType::Utf8, Children::None) };
        let slot = part_slot(&items, format!("{}[]", column.path), "element", 0);
        match self.value(vec![items], Some(slot)) {
            Some((field, plan)) => {
                let children =
                    if plan.is_idle() { Children::None } else { Children::List(Box::new(plan)) };
                (DataType::List(Arc::new(field)), children)
            }
            None => (DataType::Utf8, Children::None),
        }
    }

    fn map(&mut self, found: &Conjuncts<'a>, column: &Column) -> (DataType, Children) {
        for (_, location) in found.required() {
            self.judge(&location, Some(&column.path));
        }
        let Some(values) = map_value(found) else { return (DataType::Utf8, Children::None) };
        // A key that is there twice is what is wrong with the map.
        let rule = self.plan.type_rules[column.field as usize];
        self.plan.type_rules.push(rule);
        self.plan.subtree_ends.push(self.plan.type_rules.len() as u32);
        let slot = part_slot(&values, format!("{}{{}}", column.path), "value", 1);
        let Some((value, plan)) = self.value(vec![values], Some(slot)) else {
            return (DataType::Utf8, Children::None);
        };
        let entries = Fields::from(vec![Field::new("key", DataType::Utf8, false), value]);
        // Delta's names.
        let entries = Field::new("key_value", DataType::Struct(entries), false);
        let children = if plan.is_idle() { Children::None } else { Children::Map(vec![plan]) };
        (DataType::Map(Arc::new(entries), false), children)
    }

    fn without_columns(&mut self, found: &Conjuncts<'a>) {
        for (_, parts) in found.properties() {
            self.value(parts, None);
        }
        for (_, location) in found.required() {
            self.judge(&location, None);
        }
        self.elements(found, "items");
        self.elements(found, "additionalProperties");
    }

    fn elements(&mut self, found: &Conjuncts<'a>, keyword: &str) {
        for one in &found.all {
            if let Some(schema) = one.keywords.get(keyword)
                && is_looked_into(one, keyword, schema)
            {
                self.value(vec![one.part(schema, &[keyword])], None);
            }
        }
    }

    /// Of the elements of a list that is one.
    pub fn items(&mut self, found: &Conjuncts<'a>, form: Form) -> Option<Kind> {
        let is_list = form.kind == Kind::Array && !found.has("prefixItems");
        let items = found.only("items").filter(|_| is_list)?;
        Some(self.conjuncts(vec![items]).form().kind)
    }
}

/// True of `items` and `additionalProperties` whose schema is looked into: it says something, and
/// of all elements or entries.
pub(crate) fn is_looked_into(one: &Conjunct<'_>, keyword: &str, schema: &Value) -> bool {
    let has = |name: &str| one.keywords.get(name).is_some_and(says_something);
    let is_of_all = match keyword {
        "items" => !one.keywords.contains_key("prefixItems"),
        _ => !has("properties") && !one.keywords.contains_key("patternProperties"),
    };
    is_of_all && says_something(schema)
}

/// The schema of the values of a map, if that is what an object is.
pub(crate) fn map_value<'a>(found: &Conjuncts<'a>) -> Option<Part<'a>> {
    let is_map = found.properties().is_empty() && !found.has("patternProperties");
    found.only("additionalProperties").filter(|_| is_map)
}

fn part_slot(part: &Part<'_>, path: String, name: &str, index: usize) -> Slot {
    let (location, name) = (part.location.clone(), name.to_owned());
    Slot { path, location, name, index, is_nested: true, required: Vec::new() }
}

fn scalar(kind: Kind) -> DataType {
    match kind {
        Kind::Integer => DataType::Int64,
        Kind::Number => DataType::Float64,
        Kind::Boolean => DataType::Boolean,
        Kind::Text | Kind::Object | Kind::Array | Kind::Any => DataType::Utf8,
    }
}
