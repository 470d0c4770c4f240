//! Bytes as text, and text as bytes: RFC 4648, the standard alphabet, padded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Appends the text of `bytes`.
pub(crate) fn write(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    // Four characters for each three bytes, the last ones padded.
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or_default();
    out.truncate(start + written);
}

/// Appends the bytes of `text`. False when it is anything else; what was appended then is worth
/// nothing.
pub(crate) fn read(text: &[u8], out: &mut Vec<u8>) -> bool {
    STANDARD.decode_vec(text, out).is_ok()
}
