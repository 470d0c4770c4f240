//! The output as the outside sees it before its first batch.

use arrow_schema::{DataType, Field, Schema};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    pub id: String,
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// ODCS `logicalType`.
    pub odcs_type: String,
    pub nullable: bool,
}

impl Dataset {
    pub(crate) fn new(id: String, schema: &Schema) -> Self {
        let columns = schema.fields().iter().map(|field| Column {
            name: field.name().clone(),
            odcs_type: odcs_type(field).to_owned(),
            nullable: field.is_nullable(),
        });
        Self { id, columns: columns.collect() }
    }
}

/// As the contract says; of Headgate's own columns, as their type says.
fn odcs_type(field: &Field) -> &str {
    let told = field.metadata().get("headgate.logicalType");
    told.map_or_else(|| implied(field.data_type()), String::as_str)
}

fn implied(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "boolean",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Timestamp(..) => "timestamp",
        DataType::List(_) => "array",
        DataType::Struct(_) => "object",
        DataType::Map(..) => "map",
        numeric if numeric.is_integer() => "integer",
        numeric if numeric.is_numeric() => "number",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_contract_names_the_type_and_headgates_own_columns_have_one_too() {
        let told = HashMap::from([("headgate.logicalType".to_owned(), "time".to_owned())]);
        let schema = Schema::new(vec![
            Field::new("at", DataType::Utf8, false).with_metadata(told),
            Field::new("_kafka_offset", DataType::Int64, true),
        ]);
        let types: Vec<_> = Dataset::new("t".into(), &schema)
            .columns
            .into_iter()
            .map(|column| (column.name, column.odcs_type, column.nullable))
            .collect();
        let expected = [("at", "time", false), ("_kafka_offset", "integer", true)];
        assert_eq!(types, expected.map(|(name, of, nullable)| (name.into(), of.into(), nullable)));
    }
}
