//! The document's fingerprint.

use sha2::{Digest, Sha256};

use crate::node::{Node, Value};

/// SHA-256, in hexadecimal, of the document as JSON with sorted keys and no spaces. Layout, comments
/// and the order of keys do not change it; YAML and JSON of the same content agree.
pub(crate) fn hash(node: &Node) -> String {
    Sha256::digest(json(node).as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn json(node: &Node) -> String {
    let mut text = String::new();
    write(node, &mut text);
    text
}

fn write(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(text) => write_number(text, out),
        Value::Text(text) => write_text(text, out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn write_number(text: &str, out: &mut String) {
    let text = text.strip_prefix('+').unwrap_or(text);
    let number = match (text.parse::<i128>(), text.parse::<f64>()) {
        (Ok(whole), _) => whole.to_string(),
        (_, Ok(float)) => serde_json::Value::from(float).to_string(),
        _ => text.into(),
    };
    out.push_str(&number);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_content_not_of_layout() {
        let yaml =
            hash(&Node::parse("# note\nb: [1, +2, 1.50]\na: {y: null, x: \"é\\n\"}\n").unwrap());
        let json = hash(&Node::parse(r#"{"a":{"x":"é\n","y":null},"b":[1,2,1.5]}"#).unwrap());
        assert_eq!(yaml, json);
        assert_eq!(yaml.len(), 64);
        assert_ne!(yaml, hash(&Node::parse("b: [2, 1, 1.5]\na: {y: null, x: \"é\\n\"}").unwrap()));
    }

    #[test]
    fn the_empty_mapping_has_the_known_digest() {
        let expected = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(hash(&Node::parse("{}").unwrap()), expected);
    }
}
