//! Delta column statistics from a Parquet footer: what readers skip files by.

use chrono::{DateTime, Datelike, Duration as Days, NaiveDate, SecondsFormat};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;
use serde_json::{Map, Number, Value};

use crate::entry::TableMetadata;

/// Delta's default of how many top-level columns are indexed.
const MAX_COLUMNS: usize = 32;

/// Which columns' values may appear in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatsColumns {
    /// The first 32.
    All,
    /// Only columns of Headgate's own, so that no rejected value reaches the output's log.
    OwnOnly,
}

impl StatsColumns {
    const PROPERTY: &str = "delta.dataSkippingStatsColumns";

    /// As the table was created.
    pub(crate) fn of(metadata: &TableMetadata) -> Self {
        let property = metadata.configuration.get(Self::PROPERTY).and_then(Value::as_str);
        let is_own = |name: &str| OWN_COLUMNS.contains(&name.trim());
        match property {
            Some(columns) if columns.split(',').all(is_own) => Self::OwnOnly,
            _ => Self::All,
        }
    }
}

/// Columns of side tables that carry no payload value.
pub const OWN_COLUMNS: [&str; 6] = [
    "_kafka_topic",
    "_kafka_partition",
    "_kafka_offset",
    "_kafka_timestamp",
    "_ingested_at",
    "_batch_uuid",
];

/// The `stats` string of an `add` action.
pub(crate) fn from_footer(footer: &ParquetMetaData, columns: StatsColumns) -> String {
    let (mut min, mut max, mut nulls) = (Map::new(), Map::new(), Map::new());
    let schema = footer.file_metadata().schema_descr();
    let mut tops: Vec<&str> = Vec::new();
    for (index, column) in schema.columns().iter().enumerate() {
        let path: Vec<&str> = column.path().parts().iter().map(String::as_str).collect();
        let Some(top) = path.first().copied() else { continue };
        if !tops.contains(&top) {
            tops.push(top);
        }
        let wanted = match columns {
            StatsColumns::All => tops.len() <= MAX_COLUMNS,
            StatsColumns::OwnOnly => OWN_COLUMNS.contains(&top),
        };
        if !wanted || column.max_rep_level() > 0 {
            continue;
        }
        let chunks = footer.row_groups().iter().map(|group| group.column(index));
        let Some(summary) = Summary::of(chunks) else { continue };
        insert(&mut nulls, &path, Value::from(summary.nulls));
        if let Some((low, high)) = summary.bounds {
            insert(&mut min, &path, low);
            insert(&mut max, &path, high);
        }
    }
    serde_json::json!({
        "numRecords": footer.file_metadata().num_rows(),
        "minValues": min,
        "maxValues": max,
        "nullCount": nulls,
    })
    .to_string()
}

fn insert(map: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => {
            map.insert((*name).to_owned(), value);
        }
        [name, rest @ ..] => {
            let child = map.entry((*name).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(child) = child {
                insert(child, rest, value);
            }
        }
    }
}

struct Summary {
    nulls: u64,
    bounds: Option<(Value, Value)>,
}

/// A bound in an order that is comparable over row groups.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Bound {
    Int(i128),
    Float(f64),
    Text(Vec<u8>),
}

impl Summary {
    /// `None` when a row group has no statistics.
    fn of<'a>(chunks: impl Iterator<Item = &'a ColumnChunkMetaData>) -> Option<Self> {
        let mut nulls = 0;
        let mut bounds: Option<(Bound, Bound)> = None;
        let mut unknown = false;
        let mut kind = None;
        for chunk in chunks {
            let statistics = chunk.statistics()?;
            let empty = statistics.null_count_opt()?;
            nulls += empty;
            kind = Some(chunk);
            match (bounds_of(statistics, chunk), &mut bounds) {
                (Some((low, high)), Some((min, max))) => {
                    if low < *min {
                        *min = low;
                    }
                    if high > *max {
                        *max = high;
                    }
                }
                (Some(found), none) => *none = Some(found),
                // A row group of NULLs has no bounds, and narrows none.
                (None, _) => unknown |= empty < chunk.num_values() as u64,
            }
        }
        let bounds = bounds.filter(|_| !unknown).and_then(|(low, high)| {
            Some((render(&low, kind?, false)?, render(&high, kind?, true)?))
        });
        Some(Self { nulls, bounds })
    }
}

