//! A keyword of a column, where it means of the column what it means of the payload.

use std::collections::HashMap;

use arrow_schema::DataType;
use serde_json::{Number, Value};

use super::compile::Column;
use super::form::{Conjuncts, Kind};
use crate::decimal::Decimal;
use crate::rule::Test;
use crate::rule::format::Format;
use crate::rule::items::ItemCount;
use crate::rule::multiple::Multiple;
use crate::rule::pattern::Pattern;
use crate::rule::range::{FloatBound, Range};
use crate::rule::values::{TextSet, Values};

pub(crate) enum Compiled {
    Test(Test),
    /// It is about values of other types, and the column holds none.
    Void,
    /// It does not say the same of the column.
    No,
}

/// Doubles below it stand for one number each; beyond it a column of doubles rounds whole numbers.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

pub(crate) fn of(keyword: &str, value: &Value, column: &Column) -> Compiled {
    let kind = column.form.kind;
    if kind != Kind::Any && about(keyword).is_some_and(|kinds| !kinds.contains(&kind)) {
        return Compiled::Void;
    }
    compiled(keyword, value, column).map_or(Compiled::No, Compiled::Test)
}

/// The values that a keyword can refuse; `None`: all of them.
fn about(keyword: &str) -> Option<&'static [Kind]> {
    Some(match keyword {
        "minLength" | "maxLength" | "pattern" | "format" => &[Kind::Text],
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            &[Kind::Integer, Kind::Number]
        }
        "minItems" | "maxItems" | "uniqueItems" | "items" | "prefixItems" | "contains"
        | "unevaluatedItems" => &[Kind::Array],
        "minProperties"
        | "maxProperties"
        | "propertyNames"
        | "patternProperties"
        | "additionalProperties"
        | "unevaluatedProperties"
        | "dependentRequired"
        | "dependentSchemas" => &[Kind::Object],
        _ => return None,
    })
}

fn compiled(keyword: &str, value: &Value, column: &Column) -> Option<Test> {
    let (is_list, is_map) = (column.items.is_some(), column.is_map);
    Some(match (keyword, column.form.kind) {
        ("minLength", Kind::Text) => Test::MinLength(count(value)?),
        ("maxLength", Kind::Text) => Test::MaxLength(count(value)?),
        ("pattern", Kind::Text) => Test::Pattern(pattern(value.as_str()?)?),
        ("format", Kind::Text) => Test::Format(format(value.as_str()?)?),
        ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum", kind) => {
            Test::Range(range(keyword, value.as_number()?, kind)?)
        }
        ("multipleOf", Kind::Integer) => {
            let step = Decimal::parse(&value.as_u64()?.to_string())?;
            Test::Multiple(Multiple::of_whole(step, 0)?)
        }
        ("minItems", Kind::Array) if is_list => Test::Items(at_least(count(value)?)),
        ("maxItems", Kind::Array) if is_list => Test::Items(at_most(count(value)?)),
        ("minProperties", _) if is_map => Test::Items(at_least(count(value)?)),
        ("maxProperties", _) if is_map => Test::Items(at_most(count(value)?)),
        ("uniqueItems", Kind::Array) => match column.items? {
            Kind::Text | Kind::Integer | Kind::Boolean => Test::UniqueItems,
            _ => return None,
        },
        ("enum", _) => Test::OneOf(values(value.as_array()?, column)?),
        ("const", _) => Test::OneOf(values(std::slice::from_ref(value), column)?),
        _ => return None,
    })
}

/// The evaluator's `\b` and `\B` know words beyond ASCII, unlike ECMA-262 and a column's.
fn pattern(written: &str) -> Option<Pattern> {
    let has_boundary = written.contains(r"\b") || written.contains(r"\B");
    Pattern::compile(written).ok().filter(|_| !has_boundary)
}

