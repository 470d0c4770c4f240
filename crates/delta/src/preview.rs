//! A look at a table: how large it is, and its newest rows.

use std::collections::{BTreeMap, VecDeque};

use arrow_array::RecordBatch;
use deltalake::DeltaTable;
use futures::TryStreamExt;
use url::Url;

use crate::active::{ActiveFile, Reading, active_files, rows_of};
use crate::fault::{DeltaFault, Source};
use crate::log::LogStorage;
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
    let (tip, snapshot) = log.existing_tip().await?;
    let schema = snapshot.arrow_schema();
    let files = active_files(&log, &snapshot, |_| true).await?.into_iter();
    let active = files.map(|file| (file.logged_path.clone(), file)).collect();
    let mut newest = Newest { log, version: tip.version, active, told: VecDeque::new() };
    let (mut batches, mut rows) = (Vec::new(), 0);
    while rows < limit
        && let Some(file) = newest.next().await?
    {
        let reading = Reading { batch_rows: limit, limit: Some(limit - rows) };
        let read = rows_of(newest.log.objects(), &file, &schema, reading).await.map_err(fail)?;
        let read: Vec<RecordBatch> = read.try_collect().await.map_err(fail)?;
        rows += read.iter().map(RecordBatch::num_rows).sum::<usize>();
        batches.extend(read);
    }
    arrow_select::concat::concat_batches(&schema, &batches).map_err(|source| fail(source.into()))
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
            let found = paths.filter_map(|path| self.active.remove(path));
            self.told.extend(found);
            self.version -= 1;
        }
        let next = self.told.pop_front();
        Ok(next.or_else(|| self.active.pop_first().map(|(_, file)| file)))
    }
}
