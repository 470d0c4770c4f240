//! The files that a table consists of, and their rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, ListArray, MapArray, RecordBatch, StringArray, StructArray, new_null_array,
};
use arrow_cast::{CastOptions, cast, cast_with_options};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use deltalake::kernel::Snapshot;
use deltalake::{ObjectStore, Path};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use headgate_model::map_parts;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::data_file::WrittenFile;
use crate::fault::{DeltaFault, Source};
use crate::object_reader::ObjectReader;
use crate::store::TableStore;

/// Values of partition columns, by name, as the log has them.
pub(crate) type PartitionValues = BTreeMap<String, Option<String>>;

#[derive(Clone, Debug)]
pub(crate) struct ActiveFile {
    /// As the log spells it: who removes the file must spell it so, too.
    pub logged_path: String,
    pub path: Path,
    pub size: u64,
    /// In milliseconds since the epoch.
    pub modified: i64,
    pub partition: PartitionValues,
}

impl ActiveFile {
    /// One that nothing refers to yet.
    pub fn written(file: &WrittenFile) -> Self {
        let text = |key: &str| file.add.get(key).and_then(Value::as_str).unwrap_or_default();
        let values = file.add.get("partitionValues").and_then(Value::as_object);
        let partition = values.into_iter().flatten();
        let partition =
            partition.map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned)));
        Self {
            logged_path: text("path").to_owned(),
            path: file.path.clone(),
            size: file.bytes(),
            modified: 0,
            partition: partition.collect(),
        }
    }
}

/// The files of `snapshot` that `keep` wants; the others are not held in memory.
pub(crate) async fn active_files(
    store: &TableStore,
    snapshot: &Snapshot,
    keep: impl Fn(&ActiveFile) -> bool,
) -> Result<Vec<ActiveFile>, DeltaFault> {
    let fail = |source: Source| DeltaFault::store("list the files", &store.address, source);
    let mut batches = snapshot.files(store.store.as_ref(), None);
    let mut files = Vec::new();
    while let Some(batch) = batches.try_next().await.map_err(|source| fail(source.into()))? {
        let found = files_of(&batch).map_err(fail)?;
        files.extend(found.into_iter().filter(&keep));
    }
    Ok(files)
}

fn files_of(batch: &RecordBatch) -> Result<Vec<ActiveFile>, Source> {
    let column = |name: &str| {
        batch.column_by_name(name).ok_or_else(|| Source::from(format!("files without {name}")))
    };
    let paths = cast(column("path")?, &DataType::Utf8)?;
    let paths = paths.as_string::<i32>();
    let sizes = cast(column("size")?, &DataType::Int64)?;
    let sizes = sizes.as_primitive::<Int64Type>();
    let modified = cast(column("modificationTime")?, &DataType::Int64)?;
    let modified = modified.as_primitive::<Int64Type>();
    let constants = column("fileConstantValues")?.as_struct();
    let partitions = constants.column_by_name("partitionValues");
    let rows = 0..batch.num_rows();
    rows.map(|row| {
        let logged_path = paths.value(row).to_owned();
        let decoded = percent_decode_str(&logged_path).decode_utf8()?.into_owned();
        let path = Path::parse(&decoded).unwrap_or_else(|_| Path::from(decoded));
        let partition = match partitions {
            Some(partitions) => partition_values(partitions, row)?,
            None => PartitionValues::new(),
        };
        let size = u64::try_from(sizes.value(row))?;
        Ok(ActiveFile { logged_path, path, size, modified: modified.value(row), partition })
    })
    .collect()
}

fn partition_values(column: &ArrayRef, row: usize) -> Result<PartitionValues, Source> {
    let map = column.as_map_opt().ok_or("partition values that are no map")?;
    if map.is_null(row) {
        return Ok(PartitionValues::new());
    }
    let entries = map.value(row);
    let keys = cast(entries.column(0), &DataType::Utf8)?;
    let values = cast(entries.column(1), &DataType::Utf8)?;
    let keys = keys.as_string::<i32>().iter().flatten().map(str::to_owned);
    let values = values.as_string::<i32>();
    Ok(keys.zip(values.iter().map(|value| value.map(str::to_owned))).collect())
}

/// How much of a file is read at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub batch_rows: usize,
    /// Rows in all.
    pub limit: Option<usize>,
}