/// Of the formats that this crate knows, those that it takes exactly as the evaluator does.
fn format(name: &str) -> Option<Format> {
    let format = Format::parse(name)?;
    let same = [Format::Uuid, Format::Ipv4, Format::Ipv6, Format::Date, Format::DateTime];
    same.contains(&format).then_some(format)
}

/// `2.0` is a count as well.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|float| (0.0..MAX_EXACT).contains(float))?;
        (float.fract() == 0.0).then_some(float as u64)
    })
}

const fn at_least(min: u64) -> ItemCount {
    ItemCount { min, max: u64::MAX }
}

const fn at_most(max: u64) -> ItemCount {
    ItemCount { min: 0, max }
}

fn range(keyword: &str, bound: &Number, kind: Kind) -> Option<Range> {
    match kind {
        Kind::Integer => {
            let bound = Decimal::parse(&bound.to_string())?;
            let (min, max) = match keyword {
                "minimum" => (bound.ceil(0), i128::MAX),
                "exclusiveMinimum" => (bound.floor(0).saturating_add(1), i128::MAX),
                "maximum" => (i128::MIN, bound.floor(0)),
                _ => (i128::MIN, bound.ceil(0).saturating_sub(1)),
            };
            Some(Range::Whole { min, max })
        }
        Kind::Number => {
            let bound = bound.as_f64().filter(|bound| bound.abs() < MAX_EXACT)?;
            Some(Range::Float(match keyword {
                "minimum" => FloatBound::AtLeast(bound),
                "exclusiveMinimum" => FloatBound::Above(bound),
                "maximum" => FloatBound::AtMost(bound),
                _ => FloatBound::Below(bound),
            }))
        }
        _ => None,
    }
}

/// Values that the column can hold: no other reaches it. A `null` that is refused cannot be told from
/// a field that is not there.
fn values(listed: &[Value], column: &Column) -> Option<Values> {
    if column.form.nullable && !listed.contains(&Value::Null) {
        return None;
    }
    Some(match column.form.kind {
        Kind::Text => Values::Text(Box::new(TextSet::new(listed.iter().filter_map(Value::as_str)))),
        Kind::Integer => {
            let numbers = listed.iter().filter_map(Value::as_number);
            let exact = numbers.filter_map(|number| Decimal::parse(&number.to_string())?.units(0));
            Values::Whole(exact.filter_map(|whole| i64::try_from(whole).ok()).collect())
        }
        Kind::Number => {
            let floats: Vec<f64> = listed.iter().filter_map(Value::as_f64).collect();
            if floats.iter().any(|float| float.abs() >= MAX_EXACT) {
                return None;
            }
            Values::Float(floats)
        }
        Kind::Boolean => Values::Bool {
            yes: listed.contains(&Value::Bool(true)),
            no: listed.contains(&Value::Bool(false)),
        },
        Kind::Object | Kind::Array | Kind::Any => return None,
    })
}

/// What decoding and readers of the table are told of a column.
pub(crate) fn metadata(
    found: &Conjuncts<'_>,
    column: &Column,
    data_type: &DataType,
) -> HashMap<String, String> {
    let mut metadata = HashMap::new();
    let mut tell = |key: &str, value: &str| metadata.insert(key.to_owned(), value.to_owned());
    let kind = column.form.kind;
    let logical = match kind {
        Kind::Text => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Object if column.is_map => "map",
        Kind::Object | Kind::Any => "object",
        Kind::Array => "array",
    };
    tell("headgate.logicalType", logical);
    if *data_type == DataType::Utf8 && kind != Kind::Text {
        tell("headgate.json", if kind == Kind::Any { "any" } else { logical });
    }
    if column.form.is_exact() {
        tell("headgate.null", "refused");
    }
    let text = |keyword: &str| {
        found.all.iter().find_map(|one| one.keywords.get(keyword)).and_then(Value::as_str)
    };
    if let Some(description) = text("description") {
        tell("description", description);
    }
    if let (Kind::Text, Some(format)) = (kind, text("format")) {
        tell("headgate.format", format);
    }
    metadata
}
