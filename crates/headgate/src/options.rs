//! The configuration as the user wrote it: names and types, no default, no rule.

use std::collections::BTreeMap;

use headgate_registry::RegistryOptions;
use serde::Deserialize;
use serde_aux::prelude::serde_introspect;
use serde_json::Value;

use crate::Issue;

pub type OptionMap = BTreeMap<String, String>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeOptions {
    pub name: Option<String>,
    pub input: Option<InputOptions>,
    /// A path; `{ path, schema, server }`; `{ text, place, schema, server }`, which whoever asks has read
    /// elsewhere; or the document itself.
    pub contract: Option<Value>,
    /// One after the other, between decoding and the contract.
    pub transforms: Option<Vec<TransformOptions>>,
    /// Judges the same records, without effect. As `contract`, without a server.
    pub shadow_contract: Option<Value>,
    /// What the rejects are held against. As `contract`, without a server.
    pub rejects_contract: Option<Value>,
    /// Refuses to start while a rule of the contract is not enforced.
    pub require_full_coverage: Option<bool>,
    pub on_violation: Option<String>,
    pub enforce: Option<bool>,
    pub output: Option<TableOptions>,
    pub rejects: Option<RejectsOptions>,
    pub dead_letters: Option<TableOptions>,
    /// Targets of rerouted batches, by name.
    pub sinks: Option<BTreeMap<String, TableOptions>>,
    pub streaming: Option<StreamingOptions>,
    pub batch: Option<BatchOptions>,
    pub memory: Option<MemoryOptions>,
    pub maintenance: Option<MaintenanceOptions>,
    pub durability: Option<String>,
}

impl NodeOptions {
    pub(crate) fn json_schema(&self) -> Option<&Value> {
        self.input.as_ref().and_then(|input| input.json_schema.as_ref())
    }

    /// Rows are held against something: a JSON Schema stands in for a contract.
    pub(crate) fn has_contract(&self) -> bool {
        self.contract.is_some() || self.json_schema().is_some()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputOptions {
    pub format: Option<String>,
    pub options: Option<OptionMap>,
    pub decode: Option<String>,
    pub parse_json: Option<bool>,
    pub tombstones: Option<String>,
    pub unknown_fields: Option<String>,
    pub metadata: Option<bool>,
    /// Payloads are held against it: a path, or the document itself.
    pub json_schema: Option<Value>,
    /// The shape of payloads, where transforms change it. As the node's `contract`.
    pub contract: Option<Value>,
    /// A file with the schema that payloads were written with.
    pub schema: Option<String>,
    /// Which message of it they are.
    pub message: Option<String>,
    pub csv: Option<CsvInputOptions>,
    pub key: Option<KeyOptions>,
    pub registry: Option<RegistryOptions>,
    pub on_schema_change: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvInputOptions {
    pub columns: Option<Vec<String>>,
    pub header: Option<bool>,
    pub delimiter: Option<String>,
    pub quote: Option<String>,
    pub null_words: Option<Vec<String>>,
}

/// How keys are decoded, and into which property of the contract.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyOptions {
    pub decode: Option<String>,
    pub column: Option<String>,
    pub schema: Option<String>,
    pub message: Option<String>,
    pub csv: Option<CsvInputOptions>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformOptions {
    pub sql: Option<String>,
    /// The name of a function of the outside.
    pub function: Option<String>,
    /// Of its rows: properties of an ODCS document.
    pub schema: Option<Vec<Value>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableOptions {
    pub format: Option<String>,
    pub path: Option<String>,
    pub table_name: Option<String>,
    pub warehouse: Option<String>,
    pub options: Option<OptionMap>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RejectsOptions {
    /// `dead_letters`.
    Word(String),
    Table(TableOptions),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamingOptions {
    pub trigger: Option<TriggerOptions>,
    pub output_mode: Option<String>,
    pub query_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerOptions {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub interval: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchOptions {
    pub max_rows: Option<u64>,
    pub max_bytes: Option<Size>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryOptions {
    pub max: Option<Size>,
}

/// What keeps tables fast and small while the query runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceOptions {
    /// False: no files are rewritten or deleted. Log checkpoints are always written.
    pub enabled: Option<bool>,
    /// Commits between two log checkpoints.
    pub checkpoint_interval: Option<u32>,
    pub optimize_interval: Option<String>,
    pub z_order: Option<Vec<String>>,
    pub vacuum_interval: Option<String>,
    pub vacuum_retention: Option<String>,
}

/// A number of bytes, or a size such as `512MiB`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Size {
    Bytes(u64),
    Text(String),
}

/// Reads options from JSON in `snake_case`; a wrong name or type is one issue with its path.
pub fn parse(json: &str) -> Result<NodeOptions, Issue> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path: Vec<String> =
            error.path().iter().map(ToString::to_string).filter(|key| key != "?").collect();
        let expected = "the keys and types of a node configuration".to_owned();
        let actual = error.inner().to_string();
        Issue { path, code: "CONFIG_SHAPE", expected, actual, details: None }
    })
}

/// Every key path there is, parents before children, in the order of declaration.
pub fn keys() -> Vec<String> {
    const TABLE: &[&str] = &["output", "rejects", "dead_letters"];
    const CONTRACT: &[&str] = &["path", "schema", "text", "place"];
    let mut keys = Vec::new();
    let under = |parent: &str, names: &[&str], keys: &mut Vec<String>| {
        keys.extend(names.iter().map(|name| format!("{parent}.{name}")));
    };
    for name in serde_introspect::<NodeOptions>() {
        keys.push((*name).to_owned());
        match *name {
            "input" => {
                under(name, serde_introspect::<InputOptions>(), &mut keys);
                under("input.contract", CONTRACT, &mut keys);
                under("input.csv", serde_introspect::<CsvInputOptions>(), &mut keys);
                under("input.key", serde_introspect::<KeyOptions>(), &mut keys);
                under("input.key.csv", serde_introspect::<CsvInputOptions>(), &mut keys);
                under("input.registry", serde_introspect::<RegistryOptions>(), &mut keys);
            }
            "transforms" => under(name, serde_introspect::<TransformOptions>(), &mut keys),
            "streaming" => under(name, serde_introspect::<StreamingOptions>(), &mut keys),
            "batch" => under(name, serde_introspect::<BatchOptions>(), &mut keys),
            "memory" => under(name, serde_introspect::<MemoryOptions>(), &mut keys),
            "maintenance" => under(name, serde_introspect::<MaintenanceOptions>(), &mut keys),
            "contract" => {
                under(name, CONTRACT, &mut keys);
                under(name, &["server"], &mut keys);
            }
            "shadow_contract" | "rejects_contract" => under(name, CONTRACT, &mut keys),
            table if TABLE.contains(&table) => {
                under(table, serde_introspect::<TableOptions>(), &mut keys);
            }
            "sinks" => under("sinks.*", serde_introspect::<TableOptions>(), &mut keys),
            _ => {}
        }
        if *name == "streaming" {
            under("streaming.trigger", serde_introspect::<TriggerOptions>(), &mut keys);
        }
    }
    keys
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_listed_with_its_parent() {
        let keys = keys();
        for key in
            ["name", "input.options", "streaming.trigger.interval", "memory.max", "rejects.path"]
        {
            assert!(keys.iter().any(|known| known == key), "{key}");
        }
    }

    #[test]
    fn a_wrong_type_is_named_with_its_path() {
        let issue = parse(r#"{"name":"x","batch":{"max_rows":"many"}}"#).unwrap_err();
        assert_eq!(issue.path, ["batch", "max_rows"]);
    }
}
