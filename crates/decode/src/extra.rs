//! The column of what the schema does not name.

use crate::column::TextColumn;

/// Gathers the unknown fields of a row into one JSON object.
#[derive(Default)]
pub(crate) struct ExtraColumn {
    pub(crate) text: TextColumn,
}

impl ExtraColumn {
    /// `member` is a key and its value, as the record wrote them.
    pub(crate) fn add(&mut self, member: &[u8]) {
        let start = self.text.committed();
        let values = self.text.values();
        values.push(if values.len() == start { b'{' } else { b',' });
        values.extend_from_slice(member);
    }

    pub(crate) fn end_row(&mut self) {
        let start = self.text.committed();
        let values = self.text.values();
        if values.len() == start {
            self.text.push_null();
        } else {
            values.push(b'}');
            self.text.commit();
        }
    }
}
