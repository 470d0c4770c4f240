//! Schema → rules and coverage, and columns where it has some of its own.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::Field;
use headgate_model::RuleInfo;
use serde_json::Value;

use super::form::{Conjunct, Conjuncts, Form, Kind, Part, says_something};
use super::keyword::{Keyword, Role};
use super::object::{is_looked_into, map_value};
use super::payload::{Judged, PayloadRules};
use super::source::{Source, issue};
use super::{SCHEMA, room, test};
use crate::coverage::{CoverageStatus, RuleCoverage};
use crate::fault::ContractIssue;
use crate::plan::{FieldCheck, FieldPlan, Plan, RuleNumber, Target, rule_info};
use crate::rule::Test;

/// A reference deeper than this, or one of more references, is left to the evaluation of payloads, so
/// that a short schema does not unfold without end.
const MAX_SEGMENTS: usize = 100;
const MAX_FOLLOWED: usize = 1000;

const BY_ROW: &str = "row by row, on the payload";

/// What came of a schema.
pub(crate) struct Rules {
    pub rules: Vec<RuleInfo>,
    pub coverage: Vec<RuleCoverage>,
    pub plan: Plan,
    pub payload: Option<PayloadRules>,
}

pub(crate) struct Compiler<'a> {
    pub source: &'a Arc<Source>,
    pub plan: Plan,
    pub issues: Vec<ContractIssue>,
    rules: Vec<RuleInfo>,
    coverage: Vec<RuleCoverage>,
    judged: Judged,
    ids: HashSet<String>,
    /// Rules of a contract before these.
    known: usize,
    followed: usize,
}

/// Where the column of a value goes.
pub(crate) struct Slot {
    pub path: String,
    /// Of its schema.
    pub location: String,
    pub name: String,
    /// Index in the batch, or in the parent.
    pub index: usize,
    pub is_nested: bool,
    /// Locations that say that it must be there.
    pub required: Vec<String>,
}

/// The column of a value.
pub(crate) struct Column {
    pub path: String,
    pub field: u32,
    pub form: Form,
    /// Its Arrow type, and what is below it, say more than JSON as it is written.
    pub is_open: bool,
    pub is_map: bool,
    /// Of the elements of a list.
    pub items: Option<Kind>,
}

impl<'a> Compiler<'a> {
    pub fn new(source: &'a Arc<Source>) -> Self {
        Self {
            source,
            plan: Plan::default(),
            issues: Vec::new(),
            rules: Vec::new(),
            coverage: Vec::new(),
            judged: Judged::default(),
            ids: HashSet::new(),
            known: 0,
            followed: 0,
        }
    }

    /// Numbers and ids go on behind these.
    pub fn after(&mut self, rules: &[RuleInfo]) {
        self.known = rules.len();
        self.ids.extend(rules.iter().map(|rule| rule.id.clone()));
    }

    pub fn columns(&mut self) -> (Vec<Field>, Vec<FieldPlan>) {
        let root = self.conjuncts(vec![self.root()]);
        let form = root.form();
        let is_object = form.kind == Kind::Object || !root.has("type");
        if !is_object || root.properties().is_empty() {
            let expected = "type object with properties, which are the columns";
            self.issues.push(issue("", expected, "a schema of something else"));
            return (Vec::new(), Vec::new());
        }
        let column = Column {
            path: String::new(),
            field: 0,
            form: Form { kind: Kind::Object, nullable: true },
            is_open: true,
            is_map: false,
            items: None,
        };
        for one in root.all.iter().filter(|one| one.keywords.contains_key("type")) {
            self.enforce(&one.at("type"), None);
            self.remark("a payload that is no object is a dead letter");
        }
        self.keywords(&root, Some(&column), &mut Vec::new(), |name| name == "type");
        self.fields(&root, None)
    }

    /// Every rule is of payloads.
    pub fn payload_only(&mut self) {
        let root = self.conjuncts(vec![self.root()]);
        self.value_of(&root, None);
    }

    pub fn finish(mut self) -> Result<Rules, Vec<ContractIssue>> {
        let payload = if self.judged.is_empty() {
            None
        } else {
            let rule = self.add("", None);
            self.cover("", CoverageStatus::Enforced, Some(NOT_READ.into()));
            Some(PayloadRules::new(Arc::clone(self.source), self.judged, rule))
        };
        let most = room(self.known);
        if self.rules.len() > most {
            let actual = self.rules.len().to_string();
            self.issues.push(issue("", format!("at most {most} rules"), actual));
        }
        if !self.issues.is_empty() {
            return Err(self.issues);
        }
        let Self { rules, coverage, plan, .. } = self;
        Ok(Rules { rules, coverage, plan, payload })
    }

