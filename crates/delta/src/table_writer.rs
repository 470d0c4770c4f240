//! The open files of one table in one batch.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use deltalake::ObjectStore;
use headgate_model::{FaultPoint, reach};

use crate::data_file::{Codec, DataFile, WrittenFile, delete};
use crate::durable;
use crate::fault::{DeltaFault, Source};
use crate::partitions::{self, PartitionKey};
use crate::stats::StatsColumns;
use crate::store::TableStore;

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub file_schema: SchemaRef,
    pub partition_columns: Vec<String>,
    pub codec: Codec,
    /// A file is closed once it has this many bytes.
    pub target_file_bytes: usize,
    pub stats: StatsColumns,
}

pub(crate) struct TableWriter {
    address: String,
    objects: Arc<dyn ObjectStore>,
    layout: Layout,
    /// The table's folder, where files have to survive a power loss.
    synced_root: Option<PathBuf>,
    open: BTreeMap<PartitionKey, DataFile>,
    finished: Vec<WrittenFile>,
    /// How many of the finished ones are synced.
    synced: usize,
}

impl TableWriter {
    pub fn new(store: &TableStore, layout: Layout) -> Self {
        Self {
            address: store.address.clone(),
            objects: store.objects(),
            layout,
            synced_root: store.synced_root.clone(),
            open: BTreeMap::new(),
            finished: Vec::new(),
            synced: 0,
        }
    }

    /// No rows are no file.
    pub async fn write(&mut self, rows: &RecordBatch) -> Result<(), DeltaFault> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let parts = partitions::split(rows, &self.layout.partition_columns)
            .map_err(|source| DeltaFault::encode(&self.address, source))?;
        for (key, rows) in parts {
            self.write_into(key, &rows).await?;
        }
        Ok(())
    }

    /// Rows of one partition, without its columns.
    pub async fn write_into(
        &mut self,
        key: PartitionKey,
        rows: &RecordBatch,
    ) -> Result<(), DeltaFault> {
        self.write_part(key, rows).await.map_err(|source| self.fault(source))
    }

    async fn write_part(&mut self, key: PartitionKey, rows: &RecordBatch) -> Result<(), Source> {
        // Columns of a batch may be declared nullable where the table's are not; the values decide.
        let schema = Arc::clone(&self.layout.file_schema);
        let rows = RecordBatch::try_new(schema, rows.columns().to_vec())?;
        if !self.open.contains_key(&key) {
            let Layout { file_schema, partition_columns, codec, .. } = &self.layout;
            let folder = partitions::folder(partition_columns, &key);
            let (objects, schema) = (Arc::clone(&self.objects), Arc::clone(file_schema));
            let file = DataFile::create(objects, schema, &folder, key.clone(), *codec, &rows)?;
            self.open.insert(key.clone(), file);
        }
        let Some(file) = self.open.get_mut(&key) else { return Ok(()) };
        file.write(&rows).await?;
        if file.file_bytes() >= self.layout.target_file_bytes
            && let Some(file) = self.open.remove(&key)
        {
            self.finish_file(file).await?;
        }
        Ok(())
    }

    async fn finish_file(&mut self, file: DataFile) -> Result<(), Source> {
        let Layout { partition_columns, stats, .. } = &self.layout;
        self.finished.push(file.finish(partition_columns, *stats).await?);
        Ok(reach(FaultPoint::File)?)
    }

    pub fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    pub fn buffered_bytes(&self) -> usize {
        self.open.values().map(DataFile::buffered_bytes).sum()
    }

    /// Ends the row group of the file that holds the most, or the file itself if most of what it
    /// holds is encoded already.
    pub async fn shrink_largest(&mut self) -> Result<(), DeltaFault> {
        let largest = self.open.iter_mut().max_by_key(|(_, file)| file.buffered_bytes());
        let Some((key, file)) = largest else { return Ok(()) };
        let shrunk = if file.row_group_bytes() * 2 >= file.buffered_bytes() {
            file.flush().await
        } else {
            let key = key.clone();
            match self.open.remove(&key) {
                Some(file) => self.finish_file(file).await,
                None => Ok(()),
            }
        };
        shrunk.map_err(|source| self.fault(source))
    }

    /// Ends the open row group of the only file.
    pub async fn end_row_group(&mut self) -> Result<(), DeltaFault> {
        let Some(mut file) = self.open.first_entry() else { return Ok(()) };
        let ended = file.get_mut().flush().await;
        ended.map_err(|source| self.fault(source))
    }

    /// Closes everything. On an error nothing of the batch can be committed: discard it.
    pub async fn close(&mut self) -> Result<(), DeltaFault> {
        while let Some((_, file)) = self.open.pop_first() {
            self.finish_file(file).await.map_err(|source| self.fault(source))?;
        }
        let Some(root) = self.synced_root.clone() else { return Ok(()) };
        let paths: Vec<_> =
            self.finished[self.synced..].iter().map(|file| file.path.to_string()).collect();
        durable::sync_files(root, paths)
            .await
            .map_err(|source| DeltaFault::store("sync a data file", &self.address, source))?;
        self.synced = self.finished.len();
        Ok(())
    }

    /// The files of the batch, closed.
    pub async fn finish(&mut self) -> Result<Vec<WrittenFile>, DeltaFault> {
        self.close().await?;
        self.synced = 0;
        Ok(std::mem::take(&mut self.finished))
    }

    pub async fn discard(&mut self) {
        while let Some((_, file)) = self.open.pop_first() {
            file.abort().await;
        }
        self.synced = 0;
        delete(&self.objects, &std::mem::take(&mut self.finished)).await;
    }

    fn fault(&self, source: Source) -> DeltaFault {
        if source.is::<parquet::errors::ParquetError>() || source.is::<ArrowError>() {
            DeltaFault::encode(&self.address, source)
        } else {
            DeltaFault::store("write a data file", &self.address, source)
        }
    }
}
