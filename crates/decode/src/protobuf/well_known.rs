//! Messages that stand for one value: `google.protobuf.Timestamp`, and the wrappers of scalars.

use super::malformed::Malformed;
use super::scalar::{self, Scalar};
use super::wire::{self, VARINT};
use crate::column::{Column, Node};
use crate::notes::RowNotes;

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
pub(super) const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const NANOS_BY_MICRO: i32 = 1_000;
const NANOS_BY_SECOND: i32 = 1_000_000_000;

/// Gives `node` one value from the timestamp whose length is at `at`; the index behind it.
#[inline]
pub(super) fn timestamp(
    bytes: &[u8],
    at: usize,
    node: &mut Node,
    notes: &mut RowNotes,
) -> Result<usize, Malformed> {
    let (mut at, end) = wire::extent(bytes, at)?;
    let bytes = &bytes[..end];
    let (mut seconds, mut nanos) = (0, 0);
    while at < end {
        let (tag, behind) = wire::tag(bytes, at)?;
        const SECONDS_TAG: u32 = wire::tag_of(1, VARINT);
        const NANOS_TAG: u32 = wire::tag_of(2, VARINT);
        match tag {
            SECONDS_TAG => (seconds, at) = wire::varint(bytes, behind)?,
            NANOS_TAG => (nanos, at) = wire::varint(bytes, behind)?,
            _ => {
                // As of any message, a field that is not known.
                notes.unknown = true;
                at = wire::skip(bytes, behind, tag, notes.depth)?;
            }
        }
    }
    let value = micros(seconds as i64, nanos as i32);
    match &mut node.column {
        Column::Timestamp { values, .. } | Column::WrittenTimestamp { values, .. }
            if value.is_some() =>
        {
            values.push(value);
        }
        _ => scalar::misfit(node, notes),
    }
    Ok(end)
}

#[inline(always)]
fn micros(seconds: i64, nanos: i32) -> Option<i64> {
    let is_valid = SECONDS.contains(&seconds) && (0..NANOS_BY_SECOND).contains(&nanos);
    (is_valid && nanos % NANOS_BY_MICRO == 0)
        .then(|| seconds * 1_000_000 + i64::from(nanos / NANOS_BY_MICRO))
}

/// Gives `node` the value in the message whose length is at `at`; the index behind it.
pub(super) fn wrapped(
    scalar: Scalar,
    bytes: &[u8],
    at: usize,
    node: &mut Node,
    notes: &mut RowNotes,
) -> Result<usize, Malformed> {
    let (mut at, end) = wire::extent(bytes, at)?;
    let bytes = &bytes[..end];
    let value_tag = wire::tag_of(1, scalar.wire_type());
    let mut value = None;
    while at < end {
        let (tag, behind) = wire::tag(bytes, at)?;
        if tag == value_tag {
            value = Some(behind);
        } else {
            notes.unknown = true;
        }
        at = wire::skip(bytes, behind, tag, notes.depth)?;
    }
    match value {
        Some(at) => {
            scalar::read(scalar, bytes, at, node, notes)?;
        }
        None => scalar::push_default(scalar, node, notes),
    }
    Ok(end)
}
