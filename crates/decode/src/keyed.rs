//! Keys as one more column of the rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StructArray, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use headgate_model::{
    DeadLetterKind, FieldViolation, SchemaDifference, UNKNOWN_FIELD, WriterSchema, field_paths,
};

use crate::column::{JSON_KEY, nullable};
use crate::framed::schema_ids;
use crate::{DeadRecord, DecodeFault, Decoded, Decoder, Payloads, RowRecords, WantedSchema};

/// The columns of a contract, apart by where they come from.
#[derive(Clone, Debug)]
pub struct KeySplit {
    schema: SchemaRef,
    /// Index of the key's column.
    at: usize,
    /// All other columns.
    pub values: SchemaRef,
    /// The fields of the key's column, if it is an object; else that column.
    pub keys: SchemaRef,
}

impl KeySplit {
    /// `None` without a column of that name.
    pub fn of(schema: &SchemaRef, column: &str) -> Option<Self> {
        let at = schema.index_of(column).ok()?;
        let mut others = schema.fields().to_vec();
        let key = others.remove(at);
        let values = Schema::new_with_metadata(others, schema.metadata().clone());
        let keys = match key.data_type() {
            DataType::Struct(fields) => Schema::new(fields.clone()),
            _ => Schema::new(vec![key]),
        };
        let (values, keys) = (Arc::new(values), Arc::new(keys));
        Some(Self { schema: Arc::clone(schema), at, values, keys })
    }

    /// True when any text is a value of the key's column.
    pub fn is_text(&self) -> bool {
        let field = self.schema.field(self.at);
        *field.data_type() == DataType::Utf8 && !field.metadata().contains_key(JSON_KEY)
    }

    /// True when the key's column holds one value, not an object.
    pub fn is_scalar(&self) -> bool {
        !matches!(self.schema.field(self.at).data_type(), DataType::Struct(_))
    }
}

/// A decoder of both parts of a record: `values` into the columns of [`KeySplit::values`], `keys` into those
/// of [`KeySplit::keys`], with [`crate::Tombstones::Keep`]. A record without a key has NULL there;
/// one whose key cannot be decoded is a dead letter.
pub fn keyed(
    split: &KeySplit,
    values: Box<dyn Decoder>,
    keys: Box<dyn Decoder>,
) -> Box<dyn Decoder> {
    let mut fields = values.schema().fields().to_vec();
    let key = nullable(&Fields::from(vec![split.schema.field(split.at).clone()]));
    fields.extend(key.iter().cloned());
    let column = fields.pop().into_iter();
    fields.splice(split.at..split.at, column);
    let numbers = |field: &Field| field_paths(&Schema::new(vec![field.clone()])).len() as u32;
    let before = split.schema.fields()[..split.at].iter().map(|field| numbers(field)).sum();
    Box::new(KeyedDecoder {
        schema: Arc::new(Schema::new_with_metadata(fields, split.schema.metadata().clone())),
        at: split.at,
        is_scalar: split.is_scalar(),
        first: before,
        numbers: numbers(split.schema.field(split.at)),
        values,
        keys,
        of_values: BTreeSet::new(),
        of_keys: BTreeSet::new(),
        last: None,
    })
}

struct KeyedDecoder {
    schema: SchemaRef,
    at: usize,
    is_scalar: bool,
    /// Number of the key's column, as [`field_paths`] counts.
    first: u32,
    /// How many numbers it has with all that is in it.
    numbers: u32,
    values: Box<dyn Decoder>,
    keys: Box<dyn Decoder>,
    /// Schemas that either has asked for: one of keys says nothing of values.
    of_values: BTreeSet<u32>,
    of_keys: BTreeSet<u32>,
    /// Who was told of a schema last: if it is refused, then by that one.
    last: Option<(u32, Part)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Values,
    Keys,
}

impl Decoder for KeyedDecoder {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn decode_payloads(&mut self, payloads: Payloads<'_>) -> Result<Decoded, DecodeFault> {
        let values = self.values.decode_payloads(payloads)?;
        let keys = self.keys.decode_payloads(payloads.of_keys())?;
        let pairs = Pairs::of(&values.records, &keys.records);
        let rows = self.rows(&values.rows, &keys.rows, &pairs, payloads.of_keys())?;
        let behind = |field| if field < self.first { field } else { field + self.numbers };
        let below = self.first + u32::from(!self.is_scalar);
        let of_values = moved(&values.fields, &pairs.values, behind);
        let of_keys = moved(&keys.fields, &pairs.keys, |field| below + field);
        let mut fields: Vec<_> = of_values.chain(of_keys).collect();
        fields.sort_unstable();
        fields.dedup();
        let mut dead = values.dead;
        let lost =
            keys.dead.into_iter().filter(|key| row_of(&values.records, key.record).is_some());
        dead.extend(lost.map(|key| DeadRecord { message: format!("key: {}", key.message), ..key }));
        dead.sort_by_key(|dead| dead.record);
        let records = RowRecords::Some(pairs.records);
        Ok(Decoded { rows, records, fields, dead, skipped: values.skipped })
    }

