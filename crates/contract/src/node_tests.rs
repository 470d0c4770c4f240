use super::*;

fn entry<'a>(node: &'a Node, key: &str) -> &'a Node {
    match &node.value {
        Value::Map(entries) => &entries.iter().find(|(name, _)| name == key).unwrap().1,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_value_has_the_line_of_its_key() {
    let node = Node::parse("a: 1\nb:\n  - c: x\n    d: y\n").unwrap();
    assert_eq!(entry(&node, "b").line, Some(2));
    let Value::List(items) = &entry(&node, "b").value else { unreachable!() };
    assert_eq!(entry(&items[0], "d").line, Some(4));
}

#[test]
fn plain_scalars_follow_the_core_schema() {
    let cases = [
        ("~", "nothing"),
        ("", "nothing"),
        ("True", "true"),
        ("yes", "'yes'"),
        ("1.0", "1.0"),
        ("-1e5", "-1e5"),
        ("0x1F", "31"),
        ("1_000", "'1_000'"),
        (".", "'.'"),
        ("2020-01-01", "'2020-01-01'"),
        ("\"12\"", "'12'"),
        ("!!str 12", "'12'"),
        ("v3.1.0", "'v3.1.0'"),
    ];
    for (text, described) in cases {
        let node = Node::parse(&format!("a: {text}\n")).unwrap();
        assert_eq!(entry(&node, "a").describe(), described, "{text}");
    }
}

#[test]
fn json_is_read_too_with_its_own_escapes_and_tabs() {
    let plain = Node::parse("{\n \"a\":1,\n \"b\": [true, null]}").unwrap();
    assert_eq!(entry(&plain, "b").line, Some(3));
    let odd = Node::parse("{\n\t\"a\":\t\"\\ud83d\\ude00\\/\"}").unwrap();
    assert_eq!(entry(&odd, "a").describe(), "'😀/'");
}

#[test]
fn malformed_texts_are_one_issue_with_a_line() {
    let cases = [
        ("a: [1, 2\nb: 3\n", Some(2)),
        ("a: 1\na: 2\n", Some(2)),
        ("a: 1\n---\nb: 1\n", Some(3)),
        ("{\n\"a\": \n", Some(2)),
        ("", None),
    ];
    for (text, line) in cases {
        let issue = Node::parse(text).unwrap_err();
        assert!(issue.path.is_empty());
        assert!(issue.line >= line, "{text}: {issue:?}");
    }
}

#[test]
fn aliases_are_copied_but_not_without_end() {
    let node = Node::parse("a: &x { b: 1 }\nc: *x\n").unwrap();
    assert_eq!(entry(entry(&node, "c"), "b").describe(), "1");
    let mut bomb = String::from("l0: &l0 [1,1,1,1,1,1,1,1,1,1]\n");
    for level in 1..9 {
        let previous = format!("*l{}", level - 1);
        bomb += &format!("l{level}: &l{level} [{}]\n", vec![previous; 10].join(","));
    }
    assert!(Node::parse(&bomb).unwrap_err().expected.contains("aliases"));
    assert!(Node::parse(&"[".repeat(5000)).is_err());
}
