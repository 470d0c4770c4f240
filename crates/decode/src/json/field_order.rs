//! Which field a key names. Producers write fields in the same order again and again, so the key
//! that followed last time is tried first, by comparing bytes in place.

use ahash::AHashMap;

use super::malformed::Malformed;
use super::scan::block;
use super::{skip, text};

pub(crate) struct FieldOrder {
    keys: Vec<KeyPattern>,
    /// At 0 the field that came first, at `field + 1` the one that came behind it.
    next: Vec<u32>,
    /// Object in which each field was last met.
    met: Vec<u64>,
    /// Number of the object in hand.
    object: u64,
    /// Fields met in the object in hand.
    num_met: usize,
    by_name: AHashMap<Vec<u8>, u32>,
}

/// A field, or the start of an object, that keys follow.
#[derive(Clone, Copy)]
pub(crate) struct Place(usize);

impl Place {
    pub(crate) const START: Self = Self(0);

    #[inline(always)]
    pub(crate) fn behind(field: usize) -> Self {
        Self(field + 1)
    }
}

impl FieldOrder {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.collect();
        let by_name = names.iter().map(|name| name.as_bytes().to_vec()).zip(0..).collect();
        Self {
            keys: names.iter().map(|name| KeyPattern::new(name)).collect(),
            next: (0..=names.len() as u32).collect(),
            met: vec![0; names.len()],
            object: 0,
            num_met: 0,
            by_name,
        }
    }

    #[inline(always)]
    pub(crate) fn begin_object(&mut self) {
        self.object += 1;
        self.num_met = 0;
    }

    /// False when the object had this field before.
    #[inline(always)]
    pub(crate) fn meet(&mut self, field: usize) -> bool {
        let first = self.met[field] != self.object;
        self.met[field] = self.object;
        self.num_met += usize::from(first);
        first
    }

    #[inline(always)]
    pub(crate) fn all_met(&self) -> bool {
        self.num_met == self.keys.len()
    }

    pub(crate) fn was_met(&self, field: usize) -> bool {
        self.met[field] == self.object
    }

    /// The expected field, if its key (without the opening quote) and a colon are at `at`; with
    /// the index behind the colon.
    #[inline(always)]
    pub(crate) fn expected(&self, bytes: &[u8], at: usize, place: Place) -> Option<(usize, usize)> {
        let field = self.next[place.0] as usize;
        let key = self.keys.get(field)?;
        key.is_at(bytes, at).then(|| (field, at + key.len))
    }

    /// The field that the key at `at` (without the opening quote) names, if any, and the index of
    /// its value.
    #[inline(never)]
    pub(crate) fn find(
        &mut self,
        bytes: &[u8],
        at: usize,
        place: Place,
        scratch: &mut Vec<u8>,
    ) -> Result<(Option<usize>, usize), Malformed> {
        // Perhaps only the expected field is missing.
        let skipped = Place::behind(self.next[place.0] as usize);
        if skipped.0 < self.next.len()
            && let Some((field, behind)) = self.expected(bytes, at, skipped)
        {
            return Ok((Some(field), behind));
        }
        let (behind, name) = text::borrow(bytes, at, scratch)?;
        let field = name.and_then(|name| self.by_name.get(name)).copied();
        if let Some(field) = field {
            self.next[place.0] = field;
        }
        Ok((field.map(|field| field as usize), skip::colon(bytes, behind)?))
    }
}

/// The bytes `name":`, ready to be compared.
struct KeyPattern {
    head: u128,
    mask: u128,
    /// Bytes from the 17th on.
    tail: Box<[u8]>,
    len: usize,
}

impl KeyPattern {
    fn new(name: &str) -> Self {
        let pattern: Vec<u8> = name.bytes().chain(*b"\":").collect();
        let (head, tail) = pattern.split_at(pattern.len().min(16));
        // A name that JSON has to escape is never found in place.
        let plain = name.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\'));
        let mask = u128::MAX >> (8 * (16 - head.len()));
        Self {
            head: if plain { block(head, 0) } else { 1 },
            mask: if plain { mask } else { 0 },
            tail: tail.into(),
            len: pattern.len(),
        }
    }

    #[inline(always)]
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        (block(bytes, at) & self.mask) == self.head
            && (self.tail.is_empty() || self.tail_is_at(bytes, at + 16))
    }

    #[inline(never)]
    fn tail_is_at(&self, bytes: &[u8], at: usize) -> bool {
        bytes.get(at..).is_some_and(|rest| rest.starts_with(&self.tail))
    }
}
