//! Families of rules. Each finds the slots of a column that break it; NULLs break none but those
//! that ask for NULLs.

pub(crate) mod ecma;
pub(crate) mod format;
pub(crate) mod function;
pub(crate) mod items;
pub(crate) mod key;
pub(crate) mod level;
pub(crate) mod metric;
pub(crate) mod multiple;
pub(crate) mod pattern;
pub(crate) mod range;
pub(crate) mod scan;
pub(crate) mod text;
pub(crate) mod values;

use headgate_moment::Format as Moments;

use crate::view::View;

#[derive(Debug)]
pub(crate) enum Test {
    /// NULL. Serves `required`, and the metric `nullValues`.
    Null,
    Missing(values::Missing),
    Invalid(values::Invalid),
    OneOf(values::Values),
    Range(range::Range),
    TimeRange(range::TimeRange),
    WrittenRange(Moments, range::TimeRange),
    Multiple(multiple::Multiple),
    MinLength(u64),
    MaxLength(u64),
    Pattern(pattern::Pattern),
    Format(format::Format),
    /// A time of day, as its format writes it.
    Written(Moments),
    Items(items::ItemCount),
    UniqueItems,
}

impl Test {
    /// True where what is below the field decides.
    pub fn is_of_elements(&self) -> bool {
        matches!(self, Self::UniqueItems)
    }

    /// Adds the slots that break the rule, ascending.
    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        match self {
            Self::Null => view.find_nulls(found),
            Self::Missing(missing) => missing.find(view, found),
            Self::Invalid(invalid) => invalid.find(view, found),
            Self::OneOf(values) => values.find_others(view, found),
            Self::Range(range) => range.find(view, found),
            Self::TimeRange(range) => range.find(view, found),
            Self::WrittenRange(format, range) => range.find_written(format, view, found),
            Self::Multiple(multiple) => multiple.find(view, found),
            Self::MinLength(min) => text::find_shorter(view, *min, found),
            Self::MaxLength(max) => text::find_longer(view, *max, found),
            Self::Pattern(pattern) => pattern.find(view, found),
            Self::Format(format) => format.find(view, found),
            Self::Written(format) => scan::scan_texts(view, found, |text| {
                !std::str::from_utf8(text).is_ok_and(|text| format.time(text).is_some())
            }),
            Self::Items(count) => count.find(view, found),
            Self::UniqueItems => items::find_repeated(view, found),
        }
    }
}
