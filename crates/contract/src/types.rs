//! Logical and physical types → Arrow.

use arrow_schema::{DataType, TimeUnit};

use crate::document::Property;
use crate::reader::Issues;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logical {
    Text,
    Date,
    Timestamp,
    Time,
    Number,
    Integer,
    Object,
    Array,
    Map,
    Boolean,
}

/// What a scalar property becomes.
#[derive(Debug, PartialEq)]
pub(crate) struct ScalarType {
    pub data_type: DataType,
    /// Bounds of `logicalTypeOptions.format` that the column's type does not enforce by itself.
    pub bounds: Option<(i128, i128)>,
    /// What the column cannot do that the document asks for.
    pub note: Option<&'static str>,
}

const NAMES: &str = "string, date, timestamp, time, number, integer, object, array, map or boolean";
const MAX_PRECISION: u8 = 38;
/// Physical types of strings that need not be text.
const BYTES: [&str; 5] = ["binary", "varbinary", "bytes", "blob", "bytea"];

impl Logical {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Time => "time",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Object => "object",
            Self::Array => "array",
            Self::Map => "map",
            Self::Boolean => "boolean",
        }
    }

    /// True of values that hold others.
    pub const fn is_nested(self) -> bool {
        matches!(self, Self::Object | Self::Array | Self::Map)
    }

    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::Text,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "time" => Self::Time,
            "number" => Self::Number,
            "integer" => Self::Integer,
            "object" => Self::Object,
            "array" => Self::Array,
            "map" => Self::Map,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }

    /// The logical type, or the one that the physical type tells where there is none. ODCS v3.0 has
    /// no logical timestamp: there, a date whose physical type is a timestamp is one.
    pub fn of(property: &Property<'_>, issues: &mut Issues) -> Option<Self> {
        let physical = property.physical_type.map(base_name).unwrap_or_default();
        let is_timestamp = physical.starts_with("timestamp") || physical.starts_with("datetime");
        if let Some(at) = &property.logical_type {
            return match at.as_text() {
                Some("date") if is_timestamp => Some(Self::Timestamp),
                name => {
                    let logical = name.and_then(Self::parse);
                    if logical.is_none() {
                        issues.add(at, NAMES);
                    }
                    logical
                }
            };
        }
        let told =
            match physical.as_str() {
                _ if is_timestamp => Some(Self::Timestamp),
                "string" | "text" | "varchar" | "nvarchar" | "char" | "nchar" | "bpchar"
                | "uuid" => Some(Self::Text),
                bytes if BYTES.contains(&bytes) => Some(Self::Text),
                "tinyint" | "smallint" | "int" | "integer" | "bigint" | "long" | "int2"
                | "int4" | "serial" | "bigserial" => Some(Self::Integer),
                "decimal" | "numeric" | "number" | "double" | "double precision" | "float"
                | "real" => Some(Self::Number),
                "bool" | "boolean" => Some(Self::Boolean),
                "date" => Some(Self::Date),
                "time" => Some(Self::Time),
                _ if property.items.is_some() => Some(Self::Array),
                _ if property.map.is_some() => Some(Self::Map),
                _ if property.properties.is_some() => Some(Self::Object),
                _ => None,
            };
        if told.is_none() {
            issues.missing(&property.at, "logicalType", NAMES);
        }
        told
    }
}

