//! All rules over the chunks of a batch.

mod lasting;
mod pass;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use headgate_model::{FieldViolation, FoundRows, RuleInfo, RuleResult, Severity, UNKNOWN_FIELD};

pub use self::lasting::Forgotten;
use self::pass::Pass;
use crate::contract::{CheckOptions, Compiled};
use crate::fault::ContractFault;
use crate::history::Memory;
use crate::json_schema::PayloadRules;
use crate::plan::{Plan, RuleNumber, rule_info};
use crate::result::{BatchResult, CheckedRows, RowViolation};
use crate::rule::key::SeenKeys;
use crate::rule::level;
use crate::rule::metric::Tally;
use crate::view::View;

/// Checks one batch at a time, chunk by chunk. Holds the keys seen and the counts of the open
/// batch; its memory grows with the distinct keys of the batch, and with nothing else.
pub struct Checker {
    plan: Arc<Plan>,
    payload: Option<Arc<PayloadRules>>,
    frame_bytes: usize,
    schema: SchemaRef,
    rules: Arc<[RuleInfo]>,
    unknown_rule: Option<RuleNumber>,
    /// The last schema that was compared with the contract's.
    fitting: Option<SchemaRef>,
    keys: Vec<SeenKeys>,
    tallies: Vec<Tally>,
    levels: Vec<level::Seen>,
    memories: Vec<Memory>,
    /// Batches were dropped that the memories hold, or nothing was recalled yet.
    forgetful: bool,
    keeps_violating: bool,
    /// When each schedule was last due.
    due: Vec<Option<i64>>,
    /// Rows that broke each rule.
    counts: Vec<u64>,
    /// Why the function of a rule has failed on the open batch.
    failures: Vec<Option<String>>,
    num_rows: u64,
    found: Vec<u32>,
}

impl Checker {
    pub(crate) fn new(compiled: &Compiled, options: CheckOptions) -> Self {
        let plan = Arc::clone(&compiled.plan);
        let mut rules = Arc::clone(&compiled.rules);
        let mut unknown_rule = None;
        if options.reject_unknown_fields {
            // Compilation leaves room for one more.
            unknown_rule = RuleNumber::try_from(rules.len()).ok();
            let unknown = rule_info("unknown_field".into(), None);
            rules = rules.iter().cloned().chain([unknown]).collect();
        }
        Self {
            payload: compiled.payload.clone(),
            frame_bytes: options.frame_bytes,
            schema: Arc::clone(&compiled.schema),
            unknown_rule,
            fitting: None,
            keys: plan.keys.iter().map(|_| SeenKeys::default()).collect(),
            tallies: vec![Tally::default(); plan.metrics.len()],
            levels: vec![level::Seen::default(); plan.levels.len()],
            memories: plan.lasting.iter().map(Memory::new).collect(),
            forgetful: !plan.lasting.is_empty(),
            keeps_violating: options.keeps_violating,
            due: vec![None; plan.schedules.len()],
            counts: vec![0; rules.len()],
            failures: vec![None; rules.len()],
            num_rows: 0,
            found: Vec::new(),
            plan,
            rules,
        }
    }

    /// The contract's rules, and after them `unknown_field` if it was asked for.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }

    /// Checks the next chunk of the batch. `rows` has the contract's columns first; `fields` are the
    /// fields that decoding left NULL because they do not fit, sorted by row. Such a field breaks its
    /// type rule and no other rule at or below its path.
    pub fn check(
        &mut self,
        rows: &RecordBatch,
        fields: &[FieldViolation],
    ) -> Result<CheckedRows, ContractFault> {
        self.check_with(rows, fields, Vec::new())
    }

