//! `input.json_schema`: read, compiled, and joined to the contracts of the node.

use std::path::Path;

use headgate_contract::{Contract, ContractFault, JsonSchema};
use serde_json::Value;

use crate::Issue;
use crate::contracts::tell;
use crate::options::NodeOptions;
use crate::resolve::Issues;
use crate::transforms::has_transforms;

const KEY: [&str; 2] = ["input", "json_schema"];
/// What a schema without an `$id` is called by, if no file names it.
const NAME: &str = "json_schema";

pub(crate) struct InputSchema {
    schema: JsonSchema,
    /// Where it is written.
    place: String,
}

impl InputSchema {
    pub fn read(
        written: Option<&Value>,
        base_dir: &Path,
        read: impl Fn(&Path) -> std::io::Result<String>,
        issues: &mut Issues,
    ) -> Option<Self> {
        let (text, place, name) = match written? {
            Value::String(path) => {
                let path = base_dir.join(path);
                let place = path.display().to_string();
                let text = match read(&path) {
                    Ok(text) => text,
                    Err(error) => {
                        let (expected, actual) =
                            ("a file that can be read", format!("{place}: {error}"));
                        issues.add(Issue::new(&KEY, "CONTRACT_UNREADABLE", expected, actual));
                        return None;
                    }
                };
                let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
                (text, place, name)
            }
            document => (document.to_string(), "the document given".to_owned(), None),
        };
        let compiled = JsonSchema::compile(&text, name.as_deref().unwrap_or(NAME));
        let schema = told(compiled, &place, issues)?;
        Some(Self { schema, place })
    }

    /// In the stead of a contract.
    pub fn contract(&self, issues: &mut Issues) -> Option<Contract> {
        told(self.schema.contract(), &self.place, issues)
    }

    /// The contract and the shadow contract with the rules of this schema; without a contract, the
    /// schema is it.
    pub fn join(
        &self,
        options: &NodeOptions,
        contract: Option<Contract>,
        shadow: Option<Contract>,
        issues: &mut Issues,
    ) -> (Option<Contract>, Option<Contract>) {
        let contract = match (contract, &options.contract) {
            (Some(contract), _) => self.beside(&contract, issues),
            // What is wrong with it is told already.
            (None, Some(_)) => None,
            (None, None) if has_transforms(options) => {
                let expected = "a contract of what the transforms make";
                let issue = Issue::new(&["contract"], "CONFIG_MISSING", expected, "nothing");
                issues.add(issue.details("input.json_schema is about payloads"));
                None
            }
            (None, None) => self.contract(issues),
        };
        let shadow = shadow.and_then(|shadow| self.beside(&shadow, issues));
        (contract, shadow)
    }

    fn beside(&self, contract: &Contract, issues: &mut Issues) -> Option<Contract> {
        told(self.schema.beside(contract), &self.place, issues)
    }
}

fn told<T>(compiled: Result<T, ContractFault>, place: &str, issues: &mut Issues) -> Option<T> {
    compiled.map_err(|fault| tell(fault, &KEY, place, "a JSON Schema", issues)).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "json_schema_tests.rs"]
mod tests;
