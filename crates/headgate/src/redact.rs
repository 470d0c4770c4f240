//! Rows as they may be shown: without the values of columns that a contract classifies.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use headgate_model::map_parts;

const CLASSIFICATION: &str = "headgate.classification";
/// Classifications whose values are for few.
const SENSITIVE: [&str; 7] =
    ["pii", "personal", "personal_data", "confidential", "restricted", "sensitive", "secret"];
/// What holds a record as it was sent, whatever is in it.
const EVIDENCE: [&str; 3] = ["_raw_value", "_kafka_key", "_kafka_headers"];
const REDACTED: &str = "redacted";

/// Texts of a sensitive column become `redacted`, other values NULL; so does the evidence of a table
/// with such a column.
pub(crate) fn redacted(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = rows.schema_ref();
    if !schema.fields().iter().any(|field| is_sensitive(field)) {
        return Ok(rows.clone());
    }
    let is_hidden =
        |field: &Field| is_sensitive(field) || EVIDENCE.contains(&field.name().as_str());
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        if is_hidden(field) { hidden(field, rows.num_rows()) } else { Arc::clone(column) }
    });
    let columns = columns.collect();
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)
}

fn hidden(field: &Field, len: usize) -> ArrayRef {
    match field.data_type() {
        DataType::Utf8 => Arc::new(StringArray::from_iter_values((0..len).map(|_| REDACTED))),
        other => new_null_array(other, len),
    }
}

/// True of a field with a sensitive one below it, too.
fn is_sensitive(field: &Field) -> bool {
    let told = field.metadata().get(CLASSIFICATION);
    let known = told.is_some_and(|told| {
        let word = told.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        SENSITIVE.contains(&word.as_str())
    });
    known
        || match field.data_type() {
            DataType::Struct(fields) => fields.iter().any(|field| is_sensitive(field)),
            DataType::List(item) => is_sensitive(item),
            DataType::Map(entries, _) => {
                map_parts(entries).into_iter().flatten().any(|part| is_sensitive(part))
            }
            _ => false,
        }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::{Array, Int64Array};

    use super::*;

    fn field(name: &str, data_type: DataType, classification: &str) -> Field {
        let field = Field::new(name, data_type, false);
        match classification {
            "" => field,
            word => field.with_metadata([(CLASSIFICATION.to_owned(), word.to_owned())].into()),
        }
    }

    fn rows(classifications: [&str; 2]) -> RecordBatch {
        let [card, age] = classifications;
        let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
        let schema = Schema::new(vec![
            field("id", DataType::Utf8, ""),
            field("card", DataType::Utf8, card),
            field("age", DataType::Int64, age),
            field("_raw_value", DataType::Utf8, ""),
        ]);
        let age = Arc::new(Int64Array::from(vec![41]));
        let columns: Vec<ArrayRef> = vec![text("a"), text("4711"), age, text("{}")];
        RecordBatch::try_new(Arc::new(schema), columns).unwrap()
    }

    #[test]
    fn what_is_classified_is_not_shown_nor_is_what_it_was_sent_in() {
        let shown = redacted(&rows(["PII", "Personal data"])).unwrap();
        let text =
            |name: &str| shown.column_by_name(name).unwrap().as_string::<i32>().value(0).to_owned();
        assert_eq!([text("id"), text("card"), text("_raw_value")], ["a", "redacted", "redacted"]);
        assert!(shown.column_by_name("age").unwrap().is_null(0));
    }

    #[test]
    fn what_is_public_is_shown() {
        let rows = rows(["public", ""]);
        assert_eq!(redacted(&rows).unwrap(), rows);
    }

    #[test]
    fn a_column_with_something_sensitive_below_it_is_sensitive() {
        let inner = DataType::Struct(vec![field("card", DataType::Utf8, "secret")].into());
        let list = DataType::List(Arc::new(field("element", inner, "")));
        assert!(is_sensitive(&field("orders", list, "")));
    }
}
