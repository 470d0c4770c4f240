//! Scalars into columns.

use prost_reflect::Kind;

use super::malformed::{Malformed, Reason};
use super::number;
use super::program::EnumNames;
use super::wire::{self, FIXED32, FIXED64, LENGTH, VARINT};
use crate::base64;
use crate::column::{Column, Node, TextColumn};
use crate::json::{date, decimal_text, timestamp};
use crate::notes::RowNotes;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scalar {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Float,
    Double,
    Bool,
    Text,
    Bytes,
}

impl Scalar {
    /// Enums and messages are none.
    pub(super) fn of(kind: &Kind) -> Option<Self> {
        Some(match kind {
            Kind::Int32 => Self::Int32,
            Kind::Int64 => Self::Int64,
            Kind::Uint32 => Self::Uint32,
            Kind::Uint64 => Self::Uint64,
            Kind::Sint32 => Self::Sint32,
            Kind::Sint64 => Self::Sint64,
            Kind::Fixed32 => Self::Fixed32,
            Kind::Fixed64 => Self::Fixed64,
            Kind::Sfixed32 => Self::Sfixed32,
            Kind::Sfixed64 => Self::Sfixed64,
            Kind::Float => Self::Float,
            Kind::Double => Self::Double,
            Kind::Bool => Self::Bool,
            Kind::String => Self::Text,
            Kind::Bytes => Self::Bytes,
            Kind::Enum(_) | Kind::Message(_) => return None,
        })
    }

    pub(super) fn wire_type(self) -> u32 {
        match self {
            Self::Float | Self::Fixed32 | Self::Sfixed32 => FIXED32,
            Self::Double | Self::Fixed64 | Self::Sfixed64 => FIXED64,
            Self::Text | Self::Bytes => LENGTH,
            _ => VARINT,
        }
    }
}

/// Gives `node` exactly one value from what is at `at`; the index behind it.
#[inline(always)]
pub(super) fn read(
    scalar: Scalar,
    bytes: &[u8],
    at: usize,
    node: &mut Node,
    notes: &mut RowNotes,
) -> Result<usize, Malformed> {
    let (fits, end) = match scalar {
        Scalar::Text => {
            let (start, end) = wire::extent(bytes, at)?;
            let text = &bytes[start..end];
            check_utf8(text, start)?;
            (push_text(text, &mut node.column), end)
        }
        Scalar::Double => {
            let (bits, end) = wire::fixed64(bytes, at)?;
            (number::push_double(f64::from_bits(bits), &mut node.column), end)
        }
        Scalar::Float => {
            let (bits, end) = wire::fixed32(bytes, at)?;
            (number::push_float(f32::from_bits(bits), &mut node.column), end)
        }
        Scalar::Bool => {
            let (value, end) = wire::varint(bytes, at)?;
            (push_bool(value != 0, &mut node.column), end)
        }
        Scalar::Bytes => {
            let (start, end) = wire::extent(bytes, at)?;
            (push_bytes(&bytes[start..end], &mut node.column), end)
        }
        Scalar::Uint64 | Scalar::Fixed64 => {
            let (value, end) = unsigned(scalar, bytes, at)?;
            (number::push_unsigned(value, &mut node.column), end)
        }
        _ => {
            let (value, end) = integer(scalar, bytes, at)?;
            (number::push_integer(value, &mut node.column), end)
        }
    };
    settle(fits, node, notes);
    Ok(end)
}

/// A value that did not fit is NULL and noted.
#[inline(always)]
pub(super) fn settle(fits: bool, node: &mut Node, notes: &mut RowNotes) {
    if !fits {
        misfit(node, notes);
    }
}

#[cold]
#[inline(never)]
pub(super) fn misfit(node: &mut Node, notes: &mut RowNotes) {
    node.push_null();
    notes.misfit(node.field);
}

/// Gives `node` what an absent field of this type stands for.
pub(super) fn push_default(scalar: Scalar, node: &mut Node, notes: &mut RowNotes) {
    let fits = match scalar {
        Scalar::Text => push_text(&[], &mut node.column),
        Scalar::Bytes => push_bytes(&[], &mut node.column),
        Scalar::Bool => push_bool(false, &mut node.column),
        Scalar::Double => number::push_double(0.0, &mut node.column),
        Scalar::Float => number::push_float(0.0, &mut node.column),
        _ => number::push_integer(0, &mut node.column),
    };
    settle(fits, node, notes);
}

