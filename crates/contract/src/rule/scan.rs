//! The loops under every rule: blocks without a suspect cost one vectorised pass.

use arrow_array::{StringArray, cast::AsArray};
use arrow_buffer::NullBuffer;

use crate::view::View;

const BLOCK: usize = 64;

/// Adds the valid slots whose value is `bad`. Values under NULLs may be anything: they only cost
/// their block a second look.
#[inline]
pub(crate) fn scan<T: Copy>(
    values: &[T],
    nulls: Option<&NullBuffer>,
    found: &mut Vec<u32>,
    bad: impl Fn(T) -> bool,
) {
    for (index, block) in values.chunks(BLOCK).enumerate() {
        if !block.iter().fold(false, |any, value| any | bad(*value)) {
            continue;
        }
        for (offset, value) in block.iter().enumerate() {
            let slot = index * BLOCK + offset;
            if bad(*value) && nulls.is_none_or(|nulls| nulls.is_valid(slot)) {
                found.push(slot as u32);
            }
        }
    }
}

/// Adds the valid slots whose text is `bad`.
#[inline]
pub(crate) fn scan_texts(view: &View<'_>, found: &mut Vec<u32>, bad: impl Fn(&[u8]) -> bool) {
    let texts: &StringArray = view.array.as_string();
    let data = texts.value_data();
    for (slot, range) in texts.value_offsets().windows(2).enumerate() {
        if bad(&data[range[0] as usize..range[1] as usize]) && view.is_valid(slot) {
            found.push(slot as u32);
        }
    }
}

/// Runs `$body` with `$values` as the native slice of a column that holds whole numbers of 64 bits
/// or fewer, dates and timestamps included; else `$other`.
macro_rules! with_whole {
    ($array:expr, $values:ident => $body:expr, $other:expr) => {{
        use arrow_array::types as t;
        use arrow_schema::{DataType as D, TimeUnit as U};
        let array = $array;
        macro_rules! run {
            ($kind:ty) => {{
                let $values: &[_] = array.as_primitive::<$kind>().values();
                $body
            }};
        }
        match array.data_type() {
            D::Int8 => run!(t::Int8Type),
            D::Int16 => run!(t::Int16Type),
            D::Int32 => run!(t::Int32Type),
            D::Int64 => run!(t::Int64Type),
            D::Date32 => run!(t::Date32Type),
            D::Timestamp(U::Microsecond, _) => run!(t::TimestampMicrosecondType),
            _ => $other,
        }
    }};
}
pub(crate) use with_whole;
