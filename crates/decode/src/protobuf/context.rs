//! What goes along while a payload is read.

use crate::notes::RowNotes;

pub(super) struct Context<'a> {
    pub(super) notes: &'a mut RowNotes,
    pub(super) scratch: &'a mut Scratch,
    /// Whether fields of the top level that no column wants are kept.
    pub(super) keeps_unwanted: bool,
    /// Messages are not expected to have their fields in order; see [`super::disorder`].
    pub(super) disorderly: bool,
}

#[derive(Default)]
pub(super) struct Scratch {
    /// Fields that no column wants, as they were written.
    pub(super) unwanted: Vec<u8>,
    /// A value as JSON.
    pub(super) json: Vec<u8>,
    /// Names of the fields around what is malformed, the innermost first.
    pub(super) path: Vec<String>,
}

/// A place to go back to.
pub(super) struct Mark {
    misfits: usize,
    unwanted: usize,
    depth: u32,
}

impl Context<'_> {
    #[inline(always)]
    pub(super) fn mark(&self) -> Mark {
        Mark {
            misfits: self.notes.num_misfits(),
            unwanted: self.scratch.unwanted.len(),
            depth: self.notes.depth,
        }
    }

    /// Forgets what was noted since.
    pub(super) fn back_to(&mut self, mark: &Mark) {
        self.notes.forget_from(mark.misfits);
        self.scratch.unwanted.truncate(mark.unwanted);
        self.notes.depth = mark.depth;
    }
}