    fn root(&self) -> Part<'a> {
        Part { schema: &self.source.document, location: String::new(), refs: vec!["#"] }
    }

    /// These schemas, and those that they add to themselves.
    pub fn conjuncts(&mut self, parts: Vec<Part<'a>>) -> Conjuncts<'a> {
        let mut found = Conjuncts::default();
        for part in parts {
            self.unfold(part, &mut found);
        }
        found
    }

    fn unfold(&mut self, part: Part<'a>, found: &mut Conjuncts<'a>) {
        let Part { schema, location, refs } = part;
        let Value::Object(keywords) = schema else {
            if *schema == Value::Bool(false) {
                found.never.push(location);
            }
            return;
        };
        let reference = keywords.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|reference| {
            let is_new = !refs.contains(&reference);
            let is_near = location.matches('/').count() < MAX_SEGMENTS;
            let target = self.source.target(reference)?;
            (is_new && is_near && self.followed < MAX_FOLLOWED).then_some((reference, target))
        });
        let one = Conjunct { keywords, location, refs, is_followed: target.is_some() };
        found.all.push(one.clone());
        if let Some((reference, target)) = target {
            self.followed += 1;
            let mut next = one.part(target, &["$ref"]);
            next.refs.push(reference);
            self.unfold(next, found);
        }
        if let Some(Value::Array(list)) = keywords.get("allOf") {
            for (index, schema) in list.iter().enumerate() {
                self.unfold(one.part(schema, &["allOf", &index.to_string()]), found);
            }
        }
    }

    /// The column of a value that these schemas are about, if it goes anywhere, and their rules.
    pub fn value(
        &mut self,
        parts: Vec<Part<'a>>,
        slot: Option<Slot>,
    ) -> Option<(Field, FieldPlan)> {
        let found = self.conjuncts(parts);
        self.value_of(&found, slot)
    }

    fn value_of(
        &mut self,
        found: &Conjuncts<'a>,
        slot: Option<Slot>,
    ) -> Option<(Field, FieldPlan)> {
        let form = found.form();
        let mut checks = Vec::new();
        let Some(slot) = slot else {
            self.keywords(found, None, &mut checks, |_| false);
            self.below(found, None);
            return None;
        };
        let column = self.open(found, &slot, form);
        for location in &slot.required {
            if form.is_exact() {
                let rule = self.enforce(location, Some(&slot.path));
                checks.push(FieldCheck { test: Test::Null, target: Target::Row(rule) });
            } else {
                self.judge(location, Some(&slot.path));
            }
        }
        // The first that tells a type is judged by whether a value fits the column.
        let mut is_told = form.kind == Kind::Any;
        self.keywords(found, Some(&column), &mut checks, |name| {
            name == "type" && !std::mem::replace(&mut is_told, true)
        });
        let (data_type, children) = self.below(found, Some(&column));
        self.plan.subtree_ends[column.field as usize] = self.plan.type_rules.len() as u32;
        let is_required = form.is_exact() && !slot.required.is_empty();
        let metadata = test::metadata(found, &column, &data_type);
        let field = Field::new(slot.name, data_type, slot.is_nested || !is_required);
        let plan = FieldPlan { field: column.field, column: slot.index, checks, children };
        Some((field.with_metadata(metadata), plan))
    }

    /// Numbers the field, and adds the rule that a value fits it.
    fn open(&mut self, found: &Conjuncts<'a>, slot: &Slot, form: Form) -> Column {
        let telling = found.all.iter().find(|one| one.keywords.contains_key("type"));
        let rule = match (telling, form.kind) {
            (Some(one), Kind::Text | Kind::Number | Kind::Boolean | Kind::Object | Kind::Array) => {
                self.enforce(&one.at("type"), Some(&slot.path))
            }
            (Some(one), Kind::Integer) => {
                let rule = self.enforce(&one.at("type"), Some(&slot.path));
                self.remark("whole numbers beyond 64 bits break it as well");
                rule
            }
            (None, _) | (_, Kind::Any) => {
                // Of no value but one that is there twice, or of all.
                match (found.never.first(), found.all.first()) {
                    (Some(never), _) => self.judge(never, Some(&slot.path)),
                    (None, one) => {
                        let location = one.map_or(slot.location.as_str(), |one| &one.location);
                        let rule = self.enforce(location, Some(&slot.path));
                        self.remark("kept as JSON; a field that is there twice breaks it");
                        rule
                    }
                }
            }
        };
        if let Some(info) = self.rules.get_mut(usize::from(rule)) {
            info.unrepresentable = true;
        }
        let field = self.plan.type_rules.len() as u32;
        self.plan.type_rules.push(rule);
        self.plan.subtree_ends.push(0);
        let items = self.items(found, form);
        let is_map = form.kind == Kind::Object && map_value(found).is_some();
        let is_open = match form.kind {
            Kind::Object => is_map || !found.properties().is_empty(),
            Kind::Array => items.is_some(),
            _ => true,
        };
        Column { path: slot.path.clone(), field, form, is_open, is_map, items }
    }

    fn keywords(
        &mut self,
        found: &Conjuncts<'a>,
        column: Option<&Column>,
        checks: &mut Vec<FieldCheck>,
        mut is_done: impl FnMut(&str) -> bool,
    ) {
        let path = column.map(|column| column.path.as_str()).filter(|path| !path.is_empty());
        for location in &found.never {
            if !self.judged.is_by_row(location) {
                self.judge(location, path);
            }
        }
        for one in &found.all {
            for (name, value) in one.keywords {
                if is_done(name) || (name == "$ref" && one.is_followed) {
                    continue;
                }
                let location = one.at(name);
                let Some(keyword) = Keyword::of(name) else {
                    let (status, reason) = if name.starts_with("x-") {
                        (CoverageStatus::Informational, "an extension")
                    } else {
                        (CoverageStatus::NotEnforceable, "not a keyword of JSON Schema 2020-12")
                    };
                    self.cover(&location, status, Some(reason.into()));
                    continue;
                };
                match keyword.role {
                    Role::Structure => {}
                    Role::Annotation => self.inform(&location, "says something to people"),
                    Role::With(other) if !one.keywords.contains_key(other) => {
                        self.inform(&location, &format!("says nothing without {other}"));
                    }
                    Role::With(_) => {
                        self.judge(&location, path);
                    }
                    Role::Rule => self.rule(one, name, value, column, checks),
                }
            }
        }
    }

    fn rule(
        &mut self,
        one: &Conjunct<'a>,
        name: &str,
        value: &Value,
        column: Option<&Column>,
        checks: &mut Vec<FieldCheck>,
    ) {
        let location = one.at(name);
        let path = column.map(|column| column.path.as_str()).filter(|path| !path.is_empty());
        match name {
            // With the properties that they name.
            "required" => return self.judged.names(location, value),
            "format" if !self.source.knows_format(value.as_str().unwrap_or_default()) => {
                let reason = "the format is not known";
                return self.cover(&location, CoverageStatus::NotEnforceable, Some(reason.into()));
            }
            "uniqueItems" if *value == Value::Bool(false) => return,
            "items" | "additionalProperties" if is_looked_into(one, name, value) => return,
            "additionalProperties" | "unevaluatedProperties" | "items" | "unevaluatedItems"
                if !says_something(value) && *value != Value::Bool(false) =>
            {
                return;
            }
            _ => {}
        }
        match column.map(|column| test::of(name, value, column)) {
            Some(test::Compiled::Test(test)) => {
                let rule = self.enforce(&location, path);
                checks.push(FieldCheck { test, target: Target::Row(rule) });
            }
            Some(test::Compiled::Void) => self.inform(&location, "of no value of this type"),
            Some(test::Compiled::No) | None => {
                self.judge(&location, path);
            }
        }
    }

    /// A rule of a column.
    pub fn enforce(&mut self, location: &str, column: Option<&str>) -> RuleNumber {
        let rule = self.add(location, column);
        self.cover(location, CoverageStatus::Enforced, None);
        self.judged.columnar(location);
        rule
    }

    /// A rule of payloads.
    pub fn judge(&mut self, location: &str, column: Option<&str>) -> RuleNumber {
        let rule = self.add(location, column);
        self.cover(location, CoverageStatus::Enforced, Some(BY_ROW.into()));
        self.judged.by_row(location, rule);
        rule
    }

    /// Adds a reason to the rule enforced last.
    fn remark(&mut self, reason: &str) {
        if let Some(coverage) = self.coverage.last_mut() {
            coverage.reason = Some(reason.into());
        }
    }

    fn add(&mut self, location: &str, column: Option<&str>) -> RuleNumber {
        let id = id_of(location);
        let mut unique = id.clone();
        let mut copy = 1;
        while !self.ids.insert(unique.clone()) {
            copy += 1;
            unique = format!("{id}_{copy}");
        }
        self.rules.push(rule_info(unique, column.map(str::to_owned)));
        let number = self.known + self.rules.len() - 1;
        RuleNumber::try_from(number).unwrap_or(RuleNumber::MAX)
    }

    fn inform(&mut self, location: &str, reason: &str) {
        self.cover(location, CoverageStatus::Informational, Some(reason.into()));
    }

    fn cover(&mut self, location: &str, status: CoverageStatus, reason: Option<String>) {
        let id = self.rules.last().map(|rule| rule.id.clone());
        let rule = id.filter(|_| status == CoverageStatus::Enforced);
        let rule = rule.unwrap_or_else(|| id_of(location));
        let path = if location.is_empty() { "/" } else { location }.to_owned();
        self.coverage.push(RuleCoverage { path, rule, status, reason, line: None });
    }
}

fn id_of(location: &str) -> String {
    match location {
        "" => SCHEMA.to_owned(),
        location => format!("{SCHEMA}:{location}"),
    }
}

const NOT_READ: &str = "row by row: payloads that are no JSON of double precision and 127 levels, and whatever no other rule names";
