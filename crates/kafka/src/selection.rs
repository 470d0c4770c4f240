//! Which topics and partitions are read.

use std::collections::BTreeMap;

use regex::Regex;

/// Exactly one of `subscribe`, `subscribePattern` and `assign`.
#[derive(Clone, Debug)]
pub enum TopicSelection {
    Subscribe(Vec<String>),
    Pattern(TopicPattern),
    /// Without a group's help: every worker reads all of them.
    Assign(BTreeMap<String, Vec<i32>>),
}

/// Matches whole topic names. Only constructs that Rust's, POSIX's and RE2's expressions share, so
/// that brokers, librdkafka and we agree on the topics.
#[derive(Clone, Debug)]
pub struct TopicPattern {
    regex: Regex,
    native: String,
}

/// Internal topics of the brokers are in no pattern.
pub(crate) const INTERNAL_TOPICS: &[&str] = &["__consumer_offsets", "__transaction_state"];

impl TopicPattern {
    pub(crate) fn compile(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() {
            return Err("empty".to_owned());
        }
        if let Some(construct) = unshared(pattern) {
            return Err(format!(
                "{construct} is not in every dialect of brokers and client; use classes such as [0-9]"
            ));
        }
        let native = format!("^({pattern})$");
        let regex = Regex::new(&native).map_err(|error| error.to_string())?;
        Ok(Self { regex, native })
    }

    pub fn matches(&self, topic: &str) -> bool {
        !INTERNAL_TOPICS.contains(&topic) && self.regex.is_match(topic)
    }

    /// As librdkafka wants it: a subscription that starts with `^` is an expression.
    pub(crate) fn native(&self) -> &str {
        &self.native
    }
}

/// The first construct that not every dialect has.
fn unshared(pattern: &str) -> Option<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1).copied();
        match (chars[at], next) {
            ('\\', Some(next)) if next.is_ascii_punctuation() => at += 1,
            ('\\', next) => return Some(format!("\\{}", next.map_or(String::new(), String::from))),
            ('(', Some('?')) => return Some("(?".to_owned()),
            (quantifier @ ('*' | '+' | '?' | '}'), Some(next @ ('?' | '+' | '*'))) => {
                return Some(format!("{quantifier}{next}"));
            }
            ('[', Some(':' | '.' | '=')) | ('&', Some('&')) => return Some("[: or &&".to_owned()),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names_only() {
        let pattern = TopicPattern::compile(r"gps|orders\..*").unwrap();
        for (topic, expected) in [
            ("gps", true),
            ("gps2", false),
            ("my-gps", false),
            ("orders.eu", true),
            ("ordersXeu", false),
        ] {
            assert_eq!(pattern.matches(topic), expected, "{topic}");
        }
        assert!(!TopicPattern::compile(".*").unwrap().matches("__consumer_offsets"));
    }

    #[test]
    fn constructs_that_dialects_read_differently_are_refused() {
        for pattern in
            [r"a\d", r"\w+", r"a\", "(?i)a", "a*?", "a++", "a{2}?", "[[:alpha:]]", "(", ""]
        {
            assert!(TopicPattern::compile(pattern).is_err(), "{pattern}");
        }
        for pattern in [r"a\.b", "[a-z0-9]+", "a{2,3}", "^abc$", "(a|b)?c"] {
            assert!(TopicPattern::compile(pattern).is_ok(), "{pattern}");
        }
    }
}
