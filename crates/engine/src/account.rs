//! How far the open batch has taken each partition.

use std::collections::BTreeMap;

use headgate_model::{PartitionId, PartitionLedger, Positions, RecordChunk};

use crate::EngineFault;

/// Follows offsets from batch to batch.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    partitions: BTreeMap<PartitionId, Range>,
}

#[derive(Clone, Debug, Default)]
struct Range {
    /// Where the output stands; absent until the partition's first batch.
    position: Option<i64>,
    end: Option<i64>,
    records: i64,
    lost: i64,
    gaps: i64,
}

impl Offsets {
    /// Takes over partitions at the positions of the output's image.
    pub fn assign(&mut self, partitions: &[PartitionId], positions: &Positions) {
        for id in partitions {
            let position = positions.get(id).copied();
            self.partitions.insert(id.clone(), Range { position, ..Range::default() });
        }
    }

    pub fn revoke(&mut self, partitions: &[PartitionId]) {
        self.partitions.retain(|id, _| !partitions.contains(id));
    }

    /// True for the worker that has a first partition: of one topic there is one.
    pub fn has_first(&self) -> bool {
        self.partitions.keys().any(|id| id.partition == 0)
    }

    /// Forgets the open batch: what is held starts from `positions` again.
    pub fn rewind(&mut self, positions: &Positions) -> Positions {
        let held: Vec<PartitionId> = self.partitions.keys().cloned().collect();
        self.assign(&held, positions);
        held.into_iter().filter_map(|id| Some((id.clone(), *positions.get(&id)?))).collect()
    }

    /// Counts the chunk in. Records come in order of their offsets, each once.
    pub fn add(&mut self, chunk: &RecordChunk) -> Result<(), EngineFault> {
        let mut ranges: Vec<Range> = chunk
            .partitions
            .iter()
            .map(|id| self.partitions.get(id).cloned().unwrap_or_default())
            .collect();
        for record in chunk.iter() {
            let range = &mut ranges[record.partition as usize];
            let expected = range.end.or(range.position).unwrap_or(record.offset);
            if record.offset < expected {
                let partition = chunk.partitions[record.partition as usize].to_string();
                return Err(EngineFault::Repeated { partition, offset: record.offset, expected });
            }
            range.gaps += record.offset - expected;
            range.records += 1;
            range.end = Some(record.offset + 1);
        }
        for advance in &chunk.advances {
            let range = &mut ranges[advance.partition as usize];
            let expected = range.end.or(range.position).unwrap_or(advance.end - advance.lost);
            let span = (advance.end - expected).max(0);
            let lost = advance.lost.min(span);
            range.lost += lost;
            range.gaps += span - lost;
            range.end = Some(range.end.unwrap_or(expected).max(advance.end));
        }
        self.partitions.extend(chunk.partitions.iter().cloned().zip(ranges));
        Ok(())
    }

    /// The ranges of the open batch; the next one starts where they end.
    pub fn cut(&mut self) -> Vec<PartitionLedger> {
        let mut ledgers = Vec::new();
        for (id, range) in &mut self.partitions {
            let Some(end) = range.end else { continue };
            let Range { position, records, lost, gaps, .. } = *range;
            let start = position.unwrap_or(end - records - lost - gaps);
            if end == start && position.is_some() {
                continue;
            }
            let partition = id.clone();
            let first = position.is_none();
            ledgers.push(PartitionLedger { partition, start, end, records, gaps, lost, first });
            *range = Range { position: Some(end), ..Range::default() };
        }
        ledgers
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use headgate_model::{Advance, ChunkBuilder};

    fn id() -> PartitionId {
        PartitionId::new("t", "-", 0)
    }

    fn chunk(offsets: &[i64], advance: Option<(i64, i64)>) -> RecordChunk {
        let mut builder = ChunkBuilder::default();
        let partition = builder.partition(&id());
        for offset in offsets {
            builder.push(partition, *offset, None, Some(b"x"), None, []);
        }
        if let Some((end, lost)) = advance {
            builder.advance(Advance { partition, end, lost });
        }
        builder.finish(0, 0)
    }

    fn offsets(position: Option<i64>) -> Offsets {
        let mut offsets = Offsets::default();
        let positions = position.map(|position| (id(), position)).into_iter().collect();
        offsets.assign(&[id()], &positions);
        offsets
    }

    #[test]
    fn every_range_accounts_for_each_of_its_offsets() {
        for (position, records, advance, expected) in [
            (Some(5), vec![5, 6, 7], None, (5, 8, 3, 0, 0)),
            (Some(5), vec![7, 9], None, (5, 10, 2, 3, 0)),
            (None, vec![7, 9], None, (7, 10, 2, 1, 0)),
            (Some(5), vec![5], Some((8, 0)), (5, 8, 1, 2, 0)),
            (Some(5), vec![], Some((20, 15)), (5, 20, 0, 0, 15)),
            (Some(0), vec![], Some((20, 15)), (0, 20, 0, 5, 15)),
            (None, vec![], Some((3, 0)), (3, 3, 0, 0, 0)),
        ] {
            let mut offsets = offsets(position);
            offsets.add(&chunk(&records, advance)).unwrap();
            let cut = offsets.cut();
            let PartitionLedger { start, end, records, gaps, lost, first, .. } = cut[0];
            assert_eq!((start, end, records, gaps, lost), expected);
            assert_eq!(end - start, records + gaps + lost);
            assert_eq!(first, position.is_none());
            assert!(offsets.cut().is_empty());
        }
    }

    #[test]
    fn a_record_that_comes_again_is_a_fault() {
        let mut offsets = offsets(Some(5));
        offsets.add(&chunk(&[5, 6], None)).unwrap();
        let fault = offsets.add(&chunk(&[6], None)).unwrap_err();
        assert!(matches!(fault, EngineFault::Repeated { offset: 6, expected: 7, .. }));
    }

    #[test]
    fn batches_tile_across_cuts_and_rewinds() {
        let mut offsets = offsets(Some(0));
        offsets.add(&chunk(&[0, 1], None)).unwrap();
        assert_eq!(offsets.cut()[0].end, 2);
        offsets.add(&chunk(&[2, 3], None)).unwrap();
        let back = offsets.rewind(&[(id(), 2)].into());
        assert_eq!(back, [(id(), 2)].into());
        offsets.add(&chunk(&[2], None)).unwrap();
        let cut = offsets.cut();
        assert_eq!((cut[0].start, cut[0].end), (2, 3));
    }
}
