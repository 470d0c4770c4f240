//! A message into the columns of its object.

use super::context::Context;
use super::malformed::{Malformed, Reason};
use super::program::{Absent, Element, MessageProgram, Read, Slot};
use super::scalar::{self, Scalar};
use super::{disorder, rendered, repeated, well_known, wire};
use crate::column::{Column, Node};

/// Gives every one of `columns`, which hold `row` values each, one more from the message at `at`,
/// which takes all that is left of `bytes`.
#[inline]
pub(super) fn read(
    program: &mut MessageProgram,
    bytes: &[u8],
    at: usize,
    columns: &mut [Node],
    row: usize,
    context: &mut Context<'_>,
) -> Result<(), Malformed> {
    if !context.notes.enter() {
        return Err(Malformed::new(at, Reason::Depth));
    }
    let mark = context.mark();
    if context.disorderly || !in_order(program, bytes, at, columns, row, context)? {
        context.back_to(&mark);
        columns.iter_mut().for_each(|column| column.truncate(row));
        disorder::read(program, bytes, at, columns, row, context)?;
    }
    context.notes.leave();
    Ok(())
}

/// False as soon as a field comes behind one that was expected later, or comes again: `columns` and
/// notes are then to be cut back. Since each column gets its value as the cursor passes its field,
/// nothing has to be remembered of the fields that came.
#[inline]
fn in_order(
    program: &mut MessageProgram,
    bytes: &[u8],
    mut at: usize,
    columns: &mut [Node],
    row: usize,
    context: &mut Context<'_>,
) -> Result<bool, Malformed> {
    let (mut cursor, mut chosen) = (0, 0);
    while at < bytes.len() {
        let (tag, behind) = wire::tag(bytes, at)?;
        if program.slots.get(cursor).is_none_or(|slot| slot.tag != tag) {
            let Some(found) = program.find(tag) else {
                context.notes.unknown = true;
                at = wire::skip(bytes, behind, tag, context.notes.depth)?;
                continue;
            };
            if found < cursor {
                return Ok(false);
            }
            for slot in &program.slots[cursor..found] {
                absent(slot, columns, context);
            }
            cursor = found;
        }
        let is_root = program.is_root;
        let slot = &mut program.slots[cursor];
        if slot.oneof & chosen != 0 {
            return Ok(false);
        }
        chosen |= slot.oneof;
        at = match field(slot, tag, bytes, at, behind, columns, row, is_root, context) {
            Ok(end) => end,
            Err(malformed) => return Err(within(&program.slots[cursor], malformed, context)),
        };
        cursor += 1;
    }
    for slot in &program.slots[cursor..] {
        absent(slot, columns, context);
    }
    for &column in &program.without_field {
        columns[column].push_null();
    }
    Ok(true)
}

#[cold]
pub(super) fn within(slot: &Slot, malformed: Malformed, context: &mut Context<'_>) -> Malformed {
    context.scratch.path.push(slot.name.clone());
    malformed
}

/// Gives the column of `slot` its value from a field whose tag is at `at`, and from those of the
/// same number right behind it if it may repeat; the index behind them.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn field(
    slot: &mut Slot,
    tag: u32,
    bytes: &[u8],
    at: usize,
    behind: usize,
    columns: &mut [Node],
    row: usize,
    is_root: bool,
    context: &mut Context<'_>,
) -> Result<usize, Malformed> {
    match &mut slot.read {
        Read::One(element) => {
            one(element, tag, bytes, behind, &mut columns[slot.column], row, context)
        }
        Read::Many(element) => match &mut columns[slot.column].column {
            Column::List(list) => {
                let tags = (slot.tag, slot.other_tag);
                repeated::list(element, tag, tags, bytes, behind, list, context)
            }
            _ => run(slot, bytes, at, context),
        },
        Read::Map { key, value, value_tag, value_absent } => {
            match &mut columns[slot.column].column {
                Column::Map(map) => {
                    let entry = repeated::Entry {
                        tag,
                        key: *key,
                        value_tag: *value_tag,
                        value_absent: *value_absent,
                    };
                    repeated::map(entry, value, bytes, at, map, row, context)
                }
                _ => run(slot, bytes, at, context),
            }
        }
        Read::Unwanted => {
            let end = run(slot, bytes, at, context)?;
            context.notes.unknown = true;
            if is_root && context.keeps_unwanted {
                context.scratch.unwanted.extend_from_slice(&bytes[at..end]);
            }
            Ok(end)
        }
        Read::Misfit => {
            let end = run(slot, bytes, at, context)?;
            scalar::misfit(&mut columns[slot.column], context.notes);
            Ok(end)
        }
        Read::Rendered(descriptor) => {
            let descriptor = descriptor.clone();
            let end = run(slot, bytes, at, context)?;
            let node = &mut columns[slot.column];
            rendered::read(&descriptor, &bytes[..end], at, node, context)?;
            Ok(end)
        }
    }
}

