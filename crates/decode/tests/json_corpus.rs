//! A corpus of nasty records, each put into an ignored, a text and a nested place, and judged as
//! `serde_json` judges it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_schema::DataType;
use headgate_decode::DecodeOptions;
use serde::de::IgnoredAny;
use support::{decode, list, object, schema};

const VALUES: &[&str] = &[
    "",
    " ",
    "0",
    "-0",
    "00",
    "01",
    "-01",
    "1.",
    ".1",
    "1.e1",
    "1e",
    "1e+",
    "1E-0",
    "0e0",
    "0.0e-0",
    "1e5.5",
    "--1",
    "+1",
    "1 2",
    "1,2",
    "0x1",
    "1f",
    "1L",
    "1_0",
    "Infinity",
    "NaN",
    "-",
    "-a",
    "123456789012345678901234567890",
    "1e99999",
    "-1e-99999",
    "0.000000000000000000000001",
    "12345678",
    "123456789",
    "1234567890123456",
    "12345678901234567",
    "1234567.12345678",
    "null",
    "nul",
    "nulll",
    "Null",
    "true",
    "tru",
    "truee",
    "false",
    "fals",
    "falsee",
    "undefined",
    "\"",
    "\"\"",
    "\"a",
    "a\"",
    "'a'",
    "\"\\",
    "\"\\\"",
    "\"\\\\\"",
    "\"\\/\"",
    "\"\\a\"",
    "\"\\u\"",
    "\"\\u0\"",
    "\"\\u00\"",
    "\"\\u000\"",
    "\"\\u0000\"",
    "\"\\u00zz\"",
    "\"\\uD83C\\uDF89\"",
    "\"\\U0000\"",
    "\"\t\"",
    "\"\n\"",
    "\"\r\"",
    "\"\u{1f}\"",
    "\"\u{7f}\"",
    "\"\u{0}\"",
    "\"\u{2028}\u{2029}\"",
    "\"\u{feff}\"",
    "\u{feff}",
    "\"\u{10ffff}\"",
    "\u{a0}1",
    "\u{b}1",
    "\u{c}1",
    "\"0123456789abcde\"",
    "\"0123456789abcdef\"",
    "\"0123456789abcdef0\"",
    "\"0123456789abcd\\n\"",
    "\"0123456789abcdef\\n\"",
    "\"0123456789abcde\n\"",
    "\"0123456789abcdef",
    "[]",
    "[ ]",
    "[",
    "]",
    "[,]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 1]",
    "[1,,1]",
    "[[]]",
    "[[]",
    "[]]",
    "[}",
    "[1}",
    "[\"a\":1]",
    "[null,true,false,0,\"\",[],{}]",
    "[1]x",
    "[1]//",
    "[/**/1]",
    "{}",
    "{ }",
    "{",
    "}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1,}",
    "{:1}",
    "{1:1}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\"::1}",
    "{\"a\":1]",
    "{\"a\",1}",
    "{\"a\":1}}",
    "{\"a\" : 1 , \"b\" : [ ] }",
    "{\"a\":{\"a\":{\"a\":{}}}}",
    "{\"a\\u0000\":1}",
    "{\"a\n\":1}",
    "{\"\":1}",
    "{\"a\":1,\"a\":2}",
    "\"a\" \"b\"",
    "#",
    "/* */ 1",
    "1 // one",
    "\\",
    "`a`",
    "(1)",
    "<a>",
];

#[test]
fn the_verdict_on_every_nasty_value_is_that_of_the_grammar() {
    let inner = object([("a", DataType::Int64), ("s", DataType::Utf8)]);
    let schema = schema([
        ("s", DataType::Utf8),
        ("i", DataType::Int64),
        ("d", DataType::Float64),
        ("l", list(DataType::Utf8)),
        ("o", inner.clone()),
        ("lo", list(inner)),
    ]);
    let places = [
        "@",
        "{@}",
        "{\"unknown\":@}",
        "{\"s\":@}",
        "{\"i\":@,\"s\":\"\"}",
        "{\"d\":@}",
        "{\"l\":@}",
        "{\"l\":[\"\",@]}",
        "{\"o\":@}",
        "{\"o\":{\"a\":@,\"s\":@}}",
        "{\"lo\":[@,{\"a\":1}]}",
        "{\"lo\":[{\"s\":@}]}",
        "{\"unknown\":[{\"a\":[@]}]}",
        "{\"s\":\"a\"}@",
        "{\"s\":\"a\"@}",
        "{\"s\"@:1}",
        "@{\"s\":1}",
        "{@\"s\":1}",
        "{\"i\":1,\"i\":@}",
        "{\"o\":[@]}",
        "{\"i\":{\"a\":@}}",
    ];
    let (mut alive, mut dead) = (0, 0);
    for place in places {
        for value in VALUES {
            let record = place.replace('@', value);
            let decoded = decode(&schema, DecodeOptions::default(), ["{}", &record, "{}"]);
            let oracle = serde_json::from_str::<IgnoredAny>(&record).is_ok()
                && record.trim_ascii_start().starts_with('{');
            assert_eq!(decoded.dead.is_empty(), oracle, "{record:?}: {:?}", decoded.dead);
            if oracle {
                alive += 1
            } else {
                dead += 1
            }
            for end in 0..record.len() {
                let cut = &record.as_bytes()[..end];
                let decoded = decode(&schema, DecodeOptions::default(), [cut]);
                let oracle = serde_json::from_slice::<IgnoredAny>(cut).is_ok()
                    && cut.trim_ascii_start().starts_with(b"{")
                    && std::str::from_utf8(cut).is_ok();
                assert_eq!(decoded.dead.is_empty(), oracle, "{:?}", String::from_utf8_lossy(cut));
            }
        }
    }
    assert!(alive > 500 && dead > 1_000, "{alive} records, {dead} dead letters");
}
