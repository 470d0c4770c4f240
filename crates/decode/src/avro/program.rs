//! What reads the payloads of one writer's schema into the columns of one contract: made once, and
//! then walked by every payload.

use std::ops::Range;

use super::types::{Type, Types, Unit};

/// How a value of the writer becomes the value of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading {
    /// Nothing is written, and the column is NULL.
    Null,
    /// A string as it is.
    Text,
    /// A long as it is.
    Long,
    /// A double as it is.
    Double,
    /// Microseconds.
    Timestamp(Unit),
    /// The column takes some values of this type at least.
    Value(Type),
    /// Of two branches, null and one that is read so; `null` is the index of null.
    Optional {
        null: u8,
        value: u32,
    },
    /// As many readings, by branch.
    Union {
        first: u32,
        len: u32,
    },
    Object(u32),
    /// The item of an array.
    List(u32),
    /// The value of a map.
    Map(u32),
    /// No value of this type fits the column.
    Misfit(Type),
    /// There is no column.
    Skip(Type),
}

/// A field of a writer's record, in the order of its bytes.
#[derive(Clone, Copy)]
pub(super) struct Member {
    /// Among the children of the column; any for a field that is skipped.
    pub(super) child: u32,
    pub(super) reading: Reading,
}

/// A writer's record and the column of objects that it is read into.
pub(super) struct Object {
    pub(super) record: u32,
    pub(super) members: Range<usize>,
    /// Children without a member, in [`Program::missing`].
    pub(super) missing: Range<usize>,
    /// Some member has no column.
    pub(super) unknown: bool,
}

pub(super) struct Program {
    pub(super) types: Types,
    pub(super) root: Root,
    pub(super) readings: Vec<Reading>,
    pub(super) members: Vec<Member>,
    pub(super) missing: Vec<u32>,
    pub(super) objects: Vec<Object>,
}

/// What a payload is.
pub(super) enum Root {
    Object(u32),
    /// Each branch that is a record.
    Union(Vec<Option<u32>>),
    /// Any other value, which is that of the only column.
    Value(Reading),
}

impl Program {
    pub(super) fn new(types: Types) -> Self {
        Self {
            types,
            root: Root::Union(Vec::new()),
            readings: Vec::new(),
            members: Vec::new(),
            missing: Vec::new(),
            objects: Vec::new(),
        }
    }

    #[inline(always)]
    pub(super) fn reading(&self, id: u32) -> Reading {
        self.readings[id as usize]
    }

    pub(super) fn add(&mut self, reading: Reading) -> u32 {
        self.readings.push(reading);
        (self.readings.len() - 1) as u32
    }
}
