//! Payloads to rows.

use headgate_model::DeadLetterKind;
use prost_reflect::MessageDescriptor;

use super::context::{Context, Scratch};
use super::malformed::Malformed;
use super::program::MessageProgram;
use super::{message, rendered};
use crate::rows::{NoRow, PayloadReader, Row};

/// Reads messages of one type into columns.
pub(crate) struct ProtobufReader {
    program: MessageProgram,
    message: MessageDescriptor,
    scratch: Scratch,
}

impl ProtobufReader {
    pub(super) fn new(program: MessageProgram, message: MessageDescriptor) -> Self {
        Self { program, message, scratch: Scratch::default() }
    }
}

impl PayloadReader for ProtobufReader {
    #[inline]
    fn read(&mut self, payload: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        let Self { program, message, scratch } = self;
        let mut context = Context {
            keeps_unwanted: row.extra.is_some(),
            disorderly: false,
            notes: row.notes,
            scratch: &mut *scratch,
        };
        let index = context.notes.row();
        let columns = &mut row.columns.children;
        message::read(program, payload, 0, columns, index, &mut context)
            .and_then(|()| match row.extra {
                Some(extra) if !scratch.unwanted.is_empty() => {
                    let added = rendered::add_unwanted(message, &scratch.unwanted, extra);
                    scratch.unwanted.clear();
                    added
                }
                _ => Ok(()),
            })
            .map_err(|malformed| dead(malformed, scratch))
    }
}

#[cold]
fn dead(malformed: Malformed, scratch: &mut Scratch) -> NoRow {
    let mut message = malformed.to_string();
    scratch.path.reverse();
    if !scratch.path.is_empty() {
        message = format!("{message} in `{}`", scratch.path.join("."));
    }
    scratch.path.clear();
    scratch.unwanted.clear();
    NoRow { kind: DeadLetterKind::Protobuf, message }
}
