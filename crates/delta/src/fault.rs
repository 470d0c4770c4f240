use headgate_model::{Blame, Fault, FaultContext, Retry};

use crate::answer::{is_full, is_permanent, told};

pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong between a batch and its tables.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaFault {
    #[error("cannot {operation} in {address}")]
    Store { operation: &'static str, address: String, source: Source },
    #[error("{address} cannot be written")]
    NotWritable { address: String, source: Source },
    #[error("{address} overwrites objects that were to be created only if absent")]
    NoConditionalPut { address: String },
    #[error("column {column} of {address} contradicts what is to be written")]
    Schema { address: String, column: String, expected: String, actual: String },
    #[error("{address} is partitioned otherwise")]
    Partitioning { address: String, expected: String, actual: String },
    #[error("version {version} of {address} changed its schema or partitioning")]
    SchemaChanged { address: String, version: i64, difference: String },
    #[error("{address} has a property that would lose positions")]
    Property { address: String, property: String, actual: String },
    #[error("{address} needs Delta features that cannot be written here")]
    Protocol { address: String, source: Source },
    #[error("log entry {version} of {address} is torn or empty")]
    TornEntry { address: String, version: i64, source: Source },
    #[error("log entry {version} of {address} is gone")]
    MissingEntry { address: String, version: i64 },
    #[error("a debt of output version {version} to {address} cannot be paid")]
    DebtLost { address: String, version: i64, what: String },
    #[error("the incarnation of query {query} changed while it was running")]
    Superseded { query: String, expected: String, actual: String },
    #[error("query {query} was adopted under another name")]
    Retired { query: String },
    #[error(
        "query {query} has no positions in {address}, but {other} has read the same topics into it"
    )]
    ReadUnderAnotherName { query: String, other: String, address: String },
    #[error("{address} holds nothing of query {query}")]
    UnknownQuery { query: String, address: String, known: Vec<String> },
    #[error("{address} holds positions of query {name} already")]
    NameTaken { name: String, address: String },
    #[error("query {query} was never at that place in {address}")]
    NoSuchPlace { query: String, address: String, expected: &'static str, actual: String },
    #[error("the log of {address} stayed unreachable for the whole retry budget")]
    CommitUnknown { address: String, version: i64, source: Source },
    #[error("cannot encode rows for {address}")]
    Encode { address: String, source: Source },
    #[error("{address} is not a table of Headgate")]
    NoLedger { address: String },
    #[error("{address} is not a Delta table")]
    NotATable { address: String },
    #[error("{address} has no version {version}")]
    NoSuchVersion { address: String, version: i64, oldest: i64, newest: i64 },
    #[error("{address} cannot be vacuumed with so short a retention")]
    Retention { address: String, actual: String },
    #[error("{address} cannot be Z-ordered so")]
    ZOrder { address: String, expected: String, actual: String },
    #[error("{address} was not maintained to the end: a stop came first")]
    Stopped { address: String },
}

impl DeltaFault {
    pub(crate) fn store(operation: &'static str, address: &str, source: impl Into<Source>) -> Self {
        Self::Store { operation, address: address.to_owned(), source: told(source.into()) }
    }

    /// Another writer's entry stopped the batch: none of its puts can land any more.
    pub(crate) const fn is_refused_entry(&self) -> bool {
        matches!(
            self,
            Self::Superseded { .. }
                | Self::SchemaChanged { .. }
                | Self::Schema { .. }
                | Self::Property { .. }
                | Self::Protocol { .. }
        )
    }

    pub(crate) fn encode(address: &str, source: impl Into<Source>) -> Self {
        Self::Encode { address: address.to_owned(), source: source.into() }
    }
}

