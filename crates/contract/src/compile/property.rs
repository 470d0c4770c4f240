//! A property → a field, its rules, and its children.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields};

use super::builder::{Builder, Column, Member, Named, Scope, with_path};
use super::options::snake;
use crate::document::Property;
use crate::plan::{Children, FieldCheck, FieldPlan, KeyPlan, Target};
use crate::reader::At;
use crate::rule::Test;
use crate::rule::format::Format;
use crate::types::{Logical, scalar_type};

impl<'a> Builder<'a> {
    pub fn properties(
        &mut self,
        properties: &[Property<'a>],
        scope: &Scope,
    ) -> (Vec<Field>, Vec<FieldPlan>) {
        let (mut fields, mut plans) = (Vec::new(), Vec::new());
        for property in properties {
            if let Some(at) = &property.measure {
                let reason = "a measure is computed by readers, and is no column";
                self.informational(at, with_path("measure", Some(&property.column)), reason);
                continue;
            }
            let (field, plan) = self.property(property, scope, fields.len(), None);
            fields.push(field);
            if !plan.is_idle() {
                plans.push(plan);
            }
        }
        (fields, plans)
    }

    fn property(
        &mut self,
        property: &Property<'a>,
        scope: &Scope,
        index: usize,
        item_path: Option<(String, String)>,
    ) -> (Field, FieldPlan) {
        let logical = Logical::of(property, &mut self.issues).unwrap_or(Logical::Text);
        let scalar = scalar_type(logical, property, &mut self.issues);
        let (path, name_path) = item_path.unwrap_or_else(|| match &scope.path {
            Some((path, name_path)) => {
                (format!("{path}.{}", property.column), format!("{name_path}.{}", property.name))
            }
            None => (property.column.clone(), property.name.clone()),
        });
        let field = self.plan.type_rules.len() as u32;
        let indices = scope.indices.iter().copied().chain([index]).collect();
        let column = Column {
            path,
            name_path,
            field,
            logical,
            data_type: scalar.data_type.clone(),
            indices,
            in_list: scope.in_list,
            moment: self.moment(property, logical),
        };
        self.columns.push(column.clone());

        let type_at = property.logical_type.as_ref().unwrap_or(&property.at);
        let type_rule = self.enforce_on(type_at, "type", &column);
        self.plan.type_rules.push(type_rule);
        self.plan.subtree_ends.push(0);
        if let Some(rule) = self.rule_mut(type_rule) {
            rule.unrepresentable = true;
        }
        if let Some(note) = scalar.note {
            self.remark(note);
        }

        let mut checks = Vec::new();
        let required = self.required(property, scope, &column, &mut checks);
        self.unique(property, &column);
        if logical == Logical::Time {
            let test = match &column.moment {
                Some(moment) => Test::Written(moment.format.clone()),
                None => Test::Format(Format::Time),
            };
            checks.push(self.check(type_at, "format", &column, test));
        }
        if is_shapeless(property, logical) {
            self.shapeless(property, &column);
        } else {
            self.options(property, &column, scalar.bounds, &mut checks);
        }
        self.enumeration(property.values.as_ref(), &column, &mut checks);
        for rule in &property.quality {
            checks.extend(self.quality(rule, Some(&column)));
        }
        self.relationships(&property.relationships, Some(&column.path));
        if let Some(at) = &property.classification {
            let reason = "kept in the metadata of the column and of all below it; messages and verdicts show no values of rows";
            self.informational(at, with_path("classification", Some(&column.path)), reason);
        }
        for at in &property.unknown {
            self.unknown_key(at);
        }

        let (data_type, children) = self.children(property, scope, &column);
        self.plan.subtree_ends[field as usize] = self.plan.type_rules.len() as u32;
        let nullable = scope.path.is_some() || !required;
        let mut metadata = metadata(property, logical, &data_type);
        let classification = classification(property, scope);
        metadata.extend(classification.map(|text| ("headgate.classification".into(), text)));
        metadata.extend(column.moment.iter().flat_map(|moment| moment.metadata.clone()));
        let arrow = Field::new(&property.column, data_type, nullable).with_metadata(metadata);
        (arrow, FieldPlan { field, column: index, checks, children })
    }

    pub fn enforce_on(&mut self, at: &At<'_>, rule: &str, column: &Column) -> u16 {
        let id = with_path(rule, Some(&column.path));
        self.enforce(at, Named { id: &id, column: Some(&column.path) })
    }

    pub fn check(&mut self, at: &At<'_>, rule: &str, column: &Column, test: Test) -> FieldCheck {
        FieldCheck { test, target: Target::Row(self.enforce_on(at, rule, column)) }
    }

    /// One rule, whatever asks for it: the flag, a key, or the parent's list of required fields.
    fn required(
        &mut self,
        property: &Property<'a>,
        scope: &Scope,
        column: &Column,
        checks: &mut Vec<FieldCheck>,
    ) -> bool {
        if let Some(key) = &property.primary_key {
            match column.no_key() {
                Some(reason) => {
                    self.not_enforced(
                        &key.at,
                        with_path("primary_key", Some(&column.path)),
                        reason,
                    );
                }
                None => self.primary.push(Member {
                    at: key.at.clone(),
                    place: key.place,
                    column: column.clone(),
                }),
            }
        }
        if let Some(partition) = &property.partitioned {
            if column.is_bytes() {
                let actual = format!("'{}'", column.path);
                self.issues.add_actual(&partition.at, "a column that is not binary", actual);
            } else if scope.path.is_some() || column.logical.is_nested() {
                let actual = format!("'{}'", column.path);
                self.issues.add_actual(
                    &partition.at,
                    "a top-level column of a scalar type",
                    actual,
                );
            }
            self.partitions.push(Member {
                at: partition.at.clone(),
                place: partition.place,
                column: column.clone(),
            });
        }
        let asked = property
            .required
            .as_ref()
            .or_else(|| property.primary_key.as_ref().map(|key| &key.at))
            .or_else(|| property.partitioned.as_ref().map(|key| &key.at))
            .cloned();
        if let Some(at) = &asked {
            checks.push(self.check(at, "required", column, Test::Null));
        }
        asked.is_some()
    }

    fn unique(&mut self, property: &Property<'_>, column: &Column) {
        let Some(at) = &property.unique else { return };
        if let Some(reason) = column.no_key() {
            return self.not_enforced(at, with_path("unique", Some(&column.path)), reason);
        }
        let rule = self.enforce_on(at, "unique", column);
        let columns = vec![column.indices.clone()];
        self.plan.keys.push(KeyPlan { columns, target: Target::Row(rule) });
    }

    /// An object without properties, an array without items: its text is kept, unread.
    fn shapeless(&mut self, property: &Property<'a>, column: &Column) {
        let type_rule = with_path("type", Some(&column.path));
        let described = self.coverage.iter_mut().find(|entry| entry.rule == type_rule);
        if let Some(coverage) = described {
            coverage.reason = Some("kept as JSON text: the document does not say its shape".into());
        }
        for (key, at) in &property.options {
            let id = with_path(&snake(key), Some(&column.path));
            self.not_enforced(at, id, "the document does not say the shape of this value");
        }
    }

    fn children(
        &mut self,
        property: &Property<'a>,
        scope: &Scope,
        column: &Column,
    ) -> (DataType, Children) {
        let path = Some((column.path.clone(), column.name_path.clone()));
        let inner = Scope {
            path,
            indices: column.indices.clone(),
            in_list: scope.in_list,
            classification: classification(property, scope),
        };
        match column.logical {
            Logical::Object => {
                let properties = property.properties.as_deref().unwrap_or_default();
                if properties.is_empty() {
                    return (DataType::Utf8, Children::None);
                }
                let (fields, mut plans) = self.properties(properties, &inner);
                self.required_fields(property, &inner, &mut plans);
                (DataType::Struct(fields.into()), Children::Struct(plans))
            }
            Logical::Array => {
                let Some(item) = property.items.as_deref() else {
                    return (DataType::Utf8, Children::None);
                };
                let inner = Scope { in_list: true, ..inner };
                let paths = (format!("{}[]", column.path), format!("{}[]", column.name_path));
                let (field, plan) = self.property(item, &inner, 0, Some(paths));
                let children =
                    if plan.is_idle() { Children::None } else { Children::List(Box::new(plan)) };
                (DataType::List(Arc::new(field)), children)
            }
            Logical::Map => self.entries(property, &Scope { in_list: true, ..inner }, column),
            _ => (column.data_type.clone(), Children::None),
        }
    }

    fn entries(
        &mut self,
        property: &Property<'a>,
        inner: &Scope,
        column: &Column,
    ) -> (DataType, Children) {
        let shape = property.map.as_ref();
        let parts = shape.and_then(|map| Some((map.key.as_deref()?, map.value.as_deref()?)));
        let Some((key, value)) = parts else {
            if shape.is_none() {
                self.issues.missing(&property.at, "map", "the properties 'key' and 'value'");
            }
            return (DataType::Utf8, Children::None);
        };
        if Logical::of(key, &mut self.issues) != Some(Logical::Text) {
            let at = key.logical_type.as_ref().unwrap_or(&key.at);
            self.issues.add(at, "string: keys of JSON objects are texts");
        }
        let path = |suffix| {
            Some((format!("{}{suffix}", column.path), format!("{}{suffix}", column.name_path)))
        };
        let (key, key_plan) = self.property(key, inner, 0, path("{key}"));
        if *key.data_type() == DataType::Binary {
            let at = shape.and_then(|map| map.key.as_deref()?.at.get("physicalType"));
            let at = at.unwrap_or_else(|| property.at.clone());
            self.issues.add(&at, "string: keys of JSON objects are texts");
        }
        let (value, value_plan) = self.property(value, inner, 1, path("{}"));
        let entries = Fields::from(vec![key.with_nullable(false), value]);
        // Delta's names.
        let entries = Field::new("key_value", DataType::Struct(entries), false);
        let mut plans = vec![key_plan, value_plan];
        plans.retain(|plan| !plan.is_idle());
        let children = if plans.is_empty() { Children::None } else { Children::Map(plans) };
        (DataType::Map(Arc::new(entries), false), children)
    }
}

/// Its own, or that of what it is part of.
fn classification(property: &Property<'_>, scope: &Scope) -> Option<String> {
    let own = property.classification.as_ref().and_then(At::as_text);
    own.map(|text| text.trim().to_owned()).or_else(|| scope.classification.clone())
}

fn is_shapeless(property: &Property<'_>, logical: Logical) -> bool {
    match logical {
        Logical::Object => property.properties.as_ref().is_none_or(Vec::is_empty),
        Logical::Array => property.items.is_none(),
        _ => false,
    }
}

fn metadata(
    property: &Property<'_>,
    logical: Logical,
    data_type: &DataType,
) -> HashMap<String, String> {
    let mut metadata =
        HashMap::from([("headgate.logicalType".to_owned(), logical.as_str().to_owned())]);
    if matches!(logical, Logical::Object | Logical::Array) && *data_type == DataType::Utf8 {
        metadata.insert("headgate.json".into(), logical.as_str().into());
    }
    if let Some(description) = property.description {
        metadata.insert("description".into(), description.into());
    }
    let format = property.options.iter().find(|(key, _)| *key == "format");
    if let (Logical::Text, Some((_, at))) = (logical, format)
        && let Some(format) = at.as_text()
    {
        metadata.insert("headgate.format".into(), format.into());
    }
    metadata
}
