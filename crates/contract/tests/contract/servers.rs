use crate::support::*;

const SCHEMA: &str = "properties:\n  - { name: a, logicalType: string }\n";

/// A contract with these servers, one flow mapping a line; the first is line 11.
fn with_servers(list: &str) -> String {
    let list: String = list.lines().map(|line| format!("  - {}\n", line.trim())).collect();
    format!("{}servers:\n{list}", document(SCHEMA))
}

#[test]
fn servers_say_where_data_are() {
    let text = with_servers(
        "{ server: events, type: kafka, environment: prod, host: 'k1:9092,k2:9092', format: json, customProperties: [] }
         { server: lake, type: s3, location: 's3://lake/{model}', format: delta, endpointUrl: 'https://s3.example.com' }
         { server: '', type: local, path: ./lake, format: delta, environment: null }
         { type: custom, location: 'gs://lake', path: elsewhere }",
    );
    let contract = compile(&text).unwrap();
    let found: Vec<_> = contract
        .servers()
        .iter()
        .map(|server| {
            let texts = [
                &server.name,
                &server.environment,
                &server.kind,
                &server.format,
                &server.host,
                &server.location,
                &server.endpoint_url,
            ];
            let texts: Vec<_> = texts.map(|text| text.as_deref().unwrap_or("-")).into();
            (texts.join(" "), server.path.as_str(), server.line)
        })
        .collect();
    let expected = [
        ("events prod kafka json k1:9092,k2:9092 - -", "servers[0]", Some(11)),
        ("lake - s3 delta - s3://lake/{model} https://s3.example.com", "servers[1]", Some(12)),
        ("- - local delta - ./lake -", "servers[2]", Some(13)),
        ("- - custom - - gs://lake -", "servers[3]", Some(14)),
    ];
    assert_eq!(found, expected.map(|(text, path, line)| (text.to_owned(), path, line)));
    assert!(compile(&document(SCHEMA)).unwrap().servers().is_empty());
}

#[test]
fn servers_that_cannot_be_read_are_refused_with_their_place() {
    for (server, path, expected) in [
        ("{ server: a, type: kafka, host: [k1, k2] }", "servers[0].host", "text"),
        ("{ server: a, type: 7 }", "servers[0].type", "text"),
        ("k1:9092", "servers[0]", "a mapping"),
    ] {
        let issues = compile(&with_servers(server)).unwrap_err();
        let found: Vec<_> =
            issues.iter().map(|i| (i.path.as_str(), i.expected.as_str(), i.line)).collect();
        assert_eq!(found, [(path, expected, Some(11))], "{server}");
    }
}

#[test]
fn the_physical_name_is_the_one_that_the_data_have() {
    for (names, expected) in
        [("", "rows"), ("physicalName: gps-pings\n", "gps-pings"), ("physicalName: rows\n", "rows")]
    {
        let contract = compile(&document(&format!("{names}{SCHEMA}"))).unwrap();
        assert_eq!(contract.physical_name(), expected);
    }
}
