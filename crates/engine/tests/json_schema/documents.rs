//! Which schemas are taken, and what is said of the others.

use crate::gate::{alone, issues_of};
use headgate_contract::JsonSchema;

#[test]
fn a_schema_that_cannot_be_used_says_where_and_why() {
    for (text, path, expected, actual) in [
        ("{", "", "JSON", "EOF"),
        ("[]", "", "a JSON Schema", "a list of 0"),
        (
            r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}"#,
            "/$schema",
            "https://json-schema.org/draft/2020-12/schema, or no $schema",
            "draft-07",
        ),
        (
            r#"{"properties":{"a":{"$ref":"https://example.com/a.json"}}}"#,
            "",
            "nothing is fetched",
            "https://example.com/a.json",
        ),
        (
            r##"{"properties":{"a":{"$ref":"#/$defs/none"}}}"##,
            "",
            "nothing is fetched",
            "/$defs/none",
        ),
        (r#"{"properties":{"a":{"type":"text"}}}"#, "/properties/a/type", "2020-12", "text"),
        (r#"{"properties":{"a":{"pattern":"("}}}"#, "/properties/a/pattern", "2020-12", "("),
        (r#"{"type":"array"}"#, "", "type object with properties", "something else"),
        (r#"{"type":"object"}"#, "", "type object with properties", "something else"),
        (
            r#"{"properties":{"Id":{},"id":{}}}"#,
            "/properties/id",
            "whatever the case",
            "'id' again",
        ),
    ] {
        let issues = issues_of(text);
        assert_eq!(issues.len(), 1, "{text}: {issues:?}");
        assert_eq!(issues[0].path, path, "{text}: {issues:?}");
        assert!(issues[0].expected.contains(expected), "{text}: {issues:?}");
        assert!(issues[0].actual.contains(actual), "{text}: {issues:?}");
    }
}

#[test]
fn a_schema_is_called_by_its_id_or_its_file() {
    let text = r#"{"$id":"https://example.com/orders","properties":{"a":{"type":"string"}}}"#;
    let reference = alone(text).reference().clone();
    assert_eq!(
        (reference.id.as_str(), reference.version.as_str()),
        ("https://example.com/orders", "0")
    );
    let spaced = text.replace('{', "{ ");
    assert_eq!(alone(&spaced).reference().hash, reference.hash);
    let nameless = JsonSchema::compile(r#"{"properties":{"a":{}}}"#, "orders").unwrap();
    assert_eq!(nameless.reference().id, "orders");
}

#[test]
fn references_that_multiply_are_not_unfolded_without_end() {
    let mut defs = String::from(r#""d0":{"type":"object","properties":{"x":{"type":"integer"}}}"#);
    for level in 1..40 {
        let below = level - 1;
        defs.push_str(&format!(
            r##","d{level}":{{"type":"object","properties":{{"a":{{"$ref":"#/$defs/d{below}"}},"b":{{"$ref":"#/$defs/d{below}"}}}}}}"##
        ));
    }
    let text = format!(
        r##"{{"type":"object","$defs":{{{defs}}},"properties":{{"top":{{"$ref":"#/$defs/d39"}}}}}}"##
    );
    assert!(alone(&text).rules().len() < 5_000);
}