/// The rows of a file with the columns of `schema`: those that the file lacks are its partition's,
/// or NULL.
pub(crate) async fn rows_of(
    objects: Arc<dyn ObjectStore>,
    file: &ActiveFile,
    schema: &SchemaRef,
    reading: Reading,
) -> Result<BoxStream<'static, Result<RecordBatch, Source>>, Source> {
    let ActiveFile { path, size, partition, .. } = file.clone();
    let reader = ObjectReader { objects, path, size };
    let mut builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
    let descriptor = builder.parquet_schema();
    let roots = descriptor.root_schema().get_fields().iter().enumerate();
    let wanted = roots.filter(|(_, root)| schema.field_with_name(root.name()).is_ok());
    let mask =
        ProjectionMask::roots(descriptor, wanted.map(|(index, _)| index).collect::<Vec<_>>());
    builder = builder.with_projection(mask).with_batch_size(reading.batch_rows);
    if let Some(limit) = reading.limit {
        builder = builder.with_limit(limit);
    }
    let schema = Arc::clone(schema);
    let batches = builder.build()?.map(move |batch| Ok(fit_rows(&batch?, &partition, &schema)?));
    Ok(batches.boxed())
}

fn fit_rows(
    rows: &RecordBatch,
    partition: &PartitionValues,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| {
        match (rows.column_by_name(field.name()), partition.get(field.name())) {
            (Some(column), _) => fit(column, field.data_type()),
            (None, Some(value)) => {
                cast(&StringArray::from(vec![value.as_deref(); rows.num_rows()]), field.data_type())
            }
            (None, None) => Ok(new_null_array(field.data_type(), rows.num_rows())),
        }
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// `column` as `wanted`, at any depth; a value that does not fit is an error, not NULL.
fn fit(column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == wanted {
        return Ok(Arc::clone(column));
    }
    match wanted {
        DataType::Struct(fields) if column.as_struct_opt().is_some() => {
            let found = column.as_struct();
            let children = fields.iter().map(|field| match found.column_by_name(field.name()) {
                Some(child) => fit(child, field.data_type()),
                None => Ok(new_null_array(field.data_type(), found.len())),
            });
            let children = children.collect::<Result<Vec<_>, _>>()?;
            let nulls = found.nulls().cloned();
            Ok(Arc::new(StructArray::try_new(fields.clone(), children, nulls)?))
        }
        DataType::List(item) if column.as_list_opt::<i32>().is_some() => {
            let found = column.as_list::<i32>();
            let values = fit(found.values(), item.data_type())?;
            let (offsets, nulls) = (found.offsets().clone(), found.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, nulls)?))
        }
        DataType::Map(entries, sorted)
            if let (Some(parts), Some(found)) = (map_parts(entries), column.as_map_opt()) =>
        {
            let fitted = parts
                .iter()
                .zip(found.entries().columns())
                .map(|(part, column)| fit(column, part.data_type()))
                .collect::<Result<Vec<_>, _>>()?;
            let fields = parts.into_iter().cloned().collect();
            let fitted = StructArray::try_new(fields, fitted, None)?;
            let (offsets, nulls) = (found.offsets().clone(), found.nulls().cloned());
            let map = MapArray::try_new(Arc::clone(entries), offsets, fitted, nulls, *sorted)?;
            Ok(Arc::new(map))
        }
        _ => {
            let strict = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(column, wanted, &strict)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow_array::{Int32Array, Int64Array};
    use arrow_schema::{Field, Fields, Schema};

    fn field(name: &str, data_type: DataType) -> Field {
        Field::new(name, data_type, true)
    }

    #[test]
    fn columns_come_by_name_from_the_file_its_partition_or_nowhere() {
        let inner = Fields::from(vec![field("x", DataType::Int32)]);
        let nested = StructArray::new(inner, vec![Arc::new(Int32Array::from(vec![7, 8]))], None);
        let rows = RecordBatch::try_from_iter([
            ("b", Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef),
            ("a", Arc::new(nested) as ArrayRef),
        ])
        .unwrap();
        let wide = vec![field("y", DataType::Utf8), field("x", DataType::Int64)];
        let schema = SchemaRef::from(Schema::new(vec![
            field("a", DataType::Struct(wide.into())),
            field("b", DataType::Int64),
            field("day", DataType::Date32),
            field("new", DataType::Utf8),
        ]));
        let partition = PartitionValues::from([("day".to_owned(), Some("1970-01-03".to_owned()))]);
        let fitted = fit_rows(&rows, &partition, &schema).unwrap();
        assert_eq!(fitted.schema(), schema);
        let nested = fitted.column(0).as_struct();
        assert_eq!(nested.column(0).null_count(), 2);
        assert_eq!(nested.column(1).as_ref(), &Int64Array::from(vec![7, 8]) as &dyn Array);
        assert_eq!(fitted.column(1).as_ref(), &Int64Array::from(vec![1, 2]) as &dyn Array);
        let days = cast(fitted.column(2), &DataType::Int32).unwrap();
        assert_eq!(days.as_ref(), &Int32Array::from(vec![2, 2]) as &dyn Array);
        assert_eq!(fitted.column(3).null_count(), 2);
    }

    #[test]
    fn a_value_that_does_not_fit_is_an_error() {
        let long = Arc::new(Int64Array::from(vec![1 << 40])) as ArrayRef;
        assert!(fit(&long, &DataType::Int32).is_err());
    }
}
