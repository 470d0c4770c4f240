//! The messages of one Protobuf schema: each frame says which one its payload is.

use arrow_schema::Fields;
use headgate_model::{DeadLetterKind, SchemaDifference, WriterSchema};

use crate::DecodeFault;
use crate::protobuf::{MessageName, ProtobufReader, ProtobufSchema, read_indexes};
use crate::rows::{NoRow, PayloadReader, Row};

/// How the first message of a file is written for short.
const FIRST: u8 = 0;

pub(super) struct Messages {
    schema: ProtobufSchema,
    /// Those that payloads were, by their indexes; the first message most often, and first then.
    readers: Vec<(Vec<i32>, ProtobufReader)>,
    /// Seen in payloads, and not compiled yet.
    wanted: Vec<Vec<i32>>,
}

impl Messages {
    pub(super) fn of(schema: &WriterSchema) -> Result<Self, DecodeFault> {
        let schema = ProtobufSchema::compile(schema)?;
        Ok(Self { schema, readers: Vec::new(), wanted: Vec::new() })
    }

    /// True, too, of payloads that no reader will ever be for.
    #[inline]
    pub(super) fn can_read(&mut self, body: &[u8]) -> bool {
        if self.first(body).is_some() {
            return true;
        }
        let Some((indexes, _)) = read_indexes(body) else { return true };
        let is_known = self.readers.iter().any(|(known, _)| *known == indexes);
        if is_known || !self.schema.has(MessageName::Indexes(&indexes)) {
            return true;
        }
        if !self.wanted.contains(&indexes) {
            self.wanted.push(indexes);
        }
        false
    }

    pub(super) fn learn(&mut self, fields: &Fields) -> Result<Vec<SchemaDifference>, DecodeFault> {
        let mut all = Vec::new();
        for indexes in std::mem::take(&mut self.wanted) {
            let (reader, differences) =
                self.schema.reader(MessageName::Indexes(&indexes), fields)?;
            all.extend(differences);
            let place = if indexes == [0] { 0 } else { self.readers.len() };
            self.readers.insert(place, (indexes, reader));
        }
        Ok(all)
    }

    #[inline]
    pub(super) fn read(&mut self, body: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        if let Some(message) = self.first(body) {
            return self.readers[0].1.read(message, row);
        }
        let framing = |message: String| NoRow { kind: DeadLetterKind::Framing, message };
        let (indexes, end) = read_indexes(body).ok_or_else(|| {
            framing("which message it is, behind the schema id, is cut short".to_owned())
        })?;
        match self.readers.iter_mut().find(|(known, _)| *known == indexes) {
            Some((_, reader)) => reader.read(&body[end..], row),
            None => Err(framing(format!("its schema has no message at {indexes:?}"))),
        }
    }

    /// What is behind the short form of the first message, if that is compiled.
    #[inline]
    fn first<'b>(&self, body: &'b [u8]) -> Option<&'b [u8]> {
        let (indexes, _) = self.readers.first()?;
        let (first, message) = body.split_first()?;
        (*first == FIRST && indexes.as_slice() == [0]).then_some(message)
    }
}
