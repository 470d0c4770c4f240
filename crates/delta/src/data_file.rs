//! One Parquet data file while it is being written.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use deltalake::{ObjectStore, Path};
use futures::FutureExt;
use headgate_model::{FaultPoint, reach};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::told;
use crate::fault::Source;
use crate::partitions::PartitionKey;
use crate::parts::Parts;
use crate::stats::{self, StatsColumns};
use crate::upload::Upload;

/// Rows that decide whether a column is worth a dictionary.
const SAMPLE_ROWS: usize = 1024;

/// How values are compressed in data files, by Spark's names of the codecs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codec {
    /// Level 1: a third smaller than snappy for about the same time.
    #[default]
    Zstd,
    Snappy,
    Gzip,
    Lz4,
    Uncompressed,
}

impl Codec {
    pub const NAMES: [(&str, Self); 5] = [
        ("zstd", Self::Zstd),
        ("snappy", Self::Snappy),
        ("gzip", Self::Gzip),
        ("lz4", Self::Lz4),
        ("none", Self::Uncompressed),
    ];

    fn compression(self) -> Compression {
        match self {
            Self::Zstd => Compression::ZSTD(ZstdLevel::default()),
            Self::Snappy => Compression::SNAPPY,
            Self::Gzip => Compression::GZIP(parquet::basic::GzipLevel::default()),
            Self::Lz4 => Compression::LZ4_RAW,
            Self::Uncompressed => Compression::UNCOMPRESSED,
        }
    }

    fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, codec)| *codec == self).map_or("none", |(name, _)| name)
    }
}

/// A finished file, not yet in any log.
#[derive(Clone, Debug)]
pub(crate) struct WrittenFile {
    /// Relative to the table's root, as the object store names it.
    pub path: Path,
    pub rows: u64,
    /// The `add` action.
    pub add: Value,
}

impl WrittenFile {
    pub fn bytes(&self) -> u64 {
        self.add.get("size").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Its rows are not new to the table.
    pub fn rearranged(mut self) -> Self {
        self.add["dataChange"] = Value::Bool(false);
        self
    }
}

/// Rows go in, a Parquet object comes out; nothing refers to it until a commit does.
pub(crate) struct DataFile {
    upload: Upload,
    partition: PartitionKey,
    writer: ArrowWriter<Parts>,
    rows: u64,
}

impl DataFile {
    /// `sample` is the first batch that will be written: it decides on dictionaries.
    pub fn create(
        objects: Arc<dyn ObjectStore>,
        schema: SchemaRef,
        folder: &str,
        partition: PartitionKey,
        codec: Codec,
        sample: &RecordBatch,
    ) -> Result<Self, Source> {
        let name = format!("{folder}part-00000-{}-c000.{}.parquet", Uuid::new_v4(), codec.name());
        let writer =
            ArrowWriter::try_new(Parts::default(), schema, Some(properties(codec, sample)))?;
        let upload = Upload::new(objects, Path::parse(name)?);
        Ok(Self { upload, partition, writer, rows: 0 })
    }

    /// Bytes in memory: the open row group, and what waits for its upload.
    pub fn buffered_bytes(&self) -> usize {
        self.writer.memory_size() + self.writer.inner().len()
    }

    /// Of them, those of the open row group.
    pub fn row_group_bytes(&self) -> usize {
        self.writer.memory_size()
    }

    /// Bytes that the file has, or will have when the open row group is flushed.
    pub fn file_bytes(&self) -> usize {
        self.writer.bytes_written() + self.writer.in_progress_size()
    }

    pub async fn write(&mut self, rows: &RecordBatch) -> Result<(), Source> {
        self.writer.write(rows)?;
        self.rows += rows.num_rows() as u64;
        self.upload_full_parts().await
    }

    /// Ends the open row group, so that its memory can go.
    pub async fn flush(&mut self) -> Result<(), Source> {
        self.writer.flush()?;
        self.upload_full_parts().await
    }

    async fn upload_full_parts(&mut self) -> Result<(), Source> {
        while let Some(part) = self.writer.inner_mut().take_full() {
            self.put_part(part).await?;
        }
        Ok(())
    }