    fn wanted_schemas(&mut self, payloads: Payloads<'_>) -> Vec<WantedSchema> {
        let mut wanted = self.values.wanted_schemas(payloads);
        self.of_values = schema_ids(&wanted);
        let of_keys = self.keys.wanted_schemas(payloads.of_keys());
        self.of_keys = schema_ids(&of_keys);
        wanted.extend(of_keys);
        wanted.sort_by_key(|wanted| wanted.record);
        wanted
    }

    fn learn_schema(
        &mut self,
        id: u32,
        schema: &WriterSchema,
    ) -> Result<Vec<SchemaDifference>, DecodeFault> {
        // One at a time: the other asks again, and is judged by itself.
        if self.of_values.remove(&id) {
            self.last = Some((id, Part::Values));
            return self.values.learn_schema(id, schema);
        }
        if self.of_keys.remove(&id) {
            self.last = Some((id, Part::Keys));
            return self.keys.learn_schema(id, schema);
        }
        Ok(Vec::new())
    }

    fn refuse_schema(&mut self, id: u32, kind: DeadLetterKind, reason: &str) {
        let last = self.last.take().filter(|(last, _)| *last == id).map(|(_, part)| part);
        if last != Some(Part::Keys) {
            self.values.refuse_schema(id, kind, reason);
        }
        if last != Some(Part::Values) {
            self.keys.refuse_schema(id, kind, reason);
        }
    }

    fn forget_schema(&mut self, id: u32) {
        self.values.forget_schema(id);
        self.keys.forget_schema(id);
    }
}

impl KeyedDecoder {
    fn rows(
        &self,
        values: &RecordBatch,
        keys: &RecordBatch,
        pairs: &Pairs,
        payloads: Payloads<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        let values = taken(values, &pairs.values)?;
        let keys = taken(keys, &pairs.keys)?;
        let key: ArrayRef = if self.is_scalar {
            Arc::clone(keys.column(0))
        } else {
            let present: Vec<bool> = payloads.iter().map(|key| key.is_some()).collect();
            let present = pairs.records.iter().map(|record| present[*record as usize]);
            let fields = keys.schema().fields().clone();
            let columns = keys.columns().to_vec();
            let nulls = Some(NullBuffer::from_iter(present));
            Arc::new(StructArray::try_new_with_length(fields, columns, nulls, keys.num_rows())?)
        };
        let mut columns = values.columns().to_vec();
        columns.insert(self.at, key);
        let options = RecordBatchOptions::new().with_row_count(Some(pairs.records.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }
}

/// Records of which both parts are rows, ascending, and where those rows are.
struct Pairs {
    records: Vec<u32>,
    values: UInt32Array,
    keys: UInt32Array,
}

impl Pairs {
    fn of(values: &RowRecords, keys: &RowRecords) -> Self {
        let (mut records, mut of_values, mut of_keys) = (Vec::new(), Vec::new(), Vec::new());
        for value in 0..values.len() as u32 {
            let record = values.get(value).unwrap_or_default();
            if let Some(key) = row_of(keys, record) {
                records.push(record);
                of_values.push(value);
                of_keys.push(key);
            }
        }
        Self { records, values: of_values.into(), keys: of_keys.into() }
    }
}

fn row_of(records: &RowRecords, record: u32) -> Option<u32> {
    match records {
        RowRecords::All(len) => (record < *len).then_some(record),
        RowRecords::Some(records) => records.binary_search(&record).ok().map(|row| row as u32),
    }
}

fn taken(rows: &RecordBatch, indices: &UInt32Array) -> Result<RecordBatch, ArrowError> {
    if indices.len() == rows.num_rows() {
        return Ok(rows.clone());
    }
    take_record_batch(rows, indices)
}

/// Violations of rows that are among `rows` still, by where they are now and their new number.
fn moved<'a>(
    fields: &'a [FieldViolation],
    rows: &'a UInt32Array,
    number: impl Fn(u32) -> u32 + 'a,
) -> impl Iterator<Item = FieldViolation> + 'a {
    fields.iter().filter_map(move |violation| {
        let row = rows.values().binary_search(&violation.row).ok()? as u32;
        let field = match violation.field {
            UNKNOWN_FIELD => UNKNOWN_FIELD,
            field => number(field),
        };
        Some(FieldViolation { row, field })
    })
}
