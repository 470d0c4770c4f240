use crate::support::*;
use headgate_contract::CoverageStatus;

#[test]
fn lengths_count_scalars_and_null_passes() {
    let column = || {
        texts([
            Some(""),
            Some("ab"),
            Some("abc"),
            None,
            Some("éé"),
            Some("日本語"),
            Some("😀"),
            Some("e\u{301}"),
        ])
    };
    let cases = [
        ("minLength: 0", "min_length_a", vec![]),
        ("minLength: 1", "min_length_a", vec![0]),
        ("minLength: 2", "min_length_a", vec![0, 6]),
        ("minLength: 3", "min_length_a", vec![0, 1, 4, 6, 7]),
        ("maxLength: 0", "max_length_a", vec![1, 2, 4, 5, 6, 7]),
        ("maxLength: 2", "max_length_a", vec![2, 5]),
        ("maxLength: 3", "max_length_a", vec![]),
    ];
    for (option, rule, expected) in cases {
        let contract =
            property(&format!("logicalType: string, logicalTypeOptions: {{ {option} }}"));
        assert_eq!(broken_by(&contract, rule, column()), expected, "{option}");
        // All ASCII takes another way than the rest.
        let ascii = texts([Some(""), Some("ab"), Some("abc"), None]);
        let expected: Vec<_> = expected.into_iter().filter(|row| *row < 4).collect();
        assert_eq!(broken_by(&contract, rule, ascii), expected, "{option}");
    }
}

#[test]
fn a_sliced_column_is_judged_by_its_own_rows() {
    let contract =
        property("logicalType: string, logicalTypeOptions: { maxLength: 1, enum: [a, b] }");
    let column = texts([Some("éé"), Some("a"), None, Some("bb"), Some("b")]);
    let found = violations(&contract, vec![column.slice(1, 3)]);
    assert_eq!(found, [(2, "max_length_a".to_owned()), (2, "enum_a".to_owned())]);
}

#[test]
fn patterns_search_unless_anchored() {
    let column =
        || texts([Some("ACC12345678"), Some("xACC123456789"), Some("ACC1"), None, Some("")]);
    let cases = [("ACC[0-9]{8}", vec![2, 4]), ("^ACC[0-9]{8}$", vec![1, 2, 4]), ("^$|C1", vec![])];
    for (pattern, expected) in cases {
        let contract = property(&format!(
            "logicalType: string, logicalTypeOptions: {{ pattern: '{pattern}' }}"
        ));
        assert_eq!(broken_by(&contract, "pattern_a", column()), expected, "{pattern}");
    }
}

#[test]
fn a_pattern_that_needs_backtracking_is_reported_and_a_broken_one_refused() {
    for (pattern, reason) in [("(?=x)y", "look-around"), (r"(a)\\1", "back-references")] {
        let keys = format!("logicalType: string, logicalTypeOptions: {{ pattern: \"{pattern}\" }}");
        let contract = property(&keys);
        let (status, told) = coverage(&contract, "pattern_a");
        assert_eq!(status, CoverageStatus::NotEnforceable);
        assert!(told.contains(reason), "{told}");
        assert_eq!(ids(&contract), ["type_a"]);
    }
    let issues = issues("logicalType: string, logicalTypeOptions: { pattern: '[a' }");
    assert_eq!(issues[0].0, "logicalTypeOptions.pattern");
}

#[test]
fn formats_are_checked_and_null_passes() {
    let cases = [
        ("uuid", "53581432-6c55-4ba2-a65f-72344a91553a", "53581432-6c55-4ba2-a65f-72344a91553"),
        ("email", "a@example.org", "a.example.org"),
        ("uri", "https://example.org/a?b#c", "/a"),
        ("hostname", "example.org", "exa mple"),
        ("ipv4", "10.0.0.1", "10.0.0"),
        ("ipv6", "::1", "1"),
        ("date", "2024-02-29", "2023-02-29"),
        ("date-time", "2024-02-29T00:00:00Z", "2024-02-29 00:00:00"),
        ("time", "23:59:59", "23:59"),
    ];
    for (format, good, bad) in cases {
        let contract =
            property(&format!("logicalType: string, logicalTypeOptions: {{ format: {format} }}"));
        let column = texts([Some(good), None, Some(bad), Some(""), Some(good)]);
        assert_eq!(broken_by(&contract, "format_a", column), [2, 3], "{format}");
    }
    let password = property("logicalType: string, logicalTypeOptions: { format: password }");
    assert_eq!(coverage(&password, "format_a").0, CoverageStatus::Informational);
    let binary = property("logicalType: string, logicalTypeOptions: { format: byte }");
    assert_eq!(coverage(&binary, "format_a").0, CoverageStatus::NotEnforceable);
}

#[test]
fn enumerations_compare_whole_texts_of_any_length() {
    let long = "a text that is longer than a word of sixteen bytes";
    let longer = format!("{long}!");
    let column = || {
        texts([
            Some("card"),
            Some("cash"),
            Some("Card"),
            None,
            Some(""),
            Some("car"),
            Some("sixteen bytes!!!"),
            Some(long),
            Some(&longer),
            Some("cash\0"),
        ])
    };
    let spellings = [
        format!(
            "enum: [{{ value: card, label: Card }}, {{ value: cash }}, {{ value: 'sixteen bytes!!!' }}, {{ value: {long} }}]"
        ),
        format!("enum: [card, cash, null, 'sixteen bytes!!!', {long}]"),
        format!("logicalTypeOptions: {{ enum: [card, cash, 'sixteen bytes!!!', {long}] }}"),
    ];
    for spelling in spellings {
        let contract = property(&format!("logicalType: string, {spelling}"));
        assert_eq!(broken_by(&contract, "enum_a", column()), [2, 4, 5, 8, 9], "{spelling}");
    }
    assert_eq!(
        issues("logicalType: string, enum: []"),
        [("enum".into(), "at least one value".into())]
    );
    let mixed = issues("logicalType: string, enum: [a, 1, true]");
    assert_eq!(mixed, [("enum[1]".into(), "text".into()), ("enum[2]".into(), "text".into())]);
}

#[test]
fn contradictory_lengths_are_refused() {
    for options in ["{ minLength: 3, maxLength: 2 }", "{ maxLength: 2, minLength: 3 }"] {
        let issues = issues(&format!("logicalType: string, logicalTypeOptions: {options}"));
        assert_eq!(
            issues,
            [("logicalTypeOptions.maxLength".into(), "no less than minLength, which is 3".into())]
        );
    }
    let negative = issues("logicalType: string, logicalTypeOptions: { minLength: -1 }");
    assert_eq!(negative[0].1, "a whole number, 0 or more");
}
