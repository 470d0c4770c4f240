//! Rows of columns from payloads, whatever their format.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headgate_model::DeadLetterKind;

use crate::column::{self, StructColumn};
use crate::extra::ExtraColumn;
use crate::notes::RowNotes;
use crate::record_log::RecordLog;
use crate::{DecodeFault, DecodeOptions, Decoded, Decoder, EXTRA_COLUMN, Payloads, UnknownFields};

/// A format: one payload to one row.
pub(crate) trait PayloadReader: Send {
    /// Gives every column of `row` exactly one value. What it has pushed by the time it fails is
    /// taken back.
    fn read(&mut self, payload: &[u8], row: Row<'_>) -> Result<(), NoRow>;
}

/// Where a payload goes.
pub(crate) struct Row<'a> {
    pub(crate) columns: &'a mut StructColumn,
    /// For fields that no column is named for, if they are asked for.
    pub(crate) extra: Option<&'a mut ExtraColumn>,
    pub(crate) notes: &'a mut RowNotes,
}

/// Why a payload is a dead letter; never a value of it.
pub(crate) struct NoRow {
    pub(crate) kind: DeadLetterKind,
    pub(crate) message: String,
}

/// Columns, and what fills them.
pub(crate) struct RowDecoder<R> {
    schema: SchemaRef,
    options: DecodeOptions,
    columns: StructColumn,
    extra: Option<ExtraColumn>,
    notes: RowNotes,
    pub(crate) reader: R,
}

impl<R: PayloadReader> RowDecoder<R> {
    /// Columns of `schema`, all nullable. Refuses types that no payload is decoded to, two fields of
    /// one path, and a field named [`EXTRA_COLUMN`] when that is asked for.
    pub(crate) fn new(
        schema: &SchemaRef,
        options: DecodeOptions,
        reader: R,
    ) -> Result<Self, DecodeFault> {
        let fields = column::nullable(schema.fields());
        let columns = column::compile(&fields)?;
        let mut all = fields.to_vec();
        let extra = (options.unknown_fields == UnknownFields::Extra).then(ExtraColumn::default);
        if extra.is_some() {
            if fields.find(EXTRA_COLUMN).is_some() {
                return Err(DecodeFault::ReservedColumn { path: EXTRA_COLUMN.to_owned() });
            }
            all.push(Arc::new(Field::new(EXTRA_COLUMN, DataType::Utf8, true)));
        }
        let schema = Arc::new(Schema::new_with_metadata(all, schema.metadata().clone()));
        Ok(Self { schema, options, columns, extra, notes: RowNotes::default(), reader })
    }

    fn payload(&mut self, payload: &[u8], record: u32, log: &mut RecordLog) {
        let row = log.rows();
        self.notes.begin(row);
        let into =
            Row { columns: &mut self.columns, extra: self.extra.as_mut(), notes: &mut self.notes };
        match self.reader.read(payload, into) {
            Ok(()) => {
                if let Some(extra) = &mut self.extra {
                    extra.end_row();
                }
                self.notes.keep(self.options.unknown_fields == UnknownFields::Reject);
                log.row(record);
            }
            Err(NoRow { kind, message }) => {
                self.roll_back(row as usize);
                log.dead(record, kind, message);
            }
        }
    }

    #[cold]
    fn roll_back(&mut self, rows: usize) {
        self.columns.truncate(rows);
        if let Some(extra) = &mut self.extra {
            extra.text.truncate(rows);
        }
        self.notes.forget();
    }

    fn null_row(&mut self) {
        self.columns.push_null();
        if let Some(extra) = &mut self.extra {
            extra.end_row();
        }
    }

    fn finish(&mut self, len: usize) -> Result<RecordBatch, DecodeFault> {
        let mut columns = self.columns.finish_children()?;
        if let Some(extra) = &mut self.extra {
            columns.push(extra.text.finish()?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(len));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}

impl<R: PayloadReader> Decoder for RowDecoder<R> {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn decode_payloads(&mut self, payloads: Payloads<'_>) -> Result<Decoded, DecodeFault> {
        let bytes = payloads.bytes()?;
        self.columns.reserve(payloads.len(), bytes);
        if let Some(extra) = &mut self.extra {
            extra.text.reserve(payloads.len(), bytes);
        }
        let mut log = RecordLog::default();
        for (payload, index) in payloads.iter().zip(0..) {
            match payload {
                Some(payload) => self.payload(payload, index, &mut log),
                None => {
                    if log.tombstone(index, self.options.tombstones) {
                        self.null_row();
                    }
                }
            }
        }
        let rows = self.finish(log.rows() as usize)?;
        Ok(log.finish(rows, self.notes.take()))
    }
}
