//! A writer's types and the contract's fields to a program, and how they differ.

use std::collections::HashMap;

use arrow_schema::{DataType, Field, Fields};
use headgate_model::{SchemaDifference, SchemaFormat, map_parts};

use super::difference::{absent, merged, misfit, nothing_but_null, nullable, unknown};
use super::program::{Member, Object, Program, Reading, Root};
use super::takes;
use super::types::{Type, Types};
use crate::DecodeFault;

type Differences = Vec<SchemaDifference>;

pub(super) fn compile(
    types: Types,
    root: Type,
    fields: &Fields,
) -> Result<(Program, Differences), DecodeFault> {
    let mut compiler =
        Compiler { program: Program::new(types), union: Vec::new(), objects: HashMap::new() };
    let differences = match root {
        Type::Record(record) => {
            let (object, differences) = compiler.object(record, fields, None);
            compiler.program.root = Root::Object(object);
            differences
        }
        Type::Union(union) => {
            let mut branches = Vec::new();
            let mut all = Vec::new();
            for branch in compiler.program.types.branches(union).to_vec() {
                branches.push(match branch {
                    Type::Record(record) => {
                        let (object, differences) = compiler.object(record, fields, None);
                        all.push(differences);
                        Some(object)
                    }
                    _ => None,
                });
            }
            if all.is_empty() {
                compiler.value(root, fields)?
            } else {
                compiler.program.root = Root::Union(branches);
                merged(all)
            }
        }
        _ => compiler.value(root, fields)?,
    };
    Ok((compiler.program, differences))
}

struct Compiler {
    program: Program,
    /// Readings of the branches in hand, which have to follow each other.
    union: Vec<Reading>,
    /// By record and path, so that unions of records within each other do not multiply.
    objects: HashMap<(u32, String), (u32, Differences)>,
}

impl Compiler {
    /// Of a payload that is no record, as keys may be.
    fn value(&mut self, root: Type, fields: &Fields) -> Result<Differences, DecodeFault> {
        let [field] = fields.as_ref() else {
            return Err(DecodeFault::WriterSchema {
                format: SchemaFormat::Avro,
                reason: format!("a payload is {}, not a record", self.program.types.name(root)),
            });
        };
        let mut differences = Vec::new();
        let reading = self.reading(root, field, field.name(), &mut differences);
        self.program.root = Root::Value(reading);
        Ok(differences)
    }

    fn object(&mut self, record: u32, fields: &Fields, parent: Option<&str>) -> (u32, Differences) {
        let key = (record, parent.unwrap_or_default().to_owned());
        if let Some(known) = self.objects.get(&key) {
            return known.clone();
        }
        let compiled = self.new_object(record, fields, parent);
        self.objects.insert(key, compiled.clone());
        compiled
    }

    fn new_object(
        &mut self,
        record: u32,
        fields: &Fields,
        parent: Option<&str>,
    ) -> (u32, Differences) {
        let path = |name: &str| match parent {
            None => name.to_owned(),
            Some(parent) => format!("{parent}.{name}"),
        };
        let mut differences = Vec::new();
        let mut members = Vec::new();
        let mut found = vec![false; fields.len()];
        let mut has_unknown = false;
        let written: Vec<(Box<str>, Type)> = self
            .program
            .types
            .fields(record)
            .iter()
            .map(|field| (field.name.clone(), field.of))
            .collect();
        for (name, of) in written {
            let path = path(&name);
            let column = fields.find(&name).filter(|(child, _)| !found[*child]);
            members.push(match column {
                Some((child, field)) => {
                    found[child] = true;
                    let reading = self.reading(of, field, &path, &mut differences);
                    Member { child: child as u32, reading }
                }
                None => {
                    has_unknown = true;
                    differences.push(unknown(path, self.program.types.name(of)));
                    Member { child: 0, reading: Reading::Skip(of) }
                }
            });
        }
        let program = &mut self.program;
        let first = program.missing.len();
        for (child, field) in fields.iter().enumerate().filter(|(child, _)| !found[*child]) {
            program.missing.push(child as u32);
            differences.push(absent(path(field.name()), field));
        }
        let missing = first..program.missing.len();
        let first = program.members.len();
        program.members.append(&mut members);
        let members = first..program.members.len();
        program.objects.push(Object { record, members, missing, unknown: has_unknown });
        ((program.objects.len() - 1) as u32, differences)
    }

    /// How a member of type `of` is read into the column of `field`.
    fn reading(
        &mut self,
        of: Type,
        field: &Field,
        path: &str,
        differences: &mut Differences,
    ) -> Reading {
        match (of, field.data_type()) {
            (Type::Null, _) => {
                differences.push(nothing_but_null(path, field));
                Reading::Null
            }
            (Type::Union(union), _) => self.union(union, field, path, differences),
            (Type::Record(record), DataType::Struct(fields)) => {
                let (object, mut inner) = self.object(record, fields, Some(path));
                differences.append(&mut inner);
                Reading::Object(object)
            }
            (Type::Array(item), DataType::List(of)) => {
                let item = self.program.types.item(item);
                let item = self.reading(item, of, &format!("{path}[]"), differences);
                Reading::List(self.program.add(item))
            }
            (Type::Map(value), DataType::Map(entries, _))
                if let Some([_, of]) = map_parts(entries) =>
            {
                let value = self.program.types.item(value);
                let value = self.reading(value, of, &format!("{path}{{}}"), differences);
                Reading::Map(self.program.add(value))
            }
            _ => takes::reading(field, of).unwrap_or_else(|| {
                differences.push(misfit(path, field, self.program.types.name(of)));
                Reading::Misfit(of)
            }),
        }
    }

    /// Compatible while one branch is: values of others are NULL and violations.
    fn union(
        &mut self,
        union: u32,
        field: &Field,
        path: &str,
        differences: &mut Differences,
    ) -> Reading {
        let branches = self.program.types.branches(union).to_vec();
        let null = branches.iter().position(|of| *of == Type::Null);
        let written = self.program.types.name(Type::Union(union));
        let start = self.union.len();
        let mut by_branch = Vec::new();
        for of in &branches {
            let mut found = Vec::new();
            let reading = match of {
                Type::Null => Reading::Null,
                of => {
                    let reading = self.reading(*of, field, path, &mut found);
                    by_branch.push(found);
                    reading
                }
            };
            self.union.push(reading);
        }
        match (null, by_branch.is_empty()) {
            (Some(_), true) => differences.push(nothing_but_null(path, field)),
            (Some(_), false) if !field.is_nullable() => {
                differences.push(nullable(path, field, written));
            }
            (None, true) => differences.push(misfit(path, field, written)),
            _ => {}
        }
        differences.append(&mut merged(by_branch));
        match (null, &self.union[start..]) {
            (Some(null), &[first, second]) => {
                self.union.truncate(start);
                let value = self.program.add(if null == 0 { second } else { first });
                Reading::Optional { null: null as u8, value }
            }
            _ => {
                let first = self.program.readings.len() as u32;
                self.program.readings.extend(self.union.drain(start..));
                Reading::Union { first, len: branches.len() as u32 }
            }
        }
    }
}
