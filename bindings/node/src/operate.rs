use headgate::operate::{self, Operation, RewindTo};
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

use crate::failure::NativeFailure;

#[napi(object)]
pub struct NativeOffset {
    pub topic: String,
    pub partition: i32,
    pub offset: BigInt,
}

#[napi(object)]
pub struct NativeOperation {
    pub query: String,
    pub version: BigInt,
    pub released: Option<BigInt>,
    pub positions: Vec<NativeOffset>,
}

#[napi(object)]
pub struct NativeOperated {
    pub operation: Option<NativeOperation>,
    pub failure: Option<NativeFailure>,
}

/// Lets a query go on that an intervention blocked.
#[napi]
pub async fn release_query(
    path: String,
    query: Option<String>,
    reason: Option<String>,
) -> NativeOperated {
    operate::release(&path, query.as_deref(), reason).await.into()
}

/// Hands a query's positions to a new name.
#[napi]
pub async fn adopt_query(path: String, query: Option<String>, name: String) -> NativeOperated {
    operate::adopt(&path, query.as_deref(), &name).await.into()
}

/// Begins anew where the query stood at a version, or at offsets; exactly one of them is given.
#[napi]
pub async fn rewind_query(
    path: String,
    query: Option<String>,
    version: Option<BigInt>,
    offsets: Option<Vec<NativeOffset>>,
) -> NativeOperated {
    let offsets = offsets.unwrap_or_default().into_iter();
    let to = match version {
        Some(version) => RewindTo::Version(version.get_i64().0),
        None => RewindTo::Offsets(
            offsets.map(|at| (at.topic, at.partition, at.offset.get_i64().0)).collect(),
        ),
    };
    operate::rewind(&path, query.as_deref(), to).await.into()
}

impl From<Result<Operation, Box<headgate::Failure>>> for NativeOperated {
    fn from(operated: Result<Operation, Box<headgate::Failure>>) -> Self {
        match operated {
            Ok(operation) => Self { operation: Some(operation.into()), failure: None },
            Err(failure) => Self { operation: None, failure: Some((*failure).into()) },
        }
    }
}

impl From<Operation> for NativeOperation {
    fn from(operation: Operation) -> Self {
        let Operation { query, version, released, positions } = operation;
        let positions = positions.into_iter().map(|(id, offset)| NativeOffset {
            topic: id.topic.to_string(),
            partition: id.partition,
            offset: offset.into(),
        });
        Self {
            query,
            version: version.into(),
            released: released.map(Into::into),
            positions: positions.collect(),
        }
    }
}
