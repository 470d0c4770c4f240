//! Values that may occur once in a batch: `unique`, `primaryKey`, `duplicateValues`.

use std::hash::{BuildHasher, Hasher, RandomState};

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray, types};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use datasketches::hll::{HllSketch, HllType};
use hashbrown::HashTable;
use siphasher::sip128::SipHasher13;

use super::scan::with_whole;
use crate::view::resolve;

/// Hashes encoded values to 128 bits under a key drawn at random.
pub(crate) struct KeyHasher(SipHasher13);

impl Default for KeyHasher {
    fn default() -> Self {
        let key = || RandomState::new().build_hasher().finish();
        Self(SipHasher13::new_with_keys(key(), key()))
    }
}

impl KeyHasher {
    pub fn hash(&self, bytes: &[u8]) -> u128 {
        let hash = self.0.hash(bytes);
        u128::from(hash.h1) << 64 | u128::from(hash.h2)
    }
}

/// The keys seen in the open batch, 128 bits each, whatever their length.
///
/// A single column of up to 16 bytes is kept as it is, so that it is compared exactly. All else is
/// kept as a keyed 128-bit hash, which stands for equality: among 5 million keys two different ones
/// meet with probability 2^-84, less than memory errors do; and since SipHash is a pseudo-random
/// function under a key that never leaves the process, no producer can choose two that meet.
#[derive(Default)]
pub(crate) struct SeenKeys {
    reader: KeyReader,
    seen: HashTable<u128>,
}

impl SeenKeys {
    /// Forgets the batch, and its memory.
    pub fn clear(&mut self) {
        self.seen = HashTable::new();
    }

    pub fn state_bytes(&self) -> usize {
        self.seen.allocation_size()
    }

    /// Adds the rows whose key was seen before, or above them. `None`: the columns are not there.
    pub fn find_repeated(&mut self, rows: Keyed<'_>, found: &mut Vec<u32>) -> Option<()> {
        let Self { reader, seen } = self;
        reader.visit(rows, |row, key| {
            if !insert(seen, key) {
                found.push(row as u32);
            }
        })
    }
}

/// About how many different keys there were, in little memory.
pub(crate) struct DistinctKeys {
    reader: KeyReader,
    sketch: HllSketch,
    seen: u64,
}

impl DistinctKeys {
    /// 2^14 registers: off by 0.8 % in the mean, in 16 KiB.
    const LOG_REGISTERS: u8 = 14;

    /// `None`: never, for this size.
    pub fn new() -> Option<Self> {
        let sketch = HllSketch::new(Self::LOG_REGISTERS, HllType::Hll8).ok()?;
        Some(Self { reader: KeyReader::default(), sketch, seen: 0 })
    }

    /// `None`: the columns are not there.
    pub fn add(&mut self, rows: Keyed<'_>) -> Option<()> {
        let Self { reader, sketch, seen } = self;
        reader.visit(rows, |_, key| {
            sketch.update(key);
            *seen += 1;
        })
    }

    pub fn num_repeated(&self) -> f64 {
        (self.seen as f64 - self.sketch.estimate()).max(0.0).round()
    }
}

/// Rows by their keys. One with a NULL in it is none.
#[derive(Clone, Copy)]
pub(crate) struct Keyed<'r> {
    pub rows: &'r RecordBatch,
    /// Each a path of column indices through structs.
    pub columns: &'r [Vec<usize>],
    /// Rows whose key counts. `None`: all.
    pub counted: Option<&'r NullBuffer>,
}

/// Keys as 128 bits.
#[derive(Default)]
struct KeyReader {
    hasher: KeyHasher,
    bytes: Vec<u8>,
}

impl KeyReader {
    fn visit(&mut self, keyed: Keyed<'_>, see: impl FnMut(usize, u128)) -> Option<()> {
        let Keyed { rows, columns, counted } = keyed;
        let mut arrays = Vec::with_capacity(columns.len());
        let mut nulls = counted.cloned();
        for path in columns {
            let (array, valid) = resolve(rows, path)?;
            nulls = NullBuffer::union(nulls.as_ref(), valid.as_ref());
            arrays.push(array);
        }
        match arrays.as_slice() {
            [array] => self.visit_single(array, nulls.as_ref(), see),
            arrays => self.encoded(rows.num_rows(), nulls.as_ref(), see, |row, bytes| {
                arrays.iter().for_each(|array| encode(array, row, bytes));
            }),
        }
        Some(())
    }

