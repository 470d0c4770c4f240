//! The names under which a query keeps its numbers in a table's `txn` actions.

use headgate_model::PartitionId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A part of a `txn` name or of a path, with everything encoded that either could misread.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

pub(crate) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

/// `headgate/<query>`: holds the incarnation.
pub(crate) fn query(query: &str) -> String {
    format!("headgate/{}", encode(query))
}

/// The query whose name [`query`] gave.
pub(crate) fn query_of(app_id: &str) -> Option<String> {
    app_id.strip_prefix("headgate/").filter(|name| !name.contains(['/', '@'])).and_then(decode)
}

/// `P`: everything that belongs to one incarnation of a query starts with it.
pub(crate) fn prefix(query: &str, incarnation: i64) -> String {
    format!("headgate/{}@{incarnation:x}", encode(query))
}

pub(crate) fn position(prefix: &str, id: &PartitionId) -> String {
    format!("{prefix}/{}@{}/{}", encode(&id.topic), encode(&id.topic_id), id.partition)
}

pub(crate) fn side(prefix: &str, address: &str) -> String {
    side_by_hash(prefix, &address_hash(address))
}

pub(crate) fn side_by_hash(prefix: &str, hash: &str) -> String {
    format!("{prefix}/side/{hash}")
}

/// When small files were last made larger, in milliseconds since the epoch; of no query.
pub(crate) const OPTIMIZED: &str = "headgate-maintenance/optimized";

/// The version that blocked; 0 once released.
pub(crate) fn block(prefix: &str) -> String {
    format!("{prefix}/block")
}

/// The last version that an observer was told.
pub(crate) fn observer(prefix: &str, name: &str) -> String {
    format!("{prefix}/observer/{}", encode(name))
}

/// True for what [`observer`] gives under any incarnation of `query`.
pub(crate) fn observes(app_id: &str, query: &str, name: &str) -> bool {
    let rest = app_id.strip_prefix(&format!("headgate/{}@", encode(query)));
    let under = rest.and_then(|rest| rest.split_once('/'));
    under.is_some_and(|(_, rest)| rest == format!("observer/{}", encode(name)))
}

/// True for what [`observer`] gives of any query and name.
pub(crate) fn is_observer(app_id: &str) -> bool {
    let mut parts = app_id.split('/');
    parts.next() == Some("headgate") && parts.nth(1) == Some("observer")
}

/// First 16 hexadecimal digits of the address's SHA-256.
pub(crate) fn address_hash(address: &str) -> String {
    Sha256::digest(address.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What a `txn` of this incarnation says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Position(PartitionId),
    /// Hash of the side table's address.
    Side(String),
    Block,
    /// Name of the observer.
    Observer(String),
    Other,
}

/// `None` when `app_id` belongs to somebody else.
pub(crate) fn parse(prefix: &str, app_id: &str) -> Option<Key> {
    let rest = app_id.strip_prefix(prefix)?.strip_prefix('/')?;
    let (head, tail) = rest.split_once('/').unwrap_or((rest, ""));
    Some(match (head.split_once('@'), head) {
        (Some((topic, topic_id)), _) => {
            let partition = tail.parse().ok()?;
            Key::Position(PartitionId::new(decode(topic)?, decode(topic_id)?, partition))
        }
        (None, "side") => Key::Side(tail.to_owned()),
        (None, "block") => Key::Block,
        (None, "observer") => Key::Observer(decode(tail)?),
        _ => Key::Other,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_any_topic_and_query() {
        let prefix = prefix("a/b@c", 255);
        assert_eq!(prefix, "headgate/a%2Fb%40c@ff");
        for topic in ["plain", "with.dots-and_more", "side", "weird/@name"] {
            let id = PartitionId::new(topic, "q+/=", 7);
            assert_eq!(parse(&prefix, &position(&prefix, &id)), Some(Key::Position(id)));
        }
        let side = side(&prefix, "file:///lake/rejects");
        assert_eq!(parse(&prefix, &side), Some(Key::Side(address_hash("file:///lake/rejects"))));
        assert_eq!(parse(&prefix, "headgate/a%2Fb%40c@fe/block"), None);
        assert_eq!(parse(&prefix, "headgate/a%2Fb%40c"), None);
        let told = observer(&prefix, "dc/43");
        assert_eq!(parse(&prefix, &told), Some(Key::Observer("dc/43".into())));
        assert!(observes(&told, "a/b@c", "dc/43") && is_observer(&told) && !is_observer(&side));
        assert!(!observes(&told, "a/b", "dc/43") && !observes(&told, "a/b@c", "dc"));
        assert_eq!(query_of(&query("a/b@c")).as_deref(), Some("a/b@c"));
        assert_eq!((query_of(&prefix), query_of(&side)), (None, None));
    }
}
