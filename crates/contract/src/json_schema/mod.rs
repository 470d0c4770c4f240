//! JSON Schema (2020-12) as a source of rules about payloads.
//!
//! Every keyword that can refuse a payload is a rule, named by its location: that of
//! `{"properties": {"id": {"minLength": 1}}}` is `json_schema:/properties/id/minLength`. Where a
//! schema is on its own its columns are derived from it, and whatever keyword means exactly the same
//! of a column is checked there; the rest, and all of a schema beside a contract, is evaluated row by
//! row on the payload.
//!
//! | module | holds |
//! |---|---|
//! | `source` | the text: dialect, references |
//! | `keyword` | what each keyword is |
//! | `form` | which column holds the values of a schema |
//! | `compile`, `object` | schema → columns, rules and coverage |
//! | `test` | a keyword → the same test of a column |
//! | `payload` | what is evaluated row by row |

mod compile;
mod form;
mod keyword;
mod object;
mod payload;
mod source;
mod test;

use std::sync::Arc;

use arrow_schema::Schema;
use headgate_model::ContractRef;

use crate::canonical;
use crate::contract::{Compiled, Contract};
use crate::fault::{ContractFault, ContractIssue};
use crate::node::Node;
use crate::plan::RuleNumber;
use compile::{Compiler, Rules};
pub(crate) use payload::PayloadRules;
use source::Source;

/// What the ids of its rules begin with.
pub(crate) const SCHEMA: &str = "json_schema";

/// A schema that payloads are held against; cheap to clone.
#[derive(Clone, Debug)]
pub struct JsonSchema {
    source: Arc<Source>,
    reference: ContractRef,
}

impl JsonSchema {
    /// Reads JSON. `name` is what a schema without an `$id` is called by. Refused are another dialect
    /// than 2020-12, and references to elsewhere: nothing is fetched.
    pub fn compile(text: &str, name: &str) -> Result<Self, ContractFault> {
        let source = Source::read(text).map_err(invalid)?;
        let node = Node::parse(text).map_err(|issue| invalid(vec![issue]))?;
        let id = source.id().unwrap_or(name).to_owned();
        let reference = ContractRef { id, version: "0".into(), hash: canonical::hash(&node) };
        Ok(Self { source: Arc::new(source), reference })
    }

    /// Its `$id` or name, the version `0`, and the hash of its content.
    pub fn reference(&self) -> &ContractRef {
        &self.reference
    }

    /// A contract of its own: columns by the schema, which must describe an object with properties.
    ///
    /// | schema | column |
    /// |---|---|
    /// | `string`, whatever its format | text |
    /// | `integer` | 64 bits: a longer one breaks its `type` |
    /// | `number` | double |
    /// | `boolean` | boolean |
    /// | `object` with `properties` | struct |
    /// | `object` with a schema as `additionalProperties` and no `properties` | map |
    /// | `array` with a schema as `items` and no `prefixItems` | list |
    /// | other objects and arrays, several types, no type | text, the JSON as it is written |
    ///
    /// A column is required if its schema is required and admits no `null`.
    pub fn contract(&self) -> Result<Contract, ContractFault> {
        let mut compiler = Compiler::new(&self.source);
        let (fields, plans) = compiler.columns();
        let Rules { rules, coverage, mut plan, payload } = compiler.finish().map_err(invalid)?;
        plan.fields = plans;
        let compiled = Compiled {
            reference: self.reference.clone(),
            schema: Arc::new(Schema::new(fields)),
            partition_columns: Vec::new(),
            tables: vec![self.reference.id.clone()],
            implementations: Default::default(),
            servers: Vec::new(),
            rules: rules.into(),
            coverage,
            plan: Arc::new(plan),
            payload: payload.map(Arc::new),
        };
        Ok(Contract { compiled: Arc::new(compiled) })
    }

    /// The contract, with the rules of this schema behind its own: they are of payloads, whatever
    /// became of them in columns.
    pub fn beside(&self, contract: &Contract) -> Result<Contract, ContractFault> {
        let Compiled { rules, coverage, plan, .. } = contract.compiled.as_ref();
        let mut compiler = Compiler::new(&self.source);
        compiler.after(rules);
        compiler.payload_only();
        let added = compiler.finish().map_err(invalid)?;
        let compiled = Compiled {
            reference: contract.compiled.reference.clone(),
            schema: Arc::clone(&contract.compiled.schema),
            partition_columns: contract.compiled.partition_columns.clone(),
            tables: contract.compiled.tables.clone(),
            implementations: contract.compiled.implementations.clone(),
            servers: contract.compiled.servers.clone(),
            rules: rules.iter().cloned().chain(added.rules).collect(),
            coverage: coverage.iter().cloned().chain(added.coverage).collect(),
            plan: Arc::clone(plan),
            payload: added.payload.map(Arc::new),
        };
        Ok(Contract { compiled: Arc::new(compiled) })
    }
}

fn invalid(issues: Vec<ContractIssue>) -> ContractFault {
    ContractFault::Invalid { issues }
}

/// Rules that a schema may have beside those of `known`, and room for `unknown_field`.
pub(crate) const fn room(known: usize) -> usize {
    (RuleNumber::MAX as usize - 1).saturating_sub(known)
}
