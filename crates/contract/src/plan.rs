//! The compiled form of a contract: what to do with each column of a chunk.

use headgate_model::RuleInfo;
use headgate_moment::Schedule;

use crate::rule::Test;
use crate::rule::metric::{Metric, Operator};

/// Index into the contract's rules.
pub(crate) type RuleNumber = u16;

#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Fields with something to check, or with such fields below them.
    pub fields: Vec<FieldPlan>,
    pub keys: Vec<KeyPlan>,
    pub metrics: Vec<Metric>,
    /// Those that name rows first.
    pub lasting: Vec<Lasting>,
    pub schedules: Vec<(RuleNumber, Schedule)>,
    pub external: Vec<External>,
    pub functions: Vec<Function>,
    pub levels: Vec<Level>,
    /// By field, in the order of [`headgate_model::field_paths`].
    pub type_rules: Vec<RuleNumber>,
    /// By field: the first field after it that is not below it.
    pub subtree_ends: Vec<u32>,
}

#[derive(Debug)]
pub(crate) struct FieldPlan {
    pub field: u32,
    /// Index in the batch, or in the parent struct.
    pub column: usize,
    pub checks: Vec<FieldCheck>,
    pub children: Children,
}

#[derive(Debug)]
pub(crate) enum Children {
    None,
    Struct(Vec<FieldPlan>),
    List(Box<FieldPlan>),
    /// Of keys and values, which are the columns of a map's entries.
    Map(Vec<FieldPlan>),
}

impl FieldPlan {
    pub fn is_idle(&self) -> bool {
        self.checks.is_empty()
            && match &self.children {
                Children::None => true,
                Children::Struct(fields) | Children::Map(fields) => fields.is_empty(),
                Children::List(item) => item.is_idle(),
            }
    }
}

#[derive(Debug)]
pub(crate) struct FieldCheck {
    pub test: Test,
    pub target: Target,
}

/// What a found slot counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Its row breaks this rule.
    Row(RuleNumber),
    /// Index into [`Plan::metrics`].
    Metric(usize),
}

/// Values that may occur once in a batch.
#[derive(Debug)]
pub(crate) struct KeyPlan {
    /// Each a path of column indices through structs.
    pub columns: Vec<Vec<usize>>,
    pub target: Target,
}

/// A rule over more than the open batch.
#[derive(Debug)]
pub(crate) struct Lasting {
    pub reach: Reach,
    pub counted: Counted,
    pub aim: Aim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Microseconds of a window of ingestion.
    Window(i64),
    Stream,
}

#[derive(Debug)]
pub(crate) enum Counted {
    Rows,
    /// Rows whose key was there before; each column a path of indices through structs.
    Repeated(Vec<Vec<usize>>),
    /// As many, by a sketch.
    AboutRepeated(Vec<Vec<usize>>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// A row that is counted breaks the rule.
    Row(RuleNumber),
    /// The count is measured. `percent`: of the rows.
    Measure { rule: RuleNumber, percent: bool, must: Operator },
}

impl Lasting {
    /// Columns of the key; none where rows are counted.
    pub fn columns(&self) -> &[Vec<usize>] {
        match &self.counted {
            Counted::Rows => &[],
            Counted::Repeated(columns) | Counted::AboutRepeated(columns) => columns,
        }
    }
}

impl Aim {
    pub const fn is_percent(self) -> bool {
        matches!(self, Self::Measure { percent: true, .. })
    }
}

/// A query that others run, and what its answer must be.
#[derive(Debug)]
pub(crate) struct External {
    pub rule: RuleNumber,
    pub must: Operator,
    pub statement: String,
    /// Where the query is written.
    pub path: String,
    pub line: Option<u32>,
}

/// A function that others run, over columns.
#[derive(Debug)]
pub(crate) struct Function {
    pub rule: RuleNumber,
    pub target: Target,
    pub name: String,
    /// A JSON object.
    pub arguments: Option<String>,
    pub columns: Vec<FunctionColumn>,
}

#[derive(Debug)]
pub(crate) struct FunctionColumn {
    pub path: String,
    pub field: u32,
    /// A path of column indices through structs.
    pub indices: Vec<usize>,
}

/// A service level.
#[derive(Debug)]
pub(crate) struct Level {
    pub rule: RuleNumber,
    pub measure: Measure,
    /// A path of column indices through structs.
    pub column: Vec<usize>,
    /// In microseconds.
    pub limit: i64,
    /// Microseconds of the unit that it is measured in.
    pub unit: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Age of the newest row.
    Newest,
    /// Age of the oldest row.
    Oldest,
    /// Time since the batch before.
    Gap,
}

impl Plan {
    /// True where a violation at field `at` explains one at field `below`.
    pub fn covers(&self, at: u32, below: u32) -> bool {
        at <= below && self.subtree_ends.get(at as usize).is_some_and(|end| below < *end)
    }
}

pub(crate) fn rule_info(id: String, column: Option<String>) -> RuleInfo {
    RuleInfo {
        id,
        column,
        severity: headgate_model::Severity::Block,
        scope: headgate_model::RuleScope::Batch,
        estimated: false,
        routes_rows: true,
        unrepresentable: false,
    }
}
