//! One chunk after the other through `SELECT`s that were planned once.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use datafusion::arrow::compute::concat_batches;
use datafusion::catalog::empty::EmptyTable;
use futures::FutureExt;
use headgate_model::{Applied, FailedRow, Transform, Transformed};

use crate::fault::SqlFault;
use crate::fit::{Columns, Fit};
use crate::queries::Limits;
use crate::row_by_row::{INPUT, require_row_by_row};
use crate::session::{context, select};
use crate::steps::{Step, Taken, nullable, steps};

/// `SELECT … FROM input`, each over the rows of the one before it.
#[derive(Debug)]
pub struct Transforms {
    schema: SchemaRef,
    statements: Vec<Statement>,
    /// What the first statement is called in reasons.
    first: usize,
}

#[derive(Debug)]
struct Statement {
    steps: Vec<Step>,
    schema: SchemaRef,
    /// Of the last one.
    fit: Option<Fit>,
}

impl Transforms {
    /// Plans each statement, or says why not, with its index. `input`: of the rows that the first
    /// one reads.
    pub fn plan(
        statements: &[&str],
        input: &SchemaRef,
        columns: Columns<'_>,
    ) -> Result<Self, (usize, SqlFault)> {
        let mut schema = Arc::clone(input);
        let mut planned = Vec::with_capacity(statements.len());
        for (index, sql) in statements.iter().enumerate() {
            let columns = (index + 1 == statements.len()).then_some(columns);
            let statement =
                Statement::plan(sql, &schema, columns).map_err(|fault| (index, fault))?;
            schema = Arc::clone(&statement.schema);
            planned.push(statement);
        }
        Ok(Self { schema, statements: planned, first: 0 })
    }

    /// Behind as many other transforms.
    #[must_use]
    pub fn behind(self, others: usize) -> Self {
        Self { first: others, ..self }
    }

    fn run(&self, rows: &RecordBatch) -> Result<Transformed, ArrowError> {
        let mut taken = Transformed::untouched(rows.clone());
        for (statement, index) in self.statements.iter().zip(self.first..) {
            let mut done = statement.apply(&taken.rows)?;
            for failure in &mut done.failed {
                failure.reason = format!("transforms[{index}]: {}", failure.reason);
            }
            taken = taken.then(done);
        }
        Ok(taken)
    }
}

impl Transform for Transforms {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn apply<'a>(&'a self, rows: &'a RecordBatch) -> Applied<'a> {
        Box::pin(async move { Ok(self.run(rows)?) })
    }
}

impl Statement {
    fn plan(sql: &str, input: &SchemaRef, columns: Option<Columns<'_>>) -> Result<Self, SqlFault> {
        let context = context(Limits::default().memory)?;
        let told = |error| SqlFault::unplannable(&error);
        let table = EmptyTable::new(Arc::clone(input));
        context.register_table(INPUT, Arc::new(table)).map_err(told)?;
        // A plan over one known table waits for nobody.
        let plan = select(&context, sql).now_or_never();
        let plan = plan.unwrap_or_else(|| Err(SqlFault::Unplannable("it waits".to_owned())))?;
        require_row_by_row(&plan)?;
        let state = context.state();
        let plan = state.optimize(&plan).map_err(told)?;
        let selected: &Schema = plan.schema().as_arrow();
        let fit = columns.map(|columns| Fit::new(selected, columns)).transpose()?;
        let schema = fit.as_ref().map_or_else(|| nullable(selected), |fit| Arc::clone(&fit.schema));
        Ok(Self { steps: steps(&plan, &state)?, schema, fit })
    }

    fn apply(&self, rows: &RecordBatch) -> Result<Transformed, ArrowError> {
        let mut parts = Parts::default();
        self.divide(rows, 0, &mut parts);
        let Parts { mut rows, origins, failed } = parts;
        let rows = match rows.len() {
            0 => RecordBatch::new_empty(Arc::clone(&self.schema)),
            1 => rows.remove(0),
            _ => concat_batches(&self.schema, &rows)?,
        };
        Ok(Transformed { rows, origins, failed })
    }

    /// Where rows fail together, each half is tried by itself, down to the rows that do fail.
    fn divide(&self, rows: &RecordBatch, first: u32, parts: &mut Parts) {
        let len = rows.num_rows();
        if len == 0 {
            return;
        }
        match self.evaluate(rows) {
            Ok(Taken { rows, origins }) => {
                match origins {
                    Some(origins) => {
                        parts.origins.extend(origins.values().iter().map(|row| first + row))
                    }
                    None => parts.origins.extend(first..first + len as u32),
                }
                parts.rows.push(rows);
            }
            Err(reason) if len == 1 => parts.failed.push(FailedRow { row: first, reason }),
            Err(_) => {
                let half = len / 2;
                self.divide(&rows.slice(0, half), first, parts);
                self.divide(&rows.slice(half, len - half), first + half as u32, parts);
            }
        }
    }

    fn evaluate(&self, rows: &RecordBatch) -> Result<Taken, String> {
        let mut taken = Taken { rows: rows.clone(), origins: None };
        for step in &self.steps {
            taken = step.run(taken)?;
        }
        if let Some(fit) = &self.fit {
            taken.rows = fit.apply(&taken.rows)?;
        }
        Ok(taken)
    }
}

/// What the halves of a chunk became.
#[derive(Default)]
struct Parts {
    rows: Vec<RecordBatch>,
    origins: Vec<u32>,
    failed: Vec<FailedRow>,
}

#[cfg(test)]
#[path = "transforms_tests.rs"]
mod tests;
