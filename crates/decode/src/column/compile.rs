//! A schema to its columns.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, TimeUnit};
use headgate_model::map_parts;
use headgate_moment::Format;

use super::{
    BooleanColumn, Column, ListColumn, MapColumn, Node, Opening, PrimitiveColumn, StructColumn,
    TextColumn,
};
use crate::DecodeFault;

/// Metadata of a text that holds an `object`, an `array` or `any` value as JSON.
pub(crate) const JSON_KEY: &str = "headgate.json";
/// Metadata of a field where a `null` that is written does not fit: `refused`.
const NULL_KEY: &str = "headgate.null";

/// The same fields, nullable at every level; names, types and metadata stay.
pub(crate) fn nullable(fields: &Fields) -> Fields {
    fields.iter().map(|field| Arc::new(nullable_field(field))).collect()
}

fn nullable_field(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Struct(children) => DataType::Struct(nullable(children)),
        DataType::List(item) => DataType::List(Arc::new(nullable_field(item))),
        // A key is never NULL.
        DataType::Map(entries, sorted) if let Some([key, value]) = map_parts(entries) => {
            let parts = [Arc::clone(key), Arc::new(nullable_field(value))];
            let parts = DataType::Struct(parts.into_iter().collect());
            DataType::Map(Arc::new(entries.as_ref().clone().with_data_type(parts)), *sorted)
        }
        other => other.clone(),
    };
    field.clone().with_data_type(data_type).with_nullable(true)
}

/// Columns for an object of these fields.
pub(crate) fn compile(fields: &Fields) -> Result<StructColumn, DecodeFault> {
    let mut next = 0;
    object(fields, None, &mut next)
}

/// The format of a date or a timestamp that is not written as ISO 8601 has it.
fn written(field: &Field, path: &str) -> Result<Option<Format>, DecodeFault> {
    Format::of_metadata(field.metadata())
        .map_err(|reason| DecodeFault::Format { path: path.to_owned(), reason })
}

fn object(
    fields: &Fields,
    parent: Option<&str>,
    next: &mut u32,
) -> Result<StructColumn, DecodeFault> {
    let mut names = HashSet::new();
    let mut children = Vec::with_capacity(fields.len());
    for field in fields {
        let path = match parent {
            None => field.name().clone(),
            Some(parent) => format!("{parent}.{}", field.name()),
        };
        if !names.insert(field.name()) {
            return Err(DecodeFault::DuplicateColumn { path });
        }
        children.push(node(field, path, next)?);
    }
    Ok(StructColumn::new(fields.clone(), children))
}

fn node(field: &Field, path: String, next: &mut u32) -> Result<Node, DecodeFault> {
    let data_type = field.data_type().clone();
    let index = *next;
    *next += 1;
    let column = match &data_type {
        DataType::Utf8 if let Some(kind) = field.metadata().get(JSON_KEY) => {
            let opening = match kind.as_str() {
                "object" => Opening::Object,
                "any" => Opening::Any,
                _ => Opening::Array,
            };
            Column::Json { text: TextColumn::default(), opening }
        }
        DataType::Utf8 => Column::Text(TextColumn::default()),
        DataType::Binary => Column::Binary(TextColumn::default()),
        DataType::Int8 => Column::Int8(PrimitiveColumn::default()),
        DataType::Int16 => Column::Int16(PrimitiveColumn::default()),
        DataType::Int32 => Column::Int32(PrimitiveColumn::default()),
        DataType::Int64 => Column::Int64(PrimitiveColumn::default()),
        DataType::Float32 => Column::Float32(PrimitiveColumn::default()),
        DataType::Float64 => Column::Float64(PrimitiveColumn::default()),
        DataType::Boolean => Column::Boolean(BooleanColumn::default()),
        &DataType::Decimal128(precision @ 1..=38, scale) => {
            Column::Decimal { values: PrimitiveColumn::default(), precision, scale }
        }
        DataType::Date32 if let Some(format) = written(field, &path)? => {
            Column::WrittenDate { values: PrimitiveColumn::default(), format }
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(_))
            if let Some(format) = written(field, &path)? =>
        {
            Column::WrittenTimestamp { values: PrimitiveColumn::default(), format }
        }
        DataType::Date32 => Column::Date(PrimitiveColumn::default()),
        DataType::Timestamp(TimeUnit::Microsecond, zone)
            if zone.as_deref().is_none_or(|zone| matches!(zone, "UTC" | "+00:00")) =>
        {
            Column::Timestamp { values: PrimitiveColumn::default(), zoned: zone.is_some() }
        }
        DataType::Struct(fields) => Column::Struct(object(fields, Some(&path), next)?),
        DataType::List(item) => {
            let child = node(item, format!("{path}[]"), next)?;
            Column::List(ListColumn::new(item.clone(), child))
        }
        DataType::Map(entries, false)
            if let Some([key, value]) = map_parts(entries)
                && key.data_type() == &DataType::Utf8 =>
        {
            *next += 1; // The key's own number: what is wrong with a key is wrong with its map.
            let value = node(value, format!("{path}{{}}"), next)?;
            Column::Map(MapColumn::new(Arc::clone(entries), value))
        }
        _ => return Err(DecodeFault::UnsupportedType { path, data_type }),
    };
    let refuses_null = field.metadata().get(NULL_KEY).is_some_and(|nulls| nulls == "refused");
    Ok(Node { field: index, data_type, column, refuses_null })
}
