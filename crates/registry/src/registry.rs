//! Schemas by id and by subject.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headgate_model::{RegisteredSchema, SchemaMiss, SchemaSource, WriterSchema};

use crate::answer::{Reference, SchemaAnswer, SubjectVersion};
use crate::client::Client;
use crate::references::resolve;
use crate::{RegistryConfig, RegistryFault};

/// A registry, and all that was learned from it.
pub struct SchemaRegistry {
    client: Client,
    known: Mutex<HashMap<u32, RegisteredSchema>>,
}

/// A version of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectSchema {
    pub id: u32,
    pub version: u32,
    pub schema: WriterSchema,
}

impl SchemaRegistry {
    /// Reads the files of certificates; connects to nothing yet.
    pub fn new(config: &RegistryConfig) -> Result<Self, RegistryFault> {
        Ok(Self { client: Client::new(config)?, known: Mutex::default() })
    }

    /// The newest version of `subject`; `None` if there is no such subject.
    pub async fn latest(&self, subject: &str) -> Result<Option<SubjectSchema>, RegistryFault> {
        let path = ["subjects", subject, "versions", "latest"];
        let Some(answer) = self.client.get::<SchemaAnswer>(&path, &[]).await? else {
            return Ok(None);
        };
        let (Some(id), Some(version)) = (answer.id, answer.version) else {
            return Err(invalid(&path, "neither id nor version of the schema".to_owned()));
        };
        if let Some(known) = self.known(id) {
            return Ok(Some(SubjectSchema { id, version, schema: known.schema }));
        }
        let schema = self.complete(answer, &path).await?;
        let subject = Some(subject.to_owned());
        self.keep(id, RegisteredSchema { subject, schema: schema.clone() });
        Ok(Some(SubjectSchema { id, version, schema }))
    }

    /// The schema of `id`; `None` if there is none by now.
    pub async fn by_id(&self, id: u32) -> Result<Option<RegisteredSchema>, RegistryFault> {
        if let Some(known) = self.known(id) {
            return Ok(Some(known));
        }
        let number = id.to_string();
        let path = ["schemas", "ids", &number];
        let Some(answer) = self.client.get(&path, &[]).await? else { return Ok(None) };
        let schema = self.complete(answer, &path).await?;
        let subject = self.subject_of(&number).await;
        let registered = RegisteredSchema { subject, schema };
        self.keep(id, registered.clone());
        Ok(Some(registered))
    }

    /// Schemas that it has learned and keeps.
    pub fn num_known(&self) -> usize {
        self.schemas().len()
    }

    async fn complete(
        &self,
        answer: SchemaAnswer,
        path: &[&str],
    ) -> Result<WriterSchema, RegistryFault> {
        let (schema, references): (WriterSchema, Vec<Reference>) =
            answer.into_parts().map_err(|reason| invalid(path, reason))?;
        let references = resolve(&self.client, references).await?;
        Ok(WriterSchema { references, ..schema })
    }

    /// For messages only: not every registry tells.
    async fn subject_of(&self, id: &str) -> Option<String> {
        let path = ["schemas", "ids", id, "versions"];
        let versions = self.client.get::<Vec<SubjectVersion>>(&path, &[]).await.ok()??;
        versions.into_iter().next().map(|version| version.subject)
    }

    fn known(&self, id: u32) -> Option<RegisteredSchema> {
        self.schemas().get(&id).cloned()
    }

    fn keep(&self, id: u32, schema: RegisteredSchema) {
        self.schemas().insert(id, schema);
    }

    fn schemas(&self) -> MutexGuard<'_, HashMap<u32, RegisteredSchema>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn invalid(path: &[&str], reason: String) -> RegistryFault {
    RegistryFault::Invalid {
        url: "the registry".to_owned(),
        what: format!("/{}", path.join("/")),
        reason,
    }
}

impl SchemaSource for SchemaRegistry {
    fn schema(&self, id: u32) -> headgate_model::SchemaAnswer<'_> {
        Box::pin(async move { self.by_id(id).await?.ok_or(SchemaMiss::Absent) })
    }
}