    fn visit_single(
        &mut self,
        array: &ArrayRef,
        nulls: Option<&NullBuffer>,
        see: impl FnMut(usize, u128),
    ) {
        let len = array.len();
        with_whole!(
            array.as_ref(),
            values => each(len, nulls, see, |row| i64::from(values[row]) as u64 as u128),
            match array.data_type() {
                DataType::Utf8 => {
                    let texts = array.as_string::<i32>();
                    each(len, nulls, see, |row| self.hasher.hash(texts.value(row).as_bytes()));
                }
                DataType::Decimal128(..) => {
                    let values = array.as_primitive::<types::Decimal128Type>().values();
                    each(len, nulls, see, |row| values[row] as u128);
                }
                _ => self.encoded(len, nulls, see, |row, bytes| encode(array, row, bytes)),
            }
        );
    }

    fn encoded(
        &mut self,
        len: usize,
        nulls: Option<&NullBuffer>,
        see: impl FnMut(usize, u128),
        encode: impl Fn(usize, &mut Vec<u8>),
    ) {
        let Self { hasher, bytes } = self;
        each(len, nulls, see, |row| {
            bytes.clear();
            encode(row, bytes);
            hasher.hash(bytes)
        });
    }
}

#[inline]
fn each(
    len: usize,
    nulls: Option<&NullBuffer>,
    mut see: impl FnMut(usize, u128),
    mut key: impl FnMut(usize) -> u128,
) {
    for row in 0..len {
        if nulls.is_none_or(|nulls| nulls.is_valid(row)) {
            see(row, key(row));
        }
    }
}

fn insert(seen: &mut HashTable<u128>, key: u128) -> bool {
    use hashbrown::hash_table::Entry;
    match seen.entry(spread(key), |known| *known == key, |known| spread(*known)) {
        Entry::Occupied(_) => false,
        Entry::Vacant(slot) => {
            slot.insert(key);
            true
        }
    }
}

/// Exact keys such as 1, 2, 3 must not share a bucket, whose index and tag are the low and the high
/// bits.
fn spread(key: u128) -> u64 {
    let folded = (key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    folded ^ (folded >> 32)
}

/// Appends a value so that different values of a type give different bytes, also one after another.
pub(crate) fn encode(array: &ArrayRef, slot: usize, out: &mut Vec<u8>) {
    out.push(u8::from(array.is_valid(slot)));
    if array.is_null(slot) {
        return;
    }
    with_whole!(
        array.as_ref(),
        values => out.extend_from_slice(&i64::from(values[slot]).to_le_bytes()),
        match array.data_type() {
            DataType::Utf8 => {
                let text = array.as_string::<i32>().value(slot).as_bytes();
                out.extend_from_slice(&(text.len() as u64).to_le_bytes());
                out.extend_from_slice(text);
            }
            DataType::Binary => {
                let bytes = array.as_binary::<i32>().value(slot);
                out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                out.extend_from_slice(bytes);
            }
            DataType::Boolean => out.push(u8::from(array.as_boolean().value(slot))),
            DataType::Decimal128(..) => {
                let value = array.as_primitive::<types::Decimal128Type>().value(slot);
                out.extend_from_slice(&value.to_le_bytes());
            }
            DataType::Float64 => {
                let value = array.as_primitive::<types::Float64Type>().value(slot);
                out.extend_from_slice(&float_bits(value).to_le_bytes());
            }
            DataType::Float32 => {
                let value = array.as_primitive::<types::Float32Type>().value(slot);
                out.extend_from_slice(&float_bits(f64::from(value)).to_le_bytes());
            }
            // Compiled only for the types above.
            _ => {}
        }
    );
}

/// 0 equals -0, and NaN equals NaN.
fn float_bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}
