//! Base64 with padding (RFC 4648, section 4), as Protobuf's JSON writes bytes.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends the text of `bytes`.
pub(super) fn encode(bytes: &[u8], to: &mut Vec<u8>) {
    for group in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=group.len()].copy_from_slice(group);
        let word = u32::from_be_bytes(word);
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) as usize & 63];
            to.push(if place <= group.len() { letter } else { b'=' });
        }
    }
}

/// The bytes of a text in which line breaks do not count; `None` if it is no base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let padding = letters.iter().rev().take_while(|&&letter| letter == b'=').count();
    if !letters.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3);
    for group in letters[..letters.len() - padding].chunks(4) {
        let mut word = 0;
        for (place, letter) in group.iter().enumerate() {
            let value = LETTERS.iter().position(|other| other == letter)?;
            word |= (value as u32) << (18 - 6 * place);
        }
        bytes.extend_from_slice(&word.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"\xff\xfe\xfd\x00", "//79AA=="),
        ] {
            let mut to = Vec::new();
            encode(bytes, &mut to);
            assert_eq!(String::from_utf8(to).unwrap(), text);
            assert_eq!(decode(text).unwrap(), bytes);
        }
    }

    #[test]
    fn other_texts_are_no_base64() {
        for text in ["Zg", "Zg=", "Z===", "syntax = \"proto3\";", "Zg=a"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
