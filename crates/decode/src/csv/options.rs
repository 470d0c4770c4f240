//! How lines are written.

use std::collections::HashSet;

use crate::DecodeFault;

/// What a user can say of the lines of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// Names of the fields of a line; by default the columns in their order.
    pub columns: Option<Vec<String>>,
    /// Each record starts with a line of names.
    pub header: bool,
    pub delimiter: u8,
    /// `None`: quotes are letters like others.
    pub quote: Option<u8>,
    /// What stands for NULL where it is not in quotes.
    pub null_words: Vec<String>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            columns: None,
            header: false,
            delimiter: b',',
            quote: Some(b'"'),
            null_words: vec![String::new()],
        }
    }
}

impl CsvOptions {
    /// Refuses delimiters and quotes that no line could be split by, names that come twice, and
    /// names beside a header.
    pub(super) fn check(&self) -> Result<(), DecodeFault> {
        let refused = |option: &'static str, reason: &str| {
            Err(DecodeFault::CsvOption { option, reason: reason.to_owned() })
        };
        let is_separator = |byte: u8| byte.is_ascii() && !matches!(byte, b'\r' | b'\n' | 0);
        if !is_separator(self.delimiter) {
            return refused("delimiter", "it is a line break or not ASCII");
        }
        if self.quote.is_some_and(|quote| !is_separator(quote) || quote == self.delimiter) {
            return refused("quote", "it is a line break, the delimiter or not ASCII");
        }
        let Some(columns) = &self.columns else { return Ok(()) };
        if self.header {
            return refused("columns", "records bring a header of their own");
        }
        let mut names = HashSet::new();
        match columns.iter().find(|name| !names.insert(name.as_str())) {
            Some(name) => refused("columns", &format!("`{name}` comes twice")),
            None if columns.is_empty() => refused("columns", "there are none"),
            None => Ok(()),
        }
    }
}
