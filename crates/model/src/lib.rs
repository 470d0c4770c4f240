//! The nouns of Headgate and the seams between its layers; no I/O, and no dependency but Arrow.
//!
//! | module | holds |
//! |---|---|
//! | [`record`] | what a source hands over: [`RecordChunk`], an arena of payloads with coordinates |
//! | [`position`] | [`PartitionId`] and [`Positions`]: how far an output has taken a partition |
//! | [`row`] | fields that did not fit their column, and their paths |
//! | [`verdict`] | rules' results, the [`Verdict`] of a batch, and what an intervention decides |
//! | [`transform`] | the seam to what makes other rows of decoded ones |
//! | [`schema_source`] | the seam to who has the schemas that payloads were written with |
//! | [`writer_schema`] | the schema that payloads were written with, and how it differs from a contract |
//! | [`ledger`] | the account of a batch that its commit carries |
//! | [`source`], [`sink`], [`gate`], [`observer`], [`queries`], [`output_rows`] | the seams that the engine is generic over |
//! | [`option_issue`] | what a source says of options that it cannot take |
//! | [`budget`] | a bound that may move |
//! | [`fault`] | what every error answers: code, blame, retry, context |
//! | [`fault_point`] | places where a test can make a batch fail |

pub mod budget;
pub mod fake;
pub mod fault;
pub mod fault_point;
pub mod functions;
pub mod gate;
pub mod ledger;
pub mod observer;
pub mod option_issue;
pub mod output_rows;
pub mod position;
pub mod queries;
pub mod record;
pub mod row;
pub mod schema_source;
pub mod sink;
pub mod source;
pub mod transform;
pub mod verdict;
pub mod writer_schema;

pub use budget::Budget;
pub use fault::{Blame, BoxFault, Fault, FaultContext, Retry};
pub use fault_point::{FaultPoint, Injected, reach};
pub use functions::{FoundRows, RowFunctions};
pub use gate::{Decision, InterventionGate, Proceed, RerouteTarget};
pub use ledger::{Counts, Ledger, PartitionLedger};
pub use observer::{
    BatchObserver, CommittedBatch, HeldRecords, Lag, MemoryUse, Phases, Progress, Silent, Waiting,
};
pub use option_issue::OptionIssue;
pub use output_rows::{OutputRows, TakeRows};
pub use position::{PartitionId, Positions};
pub use queries::{Answers, BatchQueries};
pub use record::{Advance, ChunkBuilder, RecordChunk, RecordRef};
pub use row::{FieldViolation, UNKNOWN_FIELD, field_paths, field_types, map_parts};
pub use schema_source::{RegisteredSchema, SchemaAnswer, SchemaMiss, SchemaSource};
pub use sink::{
    BatchCommit, Block, BlockNote, CommitOutcome, ConvertRows, LakeSink, SinkImage, TableRole,
    TableTotal,
};
pub use source::{ReadMode, RecordSource, SourceEvent, StartRequest};
pub use transform::{Applied, FailedRow, FunctionFault, Transform, TransformFault, Transformed};
pub use verdict::{
    ContractRef, DeadLetterKind, RuleInfo, RuleResult, RuleScope, Severity, Status, Verdict,
};
pub use writer_schema::{SchemaDifference, SchemaFormat, SchemaReference, WriterSchema};
