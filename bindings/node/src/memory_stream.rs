use std::sync::Arc;

use headgate::{Failure, MemoryLog, MemoryRecord};
use headgate_model::BoxFault;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use uuid::Uuid;

use crate::failure::NativeFailure;

#[napi(object)]
pub struct NativeMemoryRecord {
    pub partition: Option<u32>,
    /// Since 1970.
    pub timestamp_ms: f64,
    pub key: Option<Uint8Array>,
    pub value: Option<Uint8Array>,
    pub headers: Vec<NativeMemoryHeader>,
}

#[napi(object)]
pub struct NativeMemoryHeader {
    pub name: String,
    pub value: Option<Uint8Array>,
}

impl From<NativeMemoryRecord> for MemoryRecord {
    fn from(record: NativeMemoryRecord) -> Self {
        let NativeMemoryRecord { partition, timestamp_ms, key, value, headers } = record;
        let bytes = |array: Option<Uint8Array>| array.map(|array| array.to_vec());
        let header = |NativeMemoryHeader { name, value }| (name, bytes(value));
        Self {
            partition,
            timestamp_ms: timestamp_ms as i64,
            key: bytes(key),
            value: bytes(value),
            headers: headers.into_iter().map(header).collect(),
        }
    }
}

/// Records that this process keeps, and nothing of which survives it.
#[napi]
pub struct NativeMemoryStream {
    log: Arc<MemoryLog>,
}

#[napi(object, object_from_js = false)]
pub struct NativeMemoryOpened {
    pub stream: Option<NativeMemoryStream>,
    pub failure: Option<NativeFailure>,
}

#[napi]
impl NativeMemoryStream {
    #[napi]
    pub fn open(name: Option<String>, partitions: u32) -> NativeMemoryOpened {
        let id = Uuid::new_v4().to_string();
        let name = name.unwrap_or_else(|| format!("memory-{id}"));
        match MemoryLog::open(&name, &id, partitions) {
            Ok(log) => NativeMemoryOpened { stream: Some(Self { log }), failure: None },
            Err(fault) => {
                let failure = Failure::of(&BoxFault::from(fault), None);
                NativeMemoryOpened { stream: None, failure: Some(failure.into()) }
            }
        }
    }

    #[napi(getter)]
    pub fn name(&self) -> String {
        self.log.name().to_owned()
    }

    /// All of them, or none.
    #[napi]
    pub fn push(&self, records: Vec<NativeMemoryRecord>) -> Option<NativeFailure> {
        let pushed = self.log.push(records.into_iter().map(Into::into).collect());
        pushed.err().map(|fault| Failure::of(&BoxFault::from(fault), None).into())
    }

    /// Nothing more comes.
    #[napi]
    pub fn end(&self) {
        self.log.end();
    }

    /// Ends it, and no query can start with it any more.
    #[napi]
    pub fn close(&self) {
        self.log.close();
    }
}
