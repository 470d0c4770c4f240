//! The document as a tree of values, each with its line.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use crate::fault::ContractIssue;

/// Aliases are copied, so that a short document could otherwise unfold without end.
const MAX_NODES: usize = 1 << 20;
/// Deeper than any contract; keeps recursion over the tree off the stack's end.
const MAX_DEPTH: usize = 64;

#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Of its key, or of its first character where it has none.
    pub line: Option<u32>,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As written, so that decimals stay exact; hexadecimal and octal as decimal digits.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Equal whatever the lines.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Node {
    /// Reads YAML 1.2 or JSON, a single document.
    pub fn parse(text: &str) -> Result<Self, ContractIssue> {
        let yaml = parse_yaml(text);
        if yaml.is_err() && text.trim_start().starts_with(['{', '[']) {
            // JSON that YAML does not take: surrogate pairs in escapes, tabs as indentation.
            return serde_json::from_str::<serde_json::Value>(text).map(from_json).map_err(
                |error| malformed("JSON", &error.to_string(), u32::try_from(error.line()).ok()),
            );
        }
        yaml
    }

    /// How an issue names it. Long texts are cut.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(value) => value.to_string(),
            Value::Number(text) => text.clone(),
            Value::Text(text) if text.chars().count() > 60 => {
                format!("'{}…'", text.chars().take(60).collect::<String>())
            }
            Value::Text(text) => format!("'{text}'"),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Map(_) => "a mapping".into(),
        }
    }

    /// A text, or a number as it is written.
    pub fn scalar_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            _ => None,
        }
    }

    fn size(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|(_, node)| node.size()).sum::<usize>(),
            _ => 1,
        }
    }

    fn depth(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Value::Map(entries) => 1 + entries.iter().map(|(_, n)| n.depth()).max().unwrap_or(0),
            _ => 1,
        }
    }
}

fn malformed(expected: &str, actual: &str, line: Option<u32>) -> ContractIssue {
    ContractIssue { path: String::new(), expected: expected.into(), actual: actual.into(), line }
}

fn line_of(span: &Span) -> Option<u32> {
    u32::try_from(span.start.line()).ok()
}

struct Frame {
    node: Node,
    anchor: usize,
    /// Of the entry whose value comes next.
    key: Option<(String, Option<u32>)>,
}

#[derive(Default)]
struct Tree {
    open: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

impl Tree {
    fn begin(&mut self, value: Value, anchor: usize, span: &Span) -> Result<(), ContractIssue> {
        if self.open.len() >= MAX_DEPTH {
            let expected = format!("at most {MAX_DEPTH} levels");
            return Err(malformed(&expected, "a deeper one", line_of(span)));
        }
        self.open.push(Frame { node: Node { line: line_of(span), value }, anchor, key: None });
        Ok(())
    }

    fn end(&mut self, span: &Span) -> Result<(), ContractIssue> {
        match self.open.pop() {
            Some(frame) => self.add(frame.node, frame.anchor, span),
            None => Ok(()),
        }
    }

    fn add(&mut self, node: Node, anchor: usize, span: &Span) -> Result<(), ContractIssue> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let expected = format!("at most {MAX_NODES} values, aliases unfolded");
            return Err(malformed(&expected, "more", line_of(span)));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(frame) = self.open.last_mut() else {
            if self.root.is_some() {
                return Err(malformed("one document", "a second one", line_of(span)));
            }
            self.root = Some(node);
            return Ok(());
        };
        match (&mut frame.node.value, frame.key.take()) {
            (Value::Map(entries), Some((key, line))) => {
                if entries.iter().any(|(known, _)| *known == key) {
                    return Err(malformed("a key once", &format!("'{key}' again"), line));
                }
                entries.push((key, Node { line, ..node }));
            }
            (Value::Map(_), None) => match node.value {
                Value::Text(key) | Value::Number(key) => frame.key = Some((key, node.line)),
                Value::Bool(key) => frame.key = Some((key.to_string(), node.line)),
                _ => return Err(malformed("text as a key", &node.describe(), node.line)),
            },
            (Value::List(items), _) => items.push(node),
            _ => {}
        }
        Ok(())
    }
}

fn parse_yaml(text: &str) -> Result<Node, ContractIssue> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            malformed("YAML or JSON", error.info(), u32::try_from(error.marker().line()).ok())
        })?;
        match event {
            Event::SequenceStart(anchor, _) => tree.begin(Value::List(vec![]), anchor, &span)?,
            Event::MappingStart(anchor, _) => tree.begin(Value::Map(vec![]), anchor, &span)?,
            Event::SequenceEnd | Event::MappingEnd => tree.end(&span)?,
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                tree.add(Node { line: line_of(&span), value }, anchor, &span)?;
            }
            Event::Alias(anchor) => {
                let Some(node) = tree.anchors.get(&anchor).cloned() else {
                    return Err(malformed("an anchor", "an alias of none", line_of(&span)));
                };
                tree.nodes += node.size();
                if tree.open.len() + node.depth() > MAX_DEPTH {
                    return Err(malformed("a shallower alias", "a deep one", line_of(&span)));
                }
                tree.add(node, 0, &span)?;
            }
            _ => {}
        }
    }
    tree.root.ok_or_else(|| malformed("a data contract", "an empty text", None))
}

/// YAML's core schema: `yes`, `no`, `on` and dates are text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str") {
        return Value::Text(text.into());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let radix = |prefix, radix| {
        text.strip_prefix(prefix).and_then(|digits| u128::from_str_radix(digits, radix).ok())
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Value::Number(number.to_string());
    }
    if is_number(text) { Value::Number(text.into()) } else { Value::Text(text.into()) }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    whole.len() + fraction.len() > 0
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|text| {
            let text = text.strip_prefix(['-', '+']).unwrap_or(text);
            !text.is_empty() && digits(text)
        })
}

fn from_json(value: serde_json::Value) -> Node {
    use serde_json::Value as Json;
    let value = match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Number(number.to_string()),
        Json::String(text) => Value::Text(text),
        Json::Array(items) => Value::List(items.into_iter().map(from_json).collect()),
        Json::Object(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    };
    Node { line: None, value }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "node_tests.rs"]
mod tests;