/// Index behind the fields from `at` on that are all of this slot.
#[inline(never)]
fn run(
    slot: &Slot,
    bytes: &[u8],
    mut at: usize,
    context: &mut Context<'_>,
) -> Result<usize, Malformed> {
    while at < bytes.len() {
        let (tag, behind) = wire::tag(bytes, at)?;
        if tag != slot.tag && tag != slot.other_tag {
            break;
        }
        at = wire::skip(bytes, behind, tag, context.notes.depth)?;
    }
    Ok(at)
}

/// Gives `node`, which holds `row` values, one more from the value at `at`.
#[inline(always)]
pub(super) fn one(
    element: &mut Element,
    tag: u32,
    bytes: &[u8],
    at: usize,
    node: &mut Node,
    row: usize,
    context: &mut Context<'_>,
) -> Result<usize, Malformed> {
    match element {
        Element::Scalar(scalar) => scalar::read(*scalar, bytes, at, node, context.notes),
        Element::Message(program) => {
            let (start, end, behind) = wire::message(bytes, at, tag, context.notes.depth)?;
            if let Column::Struct(object) = &mut node.column {
                read(program, &bytes[..end], start, &mut object.children, row, context)?;
                object.commit();
            }
            Ok(behind)
        }
        Element::Timestamp => well_known::timestamp(bytes, at, node, context.notes),
        Element::Enum(names) => {
            let (number, end) = wire::varint(bytes, at)?;
            scalar::push_enum(number as i32, names, node, context.notes);
            Ok(end)
        }
        Element::Wrapped(scalar) => well_known::wrapped(*scalar, bytes, at, node, context.notes),
        Element::Misfit => {
            let end = wire::skip(bytes, at, tag, context.notes.depth)?;
            scalar::misfit(node, context.notes);
            Ok(end)
        }
    }
}

/// Gives the column of `slot` what it gets without its field.
#[inline(always)]
pub(super) fn absent(slot: &Slot, columns: &mut [Node], context: &mut Context<'_>) {
    match slot.absent {
        Absent::Nowhere => {}
        Absent::Null => columns[slot.column].push_null(),
        absent => {
            let element = match &slot.read {
                Read::One(element) => Some(element),
                _ => None,
            };
            push_absent(absent, element, &mut columns[slot.column], context);
        }
    }
}

#[inline(never)]
pub(super) fn push_absent(
    absent: Absent,
    element: Option<&Element>,
    node: &mut Node,
    context: &mut Context<'_>,
) {
    match (absent, &mut node.column) {
        (Absent::Nowhere, _) => {}
        (Absent::Empty, Column::List(list)) => list.commit(),
        (Absent::Empty, Column::Map(map)) => {
            map.commit();
        }
        (Absent::EmptyText(text), Column::Json { text: column, .. }) => {
            column.push(text.as_bytes());
        }
        (Absent::Default, _) => match element {
            Some(Element::Scalar(scalar)) => scalar::push_default(*scalar, node, context.notes),
            Some(Element::Enum(names)) => {
                scalar::push_enum(names.default, names, node, context.notes);
            }
            _ => scalar::misfit(node, context.notes),
        },
        (Absent::Missing, _) => scalar::misfit(node, context.notes),
        _ => node.push_null(),
    }
}

/// Whether values of this kind are written one behind the other under one tag.
pub(super) fn is_packable(element: &Element) -> bool {
    match element {
        Element::Scalar(scalar) => !matches!(scalar, Scalar::Text | Scalar::Bytes),
        Element::Enum(_) => true,
        _ => false,
    }
}
