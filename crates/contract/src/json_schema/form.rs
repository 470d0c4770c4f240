//! Which column holds the values of a schema.

use serde_json::{Map, Value};

/// The schemas that one value is held against together: those that a `$ref` or an `allOf` adds to one.
#[derive(Default)]
pub(crate) struct Conjuncts<'a> {
    pub all: Vec<Conjunct<'a>>,
    /// Locations of the schema `false`.
    pub never: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Conjunct<'a> {
    pub keywords: &'a Map<String, Value>,
    /// A pointer, through the references that led here.
    pub location: String,
    /// References on the way here.
    pub refs: Vec<&'a str>,
    /// Its own `$ref` is among the conjuncts.
    pub is_followed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Object,
    Array,
    /// Several types, or nothing is said of them.
    Any,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub kind: Kind,
    /// Whether `null` is a value.
    pub nullable: bool,
}

impl Form {
    /// True where a NULL of the column is a field that is not there, and nothing else.
    pub fn is_exact(self) -> bool {
        self.kind != Kind::Any && !self.nullable
    }
}

const TEXT: u8 = 1;
const WHOLE: u8 = 2;
const FRACTION: u8 = 4;
const BOOLEAN: u8 = 8;
const OBJECT: u8 = 16;
const ARRAY: u8 = 32;
const NULL: u8 = 64;
const ALL: u8 = 127;

impl<'a> Conjuncts<'a> {
    pub fn form(&self) -> Form {
        let told = self.all.iter().filter_map(|one| one.keywords.get("type"));
        let types = told.fold(ALL, |types, told| types & bits(told));
        let kind = match types & !NULL {
            TEXT => Kind::Text,
            WHOLE => Kind::Integer,
            both if both == WHOLE | FRACTION => Kind::Number,
            BOOLEAN => Kind::Boolean,
            OBJECT => Kind::Object,
            ARRAY => Kind::Array,
            _ => Kind::Any,
        };
        Form { kind, nullable: types & NULL != 0 }
    }

    /// The schema of every property that is named, by name, in order.
    pub fn properties(&self) -> Vec<(&'a str, Vec<Part<'a>>)> {
        let mut properties: Vec<(&str, Vec<Part<'a>>)> = Vec::new();
        for one in &self.all {
            let Some(Value::Object(named)) = one.keywords.get("properties") else { continue };
            for (name, schema) in named {
                let part = one.part(schema, &["properties", name]);
                match properties.iter_mut().find(|(known, _)| known == name) {
                    Some((_, parts)) => parts.push(part),
                    None => properties.push((name, vec![part])),
                }
            }
        }
        properties
    }

    /// Names that must be there, each with its location.
    pub fn required(&self) -> Vec<(&'a str, String)> {
        let mut required = Vec::new();
        for one in &self.all {
            let Some(Value::Array(names)) = one.keywords.get("required") else { continue };
            for (index, name) in names.iter().enumerate() {
                let name = name.as_str().unwrap_or_default();
                required.push((name, format!("{}/required/{index}", one.location)));
            }
        }
        required
    }

    pub fn has(&self, keyword: &str) -> bool {
        self.all.iter().any(|one| one.keywords.contains_key(keyword))
    }

    /// The one schema of this keyword, if there is one and it says something.
    pub fn only(&self, keyword: &str) -> Option<Part<'a>> {
        let mut found = self.all.iter().filter_map(|one| {
            let schema = one.keywords.get(keyword)?;
            Some(one.part(schema, &[keyword]))
        });
        let first = found.next().filter(|part| says_something(part.schema));
        first.filter(|_| found.next().is_none())
    }
}

pub(crate) fn says_something(schema: &Value) -> bool {
    schema.as_object().is_some_and(|keywords| !keywords.is_empty())
}

/// A schema within one, not looked into yet.
pub(crate) struct Part<'a> {
    pub schema: &'a Value,
    pub location: String,
    pub refs: Vec<&'a str>,
}

impl<'a> Conjunct<'a> {
    pub fn part(&self, schema: &'a Value, path: &[&str]) -> Part<'a> {
        let mut location = self.location.clone();
        for name in path {
            location.push('/');
            location.push_str(&super::source::escaped(name));
        }
        Part { schema, location, refs: self.refs.clone() }
    }

    pub fn at(&self, keyword: &str) -> String {
        format!("{}/{}", self.location, super::source::escaped(keyword))
    }
}

fn bits(told: &Value) -> u8 {
    match told {
        Value::String(name) => match name.as_str() {
            "string" => TEXT,
            "integer" => WHOLE,
            "number" => WHOLE | FRACTION,
            "boolean" => BOOLEAN,
            "object" => OBJECT,
            "array" => ARRAY,
            "null" => NULL,
            _ => 0,
        },
        Value::Array(names) => names.iter().map(bits).fold(0, |all, one| all | one),
        _ => 0,
    }
}
