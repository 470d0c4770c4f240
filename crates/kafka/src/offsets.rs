//! Where to start and where to end, as the options say it.

use std::collections::BTreeMap;

use serde_json::Value;

/// One value a partition of a topic.
pub type ByPartition<T> = BTreeMap<String, BTreeMap<i32, T>>;

/// An offset of one partition, as the JSON forms give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetChoice {
    /// `-2`
    Earliest,
    /// `-1`
    Latest,
    At(i64),
}

/// What a timestamp later than every record of a partition means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnmatchedTimestamp {
    #[default]
    Error,
    Latest,
}

/// Read once, in the first commit of an output. Default: latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StartingOffsets {
    Earliest,
    #[default]
    Latest,
    /// Names every partition.
    Exact(ByPartition<OffsetChoice>),
    /// The first record at or after this time, in milliseconds since 1970.
    Timestamp(i64),
    /// The same for each partition; names every one.
    ByTimestamp(ByPartition<i64>),
}

/// Exclusive; only for reads that end. Default: latest, as of the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EndingOffsets {
    #[default]
    Latest,
    /// Names every partition.
    Exact(ByPartition<OffsetChoice>),
}

impl StartingOffsets {
    pub(crate) fn option(&self) -> &'static str {
        match self {
            Self::Earliest | Self::Latest | Self::Exact(_) => "startingOffsets",
            Self::Timestamp(_) => "startingTimestamp",
            Self::ByTimestamp(_) => "startingOffsetsByTimestamp",
        }
    }
}

pub(crate) const EXACT_FORM: &str = r#"JSON such as {"topic":{"0":123,"1":-2}}"#;

/// `{"topic":{"0":123}}`; -2 is earliest where `earliest` allows it, -1 latest.
pub(crate) fn exact(text: &str, earliest: bool) -> Result<ByPartition<OffsetChoice>, String> {
    by_partition(text, |offset| match offset {
        -2 if earliest => Ok(OffsetChoice::Earliest),
        -1 => Ok(OffsetChoice::Latest),
        0.. => Ok(OffsetChoice::At(offset)),
        _ => Err(format!("{offset} is no offset here")),
    })
}

/// `{"topic":{"0":1767225600000}}`, in milliseconds since 1970.
pub(crate) fn timestamps(text: &str) -> Result<ByPartition<i64>, String> {
    by_partition(text, |millis| match millis {
        0.. => Ok(millis),
        _ => Err(format!("{millis} is before 1970")),
    })
}

fn by_partition<T>(
    text: &str,
    value: impl Fn(i64) -> Result<T, String>,
) -> Result<ByPartition<T>, String> {
    let parsed: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let Value::Object(topics) = parsed else { return Err("not a JSON object".to_owned()) };
    let mut result = ByPartition::new();
    for (topic, partitions) in topics {
        let Value::Object(partitions) = partitions else {
            return Err(format!("{topic} does not map partitions to numbers"));
        };
        let known = result.entry(topic.clone()).or_default();
        for (partition, number) in partitions {
            let at = || format!("{topic}, partition {partition:?}");
            let index = partition.parse::<i32>().ok().filter(|index| *index >= 0);
            let index = index.ok_or_else(|| format!("{}: not a partition number", at()))?;
            let number = number.as_i64().ok_or_else(|| format!("{}: not an integer", at()))?;
            known.insert(index, value(number).map_err(|why| format!("{}: {why}", at()))?);
        }
    }
    if result.is_empty() {
        return Err("names no topic".to_owned());
    }
    Ok(result)
}

/// `{"topic":[0,1]}`
pub(crate) fn assigned(text: &str) -> Result<BTreeMap<String, Vec<i32>>, String> {
    let mut topics: BTreeMap<String, Vec<i32>> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    for (topic, partitions) in &mut topics {
        partitions.sort_unstable();
        partitions.dedup();
        if partitions.first().is_none_or(|first| *first < 0) {
            return Err(format!("{topic}: needs partition numbers from 0 on"));
        }
    }
    if topics.is_empty() {
        return Err("names no topic".to_owned());
    }
    Ok(topics)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_json_forms_are_read_as_spark_writes_them() {
        let offsets = exact(r#"{"a":{"0":123,"1":-2},"b":{"0":-1}}"#, true).unwrap();
        assert_eq!(offsets["a"][&0], OffsetChoice::At(123));
        assert_eq!(offsets["a"][&1], OffsetChoice::Earliest);
        assert_eq!(offsets["b"][&0], OffsetChoice::Latest);
        assert_eq!(timestamps(r#"{"a":{"3":1000}}"#).unwrap()["a"][&3], 1000);
        assert_eq!(assigned(r#"{"a":[1,0,1]}"#).unwrap()["a"], vec![0, 1]);
    }

    #[test]
    fn every_malformed_json_form_is_refused() {
        for (text, earliest) in [
            ("latest", true),
            ("{}", true),
            (r#"{"a":5}"#, true),
            (r#"{"a":{"x":5}}"#, true),
            (r#"{"a":{"-1":5}}"#, true),
            (r#"{"a":{"0":-3}}"#, true),
            (r#"{"a":{"0":"5"}}"#, true),
            (r#"{"a":{"0":-2}}"#, false),
        ] {
            assert!(exact(text, earliest).is_err(), "{text}");
        }
        for text in ["[]", "{}", r#"{"a":[]}"#, r#"{"a":[-1]}"#, r#"{"a":"0"}"#] {
            assert!(assigned(text).is_err(), "{text}");
        }
        assert!(timestamps(r#"{"a":{"0":-1}}"#).is_err());
    }
}
