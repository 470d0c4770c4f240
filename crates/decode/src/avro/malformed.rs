//! Why a payload is not a value of its writer's schema.

use std::fmt;

use super::types::Types;

/// The first byte that cannot be, and the field it belongs to.
///
/// Behind one pointer, so that results on the way of sound payloads stay small.
#[derive(Debug)]
pub(super) struct Malformed(Box<Place>);

#[derive(Debug)]
struct Place {
    reason: Reason,
    at: usize,
    /// From the innermost outwards.
    path: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Field { record: u32, index: usize },
    Item,
    Entry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    End,
    Varint,
    Int,
    Length,
    Utf8,
    Boolean,
    Branch,
    Symbol,
    BlockSize,
    Decimal,
    Depth,
    NoBytes,
    NoRecord,
    Trailing,
    Fingerprint,
}

impl Reason {
    const fn text(self) -> &'static str {
        match self {
            Self::End => "unexpected end",
            Self::Varint => "number of more than 64 bits",
            Self::Int => "int of more than 32 bits",
            Self::Length => "negative length",
            Self::Utf8 => "string that is not UTF-8",
            Self::Boolean => "boolean that is neither 0 nor 1",
            Self::Branch => "union without this branch",
            Self::Symbol => "enum without this symbol",
            Self::BlockSize => "block of another size than it says",
            Self::Decimal => "big-decimal that is not whole",
            Self::Depth => "nested too deeply",
            Self::NoBytes => "too many values that take no bytes",
            Self::NoRecord => "expected a record",
            Self::Trailing => "expected nothing behind the record",
            Self::Fingerprint => "fingerprint of another schema",
        }
    }
}

impl Malformed {
    #[cold]
    pub(super) fn new(at: usize, reason: Reason) -> Self {
        Self(Box::new(Place { reason, at, path: Vec::new() }))
    }

    /// The same, seen from one level further out.
    #[cold]
    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }

    /// Never a value of the payload; `base` is where its first byte lies in the record's.
    pub(super) fn message(&self, types: &Types, base: usize) -> String {
        let Place { reason, at, path } = self.0.as_ref();
        let mut named = String::new();
        for step in path.iter().rev() {
            match *step {
                Step::Field { record, index } => {
                    if !named.is_empty() {
                        named.push('.');
                    }
                    named.push_str(types.field_name(record, index));
                }
                Step::Item => named.push_str("[]"),
                Step::Entry => named.push_str("{}"),
            }
        }
        let within = if named.is_empty() { named } else { format!(" in `{named}`") };
        format!("{reason}{within} at byte {}", at + base)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
