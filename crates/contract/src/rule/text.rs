//! Lengths of texts, in Unicode scalar values, and of binaries, in bytes.

use arrow_array::{StringArray, cast::AsArray};

use super::scan::{scan, scan_texts};
use crate::view::View;

/// The most bytes of a scalar in UTF-8.
const MAX_SCALAR_BYTES: u64 = 4;

pub(crate) fn find_shorter(view: &View<'_>, min: u64, found: &mut Vec<u32>) {
    let enough = min.saturating_mul(MAX_SCALAR_BYTES);
    find_length(view, found, |bytes| bytes < enough, |length| length < min);
}

pub(crate) fn find_longer(view: &View<'_>, max: u64, found: &mut Vec<u32>) {
    find_length(view, found, |bytes| bytes > max, |length| length > max);
}

/// Only texts whose number of bytes leaves a doubt are read, and none where bytes are scalars.
fn find_length(
    view: &View<'_>,
    found: &mut Vec<u32>,
    in_doubt: impl Fn(u64) -> bool,
    bad: impl Fn(u64) -> bool,
) {
    if let Some(binaries) = view.array.as_binary_opt::<i32>() {
        let lengths: Vec<u32> =
            binaries.value_offsets().windows(2).map(|range| (range[1] - range[0]) as u32).collect();
        return scan(&lengths, view.nulls.as_ref(), found, |bytes| bad(u64::from(bytes)));
    }
    let texts: &StringArray = view.array.as_string();
    let (offsets, data) = (texts.value_offsets(), texts.value_data());
    let lengths: Vec<u32> = offsets.windows(2).map(|range| (range[1] - range[0]) as u32).collect();
    if !lengths.iter().fold(false, |any, bytes| any | in_doubt(u64::from(*bytes))) {
        return;
    }
    let all = offsets[0] as usize..offsets[lengths.len()] as usize;
    if data[all].is_ascii() {
        scan(&lengths, view.nulls.as_ref(), found, |bytes| bad(u64::from(bytes)));
    } else {
        scan_texts(view, found, |text| in_doubt(text.len() as u64) && bad(scalars(text)));
    }
}

/// Every byte of UTF-8 that is not a continuation begins a scalar.
fn scalars(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte as i8 >= -0x40).count() as u64
}
