//! What the `SELECT` of a transform may hold: nothing that needs another row, or another moment.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};

use crate::fault::SqlFault;

/// The name by which a transform calls its rows.
pub(crate) const INPUT: &str = "input";

/// `plan` as it was written, before it is optimized.
pub(crate) fn require_row_by_row(plan: &LogicalPlan) -> Result<(), SqlFault> {
    if let Some(what) = more_than_a_row(plan).or_else(|| in_expressions(plan)) {
        return Err(SqlFault::NotRowByRow(what));
    }
    plan.inputs().into_iter().try_for_each(require_row_by_row)
}

fn more_than_a_row(plan: &LogicalPlan) -> Option<String> {
    let what = match plan {
        LogicalPlan::Projection(_) | LogicalPlan::Filter(_) | LogicalPlan::SubqueryAlias(_) => {
            return None;
        }
        LogicalPlan::TableScan(scan) if scan.table_name.table() == INPUT => return None,
        LogicalPlan::TableScan(_) => "a table function",
        LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => "no FROM input",
        LogicalPlan::Aggregate(_) => "an aggregate",
        LogicalPlan::Distinct(_) => "DISTINCT",
        LogicalPlan::Sort(_) => "ORDER BY",
        LogicalPlan::Limit(_) => "LIMIT or OFFSET",
        LogicalPlan::Window(_) => "a window",
        LogicalPlan::Join(_) => "a join",
        LogicalPlan::Union(_) => "a union",
        LogicalPlan::Unnest(_) => "UNNEST",
        LogicalPlan::Subquery(_) => "a subquery",
        LogicalPlan::RecursiveQuery(_) => "a recursive query",
        _ => "more than columns and a condition",
    };
    Some(what.to_owned())
}

fn in_expressions(plan: &LogicalPlan) -> Option<String> {
    let mut found = None;
    // Neither closure fails.
    let _ = plan.apply_expressions(|whole| {
        whole.apply(|part| {
            found = found.take().or_else(|| refused(part));
            Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    });
    found
}

fn refused(expr: &Expr) -> Option<String> {
    let what = match expr {
        Expr::ScalarFunction(call) if call.func.signature().volatility != Volatility::Immutable => {
            return Some(format!("{}(), which tells the same row different things", call.name()));
        }
        Expr::ScalarSubquery(_)
        | Expr::InSubquery(_)
        | Expr::Exists(_)
        | Expr::SetComparison(_)
        | Expr::OuterReferenceColumn(..) => "a subquery in an expression",
        Expr::AggregateFunction(_) => "an aggregate",
        Expr::WindowFunction(_) => "a window",
        Expr::Unnest(_) => "UNNEST",
        Expr::Placeholder(_) => "a placeholder",
        Expr::ScalarVariable(..) => "a variable",
        _ => return None,
    };
    Some(what.to_owned())
}
