//! A compiled contract.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::SchemaRef;
use headgate_model::{ContractRef, RuleInfo};

use crate::checker::Checker;
use crate::coverage::RuleCoverage;
use crate::document::Outline;
use crate::fault::ContractFault;
use crate::json_schema::PayloadRules;
use crate::plan::{Function, Plan};
use crate::server::Server;
use crate::view::resolve;

/// How rows are checked, beyond what the document says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// A field that the contract does not name breaks the rule `unknown_field`. Default: no.
    pub reject_unknown_fields: bool,
    /// Rows that break rules go to the output like all others. Default: they do not.
    pub keeps_violating: bool,
    /// Bytes in front of the JSON of each payload, such as 5 of a schema registry's frame. Default: 0.
    pub frame_bytes: usize,
}

/// A `SELECT` of one number over the rows of a batch.
#[derive(Clone, Copy, Debug)]
pub struct RuleQuery<'c> {
    pub statement: &'c str,
    /// Where in the document.
    pub path: &'c str,
    pub line: Option<u32>,
    pub rule: &'c RuleInfo,
}

/// A function that finds the rows which break a rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleFunction<'c> {
    function: &'c Function,
    pub rule: &'c RuleInfo,
}

impl<'c> RuleFunction<'c> {
    pub fn name(&self) -> &'c str {
        &self.function.name
    }

    /// A JSON object.
    pub fn arguments(&self) -> Option<&'c str> {
        self.function.arguments.as_deref()
    }

    /// What it reads of rows that were checked to have the contract's columns: by path, the values
    /// and which of them are there. One column where the rule is a property's.
    pub fn columns<'r>(
        &self,
        rows: &'r RecordBatch,
    ) -> Vec<(&'c str, &'r ArrayRef, Option<NullBuffer>)> {
        let columns = self.function.columns.iter();
        let found = columns.filter_map(|column| {
            let (array, nulls) = resolve(rows, &column.indices)?;
            Some((column.path.as_str(), array, nulls))
        });
        found.collect()
    }
}

/// A parsed and compiled document; cheap to clone.
#[derive(Clone, Debug)]
pub struct Contract {
    pub(crate) compiled: Arc<Compiled>,
}

#[derive(Debug)]
pub(crate) struct Compiled {
    pub reference: ContractRef,
    pub schema: SchemaRef,
    pub partition_columns: Vec<String>,
    pub tables: Vec<String>,
    pub implementations: BTreeSet<String>,
    pub servers: Vec<Server>,
    pub rules: Arc<[RuleInfo]>,
    pub coverage: Vec<RuleCoverage>,
    pub plan: Arc<Plan>,
    /// Of a JSON Schema.
    pub payload: Option<Arc<PayloadRules>>,
}

impl Contract {
    /// Compiles YAML or JSON. `schema_name` is the `name` or `physicalName` of one of the document's
    /// schema objects; it may be left out where there is only one. All issues are reported at once.
    pub fn compile(text: &str, schema_name: Option<&str>) -> Result<Self, ContractFault> {
        Self::compile_with(text, schema_name, &[])
    }

    /// As [`Contract::compile`], where custom rules may name these functions.
    pub fn compile_with(
        text: &str,
        schema_name: Option<&str>,
        functions: &[String],
    ) -> Result<Self, ContractFault> {
        let compiled = crate::compile::compile(text, schema_name, functions)
            .map_err(|issues| ContractFault::Invalid { issues })?;
        Ok(Self { compiled: Arc::new(compiled) })
    }

    /// What there is to compile.
    pub fn outline(text: &str) -> Result<Outline, ContractFault> {
        Outline::read(text).map_err(|issues| ContractFault::Invalid { issues })
    }

    pub fn reference(&self) -> &ContractRef {
        &self.compiled.reference
    }

    /// Columns of the payload, in the document's order. A top-level column is nullable unless it is
    /// required, part of the primary key or a partition column; nested fields are always nullable,
    /// since Delta cannot promise more of them. Metadata of a field: `headgate.logicalType`,
    /// `headgate.format` for texts with one, `headgate.json` for texts that hold a JSON `object` or
    /// `array` whose shape the document does not say, `headgate.classification` for what is classified
    /// and all below it, and `description` where given.
    pub fn schema(&self) -> &SchemaRef {
        &self.compiled.schema
    }

    /// By `partitionKeyPosition`, then in the document's order.
    pub fn partition_columns(&self) -> &[String] {
        &self.compiled.partition_columns
    }

    /// Compiled rules. A rule's index is its number everywhere.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.compiled.rules
    }

    /// Queries that rules need the answers of; see [`Checker::finish`].
    pub fn queries(&self) -> impl ExactSizeIterator<Item = RuleQuery<'_>> {
        self.compiled.plan.external.iter().map(|query| RuleQuery {
            statement: &query.statement,
            path: &query.path,
            line: query.line,
            rule: &self.compiled.rules[usize::from(query.rule)],
        })
    }

    /// Functions that rules need the answers of; see [`Checker::check_with`].
    pub fn functions(&self) -> impl ExactSizeIterator<Item = RuleFunction<'_>> {
        self.compiled.plan.functions.iter().map(|function| RuleFunction {
            function,
            rule: &self.compiled.rules[usize::from(function.rule)],
        })
    }

    /// Every function that a custom rule names, registered or not.
    pub fn implementations(&self) -> &BTreeSet<String> {
        &self.compiled.implementations
    }

    /// What queries may call the rows: the names of the schema object, the physical one last.
    pub fn tables(&self) -> &[String] {
        &self.compiled.tables
    }

    /// What the schema object is called where its data are: a topic, a table.
    pub fn physical_name(&self) -> &str {
        self.compiled.tables.last().map_or("", String::as_str)
    }

    /// In the document's order.
    pub fn servers(&self) -> &[Server] {
        &self.compiled.servers
    }

    /// Every rule of the document, enforced or not.
    pub fn coverage(&self) -> &[RuleCoverage] {
        &self.compiled.coverage
    }

    /// A checker with no batch open.
    pub fn checker(&self, options: CheckOptions) -> Checker {
        Checker::new(&self.compiled, options)
    }
}
