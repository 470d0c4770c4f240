//! `input.options` as the user wrote them.

use std::collections::BTreeMap;
use std::sync::Arc;

use headgate_model::{OptionIssue, ReadMode};

use super::MemoryLog;

/// What the options of format `memory` mean.
#[derive(Clone, Debug)]
pub struct MemoryConfig {
    pub log: Arc<MemoryLog>,
    pub mode: ReadMode,
}

/// Resolves options to a [`MemoryConfig`].
pub struct MemoryOptions;

const STREAM: &str = "stream";

impl MemoryOptions {
    /// All issues at once. The stream has to be there.
    pub fn from_options(
        mut options: BTreeMap<String, String>,
        mode: ReadMode,
    ) -> Result<MemoryConfig, Vec<OptionIssue>> {
        let name = options.remove(STREAM);
        let mut issues: Vec<OptionIssue> = options.into_keys().map(unknown).collect();
        match name.as_deref().and_then(MemoryLog::named) {
            Some(log) if issues.is_empty() => return Ok(MemoryConfig { log, mode }),
            Some(_) => {}
            None => {
                let expected = match MemoryLog::names().as_slice() {
                    [] => "the name of a stream that this process has made; there is none".into(),
                    names => format!("a stream of this process: {}", names.join(", ")),
                };
                let actual = name.unwrap_or_else(|| "nothing".to_owned());
                issues.push(OptionIssue::new(STREAM, expected, actual));
            }
        }
        Err(issues)
    }
}

fn unknown(name: String) -> OptionIssue {
    let issue = OptionIssue::new(name.clone(), "an option of format memory", name.clone());
    issue.suggesting(&name, [STREAM].into_iter())
}