#[inline(always)]
fn integer(scalar: Scalar, bytes: &[u8], at: usize) -> Result<(i64, usize), Malformed> {
    Ok(match scalar {
        Scalar::Fixed32 => {
            let (value, end) = wire::fixed32(bytes, at)?;
            (value.into(), end)
        }
        Scalar::Sfixed32 => {
            let (value, end) = wire::fixed32(bytes, at)?;
            ((value as i32).into(), end)
        }
        Scalar::Sfixed64 => {
            let (value, end) = wire::fixed64(bytes, at)?;
            (value as i64, end)
        }
        _ => {
            let (value, end) = wire::varint(bytes, at)?;
            let value = match scalar {
                Scalar::Int32 => (value as i32).into(),
                Scalar::Uint32 => (value as u32).into(),
                Scalar::Sint32 => zigzag((value as u32).into()),
                Scalar::Sint64 => zigzag(value),
                _ => value as i64,
            };
            (value, end)
        }
    })
}

#[inline(always)]
fn unsigned(scalar: Scalar, bytes: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    if scalar == Scalar::Fixed64 { wire::fixed64(bytes, at) } else { wire::varint(bytes, at) }
}

pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// `start` is where the text is in the payload.
#[inline(always)]
pub(super) fn check_utf8(text: &[u8], start: usize) -> Result<(), Malformed> {
    if text.is_ascii() { Ok(()) } else { check_beyond_ascii(text, start) }
}

#[inline(never)]
fn check_beyond_ascii(text: &[u8], start: usize) -> Result<(), Malformed> {
    simdutf8::compat::from_utf8(text)
        .map(|_| ())
        .map_err(|error| Malformed::new(start + error.valid_up_to(), Reason::Utf8))
}

/// False, and nothing pushed, when the column does not take it. As all that follow.
#[inline(always)]
fn push_text(text: &[u8], column: &mut Column) -> bool {
    match column {
        Column::Text(column) => {
            column.push(text);
            true
        }
        column => push_parsed(text, column),
    }
}

/// Text as the JSON decoder reads it.
fn push_parsed(text: &[u8], column: &mut Column) -> bool {
    match column {
        Column::Date(values) => date(text).map(|value| values.push(Some(value))),
        Column::Timestamp { values, zoned } => {
            timestamp(text, *zoned).map(|value| values.push(Some(value)))
        }
        Column::WrittenDate { values, format } => std::str::from_utf8(text)
            .ok()
            .and_then(|text| format.date(text))
            .map(|value| values.push(Some(value))),
        Column::WrittenTimestamp { values, format } => std::str::from_utf8(text)
            .ok()
            .and_then(|text| format.timestamp(text))
            .map(|value| values.push(Some(value))),
        Column::Decimal { values, precision, scale } => {
            decimal_text(text, *precision, *scale).map(|value| values.push(Some(value)))
        }
        _ => None,
    }
    .is_some()
}

fn push_bool(value: bool, column: &mut Column) -> bool {
    match column {
        Column::Boolean(values) => {
            values.push(Some(value));
            true
        }
        _ => false,
    }
}

/// Bytes as they are for a column of bytes, and in base64 for one of text.
fn push_bytes(bytes: &[u8], column: &mut Column) -> bool {
    match column {
        Column::Text(text) => {
            base64::write(bytes, text.values());
            text.commit();
            true
        }
        Column::Binary(binary) => {
            binary.push(bytes);
            true
        }
        _ => false,
    }
}

/// An enum's number into `node`: its name for a text, if it has one.
#[inline]
pub(super) fn push_enum(number: i32, names: &EnumNames, node: &mut Node, notes: &mut RowNotes) {
    let fits = match &mut node.column {
        Column::Text(text) => match names.get(number) {
            Some(name) => {
                text.push(name.as_bytes());
                true
            }
            None => false,
        },
        column => number::push_integer(number.into(), column),
    };
    settle(fits, node, notes);
}

/// The key of a map, as text.
pub(super) fn push_key(
    scalar: Scalar,
    bytes: &[u8],
    at: Option<usize>,
    keys: &mut TextColumn,
) -> Result<(), Malformed> {
    match (scalar, at) {
        (Scalar::Text, Some(at)) => {
            let (start, end) = wire::extent(bytes, at)?;
            check_utf8(&bytes[start..end], start)?;
            keys.push(&bytes[start..end]);
        }
        (Scalar::Text, None) => keys.push(&[]),
        (Scalar::Bool, at) => {
            let value = at.map_or(Ok(0), |at| wire::varint(bytes, at).map(|read| read.0))?;
            keys.push(if value == 0 { b"false" } else { b"true" });
        }
        (Scalar::Uint64 | Scalar::Fixed64, Some(at)) => {
            keys.push(unsigned(scalar, bytes, at)?.0.to_string().as_bytes());
        }
        (_, Some(at)) => keys.push(integer(scalar, bytes, at)?.0.to_string().as_bytes()),
        (_, None) => keys.push(b"0"),
    }
    Ok(())
}
