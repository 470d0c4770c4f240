//! Dates and times in a format that a contract writes, as the JDK's `DateTimeFormatter` reads it.
//!
//! | module | holds |
//! |---|---|
//! | `pattern` | the letters of a pattern |
//! | `read` | a text by a pattern: fields that fit exactly, or nothing |
//! | `format` | fields to days and microseconds, in a time zone |
//! | `schedule` | when something is due |

mod format;
mod pattern;
mod read;
mod schedule;

pub use format::{Format, Offset};
pub use schedule::Schedule;
