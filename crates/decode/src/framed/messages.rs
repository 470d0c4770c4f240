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
    /// Those that payloads were; the first of the file, if it is among them, in front.
    known: Vec<Message>,
    /// Seen in a payload, and not compiled yet.
    wanted: Option<Vec<i32>>,
    /// What was compiled last.
    learned: Vec<i32>,
}

struct Message {
    indexes: Vec<i32>,
    reading: Reading,
}

enum Reading {
    Reader(ProtobufReader),
    Refused { kind: DeadLetterKind, reason: String },
}

impl Messages {
    pub(super) fn of(schema: &WriterSchema) -> Result<Self, DecodeFault> {
        let schema = ProtobufSchema::compile(schema)?;
        Ok(Self { schema, known: Vec::new(), wanted: None, learned: Vec::new() })
    }

    /// True, too, of payloads that nothing will ever read.
    #[inline]
    pub(super) fn can_read(&mut self, body: &[u8]) -> bool {
        if self.first(body).is_some() {
            return true;
        }
        let Some((indexes, _)) = read_indexes(body) else { return true };
        let is_known = self.known.iter().any(|message| message.indexes == indexes);
        if is_known || !self.schema.has(MessageName::Indexes(&indexes)) {
            return true;
        }
        self.wanted.get_or_insert(indexes);
        false
    }

    /// One message that is wanted, so that what is said of it is said of no other.
    pub(super) fn learn(&mut self, fields: &Fields) -> Result<Vec<SchemaDifference>, DecodeFault> {
        let Some(indexes) = self.wanted.take() else { return Ok(Vec::new()) };
        self.learned.clone_from(&indexes);
        let (reader, differences) = self.schema.reader(MessageName::Indexes(&indexes), fields)?;
        self.put(indexes, Reading::Reader(reader));
        Ok(differences)
    }

    /// The message that was learned last, or could not be.
    pub(super) fn refuse(&mut self, kind: DeadLetterKind, reason: &str) {
        let indexes = std::mem::take(&mut self.learned);
        self.known.retain(|message| message.indexes != indexes);
        self.put(indexes, Reading::Refused { kind, reason: reason.to_owned() });
    }

    fn put(&mut self, indexes: Vec<i32>, reading: Reading) {
        let place = if indexes == [0] { 0 } else { self.known.len() };
        self.known.insert(place, Message { indexes, reading });
    }

    #[inline]
    pub(super) fn read(&mut self, body: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        if let Some(message) = self.first(body) {
            return self.known[0].reading.read(message, row);
        }
        let framing = |message: String| NoRow { kind: DeadLetterKind::Framing, message };
        let (indexes, end) = read_indexes(body).ok_or_else(|| {
            framing("which message it is, behind the schema id, is cut short".to_owned())
        })?;
        match self.known.iter_mut().find(|message| message.indexes == indexes) {
            Some(message) => message.reading.read(&body[end..], row),
            None => Err(framing(format!("its schema has no message at {indexes:?}"))),
        }
    }

    /// What is behind the short form of the first message, if that is known.
    #[inline]
    fn first<'b>(&self, body: &'b [u8]) -> Option<&'b [u8]> {
        let known = self.known.first()?;
        let (first, message) = body.split_first()?;
        (*first == FIRST && known.indexes.as_slice() == [0]).then_some(message)
    }
}

impl Reading {
    #[inline]
    fn read(&mut self, message: &[u8], row: Row<'_>) -> Result<(), NoRow> {
        match self {
            Self::Reader(reader) => reader.read(message, row),
            Self::Refused { kind, reason } => Err(NoRow { kind: *kind, message: reason.clone() }),
        }
    }
}
