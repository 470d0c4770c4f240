//! Which message of its schema a payload of a registry is.

use super::scalar::zigzag;
use super::wire;

/// The places of the message in its file and in the messages around it, and the index behind them;
/// `None` if they are cut short, or none. A single 0 is short for the first message.
pub(crate) fn read_indexes(bytes: &[u8]) -> Option<(Vec<i32>, usize)> {
    let (count, mut at) = wire::varint(bytes, 0).ok()?;
    if count == 0 {
        return Some((vec![0], at));
    }
    let count = usize::try_from(zigzag(count)).ok()?;
    let mut indexes = Vec::new();
    for _ in 0..count {
        let (index, behind) = wire::varint(bytes, at).ok()?;
        indexes.push(i32::try_from(zigzag(index)).ok().filter(|index| *index >= 0)?);
        at = behind;
    }
    Some((indexes, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_counted_zigzag_varints() {
        for (bytes, indexes, behind) in [
            (&[0, 9][..], &[0][..], 1),
            (&[2, 0, 9], &[0], 2),
            (&[2, 2, 9], &[1], 2),
            (&[4, 4, 6], &[2, 3], 3),
            (&[2, 0x80, 2, 9], &[128], 3),
        ] {
            assert_eq!(read_indexes(bytes), Some((indexes.to_vec(), behind)), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_cut_short_or_negative_is_none() {
        for bytes in [&[][..], &[2], &[4, 2], &[1, 0], &[2, 1], &[0x80], &[0xff; 12]] {
            assert_eq!(read_indexes(bytes), None, "{bytes:?}");
        }
    }
}
