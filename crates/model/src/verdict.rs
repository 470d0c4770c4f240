//! What a contract says of a batch.

/// What a failed rule of this severity does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    /// Counts, and moves no row.
    Warn,
    /// Moves rows, or blocks, as the policy says.
    Block,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Info, Self::Warn, Self::Block];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

/// The rows a rule judges together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleScope {
    Batch,
    /// The rows of the output that were ingested in the same span of time.
    Window,
    /// The rows of the output.
    Stream,
}

impl RuleScope {
    pub const ALL: [Self; 3] = [Self::Batch, Self::Window, Self::Stream];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Window => "window",
            Self::Stream => "stream",
        }
    }
}

/// A compiled rule, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Unique within the contract, such as `required_trip_id`.
    pub id: String,
    /// Path of the column, such as `location.lat`; absent for rules of the whole batch.
    pub column: Option<String>,
    pub severity: Severity,
    pub scope: RuleScope,
    /// True when what it measures comes from a sketch, and is not exact.
    pub estimated: bool,
    /// True when the rule names rows; false when it judges the batch as a whole.
    pub routes_rows: bool,
    /// True when a violation means that the column cannot represent the field.
    pub unrepresentable: bool,
}

/// What a rule counted in one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleResult {
    pub rule: RuleInfo,
    /// Rows that broke it; for a batch rule 1 when it failed, else 0. A row rule that could not be
    /// measured counts one more.
    pub violations: u64,
    /// What a batch rule measured, such as a row count or a percentage.
    pub measured: Option<f64>,
    /// Why a rule could not be measured on all rows, and so failed. Never a value of a row.
    pub unmeasured: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    Warn,
    Block,
    /// No rows.
    Idle,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Ok, Self::Warn, Self::Block, Self::Idle];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Block => "block",
            Self::Idle => "idle",
        }
    }
}

/// Which contract judged a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRef {
    pub id: String,
    pub version: String,
    /// SHA-256 of the document's canonical JSON, in hexadecimal.
    pub hash: String,
}

/// The outcome of a batch against its contract, complete before its commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub batch_uuid: String,
    pub status: Status,
    /// Records that became rows.
    pub row_count: u64,
    /// Rows with at least one violation of blocking severity.
    pub violating_rows: u64,
    /// Violations of all rules and rows.
    pub violations: u64,
    pub dead_letters: u64,
    pub rules: Vec<RuleResult>,
    pub contract: Option<ContractRef>,
}

impl Verdict {
    /// `violating_rows / row_count`; 0 for an idle batch.
    pub fn violation_ratio(&self) -> f64 {
        if self.row_count == 0 { 0.0 } else { self.violating_rows as f64 / self.row_count as f64 }
    }
}

/// Why a payload could not become a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLetterKind {
    /// Not UTF-8.
    Encoding,
    /// Not a JSON object.
    JsonParse,
    /// Not a value of its Avro schema.
    Avro,
    /// Not a message of its Protobuf schema.
    Protobuf,
    /// Not one line of CSV.
    Csv,
    /// Not in the wire format of a schema registry, or of a schema that the registry has not.
    Framing,
    /// Of a schema that does not fit the contract.
    SchemaRefused,
    /// A rejection that `rejects: dead_letters` sends here, or a field that does not fit the column
    /// that a transform reads.
    SchemaViolation,
    /// A transform failed on the row.
    Transform,
}

impl DeadLetterKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encoding => "ENCODING_ERROR",
            Self::JsonParse => "JSON_PARSE_ERROR",
            Self::Avro => "AVRO_DECODE_ERROR",
            Self::Protobuf => "PROTOBUF_DECODE_ERROR",
            Self::Csv => "CSV_PARSE_ERROR",
            Self::Framing => "WIRE_FORMAT_ERROR",
            Self::SchemaRefused => "SCHEMA_REFUSED",
            Self::SchemaViolation => "SCHEMA_VIOLATION",
            Self::Transform => "TRANSFORM_ERROR",
        }
    }
}
