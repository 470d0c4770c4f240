//! All rows of a table, as they are now or were at a version.

use std::pin::Pin;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use headgate_model::{BoxFault, OutputRows, TakeRows};
use url::Url;

use crate::active::{ActiveFile, Reading, active_files, rows_of};
use crate::fault::{DeltaFault, Source};
use crate::object_stores::StoreOptions;
use crate::store::TableStore;
use crate::table::TableConfig;

const BATCH_ROWS: usize = 16 << 10;

type Rows = BoxStream<'static, Result<RecordBatch, DeltaFault>>;

pub struct Scan {
    /// Of the table that the rows are of.
    pub version: i64,
    pub schema: SchemaRef,
    pub rows: Rows,
}

/// The rows of `version`, or of the newest one, with all its columns, file by file in the order of
/// their paths.
pub async fn scan(address: &Url, version: Option<i64>) -> Result<Scan, DeltaFault> {
    let log = TableStore::open(address, &StoreOptions::default(), None)?;
    let (tip, newest) = log.existing_tip().await?;
    let snapshot = match version {
        Some(version) if version != tip.version => log.snapshot_of(version, tip.version).await?,
        _ => newest,
    };
    let version = snapshot.version() as i64;
    let schema = snapshot.arrow_schema();
    let mut files = active_files(&log, &snapshot, |_| true).await?;
    files.sort_by(|one, other| one.logged_path.cmp(&other.logged_path));
    let rows = rows_of_files(log, files, SchemaRef::clone(&schema));
    Ok(Scan { version, schema, rows })
}

fn rows_of_files(log: TableStore, files: Vec<ActiveFile>, schema: SchemaRef) -> Rows {
    stream::iter(files)
        .then(move |file| {
            let (log, schema) = (log.clone(), SchemaRef::clone(&schema));
            async move {
                let fail = {
                    let address = log.address.clone();
                    move |source: Source| DeltaFault::store("read the table", &address, source)
                };
                let reading = Reading { batch_rows: BATCH_ROWS, limit: None };
                let rows =
                    rows_of(log.objects(), &file, &schema, reading).await.map_err(fail.clone())?;
                Ok::<_, DeltaFault>(rows.map_err(fail))
            }
        })
        .try_flatten()
        .boxed()
}

/// The rows that an output holds.
pub struct Written {
    output: TableConfig,
}

impl Written {
    pub const fn of(output: TableConfig) -> Self {
        Self { output }
    }

    async fn take(&self, schema: SchemaRef, take: &mut TakeRows<'_>) -> Result<(), BoxFault> {
        let log = TableStore::open(&self.output.address, &self.output.store, None)?;
        let (_, snapshot) = log.existing_tip().await?;
        let files = active_files(&log, &snapshot, |_| true).await?;
        let mut rows = rows_of_files(log, files, schema);
        while let Some(rows) = rows.try_next().await? {
            take(&rows)?;
        }
        Ok(())
    }
}

impl OutputRows for Written {
    fn read<'a>(
        &'a self,
        schema: SchemaRef,
        take: &'a mut TakeRows<'_>,
    ) -> Pin<Box<dyn Future<Output = Result<(), BoxFault>> + Send + 'a>> {
        Box::pin(self.take(schema, take))
    }
}
