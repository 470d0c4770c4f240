//! The wire format: tags, varints, lengths and groups. `bytes` always end where the message in hand
//! ends, so that nothing is read beyond it.

use super::malformed::{Malformed, Reason};
use crate::MAX_DEPTH;

pub(super) const VARINT: u32 = 0;
pub(super) const FIXED64: u32 = 1;
pub(super) const LENGTH: u32 = 2;
pub(super) const GROUP: u32 = 3;
const END_GROUP: u32 = 4;
pub(super) const FIXED32: u32 = 5;

pub(super) const fn tag_of(number: u32, wire_type: u32) -> u32 {
    number << 3 | wire_type
}

/// A varint, and the index behind it.
#[inline(always)]
pub(super) fn varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    match bytes.get(at) {
        Some(&byte) if byte < 0x80 => Ok((byte.into(), at + 1)),
        _ => long_varint(bytes, at),
    }
}

fn long_varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    let mut value = 0;
    for (index, &byte) in bytes.get(at..).unwrap_or_default().iter().enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index as u32);
        if byte < 0x80 {
            // Of the tenth byte one bit is left.
            return if index < 9 || byte <= 1 {
                Ok((value, at + index + 1))
            } else {
                Err(Malformed::new(at, Reason::Varint))
            };
        }
        if index == 9 {
            return Err(Malformed::new(at, Reason::Varint));
        }
    }
    Err(Malformed::new(bytes.len(), Reason::End))
}

/// A field's number and wire type, and the index behind them.
#[inline(always)]
pub(super) fn tag(bytes: &[u8], at: usize) -> Result<(u32, usize), Malformed> {
    match bytes.get(at) {
        Some(&byte) if (8..0x80).contains(&byte) => Ok((byte.into(), at + 1)),
        _ => long_tag(bytes, at),
    }
}

#[inline(never)]
fn long_tag(bytes: &[u8], at: usize) -> Result<(u32, usize), Malformed> {
    let (tag, behind) = varint(bytes, at)?;
    match u32::try_from(tag) {
        Ok(tag) if tag >> 3 != 0 => Ok((tag, behind)),
        _ => Err(Malformed::new(at, Reason::Tag)),
    }
}

/// First index and end of the bytes whose length is at `at`.
#[inline(always)]
pub(super) fn extent(bytes: &[u8], at: usize) -> Result<(usize, usize), Malformed> {
    let (len, start) = varint(bytes, at)?;
    if len > (bytes.len() - start) as u64 {
        return Err(Malformed::new(at, Reason::Length));
    }
    Ok((start, start + len as usize))
}

#[inline(always)]
pub(super) fn fixed32(bytes: &[u8], at: usize) -> Result<(u32, usize), Malformed> {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(chunk) => Ok((u32::from_le_bytes(*chunk), at + 4)),
        None => Err(Malformed::new(bytes.len(), Reason::End)),
    }
}

#[inline(always)]
pub(super) fn fixed64(bytes: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(chunk) => Ok((u64::from_le_bytes(*chunk), at + 8)),
        None => Err(Malformed::new(bytes.len(), Reason::End)),
    }
}

/// Index behind the value at `at`, whose tag is given; `depth` messages are around it.
#[inline(never)]
pub(super) fn skip(bytes: &[u8], at: usize, tag: u32, depth: u32) -> Result<usize, Malformed> {
    match tag & 7 {
        VARINT => Ok(varint(bytes, at)?.1),
        FIXED64 => Ok(fixed64(bytes, at)?.1),
        LENGTH => Ok(extent(bytes, at)?.1),
        FIXED32 => Ok(fixed32(bytes, at)?.1),
        GROUP => Ok(group(bytes, at, tag, depth)?.1),
        END_GROUP => Err(Malformed::new(at, Reason::GroupEnd)),
        _ => Err(Malformed::new(at, Reason::WireType)),
    }
}

/// End of what is in the group at `at`, and the index behind its end tag.
pub(super) fn group(
    bytes: &[u8],
    mut at: usize,
    start: u32,
    depth: u32,
) -> Result<(usize, usize), Malformed> {
    if depth >= MAX_DEPTH {
        return Err(Malformed::new(at, Reason::Depth));
    }
    loop {
        let (next, behind) = tag(bytes, at)?;
        if next == tag_of(start >> 3, END_GROUP) {
            return Ok((at, behind));
        }
        at = skip(bytes, behind, next, depth + 1)?;
    }
}

/// First index and end of the message at `at`, and the index behind it, be it a group or not.
#[inline(always)]
pub(super) fn message(
    bytes: &[u8],
    at: usize,
    tag: u32,
    depth: u32,
) -> Result<(usize, usize, usize), Malformed> {
    if tag & 7 == GROUP {
        let (end, behind) = group(bytes, at, tag, depth)?;
        Ok((at, end, behind))
    } else {
        let (start, end) = extent(bytes, at)?;
        Ok((start, end, end))
    }
}

/// `content` behind its length.
pub(super) fn with_length(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len() + 10);
    push_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

pub(super) fn push_varint(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}
