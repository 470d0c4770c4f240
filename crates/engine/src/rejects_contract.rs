//! The contract that the rejects themselves are held against.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use headgate_contract::{CheckOptions, Checker, Contract, ContractFault};
use headgate_model::RuleResult;

use crate::assemble::reason;
use crate::columns::of_row;

/// What stands before the names of its rules in a verdict.
const PREFIX: &str = "rejects.";

/// Judges rows of the rejects by the columns that its contract names.
pub struct RejectsContract {
    contract: Contract,
    checker: Checker,
}

/// A row that must not be among the rejects either, and why.
pub(crate) struct Refused {
    pub row: u32,
    pub reason: String,
}

impl RejectsContract {
    /// The contract's columns have to be among those of the rejects, as they are there.
    pub fn new(contract: Contract) -> Self {
        Self { checker: contract.checker(CheckOptions::default()), contract }
    }

    /// In order.
    pub(crate) fn refused(&mut self, rows: &RecordBatch) -> Result<Vec<Refused>, ContractFault> {
        let columns = self.columns(rows).map_err(|error| ContractFault::RowsMismatch {
            path: "rejects".into(),
            expected: "the columns of their contract".into(),
            actual: error.to_string(),
        })?;
        let checked = self.checker.check(&columns, &[])?;
        let rules = self.checker.rules();
        let refused = checked.violating.iter().map(|row| Refused {
            row: *row,
            reason: format!("{PREFIX}{}", reason(of_row(&checked.violations, *row), rules)),
        });
        Ok(refused.collect())
    }

    fn columns(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let schema = self.contract.schema();
        let at = schema.fields().iter().map(|field| rows.schema_ref().index_of(field.name()));
        rows.project(&at.collect::<Result<Vec<_>, _>>()?)
    }

    /// What its rules found in the batch; opens the next.
    pub(crate) fn finish(&mut self, now_us: i64) -> Vec<RuleResult> {
        let mut rules = self.checker.finish(&[], now_us).rules;
        for result in &mut rules {
            result.rule.id = format!("{PREFIX}{}", result.rule.id);
        }
        rules
    }

    pub(crate) fn reset(&mut self) {
        self.checker.reset();
    }
}
