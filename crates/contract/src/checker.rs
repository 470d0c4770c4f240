//! All rules over the chunks of a batch.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Schema, SchemaRef};
use headgate_model::{FieldViolation, FoundRows, RuleInfo, RuleResult, Severity, UNKNOWN_FIELD};

use crate::contract::{CheckOptions, Compiled};
use crate::fault::ContractFault;
use crate::history::Memory;
use crate::plan::{
    Aim, Children, FieldPlan, Function, FunctionColumn, Lasting, Plan, Reach, RuleNumber, Target,
    rule_info,
};
use crate::result::{BatchResult, CheckedRows, RowViolation};
use crate::rule::function;
use crate::rule::key::{Keyed, SeenKeys};
use crate::rule::level;
use crate::rule::metric::Tally;
use crate::view::{Elements, View};

/// Rows of the output that rules over more than a batch have to know.
#[derive(Clone, Debug)]
pub struct Forgotten {
    /// Columns of the contract.
    pub schema: SchemaRef,
    /// With the time at which they were ingested.
    pub by_time: bool,
}

/// Checks one batch at a time, chunk by chunk. Holds the keys seen and the counts of the open
/// batch; its memory grows with the distinct keys of the batch, and with nothing else.
pub struct Checker {
    plan: Arc<Plan>,
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

    /// As [`Checker::check`]; `found` is what [`crate::Contract::functions`] found in these rows, in
    /// their order. A function without an answer fails its rule for the whole batch.
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
        let mut run = Run { checker: self, plan: &plan, fields, violations: checked.violations };
        for field in &plan.fields {
            run.visit(field, &View::column(rows.column(field.column)));
        }
        run.visit_keys(rows)?;
        checked.unjudged = run.visit_functions(rows, found);
        for (level, seen) in plan.levels.iter().zip(&mut run.checker.levels) {
            level.see(rows, seen);
        }

        checked.violations = run.violations;
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

    /// Rules over the rows of the output, with those that are added to it.
    fn check_lasting(
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

    /// What rules over more than a batch hold in memory.
    pub fn memory_bytes(&self) -> usize {
        self.memories.iter().map(Memory::state_bytes).sum()
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
        for (lasting, memory) in self.plan.lasting.iter().zip(&mut self.memories) {
            let Aim::Measure { rule, must, .. } = lasting.aim else { continue };
            let judged = memory.judged(lasting);
            let failed = judged.iter().filter(|value| !must.holds(**value)).count();
            let told = judged.iter().rev().find(|value| !must.holds(**value)).or(judged.last());
            measured[usize::from(rule)] = told.copied();
            self.counts[usize::from(rule)] = failed as u64;
        }
        for function in &self.plan.functions {
            let rule = usize::from(function.rule);
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
fn fits(expected: &DataType, actual: &DataType) -> bool {
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

/// What a rule looks at.
#[derive(Clone, Copy)]
struct About {
    field: u32,
    /// All below the field as well.
    below: bool,
}

/// One chunk's pass over the plan.
struct Run<'a> {
    checker: &'a mut Checker,
    plan: &'a Plan,
    fields: &'a [FieldViolation],
    violations: Vec<RowViolation>,
}

impl Run<'_> {
    fn visit(&mut self, field: &FieldPlan, view: &View<'_>) {
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

    fn visit_keys(&mut self, rows: &RecordBatch) -> Result<(), ContractFault> {
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

    /// Takes in what functions found. True where a rule that names rows to be moved is in doubt.
    fn visit_functions(&mut self, rows: &RecordBatch, found: Vec<FoundRows>) -> bool {
        if rows.num_rows() == 0 {
            return false;
        }
        let mut unjudged = false;
        let mut answers = found.into_iter();
        for asked in &self.plan.functions {
            let answer = answers.next().unwrap_or_else(|| Err("it was not asked".into()));
            match function::checked(answer, rows.num_rows()) {
                Ok(found) => self.take_found(asked, rows, found),
                Err(reason) => {
                    let rule = usize::from(asked.rule);
                    self.checker.failures[rule].get_or_insert(reason);
                    let RuleInfo { severity, routes_rows, .. } = self.checker.rules[rule];
                    unjudged |= routes_rows && severity == Severity::Block;
                }
            }
        }
        unjudged
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
