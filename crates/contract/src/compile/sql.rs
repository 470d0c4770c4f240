//! Rules that are a query over the batch.

use super::builder::{Builder, Column, Named};
use crate::plan::External;
use crate::reader::At;

/// What stands for the rows, in the spellings of the standard and of its tools.
const TABLE: [&str; 4] = ["object", "table", "model", "schema"];
const COLUMN: [&str; 3] = ["property", "column", "field"];

impl<'a> Builder<'a> {
    /// A `SELECT` of one number. Whoever runs it says whether it can be planned.
    pub fn sql(&mut self, at: &At<'a>, id: &str, column: Option<&Column>) {
        let Some(query_at) = at.get("query") else {
            return self.issues.missing(at, "query", "a SELECT of one number");
        };
        let Some(query) = query_at.as_text().filter(|text| !text.trim().is_empty()) else {
            return self.issues.add(&query_at, "a SELECT of one number");
        };
        let Some(must) = self.operator(at) else { return };
        if column.is_some_and(|column| column.in_list) && has_column(query) {
            return self.not_enforced(at, id, "SQL cannot name a property within an array");
        }
        let path = column.map(|column| column.path.as_str());
        let severity = self.severity(at);
        let rule = self.enforce_batch(at, Named { id, column: path }, severity);
        let statement = with_names(query, &self.table, path);
        let (path, line) = (query_at.path.clone(), query_at.node.line);
        self.plan.external.push(External { rule, must, statement, path, line });
    }
}

fn has_column(query: &str) -> bool {
    COLUMN.iter().any(|name| query.contains(&format!("{{{name}}}")))
}

/// Placeholders are `{name}` or `${name}`, quoted or not; what they stand for is quoted.
fn with_names(query: &str, table: &str, column: Option<&str>) -> String {
    let mut text = String::with_capacity(query.len() + 16);
    let mut rest = query;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        let name = after[1..].split('}').next().unwrap_or_default();
        let identifier = match (TABLE.contains(&name), COLUMN.contains(&name), column) {
            (true, _, _) => quoted(table),
            (_, true, Some(path)) => path.split('.').map(quoted).collect::<Vec<_>>().join("."),
            _ => {
                text.push_str(before);
                text.push('{');
                rest = &after[1..];
                continue;
            }
        };
        let mut before = before.strip_suffix('$').unwrap_or(before);
        let mut after = &after[name.len() + 2..];
        for quote in ['"', '`'] {
            if let (Some(inner), Some(outer)) =
                (before.strip_suffix(quote), after.strip_prefix(quote))
            {
                (before, after) = (inner, outer);
            }
        }
        text.push_str(before);
        text.push_str(&identifier);
        rest = after;
    }
    text.push_str(rest);
    text
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_every_spelling_become_quoted_names() {
        for (query, expected) in [
            ("SELECT 1 FROM {object}", r#"SELECT 1 FROM "Orders""#),
            ("SELECT ${column} FROM ${table}", r#"SELECT "a"."b" FROM "Orders""#),
            (r#"SELECT "{field}" FROM `${model}`"#, r#"SELECT "a"."b" FROM "Orders""#),
            ("SELECT {property} FROM {schema}", r#"SELECT "a"."b" FROM "Orders""#),
            ("SELECT '{x}' FROM {table}", r#"SELECT '{x}' FROM "Orders""#),
            ("SELECT 1 {", "SELECT 1 {"),
        ] {
            assert_eq!(with_names(query, "Orders", Some("a.b")), expected, "{query}");
        }
    }
}
