//! A look at a table: how large it is, and its newest rows.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, SchemaRef};
use deltalake::{DeltaTable, Path};
use futures::TryStreamExt;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use url::Url;

use crate::fault::{DeltaFault, Source};
use crate::log::LogStorage;
use crate::object_reader::ObjectReader;
use crate::object_stores::StoreOptions;
use crate::store::TableStore;
use crate::verify_log::adds;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSize {
    pub version: i64,
    pub rows: u64,
}

/// Version and rows of a table, by the statistics of its files.
pub async fn table_size(address: &Url) -> Result<TableSize, DeltaFault> {
    let fail = |source| DeltaFault::store("read the table", address.as_str(), source);
    let mut table =
        DeltaTable::new(TableStore::open(address, &StoreOptions::default(), None)?.store);
    table.load().await.map_err(fail)?;
    let state = table.snapshot().map_err(fail)?;
    let rows = state.log_data().iter().filter_map(|file| file.num_records()).sum::<usize>();
    Ok(TableSize { version: state.version() as i64, rows: rows as u64 })
}

/// At most `limit` rows, of the newest files first, with all columns of the table.
pub async fn newest_rows(address: &Url, limit: usize) -> Result<RecordBatch, DeltaFault> {
    let log = TableStore::open(address, &StoreOptions::default(), None)?;
    let fail = |source: Source| DeltaFault::store("read the table", address.as_str(), source);
    let mut table = DeltaTable::new(log.store.clone());
    table.load().await.map_err(|source| fail(source.into()))?;
    let state = table.snapshot().map_err(|source| fail(source.into()))?;
    let schema = state.snapshot().arrow_schema();
    let files = state.log_data().into_iter().map(|file| ActiveFile {
        path: file.object_store_path(),
        size: file.size() as u64,
        partition: file.partition_values_map(),
    });
    let active = files.map(|file| (file.path.to_string(), file)).collect();
    let mut newest = Newest { log, version: state.version() as i64, active, told: VecDeque::new() };
    let (mut batches, mut rows) = (Vec::new(), 0);
    while rows < limit
        && let Some(file) = newest.next().await?
    {
        let batch = read_file(&newest.log, file, &schema, limit - rows).await.map_err(fail)?;
        rows += batch.num_rows();
        batches.push(batch);
    }
    arrow_select::concat::concat_batches(&schema, &batches).map_err(|source| fail(source.into()))
}

struct ActiveFile {
    path: Path,
    size: u64,
    partition: HashMap<String, Option<String>>,
}

/// The files of a table, as its log tells their order.
struct Newest {
    log: TableStore,
    /// The next entry to read.
    version: i64,
    active: BTreeMap<String, ActiveFile>,
    /// Files of the entries read so far.
    told: VecDeque<ActiveFile>,
}

impl Newest {
    /// After the entries that clean-up has left, files come in any order.
    async fn next(&mut self) -> Result<Option<ActiveFile>, DeltaFault> {
        while self.told.is_empty() && self.version >= 0 && !self.active.is_empty() {
            let Some(bytes) = self.log.read(self.version).await? else {
                self.version = -1;
                break;
            };
            let adds = adds(&bytes)
                .map_err(|source| DeltaFault::store("read the table", &self.log.address, source))?;
            let paths = adds.iter().filter_map(|add| add.get("path")?.as_str());
            let found = paths.filter_map(|path| {
                let decoded = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
                self.active.remove(decoded.as_ref())
            });
            self.told.extend(found);
            self.version -= 1;
        }
        let next = self.told.pop_front();
        Ok(next.or_else(|| self.active.pop_first().map(|(_, file)| file)))
    }
}

async fn read_file(
    log: &TableStore,
    file: ActiveFile,
    schema: &SchemaRef,
    limit: usize,
) -> Result<RecordBatch, Source> {
    let ActiveFile { path, size, partition } = file;
    let reader = ObjectReader { objects: log.objects(), path, size };
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
    let batches: Vec<RecordBatch> =
        builder.with_limit(limit).with_batch_size(limit).build()?.try_collect().await?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let columns = schema.fields().iter().map(|field| {
        let parts: Vec<_> =
            batches.iter().filter_map(|batch| batch.column_by_name(field.name())).collect();
        if parts.is_empty() {
            let value = partition.get(field.name()).and_then(Option::as_deref);
            let text = StringArray::from(vec![value; rows]);
            return cast(&text, field.data_type());
        }
        let parts: Vec<_> = parts.iter().map(|part| part.as_ref()).collect();
        cast(&arrow_select::concat::concat(&parts)?, field.data_type())
    });
    let columns: Vec<_> = columns.collect::<Result<_, ArrowError>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
