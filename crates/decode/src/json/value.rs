//! One value into the column of its field.

use arrow_array::ArrowPrimitiveType;

use super::malformed::{self, Malformed, Reason};
use super::scan::{byte, skip_space};
use super::{number, object, skip, text, time};
use crate::base64;
use crate::column::{
    BooleanColumn, Column, ListColumn, MapColumn, Node, PrimitiveColumn, TextColumn,
};
use crate::notes::RowNotes;

/// Gives the column of `node` exactly one value from the JSON at `at`: NULL for `null`, and NULL
/// with a note for what the column cannot hold. The index behind it.
#[inline]
pub(crate) fn read(
    bytes: &[u8],
    at: usize,
    node: &mut Node,
    notes: &mut RowNotes,
) -> Result<usize, Malformed> {
    let field = node.field;
    let depth = notes.depth;
    let (end, fits) = match &mut node.column {
        Column::Text(column) => string(bytes, at, column, depth)?,
        Column::Binary(column) => {
            if byte(bytes, at) == b'"' {
                let (end, text) = text::borrow(bytes, at + 1, &mut notes.scratch)?;
                let fits = text.is_some_and(|text| base64::read(text, column.values()));
                (end, column.close(fits))
            } else {
                let end = null_or_other(bytes, at, depth)?;
                column.push_null();
                end
            }
        }
        Column::Json { text, opening } => {
            if opening.begins(byte(bytes, at)) {
                let end = skip::value(bytes, at, depth)?;
                text.push(&bytes[at..end]);
                (end, true)
            } else {
                let end = null_or_other(bytes, at, depth)?;
                text.push_null();
                end
            }
        }
        Column::Int64(column) => scalar(bytes, at, column, depth, number::starts, number::integer)?,
        Column::Float64(column) => {
            scalar(bytes, at, column, depth, number::starts, number::float64)?
        }
        Column::Timestamp { values, zoned } => {
            scalar(bytes, at, values, depth, quote, |bytes, at| {
                let (end, text) = text::borrow(bytes, at + 1, &mut notes.scratch)?;
                Ok((end, text.and_then(|text| time::timestamp(text, *zoned))))
            })?
        }
        Column::WrittenDate { values, format } => {
            scalar(bytes, at, values, depth, quote, |bytes, at| {
                written(bytes, at, &mut notes.scratch, |text| format.date(text))
            })?
        }
        Column::WrittenTimestamp { values, format } => {
            scalar(bytes, at, values, depth, quote, |bytes, at| {
                written(bytes, at, &mut notes.scratch, |text| format.timestamp(text))
            })?
        }
        Column::Date(column) => scalar(bytes, at, column, depth, quote, |bytes, at| {
            let (end, text) = text::borrow(bytes, at + 1, &mut notes.scratch)?;
            Ok((end, text.and_then(time::date)))
        })?,
        Column::Boolean(column) => boolean(bytes, at, column, depth)?,
        Column::Decimal { values, precision, scale } => {
            scalar(bytes, at, values, depth, number::starts, |bytes, at| {
                number::decimal(bytes, at, *precision, *scale)
            })?
        }
        Column::Int32(column) => narrow(bytes, at, column, depth)?,
        Column::Int16(column) => narrow(bytes, at, column, depth)?,
        Column::Int8(column) => narrow(bytes, at, column, depth)?,
        Column::Float32(column) => {
            scalar(bytes, at, column, depth, number::starts, number::float32)?
        }
        Column::Struct(column) => {
            if byte(bytes, at) == b'{' {
                let end = object::read(bytes, at, column, None, notes)?;
                column.commit();
                (end, true)
            } else {
                let end = null_or_other(bytes, at, depth)?;
                column.push_null();
                end
            }
        }
        Column::List(column) => {
            if byte(bytes, at) == b'[' {
                (array(bytes, at, column, notes)?, true)
            } else {
                let end = null_or_other(bytes, at, depth)?;
                column.push_null();
                end
            }
        }
        Column::Map(column) => {
            if byte(bytes, at) == b'{' {
                map(bytes, at, column, notes)?
            } else {
                let end = null_or_other(bytes, at, depth)?;
                column.push_null();
                end
            }
        }
    };
    // Only `null` begins like that and fits.
    if !fits || (node.refuses_null && byte(bytes, at) == b'n') {
        notes.misfit(field);
    }
    Ok(end)
}

/// Index behind a value of the wrong type, and whether it is `null`, which fits every column.
#[inline(never)]
fn null_or_other(bytes: &[u8], at: usize, depth: u32) -> Result<(usize, bool), Malformed> {
    match skip::null(bytes, at) {
        Some(end) => Ok((end, true)),
        None => Ok((skip::value(bytes, at, depth)?, false)),
    }
}

