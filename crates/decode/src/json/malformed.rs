//! Why a payload is not one JSON object.

use std::fmt;

use crate::notes::RowNotes;

/// The first byte that cannot continue a JSON object, and what was expected of it.
///
/// One word, so that `Result<usize, Malformed>` travels in two registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed(u64);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Reason {
    NotAnObject,
    Value,
    Key,
    Colon,
    CommaOrBrace,
    CommaOrBracket,
    Control,
    Escape,
    Number,
    Literal,
    Depth,
    Trailing,
    End,
}

impl Reason {
    const ALL: [Self; 13] = [
        Self::NotAnObject,
        Self::Value,
        Self::Key,
        Self::Colon,
        Self::CommaOrBrace,
        Self::CommaOrBracket,
        Self::Control,
        Self::Escape,
        Self::Number,
        Self::Literal,
        Self::Depth,
        Self::Trailing,
        Self::End,
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::NotAnObject => "expected a JSON object",
            Self::Value => "expected a value",
            Self::Key => "expected a field name in quotes",
            Self::Colon => "expected `:`",
            Self::CommaOrBrace => "expected `,` or `}`",
            Self::CommaOrBracket => "expected `,` or `]`",
            Self::Control => "control character in a string",
            Self::Escape => "invalid escape in a string",
            Self::Number => "invalid number",
            Self::Literal => "invalid literal",
            Self::Depth => "nested too deeply",
            Self::Trailing => "expected nothing behind the object",
            Self::End => "unexpected end",
        }
    }
}

impl Malformed {
    /// `at` is an index into `bytes`; at their end the reason is the end itself.
    #[cold]
    pub(crate) fn new(bytes: &[u8], at: usize, reason: Reason) -> Self {
        if at < bytes.len() {
            Self((at as u64) << 8 | reason as u64)
        } else {
            Self((bytes.len() as u64) << 8 | Reason::End as u64)
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = Reason::ALL[(self.0 & 0xff) as usize];
        write!(f, "{} at byte {}", reason.text(), self.0 >> 8)
    }
}

/// One level deeper, at the brace or bracket at `at`.
#[inline(always)]
pub(crate) fn enter(notes: &mut RowNotes, bytes: &[u8], at: usize) -> Result<(), Malformed> {
    if notes.enter() { Ok(()) } else { Err(Malformed::new(bytes, at, Reason::Depth)) }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_survives_packing() {
        for reason in Reason::ALL {
            let text = Malformed::new(b"12345678", 7, reason).to_string();
            assert_eq!(text, format!("{} at byte 7", reason.text()));
        }
        assert_eq!(Malformed::new(b"1", 1, Reason::Value).to_string(), "unexpected end at byte 1");
    }
}
