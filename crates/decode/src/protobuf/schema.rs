//! A writer's schema: a `.proto` file, or descriptors.

use arrow_schema::Fields;
use headgate_model::{SchemaDifference, SchemaFormat, WriterSchema};
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};

use super::{ProtobufReader, compile, known_files};
use crate::DecodeFault;
use crate::base64;

/// Files that can be read by, and the one that the schema itself is.
pub(crate) struct ProtobufSchema {
    pool: DescriptorPool,
    file: String,
}

/// Which message of a schema payloads are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MessageName<'a> {
    /// With its package.
    Full(&'a str),
    /// Its place among the messages of the file, then among those within that, and so on.
    Indexes(&'a [i32]),
    /// The only one of the file's top level.
    Only,
}

/// What the schema is called among the files it refers to.
const MAIN_FILE: &str = "headgate-schema.proto";

impl ProtobufSchema {
    /// Text that is not of a `.proto` file is base64 of a descriptor: of a file, or of a set of
    /// files with all that they import, the schema being the last. Files under `google/protobuf`,
    /// and [`known_files`], need not be among the references.
    pub(crate) fn compile(writer: &WriterSchema) -> Result<Self, DecodeFault> {
        if let Some(schema) = descriptor(&writer.text).and_then(|set| Self::of_set(&set)) {
            return Ok(schema);
        }
        let resolver = Files { writer: writer.clone(), google: GoogleFileResolver::new() };
        let mut compiler = Compiler::with_file_resolver(resolver);
        let compiled = compiler.include_imports(true).open_file(MAIN_FILE);
        compiled.map_err(|error| unusable(error.to_string()))?;
        Ok(Self { pool: compiler.descriptor_pool(), file: MAIN_FILE.to_owned() })
    }

    /// `None` if these bytes are no set of files.
    fn of_set(set: &[u8]) -> Option<Self> {
        let mut pool = DescriptorPool::global();
        let num_known = pool.files().len();
        pool.decode_file_descriptor_set(set).ok()?;
        let file = pool.files().skip(num_known).last()?.name().to_owned();
        Some(Self { pool, file })
    }

    /// A reader of this message into columns of `fields`, and how they differ.
    pub(crate) fn reader(
        &self,
        message: MessageName<'_>,
        fields: &Fields,
    ) -> Result<(ProtobufReader, Vec<SchemaDifference>), DecodeFault> {
        let message = self.message(message)?;
        let (program, differences) = compile::compile(&message, fields)?;
        Ok((ProtobufReader::new(program, message), differences))
    }

    pub(crate) fn has(&self, message: MessageName<'_>) -> bool {
        self.message(message).is_ok()
    }

    fn message(&self, name: MessageName<'_>) -> Result<MessageDescriptor, DecodeFault> {
        let file = self.pool.get_file_by_name(&self.file);
        let messages = || file.iter().flat_map(FileDescriptor::messages).collect::<Vec<_>>();
        let found = match name {
            MessageName::Full(name) => self.pool.get_message_by_name(name).ok_or_else(|| {
                let has: Vec<String> =
                    messages().iter().map(|message| message.full_name().to_owned()).collect();
                format!("it has no message `{name}`, but {}", has.join(", "))
            }),
            MessageName::Indexes(path) => {
                let mut level = messages();
                let mut found = None;
                for &index in path {
                    found = usize::try_from(index).ok().and_then(|at| level.get(at).cloned());
                    level = found.iter().flat_map(MessageDescriptor::child_messages).collect();
                }
                found.ok_or_else(|| format!("it has no message at {path:?}"))
            }
            MessageName::Only => {
                let mut messages = messages();
                match messages.len() {
                    1 => Ok(messages.remove(0)),
                    len => Err(format!("it has {len} messages: name the one that payloads are")),
                }
            }
        };
        found.map_err(unusable)
    }
}

struct Files {
    writer: WriterSchema,
    google: GoogleFileResolver,
}

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let reference = self.writer.references.iter().find(|reference| reference.name == name);
        match reference {
            Some(reference) => file(name, &reference.text),
            None if name == MAIN_FILE => file(name, &self.writer.text),
            None => match known_files::text(name) {
                Some(text) => File::from_source(name, text),
                None => self.google.open_file(name),
            },
        }
    }
}

/// The bytes of a text that is base64, in which line breaks do not count.
fn descriptor(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let mut bytes = Vec::new();
    (base64::read(&letters, &mut bytes) && !bytes.is_empty()).then_some(bytes)
}

fn file(name: &str, text: &str) -> Result<File, protox::Error> {
    match descriptor(text) {
        None => File::from_source(name, text),
        Some(bytes) => {
            let file = File::decode_file_descriptor_proto(bytes.as_slice());
            let mut descriptor = file.map_err(protox::Error::new)?.file_descriptor_proto().clone();
            // It is known by the name that it is referred to by.
            descriptor.name = Some(name.to_owned());
            Ok(File::from_file_descriptor_proto(descriptor))
        }
    }
}

#[cold]
fn unusable(reason: String) -> DecodeFault {
    DecodeFault::WriterSchema { format: SchemaFormat::Protobuf, reason }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn indexes_lead_to_messages_within_messages() {
        let text = "syntax = \"proto3\"; message A { message B { message C {} } message D {} } \
            message E {}";
        let writer = WriterSchema {
            format: SchemaFormat::Protobuf,
            text: text.to_owned(),
            references: Vec::new(),
        };
        let schema = ProtobufSchema::compile(&writer).unwrap();
        let found = |path: &[i32]| {
            let message = schema.message(MessageName::Indexes(path));
            message.ok().map(|message| message.full_name().to_owned())
        };
        for (path, name) in [
            (&[0][..], Some("A")),
            (&[1], Some("E")),
            (&[0, 0, 0], Some("A.B.C")),
            (&[0, 1], Some("A.D")),
            (&[2], None),
            (&[0, 0, 0, 0], None),
            (&[2, 0], None),
            (&[-1], None),
            (&[], None),
        ] {
            assert_eq!(found(path).as_deref(), name, "{path:?}");
        }
    }
}
