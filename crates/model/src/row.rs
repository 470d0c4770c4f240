//! Rows and fields, as decoding and checking name them to each other.

use arrow_schema::{DataType, Field, FieldRef, Schema};

/// A field that decoding could not take as its column's type. The column holds NULL there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldViolation {
    pub row: u32,
    /// Index into [`field_paths`] of the schema, or [`UNKNOWN_FIELD`].
    pub field: u32,
}

/// Stands for any field that the contract does not name.
pub const UNKNOWN_FIELD: u32 = u32::MAX;

/// The path of every field of `schema`, parents before children: `location`, `location.lat`,
/// `stops`, `stops[]`, `stops[].name`; of a map `labels`, `labels{key}`, `labels{}`.
pub fn field_paths(schema: &Schema) -> Vec<String> {
    field_types(schema).into_iter().map(|(path, _)| path).collect()
}

/// The type of every field of `schema`, with its path, in the order of [`field_paths`].
pub fn field_types(schema: &Schema) -> Vec<(String, &DataType)> {
    let mut found = Vec::new();
    for field in schema.fields() {
        walk(field, field.name().clone(), &mut found);
    }
    found
}

fn walk<'s>(field: &'s Field, path: String, found: &mut Vec<(String, &'s DataType)>) {
    found.push((path.clone(), field.data_type()));
    match field.data_type() {
        DataType::Struct(children) => {
            for child in children {
                walk(child, format!("{path}.{}", child.name()), found);
            }
        }
        DataType::List(item) => walk(item, format!("{path}[]"), found),
        DataType::Map(entries, _) => {
            for (part, suffix) in map_parts(entries).into_iter().flatten().zip(["{key}", "{}"]) {
                walk(part, format!("{path}{suffix}"), found);
            }
        }
        _ => {}
    }
}

/// Key and value of a map, by the field of its entries.
pub fn map_parts(entries: &Field) -> Option<[&FieldRef; 2]> {
    match entries.data_type() {
        DataType::Struct(fields) => match fields.as_ref() {
            [key, value] => Some([key, value]),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn paths_name_parents_before_children() {
        let stop = DataType::Struct(vec![Field::new("name", DataType::Utf8, true)].into());
        let key = Field::new("key", DataType::Utf8, false);
        let value = Field::new("value", DataType::Int64, true);
        let schema = Schema::new(vec![
            Field::new_map("labels", "key_value", key, value, false, true),
            Field::new("id", DataType::Utf8, false),
            Field::new("stops", DataType::List(Arc::new(Field::new("element", stop, true))), true),
        ]);
        let labels = ["labels", "labels{key}", "labels{}"];
        assert_eq!(field_paths(&schema)[..3], labels);
        assert_eq!(field_paths(&schema)[3..], ["id", "stops", "stops[]", "stops[].name"]);
    }
}
