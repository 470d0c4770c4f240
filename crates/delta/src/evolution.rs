//! Columns that come to a table while it is written.

use serde_json::Value;

use crate::entry::TableMetadata;

/// Whether files written for `base` fit a table of `next`; if not, the difference.
pub(crate) fn stands_on(base: &TableMetadata, next: &TableMetadata) -> Result<(), String> {
    if next.partition_columns != base.partition_columns {
        return Err(format!(
            "partitioned by [{}], not by [{}]",
            next.partition_columns.join(", "),
            base.partition_columns.join(", ")
        ));
    }
    if next.schema_string == base.schema_string {
        return Ok(());
    }
    let (was, now) = (fields(base)?, fields(next)?);
    for field in &was {
        let Some(found) = named(&now, name(field)) else {
            return Err(format!("column {} is gone", name(field)));
        };
        if !same_type(&found["type"], &field["type"]) {
            return Err(format!("column {} has another type", name(field)));
        }
        if is_nullable(field) && !is_nullable(found) {
            return Err(format!("column {} may not be NULL any more", name(field)));
        }
    }
    let added = now.iter().find(|field| named(&was, name(field)).is_none() && !is_nullable(field));
    match added {
        Some(field) => Err(format!("column {} is new and may not be NULL", name(field))),
        None => Ok(()),
    }
}

/// `base` with those of `wanted` that it lacks, all of which may be NULL; `None` if it has them
/// all. An error is the column that it has with another type.
pub(crate) fn merge(
    base: &TableMetadata,
    wanted: &[Value],
) -> Result<Option<TableMetadata>, String> {
    let mut all = fields(base)?;
    let known = all.len();
    for field in wanted {
        match named(&all, name(field)) {
            None => all.push(field.clone()),
            Some(found) if same_type(&found["type"], &field["type"]) => {}
            Some(_) => return Err(name(field).to_owned()),
        }
    }
    if all.len() == known {
        return Ok(None);
    }
    let schema = serde_json::json!({ "type": "struct", "fields": all });
    Ok(Some(TableMetadata { schema_string: schema.to_string(), ..base.clone() }))
}

fn fields(metadata: &TableMetadata) -> Result<Vec<Value>, String> {
    let parsed: Value = serde_json::from_str(&metadata.schema_string)
        .map_err(|error| format!("the schema does not parse: {error}"))?;
    let fields = parsed.get("fields").and_then(Value::as_array);
    fields.cloned().ok_or_else(|| "the schema has no fields".to_owned())
}

/// Equal but for the metadata of nested fields: what is said of a field is no part of its type.
fn same_type(a: &Value, b: &Value) -> bool {
    a == b || without_metadata(a) == without_metadata(b)
}

fn without_metadata(value: &Value) -> Value {
    match value {
        Value::Object(entries) => entries
            .iter()
            .filter(|(key, _)| *key != "metadata")
            .map(|(key, value)| (key.clone(), without_metadata(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_metadata).collect(),
        scalar => scalar.clone(),
    }
}

/// Delta's column names differ in more than case.
fn named<'a>(fields: &'a [Value], wanted: &str) -> Option<&'a Value> {
    fields.iter().find(|field| name(field).eq_ignore_ascii_case(wanted))
}

fn name(field: &Value) -> &str {
    field["name"].as_str().unwrap_or_default()
}

fn is_nullable(field: &Value) -> bool {
    field["nullable"].as_bool().unwrap_or(true)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata(fields: &[(&str, &str, bool)]) -> TableMetadata {
        let fields: Vec<Value> = fields.iter().map(|(n, t, null)| field(n, t, *null)).collect();
        of_fields(&fields)
    }

    fn of_fields(fields: &[Value]) -> TableMetadata {
        let schema = json!({ "type": "struct", "fields": fields });
        TableMetadata { schema_string: schema.to_string(), ..TableMetadata::default() }
    }

    fn field(name: &str, data_type: &str, nullable: bool) -> Value {
        json!({ "name": name, "type": data_type, "nullable": nullable, "metadata": {} })
    }

    #[test]
    fn files_fit_a_table_that_only_gained_or_loosened() {
        let base = metadata(&[("a", "long", false), ("b", "string", true)]);
        for (fields, fits) in [
            (vec![("a", "long", false), ("b", "string", true)], true),
            (vec![("b", "string", true), ("a", "long", true), ("c", "date", true)], true),
            (vec![("a", "long", false)], false),
            (vec![("a", "integer", false), ("b", "string", true)], false),
            (vec![("a", "long", false), ("b", "string", false)], false),
            (vec![("a", "long", false), ("b", "string", true), ("c", "date", false)], false),
        ] {
            assert_eq!(stands_on(&base, &metadata(&fields)).is_ok(), fits, "{fields:?}");
        }
        let repartitioned = TableMetadata { partition_columns: vec!["b".into()], ..base.clone() };
        assert!(stands_on(&base, &repartitioned).is_err());
    }

    #[test]
    fn merging_adds_what_lacks_and_refuses_another_type() {
        let base = metadata(&[("a", "long", false)]);
        assert!(merge(&base, &[field("A", "long", true)]).unwrap().is_none());
        assert_eq!(merge(&base, &[field("a", "string", true)]).unwrap_err(), "a");
        let merged = merge(&base, &[field("x", "date", true)]).unwrap().unwrap();
        assert_eq!(fields(&merged).unwrap(), [field("a", "long", false), field("x", "date", true)]);
        let again = merge(&merged, &[field("y", "date", true)]).unwrap().unwrap();
        assert_eq!(fields(&again).unwrap().len(), 3, "on top of what another worker added");
    }

    #[test]
    fn what_is_said_of_a_nested_field_is_no_part_of_its_type() {
        let column = |inner: &str, said: Value| {
            let item = json!({ "name": "x", "type": inner, "nullable": true, "metadata": said });
            let point = json!({ "type": "struct", "fields": [item] });
            let list = json!({ "type": "array", "elementType": point, "containsNull": true });
            json!({ "name": "s", "type": list, "nullable": true, "metadata": {} })
        };
        let base = of_fields(&[column("date", json!({}))]);
        let said = column("date", json!({ "headgate.classification": "pii" }));
        assert!(merge(&base, std::slice::from_ref(&said)).unwrap().is_none());
        assert!(stands_on(&base, &of_fields(&[said])).is_ok());
        let other = column("string", json!({}));
        assert_eq!(merge(&base, std::slice::from_ref(&other)).unwrap_err(), "s");
        assert!(stands_on(&base, &of_fields(&[other])).is_err());
    }
}
