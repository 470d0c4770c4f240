//! Every keyword is listed, with what became of it.

use headgate_contract::CoverageStatus::{Enforced, Informational, NotEnforceable};

use crate::gate::{alone, beside};

const SCHEMA: &str = r#"{
    "title": "Orders",
    "type": "object",
    "properties": {
        "id": { "type": "string", "minLength": 1, "minimum": 3, "format": "made-up" },
        "n": { "type": "integer", "default": 1, "minimun": 2, "x-owner": "me" }
    },
    "required": ["id"],
    "not": { "required": ["old"] }
}"#;

#[test]
fn every_keyword_is_listed_with_what_became_of_it() {
    let by_row = Some("row by row, on the payload");
    let contract = alone(SCHEMA);
    let listed = contract.coverage().iter();
    let listed: Vec<_> =
        listed.map(|entry| (entry.path.as_str(), entry.status, entry.reason.as_deref())).collect();
    for expected in [
        ("/title", Informational, Some("says something to people")),
        ("/type", Enforced, Some("a payload that is no object is a dead letter")),
        ("/properties/id/type", Enforced, None),
        ("/properties/id/minLength", Enforced, None),
        ("/properties/id/minimum", Informational, Some("of no value of this type")),
        ("/properties/id/format", NotEnforceable, Some("the format is not known")),
        ("/properties/n/default", Informational, Some("says something to people")),
        ("/properties/n/minimun", NotEnforceable, Some("not a keyword of JSON Schema 2020-12")),
        ("/properties/n/x-owner", Informational, Some("an extension")),
        ("/required/0", Enforced, None),
        ("/not", Enforced, by_row),
    ] {
        assert!(listed.contains(&expected), "{expected:?} in {listed:#?}");
    }
    let enforced = contract.coverage().iter().filter(|entry| entry.status == Enforced);
    for entry in enforced {
        assert!(contract.rules().iter().any(|rule| rule.id == entry.rule), "{}", entry.rule);
    }
}

#[test]
fn beside_a_contract_all_rules_are_of_payloads() {
    let contract = beside(SCHEMA);
    let of_schema =
        contract.coverage().iter().filter(|entry| entry.rule.starts_with("json_schema"));
    let enforced: Vec<_> = of_schema.filter(|entry| entry.status == Enforced).collect();
    assert!(enforced.len() > 5);
    assert!(enforced.iter().all(|entry| {
        entry.reason.as_deref().is_some_and(|reason| reason.starts_with("row by row"))
    }));
    assert_eq!(contract.reference().id, "of_anything");
}

#[test]
fn a_schema_of_columns_alone_reads_no_payload() {
    let contract = alone(
        r#"{"type":"object","properties":{"a":{"type":"string","minLength":1}},"required":["a"]}"#,
    );
    let ids: Vec<_> = contract.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "json_schema:/type",
            "json_schema:/properties/a/type",
            "json_schema:/required/0",
            "json_schema:/properties/a/minLength",
        ]
    );
}
