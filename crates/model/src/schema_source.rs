//! The seam to whoever has the schemas that payloads were written with.

use std::pin::Pin;

use crate::{BoxFault, WriterSchema};

/// A schema with where it is registered, if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredSchema {
    pub subject: Option<String>,
    pub schema: WriterSchema,
}

/// Why there is no schema for an id.
#[derive(Debug)]
pub enum SchemaMiss {
    /// Asked and answered: there is none, by now. One may be registered a moment later.
    Absent,
    /// Nobody answers for now, for this reason. Asked again until somebody does.
    Unavailable(String),
    /// Asking again is of no use.
    Failed(BoxFault),
}

pub type SchemaAnswer<'a> =
    Pin<Box<dyn Future<Output = Result<RegisteredSchema, SchemaMiss>> + Send + 'a>>;

pub trait SchemaSource: Send + Sync + 'static {
    /// The schema of `id`, which never changes. One try, bounded in time; the caller tries again.
    fn schema(&self, id: u32) -> SchemaAnswer<'_>;
}
