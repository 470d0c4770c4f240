//! Partitions that come, go, or turn out to be somebody else's.

use headgate_model::{PartitionId, Positions, RecordSource};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::EngineFault;
use crate::intake::{Flow, HEARTBEAT, Intake, IntakeEnd, OpenBatch, OutletGone};
use crate::work::{Feedback, Work};

/// Fences in a row that end a query.
const MAX_FENCES: u32 = 3;

impl<S: RecordSource> Intake<S> {
    /// Assigned: image to the tip, start there.
    pub async fn assigned(
        &mut self,
        partitions: &[PartitionId],
        reply: Box<dyn FnOnce(Positions) + Send>,
    ) -> Flow<()> {
        let positions = self.positions_at_tip().await?;
        self.offsets.assign(partitions, &positions);
        self.tell_lead();
        reply(positions);
        Ok(())
    }

    /// Revoked: the open batch is cut, decided and committed first. Lost: it is dropped, and what
    /// is kept is read again from the image.
    pub async fn revoked(
        &mut self,
        partitions: &[PartitionId],
        lost: bool,
        done: Box<dyn FnOnce() + Send>,
    ) -> Flow<()> {
        if !lost {
            self.take_pending().await?;
            self.cut_and_settle().await?;
            if let Some(schemas) = &mut self.schemas {
                schemas.drop_partitions(partitions);
            }
            self.offsets.revoke(partitions);
            self.tell_lead();
            done();
            return Ok(());
        }
        self.offsets.revoke(partitions);
        self.tell_lead();
        done();
        self.rewind_to_tip().await
    }

    fn tell_lead(&self) {
        self.observer.leads(self.config.fixed_assignment || self.offsets.has_first());
    }

    pub fn take_feedback(&mut self, feedback: Feedback) -> Flow<()> {
        match feedback {
            Feedback::Committed { positions } => {
                self.fences = 0;
                self.source.committed(&positions);
                Ok(())
            }
            Feedback::Fenced { epoch, same_group } => {
                if epoch != self.epoch && same_group {
                    // Read again already, for another reason.
                    return Ok(());
                }
                self.fences += 1;
                if !same_group || self.config.fixed_assignment || self.fences >= MAX_FENCES {
                    return Err(EngineFault::Fenced { times: self.fences, same_group }.into());
                }
                self.rewind = Some(Instant::now() + HEARTBEAT);
                Ok(())
            }
        }
    }

    /// Drops the open batch and reads what is held again from where the output stands.
    pub async fn rewind_to_tip(&mut self) -> Flow<()> {
        self.drop_open_batch().await?;
        let positions = self.positions_at_tip().await?;
        self.read_again(&positions).await
    }

    async fn drop_open_batch(&mut self) -> Flow<()> {
        self.epoch += 1;
        self.pending.clear();
        if let Some(schemas) = &mut self.schemas {
            schemas.drop_held();
        }
        self.drained = false;
        self.held = false;
        self.batch = OpenBatch::new();
        self.stands_on = None;
        if let Some(checker) = &mut self.checker {
            checker.reset();
        }
        if let Some(contract) = &mut self.assembler.rejects_contract {
            contract.reset();
        }
        if let Some(queries) = &mut self.queries {
            queries.reset();
        }
        if let Some(functions) = &mut self.functions {
            functions.reset();
        }
        if let Some(shadow) = &mut self.shadow {
            shadow.reset();
        }
        self.rewind = None;
        self.look_elsewhere = None;
        self.send(Work::Restart { epoch: self.epoch }).await
    }

    async fn read_again(&mut self, positions: &Positions) -> Flow<()> {
        let held = self.offsets.rewind(positions);
        Ok(self.source.rewind(held, self.epoch).await?)
    }

    pub async fn positions_at_tip(&mut self) -> Flow<Positions> {
        let (reply, image) = oneshot::channel();
        self.send(Work::Refresh { reply }).await?;
        let image = image.await.map_err(|_| IntakeEnd::Outlet(OutletGone))?;
        Ok(image.positions)
    }
}
