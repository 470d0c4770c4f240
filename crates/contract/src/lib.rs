//! Open Data Contracts (ODCS v3.0 to v3.2): a document becomes an annotated Arrow schema and rules
//! that are checked, column by column, over record batches. Pure: no I/O, no clock.
//!
//! | module | holds |
//! |---|---|
//! | `node`, `document` | the document as written: a tree with lines, and the shapes in it |
//! | `compile`, `types` | document → schema, rules and coverage |
//! | `rule` | one file a family of rules, each finding the slots of a column that break it |
//! | `checker` | all rules over a chunk, and what spans the chunks of a batch |
//! | `history` | what rules over a window or the whole output remember |
//! | `json_schema` | JSON Schema as a source of rules, beside a contract or in its stead |
//! | `coverage` | what of the document is enforced, and why the rest is not |
//! | `server` | where the document says that its data are |
//!
//! ```
//! use headgate_contract::{CheckOptions, Contract};
//!
//! let contract = Contract::compile(
//!     "
//! apiVersion: v3.1.0
//! kind: DataContract
//! id: pings
//! version: 1.0.0
//! status: active
//! schema:
//!   - name: pings
//!     properties:
//!       - { name: lat, logicalType: number, required: true, logicalTypeOptions: { minimum: -90, maximum: 90 } }
//! ",
//!     None,
//! )?;
//! let ids: Vec<_> = contract.rules().iter().map(|rule| rule.id.as_str()).collect();
//! assert_eq!(ids, ["type_lat", "required_lat", "minimum_lat", "maximum_lat"]);
//! let checker = contract.checker(CheckOptions::default());
//! # Ok::<(), headgate_contract::ContractFault>(())
//! ```

mod canonical;
mod checker;
mod compile;
mod contract;
mod coverage;
mod decimal;
mod document;
mod fault;
mod history;
mod instant;
mod json_schema;
mod node;
mod plan;
mod reader;
mod result;
mod rule;
mod server;
mod types;
mod view;

pub use checker::{Checker, Forgotten, fits};
pub use contract::{CheckOptions, Contract, RuleFunction, RuleQuery};
pub use coverage::{CoverageStatus, RuleCoverage};
pub use document::Outline;
pub use fault::{ContractFault, ContractIssue};
pub use json_schema::JsonSchema;
pub use result::{BatchResult, CheckedRows, RowViolation};
pub use server::Server;
