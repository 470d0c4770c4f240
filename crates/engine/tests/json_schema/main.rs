//! JSON Schema from payloads to verdicts: what decoding, columns and payloads say together is what the
//! specification says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agreement;
mod columns;
mod coverage;
mod documents;
mod gate;
mod keywords;
mod texts;
