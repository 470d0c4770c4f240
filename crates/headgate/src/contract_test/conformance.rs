//! What the standard asks of every rule, as data: `tests/conformance/*.yaml`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{TestFault, TestOptions, test};
use crate::calls::DEFAULT_TIMEOUT;
use crate::rule_calls::RuleCalls;
use crate::{FunctionOptions, contract_check};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    source: String,
    property: Option<Value>,
    properties: Option<Value>,
    quality: Option<Value>,
    #[serde(rename = "apiVersion")]
    api_version: Option<String>,
    values: Option<Vec<Value>>,
    rows: Option<Vec<Value>>,
    json: Option<Vec<String>>,
    /// Functions by name, and the rows that each finds; one without any fails.
    #[serde(default)]
    functions: BTreeMap<String, Option<Vec<u32>>>,
    #[serde(default)]
    violating: BTreeMap<String, Vec<i64>>,
    #[serde(default)]
    measured: BTreeMap<String, f64>,
    #[serde(default)]
    failed: BTreeSet<String>,
    #[serde(default)]
    severity: BTreeMap<String, String>,
    #[serde(default)]
    not_enforced: BTreeSet<String>,
    #[serde(default)]
    informational: BTreeSet<String>,
    refused: Option<String>,
}

impl Vector {
    fn contract(&self) -> String {
        let properties = match (&self.property, &self.properties) {
            (Some(property), _) => {
                let mut property = property.clone();
                property["name"] = json!("v");
                json!([property])
            }
            (None, properties) => properties.clone().unwrap(),
        };
        let mut schema = json!({ "name": "rows", "properties": properties });
        if let Some(quality) = &self.quality {
            schema["quality"] = quality.clone();
        }
        json!({
            "apiVersion": self.api_version.as_deref().unwrap_or("v3.1.0"),
            "kind": "DataContract",
            "id": "conformance",
            "version": "1.0.0",
            "status": "active",
            "schema": [schema],
        })
        .to_string()
    }

    fn records(&self) -> Vec<String> {
        let texts = |rows: &[Value]| rows.iter().map(Value::to_string).collect();
        match (&self.values, &self.rows, &self.json) {
            (Some(values), ..) => {
                values.iter().map(|value| json!({ "v": value }).to_string()).collect()
            }
            (_, Some(rows), _) => texts(rows),
            (.., Some(json)) => json.clone(),
            _ => Vec::new(),
        }
    }
}

async fn answer(functions: &BTreeMap<String, Option<Vec<u32>>>, calls: &RuleCalls) {
    while let Some(call) = calls.next().await {
        let found = functions[&call.function].clone();
        calls.answer(call.call, found.ok_or_else(|| "it failed".to_owned()));
    }
}

/// What differs; nothing when all is as it should be.
async fn differences(vector: &Vector, folder: &Path) -> Vec<String> {
    let data = folder.join("rows.jsonl");
    std::fs::write(&data, vector.records().join("\n")).unwrap();
    let names: Vec<String> = vector.functions.keys().cloned().collect();
    let calls = Arc::new(RuleCalls::new(DEFAULT_TIMEOUT));
    let options = TestOptions {
        contract: vector.contract(),
        schema: None,
        path: data.to_str().unwrap().to_owned(),
        format: None,
        version: None,
        samples: usize::MAX,
        functions: FunctionOptions { names: names.clone(), ..FunctionOptions::default() },
    };
    let (tested, ()) = tokio::join!(test(options, &calls), answer(&vector.functions, &calls));
    let result = match (tested, &vector.refused) {
        (Ok(_), Some(path)) => return vec![format!("accepted, but refused at {path}")],
        (Ok(result), None) => result,
        (Err(TestFault::Contract(issues)), refused) => {
            let paths: Vec<&str> = issues.iter().map(|issue| issue.path.as_str()).collect();
            return match refused {
                Some(path) if paths.contains(&path.as_str()) => Vec::new(),
                _ => vec![format!("refused: {issues:?}")],
            };
        }
        (Err(TestFault::Data(failure)), _) => return vec![failure.message],
    };
    let mut wrong = Vec::new();
    let mut differ = |what: String, found: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
        let (found, wanted) = (format!("{found:?}"), format!("{wanted:?}"));
        if found != wanted {
            wrong.push(format!("{what}: {found} instead of {wanted}"));
        }
    };
    let mut failed = BTreeSet::new();
    for rule in result["rules"].as_array().unwrap() {
        let id = rule["rule"].as_str().unwrap();
        let violations = rule["violations"].as_u64().unwrap();
        if rule["routesRows"].as_bool().unwrap() {
            let rows: Vec<i64> = rule["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row.as_i64().unwrap() - 1)
                .collect();
            // Of informational severity only the count is told.
            let rows = if rule["severity"] == "info" { vec![] } else { rows };
            differ(id.to_owned(), &rows, vector.violating.get(id).unwrap_or(&Vec::new()));
        } else if violations > 0 {
            failed.insert(id.to_owned());
        }
        if let Some(measured) = vector.measured.get(id) {
            differ(format!("{id} measured"), &rule["measured"].as_f64(), &Some(*measured));
        }
        if let Some(severity) = vector.severity.get(id) {
            differ(format!("{id} severity"), &rule["severity"].as_str().unwrap(), severity);
        }
    }
    differ("failed".into(), &failed, &vector.failed);
    let known = result["rules"].as_array().unwrap().iter().map(|rule| &rule["rule"]);
    let known: BTreeSet<&str> = known.filter_map(Value::as_str).collect();
    for id in vector.violating.keys().chain(vector.measured.keys()).chain(&vector.failed) {
        if !known.contains(id.as_str()) {
            differ("no rule".into(), &id, &"one of the contract");
        }
    }
    let report = contract_check::check(&vector.contract(), None, &names).await.unwrap();
    let with = |status: &str| -> BTreeSet<String> {
        let rules = report["rules"].as_array().unwrap().iter();
        let rules = rules.filter(|rule| rule["status"] == status);
        rules.map(|rule| rule["rule"].as_str().unwrap().to_owned()).collect()
    };
    differ("not enforced".into(), &with("not_enforceable"), &vector.not_enforced);
    differ("informational".into(), &with("informational"), &vector.informational);
    wrong
}

#[tokio::test]
async fn every_vector_holds() {
    let folder = tempfile::tempdir().unwrap();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let (mut count, mut wrong) = (0, Vec::new());
    let mut files: Vec<_> =
        std::fs::read_dir(vectors).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let vectors: Vec<Vector> =
            serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        for vector in vectors {
            count += 1;
            assert!(!vector.source.is_empty());
            let found = differences(&vector, folder.path()).await;
            let family = file.file_stem().unwrap().to_string_lossy();
            wrong.extend(found.iter().map(|text| format!("{family}: {}: {text}", vector.name)));
        }
    }
    println!("{count} vectors, {} differences", wrong.len());
    assert!(count >= 200, "{count} vectors");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
