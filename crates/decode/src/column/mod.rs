//! The columns under construction: plain vectors, filled row by row and handed over to Arrow.
//!
//! Every column can be cut back to a number of rows, so that a record that turns out bad in its
//! last byte leaves nothing behind.

mod bitmap;
mod compile;
mod learned;
mod map;
mod nested;
mod primitive;
mod text;

use arrow_array::ArrayRef;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use arrow_schema::{ArrowError, DataType};
use headgate_moment::Format;

pub(crate) use compile::{JSON_KEY, compile, nullable};
use learned::Learned;
pub(crate) use map::MapColumn;
pub(crate) use nested::{ListColumn, StructColumn};
pub(crate) use primitive::{BooleanColumn, PrimitiveColumn};
pub(crate) use text::TextColumn;

/// One field of the schema.
pub(crate) struct Node {
    /// Index into [`headgate_model::field_paths`].
    pub(crate) field: u32,
    pub(crate) data_type: DataType,
    pub(crate) column: Column,
    /// A `null` that is written does not fit; a field that is left out does.
    pub(crate) refuses_null: bool,
}

pub(crate) enum Column {
    Text(TextColumn),
    /// Bytes that need not be text.
    Binary(TextColumn),
    /// JSON as it is written.
    Json {
        text: TextColumn,
        opening: Opening,
    },
    Int8(PrimitiveColumn<Int8Type>),
    Int16(PrimitiveColumn<Int16Type>),
    Int32(PrimitiveColumn<Int32Type>),
    Int64(PrimitiveColumn<Int64Type>),
    Float32(PrimitiveColumn<Float32Type>),
    Float64(PrimitiveColumn<Float64Type>),
    Boolean(BooleanColumn),
    Decimal {
        values: PrimitiveColumn<Decimal128Type>,
        precision: u8,
        scale: i8,
    },
    Date(PrimitiveColumn<Date32Type>),
    /// A date in a format of its own.
    WrittenDate {
        values: PrimitiveColumn<Date32Type>,
        format: Format,
    },
    WrittenTimestamp {
        values: PrimitiveColumn<TimestampMicrosecondType>,
        format: Format,
    },
    /// `zoned`: instants in UTC; else local times without a zone.
    Timestamp {
        values: PrimitiveColumn<TimestampMicrosecondType>,
        zoned: bool,
    },
    Struct(StructColumn),
    List(ListColumn),
    Map(MapColumn),
}

/// What a column of JSON holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    Object,
    Array,
    /// Whatever is not `null`.
    Any,
}

impl Opening {
    pub(crate) const fn begins(self, first: u8) -> bool {
        match self {
            Self::Object => first == b'{',
            Self::Array => first == b'[',
            Self::Any => first != b'n',
        }
    }
}

/// The same expression for whatever column it is.
macro_rules! each {
    ($column:expr, $name:ident => $body:expr) => {
        match $column {
            Column::Text($name) | Column::Binary($name) => $body,
            Column::Json { text: $name, .. } => $body,
            Column::Int8($name) => $body,
            Column::Int16($name) => $body,
            Column::Int32($name) => $body,
            Column::Int64($name) => $body,
            Column::Float32($name) => $body,
            Column::Float64($name) => $body,
            Column::Boolean($name) => $body,
            Column::Decimal { values: $name, .. } => $body,
            Column::Date($name) | Column::WrittenDate { values: $name, .. } => $body,
            Column::WrittenTimestamp { values: $name, .. } => $body,
            Column::Timestamp { values: $name, .. } => $body,
            Column::Struct($name) => $body,
            Column::List($name) => $body,
            Column::Map($name) => $body,
        }
    };
}

impl Node {
    pub(crate) fn truncate(&mut self, rows: usize) {
        each!(&mut self.column, column => column.truncate(rows));
    }

    /// Room for `rows` values as they were last time, in a chunk of `max_bytes` payload.
    pub(crate) fn reserve(&mut self, rows: usize, max_bytes: usize) {
        match &mut self.column {
            Column::Text(text) | Column::Binary(text) | Column::Json { text, .. } => {
                text.reserve(rows, max_bytes);
            }
            Column::Struct(object) => object.reserve(rows, max_bytes),
            Column::List(list) => list.reserve(rows, max_bytes),
            Column::Map(map) => map.reserve(rows, max_bytes),
            Column::Int8(values) => values.reserve(rows),
            Column::Int16(values) => values.reserve(rows),
            Column::Int32(values) => values.reserve(rows),
            Column::Int64(values) => values.reserve(rows),
            Column::Float32(values) => values.reserve(rows),
            Column::Float64(values) => values.reserve(rows),
            Column::Boolean(values) => values.reserve(rows),
            Column::Decimal { values, .. } => values.reserve(rows),
            Column::Date(values) | Column::WrittenDate { values, .. } => values.reserve(rows),
            Column::WrittenTimestamp { values, .. } => values.reserve(rows),
            Column::Timestamp { values, .. } => values.reserve(rows),
        }
    }

    pub(crate) fn push_null(&mut self) {
        self.column.push_null();
    }

    /// Hands the values over; the column is empty again.
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let data_type = &self.data_type;
        match &mut self.column {
            Column::Text(text) | Column::Json { text, .. } => text.finish(),
            Column::Binary(bytes) => bytes.finish_binary(),
            Column::Boolean(values) => Ok(values.finish()),
            Column::Struct(object) => object.finish(),
            Column::List(list) => list.finish(),
            Column::Int8(values) => values.finish(data_type),
            Column::Int16(values) => values.finish(data_type),
            Column::Int32(values) => values.finish(data_type),
            Column::Int64(values) => values.finish(data_type),
            Column::Float32(values) => values.finish(data_type),
            Column::Float64(values) => values.finish(data_type),
            Column::Decimal { values, .. } => values.finish(data_type),
            Column::Date(values) | Column::WrittenDate { values, .. } => values.finish(data_type),
            Column::WrittenTimestamp { values, .. } => values.finish(data_type),
            Column::Timestamp { values, .. } => values.finish(data_type),
            Column::Map(map) => map.finish(),
        }
    }
}

impl Column {
    pub(crate) fn push_null(&mut self) {
        match self {
            Self::Text(text) | Self::Binary(text) | Self::Json { text, .. } => text.push_null(),
            Self::Struct(object) => object.push_null(),
            Self::List(list) => list.push_null(),
            Self::Map(map) => map.push_null(),
            Self::Int8(values) => values.push(None),
            Self::Int16(values) => values.push(None),
            Self::Int32(values) => values.push(None),
            Self::Int64(values) => values.push(None),
            Self::Float32(values) => values.push(None),
            Self::Float64(values) => values.push(None),
            Self::Boolean(values) => values.push(None),
            Self::Decimal { values, .. } => values.push(None),
            Self::Date(values) | Self::WrittenDate { values, .. } => values.push(None),
            Self::WrittenTimestamp { values, .. } => values.push(None),
            Self::Timestamp { values, .. } => values.push(None),
        }
    }
}
