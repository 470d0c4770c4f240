//! One thing wrong with a configuration.

use headgate_model::OptionIssue;

/// Where, what was expected, what is there, what to do. Never a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Keys from the top, in `snake_case`: `["input", "options", "subscribe"]`.
    pub path: Vec<String>,
    pub code: &'static str,
    pub expected: String,
    pub actual: String,
    pub details: Option<String>,
}

impl Issue {
    pub fn new(
        path: &[&str],
        code: &'static str,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self {
            path: path.iter().map(|key| (*key).to_owned()).collect(),
            code,
            expected: expected.into(),
            actual: actual.into(),
            details: None,
        }
    }

    /// Of an option of `path`, as whoever takes it says.
    pub(crate) fn option(path: &[&str], issue: OptionIssue) -> Self {
        let OptionIssue { option, expected, actual, details } = issue;
        let path = [path, &[&option]].concat();
        Self { details, ..Self::new(&path, "CONFIG_OPTION", expected, actual) }
    }

    #[must_use]
    pub fn details(self, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..self }
    }
}
