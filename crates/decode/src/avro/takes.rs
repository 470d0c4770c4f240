//! Which types fit which columns.

use arrow_schema::{DataType, Field};

use super::program::Reading;
use super::types::Type;
use crate::column::JSON_KEY;

/// How values of type `of` get into the column of `field`, if it takes any by itself; what is as it
/// is written has a reading of its own, for most fields are.
pub(super) fn reading(field: &Field, of: Type) -> Option<Reading> {
    Some(match (field.data_type(), of) {
        _ if !takes(field, of) => return None,
        (DataType::Utf8, Type::String) if !field.metadata().contains_key(JSON_KEY) => Reading::Text,
        (DataType::Int64, Type::Long) => Reading::Long,
        (DataType::Float64, Type::Double) => Reading::Double,
        (DataType::Timestamp(..), Type::Timestamp { unit, .. }) => Reading::Timestamp(unit),
        _ => Reading::Value(of),
    })
}

/// True when some value of type `of` fits the column of `field` by itself: objects, lists, maps
/// and unions are put together from others.
fn takes(field: &Field, of: Type) -> bool {
    match field.data_type() {
        DataType::Utf8 => match field.metadata().get(JSON_KEY).map(String::as_str) {
            Some("object") => matches!(of, Type::Record(_) | Type::Map(_)),
            Some("any") => true,
            Some(_) => matches!(of, Type::Array(_)),
            None => is_text(of),
        },
        DataType::Binary => matches!(of, Type::Bytes | Type::Fixed(_) | Type::String),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            is_number(of) || is_moment(of)
        }
        DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) => is_number(of),
        DataType::Boolean => of == Type::Boolean,
        DataType::Date32 => matches!(of, Type::Date | Type::String),
        DataType::Timestamp(_, zone) => match of {
            Type::Timestamp { local, .. } => local == zone.is_none(),
            of => of == Type::String,
        },
        _ => false,
    }
}

fn is_text(of: Type) -> bool {
    matches!(
        of,
        Type::String
            | Type::Enum(_)
            | Type::Bytes
            | Type::Fixed(_)
            | Type::UuidString
            | Type::UuidBytes
            | Type::UuidFixed
            | Type::Decimal { .. }
            | Type::BigDecimal
            | Type::Duration
    ) || is_moment(of)
}

fn is_moment(of: Type) -> bool {
    matches!(of, Type::Date | Type::TimeMillis | Type::TimeMicros | Type::Timestamp { .. })
}

fn is_number(of: Type) -> bool {
    matches!(
        of,
        Type::Int
            | Type::Long
            | Type::Float
            | Type::Double
            | Type::Decimal { .. }
            | Type::BigDecimal
    )
}
