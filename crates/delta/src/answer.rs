//! What a store answered to a failed request, fit to be told.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;

use deltalake::ObjectStoreError;

use crate::fault::Source;

/// Codes by which S3 refuses for good, some of them with a status that could mean anything.
const FINAL_CODES: [&str; 6] = [
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "NoSuchBucket",
    "SignatureDoesNotMatch",
];

/// An error of an object store without what it may repeat of the request: tokens, signatures and
/// the names of keys.
#[derive(Debug)]
struct Answer {
    text: String,
    is_final: bool,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Answer {}

/// `source`, or what may be told of it if a store said it.
pub(crate) fn told(source: Source) -> Source {
    let stores =
        || chain(source.as_ref()).filter_map(<dyn Error>::downcast_ref::<ObjectStoreError>);
    // What a disk says is told as it is; a connection that broke is a store's trouble.
    if stores().next().is_none() || io_kinds(source.as_ref()).any(is_of_disk) {
        return source;
    }
    let said = source.to_string();
    let is_final = stores().any(|error| {
        use ObjectStoreError::{
            InvalidPath, NotFound, NotImplemented, NotSupported, PermissionDenied, Unauthenticated,
        };
        matches!(
            error,
            PermissionDenied { .. }
                | Unauthenticated { .. }
                | NotFound { .. }
                | InvalidPath { .. }
                | NotSupported { .. }
                | NotImplemented { .. }
        )
    }) || FINAL_CODES
        .iter()
        .any(|code| said.contains(&format!("<Code>{code}</Code>")));
    Box::new(Answer { text: plain(&said), is_final })
}

fn is_of_disk(kind: ErrorKind) -> bool {
    use ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(kind, PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}

/// No retry mends it: a full or forbidden disk, or a store that refuses.
pub(crate) fn is_permanent(source: &(dyn Error + 'static)) -> bool {
    let refused = chain(source)
        .any(|error| error.downcast_ref::<Answer>().is_some_and(|answer| answer.is_final));
    refused || io_kinds(source).any(is_of_disk)
}

/// True for what an object store answered.
pub(crate) fn is_answer(source: &(dyn Error + 'static)) -> bool {
    chain(source).any(|error| error.is::<Answer>())
}

pub(crate) fn is_full(source: &(dyn Error + 'static)) -> bool {
    io_kinds(source).any(|kind| matches!(kind, ErrorKind::QuotaExceeded | ErrorKind::StorageFull))
}

fn chain<'a>(
    source: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> + 'a {
    std::iter::successors(Some(source), |error: &&'a (dyn Error + 'static)| (*error).source())
}

fn io_kinds<'a>(source: &'a (dyn Error + 'static)) -> impl Iterator<Item = ErrorKind> + 'a {
    chain(source)
        .filter_map(|error| error.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
}

/// Without the query of a URL, and of an XML body only its code and message.
fn plain(said: &str) -> String {
    let (head, body) = match said.find("<?xml").or_else(|| said.find("<Error>")) {
        Some(at) => said.split_at(at),
        None => (said, ""),
    };
    let element = |name: &str| {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let from = body.find(&open)? + open.len();
        body.get(from..from + body.get(from..)?.find(&close)?)
    };
    let mut text = String::new();
    let mut in_query = false;
    for character in head.chars() {
        in_query = match character {
            '?' => true,
            _ if character.is_whitespace() || ")\"'".contains(character) => false,
            _ => in_query,
        };
        if !in_query {
            text.push(character);
        }
    }
    for part in [element("Code"), element("Message")].into_iter().flatten() {
        text.push_str(part);
        text.push(' ');
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_store(text: &str) -> Source {
        let source = ObjectStoreError::Generic { store: "S3", source: text.into() };
        told(Box::new(source))
    }

    #[test]
    fn an_answer_keeps_code_and_message_only() {
        let body = "PUT http://h/b/k.json?X-Sig=secret failed: 400: <?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code><Message>gone</Message><Token-0>secret</Token-0></Error>";
        let source = of_store(body);
        let text = source.to_string();
        assert_eq!(text, "Generic S3 error: PUT http://h/b/k.json failed: 400: ExpiredToken gone");
        assert!(is_permanent(source.as_ref()));
        assert!(!is_permanent(of_store("503 <Error><Code>SlowDown</Code></Error>").as_ref()));
    }

    #[test]
    fn what_a_disk_says_is_kept() {
        let full = std::io::Error::from(ErrorKind::StorageFull);
        let source: Source = Box::new(full);
        assert!(is_full(told(source).as_ref()));
        let inner = std::io::Error::from(ErrorKind::PermissionDenied);
        let generic = ObjectStoreError::Generic { store: "local", source: inner.into() };
        assert!(is_permanent(told(Box::new(generic)).as_ref()));
        let reset = std::io::Error::from(ErrorKind::ConnectionReset);
        let source =
            told(Box::new(ObjectStoreError::Generic { store: "S3", source: reset.into() }));
        assert!(is_answer(source.as_ref()) && !is_permanent(source.as_ref()));
    }
}
