//! Columns of objects and arrays.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, FieldRef, Fields};

use super::bitmap::Validity;
use super::{Learned, Node};
use crate::json::FieldOrder;

pub(crate) struct StructColumn {
    fields: Fields,
    pub(crate) children: Vec<Node>,
    /// What the parser knows of the objects of this column.
    pub(crate) order: FieldOrder,
    validity: Validity,
}

impl StructColumn {
    /// `children` in the order of `fields`.
    pub(super) fn new(fields: Fields, children: Vec<Node>) -> Self {
        let order = FieldOrder::new(fields.iter().map(|field| field.name().as_str()));
        Self { fields, children, order, validity: Validity::default() }
    }

    pub(crate) fn reserve(&mut self, rows: usize, max_bytes: usize) {
        for child in &mut self.children {
            child.reserve(rows, max_bytes);
        }
    }

    /// Closes an object whose children all have their value.
    #[inline]
    pub(crate) fn commit(&mut self) {
        self.validity.push(true);
    }

    pub(crate) fn push_null(&mut self) {
        self.children.iter_mut().for_each(Node::push_null);
        self.validity.push(false);
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        self.children.iter_mut().for_each(|child| child.truncate(rows));
        self.validity.truncate(rows);
    }

    /// The children's columns; this column's own NULLs are dropped.
    pub(crate) fn finish_children(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        self.validity = Validity::default();
        self.children.iter_mut().map(Node::finish).collect()
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let (len, nulls) = (self.validity.len(), self.validity.finish());
        let children = self.finish_children()?;
        let fields = self.fields.clone();
        Ok(Arc::new(StructArray::try_new_with_length(fields, children, nulls, len)?))
    }
}

pub(crate) struct ListColumn {
    field: FieldRef,
    pub(crate) item: Box<Node>,
    /// Items pushed so far, those of the open array too.
    items: usize,
    offsets: Vec<i32>,
    validity: Validity,
    items_by_row: Learned,
}

impl ListColumn {
    pub(super) fn new(field: FieldRef, item: Node) -> Self {
        Self {
            field,
            item: Box::new(item),
            items: 0,
            offsets: vec![0],
            validity: Validity::default(),
            items_by_row: Learned::default(),
        }
    }

    pub(super) fn reserve(&mut self, rows: usize, max_bytes: usize) {
        self.offsets.reserve(rows);
        // An item is a byte and a separator at least.
        let items = self.items_by_row.expect(rows, max_bytes / 2);
        self.item.reserve(items, max_bytes);
    }

    pub(crate) fn items(&self) -> usize {
        self.items
    }

    /// The item was given its value.
    #[inline]
    pub(crate) fn item_done(&mut self) {
        self.items += 1;
    }

    #[inline]
    pub(crate) fn commit(&mut self) {
        self.offsets.push(self.items as i32);
        self.validity.push(true);
    }

    pub(crate) fn push_null(&mut self) {
        self.offsets.push(self.items as i32);
        self.validity.push(false);
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.validity.truncate(rows);
        self.items = self.offsets.last().map_or(0, |&end| end as usize);
        self.item.truncate(self.items);
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.items_by_row.learn(self.validity.len(), self.items);
        self.items = 0;
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        let items = self.item.finish()?;
        let nulls = self.validity.finish();
        Ok(Arc::new(ListArray::try_new(self.field.clone(), offsets, items, nulls)?))
    }
}
