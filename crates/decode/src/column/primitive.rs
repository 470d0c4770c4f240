//! Columns of fixed width.

use std::sync::Arc;

use arrow_array::{ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow_schema::{ArrowError, DataType};

use super::bitmap::{Bitmap, Validity};

pub(crate) struct PrimitiveColumn<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    validity: Validity,
}

impl<T: ArrowPrimitiveType> Default for PrimitiveColumn<T> {
    fn default() -> Self {
        Self { values: Vec::new(), validity: Validity::default() }
    }
}

impl<T: ArrowPrimitiveType> PrimitiveColumn<T> {
    pub(super) fn reserve(&mut self, rows: usize) {
        self.values.reserve(rows);
    }

    /// `None` is NULL.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: Option<T::Native>) {
        self.validity.push(value.is_some());
        self.values.push(value.unwrap_or_default());
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.validity.truncate(rows);
    }

    pub(super) fn finish(&mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let values = std::mem::take(&mut self.values);
        let array = PrimitiveArray::<T>::try_new(values.into(), self.validity.finish())?;
        Ok(Arc::new(array.with_data_type(data_type.clone())))
    }
}

#[derive(Default)]
pub(crate) struct BooleanColumn {
    values: Bitmap,
    validity: Validity,
}

impl BooleanColumn {
    pub(super) fn reserve(&mut self, rows: usize) {
        self.values.reserve(rows);
    }

    /// `None` is NULL.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: Option<bool>) {
        self.validity.push(value.is_some());
        self.values.push(value.unwrap_or_default());
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.validity.truncate(rows);
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        Arc::new(BooleanArray::new(self.values.finish(), self.validity.finish()))
    }
}
