//! What of a schema is evaluated on payloads, one by one.

use std::collections::HashMap;
use std::sync::Arc;

use headgate_model::FoundRows;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::source::Source;
use crate::plan::RuleNumber;

/// Who judges each location of a schema.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// `None`: a test of a column.
    locations: HashMap<String, Option<usize>>,
    /// What each `required` names.
    required: HashMap<String, Vec<String>>,
    rules: Vec<RuleNumber>,
}

impl Judged {
    pub fn names(&mut self, required: String, names: &Value) {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
        self.required.insert(required, names.map(str::to_owned).collect());
    }

    pub fn columnar(&mut self, location: &str) {
        self.locations.entry(location.to_owned()).or_default();
    }

    pub fn by_row(&mut self, location: &str, rule: RuleNumber) {
        self.locations.insert(location.to_owned(), Some(self.rules.len()));
        self.rules.push(rule);
    }

    pub fn is_by_row(&self, location: &str) -> bool {
        matches!(self.locations.get(location), Some(Some(_)))
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// The rules of payloads.
#[derive(Debug)]
pub(crate) struct PayloadRules {
    source: Arc<Source>,
    judged: Judged,
    /// The last is that of payloads that cannot be read, and of whatever no other names.
    rules: Vec<RuleNumber>,
}

impl PayloadRules {
    pub fn new(source: Arc<Source>, judged: Judged, any: RuleNumber) -> Self {
        let rules = judged.rules.iter().copied().chain([any]).collect();
        Self { source, judged, rules }
    }

    pub fn rules(&self) -> &[RuleNumber] {
        &self.rules
    }

    /// Of whatever no other rule names.
    pub fn any_rule(&self) -> Option<RuleNumber> {
        self.rules.last().copied()
    }

    /// Rows that break each rule, ascending; a row without a payload breaks none. The last are rows
    /// that break only what columns are tested for, by what the evaluator says of where it is.
    pub fn find<'p>(&self, payloads: impl Iterator<Item = Option<&'p [u8]>>) -> Vec<FoundRows> {
        let of_columns = self.rules.len();
        let mut found = vec![Vec::new(); of_columns + 1];
        for (row, payload) in (0_u32..).zip(payloads) {
            let Some(payload) = payload else { continue };
            let value: Value = match serde_json::from_slice(payload) {
                Ok(value) => value,
                Err(_) => {
                    add(&mut found, self.any(), row);
                    continue;
                }
            };
            if self.source.validator.is_valid(&value) {
                continue;
            }
            let mut is_named = false;
            for error in self.source.validator.iter_errors(&value) {
                if let Some(rule) = self.rule_of(&error) {
                    add(&mut found, rule, row);
                    is_named = true;
                }
            }
            if !is_named {
                add(&mut found, of_columns, row);
            }
        }
        found.into_iter().map(Ok).collect()
    }

    fn any(&self) -> usize {
        self.rules.len() - 1
    }

    /// `None`: a column is tested for it.
    fn rule_of(&self, error: &ValidationError<'_>) -> Option<usize> {
        let path = error.evaluation_path().as_str();
        let named = match error.kind() {
            ValidationErrorKind::Required { property } => self.required(path, property),
            _ => None,
        };
        let path = named.as_deref().unwrap_or(path);
        let locations = &self.judged.locations;
        if let Some(judged) = locations.get(path) {
            return *judged;
        }
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/') {
            if let Some(Some(rule)) = locations.get(parent) {
                return Some(*rule);
            }
            above = parent;
        }
        Some(self.any())
    }

    /// The location of a name in a `required`.
    fn required(&self, path: &str, property: &Value) -> Option<String> {
        let names = self.judged.required.get(path)?;
        let index = names.iter().position(|name| property.as_str() == Some(name))?;
        Some(format!("{path}/{index}"))
    }
}

fn add(found: &mut [Vec<u32>], rule: usize, row: u32) {
    if found[rule].last() != Some(&row) {
        found[rule].push(row);
    }
}
