//! A transform that is a function of the outside.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use headgate_contract::{Contract, ContractFault};
use headgate_decode::{DecodeOptions, Decoded, Decoder, UnknownFields};
use headgate_model::{
    Applied, ChunkBuilder, FailedRow, FunctionFault, PartitionId, Transform, Transformed,
    UNKNOWN_FIELD, field_types,
};
use serde_json::{Value, json};

use crate::Issue;
use crate::calls::{Calls, Unanswered};
use crate::rule_values::{RuleValues, row_shape};

/// One function and the rows of one chunk.
#[derive(Clone, Debug)]
pub struct TransformCall {
    /// To answer by.
    pub call: u32,
    pub function: String,
    pub rows: RuleValues,
    /// Of the rows to answer, as [`RuleValues::shape`].
    pub answer_shape: String,
    pub num_rows: u32,
}

/// A line for each row: a JSON object; `null`, which leaves it out; a JSON text, the name of an error.
/// Else why there are none, which never holds a value.
pub type MadeRows = Result<String, String>;

pub type TransformCalls = Calls<TransformCall, MadeRows>;

pub(crate) struct FunctionTransform {
    calls: Arc<TransformCalls>,
    function: String,
    step: usize,
    schema: SchemaRef,
    shape: String,
    /// Columns that have to have a value.
    required: Vec<usize>,
    /// What is said of a field that does not fit, by its number.
    misfits: Vec<String>,
    decoder: Mutex<Box<dyn Decoder>>,
}

impl FunctionTransform {
    /// `schema`: properties of an ODCS document. `input`: of the rows that the function gets.
    pub fn plan(
        calls: &Arc<TransformCalls>,
        step: usize,
        function: &str,
        schema: &[Value],
        input: &Schema,
    ) -> Result<Self, Vec<Issue>> {
        let at = step.to_string();
        if let Some(field) = input.fields().iter().find(|field| !can_be_handed_over(field)) {
            let expected = "columns that functions can be given: CAST(… AS …) in a SELECT before";
            let actual = format!("column {}: {}", field.name(), field.data_type());
            let path = ["transforms", &at, "function"];
            return Err(vec![Issue::new(&path, "TRANSFORM_INVALID", expected, actual)]);
        }
        let declared = columns(function, schema).map_err(|fault| issues(&at, fault))?;
        let options = DecodeOptions { unknown_fields: UnknownFields::Reject, ..Default::default() };
        let plain: Vec<Field> = declared.fields().iter().map(|field| plain(field)).collect();
        let plain = Arc::new(Schema::new(plain));
        let decoder = headgate_decode::json(&plain, options).map_err(|fault| {
            let path = ["transforms", &at, "schema"];
            let expected = "columns of tables";
            vec![Issue::new(&path, "TRANSFORM_INVALID", expected, fault.to_string())]
        })?;
        let schema = Arc::clone(decoder.schema());
        let required = declared.fields().iter().enumerate();
        let required = required.filter(|(_, field)| !field.is_nullable()).map(|(at, _)| at);
        let misfits = field_types(&schema).into_iter();
        let misfits = misfits.map(|(path, expected)| format!("{path} does not fit {expected}"));
        Ok(Self {
            calls: Arc::clone(calls),
            function: function.to_owned(),
            step,
            shape: row_shape(&schema).unwrap_or_else(|| "null".to_owned()),
            required: required.collect(),
            misfits: misfits.collect(),
            schema,
            decoder: Mutex::new(decoder),
        })
    }

    async fn ask(&self, rows: &RecordBatch) -> Result<Transformed, FunctionFault> {
        if rows.num_rows() == 0 {
            return Ok(Transformed::untouched(RecordBatch::new_empty(Arc::clone(&self.schema))));
        }
        let values = RuleValues::of_rows(rows);
        let values = values.ok_or_else(|| self.fault("its rows cannot be handed over", false))?;
        let num_rows = rows.num_rows() as u32;
        let unanswered = |why: Unanswered| self.fault(&why.to_string(), why != Unanswered::Nobody);
        let asked = self.calls.ask(|call| TransformCall {
            call,
            function: self.function.clone(),
            rows: values,
            answer_shape: self.shape.clone(),
            num_rows,
        });
        let asked = asked.map_err(unanswered)?;
        let made = self.calls.answer_to(asked, self.calls.deadline()).await.map_err(unanswered)?;
        made.and_then(|lines| self.read(&lines, num_rows))
            .map_err(|reason| self.fault(&reason, false))
    }

    fn fault(&self, reason: &str, is_late: bool) -> FunctionFault {
        let (function, reason) = (self.function.clone(), reason.to_owned());
        FunctionFault { function, step: self.step, reason, is_late }
    }

