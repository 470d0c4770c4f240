//! What is read: the formats there are, and how payloads become rows.

use headgate_decode::{DecodeOptions, Tombstones, UnknownFields};
use headgate_engine::Trigger;
use headgate_kafka::{KafkaConfig, KafkaOptions};
use headgate_model::{OptionIssue, ReadMode};
use headgate_sources::{MemoryConfig, MemoryOptions, RateConfig, RateOptions};

use crate::Issue;
use crate::options::{InputOptions, OptionMap};
use crate::resolve::Issues;

/// One for each format.
#[derive(Clone, Debug)]
pub enum SourceConfig {
    Kafka(Box<KafkaConfig>),
    Rate(RateConfig),
    Memory(MemoryConfig),
}

#[derive(Default)]
pub(crate) struct Input {
    pub source: Option<SourceConfig>,
    pub json: bool,
    pub decode: DecodeOptions,
    pub metadata: bool,
}

#[derive(Clone, Copy)]
enum Format {
    Kafka,
    Rate,
    Memory,
}

const FORMATS: [(&str, Format); 3] =
    [("kafka", Format::Kafka), ("rate", Format::Rate), ("memory", Format::Memory)];

impl Format {
    fn source(self, options: OptionMap, mode: ReadMode) -> Result<SourceConfig, Vec<OptionIssue>> {
        match self {
            Self::Kafka => {
                let config = KafkaOptions::from_options(options, mode)?;
                Ok(SourceConfig::Kafka(Box::new(config)))
            }
            Self::Rate => RateOptions::from_options(options, mode).map(SourceConfig::Rate),
            Self::Memory => MemoryOptions::from_options(options, mode).map(SourceConfig::Memory),
        }
    }
}

pub(crate) fn resolve(
    options: Option<&InputOptions>,
    trigger: Trigger,
    issues: &mut Issues,
) -> Input {
    let Some(options) = issues.required(options, &["input"], "what to read") else {
        return Input::default();
    };
    let source = source(options, trigger, issues);
    let decode = issues.choice(
        options.decode.as_deref(),
        &["input", "decode"],
        &[("raw", false), ("json", true)],
    );
    if let (Some(json), Some(parse)) = (decode, options.parse_json)
        && json != parse
    {
        let actual =
            format!("decode: {} and parse_json: {parse}", if json { "json" } else { "raw" });
        issues.add(Issue::new(
            &["input", "parse_json"],
            "CONFIG_CONFLICT",
            "the same as decode",
            actual,
        ));
    }
    const TOMBSTONES: [(&str, Tombstones); 3] =
        [("skip", Tombstones::Skip), ("reject", Tombstones::Reject), ("keep", Tombstones::Keep)];
    const UNKNOWN: [(&str, UnknownFields); 3] = [
        ("ignore", UnknownFields::Ignore),
        ("extra", UnknownFields::Extra),
        ("reject", UnknownFields::Reject),
    ];
    let tombstones = options.tombstones.as_deref();
    let tombstones = issues.choice(tombstones, &["input", "tombstones"], &TOMBSTONES);
    let unknown_fields = options.unknown_fields.as_deref();
    let unknown_fields = issues.choice(unknown_fields, &["input", "unknown_fields"], &UNKNOWN);
    let json = decode.or(options.parse_json).unwrap_or(false);
    if options.json_schema.is_some() && !json {
        let path = ["input", "json_schema"];
        issues.add(Issue::new(&path, "CONFIG_CONFLICT", "decode: json", "raw"));
    }
    Input {
        source,
        json,
        decode: DecodeOptions {
            tombstones: tombstones.unwrap_or_default(),
            unknown_fields: unknown_fields.unwrap_or_default(),
        },
        metadata: options.metadata.unwrap_or(true),
    }
}

fn source(options: &InputOptions, trigger: Trigger, issues: &mut Issues) -> Option<SourceConfig> {
    let path = ["input", "format"];
    let known = FORMATS.map(|(name, _)| name);
    let given = issues.required(options.format.as_deref(), &path, &known.join(" | "))?;
    let Some((_, format)) = FORMATS.iter().find(|(name, _)| *name == given) else {
        let details = format!("formats built so far: {}", known.join(", "));
        let issue = Issue::new(&path, "FORMAT_NOT_SUPPORTED", known.join(" | "), given);
        issues.add(issue.details(details));
        return None;
    };
    let mode = match trigger {
        Trigger::ProcessingTime(_) => ReadMode::Continuous,
        Trigger::AvailableNow | Trigger::Once => ReadMode::UntilEnd,
    };
    let resolved = format.source(options.options.clone().unwrap_or_default(), mode);
    resolved
        .map_err(|found| {
            for OptionIssue { option, expected, actual, details } in found {
                let path = ["input", "options", &option];
                let issue = Issue::new(&path, "CONFIG_OPTION", expected, actual);
                issues.add(Issue { details, ..issue });
            }
        })
        .ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn resolved(input: &str, trigger: Trigger) -> Result<SourceConfig, Vec<Issue>> {
        let mut issues = Issues(Vec::new());
        let input = resolve(Some(&serde_json::from_str(input).unwrap()), trigger, &mut issues);
        input.source.ok_or(issues.0)
    }

    #[test]
    fn options_mean_what_their_format_says() {
        let rate = r#"{"format":"rate","options":{"rowsPerSecond":"6"}}"#;
        for (trigger, mode) in [
            (Trigger::default(), ReadMode::Continuous),
            (Trigger::AvailableNow, ReadMode::UntilEnd),
            (Trigger::Once, ReadMode::UntilEnd),
        ] {
            let SourceConfig::Rate(config) = resolved(rate, trigger).unwrap() else { panic!() };
            assert_eq!(config, RateConfig { rows_per_second: 6, num_partitions: 1, mode });
        }
        let options = r#"{"kafka.bootstrap.servers":"b:9092","subscribe":"t"}"#;
        let kafka = format!(r#"{{"format":"kafka","options":{options}}}"#);
        let kafka = resolved(&kafka, Trigger::default());
        assert!(matches!(kafka, Ok(SourceConfig::Kafka(_))));
    }

    #[test]
    fn what_no_format_takes_is_told_with_its_path() {
        for (input, path, code, details) in [
            (
                r#"{"format":"rate","options":{"rowPerSecond":"6"}}"#,
                &["input", "options", "rowPerSecond"][..],
                "CONFIG_OPTION",
                "did you mean rowsPerSecond?",
            ),
            (
                r#"{"format":"kinesis"}"#,
                &["input", "format"],
                "FORMAT_NOT_SUPPORTED",
                "formats built so far: kafka, rate, memory",
            ),
        ] {
            let issues = resolved(input, Trigger::default()).unwrap_err();
            assert_eq!(issues.len(), 1);
            assert_eq!((issues[0].path.join("."), issues[0].code), (path.join("."), code));
            assert_eq!(issues[0].details.as_deref(), Some(details));
        }
    }
}
