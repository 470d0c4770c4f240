//! `input.options` as the user wrote them, under the names of Spark's rate source.

use std::collections::BTreeMap;

use headgate_model::{OptionIssue, ReadMode};

/// What the options of format `rate` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateConfig {
    /// Of all partitions together; at least 1.
    pub rows_per_second: u32,
    /// At least 1.
    pub num_partitions: u32,
    pub mode: ReadMode,
}

/// Resolves options to a [`RateConfig`].
pub struct RateOptions;

const ROWS_PER_SECOND: &str = "rowsPerSecond";
const NUM_PARTITIONS: &str = "numPartitions";

const DEFAULT_ROWS_PER_SECOND: u32 = 1;
/// More than any machine decodes: most likely a slip.
const MAX_ROWS_PER_SECOND: u32 = 100_000_000;
/// Spark's default is its number of cores, which is nothing that records should depend on.
const DEFAULT_NUM_PARTITIONS: u32 = 1;
/// The first commit names every one.
const MAX_NUM_PARTITIONS: u32 = 1000;

/// Options of Spark's source that this one does not have.
const SPARK_ONLY: &[(&str, &str)] = &[("rampUpTime", "the rate is the same from the first row on")];

impl RateOptions {
    /// Pure. All issues at once, in the order of the options' names.
    pub fn from_options(
        mut options: BTreeMap<String, String>,
        mode: ReadMode,
    ) -> Result<RateConfig, Vec<OptionIssue>> {
        let mut issues = Vec::new();
        let mut count = |option: &str, default: u32, most: u32| {
            let Some(text) = options.remove(option) else { return default };
            let count = text.trim().parse().ok().filter(|count| (1..=most).contains(count));
            count.unwrap_or_else(|| {
                let expected = format!("a whole number from 1 to {most}");
                issues.push(OptionIssue::new(option, expected, text));
                default
            })
        };
        let config = RateConfig {
            rows_per_second: count(ROWS_PER_SECOND, DEFAULT_ROWS_PER_SECOND, MAX_ROWS_PER_SECOND),
            num_partitions: count(NUM_PARTITIONS, DEFAULT_NUM_PARTITIONS, MAX_NUM_PARTITIONS),
            mode,
        };
        issues.extend(options.into_keys().map(unknown));
        issues.sort_by(|a, b| a.option.cmp(&b.option));
        if issues.is_empty() { Ok(config) } else { Err(issues) }
    }
}

fn unknown(name: String) -> OptionIssue {
    let issue = OptionIssue::new(name.clone(), "an option of format rate", name.clone());
    match SPARK_ONLY.iter().find(|(known, _)| *known == name) {
        Some((_, why)) => issue.because(*why),
        None => issue.suggesting(&name, [ROWS_PER_SECOND, NUM_PARTITIONS].into_iter()),
    }
}
