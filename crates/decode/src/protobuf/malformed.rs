//! Why a payload is not a message of its schema.

use std::fmt;

/// What is wrong, and the byte it is wrong at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed {
    pub(super) at: usize,
    pub(super) reason: Reason,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    End,
    Varint,
    Tag,
    WireType,
    Length,
    GroupEnd,
    Utf8,
    Depth,
    /// What only a reader of whole values finds, see [`super::rendered`].
    Value,
}

impl Malformed {
    #[cold]
    pub(super) fn new(at: usize, reason: Reason) -> Self {
        Self { at, reason }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::End => "unexpected end",
            Reason::Varint => "varint of more than 64 bits",
            Reason::Tag => "no field has this number",
            Reason::WireType => "wire type 6 or 7",
            Reason::Length => "length beyond the end",
            Reason::GroupEnd => "end of a group that did not begin",
            Reason::Utf8 => "string that is not UTF-8",
            Reason::Depth => "nested too deeply",
            Reason::Value => "malformed value",
        };
        write!(f, "{reason} at byte {}", self.at)
    }
}
