//! Looks at tables from outside a query.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_json::writer::{JsonArray, WriterBuilder};
use arrow_schema::ArrowError;
use headgate_delta::{AddressFault, TableSize, address_in};
use headgate_model::BoxFault;
use url::Url;

use crate::Failure;
use crate::redact::redacted;

pub async fn table_size(path: &str) -> Result<TableSize, Box<Failure>> {
    let address = address(path)?;
    headgate_delta::table_size(&address).await.map_err(failure)
}

/// The newest rows, as an Arrow IPC stream and as a JSON array, without what is classified.
pub async fn preview(path: &str, limit: usize) -> Result<Preview, Box<Failure>> {
    let address = address(path)?;
    let rows = headgate_delta::newest_rows(&address, limit).await.map_err(failure)?;
    let encode = |source: ArrowError| {
        Box::new(Failure::of_run(
            "PREVIEW_ENCODE",
            source.to_string(),
            false,
            "preview",
            path,
            "please report this",
        ))
    };
    let rows = redacted(&rows).map_err(encode)?;
    Ok(Preview { ipc: ipc(&rows).map_err(encode)?, json: json(&rows).map_err(encode)? })
}

pub struct Preview {
    pub ipc: Vec<u8>,
    pub json: String,
}

fn ipc(rows: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, rows.schema_ref())?;
    writer.write(rows)?;
    writer.finish()?;
    drop(writer);
    Ok(bytes)
}

fn json(rows: &RecordBatch) -> Result<String, ArrowError> {
    let mut writer =
        WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
    writer.write(rows)?;
    writer.finish()?;
    let text = String::from_utf8(writer.into_inner());
    text.map_err(|error| ArrowError::JsonError(error.to_string()))
}

/// Stores are reached with what the environment says.
pub(crate) fn address(path: &str) -> Result<Url, Box<Failure>> {
    address_in(Path::new(""), path).map_err(|fault| {
        Box::new(Failure::of_run(
            "CONFIG_VALUE",
            format!("{path} is no address of a table: {fault}"),
            false,
            "open",
            path,
            AddressFault::EXPECTED,
        ))
    })
}

pub(crate) fn failure(fault: headgate_delta::DeltaFault) -> Box<Failure> {
    Box::new(Failure::of(&BoxFault::from(fault), None))
}
