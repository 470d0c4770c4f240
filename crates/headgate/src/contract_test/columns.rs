//! Rows of a file or table as a contract's columns.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, RecordBatch, StructArray, new_null_array};
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, Fields, SchemaRef};
use headgate_model::{FieldViolation, map_parts};

/// Finds the contract's columns in rows that come from elsewhere.
pub(crate) struct Columns {
    /// The contract's, all nullable: what is wrong is for its rules to say.
    schema: SchemaRef,
}

/// The array that a field was found as, and whose rows its slots are.
struct Slots<'a> {
    array: &'a ArrayRef,
    rows: Option<&'a [u32]>,
}

impl Columns {
    pub fn of(contract: &SchemaRef) -> Self {
        Self { schema: Arc::clone(contract) }
    }

    /// Columns by name; one that is missing is NULL. A value that its column cannot hold is NULL,
    /// and among the violations.
    pub fn fit(
        &self,
        rows: &RecordBatch,
    ) -> Result<(RecordBatch, Vec<FieldViolation>), ArrowError> {
        let mut fitting = Fitting { next: 0, violations: Vec::new() };
        let columns = self.schema.fields().iter().map(|field| {
            let found = rows.column_by_name(field.name());
            fitting.field(field, found.map(|array| Slots { array, rows: None }), rows.num_rows())
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        fitting.violations.sort_unstable();
        fitting.violations.dedup();
        Ok((RecordBatch::try_new(Arc::clone(&self.schema), columns)?, fitting.violations))
    }
}

struct Fitting {
    /// Number of the next field, in the order of `field_paths`.
    next: u32,
    violations: Vec<FieldViolation>,
}

impl Fitting {
    fn field(
        &mut self,
        field: &Field,
        found: Option<Slots<'_>>,
        len: usize,
    ) -> Result<ArrayRef, ArrowError> {
        let number = self.next;
        self.next += 1;
        let wanted = field.data_type();
        let Some(slots) = found else {
            self.next += below(wanted);
            return Ok(new_null_array(wanted, len));
        };
        match wanted {
            DataType::Struct(fields) if slots.array.as_struct_opt().is_some() => {
                self.fields_of(fields, &slots)
            }
            DataType::List(item) if slots.array.as_list_opt::<i32>().is_some() => {
                self.items_of(item, &slots)
            }
            DataType::Map(entries, sorted)
                if let (Some(parts), Some(found)) =
                    (map_parts(entries), slots.array.as_map_opt()) =>
            {
                let rows = rows_of(found.value_offsets(), found.entries().len(), &slots);
                let fitted = parts
                    .iter()
                    .zip(found.entries().columns())
                    .map(|(part, array)| {
                        self.field(part, Some(Slots { array, rows: Some(&rows) }), array.len())
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                let fields = parts.into_iter().cloned().collect();
                let fitted = StructArray::try_new(fields, fitted, None)?;
                let (offsets, nulls) = (found.offsets().clone(), found.nulls().cloned());
                Ok(Arc::new(MapArray::try_new(
                    Arc::clone(entries),
                    offsets,
                    fitted,
                    nulls,
                    *sorted,
                )?))
            }
            _ => {
                self.next += below(wanted);
                self.values(number, wanted, &slots)
            }
        }
    }

    fn fields_of(&mut self, fields: &Fields, slots: &Slots<'_>) -> Result<ArrayRef, ArrowError> {
        let found = slots.array.as_struct();
        let children = fields.iter().map(|field| {
            let child = found.column_by_name(field.name());
            let child = child.map(|array| Slots { array, rows: slots.rows });
            self.field(field, child, found.len())
        });
        let children = children.collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(StructArray::try_new(fields.clone(), children, found.nulls().cloned())?))
    }

    fn items_of(&mut self, item: &Arc<Field>, slots: &Slots<'_>) -> Result<ArrayRef, ArrowError> {
        let found = slots.array.as_list::<i32>();
        let rows = rows_of(found.value_offsets(), found.values().len(), slots);
        let items = Slots { array: found.values(), rows: Some(&rows) };
        let values = self.field(item, Some(items), found.values().len())?;
        let (offsets, nulls) = (found.offsets().clone(), found.nulls().cloned());
        Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, nulls)?))
    }

