//! Looking at several bytes at once. All loads are little-endian and zero beyond the end.

/// The 16 bytes at `at`. Zero is a control character, so that a scan always stops at the end.
#[inline(always)]
pub(crate) fn block(bytes: &[u8], at: usize) -> u128 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        Some(block) => u128::from_le_bytes(*block),
        None => last_block(bytes, at),
    }
}

#[inline(never)]
fn last_block(bytes: &[u8], at: usize) -> u128 {
    let rest = bytes.get(at..).unwrap_or_default();
    match bytes.last_chunk::<16>() {
        Some(_) if rest.is_empty() => 0,
        Some(block) => u128::from_le_bytes(*block) >> (8 * (16 - rest.len())),
        None => {
            let mut block = [0; 16];
            block[..rest.len()].copy_from_slice(rest);
            u128::from_le_bytes(block)
        }
    }
}

/// The 8 bytes at `at`.
#[inline(always)]
pub(crate) fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(word) => u64::from_le_bytes(*word),
        None => last_block(bytes, at) as u64,
    }
}

/// The byte at `at`, zero beyond the end.
#[inline(always)]
pub(crate) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The high bit of every byte that ends a plain run of a string: a quote, a backslash or a control
/// character. Exact up to and with the first.
#[inline(always)]
fn special_bits(word: u64) -> u64 {
    let zero_at = |byte: u8| {
        let same = word ^ (ONES * u64::from(byte));
        same.wrapping_sub(ONES)
    };
    let control = word.wrapping_sub(ONES * 0x20);
    // A byte from 0x80 on is none of them.
    (zero_at(b'"') | zero_at(b'\\') | control) & !word & HIGHS
}

/// Bytes of `block` before the first quote, backslash or control character: 0 to 16.
#[inline(always)]
pub(crate) fn plain_len(block: u128) -> usize {
    let low = special_bits(block as u64);
    let high = special_bits((block >> 64) as u64);
    // No branch: where a string ends is not to be predicted.
    let (word, skipped) = if low == 0 { (high, 8) } else { (low, 0) };
    skipped + (word.trailing_zeros() / 8) as usize
}

/// Index of the next quote, backslash or control character, or the end of `bytes`.
#[inline(always)]
pub(crate) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let len = plain_len(block(bytes, at));
        at += len;
        if len < 16 {
            return at;
        }
    }
}

/// Index of the next byte that is not white space.
#[inline(always)]
pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    if byte(bytes, at) > b' ' { at } else { skip_space_run(bytes, at) }
}

#[inline(never)]
fn skip_space_run(bytes: &[u8], mut at: usize) -> usize {
    while matches!(byte(bytes, at), b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

/// How many of the 8 bytes are ASCII digits before the first that is not.
#[inline(always)]
pub(crate) fn digit_count(word: u64) -> u32 {
    let values = word ^ (ONES * u64::from(b'0'));
    let others = (values.wrapping_add(ONES * 0x76) | values) & HIGHS;
    others.trailing_zeros() / 8
}

/// The number that the first `count` bytes, all digits, write: at most 8.
#[inline(always)]
pub(crate) fn digits(word: u64, count: u32) -> u64 {
    if count == 0 {
        return 0;
    }
    let values = (word ^ (ONES * u64::from(b'0'))) << (64 - 8 * count);
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let odd = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let even = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    odd.wrapping_add(even) >> 32
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_told_special_or_plain() {
        for place in 0..16 {
            for value in 0..=u8::MAX {
                let mut text = [b'a'; 16];
                text[place] = value;
                text[15.max(place)] = if place == 15 { value } else { 0xff };
                let special = matches!(value, b'"' | b'\\' | 0..=0x1f);
                let expected = if special { place } else { 16 };
                assert_eq!(plain_len(u128::from_le_bytes(text)), expected, "{value} at {place}");
            }
        }
    }

    #[test]
    fn a_run_ends_at_the_end_of_the_bytes() {
        let text = [b'x'; 70];
        for len in 0..70 {
            for at in 0..=len {
                assert_eq!(plain_end(&text[..len], at), len);
            }
        }
    }

    #[test]
    fn digits_are_counted_and_read() {
        for (text, count) in
            [("1234567,", 7), ("12345678", 8), ("/0000000", 0), (":", 0), ("7", 1), ("00x99999", 2)]
        {
            let word = word(text.as_bytes(), 0);
            assert_eq!(digit_count(word), count, "{text}");
            let number: u64 = format!("0{}", &text[..count as usize]).parse().unwrap();
            assert_eq!(digits(word, count), number, "{text}");
        }
        for value in 0x80..=0xffu64 {
            assert_eq!(digit_count(0x3031_3200_3334 | value << 16), 2);
        }
    }

    #[test]
    fn loads_are_zero_beyond_the_end() {
        let text: Vec<u8> = (1..=40).collect();
        for len in 0..=40 {
            for at in 0..=len + 2 {
                let mut expected = [0; 16];
                for (to, from) in expected.iter_mut().zip(text[..len].iter().skip(at)) {
                    *to = *from;
                }
                assert_eq!(block(&text[..len], at).to_le_bytes(), expected, "{at} of {len}");
            }
        }
    }
}
