//! A payload into the columns, by the program.

use super::cursor::Cursor;
use super::json;
use super::malformed::{Malformed, Reason, Step};
use super::program::{Object, Program, Reading, Root};
use super::skip::skip;
use super::value::{self, Taken};
use crate::column::{Column, ListColumn, MapColumn, Node, StructColumn};
use crate::extra::ExtraColumn;
use crate::notes::RowNotes;
use crate::rows::Row;

impl Program {
    /// Gives every column of `row` exactly one value from a payload that is one record.
    pub(super) fn payload(&self, payload: &[u8], row: Row<'_>) -> Result<(), Malformed> {
        let cursor = &mut Cursor::new(payload);
        let object = match &self.root {
            Root::Object(object) => Some(*object),
            Root::Union(branches) => {
                let branch = cursor.index(branches.len(), Reason::Branch)?;
                let no_record = || Malformed::new(0, Reason::NoRecord);
                Some(branches[branch].ok_or_else(no_record)?)
            }
            Root::Value(reading) => {
                self.read(*reading, &mut row.columns.children[0], cursor, row.notes)?;
                None
            }
        };
        if let Some(object) = object {
            self.object(object, row.columns, row.extra, cursor, row.notes)?;
        }
        if cursor.is_at_end() { Ok(()) } else { Err(cursor.fail(Reason::Trailing)) }
    }

    fn object(
        &self,
        object: u32,
        columns: &mut StructColumn,
        mut extra: Option<&mut ExtraColumn>,
        cursor: &mut Cursor<'_>,
        notes: &mut RowNotes,
    ) -> Result<(), Malformed> {
        let Object { record, members, missing, unknown } = &self.objects[object as usize];
        cursor.enter()?;
        notes.unknown |= *unknown;
        for (index, member) in self.members[members.clone()].iter().enumerate() {
            let read = match (member.reading, extra.as_deref_mut()) {
                (Reading::Skip(of), None) => skip(&self.types, of, cursor),
                (Reading::Skip(of), Some(extra)) => {
                    let name = self.types.field_name(*record, index);
                    json::member(&self.types, name, of, cursor, &mut notes.scratch)
                        .map(|()| extra.add(&notes.scratch))
                }
                (reading, _) => {
                    self.read(reading, &mut columns.children[member.child as usize], cursor, notes)
                }
            };
            if let Err(bad) = read {
                return Err(bad.within(Step::Field { record: *record, index }));
            }
        }
        for child in &self.missing[missing.clone()] {
            columns.children[*child as usize].push_null();
        }
        cursor.leave();
        Ok(())
    }

    /// Gives the column of `node` exactly one value: NULL for null, and NULL with a note for what
    /// the column cannot hold.
    #[inline(always)]
    fn read(
        &self,
        reading: Reading,
        node: &mut Node,
        cursor: &mut Cursor<'_>,
        notes: &mut RowNotes,
    ) -> Result<(), Malformed> {
        let mut reading = reading;
        if let Reading::Optional { null, value } = reading {
            if cursor.index(2, Reason::Branch)? == usize::from(null) {
                node.push_null();
                return Ok(());
            }
            reading = self.reading(value);
        }
        match (reading, &mut node.column) {
            (Reading::Text, Column::Text(column)) => column.push(cursor.string()?),
            (Reading::Long, Column::Int64(column)) => column.push(Some(cursor.long()?)),
            (Reading::Double, Column::Float64(column)) => {
                column.push(Some(f64::from_le_bytes(cursor.array()?)));
            }
            _ => return self.read_other(reading, node, cursor, notes),
        }
        Ok(())
    }

    #[inline(never)]
    fn read_other(
        &self,
        reading: Reading,
        node: &mut Node,
        cursor: &mut Cursor<'_>,
        notes: &mut RowNotes,
    ) -> Result<(), Malformed> {
        match (reading, &mut node.column) {
            (
                Reading::Timestamp(unit),
                Column::Timestamp { values, .. } | Column::WrittenTimestamp { values, .. },
            ) => {
                let micros = value::micros(cursor.long()?, unit);
                values.push(micros);
                if micros.is_none() {
                    notes.misfit(node.field);
                }
            }
            (Reading::Value(of), column) => {
                if value::read(&self.types, of, column, cursor)? == Taken::Misfit {
                    notes.misfit(node.field);
                }
            }
            (Reading::Union { first, len }, _) => {
                let branch = cursor.index(len as usize, Reason::Branch)? as u32;
                self.read_branch(self.reading(first + branch), node, cursor, notes)?;
            }
            (Reading::Object(object), Column::Struct(column)) => {
                self.object(object, column, None, cursor, notes)?;
                column.commit();
            }
            (Reading::List(item), Column::List(column)) => {
                self.list(self.reading(item), column, cursor, notes)
                    .map_err(|bad| bad.within(Step::Item))?;
            }
            (Reading::Map(value), Column::Map(column)) => {
                let is_map = self
                    .map(self.reading(value), column, cursor, notes)
                    .map_err(|bad| bad.within(Step::Entry))?;
                if !is_map {
                    notes.misfit(node.field);
                }
            }
            (Reading::Misfit(of), _) => {
                skip(&self.types, of, cursor)?;
                node.push_null();
                notes.misfit(node.field);
            }
            // A null; the other readings have their own kind of column.
            _ => node.push_null(),
        }
        Ok(())
    }

    fn read_branch(
        &self,
        reading: Reading,
        node: &mut Node,
        cursor: &mut Cursor<'_>,
        notes: &mut RowNotes,
    ) -> Result<(), Malformed> {
        self.read(reading, node, cursor, notes)
    }

    fn list(
        &self,
        item: Reading,
        list: &mut ListColumn,
        cursor: &mut Cursor<'_>,
        notes: &mut RowNotes,
    ) -> Result<(), Malformed> {
        cursor.enter()?;
        while let Some(block) = cursor.block()? {
            for _ in 0..block.count {
                let start = cursor.at();
                self.read(item, &mut list.item, cursor, notes)?;
                list.item_done();
                cursor.took(start)?;
            }
            cursor.end_block(&block)?;
        }
        cursor.leave();
        list.commit();
        Ok(())
    }

    /// False, and NULL, when a key is there twice.
    fn map(
        &self,
        value: Reading,
        map: &mut MapColumn,
        cursor: &mut Cursor<'_>,
        notes: &mut RowNotes,
    ) -> Result<bool, Malformed> {
        cursor.enter()?;
        while let Some(block) = cursor.block()? {
            for _ in 0..block.count {
                map.keys.push(cursor.string()?);
                self.read(value, &mut map.value, cursor, notes)?;
            }
            cursor.end_block(&block)?;
        }
        cursor.leave();
        Ok(map.commit())
    }
}
