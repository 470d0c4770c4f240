//! The steps of `transforms` as the user wrote them, planned one after the other.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use headgate_model::{Applied, Transform, Transformed};
use headgate_sql::{Columns, Misfit, SqlFault, Transforms};
use serde_json::Value;

use crate::Issue;
use crate::options::TransformOptions;
use crate::resolve::Issues;
use crate::transform_function::{FunctionTransform, TransformCalls};

/// Whose columns are asked for where no contract's are.
pub(crate) const A_TABLES: &str = "a table's";

pub(crate) enum Step<'a> {
    Sql(&'a str),
    Function { name: &'a str, schema: &'a [Value] },
}

/// `functions`: those that are registered.
pub(crate) fn steps<'a>(
    transforms: &'a [TransformOptions],
    functions: &[String],
    issues: &mut Issues,
) -> Option<Vec<Step<'a>>> {
    let before = issues.0.len();
    let mut steps = Vec::with_capacity(transforms.len());
    for (at, transform) in transforms.iter().enumerate() {
        let at = at.to_string();
        let TransformOptions { sql, function, schema } = transform;
        match (sql.as_deref(), function.as_deref(), schema.as_deref()) {
            (Some(sql), None, None) => steps.push(Step::Sql(sql)),
            (None, Some(name), Some(schema)) => {
                if !functions.iter().any(|known| known == name) {
                    issues.add(unregistered(&at, name, functions));
                }
                steps.push(Step::Function { name, schema });
            }
            (None, None, None) => {
                let path = ["transforms", &at, "sql"];
                issues.add(Issue::new(&path, "CONFIG_MISSING", "SELECT … FROM input", "nothing"));
            }
            (None, Some(_), None) => {
                let path = ["transforms", &at, "schema"];
                let expected = "the columns that the function makes, as ODCS properties";
                issues.add(Issue::new(&path, "CONFIG_MISSING", expected, "nothing"));
            }
            _ => {
                let expected = "either sql, or function and schema";
                let path = ["transforms", &at];
                issues.add(Issue::new(&path, "CONFIG_CONFLICT", expected, "some of both"));
            }
        }
    }
    (issues.0.len() == before).then_some(steps)
}

fn unregistered(at: &str, name: &str, functions: &[String]) -> Issue {
    let expected = match functions {
        [] => "a function that is registered as a transform; none is".to_owned(),
        known => format!("one of {}", known.join(", ")),
    };
    let path = ["transforms", at, "function"];
    Issue::new(&path, "CONFIG_VALUE", expected, format!("\"{name}\""))
        .details("startQuery and validateConfig take functions by their names as transforms")
}

/// `input`: columns of the rows that the first step reads. `columns`, `of`: those to end with, and
/// whose they are.
pub(crate) fn plan(
    steps: &[Step<'_>],
    input: &SchemaRef,
    columns: Columns<'_>,
    of: &str,
    calls: &Arc<TransformCalls>,
) -> Result<Arc<dyn Transform>, Vec<Issue>> {
    let mut parts: Vec<Arc<dyn Transform>> = Vec::new();
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        let schema = parts.last().map_or(input, |part| part.schema());
        match step {
            Step::Sql(_) => {
                let statements: Vec<&str> = steps[at..].iter().map_while(Step::sql).collect();
                let behind = at + statements.len();
                let is_last = behind == steps.len();
                let (columns, of) =
                    if is_last { (columns, of) } else { (Columns::Selected, A_TABLES) };
                let planned = Transforms::plan(&statements, schema, columns);
                let planned =
                    planned.map_err(|(index, fault)| vec![sql_issue(at + index, &fault, of)])?;
                parts.push(Arc::new(planned.behind(at)));
                at = behind;
            }
            Step::Function { name, schema: made } => {
                let function = FunctionTransform::plan(calls, at, name, made, schema)?;
                parts.push(Arc::new(function));
                at += 1;
            }
        }
    }
    let made = parts.last().map_or(input, |part| part.schema());
    if let Some(Step::Function { .. }) = steps.last() {
        parts.push(as_asked(made, columns, of, at - 1)?);
    }
    // Nothing to put together for each chunk.
    if let [only] = parts.as_slice() {
        return Ok(Arc::clone(only));
    }
    let schema = Arc::clone(parts.last().map_or(input, |part| part.schema()));
    Ok(Arc::new(Chain { schema, parts }))
}

/// From the columns that the last function makes to those that are asked for.
fn as_asked(
    made: &SchemaRef,
    columns: Columns<'_>,
    of: &str,
    at: usize,
) -> Result<Arc<dyn Transform>, Vec<Issue>> {
    let planned = Transforms::plan(&["SELECT * FROM input"], made, columns);
    let planned = planned.map_err(|(_, fault)| vec![function_issue(at, &fault, of)])?;
    Ok(Arc::new(planned.behind(at)))
}

impl<'a> Step<'a> {
    fn sql(&self) -> Option<&'a str> {
        match self {
            Self::Sql(sql) => Some(sql),
            Self::Function { .. } => None,
        }
    }
}

/// One after the other.
struct Chain {
    schema: SchemaRef,
    parts: Vec<Arc<dyn Transform>>,
}

impl Transform for Chain {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn apply<'a>(&'a self, rows: &'a RecordBatch) -> Applied<'a> {
        Box::pin(async move {
            let mut taken = Transformed::untouched(rows.clone());
            for part in &self.parts {
                let done = part.apply(&taken.rows).await?;
                taken = taken.then(done);
            }
            Ok(taken)
        })
    }
}

/// `of`: whose columns were asked for.
fn sql_issue(at: usize, fault: &SqlFault, of: &str) -> Issue {
    let at = at.to_string();
    let path = ["transforms", &at, "sql"];
    match fault {
        SqlFault::NotRowByRow(what) => {
            Issue::new(&path, "TRANSFORM_INVALID", ONE_SELECT, what.as_str())
                .details("a transform works on one chunk after another, and knows no other row")
        }
        SqlFault::Column(misfit) => {
            column_issue(&path, misfit, of, "CAST changes a type, AS a name")
        }
        fault => Issue::new(&path, "TRANSFORM_INVALID", ONE_SELECT, fault.to_string()),
    }
}

fn function_issue(at: usize, fault: &SqlFault, of: &str) -> Issue {
    let path = ["transforms", &at.to_string(), "schema"];
    let advice = "a function makes those of its schema";
    match fault {
        SqlFault::Column(misfit) => column_issue(&path, misfit, of, advice),
        fault => Issue::new(&path, "TRANSFORM_INVALID", "columns of tables", fault.to_string())
            .details(format!("the columns have to be {of}; {advice}")),
    }
}

fn column_issue(path: &[&str], misfit: &Misfit, of: &str, advice: &str) -> Issue {
    let Misfit { column, expected, actual } = misfit;
    Issue::new(path, "TRANSFORM_INVALID", format!("column {column}: {expected}"), actual.as_str())
        .details(format!("the columns have to be {of}; {advice}"))
}

const ONE_SELECT: &str = "one SELECT of columns FROM input, with or without WHERE";
