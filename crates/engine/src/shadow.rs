//! A second contract over the same records, without effect.

use std::sync::Arc;

use arrow_array::RecordBatch;
use headgate_contract::Checker;
use headgate_decode::Decoder;
use headgate_model::{BatchQueries, ContractRef, RecordChunk, Transform, Verdict};

use crate::transform::RowTransform;
use crate::verdict::{Tally, verdict};
use crate::{EngineFault, Policy};

/// It decodes and transforms for itself: its columns and their types are its own.
pub struct Shadow {
    pub decoder: Box<dyn Decoder>,
    pub transform: Option<Arc<dyn Transform>>,
    pub checker: Checker,
    pub queries: Option<Box<dyn BatchQueries>>,
    pub contract: ContractRef,
}

/// With what it has seen of the open batch.
pub(crate) struct OpenShadow {
    pub shadow: Shadow,
    transform: Option<RowTransform>,
    tally: Tally,
}

impl From<Shadow> for OpenShadow {
    fn from(shadow: Shadow) -> Self {
        let transform = RowTransform::after(shadow.decoder.as_ref(), shadow.transform.as_ref());
        Self { shadow, transform, tally: Tally::default() }
    }
}

impl OpenShadow {
    /// Decodes, transforms and checks; the rows are for its queries.
    pub fn judge(&mut self, chunk: &RecordChunk) -> Result<RecordBatch, EngineFault> {
        let decoded = self.shadow.decoder.decode(chunk)?;
        let decoded = match &self.transform {
            Some(transform) => transform.apply(decoded)?,
            None => decoded,
        };
        let checked = self.shadow.checker.check(&decoded.rows, &decoded.fields)?;
        self.tally.rows += decoded.rows.num_rows() as u64;
        self.tally.counts.dead_letters += decoded.dead.len() as u64;
        self.tally.violating_rows += checked.violating.len() as u64;
        Ok(decoded.rows)
    }

    pub async fn ask(&mut self, rows: &RecordBatch) {
        if let Some(queries) = &mut self.shadow.queries {
            queries.take(rows).await;
        }
    }

    /// What its verdict would have been under the same policy.
    pub async fn finish(&mut self, uuid: String, policy: Policy, now_us: i64) -> Verdict {
        let answers = match &mut self.shadow.queries {
            Some(queries) => queries.finish().await,
            None => Vec::new(),
        };
        let rules = self.shadow.checker.finish(&answers, now_us).rules;
        let mut tally = std::mem::take(&mut self.tally);
        tally.blocks = policy == Policy::Block && tally.violating_rows > 0;
        verdict(uuid, &tally, rules, policy, Some(self.shadow.contract.clone()))
    }

    pub fn reset(&mut self) {
        self.tally = Tally::default();
        self.shadow.checker.reset();
        if let Some(queries) = &mut self.shadow.queries {
            queries.reset();
        }
    }
}
