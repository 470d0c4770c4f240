//! `input.options` as the user wrote them, under the names of Spark's Kafka source.

use std::collections::BTreeMap;
use std::time::Duration;

use headgate_model::{OptionIssue, ReadMode};

use crate::config::KafkaConfig;
use crate::offsets::{EXACT_FORM, EndingOffsets, StartingOffsets, UnmatchedTimestamp};
use crate::selection::{TopicPattern, TopicSelection};
use crate::{offsets, properties};

/// Resolves options to a [`KafkaConfig`].
pub struct KafkaOptions;

const NAMES: &[&str] = &[
    "subscribe",
    "subscribePattern",
    "assign",
    "startingOffsets",
    "startingTimestamp",
    "startingOffsetsByTimestamp",
    "startingOffsetsByTimestampStrategy",
    "endingOffsets",
    "failOnDataLoss",
    "includeHeaders",
    "maxOffsetsPerTrigger",
    "minOffsetsPerTrigger",
    "maxTriggerDelay",
];

/// Options of Spark's source that mean nothing without its cluster.
const SPARK_ONLY: &[(&str, &str)] = &[
    ("minPartitions", "there are no tasks to divide partitions among"),
    ("maxRecordsPerPartition", "there are no tasks to divide partitions among"),
    ("groupIdPrefix", "the group is named after query, incarnation and output"),
    ("kafkaConsumer.pollTimeoutMs", "polling never times out"),
    ("fetchOffset.numRetries", "requests are retried until the client's time-outs"),
    ("fetchOffset.retryIntervalMs", "requests are retried until the client's time-outs"),
    ("endingTimestamp", "endingOffsets takes offsets"),
    ("endingOffsetsByTimestamp", "endingOffsets takes offsets"),
];

const DEFAULT_MAX_TRIGGER_DELAY: Duration = Duration::from_secs(15 * 60);

impl KafkaOptions {
    /// Pure. All issues at once, in the order of the options' names.
    pub fn from_options(
        options: BTreeMap<String, String>,
        mode: ReadMode,
    ) -> Result<KafkaConfig, Vec<OptionIssue>> {
        let mut reader = Reader { options, issues: Vec::new() };
        let properties = reader.properties();
        let topics = reader.topics();
        let starting = reader.starting(&topics);
        let unmatched_timestamp = reader.strategy();
        let ending = reader.ending(mode, &topics);
        let fail_on_data_loss = reader.flag("failOnDataLoss", true);
        let include_headers = reader.flag("includeHeaders", true);
        let max_offsets_per_trigger = reader.count("maxOffsetsPerTrigger");
        let min_offsets_per_trigger = reader.count("minOffsetsPerTrigger");
        let max_trigger_delay = reader.delay("maxTriggerDelay", DEFAULT_MAX_TRIGGER_DELAY);
        if let (Some(min), Some(max)) = (min_offsets_per_trigger, max_offsets_per_trigger)
            && min > max
        {
            reader.issue("minOffsetsPerTrigger", format!("at most {max}"), min.to_string());
        }
        let mut issues = reader.finish();
        issues.sort_by(|a, b| a.option.cmp(&b.option));
        match topics {
            Some(topics) if issues.is_empty() => Ok(KafkaConfig {
                topics,
                starting,
                unmatched_timestamp,
                ending,
                fail_on_data_loss,
                include_headers,
                max_offsets_per_trigger,
                min_offsets_per_trigger,
                max_trigger_delay,
                mode,
                properties,
            }),
            _ => Err(issues),
        }
    }
}

/// Takes options out one by one; what is left over is unknown.
struct Reader {
    options: BTreeMap<String, String>,
    issues: Vec<OptionIssue>,
}

impl Reader {
    fn issue(&mut self, option: &str, expected: impl Into<String>, actual: impl Into<String>) {
        self.issues.push(OptionIssue::new(option, expected, actual));
    }