fn bounds_of(statistics: &Statistics, chunk: &ColumnChunkMetaData) -> Option<(Bound, Bound)> {
    let text = |bytes: &[u8]| Bound::Text(bytes.to_vec());
    Some(match statistics {
        Statistics::Int32(s) => {
            (Bound::Int((*s.min_opt()?).into()), Bound::Int((*s.max_opt()?).into()))
        }
        Statistics::Int64(s) => {
            (Bound::Int((*s.min_opt()?).into()), Bound::Int((*s.max_opt()?).into()))
        }
        Statistics::Float(s) => {
            (Bound::Float((*s.min_opt()?).into()), Bound::Float((*s.max_opt()?).into()))
        }
        Statistics::Double(s) => (Bound::Float(*s.min_opt()?), Bound::Float(*s.max_opt()?)),
        Statistics::ByteArray(s) if is_text(chunk) => {
            (text(s.min_opt()?.data()), text(s.max_opt()?.data()))
        }
        Statistics::FixedLenByteArray(s) if decimal_scale(chunk).is_some() => (
            Bound::Int(big_endian(s.min_opt()?.data())),
            Bound::Int(big_endian(s.max_opt()?.data())),
        ),
        _ => return None,
    })
}

fn is_text(chunk: &ColumnChunkMetaData) -> bool {
    let column = chunk.column_descr();
    column.physical_type() == Physical::BYTE_ARRAY
        && (column.logical_type_ref() == Some(&LogicalType::String)
            || column.converted_type() == ConvertedType::UTF8)
}

fn decimal_scale(chunk: &ColumnChunkMetaData) -> Option<u32> {
    match chunk.column_descr().logical_type_ref() {
        Some(LogicalType::Decimal(decimal)) => u32::try_from(decimal.scale).ok(),
        _ => None,
    }
}

fn big_endian(bytes: &[u8]) -> i128 {
    let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |value, byte| (value << 8) | i128::from(*byte))
}

fn render(bound: &Bound, chunk: &ColumnChunkMetaData, upper: bool) -> Option<Value> {
    match bound {
        Bound::Text(bytes) => std::str::from_utf8(bytes).ok().map(Value::from),
        // Zeros compare equal whatever their sign, so a bound of zero covers both.
        Bound::Float(value) if *value == 0.0 => Some(Value::from(if upper { 0.0 } else { -0.0 })),
        Bound::Float(value) => Number::from_f64(*value).map(Value::Number),
        Bound::Int(value) => match chunk.column_descr().logical_type_ref() {
            Some(LogicalType::Date) => {
                let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
                let date =
                    epoch.checked_add_signed(Days::try_days(i64::try_from(*value).ok()?)?)?;
                readable(&date).then(|| Value::from(date.format("%Y-%m-%d").to_string()))
            }
            Some(LogicalType::Timestamp(kind)) if kind.unit == TimeUnit::MICROS => {
                let at = DateTime::from_timestamp_micros(i64::try_from(*value).ok()?)?;
                let text = at.to_rfc3339_opts(SecondsFormat::Micros, true);
                let zoned = kind.is_adjusted_to_u_t_c;
                let text = if zoned { text } else { text.trim_end_matches('Z').to_owned() };
                readable(&at).then(|| Value::from(text))
            }
            Some(LogicalType::Decimal(_)) => decimal(*value, decimal_scale(chunk)?),
            _ => i64::try_from(*value).ok().map(Value::from),
        },
    }
}

/// Years of other than four digits break readers of the log.
fn readable(at: &impl Datelike) -> bool {
    (1..=9999).contains(&at.year())
}

/// JSON numbers are doubles to most readers: beyond 15 digits a bound could be wrong.
fn decimal(value: i128, scale: u32) -> Option<Value> {
    match scale {
        _ if value.unsigned_abs() >= 1_000_000_000_000_000 => None,
        0 => i64::try_from(value).ok().map(Value::from),
        // The standard library rounds right; serde_json's parser may be off by the last digit.
        _ => decimal_text(value, scale).parse().ok().and_then(Number::from_f64).map(Value::Number),
    }
}

fn decimal_text(value: i128, scale: u32) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    let sign = if value < 0 { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_as_numbers_of_their_scale() {
        for (value, scale, text) in
            [(12_345, 2, "123.45"), (-5, 2, "-0.05"), (0, 3, "0.000"), (-7, 0, "-7")]
        {
            assert_eq!(decimal_text(value, scale), text);
        }
    }

    #[test]
    fn decimals_are_the_doubles_nearest_to_them_at_any_scale() {
        for scale in 0..=38 {
            for value in [1, -7, 999_999_999_999_999, 123_456_789_012_345, -881_422_903_776_213] {
                let written = decimal(value, scale).map(|number| number.to_string());
                let nearest = decimal_text(value, scale).parse::<f64>();
                assert_eq!(written.map(|text| text.parse()), Some(nearest), "{value} {scale}");
            }
        }
        assert_eq!(decimal(-7, 0).map(|number| number.to_string()).as_deref(), Some("-7"));
        assert_eq!(decimal(1_000_000_000_000_000, 2), None);
    }

    #[test]
    fn big_endian_keeps_the_sign() {
        assert_eq!(big_endian(&[0xff, 0xfe]), -2);
        assert_eq!(big_endian(&[0x01, 0x00]), 256);
    }
}
