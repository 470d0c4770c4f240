//! The partitions that this worker holds, and how far each was handed over.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use headgate_model::{PartitionId, Positions};

use crate::fetch_queue::Message;
use crate::stats::Stats;

pub(crate) struct HeldPartition {
    pub id: PartitionId,
    /// The next offset to hand over. `None`: the first there is, not known yet.
    pub next: Option<i64>,
    /// Exclusive; only of reads that end.
    pub end: Option<i64>,
    /// Its end was reached; nothing more of it is handed over.
    pub done: bool,
    /// Newer than the start of a read that ends: nothing of it is handed over, ever.
    excluded: bool,
    /// To go out with the open chunk: the position moves there without a record.
    pub advance: Option<Moved>,
    /// Chunk that `index` belongs to, 0 for none.
    pub chunk: u64,
    /// Index in that chunk's partitions.
    pub index: u32,
    low: Option<i64>,
    high: Option<i64>,
}

/// Topic, partition, and the next offset to read; `None`: the first there is.
pub(crate) type Place = (Arc<str>, i32, Option<i64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub end: i64,
    pub lost: i64,
}

impl HeldPartition {
    pub(crate) fn new(id: PartitionId, next: Option<i64>, end: Option<i64>) -> Self {
        Self {
            id,
            next,
            end,
            done: false,
            excluded: false,
            advance: None,
            chunk: 0,
            index: 0,
            low: None,
            high: None,
        }
    }

    pub(crate) fn excluded(id: PartitionId, next: Option<i64>) -> Self {
        Self { done: true, excluded: true, ..Self::new(id, next, None) }
    }

    /// Where to fetch from.
    pub(crate) fn place(&self) -> Place {
        (Arc::clone(&self.id.topic), self.id.partition, self.next)
    }

    /// True if the position moved. Never moves back.
    pub(crate) fn move_to(&mut self, end: i64, lost: i64) -> bool {
        let moves = self.next.is_none_or(|next| next < end);
        if moves {
            self.advance = Some(Moved { end, lost });
            self.next = Some(end);
        }
        moves
    }

    /// Nothing more to read up to `offset`, where the partition ends for now.
    pub(crate) fn reached(&mut self, offset: i64) -> bool {
        self.high = self.high.max(Some(offset));
        let at = self.end.map_or(offset, |end| end.min(offset));
        self.done |= self.end.is_some();
        self.move_to(at, 0)
    }

    fn lag(&self) -> u64 {
        let next = self.next.or(self.low);
        next.zip(self.end.or(self.high)).map_or(0, |(next, high)| (high - next).max(0) as u64)
    }
}

#[derive(Default)]
pub(crate) struct Held {
    partitions: Vec<HeldPartition>,
    /// By librdkafka's handle of the topic; filled as records come, emptied on every change.
    by_handle: HashMap<(usize, i32), usize>,
    /// Records come in runs of one partition.
    last: Option<((usize, i32), usize)>,
}

impl Held {
    pub(crate) fn add(&mut self, partition: HeldPartition) {
        self.remove(|held| {
            held.id.topic == partition.id.topic && held.id.partition == partition.id.partition
        });
        self.partitions.push(partition);
    }

    pub(crate) fn remove(&mut self, gone: impl Fn(&HeldPartition) -> bool) {
        self.partitions.retain(|held| !gone(held));
        self.by_handle.clear();
        self.last = None;
    }

    /// The partition of a record; `None` if it is not held any more.
    pub(crate) fn find(&mut self, message: Message<'_>) -> Option<&mut HeldPartition> {
        let key = (message.topic_handle(), message.partition());
        let at = match self.last {
            Some((last, at)) if last == key => at,
            _ => match self.by_handle.get(&key) {
                Some(at) => *at,
                None => {
                    let at = self.position(message.topic(), message.partition())?;
                    self.by_handle.insert(key, at);
                    at
                }
            },
        };
        self.last = Some((key, at));
        self.partitions.get_mut(at)
    }

    fn position(&self, topic: &str, partition: i32) -> Option<usize> {
        let is = |held: &HeldPartition| {
            held.id.partition == partition && held.id.topic.as_ref() == topic
        };
        self.partitions.iter().position(is)
    }