/// The column of a logical type that holds no other values.
pub(crate) fn scalar_type(
    logical: Logical,
    property: &Property<'_>,
    issues: &mut Issues,
) -> ScalarType {
    let plain = |data_type| ScalarType { data_type, bounds: None, note: None };
    let physical = property.physical_type.unwrap_or_default();
    let base = base_name(physical);
    match logical {
        Logical::Boolean => plain(DataType::Boolean),
        Logical::Date => plain(DataType::Date32),
        Logical::Timestamp if base == "timestamp_ntz" => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        Logical::Timestamp => plain(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
        Logical::Number | Logical::Integer => {
            if let Some(formatted) = format_type(option_text(property, "format")) {
                return formatted;
            }
            match base.as_str() {
                "tinyint" => plain(DataType::Int8),
                "smallint" | "int2" => plain(DataType::Int16),
                "int" | "int4" | "serial" => plain(DataType::Int32),
                "bigint" | "long" | "bigserial" => plain(DataType::Int64),
                "decimal" | "numeric" | "number" if physical.contains('(') => {
                    plain(decimal_type(logical, property, physical, issues))
                }
                _ if logical == Logical::Integer => plain(DataType::Int64),
                "float" | "real" | "float4" => plain(DataType::Float32),
                _ => plain(DataType::Float64),
            }
        }
        Logical::Text if BYTES.contains(&base.as_str()) => plain(DataType::Binary),
        // Delta has no time of day; the text's form is checked.
        Logical::Text | Logical::Time | Logical::Object | Logical::Array | Logical::Map => {
            plain(DataType::Utf8)
        }
    }
}

/// `decimal(10, 2)` → `decimal`.
fn base_name(physical: &str) -> String {
    physical.split(['(', '[']).next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn option_text<'a>(property: &Property<'a>, key: &str) -> Option<&'a str> {
    property.options.iter().find(|(name, _)| *name == key).and_then(|(_, at)| at.as_text())
}

/// The narrowest signed column that holds a format's values, and what of them it must refuse.
fn format_type(format: Option<&str>) -> Option<ScalarType> {
    let plain = |data_type| ScalarType { data_type, bounds: None, note: None };
    let unsigned = |data_type, max: u64| ScalarType {
        data_type,
        bounds: Some((0, i128::from(max))),
        note: None,
    };
    const NOTE: &str = "held in 38 decimal digits: integers beyond them break the type rule";
    Some(match format? {
        "i8" => plain(DataType::Int8),
        "i16" => plain(DataType::Int16),
        "i32" => plain(DataType::Int32),
        "i64" => plain(DataType::Int64),
        "i128" => ScalarType { note: Some(NOTE), ..plain(DataType::Decimal128(38, 0)) },
        "u8" => unsigned(DataType::Int16, u8::MAX.into()),
        "u16" => unsigned(DataType::Int32, u16::MAX.into()),
        "u32" => unsigned(DataType::Int64, u32::MAX.into()),
        "u64" => unsigned(DataType::Decimal128(20, 0), u64::MAX),
        "u128" => ScalarType {
            data_type: DataType::Decimal128(38, 0),
            bounds: Some((0, i128::MAX)),
            note: Some(NOTE),
        },
        "f32" => plain(DataType::Float32),
        "f64" => plain(DataType::Float64),
        _ => return None,
    })
}

fn decimal_type(
    logical: Logical,
    property: &Property<'_>,
    physical: &str,
    issues: &mut Issues,
) -> DataType {
    let inner = physical.split_once('(').map_or("", |(_, rest)| rest);
    let mut parts = inner.trim_end().trim_end_matches(')').split(',').map(str::trim);
    let precision = parts.next().and_then(|text| text.parse::<u8>().ok());
    let scale = parts.next().map_or(Some(0), |text| text.parse::<i8>().ok());
    match (precision, scale) {
        (Some(precision @ 1..=MAX_PRECISION), Some(scale @ 0..))
            if scale.unsigned_abs() <= precision
                && parts.next().is_none()
                && (logical == Logical::Number || scale == 0) =>
        {
            DataType::Decimal128(precision, scale)
        }
        _ => {
            let mut expected = format!("decimal(precision up to {MAX_PRECISION}, scale)");
            if logical == Logical::Integer {
                expected = format!("{expected} of scale 0 for an integer");
            }
            if let Some(at) = property.at.get("physicalType") {
                issues.add(&at, expected);
            }
            DataType::Float64
        }
    }
}
