//! Typed access to the tree: a value of the wrong kind becomes an issue, and reading goes on.

use crate::decimal::Decimal;
use crate::fault::ContractIssue;
use crate::node::{Node, Value};

/// A node and its path in the document.
#[derive(Clone, Debug)]
pub(crate) struct At<'a> {
    pub node: &'a Node,
    pub path: String,
}

#[derive(Debug, Default)]
pub(crate) struct Issues(pub Vec<ContractIssue>);

impl Issues {
    pub fn add(&mut self, at: &At<'_>, expected: impl Into<String>) {
        self.add_actual(at, expected, at.node.describe());
    }

    pub fn add_actual(
        &mut self,
        at: &At<'_>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) {
        self.0.push(ContractIssue {
            path: at.path.clone(),
            expected: expected.into(),
            actual: actual.into(),
            line: at.node.line,
        });
    }

    pub fn missing(&mut self, parent: &At<'_>, key: &str, expected: impl Into<String>) {
        self.0.push(ContractIssue {
            path: parent.join(key),
            expected: expected.into(),
            actual: "nothing".into(),
            line: parent.node.line,
        });
    }
}

impl<'a> At<'a> {
    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }

    /// Entries of a mapping whose value is not null.
    pub fn entries(&self, issues: &mut Issues) -> Vec<(&'a str, At<'a>)> {
        match &self.node.value {
            Value::Map(entries) => entries
                .iter()
                .filter(|(_, node)| !matches!(node.value, Value::Null))
                .map(|(key, node)| (key.as_str(), At { node, path: self.join(key) }))
                .collect(),
            _ => {
                issues.add(self, "a mapping");
                Vec::new()
            }
        }
    }

    /// `None` when absent or null.
    pub fn get(&self, key: &str) -> Option<At<'a>> {
        self.entry(key).filter(|at| !matches!(at.node.value, Value::Null))
    }

    /// As [`At::get`], null included.
    pub fn entry(&self, key: &str) -> Option<At<'a>> {
        let Value::Map(entries) = &self.node.value else { return None };
        let (_, node) = entries.iter().find(|(name, _)| name == key)?;
        Some(At { node, path: self.join(key) })
    }

    pub fn items(&self, issues: &mut Issues) -> Vec<At<'a>> {
        match &self.node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| At { node, path: format!("{}[{index}]", self.path) })
                .collect(),
            _ => {
                issues.add(self, "a list");
                Vec::new()
            }
        }
    }

    pub fn list(&self, key: &str, issues: &mut Issues) -> Vec<At<'a>> {
        self.get(key).map_or_else(Vec::new, |at| at.items(issues))
    }

    pub fn as_text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn text(&self, key: &str, issues: &mut Issues) -> Option<&'a str> {
        let at = self.get(key)?;
        let text = at.as_text();
        if text.is_none() {
            issues.add(&at, "text");
        }
        text
    }

    pub fn flag(&self, key: &str, issues: &mut Issues) -> bool {
        match self.get(key) {
            None => false,
            Some(At { node: Node { value: Value::Bool(value), .. }, .. }) => *value,
            Some(at) => {
                issues.add(&at, "true or false");
                false
            }
        }
    }

    pub fn as_number(&self) -> Option<Decimal> {
        match &self.node.value {
            Value::Number(text) => Decimal::parse(text),
            _ => None,
        }
    }

    pub fn number(&self, issues: &mut Issues) -> Option<Decimal> {
        let number = self.as_number();
        if number.is_none() {
            issues.add(self, "a number of at most 38 digits");
        }
        number
    }

    /// A whole number that is not negative: a length or a count.
    pub fn count(&self, issues: &mut Issues) -> Option<u64> {
        let count = self.as_number().and_then(|n| n.units(0)).and_then(|n| u64::try_from(n).ok());
        if count.is_none() {
            issues.add(self, "a whole number, 0 or more");
        }
        count
    }

    pub fn whole(&self, key: &str, issues: &mut Issues) -> Option<i64> {
        let at = self.get(key)?;
        let whole = at.as_number().and_then(|n| n.units(0)).and_then(|n| i64::try_from(n).ok());
        if whole.is_none() {
            issues.add(&at, "a whole number");
        }
        whole
    }
}
