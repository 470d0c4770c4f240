//! Document → schema, rules and coverage.

mod bounds;
mod builder;
mod custom;
mod keys;
mod lasting;
mod moments;
mod options;
mod property;
mod quality;
mod service_level;
mod sql;
mod values;

use std::sync::Arc;

use arrow_schema::Schema;
use headgate_model::ContractRef;

use crate::canonical;
use crate::contract::Compiled;
use crate::document::Document;
use crate::fault::ContractIssue;
use crate::node::Node;
use crate::plan::Aim;
use crate::reader::{At, Issues};
use builder::{Builder, Scope};

pub(crate) fn compile(
    text: &str,
    schema_name: Option<&str>,
    functions: &[String],
) -> Result<Compiled, Vec<ContractIssue>> {
    let node = Node::parse(text).map_err(|issue| vec![issue])?;
    let root = At { node: &node, path: String::new() };
    let mut issues = Issues::default();
    let Some(document) = Document::read(&root, schema_name, &mut issues) else {
        return Err(in_order(issues.0));
    };

    let mut builder = Builder::default();
    builder.issues = issues;
    builder.functions = functions;
    builder.table = document.schema.tables.first().cloned().unwrap_or_default();
    let (fields, plans) = builder.properties(&document.schema.properties, &Scope::default());
    builder.plan.fields = plans;
    builder.primary_key();
    let partition_columns = builder.partition_columns();
    for rule in &document.schema.quality {
        builder.quality(rule, None);
    }
    builder.relationships(&document.schema.relationships, None);
    for at in document.schema.unknown.iter().chain(&document.unknown) {
        builder.unknown_key(at);
    }
    for at in &document.sla {
        builder.service_level(at, document.sla_element);
    }

    // What rules that name rows leave out, the others do not count.
    builder.plan.lasting.sort_by_key(|lasting| !matches!(lasting.aim, Aim::Row(_)));

    let Builder { issues, rules, coverage, plan, implementations, .. } = builder;
    if !issues.0.is_empty() {
        return Err(in_order(issues.0));
    }
    Ok(Compiled {
        tables: document.schema.tables,
        implementations,
        servers: document.servers,
        reference: ContractRef {
            id: document.id,
            version: document.version,
            hash: canonical::hash(&node),
        },
        schema: Arc::new(Schema::new(fields)),
        partition_columns,
        rules: rules.into(),
        coverage,
        plan: Arc::new(plan),
        payload: None,
    })
}

fn in_order(mut issues: Vec<ContractIssue>) -> Vec<ContractIssue> {
    issues.sort_by_key(|issue| issue.line);
    issues
}
