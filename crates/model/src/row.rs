//! Rows and fields, as decoding and checking name them to each other.

use arrow_schema::{DataType, Field, Schema};

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
/// `stops`, `stops[]`, `stops[].name`.
pub fn field_paths(schema: &Schema) -> Vec<String> {
    let mut paths = Vec::new();
    for field in schema.fields() {
        walk(field, field.name().clone(), &mut paths);
    }
    paths
}

fn walk(field: &Field, path: String, paths: &mut Vec<String>) {
    paths.push(path.clone());
    match field.data_type() {
        DataType::Struct(children) => {
            for child in children {
                walk(child, format!("{path}.{}", child.name()), paths);
            }
        }
        DataType::List(item) => walk(item, format!("{path}[]"), paths),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn paths_name_parents_before_children() {
        let stop = DataType::Struct(vec![Field::new("name", DataType::Utf8, true)].into());
        let schema = Schema::new(vec![
            Field::new("id", DataType::Utf8, false),
            Field::new("stops", DataType::List(Arc::new(Field::new("element", stop, true))), true),
        ]);
        assert_eq!(field_paths(&schema), ["id", "stops", "stops[]", "stops[].name"]);
    }
}
