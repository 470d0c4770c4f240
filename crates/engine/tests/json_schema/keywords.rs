//! Every keyword: which locations an instance violates, as the specification has it.

use crate::gate::{alone, beside, broken, locations};

/// A schema of `a`, an instance, and the locations that it violates.
const OF_ONE_PROPERTY: &[(&str, &str, &[&str])] = &[
    (r#"{"type":"string"}"#, r#"{"a":"x"}"#, &[]),
    (r#"{"type":"string"}"#, r#"{}"#, &[]),
    (r#"{"type":"string"}"#, r#"{"a":1}"#, &["/type"]),
    (r#"{"type":"string"}"#, r#"{"a":null}"#, &["/type"]),
    (r#"{"type":["string","null"]}"#, r#"{"a":null}"#, &[]),
    (r#"{"type":["string","null"]}"#, r#"{"a":false}"#, &["/type"]),
    (r#"{"type":["string","integer"]}"#, r#"{"a":"x"}"#, &[]),
    (r#"{"type":["string","integer"]}"#, r#"{"a":1.5}"#, &["/type"]),
    (r#"{"type":"null"}"#, r#"{"a":null}"#, &[]),
    (r#"{"type":"null"}"#, r#"{"a":0}"#, &["/type"]),
    (r#"{"type":"integer"}"#, r#"{"a":1.0}"#, &[]),
    (r#"{"type":"integer"}"#, r#"{"a":1e2}"#, &[]),
    (r#"{"type":"integer"}"#, r#"{"a":1.5}"#, &["/type"]),
    (r#"{"type":"number"}"#, r#"{"a":1.5}"#, &[]),
    (r#"{"type":"number"}"#, r#"{"a":"1"}"#, &["/type"]),
    (r#"{"type":"boolean"}"#, r#"{"a":0}"#, &["/type"]),
    (r#"{"type":"array"}"#, r#"{"a":{}}"#, &["/type"]),
    (r#"{"type":"object"}"#, r#"{"a":[]}"#, &["/type"]),
    (r#"{"enum":["x",1,null]}"#, r#"{"a":null}"#, &[]),
    (r#"{"enum":["x",1,null]}"#, r#"{"a":1.0}"#, &[]),
    (r#"{"enum":["x",1,null]}"#, r#"{"a":"y"}"#, &["/enum"]),
    (r#"{"type":"string","enum":["x","y"]}"#, r#"{"a":"z"}"#, &["/enum"]),
    (r#"{"type":["string","null"],"enum":["x"]}"#, r#"{"a":null}"#, &["/enum"]),
    (r#"{"type":["string","null"],"enum":["x",null]}"#, r#"{"a":null}"#, &[]),
    (r#"{"type":"integer","const":3}"#, r#"{"a":3.0}"#, &[]),
    (r#"{"type":"integer","const":3}"#, r#"{"a":4}"#, &["/const"]),
    (r#"{"type":"boolean","const":true}"#, r#"{"a":false}"#, &["/const"]),
    (r#"{"const":{"b":[1]}}"#, r#"{"a":{"b":[1]}}"#, &[]),
    (r#"{"const":{"b":[1]}}"#, r#"{"a":{"b":[2]}}"#, &["/const"]),
    (r#"{"type":"integer","minimum":0,"maximum":9}"#, r#"{"a":-1}"#, &["/minimum"]),
    (r#"{"type":"integer","minimum":0.5}"#, r#"{"a":0}"#, &["/minimum"]),
    (r#"{"type":"integer","exclusiveMaximum":9}"#, r#"{"a":9}"#, &["/exclusiveMaximum"]),
    (r#"{"type":"number","exclusiveMinimum":0.1}"#, r#"{"a":0.1}"#, &["/exclusiveMinimum"]),
    (r#"{"type":"number","maximum":0.1}"#, r#"{"a":0.1}"#, &[]),
    (r#"{"minimum":5}"#, r#"{"a":"x"}"#, &[]),
    (r#"{"minimum":5}"#, r#"{"a":4}"#, &["/minimum"]),
    (r#"{"type":"integer","multipleOf":3}"#, r#"{"a":7}"#, &["/multipleOf"]),
    (r#"{"type":"number","multipleOf":0.01}"#, r#"{"a":4.35}"#, &[]),
    (r#"{"type":"number","multipleOf":0.01}"#, r#"{"a":4.355}"#, &["/multipleOf"]),
    (r#"{"type":"string","minLength":2,"maxLength":2}"#, r#"{"a":"💩💩"}"#, &[]),
    (r#"{"type":"string","minLength":2.0}"#, r#"{"a":"x"}"#, &["/minLength"]),
    (r#"{"type":"string","maxLength":2}"#, r#"{"a":"xyz"}"#, &["/maxLength"]),
    (r#"{"type":"string","pattern":"b+"}"#, r#"{"a":"abc"}"#, &[]),
    (r#"{"type":"string","pattern":"^\\d+$"}"#, r#"{"a":"1a"}"#, &["/pattern"]),
    (r#"{"type":"string","pattern":"^(?!x)"}"#, r#"{"a":"xy"}"#, &["/pattern"]),
    (r#"{"type":"string","format":"uuid"}"#, r#"{"a":"no"}"#, &["/format"]),
    (r#"{"type":"string","format":"date-time"}"#, r#"{"a":"2026-01-01T00:00:00Z"}"#, &[]),
    (r#"{"type":"string","format":"date-time"}"#, r#"{"a":"2026-01-01 00:00:00"}"#, &["/format"]),
    (r#"{"type":"string","format":"time"}"#, r#"{"a":"10:00:00"}"#, &["/format"]),
    (r#"{"type":"string","format":"email"}"#, r#"{"a":"a@b.example"}"#, &[]),
    (r#"{"type":"string","format":"email"}"#, r#"{"a":"a"}"#, &["/format"]),
    (r#"{"type":"string","format":"duration"}"#, r#"{"a":"1 hour"}"#, &["/format"]),
    (r#"{"type":"string","format":"made-up"}"#, r#"{"a":"x"}"#, &[]),
    (r#"{"type":"array","items":{"type":"integer"},"minItems":2}"#, r#"{"a":[1]}"#, &["/minItems"]),
    (r#"{"type":"array","items":{"type":"integer"}}"#, r#"{"a":[1,null]}"#, &["/items/type"]),
    (
        r#"{"type":"array","items":{"type":"integer","minimum":2}}"#,
        r#"{"a":[1,0,9]}"#,
        &["/items/minimum"],
    ),
    (
        r#"{"type":"array","items":{"type":"string"},"uniqueItems":true}"#,
        r#"{"a":["x","x"]}"#,
        &["/uniqueItems"],
    ),
    (r#"{"type":"array","uniqueItems":true}"#, r#"{"a":[{"b":1},{"b":1.0}]}"#, &["/uniqueItems"]),
    (r#"{"type":"array","maxItems":1}"#, r#"{"a":[1,2]}"#, &["/maxItems"]),
    (r#"{"prefixItems":[{"type":"integer"}],"items":false}"#, r#"{"a":["x"]}"#, &["/prefixItems"]),
    (r#"{"prefixItems":[{"type":"integer"}],"items":false}"#, r#"{"a":[1,2]}"#, &["/items"]),
    (
        r#"{"type":"array","contains":{"const":1},"minContains":2}"#,
        r#"{"a":[1,2]}"#,
        &["/minContains"],
    ),
    (r#"{"type":"array","contains":{"const":1}}"#, r#"{"a":[2]}"#, &["/contains"]),
    (
        r#"{"type":"object","additionalProperties":{"type":"integer"}}"#,
        r#"{"a":{"x":1,"y":"z"}}"#,
        &["/additionalProperties/type"],
    ),
    (
        r#"{"type":"object","additionalProperties":{"type":"integer"},"maxProperties":1}"#,
        r#"{"a":{"x":1,"y":2}}"#,
        &["/maxProperties"],
    ),
    (
        r#"{"type":"object","additionalProperties":{"type":"integer"},"required":["x"]}"#,
        r#"{"a":{"y":2}}"#,
        &["/required/0"],
    ),
    (
        r#"{"type":"object","properties":{"b":{"type":"integer"}},"required":["b"]}"#,
        r#"{"a":{}}"#,
        &["/required/0"],
    ),
    (
        r#"{"type":"object","properties":{"b":{"type":"integer"}},"required":["b"]}"#,
        r#"{"a":{"b":null}}"#,
        &["/properties/b/type"],
    ),
    (
        r#"{"type":"object","properties":{"b":{"type":["integer","null"]}},"required":["b"]}"#,
        r#"{"a":{"b":null}}"#,
        &[],
    ),
    (
        r#"{"type":"object","properties":{"b":{"type":["integer","null"]}},"required":["b"]}"#,
        r#"{"a":{}}"#,
        &["/required/0"],
    ),
    (
        r#"{"type":"object","properties":{"b":{"type":"integer"}},"required":["c","b"]}"#,
        r#"{"a":{"b":1}}"#,
        &["/required/0"],
    ),
    (
        r#"{"type":"object","properties":{"b":true},"additionalProperties":false}"#,
        r#"{"a":{"b":1,"c":1}}"#,
        &["/additionalProperties"],
    ),
    (
        r#"{"type":"object","properties":{"b":true},"additionalProperties":{"type":"string"}}"#,
        r#"{"a":{"c":1}}"#,
        &["/additionalProperties"],
    ),
    (r#"{"type":"object","properties":{"b":false}}"#, r#"{"a":{"b":1}}"#, &["/properties/b"]),
    (r#"{"type":"object","minProperties":1}"#, r#"{"a":{}}"#, &["/minProperties"]),
    (
        r#"{"patternProperties":{"^x":{"type":"integer"}}}"#,
        r#"{"a":{"x1":"y"}}"#,
        &["/patternProperties"],
    ),
    (r#"{"propertyNames":{"maxLength":1}}"#, r#"{"a":{"xy":1}}"#, &["/propertyNames"]),
    (r#"{"dependentRequired":{"b":["c"]}}"#, r#"{"a":{"b":1}}"#, &["/dependentRequired"]),
    (
        r#"{"dependentSchemas":{"b":{"required":["c"]}}}"#,
        r#"{"a":{"b":1}}"#,
        &["/dependentSchemas"],
    ),
    (
        r#"{"properties":{"b":true},"unevaluatedProperties":false}"#,
        r#"{"a":{"c":1}}"#,
        &["/unevaluatedProperties"],
    ),
    (
        r#"{"prefixItems":[true],"unevaluatedItems":false}"#,
        r#"{"a":[1,2]}"#,
        &["/unevaluatedItems"],
    ),
    (r#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#, r#"{"a":3}"#, &["/oneOf"]),
    (r#"{"anyOf":[{"type":"integer"},{"minimum":2}]}"#, r#"{"a":1.5}"#, &["/anyOf"]),
    (r#"{"not":{"type":"integer"}}"#, r#"{"a":1}"#, &["/not"]),
    (r#"{"allOf":[{"type":"string"},{"minLength":2}]}"#, r#"{"a":"x"}"#, &["/allOf/1/minLength"]),
    (r#"{"allOf":[{"type":"string"},{"not":{"const":"x"}}]}"#, r#"{"a":"x"}"#, &["/allOf/1/not"]),
    (r#"{"if":{"const":1},"then":false,"else":{"type":"string"}}"#, r#"{"a":1}"#, &["/then"]),
    (r#"{"if":{"const":1},"then":false,"else":{"type":"string"}}"#, r#"{"a":2}"#, &["/else"]),
    (r#"{"contentEncoding":"base64","type":"string"}"#, r#"{"a":"%"}"#, &[]),
    (
        r#"{"type":"integer","multipleOf":2,"minimum":4}"#,
        r#"{"a":3}"#,
        &["/minimum", "/multipleOf"],
    ),
];

#[test]
fn every_violation_of_a_value_is_named_by_its_location() {
    for (of_a, instance, expected) in OF_ONE_PROPERTY {
        let text = format!(r#"{{"type":"object","properties":{{"a":{of_a}}}}}"#);
        let expected: Vec<String> =
            expected.iter().map(|location| format!("/properties/a{location}")).collect();
        for (contract, how) in [(alone(&text), "alone"), (beside(&text), "beside a contract")] {
            assert_eq!(locations(&contract, instance), expected, "{of_a} of {instance}, {how}");
        }
    }
}

#[test]
fn references_lead_to_rules_of_their_own() {
    let text = r##"{
        "type": "object",
        "$defs": {
            "place": {
                "type": "object",
                "properties": { "zip": { "$ref": "#/$defs/zip" }, "near": { "$ref": "#/$defs/place" } },
                "required": ["zip"]
            },
            "zip": { "type": "string", "pattern": "^[0-9]{5}$" },
            "named": { "$anchor": "named", "type": "string" }
        },
        "properties": {
            "home": { "$ref": "#/$defs/place" },
            "work": { "$ref": "#/$defs/place", "minProperties": 2 },
            "name": { "$ref": "#named" }
        }
    }"##;
    let zip = "$ref/properties/zip/$ref/pattern";
    for (instance, expected) in [
        (
            r#"{"home":{"zip":"1"},"work":{"zip":"12345","near":{"zip":"12345"}}}"#,
            vec![format!("/properties/home/{zip}")],
        ),
        (
            r#"{"work":{"zip":"1"}}"#,
            vec![format!("/properties/work/{zip}"), "/properties/work/minProperties".into()],
        ),
        (r#"{"home":{}}"#, vec!["/properties/home/$ref/required/0".into()]),
        // The schema within itself is not unfolded again.
        (
            r#"{"home":{"zip":"12345","near":{"zip":1}}}"#,
            vec!["/properties/home/$ref/properties/near/$ref".into()],
        ),
        (r#"{"name":1}"#, vec!["/properties/name/$ref".into()]),
    ] {
        for contract in [alone(text), beside(text)] {
            assert_eq!(locations(&contract, instance), expected, "{instance}");
        }
    }
}

#[test]
fn one_schema_is_made_of_several() {
    let text = r#"{
        "allOf": [
            { "properties": { "a": { "type": "number" } }, "required": ["a"] },
            { "properties": { "a": { "type": "integer", "minimum": 2 }, "b": { "type": "string" } } }
        ],
        "type": "object",
        "dependentRequired": { "b": ["c"] }
    }"#;
    let contract = alone(text);
    let fields = contract.schema().fields().iter();
    let fields: Vec<_> =
        fields.map(|field| format!("{} {}", field.name(), field.data_type())).collect();
    assert_eq!(fields, ["a Int64", "b Utf8"]);
    for contract in [contract, beside(text)] {
        assert_eq!(
            locations(&contract, r#"{"b":"x"}"#),
            ["/allOf/0/required/0", "/dependentRequired"]
        );
        assert_eq!(locations(&contract, r#"{"a":1}"#), ["/allOf/1/properties/a/minimum"]);
    }
}

#[test]
fn what_a_payload_cannot_say_breaks_a_rule_and_never_passes() {
    let schema =
        r#"{"type":"object","properties":{"a":{"type":"integer"}},"not":{"required":["b"]}}"#;
    let payloads = [
        // Dead letters.
        "[]",
        "null",
        "{",
        // Of a name that is there twice, one value is not looked at.
        r#"{"a":1,"a":2}"#,
        // Beyond 64 bits.
        r#"{"a":99999999999999999999}"#,
        // Beyond doubles, where nobody but the row by row rules looks.
        r#"{"c":1e400}"#,
    ];
    let found = broken(&alone(schema), &payloads);
    let expected =
        [None, None, None, Some("/properties/a/type"), Some("/properties/a/type"), Some("")];
    let expected = expected.map(|location| location.map(|location| vec![location.to_owned()]));
    assert_eq!(found, expected);
}

#[test]
fn a_name_that_is_held_against_the_schema_of_a_column_breaks_a_rule() {
    let text = r##"{
        "type": "object",
        "properties": { "id": { "type": "string", "maxLength": 2 } },
        "propertyNames": { "$ref": "#/properties/id" }
    }"##;
    // The evaluator says that it is the column that is too long.
    let payload = r#"{"long":1}"#;
    assert_eq!(locations(&alone(text), payload), [""]);
    assert_eq!(locations(&beside(text), payload), ["/properties/id/maxLength"]);
    assert_eq!(locations(&alone(text), r#"{"id":"x"}"#), [""; 0]);
}
