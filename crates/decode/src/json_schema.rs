//! How a JSON Schema differs from the columns that its documents are read into.
//!
//! Only what the schema says of types, `required` and closed objects is compared, through references
//! within the document. What alternatives, conditions and other documents add is not: a difference
//! that they hide shows in the rows.

use arrow_schema::{DataType, Field, Fields};
use headgate_model::{SchemaDifference, SchemaFormat, WriterSchema, map_parts};
use serde_json::{Map, Value};

use crate::DecodeFault;
use crate::column::JSON_KEY;

type Object = Map<String, Value>;

/// References within the document that are followed from one field.
const MAX_REFERENCES: usize = 32;

const ANY: &str = "any type";

/// Keywords that add to what an object's own keywords say.
const OPEN: [&str; 10] = [
    "$ref",
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "not",
    "dependentSchemas",
    "dependencies",
    "patternProperties",
];

fn document(schema: &WriterSchema) -> Result<Value, DecodeFault> {
    let refused =
        |reason: String| DecodeFault::WriterSchema { format: SchemaFormat::JsonSchema, reason };
    match serde_json::from_str(&schema.text) {
        Ok(document @ (Value::Object(_) | Value::Bool(_))) => Ok(document),
        Ok(_) => Err(refused("neither an object nor true or false".to_owned())),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// True of a schema that says of itself that its values are no objects.
pub(crate) fn is_scalar(schema: &WriterSchema) -> Result<bool, DecodeFault> {
    let document = document(schema)?;
    let types = document.as_object().and_then(types);
    Ok(types.is_some_and(|types| !types.contains(&"object")))
}

pub(crate) fn differences(
    schema: &WriterSchema,
    fields: &Fields,
) -> Result<Vec<SchemaDifference>, DecodeFault> {
    let document = document(schema)?;
    let mut comparison = Comparison { document: &document, found: Vec::new() };
    if let Some(root) = comparison.resolve(&document) {
        if types(root).is_some_and(|types| !types.contains(&"object")) {
            comparison.tell("", "object".to_owned(), type_of(root), false);
        }
        comparison.object(root, fields, None);
    }
    Ok(comparison.found)
}

struct Comparison<'a> {
    document: &'a Value,
    found: Vec<SchemaDifference>,
}

impl<'a> Comparison<'a> {
    fn tell(&mut self, path: &str, expected: String, actual: String, compatible: bool) {
        let path = if path.is_empty() { "$" } else { path }.to_owned();
        self.found.push(SchemaDifference { path, expected, actual, compatible });
    }

    /// The keywords that hold for a field, if they are known.
    fn resolve(&self, schema: &'a Value) -> Option<&'a Object> {
        let mut schema = schema.as_object()?;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                return Some(schema);
            };
            let pointer = reference.strip_prefix('#')?;
            schema = self.document.pointer(pointer)?.as_object()?;
        }
        None
    }

    fn object(&mut self, object: &'a Object, fields: &Fields, parent: Option<&str>) {
        let properties = object.get("properties").and_then(Value::as_object);
        let is_closed = object.get("additionalProperties") == Some(&Value::Bool(false))
            && !OPEN.iter().any(|keyword| object.contains_key(*keyword));
        let required = object.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|names| names.iter().any(|known| known.as_str() == Some(name)))
        };
        let within = |name: &str| match parent {
            Some(parent) => format!("{parent}.{name}"),
            None => name.to_owned(),
        };
        for field in fields {
            let (name, path) = (field.name().as_str(), within(field.name()));
            let Some(property) = properties.and_then(|properties| properties.get(name)) else {
                if is_closed {
                    let expected = wanted(field).to_owned();
                    self.tell(&path, expected, "absent".to_owned(), field.is_nullable());
                }
                continue;
            };
            if let Some(property) = self.resolve(property) {
                self.field(property, field, &path);
            }
            if !field.is_nullable() && !is_required(name) {
                self.tell(&path, "required".to_owned(), "optional".to_owned(), true);
            }
        }
        for (name, property) in properties.into_iter().flatten() {
            if fields.find(name).is_none() {
                let actual = self.resolve(property).map_or_else(|| ANY.to_owned(), type_of);
                self.tell(&within(name), "absent".to_owned(), actual, true);
            }
        }
    }

    fn field(&mut self, schema: &'a Object, field: &Field, path: &str) {
        if let Some(types) = types(schema) {
            let fits = |name: &&str| fits(name, field);
            let values: Vec<&str> = types.iter().copied().filter(|name| *name != "null").collect();
            let no_value = values.is_empty() && !field.is_nullable();
            let none_fits = !values.is_empty() && !values.iter().any(fits);
            let is_exact = values.iter().all(|name| fits(name) && is_exact(name, field));
            if no_value || none_fits || !is_exact {
                let compatible = !no_value && !none_fits;
                self.tell(path, wanted(field).to_owned(), type_of(schema), compatible);
            }
        }
        let item = |keyword: &str| schema.get(keyword).filter(|schema| schema.is_object());
        match field.data_type() {
            DataType::Struct(fields) => self.object(schema, fields, Some(path)),
            DataType::List(child) => {
                if let Some(items) = item("items").and_then(|items| self.resolve(items)) {
                    self.field(items, child, &format!("{path}[]"));
                }
            }
            DataType::Map(entries, _) => {
                let values = item("additionalProperties").and_then(|values| self.resolve(values));
                if let (Some(values), Some([_, value])) = (values, map_parts(entries)) {
                    self.field(values, value, &format!("{path}{{}}"));
                }
            }
            _ => {}
        }
    }
}

/// What `type` allows; `None` if it says nothing.
fn types(schema: &Object) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(name) => Some(vec![name]),
        Value::Array(names) => Some(names.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn type_of(schema: &Object) -> String {
    match types(schema) {
        Some(types) => types.join(" or "),
        None => ANY.to_owned(),
    }
}

/// What JSON has for a column.
fn wanted(field: &Field) -> &'static str {
    match field.data_type() {
        DataType::Utf8 => match field.metadata().get(JSON_KEY).map(String::as_str) {
            Some("object") => "object",
            Some("any") => ANY,
            Some(_) => "array",
            None => "string",
        },
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => "integer",
        DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) => "number",
        DataType::Boolean => "boolean",
        DataType::Struct(_) | DataType::Map(..) => "object",
        DataType::List(_) => "array",
        _ => "string",
    }
}

/// Whether some value of the type fits the column.
fn fits(name: &str, field: &Field) -> bool {
    let wanted = wanted(field);
    let is_number = |name: &str| matches!(name, "integer" | "number");
    wanted == ANY || name == wanted || is_number(name) && is_number(wanted)
}

/// Whether any value of the type may fit the column.
fn is_exact(name: &str, field: &Field) -> bool {
    let wanted = wanted(field);
    wanted == ANY || name == wanted || name == "integer"
}
