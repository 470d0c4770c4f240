//! A JSON Schema as the contract of a query, and beside one.

use headgate_contract::{CheckOptions, Contract, JsonSchema};
use headgate_decode::{DecodeOptions, Tombstones};
use headgate_engine::{Policy, Shadow};
use headgate_model::fake::VecRecord;
use headgate_model::{TableRole, Verdict};

use crate::rig::{BROKEN, GOOD, NO_ID, Rig, SLOW, partition, pings};

/// What no column says: an id called `a` has no speed above 5.
const SCHEMA: &str = r#"{
    "$id": "pings",
    "type": "object",
    "properties": { "id": { "type": "string" }, "speed": { "type": "integer" } },
    "required": ["id"],
    "not": {
        "required": ["speed"],
        "properties": { "id": { "const": "a" }, "speed": { "exclusiveMinimum": 5 } }
    }
}"#;
/// Breaks `not`.
const FAST: &str = r#"{"id":"a","speed":6}"#;

fn schema() -> JsonSchema {
    JsonSchema::compile(SCHEMA, "pings").unwrap()
}

fn violations(verdict: &Verdict, rule: &str) -> u64 {
    verdict.rules.iter().find(|result| result.rule.id == rule).expect(rule).violations
}

fn rig(contract: Contract) -> Rig {
    Rig { contract: Some(contract), chunk_records: 2, ..Rig::new() }
}

#[tokio::test(start_paused = true)]
async fn a_schema_alone_moves_the_rows_that_break_it() {
    let rig = rig(schema().contract().unwrap());
    rig.append(&[GOOD, BROKEN, FAST, SLOW, NO_ID, GOOD]);
    rig.run().await;
    let ledger = &rig.lake.ledgers()[0];
    assert_eq!(violations(&ledger.verdict, "json_schema:/not"), 1);
    assert_eq!(violations(&ledger.verdict, "json_schema:/required/0"), 1);
    assert_eq!(ledger.verdict.contract.as_ref().unwrap().id, "pings");
    assert_eq!(rig.offsets(TableRole::Output), [0, 3, 5]);
    assert_eq!(rig.offsets(TableRole::Rejects), [2, 4]);
    assert_eq!(rig.offsets(TableRole::DeadLetters), [1]);
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn beside_a_contract_both_have_their_say() {
    let rig = rig(schema().beside(&pings()).unwrap());
    rig.append(&[GOOD, BROKEN, FAST, SLOW, NO_ID, GOOD]);
    rig.run().await;
    let verdict = &rig.lake.ledgers()[0].verdict;
    for (rule, expected) in [
        ("json_schema:/not", 1),
        ("json_schema:/required/0", 1),
        ("required_id", 1),
        ("minimum_speed", 1),
    ] {
        assert_eq!(violations(verdict, rule), expected, "{rule}");
    }
    assert_eq!(rig.offsets(TableRole::Output), [0, 5]);
    assert_eq!(rig.offsets(TableRole::Rejects), [2, 3, 4]);
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn a_schema_blocks_and_a_tombstone_is_no_payload_to_judge() {
    let blocked = Rig { policy: Policy::Block, ..rig(schema().beside(&pings()).unwrap()) };
    blocked.append(&[GOOD, FAST]);
    assert_eq!(blocked.run_to_fault().await.code(), "CONTRACT_VIOLATED");
    let contract =
        JsonSchema::compile(r#"{"properties":{"id":{"not":{"const":1}}},"minProperties":1}"#, "x");
    let contract = contract.unwrap().contract().unwrap();
    let kept = Rig { tombstones: Tombstones::Keep, ..rig(contract) };
    kept.append(&[GOOD, "{}"]);
    kept.log.append(&partition(0), VecRecord::default());
    kept.run().await;
    assert_eq!(kept.offsets(TableRole::Output), [0, 2]);
    assert_eq!(kept.offsets(TableRole::Rejects), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_shadow_is_held_against_the_schema_too() {
    let shadow = || {
        let contract = schema().beside(&pings()).unwrap();
        Shadow {
            decoder: headgate_decode::json(contract.schema(), DecodeOptions::default()).unwrap(),
            transform: None,
            checker: contract.checker(CheckOptions::default()),
            queries: None,
            functions: None,
            contract: contract.reference().clone(),
        }
    };
    let rig = Rig { shadow: Some(Box::new(shadow)), ..rig(schema().beside(&pings()).unwrap()) };
    rig.append(&[GOOD, FAST, SLOW]);
    rig.run().await;
    let ledger = &rig.lake.ledgers()[0];
    let shadow = ledger.shadow.as_ref().unwrap();
    assert_eq!(shadow.violating_rows, 2);
    assert_eq!(violations(shadow, "json_schema:/not"), 1);
}