    /// What rules find in the payloads that rows came from: one a row, `None` where it has none.
    pub fn find_in<'p>(&self, payloads: impl Iterator<Item = Option<&'p [u8]>>) -> Vec<FoundRows> {
        let Some(rules) = &self.payload else { return Vec::new() };
        let frame = self.frame_bytes;
        rules.find(payloads.map(|payload| payload.map(|bytes| bytes.get(frame..).unwrap_or(&[]))))
    }

    /// As [`Checker::check`]; `found` is what [`crate::Contract::functions`] found in these rows, in
    /// their order, and behind it the answer of [`Checker::find_in`]. A rule without an answer fails
    /// for the whole batch.
    pub fn check_with(
        &mut self,
        rows: &RecordBatch,
        fields: &[FieldViolation],
        found: Vec<FoundRows>,
    ) -> Result<CheckedRows, ContractFault> {
        self.require_fit(rows, fields)?;
        let plan = Arc::clone(&self.plan);
        self.num_rows += rows.num_rows() as u64;

        let mut checked = CheckedRows::default();
        self.take_type_violations(fields, &mut checked);
        let mut pass = Pass { checker: self, plan: &plan, fields, violations: checked.violations };
        for field in &plan.fields {
            pass.visit(field, &View::column(rows.column(field.column)));
        }
        pass.visit_keys(rows)?;
        checked.unjudged = pass.visit_functions(rows, found);
        for (level, seen) in plan.levels.iter().zip(&mut pass.checker.levels) {
            level.see(rows, seen);
        }

        checked.violations = pass.violations;
        if !plan.lasting.is_empty() {
            self.check_lasting(rows, &mut checked)?;
        }
        checked.violations.sort_unstable();
        for violation in &checked.violations {
            let blocks = self.rules[usize::from(violation.rule)].severity == Severity::Block;
            if blocks && checked.violating.last() != Some(&violation.row) {
                checked.violating.push(violation.row);
            }
        }
        Ok(checked)
    }

    /// What the keys of the open batch hold in memory.
    pub fn state_bytes(&self) -> usize {
        self.keys.iter().map(SeenKeys::state_bytes).sum()
    }

    /// Judges the batch and opens the next. `answers` are those of [`crate::Contract::queries`] in
    /// their order: a query without one fails its rule, for nobody knows that it holds. `now_us`:
    /// microseconds since 1970, for service levels.
    pub fn finish(&mut self, answers: &[Result<f64, String>], now_us: i64) -> BatchResult {
        let mut measured = vec![None; self.rules.len()];
        let mut reasons = std::mem::replace(&mut self.failures, vec![None; self.rules.len()]);
        for (at, query) in self.plan.external.iter().enumerate() {
            let rule = usize::from(query.rule);
            match answers.get(at) {
                Some(Ok(value)) => {
                    measured[rule] = Some(*value);
                    self.counts[rule] = u64::from(!query.must.holds(*value));
                }
                // Of no rows there may be nothing to say, such as their average.
                Some(Err(_)) if self.num_rows == 0 => {}
                answer => {
                    let reason = answer.and_then(|answer| answer.as_ref().err());
                    reasons[rule] =
                        Some(reason.map_or("it was not run", String::as_str).to_owned());
                    self.counts[rule] = 1;
                }
            }
        }
        for (level, seen) in self.plan.levels.iter().zip(&mut self.levels) {
            let rule = usize::from(level.rule);
            if let Some(value) = level.measure(seen, self.num_rows, now_us) {
                measured[rule] = Some(value);
                self.counts[rule] = u64::from(!level.holds(value));
            }
        }
        for (metric, tally) in self.plan.metrics.iter().zip(&self.tallies) {
            let value = metric.measure(*tally, self.num_rows);
            let rule = usize::from(metric.rule);
            if reasons[rule].is_some() {
                continue;
            }
            measured[rule] = Some(value);
            self.counts[rule] = u64::from(!metric.must.holds(value));
        }
        self.judge_lasting(&mut measured);
        let of_payloads = self.payload.iter().flat_map(|payload| payload.rules());
        for rule in self.plan.functions.iter().map(|each| &each.rule).chain(of_payloads) {
            let rule = usize::from(*rule);
            self.counts[rule] += u64::from(reasons[rule].is_some());
        }
        for ((rule, schedule), due) in self.plan.schedules.iter().zip(&mut self.due) {
            if due.is_none_or(|last| schedule.is_due(last, now_us)) {
                *due = Some(now_us);
                continue;
            }
            let rule = usize::from(*rule);
            (measured[rule], reasons[rule], self.counts[rule]) = (None, None, 0);
        }
        let rules = self.rules.iter().zip(&self.counts).zip(measured.into_iter().zip(reasons)).map(
            |((rule, violations), (measured, unmeasured))| RuleResult {
                rule: rule.clone(),
                violations: *violations,
                measured,
                unmeasured,
            },
        );
        let result = BatchResult { rules: rules.collect() };
        self.open();
        result
    }

    /// Drops the open batch, and what was remembered since it may have been of it.
    pub fn reset(&mut self) {
        self.open();
        self.forgetful = !self.memories.is_empty();
    }

    fn open(&mut self) {
        self.keys.iter_mut().for_each(SeenKeys::clear);
        self.tallies.fill(Tally::default());
        self.counts.fill(0);
        self.failures.fill(None);
        self.num_rows = 0;
    }

    fn take_type_violations(&mut self, fields: &[FieldViolation], checked: &mut CheckedRows) {
        let violations = &mut checked.violations;
        for violation in fields {
            let row = violation.row;
            if violation.field == UNKNOWN_FIELD {
                violations.extend(self.unknown_rule.map(|rule| RowViolation { row, rule }));
            } else {
                let rule = self.plan.type_rules[violation.field as usize];
                violations.push(RowViolation { row, rule });
                if checked.unrepresentable.last() != Some(&row) {
                    checked.unrepresentable.push(row);
                }
            }
        }
        // Several elements of a list may break one rule in one row.
        violations.sort_unstable();
        violations.dedup();
        for violation in violations {
            self.counts[usize::from(violation.rule)] += 1;
        }
    }

    fn require_fit(
        &mut self,
        rows: &RecordBatch,
        fields: &[FieldViolation],
    ) -> Result<(), ContractFault> {
        let known =
            self.fitting.as_ref().is_some_and(|known| Arc::ptr_eq(known, rows.schema_ref()));
        if !known {
            for (index, field) in self.schema.fields().iter().enumerate() {
                let actual = rows.schema_ref().fields().get(index);
                let fits = actual.is_some_and(|actual| {
                    actual.name() == field.name() && fits(field.data_type(), actual.data_type())
                });
                if !fits {
                    return Err(ContractFault::RowsMismatch {
                        path: field.name().clone(),
                        expected: field.data_type().to_string(),
                        actual: actual.map_or("no column".into(), ToString::to_string),
                    });
                }
            }
            self.fitting = Some(Arc::clone(rows.schema_ref()));
        }
        let last = fields.iter().map(|violation| violation.row as usize).max();
        let stray = fields.iter().any(|violation| {
            violation.field != UNKNOWN_FIELD
                && violation.field as usize >= self.plan.type_rules.len()
        });
        if stray
            || last.is_some_and(|row| row >= rows.num_rows())
            || !fields.is_sorted_by_key(|v| v.row)
        {
            return Err(ContractFault::RowsMismatch {
                path: "fields".into(),
                expected: "violations of these rows, sorted".into(),
                actual: "others".into(),
            });
        }
        Ok(())
    }
}

fn no_key() -> ContractFault {
    ContractFault::RowsMismatch {
        path: "key".into(),
        expected: "its columns".into(),
        actual: "none".into(),
    }
}

/// Equal but for nullability, metadata and the names of list elements.
pub fn fits(expected: &DataType, actual: &DataType) -> bool {
    match (expected, actual) {
        (DataType::Struct(expected), DataType::Struct(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(expected, actual)| {
                    expected.name() == actual.name()
                        && fits(expected.data_type(), actual.data_type())
                })
        }
        (DataType::List(expected), DataType::List(actual)) => {
            fits(expected.data_type(), actual.data_type())
        }
        (DataType::Map(expected, _), DataType::Map(actual, _)) => {
            fits(expected.data_type(), actual.data_type())
        }
        _ => expected == actual,
    }
}
