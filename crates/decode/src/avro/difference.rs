//! What the contract and the writer have otherwise, in words.

use arrow_schema::{DataType, Field};
use headgate_model::SchemaDifference;

use crate::column::JSON_KEY;

/// A column without a field: NULL in every row.
pub(super) fn absent(path: String, field: &Field) -> SchemaDifference {
    let (expected, actual) = (expected(field), "absent".to_owned());
    SchemaDifference { path, expected, actual, compatible: field.is_nullable() }
}

/// A field without a column.
pub(super) fn unknown(path: String, actual: String) -> SchemaDifference {
    SchemaDifference { path, expected: "absent".to_owned(), actual, compatible: true }
}

pub(super) fn misfit(path: &str, field: &Field, actual: String) -> SchemaDifference {
    let (path, expected) = (path.to_owned(), expected(field));
    SchemaDifference { path, expected, actual, compatible: false }
}

pub(super) fn nothing_but_null(path: &str, field: &Field) -> SchemaDifference {
    let (path, expected, actual) = (path.to_owned(), expected(field), "null".to_owned());
    SchemaDifference { path, expected, actual, compatible: field.is_nullable() }
}

/// A required column whose field may be null.
pub(super) fn nullable(path: &str, field: &Field, actual: String) -> SchemaDifference {
    let (path, expected) = (path.to_owned(), expected(field));
    SchemaDifference { path, expected, actual, compatible: true }
}

/// Differences of a union by those of its branches: only what no branch can do is incompatible.
pub(super) fn merged(by_branch: Vec<Vec<SchemaDifference>>) -> Vec<SchemaDifference> {
    let hopeless = |path: &str| {
        by_branch.iter().all(|branch| {
            branch.iter().any(|difference| !difference.compatible && difference.path == path)
        })
    };
    let mut all: Vec<SchemaDifference> = Vec::new();
    for difference in by_branch.iter().flatten() {
        let compatible = !hopeless(&difference.path);
        let merged = SchemaDifference { compatible, ..difference.clone() };
        if !all.contains(&merged) {
            all.push(merged);
        }
    }
    all
}

fn expected(field: &Field) -> String {
    let name = match field.data_type() {
        DataType::Utf8 => match field.metadata().get(JSON_KEY) {
            Some(kind) => kind.clone(),
            None => "string".to_owned(),
        },
        DataType::Binary => "string of bytes".to_owned(),
        DataType::Int8 => "integer of 8 bits".to_owned(),
        DataType::Int16 => "integer of 16 bits".to_owned(),
        DataType::Int32 => "integer of 32 bits".to_owned(),
        DataType::Int64 => "integer of 64 bits".to_owned(),
        DataType::Float32 => "number of 32 bits".to_owned(),
        DataType::Float64 => "number of 64 bits".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp".to_owned(),
        DataType::Timestamp(_, None) => "timestamp without a zone".to_owned(),
        DataType::Struct(_) => "object".to_owned(),
        DataType::List(_) => "array".to_owned(),
        DataType::Map(..) => "map".to_owned(),
        other => other.to_string(),
    };
    if field.is_nullable() { name } else { format!("{name}, required") }
}
