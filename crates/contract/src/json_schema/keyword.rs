//! The keywords of JSON Schema 2020-12.

/// What a keyword holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Value,
    Schema,
    Schemas,
    /// Schemas by name.
    Named,
}

/// What a keyword does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Holds or names other schemas, which are looked into on their own.
    Structure,
    /// Refuses values.
    Rule,
    /// Refuses values together with another keyword, and without it says nothing.
    With(&'static str),
    /// Says something to people.
    Annotation,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyword {
    pub role: Role,
    pub shape: Shape,
}

impl Keyword {
    pub fn of(name: &str) -> Option<Self> {
        use Role::{Annotation, Rule, Structure, With};
        use Shape::{Named, Schema, Schemas, Value};
        let (role, shape) = match name {
            "$schema" | "$id" | "$anchor" | "$dynamicAnchor" | "$vocabulary" => (Structure, Value),
            "$defs" | "definitions" | "properties" => (Structure, Named),
            "allOf" => (Structure, Schemas),
            "$ref" | "$dynamicRef" => (Rule, Value),
            "if" => (Structure, Schema),
            "then" | "else" => (With("if"), Schema),
            "minContains" | "maxContains" => (With("contains"), Value),
            "oneOf" | "anyOf" | "prefixItems" => (Rule, Schemas),
            "patternProperties" | "dependentSchemas" => (Rule, Named),
            "not"
            | "contains"
            | "propertyNames"
            | "items"
            | "additionalProperties"
            | "unevaluatedItems"
            | "unevaluatedProperties" => (Rule, Schema),
            "type" | "enum" | "const" | "multipleOf" | "maximum" | "exclusiveMaximum"
            | "minimum" | "exclusiveMinimum" | "maxLength" | "minLength" | "pattern" | "format"
            | "maxItems" | "minItems" | "uniqueItems" | "maxProperties" | "minProperties"
            | "required" | "dependentRequired" => (Rule, Value),
            "contentSchema" => (Annotation, Schema),
            "title" | "description" | "default" | "examples" | "deprecated" | "readOnly"
            | "writeOnly" | "$comment" | "contentEncoding" | "contentMediaType" => {
                (Annotation, Value)
            }
            _ => return None,
        };
        Some(Self { role, shape })
    }
}