    async fn put_part(&mut self, part: Vec<u8>) -> Result<(), Source> {
        self.upload.put_part(part).await?;
        Ok(reach(FaultPoint::Part)?)
    }

    pub async fn finish(
        mut self,
        columns: &[String],
        stats: StatsColumns,
    ) -> Result<WrittenFile, Source> {
        match self.close().await {
            Ok(footer) => Ok(self.describe(columns, &stats::from_footer(&footer, stats))),
            Err(source) => {
                self.abort().await;
                Err(source)
            }
        }
    }

    async fn close(&mut self) -> Result<parquet::file::metadata::ParquetMetaData, Source> {
        let footer = self.writer.finish()?;
        self.upload_full_parts().await?;
        let rest = self.writer.inner_mut().take_rest();
        self.upload.finish(rest).await?;
        Ok(footer)
    }

    fn describe(self, columns: &[String], stats: &str) -> WrittenFile {
        let values: serde_json::Map<String, Value> = columns
            .iter()
            .zip(&self.partition)
            .map(|(name, value)| (name.clone(), value.clone().map_or(Value::Null, Value::from)))
            .collect();
        // The log holds the path URL-encoded; our names have nothing to encode but `%`.
        let path = self.upload.path.as_ref().replace('%', "%25");
        let add = serde_json::json!({
            "path": path,
            "partitionValues": values,
            "size": self.upload.bytes,
            "modificationTime": chrono::Utc::now().timestamp_millis(),
            "dataChange": true,
            "stats": stats,
        });
        WrittenFile { path: self.upload.path, rows: self.rows, add }
    }

    pub async fn abort(mut self) {
        self.upload.abort().await;
    }
}

fn properties(codec: Codec, sample: &RecordBatch) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(codec.compression())
        .set_created_by(concat!("headgate ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_max_row_group_row_count(Some(1 << 20))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_statistics_truncate_length(Some(32))
        .set_offset_index_disabled(true)
        .set_dictionary_page_size_limit(256 << 10);
    for (field, column) in sample.schema_ref().fields().iter().zip(sample.columns()) {
        builder = dictionary(builder, field.name(), column);
    }
    builder.build()
}

/// A dictionary costs a third of the encoding time and gains nothing where values are mostly
/// distinct, so a sample of the first rows decides for each flat column.
fn dictionary(
    builder: WriterPropertiesBuilder,
    name: &str,
    column: &arrow_array::ArrayRef,
) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(name);
    match column.data_type() {
        DataType::Boolean
        | DataType::Float64
        | DataType::Float32
        | DataType::Timestamp(..)
        | DataType::Utf8
        | DataType::Int64
        | DataType::Int32
        | DataType::Binary => builder.set_column_dictionary_enabled(path, repeats(column)),
        _ => builder,
    }
}

fn repeats(column: &arrow_array::ArrayRef) -> bool {
    let sample = column.slice(0, column.len().min(SAMPLE_ROWS));
    let rows = sample.len() - sample.null_count();
    let Ok(text) = arrow_cast::cast(&sample, &DataType::Utf8) else { return true };
    let Some(text) = text.as_any().downcast_ref::<arrow_array::StringArray>() else { return true };
    let distinct: std::collections::HashSet<&str> = text.iter().flatten().collect();
    distinct.len() * 2 <= rows.max(1)
}

/// Drops files that no commit can refer to.
pub(crate) async fn delete(objects: &Arc<dyn ObjectStore>, files: &[WrittenFile]) {
    let deletions = files.iter().map(|file| {
        let path = file.path.clone();
        deltalake::logstore::object_store::ObjectStoreExt::delete(objects.as_ref(), &file.path)
            .map(move |result| (path, result))
            .boxed()
    });
    for (path, result) in futures::future::join_all(deletions).await {
        if let Err(error) = result {
            let file = path.filename();
            let error = told(error.into());
            tracing::warn!(file, %error, "file of a dropped batch left behind, vacuum removes it");
        }
    }
}