    pub(crate) fn get(&mut self, topic: &str, partition: i32) -> Option<&mut HeldPartition> {
        let at = self.position(topic, partition)?;
        self.partitions.get_mut(at)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &HeldPartition> {
        self.partitions.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut HeldPartition> {
        self.partitions.iter_mut()
    }

    /// Names and ids of the topics held. A name has two ids if it was created again meanwhile.
    pub(crate) fn topics(&self) -> BTreeSet<(Arc<str>, Arc<str>)> {
        let pair =
            |held: &HeldPartition| (Arc::clone(&held.id.topic), Arc::clone(&held.id.topic_id));
        self.partitions.iter().map(pair).collect()
    }

    /// Of the partitions of which more is to be handed over.
    pub(crate) fn places(&self) -> Vec<Place> {
        self.partitions.iter().filter(|held| !held.done).map(HeldPartition::place).collect()
    }

    pub(crate) fn holds(&self, topic: &str, partition: i32) -> bool {
        self.partitions
            .iter()
            .any(|held| *held.id.topic == *topic && held.id.partition == partition)
    }

    pub(crate) fn all_done(&self) -> bool {
        self.partitions.iter().all(|held| held.done)
    }

    /// To read again from there; absent partitions from their first record.
    pub(crate) fn rewind(&mut self, positions: &Positions) {
        for held in &mut self.partitions {
            held.next = positions.get(&held.id).copied();
            held.advance = None;
            held.done = held.excluded;
        }
    }

    pub(crate) fn note(&mut self, stats: &Stats) {
        for one in &stats.partitions {
            if let Some(held) = self.get(&one.topic, one.partition) {
                held.low = one.low;
                held.high = held.high.max(one.high);
            }
        }
    }

    pub(crate) fn lag(&self) -> u64 {
        self.partitions.iter().map(HeldPartition::lag).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(next: Option<i64>, end: Option<i64>) -> HeldPartition {
        HeldPartition::new(PartitionId::new("t", "-", 0), next, end)
    }

    #[test]
    fn reaching_the_end_moves_the_position_past_control_records_only() {
        for (next, end, eof, position, done) in [
            (Some(5), None, 5, 5, false),
            (Some(5), None, 7, 7, false),
            (None, None, 3, 3, false),
            (Some(5), Some(7), 7, 7, true),
            (Some(5), Some(7), 9, 7, true),
            (Some(5), Some(9), 7, 7, true),
            (Some(8), Some(7), 9, 8, true),
        ] {
            let mut partition = held(next, end);
            let moved = partition.reached(eof);
            let case = format!("{next:?} {end:?} {eof}");
            assert_eq!((partition.next, partition.done), (Some(position), done), "{case}");
            assert_eq!(moved, next != Some(position), "{case}");
            let expected = moved.then_some(Moved { end: position, lost: 0 });
            assert_eq!(partition.advance, expected, "{case}");
        }
    }

    #[test]
    fn a_rewind_does_not_include_what_is_newer_than_the_start() {
        let mut all = Held::default();
        all.add(HeldPartition::excluded(PartitionId::new("t", "-", 0), None));
        all.rewind(&Positions::new());
        assert!(all.all_done() && all.places().is_empty());
    }

    #[test]
    fn a_topic_held_under_two_ids_is_told_twice() {
        let mut all = Held::default();
        for (id, partition) in [("a", 0), ("b", 1), ("b", 2)] {
            all.add(HeldPartition::new(PartitionId::new("t", id, partition), None, None));
        }
        let expected = [("t".into(), "a".into()), ("t".into(), "b".into())];
        assert_eq!(all.topics(), BTreeSet::from(expected));
    }

    #[test]
    fn a_rewind_forgets_what_was_done() {
        let mut all = Held::default();
        let mut partition = held(Some(5), Some(7));
        partition.reached(7);
        all.add(partition);
        assert!(all.all_done());
        all.rewind(&Positions::from([(PartitionId::new("t", "-", 0), 2)]));
        let again = all.get("t", 0).map(|held| (held.next, held.done, held.advance));
        assert_eq!(again, Some((Some(2), false, None)));
        assert_eq!(all.lag(), 5);
    }
}
