//! What an intervention sends elsewhere, as rows of where it goes.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, new_null_array};
use arrow_schema::{ArrowError, Field, SchemaRef};
use arrow_select::zip::zip;
use headgate_model::{BoxFault, ContractRef, TableRole};

use crate::columns::{constant, constant_or_null, of_intervention};
use crate::{EngineFault, Layout};

/// The columns of a query's tables, and by which contract its rows are good.
pub(crate) struct Rerouting {
    pub layout: Layout,
    pub contract: Option<ContractRef>,
}

impl Rerouting {
    /// Rows of the output, as those of `to`.
    pub fn convert(
        &self,
        to: TableRole,
        batch_uuid: &str,
        rows: RecordBatch,
    ) -> Result<RecordBatch, BoxFault> {
        match (to, self.layout.schema(to)) {
            (TableRole::Rejects, Some(schema)) => {
                let rejected = self.rejected(schema, batch_uuid, &rows);
                Ok(rejected.map_err(EngineFault::from)?)
            }
            _ => Ok(rows),
        }
    }

    /// What the output does not keep of a record, such as its payload, is NULL.
    fn rejected(
        &self,
        schema: &SchemaRef,
        batch_uuid: &str,
        rows: &RecordBatch,
    ) -> Result<RecordBatch, ArrowError> {
        let num_rows = rows.num_rows();
        let contract = self.contract.as_ref();
        let column = |field: &Arc<Field>| -> Result<ArrayRef, ArrowError> {
            let text = |of: fn(&ContractRef) -> &String| {
                constant_or_null(contract.map(|c| of(c).as_str()), num_rows)
            };
            let found = rows.column_by_name(field.name());
            Ok(match field.name().as_str() {
                "_violations" => violations(found, num_rows)?,
                "_contract_id" => text(|contract| &contract.id),
                "_contract_version" => text(|contract| &contract.version),
                "_contract_hash" => text(|contract| &contract.hash),
                "_batch_uuid" => constant(batch_uuid, num_rows),
                _ => match found.filter(|found| found.data_type() == field.data_type()) {
                    Some(found) => Arc::clone(found),
                    None => new_null_array(field.data_type(), num_rows),
                },
            })
        };
        let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}

/// The rules that a flagged row broke; of a clean one, that an intervention sent it here.
fn violations(found: Option<&ArrayRef>, num_rows: usize) -> Result<ArrayRef, ArrowError> {
    let sent = of_intervention(num_rows);
    let Some(found) = found else { return Ok(sent) };
    let is_flagged: BooleanArray = (0..num_rows).map(|row| Some(found.is_valid(row))).collect();
    zip(&is_flagged, found, &sent)
}
