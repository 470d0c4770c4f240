//! A payload passes exactly where the evaluator says that it is valid.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use crate::gate::{alone, beside, broken};

const NAMES: [&str; 4] = ["a", "b", "c", "d/~e"];

fn type_of() -> impl Strategy<Value = Value> {
    let one = select(vec!["string", "integer", "number", "boolean", "object", "array", "null"]);
    prop_oneof![
        6 => one.clone().prop_map(Value::from),
        2 => one.clone().prop_map(|one| json!([one, "null"])).prop_filter("twice", |list| list[0] != "null"),
        1 => Just(json!(["string", "integer"])),
        1 => Just(json!(["integer", "number"])),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-4_i64..8).prop_map(Value::from),
        (-8_i64..16).prop_map(|halves| json!(halves as f64 / 2.0)),
        select(vec![
            "",
            "x",
            "xy",
            "xyz",
            "12",
            "é",
            "2026-02-28",
            "2026-02-30",
            "10:00:00Z",
            "1.2.3.4",
            "a@b.example",
            "2026-02-28T10:00:00Z",
            "6f1ed002-ab59-4d2c-9c3a-0123456789ab"
        ])
        .prop_map(Value::from),
    ]
}

/// Keywords that a schema of a value may have, whatever its type.
fn assertion() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        (-3_i64..6).prop_map(|n| ("minimum", json!(n))),
        (-6_i64..12).prop_map(|n| ("maximum", json!(n as f64 / 2.0))),
        (-3_i64..6).prop_map(|n| ("exclusiveMinimum", json!(n))),
        (-3_i64..6).prop_map(|n| ("exclusiveMaximum", json!(n))),
        select(vec![json!(2), json!(0.5), json!(3)]).prop_map(|n| ("multipleOf", n)),
        (0_u8..3).prop_map(|n| ("minLength", json!(n))),
        (0_u8..3).prop_map(|n| ("maxLength", json!(n))),
        select(vec!["^x", "[0-9]+", "y$", "^(?!x)", r"^\w*$"])
            .prop_map(|text| ("pattern", json!(text))),
        select(vec!["date", "date-time", "uuid", "ipv4", "time", "email", "uri", "unheard-of"])
            .prop_map(|name| ("format", json!(name))),
        vec(scalar(), 1..4).prop_map(|list| ("enum", json!(list))),
        scalar().prop_map(|value| ("const", value)),
        (0_u8..3).prop_map(|n| ("minItems", json!(n))),
        (0_u8..3).prop_map(|n| ("maxItems", json!(n))),
        any::<bool>().prop_map(|unique| ("uniqueItems", json!(unique))),
        (0_u8..3).prop_map(|n| ("minProperties", json!(n))),
        (0_u8..3).prop_map(|n| ("maxProperties", json!(n))),
        subsequence(NAMES.to_vec(), 0..3).prop_map(|names| ("required", json!(names))),
        Just(("dependentRequired", json!({"a": ["b"]}))),
        Just(("unevaluatedProperties", json!(false))),
        Just(("unevaluatedItems", json!(false))),
        Just(("$ref", json!("#/$defs/shared"))),
        Just(("$ref", json!("#"))),
        Just(("title", json!("x"))),
    ]
}