impl Fault for DeltaFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Store { source, .. } if is_full(source.as_ref()) => "DELTA_DISK_FULL",
            Self::Store { .. } => "DELTA_STORE",
            Self::NotWritable { .. } => "DELTA_NOT_WRITABLE",
            Self::NoConditionalPut { .. } => "DELTA_NO_CONDITIONAL_PUT",
            Self::Schema { .. } => "DELTA_SCHEMA_MISMATCH",
            Self::Partitioning { .. } => "DELTA_PARTITIONING_MISMATCH",
            Self::SchemaChanged { .. } => "DELTA_SCHEMA_CHANGED",
            Self::Property { .. } => "DELTA_UNSAFE_PROPERTY",
            Self::Protocol { .. } => "DELTA_UNSUPPORTED_PROTOCOL",
            Self::TornEntry { .. } => "DELTA_TORN_LOG_ENTRY",
            Self::MissingEntry { .. } => "DELTA_LOG_GAP",
            Self::DebtLost { .. } => "DELTA_DEBT_LOST",
            Self::Superseded { .. } => "QUERY_SUPERSEDED",
            Self::Retired { .. } => "QUERY_RETIRED",
            Self::ReadUnderAnotherName { .. } => "QUERY_RENAMED",
            Self::UnknownQuery { .. } => "QUERY_UNKNOWN",
            Self::NameTaken { .. } => "QUERY_NAME_TAKEN",
            Self::NoSuchPlace { .. } => "QUERY_NO_SUCH_PLACE",
            Self::CommitUnknown { .. } => "DELTA_COMMIT_UNKNOWN",
            Self::Encode { .. } => "PARQUET_ENCODE",
            Self::NoLedger { .. } => "DELTA_NO_LEDGER",
            Self::NotATable { .. } => "DELTA_NOT_A_TABLE",
            Self::NoSuchVersion { .. } => "DELTA_NO_SUCH_VERSION",
            Self::Retention { .. } => "DELTA_RETENTION",
            Self::ZOrder { .. } => "DELTA_Z_ORDER",
            Self::Stopped { .. } => "DELTA_STOPPED",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Store { .. } | Self::CommitUnknown { .. } | Self::DebtLost { .. } => {
                Blame::External
            }
            Self::Encode { .. } => Blame::Internal,
            _ => Blame::User,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Store { source, .. }
                if is_permanent(source.as_ref()) && !is_full(source.as_ref()) =>
            {
                Retry::Never
            }
            Self::Store { .. } | Self::CommitUnknown { .. } | Self::SchemaChanged { .. } => {
                Retry::Later
            }
            _ => Retry::Never,
        }
    }

    fn context(&self) -> FaultContext {
        let mut context =
            FaultContext { operation: "commit", component: "delta", ..FaultContext::default() };
        let mut say = |expected: &str, actual: &str, details: &str| {
            context.expected = Some(expected.to_owned());
            context.actual = Some(actual.to_owned());
            context.details = Some(details.to_owned());
        };
        match self {
            Self::Store { operation, address, source } => {
                say(
                    "a reachable store with room",
                    &format!("{source}"),
                    &format!(
                        "while trying to {operation} in {address}; nothing committed is lost: mend the store and start again"
                    ),
                );
            }
            Self::NotWritable { source, address } => say(
                "a path that can be created and written",
                &format!("{source}"),
                &format!("give this process write access to {address}, or another path"),
            ),
            Self::NoConditionalPut { .. } => say(
                "a store with put-if-absent",
                "a second put at the same key succeeded",
                "use a file system with hard links, or an object store that honours If-None-Match",
            ),
            Self::Schema { column, expected, actual, .. } => say(
                expected,
                actual,
                &format!(
                    "column {column}: change the contract, add missing columns by mergeSchema: \"true\" in the table's options, or write to another table"
                ),
            ),
            Self::Partitioning { expected, actual, .. } => say(
                expected,
                actual,
                "give the table's own partition columns, or write to another table",
            ),
            Self::SchemaChanged { version, difference, .. } => say(
                "a schema that the open batch fits",
                &format!("another writer's metaData in version {version}: {difference}"),
                "start again: the new schema is checked against the contract",
            ),
            Self::Property { property, actual, .. } => say(
                "the property unset, or a safe value",
                &format!("{property} = {actual}"),
                "unset it: positions are kept as txn actions of the table",
            ),
            Self::Protocol { source, .. } => say(
                "a table protocol that can be written",
                &format!("{source}"),
                "write to a table without these features",
            ),
            Self::TornEntry { version, .. } => say(
                "a complete log entry",
                &format!("version {version} does not parse"),
                "a crash without durability: fsync, or a failing disk; restore the entry from a copy, or remove it if nothing follows it",
            ),
            Self::MissingEntry { version, .. } => say(
                "an unbroken log",
                &format!("no entry {version}"),
                "the table was replaced or its log was cleaned while this worker slept; start again",
            ),
            Self::DebtLost { version, what, .. } => say(
                "log entry, files and side table of every debt",
                what,
                &format!(
                    "rows owed by output version {version} are missing; restore them before starting"
                ),
            ),
            Self::Superseded { expected, actual, .. } => say(
                expected,
                actual,
                "another start took the query over under a new incarnation; this one ends",
            ),
            Self::Retired { query } => {
                say("a query that no other one has adopted", query, "start it under its new name")
            }
            Self::ReadUnderAnotherName { query, other, .. } => say(
                &format!("positions of {query}"),
                &format!("positions of {other}"),
                "`headgate adopt` hands them over; another output table, or the old name, are the other ways: reading the topics again would double their rows",
            ),
            Self::UnknownQuery { query, known, .. } => say(
                &format!("one of {}", known.join(", ")),
                query,
                "`headgate verify` names the queries of a table",
            ),
            Self::NameTaken { name, .. } => say(
                "a name that is new to the table",
                name,
                "choose another name: two queries cannot share positions",
            ),
            Self::NoSuchPlace { expected, actual, .. } => {
                say(expected, actual, "`headgate verify --json` lists where its partitions stand");
            }
            Self::CommitUnknown { version, source, .. } => say(
                "an answer from the store",
                &format!("{source}"),
                &format!(
                    "whether version {version} was written is unknown; the next start finds out"
                ),
            ),
            Self::Encode { source, .. } => {
                say("rows of the table's schema", &format!("{source}"), "please report this");
            }
            Self::NoLedger { .. } => say(
                "a Delta table written by Headgate as output",
                "a Delta log without ledgers",
                "name the output table, not a side table",
            ),
            Self::NotATable { .. } => say("a folder with a _delta_log", "none", "check the path"),
            Self::NoSuchVersion { version, oldest, newest, .. } => say(
                &format!("a version from {oldest} to {newest}"),
                &version.to_string(),
                "earlier ones went when the log was cleaned up (delta.logRetentionDuration)",
            ),
            Self::Retention { actual, .. } => say(
                "at least 7 days",
                actual,
                "younger files may be of an open batch, owed to a side table, or still read",
            ),
            Self::ZOrder { expected, actual, .. } => {
                say(expected, actual, "name other columns, or fewer")
            }
            Self::Stopped { .. } => {
                say("an end by itself", "a stop", "it goes on at the next start")
            }
        }
        context
    }
}
