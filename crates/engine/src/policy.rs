//! What becomes of rows that break the contract.

/// `on_violation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// A violating batch writes nothing and ends the query.
    #[default]
    Block,
    /// Violating rows go to rejects, the others to the output.
    Split,
    /// All rows to the output; copies of violating rows to rejects, if there is one.
    Allow,
    /// All rows to the output, with their violations in a column.
    Flag,
}

impl Policy {
    pub const NAMES: [(&str, Self); 4] = [
        ("block", Self::Block),
        ("split", Self::Split),
        ("allow", Self::Allow),
        ("flag", Self::Flag),
    ];

    /// Under these, rows with NULLs in required columns reach the output.
    pub const fn writes_violating_rows(self) -> bool {
        matches!(self, Self::Allow | Self::Flag)
    }
}

/// Where rejections go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RejectsTo {
    /// There is no table for them.
    #[default]
    Nowhere,
    Rejects,
    /// As `SCHEMA_VIOLATION`, without decoded columns.
    DeadLetters,
}
