//! What compilation gathers on its way through a document.

use std::collections::{BTreeSet, HashSet};

use arrow_schema::DataType;
use headgate_model::{RuleInfo, Severity};

use super::moments::Moment;
use crate::coverage::{CoverageStatus, RuleCoverage};
use crate::instant;
use crate::plan::{Plan, RuleNumber, rule_info};
use crate::reader::{At, Issues};
use crate::types::Logical;

/// Rules of one contract, with room for `unknown_field`.
const MAX_RULES: usize = RuleNumber::MAX as usize - 1;

#[derive(Default)]
pub(crate) struct Builder<'a> {
    pub issues: Issues,
    pub rules: Vec<RuleInfo>,
    pub coverage: Vec<RuleCoverage>,
    pub plan: Plan,
    /// The schema object, as SQL calls it.
    pub table: String,
    /// Registered for custom rules.
    pub functions: &'a [String],
    /// Named by custom rules.
    pub implementations: BTreeSet<String>,
    pub columns: Vec<Column>,
    pub primary: Vec<Member<'a>>,
    pub partitions: Vec<Member<'a>>,
    ids: HashSet<String>,
}

/// A column of a key.
pub(crate) struct Member<'a> {
    pub at: At<'a>,
    pub place: Option<i64>,
    pub column: Column,
}

/// Where properties hang.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// Path of the parent, and its path by logical names.
    pub path: Option<(String, String)>,
    /// Column indices to the parent, through structs.
    pub indices: Vec<usize>,
    pub in_list: bool,
    /// Of the nearest parent that has one.
    pub classification: Option<String>,
}

/// A field under compilation.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub path: String,
    /// By logical names.
    pub name_path: String,
    pub field: u32,
    pub logical: Logical,
    /// Meaningless for objects, arrays and maps.
    pub data_type: DataType,
    pub indices: Vec<usize>,
    pub in_list: bool,
    pub moment: Option<Moment>,
}

impl Column {
    /// Days of a date that is written as this column's values are.
    pub fn date(&self, text: &str) -> Option<i32> {
        match &self.moment {
            Some(moment) => moment.format.date(text),
            None => instant::date(text.as_bytes()),
        }
    }

    pub fn timestamp(&self, text: &str) -> Option<i64> {
        match &self.moment {
            Some(moment) => moment.format.timestamp(text),
            None => instant::timestamp(text.as_bytes()),
        }
    }

    pub fn time(&self, text: &str) -> Option<i64> {
        match &self.moment {
            Some(moment) => moment.format.time(text),
            None => Some(instant::time(text.as_bytes())?.micros),
        }
    }

    pub fn is_bytes(&self) -> bool {
        self.data_type == DataType::Binary
    }

    /// `None`: may be part of a key. Else the reason why not.
    pub fn no_key(&self) -> Option<&'static str> {
        if self.in_list {
            Some("keys within arrays and maps are not built")
        } else if self.logical.is_nested() {
            Some("keys of objects, arrays and maps are not built")
        } else {
            None
        }
    }
}

/// Why rules of text and of listed values are not enforced on columns of bytes.
pub(crate) const NOT_OF_BYTES: &str = "a binary column: its bytes are not read as text";

/// An id and the column that it is about.
#[derive(Clone, Copy)]
pub(crate) struct Named<'n> {
    pub id: &'n str,
    pub column: Option<&'n str>,
}

impl Builder<'_> {
    /// Adds a rule that names rows, of blocking severity. Callers that need another kind change the
    /// [`RuleInfo`] at the number returned.
    pub fn enforce(&mut self, at: &At<'_>, named: Named<'_>) -> RuleNumber {
        let id = self.unique_id(named.id);
        let number = self.rules.len();
        if number == MAX_RULES {
            self.issues.add_actual(at, format!("at most {MAX_RULES} rules"), "more");
        }
        self.rules.push(rule_info(id.clone(), named.column.map(str::to_owned)));
        self.cover(at, id, CoverageStatus::Enforced, None);
        RuleNumber::try_from(number).unwrap_or(RuleNumber::MAX)
    }

    pub fn rule_mut(&mut self, number: RuleNumber) -> Option<&mut RuleInfo> {
        self.rules.get_mut(usize::from(number))
    }

    /// A quality rule that names rows.
    pub fn enforce_rows(&mut self, at: &At<'_>, named: Named<'_>) -> RuleNumber {
        let severity = self.severity(at);
        let rule = self.enforce(at, named);
        if let Some(info) = self.rule_mut(rule) {
            info.severity = severity;
        }
        rule
    }

    /// A rule that judges the batch.
    pub fn enforce_batch(
        &mut self,
        at: &At<'_>,
        named: Named<'_>,
        severity: Severity,
    ) -> RuleNumber {
        let rule = self.enforce(at, named);
        if let Some(info) = self.rule_mut(rule) {
            info.severity = severity;
            info.routes_rows = false;
        }
        rule
    }

    /// What a quality rule says of its severity.
    pub fn severity(&mut self, at: &At<'_>) -> Severity {
        severity(at.text("severity", &mut self.issues))
    }

    /// Adds a reason to the rule enforced last: where it does more or less than the document says.
    pub fn remark(&mut self, reason: &str) {
        if let Some(coverage) = self.coverage.last_mut() {
            coverage.reason = Some(reason.into());
        }
    }

    /// True, and an issue, if an item equals one before it.
    pub fn is_repeated(&mut self, items: &[At<'_>], index: usize, expected: &str) -> bool {
        let item = &items[index];
        let known = items[..index].iter().any(|known| known.node.value == item.node.value);
        if known {
            self.issues.add_actual(item, expected, "one that is listed twice");
        }
        known
    }

    pub fn not_enforced(
        &mut self,
        at: &At<'_>,
        rule: impl Into<String>,
        reason: impl Into<String>,
    ) {
        self.cover(at, rule.into(), CoverageStatus::NotEnforceable, Some(reason.into()));
    }

    pub fn informational(&mut self, at: &At<'_>, rule: impl Into<String>, reason: &str) {
        self.cover(at, rule.into(), CoverageStatus::Informational, Some(reason.into()));
    }

    pub fn cover(
        &mut self,
        at: &At<'_>,
        rule: String,
        status: CoverageStatus,
        reason: Option<String>,
    ) {
        let (path, line) = (at.path.clone(), at.node.line);
        self.coverage.push(RuleCoverage { path, rule, status, reason, line });
    }

    pub fn unknown_key(&mut self, at: &At<'_>) {
        let key = at.path.rsplit('.').next().unwrap_or_default().to_owned();
        self.not_enforced(at, key, "not a key of ODCS here");
    }

    pub fn relationships(&mut self, list: &[At<'_>], column: Option<&str>) {
        for at in list {
            let id = with_path("relationship", column);
            self.not_enforced(at, id, "references to other tables are not looked up");
        }
    }

    fn unique_id(&mut self, id: &str) -> String {
        let mut unique = id.to_owned();
        let mut copy = 1;
        while !self.ids.insert(unique.clone()) {
            copy += 1;
            unique = format!("{id}_{copy}");
        }
        unique
    }
}

pub(crate) fn with_path(rule: &str, path: Option<&str>) -> String {
    path.map_or_else(|| rule.to_owned(), |path| format!("{rule}_{path}"))
}

/// ODCS's unknown severities are errors.
fn severity(name: Option<&str>) -> Severity {
    match name.map(str::to_ascii_lowercase).as_deref() {
        Some("warning" | "warn" | "low" | "minor" | "trivial") => Severity::Warn,
        Some("info") => Severity::Info,
        _ => Severity::Block,
    }
}
