//! A schema registry in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::FakeFault;
use super::bell::{Bell, lock};
use crate::schema_source::{RegisteredSchema, SchemaAnswer, SchemaMiss, SchemaSource};
use crate::{SchemaFormat, WriterSchema};

/// How it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answering {
    #[default]
    Answers,
    Unavailable,
    /// It says nothing until that changes.
    Hangs,
    Fails(FakeFault),
}

#[derive(Default)]
struct State {
    schemas: BTreeMap<u32, RegisteredSchema>,
    answering: Answering,
    asked: Vec<u32>,
}

/// Schemas by id, and the hand that disturbs whoever asks for them.
#[derive(Clone, Default)]
pub struct VecRegistry {
    state: Arc<Mutex<State>>,
    bell: Bell,
}

impl VecRegistry {
    /// A JSON Schema under subject `pings-value`.
    pub fn register(&self, id: u32, text: &str) {
        let schema = WriterSchema {
            format: SchemaFormat::JsonSchema,
            text: text.to_owned(),
            references: Vec::new(),
        };
        let registered = RegisteredSchema { subject: Some("pings-value".to_owned()), schema };
        lock(&self.state).schemas.insert(id, registered);
    }

    pub fn set_answering(&self, answering: Answering) {
        lock(&self.state).answering = answering;
        self.bell.ring();
    }

    /// Every id that was asked for, in order.
    pub fn asked(&self) -> Vec<u32> {
        lock(&self.state).asked.clone()
    }

    fn answer(&self, id: u32) -> Option<Result<RegisteredSchema, SchemaMiss>> {
        let state = lock(&self.state);
        match state.answering {
            Answering::Answers => Some(state.schemas.get(&id).cloned().ok_or(SchemaMiss::Absent)),
            Answering::Unavailable => Some(Err(SchemaMiss::Unavailable("nobody there".to_owned()))),
            Answering::Hangs => None,
            Answering::Fails(fault) => Some(Err(SchemaMiss::Failed(fault.into()))),
        }
    }
}

impl SchemaSource for VecRegistry {
    fn schema(&self, id: u32) -> SchemaAnswer<'_> {
        lock(&self.state).asked.push(id);
        Box::pin(self.bell.until(move || self.answer(id)))
    }
}
