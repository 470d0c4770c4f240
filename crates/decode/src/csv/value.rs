//! One field into its column.

use crate::base64;
use crate::column::{Column, Node};
use crate::json::{
    date, decimal_text, float32_text, float64_text, integer_text, read_value, timestamp,
};
use crate::notes::RowNotes;

/// Gives `node`, which holds `row` values, one more from `text`, which is UTF-8.
pub(super) fn read(text: &[u8], node: &mut Node, row: usize, notes: &mut RowNotes) {
    let written = || std::str::from_utf8(text).ok();
    let narrow = || integer_text(text);
    let fits = match &mut node.column {
        Column::Text(column) => {
            column.push(text);
            true
        }
        Column::Binary(column) => {
            let is_base64 = base64::read(text, column.values());
            if is_base64 {
                column.commit();
            }
            is_base64
        }
        Column::Int64(values) => give(integer_text(text), |value| values.push(Some(value))),
        Column::Int32(values) => {
            give(narrow().and_then(|value| value.try_into().ok()), |value| values.push(Some(value)))
        }
        Column::Int16(values) => {
            give(narrow().and_then(|value| value.try_into().ok()), |value| values.push(Some(value)))
        }
        Column::Int8(values) => {
            give(narrow().and_then(|value| value.try_into().ok()), |value| values.push(Some(value)))
        }
        Column::Float64(values) => give(float64_text(text), |value| values.push(Some(value))),
        Column::Float32(values) => give(float32_text(text), |value| values.push(Some(value))),
        Column::Decimal { values, precision, scale } => {
            give(decimal_text(text, *precision, *scale), |value| values.push(Some(value)))
        }
        Column::Boolean(values) => give(boolean(text), |value| values.push(Some(value))),
        Column::Date(values) => give(date(text), |value| values.push(Some(value))),
        Column::WrittenDate { values, format } => {
            give(written().and_then(|text| format.date(text)), |value| values.push(Some(value)))
        }
        Column::WrittenTimestamp { values, format } => {
            give(written().and_then(|text| format.timestamp(text)), |value| {
                values.push(Some(value));
            })
        }
        Column::Timestamp { values, zoned } => {
            give(timestamp(text, *zoned), |value| values.push(Some(value)))
        }
        _ => return nested(text, node, row, notes),
    };
    if !fits {
        node.push_null();
        notes.misfit(node.field);
    }
}

fn give<T>(value: Option<T>, push: impl FnOnce(T)) -> bool {
    value.map(push).is_some()
}

fn boolean(text: &[u8]) -> Option<bool> {
    if text.eq_ignore_ascii_case(b"true") {
        Some(true)
    } else if text.eq_ignore_ascii_case(b"false") {
        Some(false)
    } else {
        None
    }
}

fn nested(text: &[u8], node: &mut Node, row: usize, notes: &mut RowNotes) {
    let (misfits, depth) = (notes.num_misfits(), notes.depth);
    if !read_value(text.trim_ascii(), node, notes) {
        notes.depth = depth;
        notes.forget_from(misfits);
        node.truncate(row);
        node.push_null();
        notes.misfit(node.field);
    }
}
