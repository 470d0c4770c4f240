//! Partitions of a source and how far an output has taken them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One partition of one topic. The topic id tells a topic from its successor of the same name;
/// it is `-` where the source has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionId {
    pub topic: Arc<str>,
    pub topic_id: Arc<str>,
    pub partition: i32,
}

impl PartitionId {
    pub fn new(topic: impl Into<Arc<str>>, topic_id: impl Into<Arc<str>>, partition: i32) -> Self {
        Self { topic: topic.into(), topic_id: topic_id.into(), partition }
    }
}

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// Next offset to read of each partition. A partition that is absent starts at its first record.
pub type Positions = BTreeMap<PartitionId, i64>;
