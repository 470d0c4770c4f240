//! A second contract over the same records, without effect.

use std::sync::Arc;

use headgate_contract::Checker;
use headgate_decode::{Decoded, Decoder};
use headgate_model::{BatchQueries, ContractRef, RecordChunk, RowFunctions, Transform, Verdict};

use crate::process::{answers, find, on_own_thread, payloads};
use crate::transform::RowTransform;
use crate::verdict::{Tally, verdict};
use crate::{EngineFault, Policy};

/// It decodes and transforms for itself: its columns and their types are its own.
pub struct Shadow {
    pub decoder: Box<dyn Decoder>,
    pub transform: Option<Arc<dyn Transform>>,
    pub checker: Checker,
    pub queries: Option<Box<dyn BatchQueries>>,
    pub functions: Option<Box<dyn RowFunctions>>,
    pub contract: ContractRef,
}

/// With what it has seen of the open batch.
pub(crate) struct OpenShadow {
    pub shadow: Shadow,
    transform: Option<RowTransform>,
    tally: Tally,
    /// Whether some rows keep their rules nobody knows.
    unjudged: bool,
}

impl From<Shadow> for OpenShadow {
    fn from(shadow: Shadow) -> Self {
        let transform = RowTransform::after(shadow.decoder.as_ref(), shadow.transform.as_ref());
        Self { shadow, transform, tally: Tally::default(), unjudged: false }
    }
}

impl OpenShadow {
    /// Decodes and transforms.
    pub async fn decode(&mut self, chunk: &RecordChunk) -> Result<Decoded, EngineFault> {
        self.shadow.checker.enter(chunk.polled_at_us);
        let decoded = on_own_thread(|| self.shadow.decoder.decode(chunk))?;
        match &self.transform {
            Some(transform) => transform.apply(decoded).await,
            None => Ok(decoded),
        }
    }

    pub async fn judge(
        &mut self,
        chunk: &RecordChunk,
        decoded: &Decoded,
    ) -> Result<(), EngineFault> {
        let Shadow { checker, functions, queries, .. } = &mut self.shadow;
        let mut found = find(functions, &decoded.rows).await;
        let checked = on_own_thread(|| {
            found.extend(checker.find_in(payloads(chunk, decoded)));
            checker.check_with(&decoded.rows, &decoded.fields, found)
        })?;
        self.tally.rows += decoded.rows.num_rows() as u64;
        self.tally.counts.dead_letters += decoded.dead.len() as u64;
        self.tally.violating_rows += checked.violating.len() as u64;
        self.unjudged |= checked.unjudged;
        if let Some(queries) = queries {
            queries.take(&decoded.rows).await;
        }
        Ok(())
    }

    /// What its verdict would have been under the same policy.
    pub async fn finish(&mut self, uuid: String, policy: Policy, now_us: i64) -> Verdict {
        let answers = answers(&mut self.shadow.queries).await;
        let rules = self.shadow.checker.finish(&answers, now_us).rules;
        let mut tally = std::mem::take(&mut self.tally);
        let unjudged = std::mem::take(&mut self.unjudged);
        tally.blocks = (policy == Policy::Block && tally.violating_rows > 0)
            || (unjudged && !policy.writes_violating_rows());
        if let Some(functions) = &mut self.shadow.functions {
            functions.reset();
        }
        verdict(uuid, &tally, rules, policy, Some(self.shadow.contract.clone()))
    }

    pub fn reset(&mut self) {
        self.tally = Tally::default();
        self.unjudged = false;
        if let Some(functions) = &mut self.shadow.functions {
            functions.reset();
        }
        self.shadow.checker.reset();
        if let Some(queries) = &mut self.shadow.queries {
            queries.reset();
        }
    }
}
