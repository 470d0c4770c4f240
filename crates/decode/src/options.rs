//! What a user can ask of a decoder.

/// What becomes of a record without a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tombstones {
    /// No row; the record is named in [`crate::Decoded::skipped`].
    #[default]
    Skip,
    /// A dead letter of kind `SCHEMA_VIOLATION` with the message `tombstone`.
    Reject,
    /// A row of NULLs.
    Keep,
}

/// What becomes of fields that the schema does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownFields {
    #[default]
    Ignore,
    /// Those at the top level go to [`EXTRA_COLUMN`], in their order and as they were written
    /// (a repeated key stays repeated); those in nested objects are ignored.
    Extra,
    /// A row with any of them, at any level, has one violation of
    /// [`headgate_model::UNKNOWN_FIELD`].
    Reject,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeOptions {
    pub tombstones: Tombstones,
    pub unknown_fields: UnknownFields,
}

/// The last column under [`UnknownFields::Extra`]: Utf8, a JSON object, NULL when there are none.
pub const EXTRA_COLUMN: &str = "_extra";

/// The only column of [`crate::raw()`]: Utf8, the payload.
pub const RAW_COLUMN: &str = "_raw_value";
