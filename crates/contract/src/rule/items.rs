//! Lists and maps: how many elements, and whether they differ.

use arrow_array::{ListArray, cast::AsArray};

use super::key::{KeyHasher, encode};
use crate::view::View;

/// Both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ItemCount {
    pub min: u64,
    pub max: u64,
}

impl ItemCount {
    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        let offsets = match view.array.as_map_opt() {
            Some(map) => map.value_offsets(),
            None => view.array.as_list::<i32>().value_offsets(),
        };
        for (slot, range) in offsets.windows(2).enumerate() {
            let count = (range[1] - range[0]) as u64;
            if (count < self.min || count > self.max) && view.is_valid(slot) {
                found.push(slot as u32);
            }
        }
    }
}

/// Adds the lists that hold an element twice. NULL elements are equal to one another, as JSON's are.
pub(crate) fn find_repeated(view: &View<'_>, found: &mut Vec<u32>) {
    let list: &ListArray = view.array.as_list();
    let values = list.values();
    let hasher = KeyHasher::default();
    let (mut bytes, mut hashes) = (Vec::new(), Vec::new());
    for (slot, range) in list.value_offsets().windows(2).enumerate() {
        if range[1] - range[0] < 2 || !view.is_valid(slot) {
            continue;
        }
        hashes.clear();
        for element in range[0] as usize..range[1] as usize {
            bytes.clear();
            encode(values, element, &mut bytes);
            hashes.push(hasher.hash(&bytes));
        }
        hashes.sort_unstable();
        if hashes.windows(2).any(|pair| pair[0] == pair[1]) {
            found.push(slot as u32);
        }
    }
}
