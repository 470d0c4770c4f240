//! Values that nobody asked for: skipped, but held to the whole grammar.

use super::malformed::{Malformed, Reason};
use super::scan::{byte, skip_space, word};
use super::{number, text};
use crate::MAX_DEPTH;

/// Objects (1) and arrays (0) that are open, the innermost in the lowest bit.
type Open = u128;

const _: () = assert!(Open::BITS == MAX_DEPTH);

/// Index behind the value at `at`, which `depth` objects and arrays are around.
#[inline(never)]
pub(crate) fn value(bytes: &[u8], mut at: usize, depth: u32) -> Result<usize, Malformed> {
    let (mut open, mut levels): (Open, u32) = (0, 0);
    loop {
        let first = byte(bytes, at);
        match first {
            b'"' => at = text::skip(bytes, at + 1)?,
            b'{' | b'[' => {
                if depth + levels >= MAX_DEPTH {
                    return Err(Malformed::new(bytes, at, Reason::Depth));
                }
                let object = first == b'{';
                at = skip_space(bytes, at + 1);
                if byte(bytes, at) == if object { b'}' } else { b']' } {
                    at += 1;
                } else {
                    open = open << 1 | Open::from(object);
                    levels += 1;
                    if object {
                        at = key(bytes, at)?;
                    }
                    continue;
                }
            }
            _ => at = scalar(bytes, at, first)?,
        }
        // Behind a value: close what ends here, up to the next value.
        loop {
            if levels == 0 {
                return Ok(at);
            }
            at = skip_space(bytes, at);
            let object = open & 1 == 1;
            match byte(bytes, at) {
                b',' => {
                    at = skip_space(bytes, at + 1);
                    if object {
                        at = key(bytes, at)?;
                    }
                    break;
                }
                b'}' if object => {}
                b']' if !object => {}
                _ => {
                    let reason = if object { Reason::CommaOrBrace } else { Reason::CommaOrBracket };
                    return Err(Malformed::new(bytes, at, reason));
                }
            }
            at += 1;
            open >>= 1;
            levels -= 1;
        }
    }
}

/// Index of the value whose key is at `at`.
fn key(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    if byte(bytes, at) != b'"' {
        return Err(Malformed::new(bytes, at, Reason::Key));
    }
    colon(bytes, text::skip(bytes, at + 1)?)
}

/// Index of the value, from the index behind its key.
pub(crate) fn colon(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    let at = skip_space(bytes, at);
    if byte(bytes, at) != b':' {
        return Err(Malformed::new(bytes, at, Reason::Colon));
    }
    Ok(skip_space(bytes, at + 1))
}

fn scalar(bytes: &[u8], at: usize, first: u8) -> Result<usize, Malformed> {
    match first {
        b'-' | b'0'..=b'9' => number::skip(bytes, at),
        b't' => literal(bytes, at, b"true"),
        b'f' => literal(bytes, at, b"false"),
        b'n' => literal(bytes, at, b"null"),
        _ => Err(Malformed::new(bytes, at, Reason::Value)),
    }
}

fn literal(bytes: &[u8], at: usize, expected: &[u8]) -> Result<usize, Malformed> {
    let same = expected.iter().zip(at..).take_while(|&(&b, at)| byte(bytes, at) == b).count();
    if same == expected.len() {
        Ok(at + same)
    } else {
        Err(Malformed::new(bytes, at + same, Reason::Literal))
    }
}

/// Index behind the `null` at `at`, if there is one.
#[inline(always)]
pub(crate) fn null(bytes: &[u8], at: usize) -> Option<usize> {
    (word(bytes, at) as u32 == u32::from_le_bytes(*b"null")).then_some(at + 4)
}

/// The `true` or `false` at `at`, if there is one.
#[inline(always)]
pub(crate) fn boolean(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let word = word(bytes, at);
    if word as u32 == u32::from_le_bytes(*b"true") {
        Some((at + 4, true))
    } else if word << 24 == u64::from_le_bytes(*b"false\0\0\0") << 24 {
        Some((at + 5, false))
    } else {
        None
    }
}
