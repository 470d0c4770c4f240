use headgate_contract::ContractFault;
use headgate_decode::DecodeFault;
use headgate_model::{
    Blame, BlockNote, Fault, FaultContext, FunctionFault, Retry, SchemaDifference, TransformFault,
    Verdict,
};

use crate::SchemaName;
use crate::schema_change::incompatible;

/// What ends a query from within the loop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineFault {
    #[error("a batch broke its contract, and the policy is to block")]
    Violated { verdict: Box<Verdict> },
    #[error("an intervention blocked the query: {reason}")]
    Blocked { reason: String, verdict: Box<Verdict> },
    #[error("version {} of the output blocks the query: {}", .0.version, .0.reason)]
    StillBlocked(BlockNote),
    #[error("record {offset} of {partition} cannot become a row")]
    Undecodable { partition: String, offset: i64, kind: &'static str, message: String },
    #[error("another writer moved the positions of this query {times} times in a row")]
    Fenced { times: u32, same_group: bool },
    #[error("record {offset} of {partition} came again")]
    Repeated { partition: String, offset: i64, expected: i64 },
    #[error("{name} does not fit the contract")]
    SchemaIncompatible { name: SchemaName, differences: Vec<SchemaDifference> },
    #[error("{name} cannot be used")]
    SchemaUnusable {
        name: SchemaName,
        #[source]
        fault: DecodeFault,
    },
    #[error("cannot build the rows of a table")]
    Assemble {
        #[from]
        source: arrow_schema::ArrowError,
    },
    #[error("a rule of the scope window goes by _ingested_at, which the output has not")]
    NoIngestionTime,
    #[error("the keys of rules of the scope stream or window take {bytes} bytes")]
    TooManyKeys { bytes: u64, max: u64 },
    #[error("a task of the query panicked")]
    Panicked { what: String },
    #[error(transparent)]
    Contract(#[from] ContractFault),
    #[error(transparent)]
    Decode(#[from] DecodeFault),
    #[error(transparent)]
    Function(#[from] FunctionFault),
}

impl From<TransformFault> for EngineFault {
    fn from(fault: TransformFault) -> Self {
        match fault {
            TransformFault::Rows(source) => Self::Assemble { source },
            TransformFault::Function(fault) => Self::Function(fault),
        }
    }
}

impl Fault for EngineFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Violated { .. } => "CONTRACT_VIOLATED",
            Self::Blocked { .. } => "INTERVENTION_BLOCKED",
            Self::StillBlocked(_) => "QUERY_BLOCKED",
            Self::Undecodable { .. } => "RECORD_UNDECODABLE",
            Self::Fenced { .. } => "QUERY_FENCED",
            Self::Repeated { .. } => "SOURCE_REPEATED_RECORD",
            Self::SchemaIncompatible { .. } => "SCHEMA_INCOMPATIBLE",
            Self::SchemaUnusable { fault, .. } => fault.code(),
            Self::NoIngestionTime => "CONFIG_VALUE",
            Self::TooManyKeys { .. } => "CONTRACT_STATE_TOO_LARGE",
            Self::Assemble { .. } => "ROWS_NOT_ASSEMBLED",
            Self::Panicked { .. } => "ENGINE_PANICKED",
            Self::Contract(fault) => fault.code(),
            Self::Decode(fault) => fault.code(),
            Self::Function(fault) => fault.code(),
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Violated { .. }
            | Self::Blocked { .. }
            | Self::StillBlocked(_)
            | Self::Undecodable { .. }
            | Self::SchemaIncompatible { .. }
            | Self::NoIngestionTime
            | Self::TooManyKeys { .. }
            | Self::Fenced { .. } => Blame::User,
            Self::Repeated { .. } | Self::Assemble { .. } | Self::Panicked { .. } => {
                Blame::Internal
            }
            Self::Contract(fault) => fault.blame(),
            Self::SchemaUnusable { fault, .. } => fault.blame(),
            Self::Decode(fault) => fault.blame(),
            Self::Function(fault) => fault.blame(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Fenced { same_group: true, .. } | Self::Repeated { .. } => Retry::Later,
            Self::Function(fault) => fault.retry(),
            _ => Retry::Never,
        }
    }

    fn context(&self) -> FaultContext {
        let say =
            |operation, field: Option<&str>, expected: &str, actual: String, details: &str| {
                FaultContext {
                    operation,
                    component: "engine",
                    field: field.map(str::to_owned),
                    expected: Some(expected.to_owned()),
                    actual: Some(actual),
                    details: Some(details.to_owned()),
                }
            };
        match self {
            Self::Violated { verdict } => say(
                "check",
                Some("on_violation"),
                "no violating row under on_violation: block",
                worst(verdict),
                "nothing of the batch was written and no position moved; mend the data or the contract, or choose split, allow or flag",
            ),
            Self::Blocked { verdict, .. } => say(
                "decide",
                Some("intervention"),
                "a decision to proceed",
                worst(verdict),
                "nothing of the batch was written and no position moved; every worker and every start stops here until `headgate release` lets the query go on",
            ),
            Self::StillBlocked(note) => say(
                "commit",
                Some("intervention"),
                "a query that no intervention blocks",
                format!("version {} blocks it", note.version),
                "see its verdict in the commit; once the cause is mended, `headgate release` lets the query go on",
            ),
            Self::Undecodable { kind, message, .. } => say(
                "decode",
                Some("dead_letters"),
                "a payload that becomes a row, or a dead_letters table",
                format!("{kind}: {message}"),
                "configure dead_letters to keep such records and go on",
            ),
            Self::SchemaIncompatible { differences, .. } => say(
                "decode",
                Some("input.on_schema_change"),
                "a schema whose records can satisfy the contract",
                incompatible(differences),
                "none of its records was written; mend the contract, or choose reject to make them dead letters or evolve to read them as far as it goes",
            ),
            Self::SchemaUnusable { fault, .. } => FaultContext {
                field: Some("input.on_schema_change".to_owned()),
                details: Some(
                    "none of its records was written; reject makes them dead letters".to_owned(),
                ),
                ..fault.context()
            },
            Self::Fenced { same_group, .. } => say(
                "commit",
                Some("name"),
                "this worker alone, or workers of one consumer group, writing for the query",
                if *same_group {
                    "lost races for the same partitions"
                } else {
                    "commits by another consumer group or assignment"
                }
                .to_owned(),
                "stop the other writer, or give this query its own name",
            ),
            Self::Repeated { expected, offset, .. } => say(
                "poll",
                None,
                "offsets that only grow",
                format!("offset {offset} after {expected} was expected"),
                "nothing was committed; please report this",
            ),
            Self::NoIngestionTime => say(
                "start",
                Some("input.metadata"),
                "true",
                "false".to_owned(),
                "let the output have metadata, or give the rule the scope batch or stream",
            ),
            Self::TooManyKeys { bytes, max } => say(
                "check",
                Some("memory.max"),
                &format!("keys of at most {max} bytes"),
                bytes.to_string(),
                "raise memory.max, or let the rule say `distinct: sketch`",
            ),
            Self::Assemble { source } => say(
                "write",
                None,
                "columns of the table's schema",
                source.to_string(),
                "please report this",
            ),
            Self::Panicked { what } => say(
                "run",
                None,
                "no defect",
                what.clone(),
                "nothing uncommitted was kept; please report this",
            ),
            Self::Contract(fault) => fault.context(),
            Self::Decode(fault) => fault.context(),
            Self::Function(fault) => fault.context(),
        }
    }
}

/// `12 of 400 rows, by range_speed (9), required_trip_id (3)`.
fn worst(verdict: &Verdict) -> String {
    let mut rules: Vec<_> = verdict.rules.iter().filter(|rule| rule.violations > 0).collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.violations));
    let named: Vec<String> = rules
        .iter()
        .take(5)
        .map(|result| match &result.unmeasured {
            Some(reason) => format!("{} ({reason})", result.rule.id),
            None => format!("{} ({})", result.rule.id, result.violations),
        })
        .collect();
    format!("{} of {} rows, by {}", verdict.violating_rows, verdict.row_count, named.join(", "))
}
