//! Rules over more than a batch: they know the rows of the output.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::NullBuffer;
use arrow_schema::{Schema, SchemaRef};
use headgate_model::Severity;

use super::{Checker, no_key};
use crate::fault::ContractFault;
use crate::history::Memory;
use crate::plan::{Aim, Lasting, Reach};
use crate::result::{CheckedRows, RowViolation};

/// Rows of the output that rules over more than a batch have to know.
#[derive(Clone, Debug)]
pub struct Forgotten {
    /// Columns of the contract.
    pub schema: SchemaRef,
    /// With the time at which they were ingested.
    pub by_time: bool,
}

impl Checker {
    /// Rows that were ingested at `now` come next, in microseconds since 1970: what windows go by.
    pub fn enter(&mut self, now_us: i64) {
        for (lasting, memory) in self.plan.lasting.iter().zip(&mut self.memories) {
            memory.enter(lasting, now_us);
        }
    }

    /// There are no more rows: windows end now.
    pub fn end_windows(&mut self) {
        for (lasting, memory) in self.plan.lasting.iter().zip(&mut self.memories) {
            memory.end(lasting);
        }
    }

    /// What has to be recalled of the output before rules over more than a batch can judge.
    pub fn forgotten(&self) -> Option<Forgotten> {
        if !self.forgetful {
            return None;
        }
        let columns = self.recalled_columns();
        let fields = columns.iter().map(|column| self.schema.field(*column).clone());
        let fields: Vec<_> = fields.map(|field| field.with_nullable(true)).collect();
        let is_window = |lasting: &Lasting| matches!(lasting.reach, Reach::Window(_));
        Some(Forgotten {
            schema: Arc::new(Schema::new(fields)),
            by_time: self.plan.lasting.iter().any(is_window),
        })
    }

    /// Starts to recall.
    pub fn recall(&mut self) {
        self.memories = self.plan.lasting.iter().map(Memory::new).collect();
        self.forgetful = false;
    }

    /// Rows of the output with the columns of [`Forgotten::schema`], and when they were ingested.
    pub fn recall_rows(
        &mut self,
        rows: &RecordBatch,
        ingested: Option<&[i64]>,
    ) -> Result<(), ContractFault> {
        let recalled = self.recalled_columns();
        for (lasting, memory) in self.plan.lasting.iter().zip(&mut self.memories) {
            let place = |column: &usize| recalled.iter().position(|one| one == column);
            let path = |path: &Vec<usize>| {
                let (first, rest) = path.split_first()?;
                Some([&[place(first)?], rest].concat())
            };
            let columns: Option<Vec<_>> = lasting.columns().iter().map(path).collect();
            let taken =
                columns.and_then(|columns| memory.recall(lasting, rows, &columns, ingested));
            taken.ok_or_else(no_key)?;
        }
        Ok(())
    }

    /// Top-level columns that keys of rules over more than a batch are in.
    fn recalled_columns(&self) -> Vec<usize> {
        let paths = self.plan.lasting.iter().flat_map(Lasting::columns);
        let columns: BTreeSet<usize> = paths.filter_map(|path| path.first().copied()).collect();
        columns.into_iter().collect()
    }

    /// What rules over more than a batch hold in memory.
    pub fn memory_bytes(&self) -> usize {
        self.memories.iter().map(Memory::state_bytes).sum()
    }

    /// Rules over the rows of the output, with those that are added to it.
    pub(super) fn check_lasting(
        &mut self,
        rows: &RecordBatch,
        checked: &mut CheckedRows,
    ) -> Result<(), ContractFault> {
        let rules = Arc::clone(&self.rules);
        let blocks = |violation: &RowViolation| {
            rules[usize::from(violation.rule)].severity == Severity::Block
        };
        let mut kept = vec![true; rows.num_rows()];
        checked.unrepresentable.iter().for_each(|row| kept[*row as usize] = false);
        if !self.keeps_violating {
            let violating = checked.violations.iter().filter(|violation| blocks(violation));
            violating.for_each(|violation| kept[violation.row as usize] = false);
        }
        for (lasting, memory) in self.plan.lasting.iter().zip(&mut self.memories) {
            let mut found = std::mem::take(&mut self.found);
            let counted = NullBuffer::from(kept.as_slice());
            let taken = memory.take(rows, lasting.columns(), Some(&counted), &mut found);
            taken.ok_or_else(no_key)?;
            if let Aim::Row(rule) = lasting.aim {
                self.counts[usize::from(rule)] += found.len() as u64;
                let broken = found.iter().map(|row| RowViolation { row: *row, rule });
                checked.violations.extend(
                    broken.filter(|one| rules[usize::from(one.rule)].severity >= Severity::Warn),
                );
                if !self.keeps_violating && rules[usize::from(rule)].severity == Severity::Block {
                    found.iter().for_each(|row| kept[*row as usize] = false);
                }
            }
            found.clear();
            self.found = found;
        }
        Ok(())
    }

    pub(super) fn judge_lasting(&mut self, measured: &mut [Option<f64>]) {
        for (lasting, memory) in self.plan.lasting.iter().zip(&mut self.memories) {
            let Aim::Measure { rule, must, .. } = lasting.aim else { continue };
            let judged = memory.judged(lasting);
            let failed = judged.iter().filter(|value| !must.holds(**value)).count();
            let told = judged.iter().rev().find(|value| !must.holds(**value)).or(judged.last());
            measured[usize::from(rule)] = told.copied();
            self.counts[usize::from(rule)] = failed as u64;
        }
    }
}
