//! All rows of a table, as they are now.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use url::Url;

use crate::active::{Reading, active_files, rows_of};
use crate::fault::{DeltaFault, Source};
use crate::object_stores::StoreOptions;
use crate::store::TableStore;

const BATCH_ROWS: usize = 16 << 10;

pub struct Scan {
    pub schema: SchemaRef,
    pub rows: BoxStream<'static, Result<RecordBatch, DeltaFault>>,
}

/// The rows of the newest version with all its columns, file by file in the order of their paths.
pub async fn scan(address: &Url) -> Result<Scan, DeltaFault> {
    let log = TableStore::open(address, &StoreOptions::default(), None)?;
    let (_, snapshot) = log.existing_tip().await?;
    let schema = snapshot.arrow_schema();
    let mut files = active_files(&log, &snapshot, |_| true).await?;
    files.sort_by(|one, other| one.logged_path.cmp(&other.logged_path));
    let read = SchemaRef::clone(&schema);
    let rows = stream::iter(files)
        .then(move |file| {
            let (log, schema) = (log.clone(), SchemaRef::clone(&read));
            async move {
                let fail = {
                    let address = log.address.clone();
                    move |source: Source| DeltaFault::store("read the table", &address, source)
                };
                let reading = Reading { batch_rows: BATCH_ROWS, limit: None };
                let rows = rows_of(&log, &file, &schema, reading).await.map_err(fail.clone())?;
                Ok::<_, DeltaFault>(rows.map_err(fail))
            }
        })
        .try_flatten()
        .boxed();
    Ok(Scan { schema, rows })
}
