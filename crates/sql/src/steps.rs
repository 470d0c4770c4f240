//! A plan without anything but columns and conditions, evaluated on rows at hand.
//!
//! No plan is run: what a row became stays known, one row can be tried without the others, and
//! nothing waits.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{Field, Schema, SchemaRef};
use datafusion::arrow::compute::{filter, filter_record_batch};
use datafusion::common::DFSchema;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{ColumnarValue, Expr, LogicalPlan};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::BinaryExpr;

use crate::fault::{SqlFault, reason};

#[derive(Debug)]
pub(crate) enum Step {
    /// These columns, by their place.
    Pick(Vec<usize>),
    Filter(Condition),
    Project(Vec<Arc<dyn PhysicalExpr>>, SchemaRef),
    /// The condition never holds.
    Nothing(SchemaRef),
}

/// `parts` hold together where `whole` does.
#[derive(Debug)]
pub(crate) struct Condition {
    whole: Arc<dyn PhysicalExpr>,
    parts: Vec<Arc<dyn PhysicalExpr>>,
}

/// Rows on their way through the steps.
pub(crate) struct Taken {
    pub rows: RecordBatch,
    /// For each row the one it was made of; `None`: all, in their order.
    pub origins: Option<UInt32Array>,
}

/// `plan` holds what [`crate::row_by_row`] allows, and is optimized.
pub(crate) fn steps(plan: &LogicalPlan, state: &SessionState) -> Result<Vec<Step>, SqlFault> {
    let mut steps = Vec::new();
    lower(plan, state, &mut steps)?;
    Ok(steps)
}

fn lower(plan: &LogicalPlan, state: &SessionState, steps: &mut Vec<Step>) -> Result<(), SqlFault> {
    match plan {
        LogicalPlan::TableScan(scan) if scan.filters.is_empty() && scan.fetch.is_none() => {
            steps.extend(scan.projection.clone().map(Step::Pick));
        }
        LogicalPlan::SubqueryAlias(alias) => lower(&alias.input, state, steps)?,
        LogicalPlan::Filter(condition) => {
            lower(&condition.input, state, steps)?;
            let schema = condition.input.schema();
            let whole = compiled(&condition.predicate, schema, state)?;
            let parts = split_conjunction(&condition.predicate).into_iter();
            let parts =
                parts.map(|part| compiled(part, schema, state)).collect::<Result<_, _>>()?;
            steps.push(Step::Filter(Condition { whole, parts }));
        }
        LogicalPlan::Projection(projection) => {
            lower(&projection.input, state, steps)?;
            let schema = projection.input.schema();
            let columns = projection.expr.iter().map(|expr| compiled(expr, schema, state));
            let columns = columns.collect::<Result<_, _>>()?;
            steps.push(Step::Project(columns, nullable(projection.schema.as_arrow())));
        }
        LogicalPlan::EmptyRelation(none) if !none.produce_one_row => {
            steps.push(Step::Nothing(nullable(none.schema.as_arrow())));
        }
        other => {
            return Err(SqlFault::NotRowByRow(format!("a plan with {}", other.display())));
        }
    }
    Ok(())
}

/// DataFusion's integers wrap around unless they are told not to.
fn compiled(
    expr: &Expr,
    schema: &DFSchema,
    state: &SessionState,
) -> Result<Arc<dyn PhysicalExpr>, SqlFault> {
    let compiled = state.create_physical_expr(expr.clone(), schema).and_then(|expr| {
        expr.transform_up(|expr| {
            let checked = expr
                .downcast_ref::<BinaryExpr>()
                .map(|binary| Arc::new(binary.clone().with_fail_on_overflow(true)));
            Ok(match checked {
                Some(checked) => Transformed::yes(checked as Arc<dyn PhysicalExpr>),
                None => Transformed::no(expr),
            })
        })
    });
    Ok(compiled.map_err(|error| SqlFault::unplannable(&error))?.data)
}

/// Whether a value may be missing is the contract's to say.
pub(crate) fn nullable(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
}

impl Step {
    /// What stopped it, without a value of a row.
    pub fn run(&self, taken: Taken) -> Result<Taken, String> {
        let Taken { rows, origins } = taken;
        match self {
            Self::Pick(columns) => {
                let rows = rows.project(columns).map_err(|error| reason(&error.into()))?;
                Ok(Taken { rows, origins })
            }
            Self::Filter(condition) => {
                condition.hold(Taken { rows, origins }).map_err(|error| reason(&error))
            }
            Self::Project(columns, schema) => {
                Ok(Taken { rows: project(columns, schema, &rows)?, origins })
            }
            Self::Nothing(schema) => Ok(Taken {
                rows: RecordBatch::new_empty(Arc::clone(schema)),
                origins: Some(UInt32Array::from(Vec::<u32>::new())),
            }),
        }
    }
}

impl Condition {
    fn hold(&self, taken: Taken) -> Result<Taken> {
        match self.whole.evaluate(&taken.rows) {
            Ok(keep) => taken.filtered(keep),
            Err(error) if self.parts.len() < 2 => Err(error),
            // A part may fail on rows that the parts before it do not let through.
            Err(_) => self.parts.iter().try_fold(taken, |taken, part| {
                let keep = part.evaluate(&taken.rows)?;
                taken.filtered(keep)
            }),
        }
    }
}

impl Taken {
    fn filtered(self, keep: ColumnarValue) -> Result<Self> {
        let Self { rows, origins } = self;
        let num_rows = rows.num_rows();
        let keep = keep.into_array(num_rows)?;
        let keep = as_boolean_array(&keep)?;
        if keep.true_count() == num_rows {
            return Ok(Self { rows, origins });
        }
        let origins = origins.unwrap_or_else(|| (0..num_rows as u32).collect());
        let origins = filter(&origins, keep)?.as_primitive::<UInt32Type>().clone();
        Ok(Self { rows: filter_record_batch(&rows, keep)?, origins: Some(origins) })
    }
}

fn project(
    columns: &[Arc<dyn PhysicalExpr>],
    schema: &SchemaRef,
    rows: &RecordBatch,
) -> Result<RecordBatch, String> {
    let num_rows = rows.num_rows();
    let mut arrays = Vec::with_capacity(columns.len());
    for (column, field) in columns.iter().zip(schema.fields()) {
        let array = column.evaluate(rows).and_then(|value| value.into_array(num_rows));
        arrays.push(array.map_err(|error| match field.name().as_str() {
            // A part that the optimizer made one of.
            own if own.starts_with("__") => reason(&error),
            name => format!("column {name}: {}", reason(&error)),
        })?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(num_rows));
    let made = RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options);
    made.map_err(|error| reason(&error.into()))
}