fn keywords(pairs: Vec<(&'static str, Value)>) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = (proptest::option::weighted(0.8, type_of()), vec(assertion(), 0..4)).prop_map(
        |(of, pairs)| {
            let mut schema = keywords(pairs);
            schema.extend(of.map(|of| ("type".to_owned(), of)));
            Value::Object(schema)
        },
    );
    let leaf = prop_oneof![12 => leaf, 1 => any::<bool>().prop_map(Value::from)];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let one = inner.clone();
        let many = vec(inner.clone(), 1..3).prop_map(|list| json!(list));
        let named = (subsequence(NAMES.to_vec(), 1..4), vec(inner.clone(), 3)).prop_map(
            |(names, schemas)| {
                names.into_iter().map(str::to_owned).zip(schemas).collect::<Map<_, _>>()
            },
        );
        let applied = prop_oneof![
            6 => named.prop_map(|named| ("properties", Value::Object(named))),
            4 => one.clone().prop_map(|one| ("items", one)),
            4 => one.clone().prop_map(|one| ("additionalProperties", one)),
            1 => one.clone().prop_map(|one| ("not", one)),
            1 => one.clone().prop_map(|one| ("contains", one)),
            1 => one.clone().prop_map(|one| ("propertyNames", one)),
            1 => one.clone().prop_map(|one| ("patternProperties", json!({"^[ab]": one}))),
            1 => one.prop_map(|one| ("if", one)),
            1 => inner.clone().prop_map(|one| ("then", one)),
            1 => inner.prop_map(|one| ("else", one)),
            2 => many.clone().prop_map(|many| ("allOf", many)),
            1 => many.clone().prop_map(|many| ("anyOf", many)),
            1 => many.clone().prop_map(|many| ("oneOf", many)),
            1 => many.prop_map(|many| ("prefixItems", many)),
        ];
        let of = proptest::option::weighted(
            0.8,
            prop_oneof![
                3 => Just(json!("object")), 2 => Just(json!("array")), 1 => type_of(),
            ],
        );
        (of, vec(applied, 1..3), vec(assertion(), 0..2)).prop_map(|(of, applied, pairs)| {
            let mut schema = keywords(applied);
            schema.extend(keywords(pairs));
            schema.extend(of.map(|of| ("type".to_owned(), of)));
            Value::Object(schema)
        })
    })
}

/// A schema of an object with properties.
fn document() -> impl Strategy<Value = Value> {
    let named = (subsequence(NAMES.to_vec(), 1..4), vec(schema(), 4));
    (named, vec(assertion(), 0..2), schema(), any::<bool>()).prop_map(
        |((names, schemas), pairs, shared, closed)| {
            let properties: Map<_, _> = names.into_iter().map(str::to_owned).zip(schemas).collect();
            let mut root = keywords(pairs);
            root.retain(|name, _| name != "$ref");
            root.insert("type".into(), json!("object"));
            root.insert("properties".into(), Value::Object(properties));
            if closed {
                root.insert("additionalProperties".into(), json!(false));
            }
            // A reference to itself alone never ends.
            let mut shared = shared;
            if let Value::Object(keywords) = &mut shared {
                keywords.remove("$ref");
                keywords.remove("allOf");
            }
            root.insert("$defs".into(), json!({ "shared": shared }));
            Value::Object(root)
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 16, 3, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::from), object(inner)]
    })
}

fn object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    (subsequence(NAMES.to_vec(), 0..=4), vec(values, 4)).prop_map(|(names, values)| {
        Value::Object(names.into_iter().map(str::to_owned).zip(values).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn columns_and_payloads_together_say_what_the_evaluator_says(
        document in document(),
        instances in vec(object(value()), 12),
    ) {
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        // Endless references, patterns that no name can have: not schemas at all.
        let Ok(evaluator) = options.build(&document) else { return Ok(()) };
        let text = document.to_string();
        let payloads: Vec<String> = instances.iter().map(Value::to_string).collect();
        let payloads: Vec<&str> = payloads.iter().map(String::as_str).collect();
        for (contract, how) in [(alone(&text), "alone"), (beside(&text), "beside")] {
            let found = broken(&contract, &payloads);
            for ((instance, found), payload) in instances.iter().zip(found).zip(&payloads) {
                let found = found.expect("a row");
                let errors: Vec<_> = evaluator.iter_errors(instance).map(|error| error.evaluation_path().to_string()).collect();
                prop_assert_eq!(found.is_empty(), errors.is_empty(), "{}: {} of {}: {:?} but {:?}", how, text, payload, found, errors);
            }
        }
    }
}
