//! Strings.

use super::malformed::{Malformed, Reason};
use super::scan::{block, byte, plain_end, plain_len};

/// Appends the string whose first byte (behind the quote) is at `at`; gives the index behind the
/// closing quote, and whether the string is text: false when it holds a lone surrogate, which no
/// UTF-8 can write (the appended bytes are then worth nothing).
#[inline(always)]
pub(crate) fn read(
    bytes: &[u8],
    mut at: usize,
    to: &mut Vec<u8>,
) -> Result<(usize, bool), Malformed> {
    loop {
        let next = block(bytes, at);
        let len = plain_len(next);
        // All 16 in one store, then back to those that belong to the string.
        let end = to.len() + len;
        to.extend_from_slice(&next.to_le_bytes());
        at += len;
        if len < 16 {
            to.truncate(end);
            break;
        }
    }
    if byte(bytes, at) == b'"' { Ok((at + 1, true)) } else { read_escaped(bytes, at, to) }
}

/// Goes on at a backslash, or at what makes the string malformed.
#[inline(never)]
fn read_escaped(bytes: &[u8], mut at: usize, to: &mut Vec<u8>) -> Result<(usize, bool), Malformed> {
    let mut text = true;
    loop {
        let end = plain_end(bytes, at);
        to.extend_from_slice(&bytes[at..end]);
        at = end;
        match byte(bytes, at) {
            b'"' => return Ok((at + 1, text)),
            b'\\' => {
                let (next, character) = escape(bytes, at)?;
                match character {
                    Some(character) => {
                        to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    None => text = false,
                }
                at = next;
            }
            _ => return Err(Malformed::new(bytes, at, Reason::Control)),
        }
    }
}

/// Index behind the closing quote of the string whose first byte is at `at`.
#[inline]
pub(crate) fn skip(bytes: &[u8], mut at: usize) -> Result<usize, Malformed> {
    loop {
        at = plain_end(bytes, at);
        match byte(bytes, at) {
            b'"' => return Ok(at + 1),
            b'\\' => at = escape(bytes, at)?.0,
            _ => return Err(Malformed::new(bytes, at, Reason::Control)),
        }
    }
}

/// The escape whose backslash is at `at`; `None` for a lone surrogate.
fn escape(bytes: &[u8], at: usize) -> Result<(usize, Option<char>), Malformed> {
    let character = match byte(bytes, at + 1) {
        quoted @ (b'"' | b'\\' | b'/') => char::from(quoted),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(bytes, at),
        _ => return Err(Malformed::new(bytes, at + 1, Reason::Escape)),
    };
    Ok((at + 2, Some(character)))
}

fn unicode(bytes: &[u8], at: usize) -> Result<(usize, Option<char>), Malformed> {
    let high = hex4(bytes, at + 2)?;
    let behind = at + 6;
    if !matches!(high, 0xd800..=0xdbff) || word_at(bytes, behind) != *b"\\u" {
        return Ok((behind, char::from_u32(high)));
    }
    let low = hex4(bytes, behind + 2)?;
    if !matches!(low, 0xdc00..=0xdfff) {
        // The second escape is judged by itself.
        return Ok((behind, None));
    }
    let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    Ok((behind + 6, char::from_u32(code)))
}

fn word_at(bytes: &[u8], at: usize) -> [u8; 2] {
    [byte(bytes, at), byte(bytes, at + 1)]
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Malformed> {
    (at..at + 4).try_fold(0, |code, at| {
        let digit = char::from(byte(bytes, at)).to_digit(16);
        digit
            .map(|digit| code << 4 | digit)
            .ok_or_else(|| Malformed::new(bytes, at, Reason::Escape))
    })
}

/// The text of the string whose first byte is at `at`: a slice of `bytes`, or of `scratch` when it
/// holds escapes; `None` when it holds a lone surrogate.
#[inline(always)]
pub(crate) fn borrow<'a>(
    bytes: &'a [u8],
    at: usize,
    scratch: &'a mut Vec<u8>,
) -> Result<(usize, Option<&'a [u8]>), Malformed> {
    let end = plain_end(bytes, at);
    if byte(bytes, end) == b'"' {
        return Ok((end + 1, Some(&bytes[at..end])));
    }
    scratch.clear();
    scratch.extend_from_slice(&bytes[at..end]);
    let (end, text) = read_escaped(bytes, end, scratch)?;
    Ok((end, text.then_some(scratch)))
}