    fn read(&self, lines: &str, num_rows: u32) -> Result<Transformed, String> {
        let mut objects = ChunkBuilder::with_capacity(num_rows as usize, lines.len());
        let nowhere = objects.partition(&PartitionId::new("", "", 0));
        let (mut origins, mut reasons) = (Vec::new(), BTreeMap::new());
        let mut num_lines = 0;
        for (line, row) in lines.split('\n').zip(0..) {
            num_lines = row + 1;
            match line.as_bytes().first() {
                Some(b'{') => {
                    objects.push(nowhere, row.into(), None, Some(line.as_bytes()), None, []);
                    origins.push(row);
                }
                Some(b'"') => {
                    let name = serde_json::from_str(line).unwrap_or_else(|_| "Error".to_owned());
                    reasons.insert(row, format!("it answered {name}"));
                }
                _ if line == "null" => {}
                _ => return Err("it answered what is no row".to_owned()),
            }
        }
        if num_lines != num_rows {
            return Err(format!("it answered {num_lines} rows for {num_rows}"));
        }
        let mut decoder = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
        let decoded = decoder.decode(&objects.finish(0, 0)).map_err(|fault| fault.to_string())?;
        self.fitting(decoded, &origins, reasons).map_err(|_| "its rows fit no columns".to_owned())
    }

    /// `origins`: by record the row that it was made of. `reasons`: of rows that failed already.
    fn fitting(
        &self,
        decoded: Decoded,
        origins: &[u32],
        mut reasons: BTreeMap<u32, String>,
    ) -> Result<Transformed, ArrowError> {
        let Decoded { rows, records, fields, dead, .. } = decoded;
        for letter in dead {
            reasons.insert(origins[letter.record as usize], letter.message);
        }
        let made_of = |row: u32| origins[records.get(row).unwrap_or_default() as usize];
        for violation in &fields {
            let said = match violation.field {
                UNKNOWN_FIELD => "it has a field that its schema has not",
                field => self.misfits[field as usize].as_str(),
            };
            let told = reasons.entry(made_of(violation.row));
            told.and_modify(|told| *told = format!("{told}; {said}")).or_insert(said.to_owned());
        }
        let all = 0..rows.num_rows() as u32;
        for index in self.required.iter().copied() {
            let column = rows.column(index);
            for row in all.clone().filter(|row| column.is_null(*row as usize)) {
                let said = || format!("{} is missing", self.schema.field(index).name());
                reasons.entry(made_of(row)).or_insert_with(said);
            }
        }
        let kept: Vec<u32> = all.map(made_of).collect();
        let keep: BooleanArray = kept.iter().map(|row| Some(!reasons.contains_key(row))).collect();
        let kept = kept.into_iter().filter(|row| !reasons.contains_key(row)).collect();
        let failed = reasons.into_iter().map(|(row, reason)| FailedRow {
            row,
            reason: format!("transforms[{}]: {reason}", self.step),
        });
        Ok(Transformed {
            rows: filter_record_batch(&rows, &keep)?,
            origins: kept,
            failed: failed.collect(),
        })
    }
}

impl Transform for FunctionTransform {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn apply<'a>(&'a self, rows: &'a RecordBatch) -> Applied<'a> {
        Box::pin(async move { Ok(self.ask(rows).await?) })
    }
}

fn can_be_handed_over(field: &Field) -> bool {
    row_shape(&Schema::new(vec![field.clone()])).is_some()
}

/// Columns of these properties, as a contract has them.
fn columns(function: &str, properties: &[Value]) -> Result<SchemaRef, ContractFault> {
    let document = json!({
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": function, "version": "1.0.0",
        "status": "active", "schema": [{ "name": "rows", "properties": properties }]
    });
    Contract::compile(&document.to_string(), None).map(|contract| Arc::clone(contract.schema()))
}

fn issues(at: &str, fault: ContractFault) -> Vec<Issue> {
    let ContractFault::Invalid { issues } = fault else {
        let path = ["transforms", at, "schema"];
        let expected = "properties of an ODCS document";
        return vec![Issue::new(&path, "TRANSFORM_INVALID", expected, fault.to_string())];
    };
    let told = issues.into_iter().map(|issue| {
        let within = issue.path.strip_prefix("schema[0].properties").unwrap_or_default();
        let within = within.split(['[', ']', '.']).filter(|key| !key.is_empty());
        let path: Vec<&str> = ["transforms", at, "schema"].into_iter().chain(within).collect();
        Issue::new(&path, "TRANSFORM_INVALID", issue.expected, issue.actual)
    });
    told.collect()
}

/// Without what a contract says of how values are written: functions answer them as they get them.
fn plain(field: &Field) -> Field {
    let plain_each = |fields: &Fields| fields.iter().map(|field| plain(field)).collect();
    let data_type = match field.data_type() {
        DataType::Struct(parts) => DataType::Struct(plain_each(parts)),
        DataType::List(item) => DataType::List(Arc::new(plain(item))),
        DataType::Map(entries, sorted) => DataType::Map(Arc::new(plain(entries)), *sorted),
        other => other.clone(),
    };
    Field::new(field.name(), data_type, field.is_nullable())
}

#[cfg(test)]
#[path = "transform_function_tests.rs"]
mod tests;
