//! What to do with each field of a message: compiled once, run for every payload.

use prost_reflect::FieldDescriptor;

use super::scalar::Scalar;

/// How the fields of a message fill the columns of an object.
pub(super) struct MessageProgram {
    /// Every field that the message has, in the order in which they are expected.
    pub(super) slots: Vec<Slot>,
    /// Slot of each field, by number.
    numbers: Numbers,
    /// Columns that the message has no field for.
    pub(super) without_field: Vec<usize>,
    /// Whether fields that no column wants are kept for `_extra`.
    pub(super) is_root: bool,
}

pub(super) struct Slot {
    pub(super) name: String,
    pub(super) number: u32,
    /// As writers are expected to write it.
    pub(super) tag: u32,
    /// The other tag that is read: packed for not packed, or the reverse.
    pub(super) other_tag: u32,
    /// The bit of its oneof, 0 without one.
    pub(super) oneof: u64,
    pub(super) column: usize,
    pub(super) read: Read,
    pub(super) absent: Absent,
}

pub(super) enum Read {
    /// No column wants it.
    Unwanted,
    /// No value of it fits its column.
    Misfit,
    One(Element),
    Many(Element),
    Map {
        key: Scalar,
        value: Element,
        /// The tag that a value has in its entry.
        value_tag: u32,
        value_absent: Absent,
    },
    /// By way of its JSON.
    Rendered(FieldDescriptor),
}

/// One value into one column.
pub(super) enum Element {
    Misfit,
    Scalar(Scalar),
    Enum(EnumNames),
    Message(Box<MessageProgram>),
    Timestamp,
    /// A message around a scalar.
    Wrapped(Scalar),
}

/// What a column gets when its field is not in the message.
#[derive(Clone, Copy)]
pub(super) enum Absent {
    /// Nothing, for there is no column.
    Nowhere,
    Null,
    /// NULL and a violation: a required field of proto2.
    Missing,
    /// The type's default, since absent means that.
    Default,
    /// An array or a map of nothing.
    Empty,
    /// The same as JSON.
    EmptyText(&'static str),
}

/// The texts of an enum, by number.
pub(super) struct EnumNames {
    /// From 0 on, where numbers are dense.
    low: Vec<Option<Box<str>>>,
    /// Others, ascending.
    others: Vec<(i32, Box<str>)>,
    /// What absent means.
    pub(super) default: i32,
}

/// Numbers below this are looked up by index.
const MAX_DENSE: u32 = 256;

impl EnumNames {
    /// Of several names for a number the first is its text.
    pub(super) fn new<'a>(default: i32, values: impl Iterator<Item = (i32, &'a str)>) -> Self {
        let (mut low, mut others) = (Vec::new(), Vec::<(i32, Box<str>)>::new());
        for (number, name) in values {
            match u32::try_from(number) {
                Ok(index) if index < MAX_DENSE => {
                    let index = index as usize;
                    if low.len() <= index {
                        low.resize_with(index + 1, || None);
                    }
                    low[index].get_or_insert_with(|| name.into());
                }
                _ => others.push((number, name.into())),
            }
        }
        others.sort_by_key(|(number, _)| *number);
        others.dedup_by_key(|(number, _)| *number);
        Self { low, others, default }
    }

    #[inline]
    pub(super) fn get(&self, number: i32) -> Option<&str> {
        match self.low.get(number as usize) {
            Some(name) if number >= 0 => name.as_deref(),
            _ => {
                let at = self.others.binary_search_by_key(&number, |(number, _)| *number).ok()?;
                Some(&self.others[at].1)
            }
        }
    }
}

#[derive(Default)]
struct Numbers {
    /// `slot + 1` by number, 0 for none.
    low: Vec<u32>,
    /// Number and slot of the others, ascending.
    others: Vec<(u32, usize)>,
}

impl Numbers {
    fn new(slots: &[Slot]) -> Self {
        let mut numbers = Self::default();
        for (index, slot) in slots.iter().enumerate() {
            if slot.number < MAX_DENSE {
                let at = slot.number as usize;
                if numbers.low.len() <= at {
                    numbers.low.resize(at + 1, 0);
                }
                numbers.low[at] = index as u32 + 1;
            } else {
                numbers.others.push((slot.number, index));
            }
        }
        numbers.others.sort_unstable();
        numbers
    }

    #[inline]
    fn get(&self, number: u32) -> Option<usize> {
        match self.low.get(number as usize) {
            Some(0) => None,
            Some(slot) => Some(*slot as usize - 1),
            None => {
                let at = self.others.binary_search_by_key(&number, |(number, _)| *number).ok()?;
                Some(self.others[at].1)
            }
        }
    }
}

impl MessageProgram {
    pub(super) fn new(slots: Vec<Slot>, without_field: Vec<usize>, is_root: bool) -> Self {
        let numbers = Numbers::new(&slots);
        Self { slots, numbers, without_field, is_root }
    }

    /// The slot of a field that is known, and of a wire type that it may have.
    #[inline]
    pub(super) fn find(&self, tag: u32) -> Option<usize> {
        let index = self.numbers.get(tag >> 3)?;
        let slot = &self.slots[index];
        (slot.tag == tag || slot.other_tag == tag).then_some(index)
    }

    /// Expects fields in the order of these slots from now on; a field that was not among them
    /// stays behind the one before it.
    pub(super) fn expect(&mut self, order: &[usize]) {
        let mut place: Vec<Option<usize>> = vec![None; self.slots.len()];
        for (at, &slot) in order.iter().enumerate() {
            place[slot] = Some(at + 1);
        }
        let mut last = 0;
        let places: Vec<usize> = place
            .into_iter()
            .map(|place| {
                last = place.unwrap_or(last);
                last
            })
            .collect();
        let mut slots: Vec<(usize, Slot)> = places.into_iter().zip(self.slots.drain(..)).collect();
        slots.sort_by_key(|(place, _)| *place);
        self.slots = slots.into_iter().map(|(_, slot)| slot).collect();
        self.numbers = Numbers::new(&self.slots);
    }
}
