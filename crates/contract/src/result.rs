//! What checking answers.

use headgate_model::RuleResult;

/// Ordered by row, then rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowViolation {
    pub row: u32,
    /// Index into [`crate::Checker::rules`].
    pub rule: u16,
}

/// What a chunk's rows broke. Rows are indices into the checked chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedRows {
    /// Every violation of warning or blocking severity, each once, by row and rule.
    pub violations: Vec<RowViolation>,
    /// Rows with a violation of blocking severity, each once, ascending.
    pub violating: Vec<u32>,
    /// Those of them with a field that its column cannot represent.
    pub unrepresentable: Vec<u32>,
    /// A rule of blocking severity that names rows could not be asked about these: nobody knows
    /// whether they keep it.
    pub unjudged: bool,
}

/// What a batch broke, rule by rule in the order of [`crate::Checker::rules`], kept rules included.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchResult {
    pub rules: Vec<RuleResult>,
}
