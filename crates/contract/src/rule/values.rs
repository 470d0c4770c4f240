//! Lists of values: enumerations, valid and missing values.

use arrow_array::{StringArray, cast::AsArray, types};
use arrow_buffer::NullBuffer;
use hashbrown::HashSet;

use super::pattern::Pattern;
use super::scan::{scan, scan_texts, with_whole};
use crate::view::View;

/// Values of one column type. Empty holds nothing.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Text(Box<TextSet>),
    /// Whole numbers, dates and timestamps in the column's units.
    Whole(Vec<i64>),
    /// In units of the column's scale.
    Decimal(Vec<i128>),
    /// Rounded to the column's precision.
    Float(Vec<f64>),
    Bool {
        yes: bool,
        no: bool,
    },
}

impl Values {
    /// Adds the valid slots whose value is none of these.
    pub fn find_others(&self, view: &View<'_>, found: &mut Vec<u32>) {
        self.find(view, false, found);
    }

    /// Adds the valid slots whose membership is `wanted`.
    fn find(&self, view: &View<'_>, wanted: bool, found: &mut Vec<u32>) {
        let nulls = view.nulls.as_ref();
        match self {
            Self::Text(set) => set.find(view, wanted, found),
            Self::Whole(set) => with_whole!(
                view.array,
                values => scan(values, nulls, found, |value| set.contains(&i64::from(value)) == wanted),
                ()
            ),
            Self::Decimal(set) => {
                if let Some(values) = view.array.as_primitive_opt::<types::Decimal128Type>() {
                    scan(values.values(), nulls, found, |value| set.contains(&value) == wanted);
                }
            }
            Self::Float(set) => {
                if let Some(values) = view.array.as_primitive_opt::<types::Float64Type>() {
                    scan(values.values(), nulls, found, |value| set.contains(&value) == wanted);
                } else if let Some(values) = view.array.as_primitive_opt::<types::Float32Type>() {
                    let has = |value: f32| set.contains(&f64::from(value)) == wanted;
                    scan(values.values(), nulls, found, has);
                }
            }
            Self::Bool { yes, no } => {
                let values = view.array.as_boolean().values();
                for slot in 0..values.len() {
                    let has = if values.value(slot) { *yes } else { *no };
                    if has == wanted && nulls.is_none_or(|nulls| nulls.is_valid(slot)) {
                        found.push(slot as u32);
                    }
                }
            }
        }
    }
}

/// Texts, those of up to 16 bytes compared as one integer.
#[derive(Clone, Debug)]
pub(crate) struct TextSet {
    /// By length.
    short: [Vec<u128>; WORD + 1],
    long: HashSet<Box<[u8]>>,
}

const WORD: usize = 16;

impl TextSet {
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = Self { short: Default::default(), long: HashSet::new() };
        for text in texts {
            match set.short.get_mut(text.len()) {
                Some(words) => words.push(word(text.as_bytes(), 0, text.len())),
                None => {
                    set.long.insert(text.as_bytes().into());
                }
            }
        }
        set
    }

    fn find(&self, view: &View<'_>, wanted: bool, found: &mut Vec<u32>) {
        let texts: &StringArray = view.array.as_string();
        let data = texts.value_data();
        for (slot, range) in texts.value_offsets().windows(2).enumerate() {
            let (start, end) = (range[0] as usize, range[1] as usize);
            let has = match self.short.get(end - start) {
                Some(words) if words.is_empty() => false,
                Some(words) => words.contains(&word(data, start, end - start)),
                None => !self.long.is_empty() && self.long.contains(&data[start..end]),
            };
            if has == wanted && view.is_valid(slot) {
                found.push(slot as u32);
            }
        }
    }

    fn contains(&self, text: &[u8]) -> bool {
        match self.short.get(text.len()) {
            Some(words) => words.contains(&word(text, 0, text.len())),
            None => self.long.contains(text),
        }
    }
}

/// `data[start..start + len]`, padded with zeros. Reads a whole word where there is one, since a
/// copy of a length unknown in advance costs more than the comparison.
#[inline]
fn word(data: &[u8], start: usize, len: usize) -> u128 {
    let whole = data.get(start..).and_then(|tail| tail.first_chunk::<WORD>());
    match (whole, len) {
        (_, 0) => 0,
        (Some(bytes), _) => u128::from_le_bytes(*bytes) & (u128::MAX >> (8 * (WORD - len))),
        (None, _) => {
            let mut bytes = [0; WORD];
            bytes[..len].copy_from_slice(&data[start..start + len]);
            u128::from_le_bytes(bytes)
        }
    }
}

/// `missingValues`: NULL, if it is listed or nothing is, and the values listed.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    pub null: bool,
    pub values: Option<Values>,
}

impl Missing {
    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        let start = found.len();
        if let Some(values) = &self.values {
            values.find(view, true, found);
        }
        if self.null && view.nulls.as_ref().map_or(0, NullBuffer::null_count) > 0 {
            view.find_nulls(found);
            found[start..].sort_unstable();
        }
    }
}

/// `invalidValues`: not NULL, and none of the valid values or not of the pattern.
#[derive(Clone, Debug)]
pub(crate) struct Invalid {
    pub values: Option<Values>,
    pub pattern: Option<Pattern>,
}

impl Invalid {
    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        match (&self.values, &self.pattern) {
            (Some(Values::Text(set)), Some(pattern)) => {
                scan_texts(view, found, |text| !(set.contains(text) && pattern.is_match(text)));
            }
            (Some(values), _) => values.find_others(view, found),
            (None, Some(pattern)) => pattern.find(view, found),
            (None, None) => {}
        }
    }
}
