//! Which schema a payload was written with, and what reads it.

use ahash::HashMap;
use arrow_schema::Fields;
use headgate_model::{DeadLetterKind, SchemaDifference, WriterSchema};

use super::writer::Writer;
use crate::rows::{NoRow, PayloadReader, Row};
use crate::{DecodeFault, Payloads, WantedSchema};

/// Registries count their schemas in positive numbers of 32 bits.
const MAX_ID: u32 = i32::MAX as u32;

#[derive(Default)]
pub(super) struct FramedReader {
    writers: Vec<Writer>,
    /// Into `writers`.
    places: HashMap<u32, usize>,
    /// Id and place of the schema before: most often that of the next payload too.
    last: Option<(u32, usize)>,
}

/// A schema's id and what was written by it, of a payload in the wire format.
#[inline]
fn unframed(payload: &[u8]) -> Option<(u32, &[u8])> {
    match payload.split_first_chunk()? {
        ([0, a, b, c, d], body) => Some((u32::from_be_bytes([*a, *b, *c, *d]), body)),
        _ => None,
    }
}

impl FramedReader {
    #[inline]
    fn writer(&mut self, id: u32) -> Option<&mut Writer> {
        let place = match self.last {
            Some((last, place)) if last == id => place,
            _ => {
                let place = *self.places.get(&id)?;
                self.last = Some((id, place));
                place
            }
        };
        self.writers.get_mut(place)
    }

    pub(super) fn wanted(&mut self, payloads: Payloads<'_>) -> Vec<WantedSchema> {
        let mut wanted = Vec::new();
        for (payload, record) in payloads.iter().zip(0..) {
            let Some((id, body)) = payload.and_then(unframed) else { continue };
            let is_known = match self.writer(id) {
                Some(writer) => writer.can_read(body),
                None => id == 0 || id > MAX_ID,
            };
            if !is_known {
                wanted.push(WantedSchema { record, id });
            }
        }
        wanted
    }

    pub(super) fn learn(
        &mut self,
        id: u32,
        schema: &WriterSchema,
        fields: &Fields,
    ) -> Result<Vec<SchemaDifference>, DecodeFault> {
        if let Some(writer) = self.writer(id) {
            return writer.learn_more(fields);
        }
        let (writer, differences) = Writer::compile(schema, fields)?;
        self.put(id, writer);
        Ok(differences)
    }

    pub(super) fn refuse(&mut self, id: u32, kind: DeadLetterKind, reason: &str) {
        // Of a schema with several messages, the one that was learned last does not fit.
        if let Some(Writer::Protobuf(messages)) = self.writer(id) {
            return messages.refuse(kind, reason);
        }
        self.put(id, Writer::Refused { kind, reason: reason.to_owned() });
    }

    fn put(&mut self, id: u32, writer: Writer) {
        match self.places.get(&id) {
            Some(place) => self.writers[*place] = writer,
            None => {
                self.places.insert(id, self.writers.len());
                self.writers.push(writer);
            }
        }
    }

    pub(super) fn forget(&mut self, id: u32) {
        let Some(place) = self.places.remove(&id) else { return };
        self.writers.swap_remove(place);
        let moved = self.writers.len();
        if let Some(other) = self.places.values_mut().find(|other| **other == moved) {
            *other = place;
        }
        self.last = None;
    }
}

impl PayloadReader for FramedReader {
    #[inline]
    fn read(&mut self, payload: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        let Some((id, body)) = unframed(payload) else { return Err(not_framed(payload)) };
        match self.writer(id) {
            Some(writer) => writer.read(body, row),
            None => Err(no_such_schema(id)),
        }
    }
}

#[cold]
fn not_framed(payload: &[u8]) -> NoRow {
    let actual = match payload.first() {
        Some(0) => format!("{} bytes", payload.len()),
        Some(_) => "another first byte".to_owned(),
        None => "no byte".to_owned(),
    };
    let message = format!(
        "expected the wire format of a schema registry, byte 0 and a schema id in 4 bytes; found {actual}"
    );
    NoRow { kind: DeadLetterKind::Framing, message }
}

#[cold]
fn no_such_schema(id: u32) -> NoRow {
    let message = format!("{id} is not the id of a schema");
    NoRow { kind: DeadLetterKind::Framing, message }
}
