use headgate_model::TableRole;
use serde_json::json;

use super::*;
use crate::calls::Functions;
use crate::options;
use crate::resolve::{NodeConfig, resolve};
use crate::transforms::tests::contract;

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "id": { "type": "string" }, "n": { "type": "integer", "minimum": 0 } },
        "required": ["id"]
    })
}

fn of_ids() -> Value {
    contract(json!([{ "name": "id", "logicalType": "string", "required": true }]))
}

/// `input` and `node` are added to what every node has; the file `ids.json` is the schema.
fn resolved(input: Value, node: Value) -> Result<NodeConfig, Vec<Issue>> {
    let mut whole = json!({
        "name": "ids",
        "input": {
            "format": "kafka",
            "options": { "kafka.bootstrap.servers": "127.0.0.1:1", "subscribe": "ids" }
        },
        "output": { "format": "delta", "path": "ids" },
    });
    whole["input"].as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    whole.as_object_mut().unwrap().extend(node.as_object().unwrap().clone());
    let options = options::parse(&whole.to_string()).unwrap();
    resolve(&options, Path::new("/lake"), &Functions::default(), |path| {
        let is_there = path.ends_with("ids.json");
        is_there.then(|| schema().to_string()).ok_or(std::io::ErrorKind::NotFound.into())
    })
}

fn issues(input: Value, node: Value) -> Vec<(String, &'static str)> {
    let found = resolved(input, node).err().unwrap_or_default();
    found.into_iter().map(|issue| (issue.path.join("."), issue.code)).collect()
}

fn rules(contract: Option<&Contract>) -> Vec<&str> {
    contract.unwrap().rules().iter().map(|rule| rule.id.as_str()).collect()
}

#[test]
fn a_schema_stands_in_for_a_contract() {
    let node = json!({ "on_violation": "split", "rejects": { "format": "delta", "path": "r" } });
    for input in [
        json!({ "decode": "json", "json_schema": "ids.json" }),
        json!({ "parse_json": true, "json_schema": "ids.json" }),
    ] {
        let config = resolved(input, node.clone()).map_err(|issues| format!("{issues:?}")).unwrap();
        let output = config.layout.schema(TableRole::Output).unwrap();
        assert_eq!(output.field(0).name(), "id");
        assert_eq!(config.contract.as_ref().unwrap().reference().id, "ids");
        assert!(rules(config.contract.as_ref()).contains(&"json_schema:/properties/n/minimum"));
        assert_eq!(config.rows.columns.unwrap().fields().len(), 2);
    }
    let given = json!({ "decode": "json", "json_schema": schema() });
    let config = resolved(given, json!({})).map_err(|issues| format!("{issues:?}")).unwrap();
    assert_eq!(config.contract.unwrap().reference().id, "json_schema");
}

#[test]
fn beside_contracts_it_is_further_rules() {
    let input = json!({ "decode": "json", "json_schema": "ids.json" });
    let node = json!({ "contract": of_ids(), "shadow_contract": of_ids() });
    let config = resolved(input, node).map_err(|issues| format!("{issues:?}")).unwrap();
    assert_eq!(config.rows.columns.unwrap().fields().len(), 1);
    for contract in [&config.contract, &config.shadow_contract] {
        let rules = rules(contract.as_ref());
        assert!(rules.contains(&"required_id") && rules.contains(&"json_schema:/required/0"));
    }
}

#[test]
fn transformed_rows_have_a_contract_and_payloads_a_schema() {
    let input = json!({ "decode": "json", "json_schema": "ids.json" });
    let transforms = json!([{ "sql": "SELECT id FROM input WHERE n > 0" }]);
    let node = json!({ "transforms": transforms, "contract": of_ids() });
    let config = resolved(input.clone(), node).map_err(|issues| format!("{issues:?}")).unwrap();
    assert_eq!(config.rows.columns.unwrap().fields().len(), 2);
    assert!(rules(config.contract.as_ref()).contains(&"json_schema:/properties/n/minimum"));
    let missing = issues(input, json!({ "transforms": transforms }));
    assert_eq!(missing, [("contract".to_owned(), "CONFIG_MISSING")]);
}

#[test]
fn a_schema_that_cannot_be_used_is_told_with_its_key() {
    let key = "input.json_schema".to_owned();
    for (schema, decode, code) in [
        (json!("ids.json"), "raw", "CONFIG_CONFLICT"),
        (json!("none.json"), "json", "CONTRACT_UNREADABLE"),
        (json!({ "type": "text" }), "json", "CONTRACT_INVALID"),
        (json!({ "type": "object" }), "json", "CONTRACT_INVALID"),
    ] {
        let found = issues(json!({ "decode": decode, "json_schema": schema }), json!({}));
        assert!(found.contains(&(key.clone(), code)), "{schema} {decode}: {found:?}");
    }
}
