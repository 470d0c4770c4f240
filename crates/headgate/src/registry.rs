//! What a schema registry has of a query's topics, before the first record.

use arrow_schema::SchemaRef;
use headgate_decode::{KeySplit, registered_differences};
use headgate_engine::SchemaName;
use headgate_kafka::TopicSelection;
use headgate_model::{BoxFault, Fault};
use headgate_registry::{RegistryFault, SchemaRegistry, SubjectSchema};

use crate::input::SourceConfig;
use crate::payload::{PayloadConfig, PayloadFormat};

/// Holds the newest schema of each subject against the columns that its payloads are decoded to.
/// Only under `block` does one that does not fit keep the query from starting: else its records
/// are dealt with as they come. A registry that is away is asked again when they do.
pub(crate) async fn check(
    registry: &SchemaRegistry,
    payload: &PayloadConfig,
    source: &SourceConfig,
    columns: Option<&SchemaRef>,
) -> Result<(), BoxFault> {
    let Some(columns) = columns else { return Ok(()) };
    let key = payload.key.as_ref();
    let split = key.and_then(|key| KeySplit::of(columns, &key.column));
    let subjects = subjects(payload, source);
    if matches!(payload.value, PayloadFormat::Framed) {
        let columns = split.as_ref().map_or(columns, |split| &split.values);
        check_all(registry, payload, &subjects.values, columns).await?;
    }
    if let (Some(key), Some(split)) = (key, &split)
        && matches!(key.format, PayloadFormat::Framed)
    {
        check_all(registry, payload, &subjects.keys, &split.keys).await?;
    }
    Ok(())
}

async fn check_all(
    registry: &SchemaRegistry,
    payload: &PayloadConfig,
    subjects: &[String],
    columns: &SchemaRef,
) -> Result<(), BoxFault> {
    for subject in subjects {
        let SubjectSchema { id, schema, .. } = match registry.latest(subject).await {
            Ok(Some(latest)) => latest,
            Ok(None) => {
                tracing::warn!(subject, "the schema registry has no such subject yet");
                continue;
            }
            Err(fault @ RegistryFault::Unavailable { .. }) => {
                let reason = fault.context().actual.unwrap_or_else(|| fault.to_string());
                tracing::warn!(
                    subject,
                    reason,
                    "schemas are held against the contract as they come"
                );
                return Ok(());
            }
            Err(fault) => return Err(fault.into()),
        };
        let name = SchemaName { id, subject: Some(subject.clone()) };
        let differences = registered_differences(&schema, columns.fields());
        if let Some(reason) = payload.on_schema_change.judge(&name, differences)? {
            tracing::warn!(reason, "its records will be dead letters");
        }
    }
    Ok(())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Subjects {
    values: Vec<String>,
    keys: Vec<String>,
}

/// As the user names them, or by their topics, as most producers do.
fn subjects(payload: &PayloadConfig, source: &SourceConfig) -> Subjects {
    let topics = match source {
        SourceConfig::Kafka(kafka) => topics(&kafka.topics),
        SourceConfig::Rate(_) | SourceConfig::Memory(_) => Vec::new(),
    };
    let registry = payload.registry.as_ref();
    let named = |given: Option<&String>, suffix: &str| match given {
        Some(subject) => vec![subject.clone()],
        None => topics.iter().map(|topic| format!("{topic}-{suffix}")).collect(),
    };
    Subjects {
        values: named(registry.and_then(|registry| registry.subject.as_ref()), "value"),
        keys: named(registry.and_then(|registry| registry.key_subject.as_ref()), "key"),
    }
}

/// Those that are known by name.
fn topics(selection: &TopicSelection) -> Vec<&str> {
    match selection {
        TopicSelection::Subscribe(topics) => topics.iter().map(String::as_str).collect(),
        TopicSelection::Assign(partitions) => partitions.keys().map(String::as_str).collect(),
        TopicSelection::Pattern(_) => Vec::new(),
    }
}