    fn take(&mut self, option: &str) -> Option<String> {
        self.options.remove(option)
    }

    fn properties(&mut self) -> BTreeMap<String, String> {
        let prefix = "kafka.";
        let named: Vec<_> =
            self.options.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
        let mut properties = BTreeMap::new();
        for name in named {
            if let Some(value) = self.take(&name) {
                properties.insert(name[prefix.len()..].to_owned(), value);
            }
        }
        self.issues.extend(properties::check(&properties));
        if properties.get("bootstrap.servers").is_none_or(|servers| servers.trim().is_empty()) {
            self.issue("kafka.bootstrap.servers", "host:port, comma separated", "absent");
        }
        properties
    }

    fn topics(&mut self) -> Option<TopicSelection> {
        let names = ["subscribe", "subscribePattern", "assign"];
        let given: Vec<_> =
            names.iter().filter_map(|name| Some((*name, self.take(name)?))).collect();
        let [(name, text)] = given.as_slice() else {
            let actual = match given.as_slice() {
                [] => "none of them".to_owned(),
                many => many.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and "),
            };
            let option = given.first().map_or("subscribe", |(name, _)| name);
            self.issue(option, "one of subscribe, subscribePattern and assign", actual);
            return None;
        };
        let (expected, selection) = match *name {
            "subscribe" => ("topic names, comma separated", topic_list(text)),
            "subscribePattern" => {
                let pattern = TopicPattern::compile(text).map(TopicSelection::Pattern);
                ("a regular expression over whole topic names", pattern)
            }
            _ => {
                let assigned = offsets::assigned(text).map(TopicSelection::Assign);
                (r#"JSON such as {"topic":[0,1]}"#, assigned)
            }
        };
        selection
            .map_err(|why| {
                self.issues.push(OptionIssue::new(*name, expected, text.as_str()).because(why));
            })
            .ok()
    }

    fn starting(&mut self, topics: &Option<TopicSelection>) -> StartingOffsets {
        let names = ["startingTimestamp", "startingOffsetsByTimestamp", "startingOffsets"];
        let given: Vec<_> =
            names.iter().filter_map(|name| Some((*name, self.take(name)?))).collect();
        if given.len() > 1 {
            let actual = given.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and ");
            self.issue(given[0].0, "one way to say where to start", actual);
        }
        let Some((name, text)) = given.first() else { return StartingOffsets::default() };
        let (expected, parsed) = match *name {
            "startingTimestamp" => {
                let millis = text.parse().ok().filter(|millis| *millis >= 0);
                let millis = millis.ok_or_else(|| "not a whole number from 0 on".to_owned());
                ("milliseconds since 1970".to_owned(), millis.map(StartingOffsets::Timestamp))
            }
            "startingOffsetsByTimestamp" => {
                let stamps = offsets::timestamps(text);
                let stamps = stamps.and_then(|by| named_topics(topics, by));
                (EXACT_FORM.to_owned(), stamps.map(StartingOffsets::ByTimestamp))
            }
            _ => {
                let parsed = match text.to_ascii_lowercase().as_str() {
                    "earliest" => Ok(StartingOffsets::Earliest),
                    "latest" => Ok(StartingOffsets::Latest),
                    _ => offsets::exact(text, true)
                        .and_then(|by| named_topics(topics, by))
                        .map(StartingOffsets::Exact),
                };
                (format!("earliest, latest, or {EXACT_FORM}"), parsed)
            }
        };
        parsed.unwrap_or_else(|why| {
            self.issues.push(OptionIssue::new(*name, expected, text.as_str()).because(why));
            StartingOffsets::default()
        })
    }

    fn strategy(&mut self) -> UnmatchedTimestamp {
        let option = "startingOffsetsByTimestampStrategy";
        match self.take(option) {
            None => UnmatchedTimestamp::default(),
            Some(text) if text.eq_ignore_ascii_case("error") => UnmatchedTimestamp::Error,
            Some(text) if text.eq_ignore_ascii_case("latest") => UnmatchedTimestamp::Latest,
            Some(text) => {
                self.issue(option, "error or latest", text);
                UnmatchedTimestamp::default()
            }
        }
    }

    fn ending(&mut self, mode: ReadMode, topics: &Option<TopicSelection>) -> EndingOffsets {
        let option = "endingOffsets";
        let Some(text) = self.take(option) else { return EndingOffsets::default() };
        if mode == ReadMode::Continuous {
            let why = "only reads that end take it: trigger once or available_now";
            self.issues.push(OptionIssue::new(option, "absent", text).because(why));
            return EndingOffsets::default();
        }
        if text.eq_ignore_ascii_case("latest") {
            return EndingOffsets::Latest;
        }
        match offsets::exact(&text, false).and_then(|by| named_topics(topics, by)) {
            Ok(exact) => EndingOffsets::Exact(exact),
            Err(why) => {
                let expected = format!("latest, or {EXACT_FORM}");
                self.issues.push(OptionIssue::new(option, expected, text).because(why));
                EndingOffsets::default()
            }
        }
    }

    fn flag(&mut self, option: &str, default: bool) -> bool {
        match self.take(option) {
            None => default,
            Some(text) if text.eq_ignore_ascii_case("true") => true,
            Some(text) if text.eq_ignore_ascii_case("false") => false,
            Some(text) => {
                self.issue(option, "true or false", text);
                default
            }
        }
    }

    fn count(&mut self, option: &str) -> Option<u64> {
        let text = self.take(option)?;
        let count = text.parse().ok().filter(|count| *count > 0);
        if count.is_none() {
            self.issue(option, "a whole number above 0", text);
        }
        count
    }

    fn delay(&mut self, option: &str, default: Duration) -> Duration {
        let Some(text) = self.take(option) else { return default };
        duration(&text).unwrap_or_else(|| {
            self.issue(option, "a duration such as 15m, 30s or \"2 hours\"", text);
            default
        })
    }

    fn finish(mut self) -> Vec<OptionIssue> {
        for (name, _) in std::mem::take(&mut self.options) {
            let issue = OptionIssue::new(name.clone(), "an option of format kafka", name.clone());
            let spark = SPARK_ONLY.iter().find(|(known, _)| *known == name);
            self.issues.push(match spark {
                Some((_, why)) => issue.because(*why),
                None => {
                    let known = NAMES.iter().chain(properties::COMMON).copied();
                    issue.suggesting(&name, known)
                }
            });
        }
        self.issues
    }
}

fn topic_list(text: &str) -> Result<TopicSelection, String> {
    let mut topics: Vec<String> = Vec::new();
    for topic in text.split(',').map(str::trim) {
        let legal = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if topic.is_empty() || topic.len() > 249 || !topic.chars().all(legal) {
            return Err(format!("{topic:?} cannot be a topic's name"));
        }
        if !topics.iter().any(|known| known == topic) {
            topics.push(topic.to_owned());
        }
    }
    Ok(TopicSelection::Subscribe(topics))
}

/// Refuses topics that are not read.
fn named_topics<T>(
    topics: &Option<TopicSelection>,
    by: offsets::ByPartition<T>,
) -> Result<offsets::ByPartition<T>, String> {
    let read = |topic: &String| match topics {
        Some(TopicSelection::Subscribe(names)) => names.contains(topic),
        Some(TopicSelection::Pattern(pattern)) => pattern.matches(topic),
        Some(TopicSelection::Assign(assigned)) => assigned.contains_key(topic),
        None => true,
    };
    match by.keys().find(|topic| !read(topic)) {
        Some(topic) => Err(format!("{topic} is not among the topics that are read")),
        None => Ok(by),
    }
}

/// A number and a unit from milliseconds to days.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let millis = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "ms" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "second" | "seconds" => 1_000,
        "m" | "min" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}
