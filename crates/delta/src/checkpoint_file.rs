//! A log checkpoint as a file: what the kernel reads of the log goes straight into small row groups,
//! so that the memory it takes does not grow with the table.

use std::sync::Arc;

use delta_kernel::Engine;
use delta_kernel::checkpoint::{CheckpointWriter, LastCheckpointHintStats};
use delta_kernel::engine::arrow_data::EngineDataArrowExt;
use delta_kernel::snapshot::Snapshot;
use deltalake::Path;
use deltalake::logstore::LogStore;
use deltalake::logstore::object_store::ObjectStoreExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use tokio::sync::mpsc::{self, Sender};

use crate::fault::Source;
use crate::parts::Parts;
use crate::upload::Upload;

const ROW_GROUP_ROWS: usize = 4 << 10;
const ROW_GROUP_BYTES: usize = 2 << 20;

/// Writes one of `version`, or of the newest; answers which. One that is there already will do.
pub(crate) async fn write(log_store: &dyn LogStore, version: Option<i64>) -> Result<i64, Source> {
    let engine = log_store.engine(None);
    let root = log_store.transaction_url(None)?;
    let reader = Arc::clone(&engine);
    let snapshot = tokio::task::spawn_blocking(move || {
        let builder = Snapshot::builder_for(root);
        let builder = match version {
            Some(version) => builder.at_version(version as u64),
            None => builder,
        };
        builder.build(reader.as_ref())
    });
    let snapshot = snapshot.await??;
    let version = snapshot.version() as i64;
    let writer = snapshot.create_checkpoint_writer(engine.as_ref())?;
    let path = Path::from(format!("_delta_log/{version:020}.checkpoint.parquet"));
    let objects = log_store.object_store(None);
    if objects.head(&path).await.is_ok() {
        return Ok(version);
    }
    let mut upload = Upload::new(objects, path);
    if let Err(source) = fill(&mut upload, &engine, writer).await {
        upload.abort().await;
        return Err(source);
    }
    Ok(version)
}

/// Encodes on a thread that may block, uploads on this one, and names the checkpoint newest.
async fn fill(
    upload: &mut Upload,
    engine: &Arc<dyn Engine>,
    writer: CheckpointWriter,
) -> Result<(), Source> {
    let (sender, mut parts) = mpsc::channel(1);
    let (reader, source) = (Arc::clone(engine), writer.clone());
    let encoding = tokio::task::spawn_blocking(move || -> Result<_, Source> {
        let data = source.checkpoint_data(reader.as_ref())?;
        let state = data.state();
        let mut file: Option<ArrowWriter<Parts>> = None;
        for batch in data {
            let rows = batch?.apply_selection_vector()?.try_into_record_batch()?;
            let file = match &mut file {
                Some(file) => file,
                None => {
                    let parts = Parts::default();
                    file.insert(ArrowWriter::try_new(parts, rows.schema(), Some(properties()))?)
                }
            };
            file.write(&rows)?;
            if file.in_progress_size() > ROW_GROUP_BYTES {
                file.flush()?;
            }
            hand_over(file, &sender)?;
        }
        let mut file = file.ok_or("a log without an action")?;
        file.finish()?;
        hand_over(&mut file, &sender)?;
        Ok((Arc::into_inner(state), file.inner_mut().take_rest()))
    });
    let mut uploaded = Ok(());
    while let Some(part) = parts.recv().await {
        uploaded = upload.put_part(part).await;
        if uploaded.is_err() {
            parts.close();
        }
    }
    let encoded = encoding.await?;
    uploaded?;
    let (state, rest) = encoded?;
    upload.finish(rest).await?;
    let state = state.ok_or("the log is still being read")?;
    let stats = LastCheckpointHintStats::from_reconciliation_state(state, upload.bytes, 0)?;
    let engine = Arc::clone(engine);
    tokio::task::spawn_blocking(move || writer.finalize(engine.as_ref(), &stats)).await??;
    Ok(())
}

fn hand_over(file: &mut ArrowWriter<Parts>, sender: &Sender<Vec<u8>>) -> Result<(), Source> {
    while let Some(part) = file.inner_mut().take_full() {
        // Whoever uploads has failed, and says why.
        sender.blocking_send(part).map_err(|_| "the upload broke off")?;
    }
    Ok(())
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .build()
}
