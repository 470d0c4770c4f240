//! Rules that are a function of somebody else's, over columns.

use super::builder::{Builder, Column, Named};
use crate::canonical;
use crate::node::Value;
use crate::plan::{Function, FunctionColumn, Target};
use crate::reader::At;
use crate::rule::metric::{Metric, Operator};

const ENGINE: &str = "headgate";
/// Keys of an implementation that is more than a name.
const KEYS: [&str; 3] = ["function", "arguments", "unit"];

impl<'a> Builder<'a> {
    /// A custom rule of a property, or of the columns that a rule of the schema object names.
    pub fn custom(&mut self, at: &At<'a>, id: &str, column: Option<&Column>) {
        if at.get("engine").and_then(|at| at.as_text()) != Some(ENGINE) {
            return self.not_enforced(at, id, "rules of other engines are not run");
        }
        let Some(implementation) = at.get("implementation") else {
            return self.issues.missing(at, "implementation", "the name of a function");
        };
        // The standard leaves no other place for arguments and operators than an object.
        let is_object = matches!(implementation.node.value, Value::Map(_));
        let (said, name_at) = if is_object {
            self.stray_keys(&implementation);
            let Some(name_at) = implementation.get("function") else {
                return self.issues.missing(&implementation, "function", "the name of a function");
            };
            (&implementation, name_at)
        } else {
            (at, implementation.clone())
        };
        let Some(name) = name_at.as_text().map(str::trim).filter(|name| !name.is_empty()) else {
            return self.issues.add(&name_at, "the name of a function");
        };
        self.implementations.insert(name.to_owned());
        let Some(columns) = self.read_columns(said, id, column) else { return };
        let Some(percent) = self.percent(said, id) else { return };
        let Some(must) = self.most_found(said, percent) else { return };
        if !self.functions.iter().any(|known| known == name) {
            return self.not_enforced(at, id, format!("no function '{name}' is registered"));
        }
        let named = Named { id, column: column.map(|column| column.path.as_str()) };
        let (rule, target) = if must == Operator::Be(0.0) && !percent {
            let rule = self.enforce_rows(at, named);
            (rule, Target::Row(rule))
        } else {
            let severity = self.severity(at);
            let rule = self.enforce_batch(at, named, severity);
            self.plan.metrics.push(Metric { rule, of_rows: false, percent, must });
            (rule, Target::Metric(self.plan.metrics.len() - 1))
        };
        let arguments = said.get("arguments").map(|at| canonical::json(at.node));
        let name = name.to_owned();
        self.plan.functions.push(Function { rule, target, name, arguments, columns });
        self.schedule(at, rule, id);
    }

    fn stray_keys(&mut self, implementation: &At<'a>) {
        for (key, at) in implementation.entries(&mut self.issues) {
            if !KEYS.contains(&key) && !Operator::NAMES.contains(&key) {
                self.unknown_key(&at);
            }
        }
    }

    /// Without an operator there may be none.
    fn most_found(&mut self, said: &At<'a>, percent: bool) -> Option<Operator> {
        let has_operator = Operator::NAMES.iter().any(|name| said.get(name).is_some());
        if has_operator || percent { self.operator(said) } else { Some(Operator::Be(0.0)) }
    }

    fn read_columns(
        &mut self,
        said: &At<'a>,
        id: &str,
        column: Option<&Column>,
    ) -> Option<Vec<FunctionColumn>> {
        let arguments = said.get("arguments");
        let entries = arguments.as_ref().map(|at| at.entries(&mut self.issues)).unwrap_or_default();
        let properties = entries.into_iter().find(|(key, _)| *key == "properties");
        let columns = match (column, properties) {
            (Some(column), _) => vec![column.clone()],
            (None, Some((_, list))) => self.columns_of(&list)?,
            (None, None) => {
                self.issues.missing(said, "arguments.properties", "names of properties");
                return None;
            }
        };
        if columns.iter().any(|column| column.in_list) {
            let reason = "functions read columns: of an array or a map, all of it";
            self.not_enforced(said, id, reason);
            return None;
        }
        let read = columns.into_iter().map(|column| FunctionColumn {
            path: column.path,
            field: column.field,
            indices: column.indices,
        });
        Some(read.collect())
    }
}
