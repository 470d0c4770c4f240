//! What brokers hold of topics, asked from outside a query.

use std::sync::Arc;

use crate::config::{FetchBudget, KafkaConfig};
use crate::context::{SourceConsumer, SourceContext};
use crate::fault::KafkaFault;
use crate::lookup::{EARLIEST, LATEST, Lookup};
use crate::poll_thread::refused_config;

/// One partition that the brokers have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionFacts {
    pub topic: String,
    /// As Kafka's tools print it.
    pub topic_id: String,
    pub partition: i32,
    /// The first offset that can still be read.
    pub first: i64,
    /// One past the last.
    pub end: i64,
}

/// Every partition of `topics`, but for topics that do not exist.
pub async fn partition_facts(
    config: KafkaConfig,
    topics: Vec<String>,
) -> Result<Vec<PartitionFacts>, KafkaFault> {
    let look = move || look(&config, &topics);
    tokio::task::spawn_blocking(look).await.unwrap_or(Err(KafkaFault::NotRunning))
}

fn look(config: &KafkaConfig, topics: &[String]) -> Result<Vec<PartitionFacts>, KafkaFault> {
    let client = config.client(FetchBudget { bytes: 4 << 20 }, None);
    let created = client.create_with_context(SourceContext::default());
    let consumer: Arc<SourceConsumer> = Arc::new(created.map_err(refused_config)?);
    let mut lookup = Lookup::new(&consumer, config, config.connect_timeout());
    lookup.connect()?;
    let known = lookup.describe(topics)?.into_iter().filter(|topic| topic.error.is_none());
    let partitions: Vec<(Arc<str>, Arc<str>, i32)> = known
        .flat_map(|topic| {
            let (name, id) = (topic.name, topic.id);
            topic.partitions.into_iter().map(move |one| (Arc::clone(&name), Arc::clone(&id), one))
        })
        .collect();
    let ask = |at: i64| -> Result<Vec<i64>, KafkaFault> {
        let wanted = partitions.iter().map(|(name, _, one)| (Arc::clone(name), *one, at));
        lookup.offsets(&wanted.collect::<Vec<_>>())
    };
    let (firsts, ends) = (ask(EARLIEST)?, ask(LATEST)?);
    let facts = partitions.iter().zip(firsts.into_iter().zip(ends));
    let facts = facts.map(|((topic, topic_id, partition), (first, end))| PartitionFacts {
        topic: topic.to_string(),
        topic_id: topic_id.to_string(),
        partition: *partition,
        first,
        end,
    });
    Ok(facts.collect())
}
