//! The schema as it is written: its dialect, and where its references lead.

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::keyword::{Keyword, Shape};
use crate::fault::ContractIssue;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

#[derive(Debug)]
pub(crate) struct Source {
    pub document: Value,
    pub validator: Validator,
    /// Part of it has a base or anchors of its own, so that a pointer alone does not tell where a
    /// reference leads.
    has_scopes: bool,
}

impl Source {
    pub fn read(text: &str) -> Result<Self, Vec<ContractIssue>> {
        let document: Value = serde_json::from_str(text).map_err(|error| {
            let line = u32::try_from(error.line()).ok();
            let actual = error.to_string();
            vec![ContractIssue { path: String::new(), expected: "JSON".into(), actual, line }]
        })?;
        if !document.is_object() {
            return Err(vec![issue("", "a JSON Schema, which is an object", kind(&document))]);
        }
        let mut scan = Scan::default();
        scan.schema(&document, "");
        if !scan.issues.is_empty() {
            return Err(scan.issues);
        }
        let options = jsonschema::options().with_draft(Draft::Draft202012).offline();
        let built = options.should_validate_formats(true).build(&document);
        let validator = built.map_err(|error| vec![refused(&error)])?;
        Ok(Self { document, validator, has_scopes: scan.has_scopes })
    }

    pub fn id(&self) -> Option<&str> {
        self.document.get("$id").and_then(Value::as_str)
    }

    /// What a reference names, if it is a pointer into this document.
    pub fn target(&self, reference: &str) -> Option<&Value> {
        let pointer = reference.strip_prefix('#')?;
        let is_plain = !self.has_scopes && !pointer.contains('%');
        self.document.pointer(pointer).filter(|_| is_plain)
    }

    /// True of a format that payloads are held against.
    pub fn knows_format(&self, name: &str) -> bool {
        jsonschema::options().is_known_format(Draft::Draft202012, name)
    }
}

fn refused(error: &jsonschema::ValidationError<'_>) -> ContractIssue {
    use jsonschema::error::ValidationErrorKind;
    let expected = match error.kind() {
        ValidationErrorKind::Referencing(_) => "references within the schema: nothing is fetched",
        _ => "a schema of JSON Schema 2020-12",
    };
    issue(error.instance_path().as_str(), expected, error.to_string())
}

pub(crate) fn issue(
    path: &str,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> ContractIssue {
    let (expected, actual) = (expected.into(), actual.into());
    ContractIssue { path: path.to_owned(), expected, actual, line: None }
}

pub(crate) fn kind(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".into(),
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

/// A segment of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Looks into every schema within a schema.
#[derive(Default)]
struct Scan {
    has_scopes: bool,
    issues: Vec<ContractIssue>,
}

impl Scan {
    fn schema(&mut self, schema: &Value, path: &str) {
        let Value::Object(keywords) = schema else { return };
        for (name, value) in keywords {
            let path = format!("{path}/{}", escaped(name));
            if name == "$schema" {
                self.dialect(value, &path);
            }
            self.has_scopes |= match name.as_str() {
                "$id" => path != "/$id",
                "$dynamicRef" | "$dynamicAnchor" => true,
                _ => false,
            };
            match (Keyword::of(name).map(|keyword| keyword.shape), value) {
                (Some(Shape::Schema), schema) => self.schema(schema, &path),
                (Some(Shape::Schemas), Value::Array(list)) => {
                    for (index, schema) in list.iter().enumerate() {
                        self.schema(schema, &format!("{path}/{index}"));
                    }
                }
                (Some(Shape::Named), Value::Object(named)) => {
                    for (name, schema) in named {
                        self.schema(schema, &format!("{path}/{}", escaped(name)));
                    }
                }
                _ => {}
            }
        }
    }

    fn dialect(&mut self, value: &Value, path: &str) {
        let named = value.as_str().map(|uri| uri.trim_end_matches('#'));
        if named != Some(DIALECT) {
            self.issues.push(issue(path, format!("{DIALECT}, or no $schema"), kind(value)));
        }
    }
}
