//! Fields that repeat, into columns of arrays and of maps.

use std::collections::HashMap;

use super::context::Context;
use super::malformed::{Malformed, Reason};
use super::message::{is_packable, one, push_absent};
use super::program::{Absent, Element};
use super::scalar::{self, Scalar};
use super::wire::{self, LENGTH};
use crate::column::{ListColumn, MapColumn, Node};

/// Gives `list` one array: the values from `at` on, packed or not, as long as the tag is one of
/// `tags`; the index behind them.
#[inline(always)]
pub(super) fn list(
    element: &mut Element,
    mut tag: u32,
    tags: (u32, u32),
    bytes: &[u8],
    mut at: usize,
    list: &mut ListColumn,
    context: &mut Context<'_>,
) -> Result<usize, Malformed> {
    let packable = is_packable(element);
    loop {
        if packable && tag & 7 == LENGTH {
            let (mut item, end) = wire::extent(bytes, at)?;
            let packed = &bytes[..end];
            let single = tag; // Scalars do not look at their tag.
            while item < end {
                item = one(element, single, packed, item, &mut list.item, 0, context)?;
                list.item_done();
            }
            at = end;
        } else {
            let row = list.items();
            at = one(element, tag, bytes, at, &mut list.item, row, context)?;
            list.item_done();
        }
        if at >= bytes.len() {
            break;
        }
        let (next, behind) = wire::tag(bytes, at)?;
        if next != tags.0 && next != tags.1 {
            break;
        }
        (tag, at) = (next, behind);
    }
    list.commit();
    Ok(at)
}

/// What an entry of a map is.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) tag: u32,
    pub(super) key: Scalar,
    pub(super) value_tag: u32,
    pub(super) value_absent: Absent,
}

/// Gives `map`, which holds `row` maps, one more: the entries from `at` (their tags) on; the index
/// behind them. Of entries of the same key the last stays.
pub(super) fn map(
    entry: Entry,
    value: &mut Element,
    bytes: &[u8],
    start: usize,
    map: &mut MapColumn,
    row: usize,
    context: &mut Context<'_>,
) -> Result<usize, Malformed> {
    let mark = context.mark();
    let mut at = start;
    while let Some(behind) = next_entry(entry, bytes, at)? {
        at = push_entry(entry, value, bytes, behind, map, context)?;
    }
    if !map.commit() {
        context.back_to(&mark);
        map.truncate(row);
        push_last_entries(entry, value, bytes, start, map, context)?;
    }
    Ok(at)
}

fn next_entry(entry: Entry, bytes: &[u8], at: usize) -> Result<Option<usize>, Malformed> {
    if at >= bytes.len() {
        return Ok(None);
    }
    let (tag, behind) = wire::tag(bytes, at)?;
    Ok((tag == entry.tag).then_some(behind))
}

#[cold]
fn push_last_entries(
    entry: Entry,
    value: &mut Element,
    bytes: &[u8],
    mut at: usize,
    map: &mut MapColumn,
    context: &mut Context<'_>,
) -> Result<(), Malformed> {
    let row = map.len();
    let (mut entries, mut last) = (Vec::new(), HashMap::new());
    while let Some(behind) = next_entry(entry, bytes, at)? {
        let (start, end) = wire::extent(bytes, behind)?;
        let (key, _) = parts(entry, bytes, start, end, context)?;
        scalar::push_key(entry.key, bytes, key, &mut map.keys)?;
        let key = map.keys.get(map.keys.len() - 1).to_vec();
        last.insert(key, entries.len());
        entries.push(behind);
        at = end;
    }
    map.truncate(row);
    let mut kept: Vec<usize> = last.into_values().collect();
    kept.sort_unstable();
    for index in kept {
        push_entry(entry, value, bytes, entries[index], map, context)?;
    }
    map.commit();
    Ok(())
}

/// Pushes key and value of the entry whose length is at `at`; the index behind it.
fn push_entry(
    entry: Entry,
    value: &mut Element,
    bytes: &[u8],
    at: usize,
    map: &mut MapColumn,
    context: &mut Context<'_>,
) -> Result<usize, Malformed> {
    let (start, end) = wire::extent(bytes, at)?;
    if !context.notes.enter() {
        return Err(Malformed::new(at, Reason::Depth));
    }
    let (key, values) = parts(entry, bytes, start, end, context)?;
    let row = map.keys.len();
    scalar::push_key(entry.key, bytes, key, &mut map.keys)?;
    push_value(entry, value, &bytes[..end], values, &mut map.value, row, context)?;
    context.notes.leave();
    Ok(end)
}

/// Where the values of an entry are: hardly ever other than one.
enum Values {
    None,
    One(usize),
    Many(Vec<usize>),
}

fn parts(
    entry: Entry,
    bytes: &[u8],
    mut at: usize,
    end: usize,
    context: &mut Context<'_>,
) -> Result<(Option<usize>, Values), Malformed> {
    let bytes = &bytes[..end];
    let key_tag = wire::tag_of(1, entry.key.wire_type());
    let (mut key, mut values) = (None, Values::None);
    while at < end {
        let (tag, behind) = wire::tag(bytes, at)?;
        if tag == key_tag {
            key = Some(behind);
        } else if tag == entry.value_tag {
            values = match values {
                Values::None => Values::One(behind),
                Values::One(first) => Values::Many(vec![first, behind]),
                Values::Many(mut all) => {
                    all.push(behind);
                    Values::Many(all)
                }
            };
        }
        at = wire::skip(bytes, behind, tag, context.notes.depth)?;
    }
    Ok((key, values))
}

fn push_value(
    entry: Entry,
    value: &mut Element,
    bytes: &[u8],
    values: Values,
    node: &mut Node,
    row: usize,
    context: &mut Context<'_>,
) -> Result<(), Malformed> {
    let tag = entry.value_tag;
    match (values, &mut *value) {
        (Values::One(at), _) => {
            one(value, tag, bytes, at, node, row, context)?;
        }
        (Values::None, Element::Message(_) | Element::Timestamp | Element::Wrapped(_)) => {
            one(value, tag, &[0], 0, node, row, context)?;
        }
        (Values::None, _) => push_absent(entry.value_absent, Some(&*value), node, context),
        // Values that are messages are merged: the same as one message of all their bytes.
        (Values::Many(all), Element::Message(_) | Element::Timestamp | Element::Wrapped(_)) => {
            let mut merged = Vec::new();
            for &at in &all {
                let (start, end) = wire::extent(bytes, at)?;
                merged.extend_from_slice(&bytes[start..end]);
            }
            let merged = wire::with_length(&merged);
            one(value, tag, &merged, 0, node, row, context)
                .map_err(|malformed| Malformed { at: all[0], ..malformed })?;
        }
        (Values::Many(all), _) => {
            let last = all.last().copied().unwrap_or_default();
            one(value, tag, bytes, last, node, row, context)?;
        }
    }
    Ok(())
}
