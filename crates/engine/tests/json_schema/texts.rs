//! Formats and patterns of a column take the texts that the evaluator takes, at their edges as well.

use serde_json::json;

use crate::gate::{alone, broken};

const FORMATS: &[(&str, &[&str])] = &[
    (
        "date",
        &[
            "2024-02-29",
            "2023-02-29",
            "0000-01-01",
            "0001-01-01",
            "9999-12-31",
            "10000-01-01",
            "+2024-01-01",
            "-001-01-01",
            "2024-1-1",
            "2024-00-10",
            "2024-13-01",
            "2024-04-31",
            "1900-02-29",
            "2000-02-29",
            " 2024-01-01",
            "2024-01-01\n",
            "2024-01-01Z",
            "２０２４-01-01",
            "20240101",
            "",
        ],
    ),
    (
        "date-time",
        &[
            "2024-02-29T00:00:00Z",
            "2024-02-29t00:00:00z",
            "2024-02-29 00:00:00Z",
            "2024-02-29T00:00:00",
            "2024-02-29T24:00:00Z",
            "2024-02-29T23:59:60Z",
            "2024-02-29T22:59:60Z",
            "2024-03-01T00:59:60+01:00",
            "2024-02-29T23:59:61Z",
            "2024-02-29T00:60:00Z",
            "2024-02-29T00:00:00.1Z",
            "2024-02-29T00:00:00.123456789012Z",
            "2024-02-29T00:00:00.Z",
            "2024-02-29T00:00:00,5Z",
            "2024-02-29T00:00:00+00:00",
            "2024-02-29T00:00:00-00:00",
            "2024-02-29T00:00:00+23:59",
            "2024-02-29T00:00:00+24:00",
            "2024-02-29T00:00:00+18:01",
            "2024-02-29T00:00:00+01",
            "2024-02-29T00:00:00+0100",
            "2024-02-29T00:00Z",
            "2023-02-29T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999Z",
            "10000-01-01T00:00:00Z",
            "2024-02-29T00:00:00Z ",
            "2024-02-29T00:00:0０Z",
            "",
        ],
    ),
    (
        "uuid",
        &[
            "6f1ed002-ab59-4d2c-9c3a-0123456789ab",
            "6F1ED002-AB59-4D2C-9C3A-0123456789AB",
            "6f1ed002-AB59-4d2c-9c3a-0123456789ab",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "{6f1ed002-ab59-4d2c-9c3a-0123456789ab}",
            "urn:uuid:6f1ed002-ab59-4d2c-9c3a-0123456789ab",
            "6f1ed002ab594d2c9c3a0123456789ab",
            "6f1ed002-ab59-4d2c-9c3a-0123456789a",
            "6f1ed002-ab59-4d2c-9c3a-0123456789abc",
            "6f1ed00-2ab59-4d2c-9c3a-0123456789ab",
            "6f1ed002-ab59-4d2c-9c3a-0123456789ag",
            "6f1ed002-ab59-4d2c-9c3a-0123456789a\n",
            "",
        ],
    ),
    (
        "ipv4",
        &[
            "0.0.0.0",
            "255.255.255.255",
            "256.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.04",
            "1.2.3.4 ",
            "0x1.2.3.4",
            "1.2.3.",
            "1..2.3",
            "१.2.3.4",
            "16909060",
            "",
        ],
    ),
    (
        "ipv6",
        &[
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1::2::3",
            "1:2:3:4:5:6:1.2.3.4",
            "::ffff:1.2.3.4",
            "::1.2.3.04",
            "::1.2.3",
            "fe80::1%eth0",
            "[::1]",
            "12345::",
            "g::",
            ":1::",
            "1::/64",
            "::1 ",
            "ABCD:EF01::",
            "",
        ],
    ),
];

const PATTERNS: &[&str] = &[
    r"^\d+$",
    r"^\D$",
    r"^\w+$",
    r"^\W$",
    r"^\s$",
    r"^\S$",
    r"^[\d]+$",
    r"^[^\d]$",
    r"^[\w-]+$",
    r"^[^\s]$",
    r"^.$",
    r"^..$",
    r"\bx\b",
    r"\Bx",
    r"x$",
    r"^x|y$",
    r"^[a-z&&[^x]]$",
    r"^\u0041$",
    r"^\x41$",
    r"^\cJ$",
    r"^\/$",
    r"^\-$",
    r"^[\^\-\]]$",
    r"^(?:x|y){2,3}$",
    r"^(?<name>x)$",
    r"^(?=x)",
    r"(x)\1",
    r"(?i)^x$",
    r"^[[]$",
    r"^x{,2}$",
    r"^a#b c$",
    r"^$",
    "",
];

const TEXTS: &[&str] = &[
    "", "x", "xx", "xy", "X", "y", "A", "a", "é", "É", "ß", "1", "12", "٣", "１", "_", "-", "^",
    "]", "[", "&", "/", " ", "\t", "\n", "\r", "\u{b}", "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}",
    "\u{200d}", "x\n", "\nx", "a x", "éx", "💩", "e\u{301}", "a#b c", "x{,2}", "\u{0}",
];

/// Texts of which the columns say something else than the evaluator.
fn disagreed(keyword: &str, said: &str, texts: &[&str]) -> Vec<String> {
    let of_a = json!({ "type": "string", keyword: said });
    let document = json!({ "type": "object", "properties": { "a": of_a } });
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let Ok(evaluator) = options.build(&document) else { return Vec::new() };
    let instances: Vec<_> = texts.iter().map(|text| json!({ "a": text })).collect();
    let payloads: Vec<String> = instances.iter().map(ToString::to_string).collect();
    let payloads: Vec<&str> = payloads.iter().map(String::as_str).collect();
    let found = broken(&alone(&document.to_string()), &payloads);
    let pairs = instances.iter().zip(texts).zip(found);
    let differing = pairs.filter(|((instance, _), found)| {
        found.as_ref().is_some_and(Vec::is_empty) != evaluator.is_valid(instance)
    });
    differing.map(|((_, text), _)| format!("{keyword} {said}: {text:?}")).collect()
}

#[test]
fn formats_take_what_the_evaluator_takes() {
    let found = FORMATS.iter().flat_map(|(format, texts)| disagreed("format", format, texts));
    assert_eq!(found.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn patterns_match_what_the_evaluator_matches() {
    let found = PATTERNS.iter().flat_map(|pattern| disagreed("pattern", pattern, TEXTS));
    assert_eq!(found.collect::<Vec<_>>(), Vec::<String>::new());
}
