//! What rules over more than a batch have to know of the output.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_schema::Schema;
use headgate_contract::{Checker, Forgotten};
use headgate_model::{BoxFault, OutputRows, RecordSource};

use crate::EngineFault;
use crate::intake::{Flow, Intake};
use crate::layout::ingestion;

impl<S: RecordSource> Intake<S> {
    /// Reads the output where that is needed, once all that is under way is settled.
    pub async fn recall(&mut self) -> Flow<()> {
        let shadow = self.shadow.as_ref().map(|shadow| &shadow.shadow.checker);
        let mut checkers = self.checker.iter().chain(shadow);
        if !checkers.any(|checker| checker.forgotten().is_some()) {
            return Ok(());
        }
        self.stands_on = Some(self.positions_at_tip().await?);
        let max = self.config.limits.state.bytes();
        let shadow = self.shadow.as_mut().map(|shadow| &mut shadow.shadow.checker);
        for checker in self.checker.iter_mut().chain(shadow) {
            recall_rows(self.output_rows.as_ref(), checker, max).await?;
        }
        Ok(())
    }
}

async fn recall_rows(
    output: &dyn OutputRows,
    checker: &mut Checker,
    max: u64,
) -> Result<(), BoxFault> {
    let Some(Forgotten { schema, by_time }) = checker.forgotten() else { return Ok(()) };
    checker.recall();
    let [ingested_at, _] = ingestion();
    let fields = schema.fields().iter().cloned().chain(by_time.then_some(ingested_at));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut take = |rows: &arrow_array::RecordBatch| {
        let moments = by_time.then(|| rows.columns().last()).flatten();
        let moments = moments.map(|column| column.as_primitive::<TimestampMicrosecondType>());
        checker.recall_rows(rows, moments.map(|moments| &moments.values()[..]))?;
        Ok(within(checker, max)?)
    };
    output.read(schema, &mut take).await
}

/// Keys of the output have to fit into memory.
pub(crate) fn within(checker: &Checker, max: u64) -> Result<(), EngineFault> {
    match checker.memory_bytes() as u64 {
        bytes if bytes > max => Err(EngineFault::TooManyKeys { bytes, max }),
        _ => Ok(()),
    }
}
