//! Lengths of texts, in Unicode scalar values.

use arrow_array::{StringArray, cast::AsArray};

use super::scan::{is_ascii, scan, scan_texts};
use crate::view::View;

pub(crate) fn find_shorter(view: &View<'_>, min: u64, found: &mut Vec<u32>) {
    find_length(view, found, |length| length < min);
}

pub(crate) fn find_longer(view: &View<'_>, max: u64, found: &mut Vec<u32>) {
    find_length(view, found, |length| length > max);
}

fn find_length(view: &View<'_>, found: &mut Vec<u32>, bad: impl Fn(u64) -> bool) {
    let texts: &StringArray = view.array.as_string();
    if is_ascii(texts) {
        let lengths: Vec<u32> =
            texts.value_offsets().windows(2).map(|range| (range[1] - range[0]) as u32).collect();
        scan(&lengths, view.nulls.as_ref(), found, |length| bad(u64::from(length)));
    } else {
        scan_texts(view, found, |text| bad(scalars(text)));
    }
}

/// Every byte of UTF-8 that is not a continuation begins a scalar.
fn scalars(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte as i8 >= -0x40).count() as u64
}
