//! Fields by way of their JSON: what has no column of its own shape, and what Protobuf itself
//! defines as JSON. Slow, and rare.

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor};

use super::context::Context;
use super::json_text::{Numbers, Writer};
use super::malformed::{Malformed, Reason};
use super::scalar;
use crate::column::{Column, Node};
use crate::extra::ExtraColumn;
use crate::json::read_value;

/// Gives `node` one value from the fields at `at`, all of them `field` and with their tags.
#[inline(never)]
pub(super) fn read(
    field: &FieldDescriptor,
    bytes: &[u8],
    at: usize,
    node: &mut Node,
    context: &mut Context<'_>,
) -> Result<(), Malformed> {
    let message = DynamicMessage::decode(field.parent_message().clone(), &bytes[at..])
        .map_err(|_| Malformed::new(at, Reason::Value))?;
    // Text as Protobuf has it; else numbers, for a column of numbers.
    let numbers = match node.column {
        Column::Json { .. } => Numbers::Wide,
        _ => Numbers::Plain,
    };
    let mut json = std::mem::take(&mut context.scratch.json);
    json.clear();
    let mut writer = Writer::new(&mut json, numbers);
    let written = writer.field(field, &message.get_field(field));
    let end = match written {
        None if writer.is_too_deep => Err(Malformed::new(at, Reason::Depth)),
        None => {
            scalar::misfit(node, context.notes);
            Ok(())
        }
        Some(()) if read_value(&json, node, context.notes) => Ok(()),
        Some(()) => Err(Malformed::new(at, Reason::Depth)),
    };
    context.scratch.json = json;
    end
}

/// Adds the fields in `bytes`, which no column wants, to `extra`: one member a field.
#[inline(never)]
pub(super) fn add_unwanted(
    message: &MessageDescriptor,
    bytes: &[u8],
    extra: &mut ExtraColumn,
) -> Result<(), Malformed> {
    let unwanted = DynamicMessage::decode(message.clone(), bytes)
        .map_err(|_| Malformed::new(0, Reason::Value))?;
    for (field, value) in unwanted.fields() {
        let mut member = Vec::new();
        let mut writer = Writer::new(&mut member, Numbers::Wide);
        writer.text(field.name());
        writer.out.push(b':');
        let start = writer.out.len();
        if writer.field(&field, value).is_none() {
            if writer.is_too_deep {
                return Err(Malformed::new(0, Reason::Depth));
            }
            member.truncate(start);
            member.extend_from_slice(b"null");
        }
        extra.add(&member);
    }
    Ok(())
}
