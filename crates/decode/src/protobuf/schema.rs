//! A writer's schema: a `.proto` file, or descriptors.

use arrow_schema::Fields;
use headgate_model::{SchemaDifference, SchemaFormat, WriterSchema};
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};

use super::{ProtobufReader, base64, compile};
use crate::DecodeFault;

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
    /// files, the schema being the last. Google's own files need not be among the references.
    pub(crate) fn compile(writer: &WriterSchema) -> Result<Self, DecodeFault> {
        if let Some(bytes) = base64::decode(&writer.text).filter(|bytes| !bytes.is_empty()) {
            return Self::of_descriptors(writer, &bytes);
        }
        let resolver = References { writer: writer.clone(), google: GoogleFileResolver::new() };
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).open_file(MAIN_FILE).map_err(refused)?;
        Ok(Self { pool: compiler.descriptor_pool(), file: MAIN_FILE.to_owned() })
    }

    fn of_descriptors(writer: &WriterSchema, bytes: &[u8]) -> Result<Self, DecodeFault> {
        let mut pool = DescriptorPool::global();
        if !writer.references.is_empty() {
            let resolver = References { writer: writer.clone(), google: GoogleFileResolver::new() };
            let mut compiler = Compiler::with_file_resolver(resolver);
            compiler.include_imports(true);
            for reference in &writer.references {
                compiler.open_file(&reference.name).map_err(refused)?;
            }
            pool = compiler.descriptor_pool();
        }
        let known: Vec<String> = pool.files().map(|file| file.name().to_owned()).collect();
        let mut whole = pool.clone();
        if whole.decode_file_descriptor_set(bytes).is_err() || whole.files().len() == known.len() {
            whole = pool;
            whole.decode_file_descriptor_proto(bytes).map_err(refused)?;
        }
        let file = whole.files().filter(|file| !known.iter().any(|name| name == file.name()));
        match file.last().map(|file| file.name().to_owned()) {
            Some(file) => Ok(Self { pool: whole, file }),
            None => Err(unusable("a descriptor without a file of its own".to_owned())),
        }
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

struct References {
    writer: WriterSchema,
    google: GoogleFileResolver,
}

impl FileResolver for References {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let reference = self.writer.references.iter().find(|reference| reference.name == name);
        match reference {
            Some(reference) => match base64::decode(&reference.text) {
                Some(bytes) if !bytes.is_empty() => {
                    let file = File::decode_file_descriptor_proto(bytes.as_slice())
                        .map_err(protox::Error::new)?;
                    // Under the name that it is referred to by.
                    let mut descriptor = file.file_descriptor_proto().clone();
                    descriptor.name = Some(name.to_owned());
                    Ok(File::from_file_descriptor_proto(descriptor))
                }
                _ => File::from_source(name, &reference.text),
            },
            None if name == MAIN_FILE => File::from_source(name, &self.writer.text),
            None => self.google.open_file(name),
        }
    }
}

#[cold]
fn refused(error: impl std::fmt::Display) -> DecodeFault {
    unusable(error.to_string())
}

#[cold]
fn unusable(reason: String) -> DecodeFault {
    DecodeFault::WriterSchema { format: SchemaFormat::Protobuf, reason }
}
