//! What of a document is enforced, and why the rest is not.

/// What became of one rule of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverageStatus {
    Enforced,
    /// Compiled to nothing; the reason says why.
    NotEnforceable,
    /// Says something to people, and nothing that could be checked.
    Informational,
}

impl CoverageStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::NotEnforceable => "not_enforceable",
            Self::Informational => "informational",
        }
    }
}

/// One rule of the document. Every rule is listed: those of the properties in
/// their order, then those of the schema object, then those of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCoverage {
    /// Where in the document, such as `schema[0].properties[2].logicalTypeOptions.pattern`.
    pub path: String,
    /// Id of the rule; that of an enforced one is in [`crate::Contract::rules`].
    pub rule: String,
    pub status: CoverageStatus,
    /// Present unless enforced to the letter.
    pub reason: Option<String>,
    /// From 1. Absent where the text gave no position.
    pub line: Option<u32>,
}

impl RuleCoverage {
    /// True for what is checked, and for what there is nothing to check of.
    pub fn is_enforced(&self) -> bool {
        self.status != CoverageStatus::NotEnforceable
    }
}
