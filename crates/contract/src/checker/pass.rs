//! One chunk's pass over the plan.

use std::collections::HashSet;

use arrow_array::RecordBatch;
use headgate_model::{FieldViolation, FoundRows, RuleInfo, Severity};

use super::{Checker, no_key};
use crate::fault::ContractFault;
use crate::plan::{Children, FieldPlan, Function, FunctionColumn, Plan, RuleNumber, Target};
use crate::result::RowViolation;
use crate::rule::function;
use crate::rule::key::Keyed;
use crate::view::{Elements, View};

/// What a rule looks at.
#[derive(Clone, Copy)]
struct About {
    field: u32,
    /// All below the field as well.
    below: bool,
}

pub struct Pass<'a> {
    pub checker: &'a mut Checker,
    pub plan: &'a Plan,
    pub fields: &'a [FieldViolation],
    pub violations: Vec<RowViolation>,
}

impl Pass<'_> {
    pub fn visit(&mut self, field: &FieldPlan, view: &View<'_>) {
        for check in &field.checks {
            let mut found = std::mem::take(&mut self.checker.found);
            check.test.find(view, &mut found);
            if let Target::Metric(metric) = check.target {
                self.checker.tallies[metric].seen += view.num_present() as u64;
            }
            let about = About { field: field.field, below: check.test.is_of_elements() };
            self.settle(check.target, Some(about), view.rows, &mut found);
            self.checker.found = found;
        }
        match &field.children {
            Children::None => {}
            Children::Struct(fields) => {
                for child in fields {
                    self.visit(child, &view.child(child.column));
                }
            }
            Children::List(item) => self.visit(item, &Elements::of_list(view).view()),
            Children::Map(parts) => {
                for part in parts {
                    self.visit(part, &Elements::of_map(view, part.column).view());
                }
            }
        }
    }

    pub fn visit_keys(&mut self, rows: &RecordBatch) -> Result<(), ContractFault> {
        for (index, key) in self.plan.keys.iter().enumerate() {
            let mut found = std::mem::take(&mut self.checker.found);
            let seen = &mut self.checker.keys[index];
            let resolved = seen
                .find_repeated(Keyed { rows, columns: &key.columns, counted: None }, &mut found);
            resolved.ok_or_else(no_key)?;
            if let Target::Metric(metric) = key.target {
                self.checker.tallies[metric].seen += rows.num_rows() as u64;
            }
            // A field that does not fit is NULL, and a key with a NULL is none: nothing to excuse.
            self.settle(key.target, None, None, &mut found);
            self.checker.found = found;
        }
        Ok(())
    }

    /// Takes in what functions and rules of payloads found. True where a rule that names rows to be moved is in doubt.
    pub fn visit_functions(&mut self, rows: &RecordBatch, found: Vec<FoundRows>) -> bool {
        if rows.num_rows() == 0 {
            return false;
        }
        let mut unjudged = false;
        let mut answers = found.into_iter();
        let mut next = || {
            let answer = answers.next().unwrap_or_else(|| Err("it was not asked".into()));
            function::checked(answer, rows.num_rows())
        };
        for asked in &self.plan.functions {
            match next() {
                Ok(found) => self.take_found(asked, rows, found),
                Err(reason) => unjudged |= self.fail(asked.rule, reason),
            }
        }
        let payload = self.checker.payload.clone();
        for rule in payload.iter().flat_map(|payload| payload.rules()) {
            match next() {
                Ok(mut found) => self.settle(Target::Row(*rule), None, None, &mut found),
                Err(reason) => unjudged |= self.fail(*rule, reason),
            }
        }
        if let Some(rule) = payload.and_then(|payload| payload.any_rule()) {
            match next() {
                Ok(found) => self.take_unexplained(rule, found),
                Err(reason) => unjudged |= self.fail(rule, reason),
            }
        }
        unjudged
    }

    /// Of rows that are said to break what columns are tested for: those where no test found it, for
    /// a row that is wrong never passes.
    fn take_unexplained(&mut self, rule: RuleNumber, mut found: Vec<u32>) {
        if found.is_empty() {
            return;
        }
        let explained: HashSet<u32> = self.violations.iter().map(|broken| broken.row).collect();
        found.retain(|row| !explained.contains(row));
        self.settle(Target::Row(rule), None, None, &mut found);
    }

    /// True where the rule would have moved rows.
    fn fail(&mut self, rule: RuleNumber, reason: String) -> bool {
        let rule = usize::from(rule);
        self.checker.failures[rule].get_or_insert(reason);
        let RuleInfo { severity, routes_rows, .. } = self.checker.rules[rule];
        routes_rows && severity == Severity::Block
    }

    fn take_found(&mut self, asked: &Function, rows: &RecordBatch, mut found: Vec<u32>) {
        let of_property = self.checker.rules[usize::from(asked.rule)].column.is_some();
        let present = of_property.then(|| asked.present(rows)).flatten();
        if let Some(present) = &present {
            found.retain(|row| present.is_valid(*row as usize));
        }
        if !self.fields.is_empty() {
            let about = |column: &FunctionColumn| About { field: column.field, below: true };
            let columns = &asked.columns;
            found.retain(|row| !columns.iter().any(|each| self.is_excused(*row, about(each))));
        }
        if let Target::Metric(metric) = asked.target {
            let absent = present.map_or(0, |present| present.null_count());
            self.checker.tallies[metric].seen += (rows.num_rows() - absent) as u64;
        }
        self.settle(asked.target, None, None, &mut found);
    }

    /// Counts the found slots, and empties the list.
    fn settle(
        &mut self,
        target: Target,
        about: Option<About>,
        rows: Option<&[u32]>,
        found: &mut Vec<u32>,
    ) {
        if found.is_empty() {
            return;
        }
        if let Some(rows) = rows {
            found.iter_mut().for_each(|slot| *slot = rows[*slot as usize]);
        }
        if let Some(about) = about.filter(|_| !self.fields.is_empty()) {
            found.retain(|row| !self.is_excused(*row, about));
        }
        match target {
            Target::Metric(metric) => self.checker.tallies[metric].found += found.len() as u64,
            Target::Row(rule) => {
                if rows.is_some() {
                    found.dedup();
                }
                self.checker.counts[usize::from(rule)] += found.len() as u64;
                if self.checker.rules[usize::from(rule)].severity >= Severity::Warn {
                    self.violations
                        .extend(found.iter().map(|row| RowViolation { row: *row, rule }));
                }
            }
        }
        found.clear();
    }

    /// True where a field of the row that did not fit explains a violation.
    fn is_excused(&self, row: u32, About { field, below }: About) -> bool {
        let start = self.fields.partition_point(|violation| violation.row < row);
        self.fields[start..].iter().take_while(|violation| violation.row == row).any(|violation| {
            self.plan.covers(violation.field, field)
                || (below && self.plan.covers(field, violation.field))
        })
    }
}
