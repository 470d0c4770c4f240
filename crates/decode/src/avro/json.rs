//! Values as JSON: for texts that hold objects and arrays, and for fields without a column.
//!
//! A union is the value of its branch, without its name. Bytes are base64, decimals numbers with
//! all their digits (NULL beyond 38), moments, UUIDs and durations the text that a text column gets;
//! floats that are no numbers are `"NaN"`, `"Infinity"` and `"-Infinity"`.

use std::io::Write;

use super::cursor::Cursor;
use super::malformed::{Malformed, Reason, Step};
use super::text;
use super::types::{Type, Types};
use super::value::read_decimal;

/// `"name":value`, alone in `out`.
pub(super) fn member(
    types: &Types,
    name: &str,
    of: Type,
    cursor: &mut Cursor<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    out.clear();
    string(name.as_bytes(), out);
    out.push(b':');
    write(types, of, cursor, out)
}

/// Appends a value.
pub(super) fn write(
    types: &Types,
    of: Type,
    cursor: &mut Cursor<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let start = cursor.at();
    match of {
        Type::Null => out.extend_from_slice(b"null"),
        Type::Boolean => {
            out.extend_from_slice(if cursor.boolean()? { b"true" } else { b"false" });
        }
        Type::Int => number(cursor.int()?, out),
        Type::Long => number(cursor.long()?, out),
        Type::Float => {
            let value = f32::from_le_bytes(cursor.array()?);
            float(value.into(), format_args!("{value:?}"), out);
        }
        Type::Double => {
            let value = f64::from_le_bytes(cursor.array()?);
            float(value, format_args!("{value:?}"), out);
        }
        Type::String => string(cursor.string()?, out),
        Type::Decimal { .. } | Type::BigDecimal => {
            let end = out.len();
            let decimal = read_decimal(types, of, cursor)?;
            if !decimal.is_some_and(|decimal| decimal.write(out)) {
                out.truncate(end);
                out.extend_from_slice(b"null");
            }
        }
        Type::Record(record) => {
            cursor.enter()?;
            out.push(b'{');
            for (index, field) in types.fields(record).iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                string(field.name.as_bytes(), out);
                out.push(b':');
                write(types, field.of, cursor, out)
                    .map_err(|bad| bad.within(Step::Field { record, index }))?;
            }
            out.push(b'}');
            cursor.leave();
        }
        Type::Union(union) => {
            let branches = types.branches(union);
            let branch = branches[cursor.index(branches.len(), Reason::Branch)?];
            write(types, branch, cursor, out)?;
        }
        Type::Array(item) => {
            out.push(b'[');
            items(types, item, false, cursor, out).map_err(|bad| bad.within(Step::Item))?;
            out.push(b']');
        }
        Type::Map(value) => {
            out.push(b'{');
            items(types, value, true, cursor, out).map_err(|bad| bad.within(Step::Entry))?;
            out.push(b'}');
        }
        of => quoted(types, of, cursor, out)?,
    }
    cursor.took(start)
}

fn items(
    types: &Types,
    item: u32,
    keyed: bool,
    cursor: &mut Cursor<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    cursor.enter()?;
    let mut is_first = true;
    while let Some(block) = cursor.block()? {
        for _ in 0..block.count {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            if keyed {
                string(cursor.string()?, out);
                out.push(b':');
            }
            write(types, types.item(item), cursor, out)?;
        }
        cursor.end_block(&block)?;
    }
    cursor.leave();
    Ok(())
}

/// What is a text by its type, or has one.
fn quoted(
    types: &Types,
    of: Type,
    cursor: &mut Cursor<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let start = out.len();
    if of == Type::UuidString {
        string(cursor.string()?, out);
        return Ok(());
    }
    out.push(b'"');
    // None of these texts has a character that JSON escapes.
    if text::write(types, of, cursor, out)? {
        out.push(b'"');
    } else {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
    Ok(())
}

/// Writing to a vector does not fail.
fn number(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    let _ = write!(out, "{value}");
}

fn float(value: f64, shortest: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    match value {
        value if value.is_nan() => out.extend_from_slice(b"\"NaN\""),
        f64::INFINITY => out.extend_from_slice(b"\"Infinity\""),
        f64::NEG_INFINITY => out.extend_from_slice(b"\"-Infinity\""),
        _ => number(shortest, out),
    }
}

fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0..=0x1f => number(format_args!("\\u{byte:04x}"), out),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