    fn values(
        &mut self,
        number: u32,
        wanted: &DataType,
        slots: &Slots<'_>,
    ) -> Result<ArrayRef, ArrowError> {
        let array = slots.array;
        if array.data_type() == wanted {
            return Ok(Arc::clone(array));
        }
        let fitted = if is_alike(array.data_type(), wanted) {
            cast_with_options(array, wanted, &CastOptions { safe: true, ..CastOptions::default() })?
        } else {
            new_null_array(wanted, array.len())
        };
        let lost = (0..array.len()).filter(|slot| array.is_valid(*slot) && fitted.is_null(*slot));
        let row = |slot: usize| slots.rows.map_or(slot as u32, |rows| rows[slot]);
        self.violations.extend(lost.map(|slot| FieldViolation { row: row(slot), field: number }));
        Ok(fitted)
    }
}

/// The row of each of `len` elements.
fn rows_of(offsets: &[i32], len: usize, slots: &Slots<'_>) -> Vec<u32> {
    let mut rows = vec![0; len];
    for (slot, range) in offsets.windows(2).enumerate() {
        let row = slots.rows.map_or(slot as u32, |rows| rows[slot]);
        rows[range[0] as usize..range[1] as usize].fill(row);
    }
    rows
}

/// Fields below one of this type.
fn below(data_type: &DataType) -> u32 {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| 1 + below(field.data_type())).sum(),
        DataType::List(item) => 1 + below(item.data_type()),
        DataType::Map(entries, _) => below(entries.data_type()),
        _ => 0,
    }
}

/// True where one type may hold the other's values: a number is no text, whatever it looks like.
fn is_alike(found: &DataType, wanted: &DataType) -> bool {
    if let DataType::Dictionary(_, values) = found {
        return is_alike(values, wanted);
    }
    let is_text = |data_type: &DataType| {
        matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
    };
    let is_list = |data_type: &DataType| {
        matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::ListView(_))
    };
    let is_moment = |data_type: &DataType| {
        matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
    };
    let same = [is_text, is_list, is_moment, DataType::is_numeric]
        .iter()
        .any(|kind| kind(found) && kind(wanted));
    // Of times only the text is kept.
    let time = matches!(found, DataType::Time32(_) | DataType::Time64(_)) && is_text(wanted);
    (same || time || found == wanted) && can_cast_types(found, wanted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow_array::{Int32Array, Int64Array, StringArray};
    use arrow_schema::Schema;

    #[test]
    fn columns_are_found_by_name_and_what_does_not_fit_is_a_violation() {
        let item = |data_type| Arc::new(Field::new("item", data_type, true));
        let contract = Schema::new(vec![
            Field::new("id", DataType::Utf8, true),
            Field::new("n", DataType::Int32, true),
            Field::new("gone", DataType::Struct(vec![item(DataType::Utf8)].into()), true),
            Field::new("xs", DataType::List(item(DataType::Int32)), true),
        ]);
        let lists = ListArray::from_iter_primitive::<arrow_array::types::Int64Type, _, _>([
            Some(vec![Some(1)]),
            Some(vec![None, Some(1 << 40), Some(1 << 41)]),
        ]);
        let rows = RecordBatch::try_from_iter([
            ("xs", Arc::new(lists) as ArrayRef),
            ("n", Arc::new(Int64Array::from(vec![1 << 40, 7])) as ArrayRef),
            ("id", Arc::new(Int32Array::from(vec![None, Some(2)])) as ArrayRef),
            ("other", Arc::new(StringArray::from(vec!["x", "y"])) as ArrayRef),
        ])
        .unwrap();
        let (fitted, violations) = Columns::of(&Arc::new(contract)).fit(&rows).unwrap();
        let found: Vec<_> = violations.iter().map(|v| (v.row, v.field)).collect();
        // Fields: 0 id, 1 n, 2 gone, 3 gone.item, 4 xs, 5 xs[].
        assert_eq!(found, [(0, 1), (1, 0), (1, 5)]);
        assert_eq!(fitted.column(1).as_ref(), &Int32Array::from(vec![None, Some(7)]) as &dyn Array);
        assert_eq!(fitted.column(2).null_count(), 2);
    }
}
