//! An object into the columns of its fields.

use super::field_order::Place;
use super::malformed::{self, Malformed, Reason};
use super::scan::{byte, skip_space};
use super::{skip, value};
use crate::column::StructColumn;
use crate::extra::ExtraColumn;
use crate::notes::RowNotes;

/// Gives every child of `object` exactly one value from the object whose brace is at `at`; the
/// index behind it. Members that no child is named for go to `extra`, if given.
pub(crate) fn read(
    bytes: &[u8],
    at: usize,
    object: &mut StructColumn,
    mut extra: Option<&mut ExtraColumn>,
    notes: &mut RowNotes,
) -> Result<usize, Malformed> {
    malformed::enter(notes, bytes, at)?;
    object.order.begin_object();
    let mut place = Place::START;
    let mut at = skip_space(bytes, at + 1);
    let mut more = byte(bytes, at) != b'}';
    while more {
        let member = at;
        if byte(bytes, at) != b'"' {
            return Err(Malformed::new(bytes, at, Reason::Key));
        }
        let field = match object.order.expected(bytes, at + 1, place) {
            Some((field, behind)) => {
                at = skip_space(bytes, behind);
                Some(field)
            }
            None => {
                let found = object.order.find(bytes, at + 1, place, &mut notes.scratch)?;
                at = skip_space(bytes, found.1);
                found.0
            }
        };
        match field {
            Some(field) => {
                place = Place::behind(field);
                let child = &mut object.children[field];
                if object.order.meet(field) {
                    at = value::read(bytes, at, child, notes)?;
                } else {
                    notes.misfit(child.field);
                    at = skip::value(bytes, at, notes.depth)?;
                }
            }
            None => {
                notes.unknown = true;
                at = skip::value(bytes, at, notes.depth)?;
                if let Some(extra) = &mut extra {
                    extra.add(&bytes[member..at]);
                }
            }
        }
        at = skip_space(bytes, at);
        match byte(bytes, at) {
            b',' => at = skip_space(bytes, at + 1),
            b'}' => more = false,
            _ => return Err(Malformed::new(bytes, at, Reason::CommaOrBrace)),
        }
    }
    if !object.order.all_met() {
        for (field, child) in object.children.iter_mut().enumerate() {
            if !object.order.was_met(field) {
                child.push_null();
            }
        }
    }
    notes.leave();
    Ok(at + 1)
}