/// The string whose quote is at `at`, by a format of its own.
fn written<T>(
    bytes: &[u8],
    at: usize,
    scratch: &mut Vec<u8>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<(usize, Option<T>), Malformed> {
    let (end, text) = text::borrow(bytes, at + 1, scratch)?;
    let text = text.and_then(|text| std::str::from_utf8(text).ok());
    Ok((end, text.and_then(read)))
}

fn quote(first: u8) -> bool {
    first == b'"'
}

#[inline(always)]
fn scalar<T: ArrowPrimitiveType>(
    bytes: &[u8],
    at: usize,
    column: &mut PrimitiveColumn<T>,
    depth: u32,
    starts: impl Fn(u8) -> bool,
    read: impl FnOnce(&[u8], usize) -> Result<(usize, Option<T::Native>), Malformed>,
) -> Result<(usize, bool), Malformed> {
    if starts(byte(bytes, at)) {
        let (end, value) = read(bytes, at)?;
        column.push(value);
        Ok((end, value.is_some()))
    } else {
        let end = null_or_other(bytes, at, depth)?;
        column.push(None);
        Ok(end)
    }
}

#[inline(always)]
fn narrow<T>(
    bytes: &[u8],
    at: usize,
    column: &mut PrimitiveColumn<T>,
    depth: u32,
) -> Result<(usize, bool), Malformed>
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i64>,
{
    scalar(bytes, at, column, depth, number::starts, |bytes, at| {
        let (end, value) = number::integer(bytes, at)?;
        Ok((end, value.and_then(|value| value.try_into().ok())))
    })
}

#[inline(always)]
fn string(
    bytes: &[u8],
    at: usize,
    column: &mut TextColumn,
    depth: u32,
) -> Result<(usize, bool), Malformed> {
    if byte(bytes, at) != b'"' {
        let end = null_or_other(bytes, at, depth)?;
        column.push_null();
        return Ok(end);
    }
    let (end, whole) = text::read(bytes, at + 1, column.values())?;
    if whole {
        column.commit()
    } else {
        column.push_null()
    }
    Ok((end, whole))
}

#[inline(always)]
fn boolean(
    bytes: &[u8],
    at: usize,
    column: &mut BooleanColumn,
    depth: u32,
) -> Result<(usize, bool), Malformed> {
    if let Some((end, value)) = skip::boolean(bytes, at) {
        column.push(Some(value));
        return Ok((end, true));
    }
    let end = null_or_other(bytes, at, depth)?;
    column.push(None);
    Ok(end)
}

fn array(
    bytes: &[u8],
    at: usize,
    list: &mut ListColumn,
    notes: &mut RowNotes,
) -> Result<usize, Malformed> {
    malformed::enter(notes, bytes, at)?;
    let mut at = skip_space(bytes, at + 1);
    if byte(bytes, at) != b']' {
        loop {
            at = read(bytes, at, &mut list.item, notes)?;
            list.item_done();
            at = skip_space(bytes, at);
            match byte(bytes, at) {
                b',' => at = skip_space(bytes, at + 1),
                b']' => break,
                _ => return Err(Malformed::new(bytes, at, Reason::CommaOrBracket)),
            }
        }
    }
    notes.leave();
    list.commit();
    Ok(at + 1)
}

/// Index behind the object, and whether it is a map: no key twice, and each of them text.
fn map(
    bytes: &[u8],
    at: usize,
    map: &mut MapColumn,
    notes: &mut RowNotes,
) -> Result<(usize, bool), Malformed> {
    malformed::enter(notes, bytes, at)?;
    let mut at = skip_space(bytes, at + 1);
    let mut are_texts = true;
    if byte(bytes, at) != b'}' {
        loop {
            if byte(bytes, at) != b'"' {
                return Err(Malformed::new(bytes, at, Reason::Key));
            }
            let (end, is_text) = text::read(bytes, at + 1, map.keys.values())?;
            if is_text {
                map.keys.commit();
            } else {
                map.keys.push_null();
            }
            are_texts &= is_text;
            at = read(bytes, skip::colon(bytes, end)?, &mut map.value, notes)?;
            at = skip_space(bytes, at);
            match byte(bytes, at) {
                b',' => at = skip_space(bytes, at + 1),
                b'}' => break,
                _ => return Err(Malformed::new(bytes, at, Reason::CommaOrBrace)),
            }
        }
    }
    notes.leave();
    let is_map = are_texts && map.commit();
    if !are_texts {
        map.push_null();
    }
    Ok((at + 1, is_map))
}
