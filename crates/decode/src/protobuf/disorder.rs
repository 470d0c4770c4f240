//! Messages whose fields are not in the order expected, or come again.
//!
//! All fields are gathered first, and each column gets its value from those of its field: of a
//! scalar the last, of messages one message with the bytes of all (which is what merging them
//! means), and of a oneof only what came behind every other member.

use super::context::Context;
use super::malformed::Malformed;
use super::message::{absent, field, within};
use super::program::{Element, MessageProgram, Read};
use super::wire::{self, GROUP};
use crate::column::Node;

#[derive(Clone, Copy)]
struct Occurrence {
    slot: usize,
    tag: u32,
    at: usize,
    behind: usize,
    end: usize,
}

/// As [`super::message::read`], whatever the order. Messages within go the same way, so that no
/// depth of them makes for more than two readings of a byte a level.
#[cold]
#[inline(never)]
pub(super) fn read(
    program: &mut MessageProgram,
    bytes: &[u8],
    at: usize,
    columns: &mut [Node],
    row: usize,
    context: &mut Context<'_>,
) -> Result<(), Malformed> {
    let before = std::mem::replace(&mut context.disorderly, true);
    let mut occurrences = gather(program, bytes, at, context)?;
    let order = order(&occurrences);
    drop_unchosen(program, &mut occurrences);
    occurrences.sort_by_key(|occurrence| occurrence.slot);
    let mut rest = &occurrences[..];
    for index in 0..program.slots.len() {
        let len = rest.iter().take_while(|occurrence| occurrence.slot == index).count();
        let (these, others) = rest.split_at(len);
        rest = others;
        if these.is_empty() {
            absent(&program.slots[index], columns, context);
        } else {
            slot(program, index, bytes, these, columns, row, context)?;
        }
    }
    for &column in &program.without_field {
        columns[column].push_null();
    }
    context.disorderly = before;
    if let Some(order) = order {
        program.expect(&order);
    }
    Ok(())
}

fn gather(
    program: &MessageProgram,
    bytes: &[u8],
    mut at: usize,
    context: &mut Context<'_>,
) -> Result<Vec<Occurrence>, Malformed> {
    let mut occurrences = Vec::new();
    while at < bytes.len() {
        let (tag, behind) = wire::tag(bytes, at)?;
        let slot = program.find(tag);
        let end = match wire::skip(bytes, behind, tag, context.notes.depth) {
            Ok(end) => end,
            Err(malformed) => {
                return Err(match slot {
                    Some(slot) => within(&program.slots[slot], malformed, context),
                    None => malformed,
                });
            }
        };
        match slot {
            Some(slot) => occurrences.push(Occurrence { slot, tag, at, behind, end }),
            None => context.notes.unknown = true,
        }
        at = end;
    }
    Ok(occurrences)
}

/// The slots in the order of their fields, if the fields of each are all together.
fn order(occurrences: &[Occurrence]) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = occurrences.iter().map(|occurrence| occurrence.slot).collect();
    order.dedup();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == order.len()).then_some(order)
}

fn drop_unchosen(program: &MessageProgram, occurrences: &mut Vec<Occurrence>) {
    let oneof = |occurrence: &Occurrence| program.slots[occurrence.slot].oneof;
    // Oneofs whose last member is known, and those of which another member came before it.
    let (mut last, mut closed) = (Vec::<(u64, usize)>::new(), 0);
    let mut kept: Vec<Occurrence> = Vec::with_capacity(occurrences.len());
    for occurrence in occurrences.iter().rev() {
        let bit = oneof(occurrence);
        let chosen = last.iter().find(|(other, _)| *other == bit).map(|(_, slot)| *slot);
        match chosen {
            _ if bit == 0 => kept.push(*occurrence),
            _ if closed & bit != 0 => {}
            None => {
                last.push((bit, occurrence.slot));
                kept.push(*occurrence);
            }
            Some(slot) if slot == occurrence.slot => kept.push(*occurrence),
            Some(_) => closed |= bit,
        }
    }
    kept.reverse();
    *occurrences = kept;
}

fn slot(
    program: &mut MessageProgram,
    index: usize,
    bytes: &[u8],
    these: &[Occurrence],
    columns: &mut [Node],
    row: usize,
    context: &mut Context<'_>,
) -> Result<(), Malformed> {
    let is_root = program.is_root;
    let slot = &mut program.slots[index];
    let first = these[0];
    let last = these[these.len() - 1];
    let is_message = matches!(
        slot.read,
        Read::One(Element::Message(_) | Element::Timestamp | Element::Wrapped(_))
    );
    let result = if these.len() == 1 || (matches!(slot.read, Read::One(_)) && !is_message) {
        let bytes = &bytes[..last.end];
        field(slot, last.tag, bytes, last.at, last.behind, columns, row, is_root, context)
    } else if is_message {
        let merged = merged(bytes, these);
        field(slot, first.tag, &merged, 0, 0, columns, row, is_root, context)
    } else {
        let all: Vec<u8> =
            these.iter().flat_map(|field| &bytes[field.at..field.end]).copied().collect();
        let behind = first.behind - first.at;
        field(slot, first.tag, &all, 0, behind, columns, row, is_root, context)
    };
    match result {
        Ok(_) => Ok(()),
        Err(malformed) => {
            let at = if these.len() == 1 { malformed.at } else { first.at };
            let malformed = Malformed { at, ..malformed };
            Err(within(&program.slots[index], malformed, context))
        }
    }
}

/// One message with the bytes of all, without its tag.
fn merged(bytes: &[u8], these: &[Occurrence]) -> Vec<u8> {
    let mut content = Vec::new();
    for field in these {
        // They were all skipped before, so that none is malformed.
        if let Ok((start, end, _)) = wire::message(bytes, field.behind, field.tag, 0) {
            content.extend_from_slice(&bytes[start..end]);
        }
    }
    let tag = these[0].tag;
    if tag & 7 == GROUP {
        wire::push_varint((tag + 1).into(), &mut content);
        content
    } else {
        wire::with_length(&content)
    }
}
