//! What starts with nothing but a contract, and what is refused.

use std::path::Path;

use headgate_kafka::TopicSelection;
use serde_json::json;

use crate::calls::Functions;
use crate::input::SourceConfig;
use crate::options::{OptionMap, parse};
use crate::{Issue, NodeConfig, resolve};

const KAFKA: &str = "{ server: events, environment: prod, type: kafka, host: 'k:9092' }";
const OTHER_KAFKA: &str = "{ server: events-dev, environment: dev, type: kafka, host: 'd:9092' }";
const LAKE: &str =
    "{ server: lake, environment: prod, type: s3, location: 's3://lake/{model}', format: delta }";

/// A contract whose servers begin at line 12.
fn contract(servers: &[&str]) -> String {
    let servers: String = servers.iter().map(|server| format!("  - {server}\n")).collect();
    format!(
        "apiVersion: v3.1.0\nkind: DataContract\nid: pings\nversion: 1.0.0\nstatus: active\nschema:\n\
         - name: pings\n  physicalName: gps-pings\n  properties:\n  - {{ name: a, logicalType: string }}\n\
         servers:\n{servers}"
    )
}

struct Node {
    input: OptionMap,
    output: serde_json::Value,
    server: Option<&'static str>,
}

impl Default for Node {
    fn default() -> Self {
        Self { input: OptionMap::new(), output: json!({ "format": "delta" }), server: None }
    }
}

impl Node {
    fn resolve(&self, servers: &[&str]) -> Result<NodeConfig, Vec<Issue>> {
        let options = json!({
            "name": "pings",
            "input": { "format": "kafka", "decode": "json", "options": self.input },
            "contract": { "path": "pings.odcs.yaml", "server": self.server },
            "output": self.output,
        });
        let options = parse(&options.to_string()).unwrap();
        resolve(&options, Path::new("/base"), &Functions::default(), |_| Ok(contract(servers)))
    }

    /// Brokers, topics and table.
    fn found(&self, servers: &[&str]) -> (String, String, String) {
        let config = self.resolve(servers).unwrap_or_else(|issues| panic!("{issues:#?}"));
        let SourceConfig::Kafka(kafka) = &config.source else { panic!("{:?}", config.source) };
        let brokers = kafka.bootstrap_servers().to_owned();
        let topics = match &kafka.topics {
            TopicSelection::Subscribe(names) => names.join(","),
            other => format!("{other:?}"),
        };
        (brokers, topics, config.tables[0].config.address.to_string())
    }

    /// Path, what was expected and found, and advice of each issue.
    fn refused(&self, servers: &[&str]) -> Vec<[String; 4]> {
        let Err(issues) = self.resolve(servers) else { panic!("not refused") };
        let told = |issue: Issue| {
            let details = issue.details.unwrap_or_default();
            [issue.path.join("/"), issue.expected, issue.actual, details]
        };
        issues.into_iter().map(told).collect()
    }
}

fn options(pairs: &[(&str, &str)]) -> OptionMap {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn found(brokers: &str, topics: &str, table: &str) -> (String, String, String) {
    (brokers.to_owned(), topics.to_owned(), table.to_owned())
}

#[test]
fn a_contract_with_servers_says_what_to_read_and_where_to_write() {
    assert_eq!(
        Node::default().found(&[KAFKA, LAKE]),
        found("k:9092", "gps-pings", "s3://lake/pings")
    );
}

#[test]
fn what_the_configuration_says_wins() {
    let own = options(&[("kafka.bootstrap.servers", "own:1"), ("subscribe", "own")]);
    let output = json!({ "format": "delta", "path": "/lake/own" });
    let node = Node { input: own.clone(), output: output.clone(), ..Node::default() };
    let all = found("own:1", "own", "file:///lake/own");
    // Several that would do are no question where none is asked.
    for servers in [&[KAFKA, LAKE][..], &[KAFKA, OTHER_KAFKA, LAKE, LAKE], &[]] {
        assert_eq!(node.found(servers), all);
    }
    for (input, brokers, topic) in [
        (options(&[("kafka.bootstrap.servers", "own:1")]), "own:1", "gps-pings"),
        (options(&[("subscribe", "own")]), "k:9092", "own"),
    ] {
        let node = Node { input, output: output.clone(), ..Node::default() };
        assert_eq!(node.found(&[KAFKA]), found(brokers, topic, "file:///lake/own"));
    }
    let table = json!({ "format": "delta", "warehouse": "/lake", "table_name": "own" });
    let node = Node { output: table, ..Node::default() };
    assert_eq!(node.found(&[KAFKA, LAKE]), found("k:9092", "gps-pings", "file:///lake/own"));
    let pattern = Node { input: options(&[("subscribePattern", "a.*")]), ..Node::default() };
    assert!(pattern.found(&[KAFKA, LAKE]).1.contains("a.*"));
}

#[test]
fn a_server_is_chosen_by_name_or_environment() {
    let lake_dev =
        "{ server: lake-dev, environment: dev, type: local, path: lake/dev, format: Delta }";
    let all = [KAFKA, OTHER_KAFKA, LAKE, lake_dev];
    for (server, expected) in [
        ("prod", found("k:9092", "gps-pings", "s3://lake/pings")),
        ("dev", found("d:9092", "gps-pings", "file:///base/lake/dev")),
    ] {
        assert_eq!(Node { server: Some(server), ..Node::default() }.found(&all), expected);
    }
    let output = json!({ "format": "delta", "path": "/lake" });
    let node = Node { server: Some("events-dev"), output, ..Node::default() };
    assert_eq!(node.found(&all).0, "d:9092");
    // A name is more than an environment.
    let named = "{ server: dev, environment: prod, type: kafka, host: 'n:9092' }";
    assert_eq!(
        Node { server: Some("dev"), ..node }.found(&[KAFKA, OTHER_KAFKA, named]).0,
        "n:9092"
    );
}

#[test]
fn tables_are_of_files_that_are_delta() {
    for (server, address) in [
        ("type: local, path: /lake/t", "file:///lake/t"),
        ("type: custom, location: 'gs://lake/t'", "gs://lake/t"),
        ("type: custom, path: lake/t", "file:///base/lake/t"),
        ("type: azure, location: 'az://c/t'", "az://c/t"),
        (
            "type: azure, location: 'abfss://c@a.dfs.core.windows.net/t'",
            "abfss://c@a.dfs.core.windows.net/t",
        ),
        (
            "type: azure, location: 'az://acc.blob.core.windows.net/c/some/t'",
            "abfss://c@acc.dfs.core.windows.net/some/t",
        ),
        (
            "type: azure, location: 'abfss://acc.dfs.core.windows.net/c/t'",
            "abfss://c@acc.dfs.core.windows.net/t",
        ),
    ] {
        let server = format!("{{ server: t, format: delta, {server} }}");
        assert_eq!(Node::default().found(&[KAFKA, &server]).2, address, "{server}");
        let parquet = server.replace("delta", "parquet");
        let refused = Node::default().refused(&[KAFKA, &parquet]);
        assert_eq!(refused.len(), 1, "{parquet}");
        assert_eq!(refused[0][0], "output/path");
    }
}

#[test]
fn the_endpoint_of_a_store_comes_with_its_address() {
    let lake = LAKE.replace("format:", "endpointUrl: 'https://store:9000', format:");
    let store = |output: serde_json::Value| {
        let node = Node { output, ..Node::default() };
        let config = node.resolve(&[KAFKA, &lake]).unwrap_or_else(|issues| panic!("{issues:#?}"));
        config.tables[0].config.store.0.clone()
    };
    let supplied = store(json!({ "format": "delta", "options": { "AWS_REGION": "eu" } }));
    let expected = options(&[("AWS_ENDPOINT_URL", "https://store:9000"), ("AWS_REGION", "eu")]);
    assert_eq!(supplied, expected);
    let own = json!({ "format": "delta", "options": { "aws_endpoint": "https://own" } });
    assert_eq!(store(own), options(&[("aws_endpoint", "https://own")]));
    let elsewhere = json!({ "format": "delta", "path": "s3://own/t" });
    assert!(store(elsewhere).is_empty());
}

#[test]
fn several_servers_that_would_do_are_refused_by_name() {
    let details = "each has a value for input.options.kafka.bootstrap.servers, which is not given";
    let expected = "one of events (prod), events-dev (dev)";
    let refused = Node::default().refused(&[KAFKA, OTHER_KAFKA, LAKE]);
    assert_eq!(refused, [["contract/server", expected, "nothing", details]]);

    let unnamed = "{ type: local, path: /lake, format: delta, environment: prod }";
    let node = Node { server: Some("prod"), ..Node::default() };
    let details = "each has a value for output.path, which is not given";
    let refused = node.refused(&[KAFKA, LAKE, unnamed]);
    let expected = "one of lake (prod), servers[2] (prod)";
    assert_eq!(refused, [["contract/server", expected, "prod", details]]);
}

#[test]
fn servers_that_do_not_help_are_refused_with_their_place() {
    let output = json!({ "format": "delta", "path": "/lake" });
    let with = |server| Node { server, output: output.clone(), ..Node::default() };
    let own = options(&[("kafka.bootstrap.servers", "own:1"), ("subscribe", "own")]);
    let full = |server| Node { input: own.clone(), ..with(server) };
    let wildcard = "{ server: l, type: local, path: 'lake/*.parquet', format: delta }";
    let nowhere = "{ server: l, type: s3, format: delta }";
    let hdfs = "{ server: l, type: custom, location: 'hdfs://n/t', format: delta }";
    let cases: [(Node, &[&str], [&str; 4]); 7] = [
        (
            full(Some("pord")),
            &[KAFKA, LAKE],
            ["contract/server", "one of events (prod), lake (prod)", "pord", ""],
        ),
        (
            full(Some("prod")),
            &[],
            ["contract/server", "no server, since the contract names none", "prod", ""],
        ),
        (
            with(None),
            &["{ server: e, type: kafka }"],
            ["contract", "the address of a broker", "nothing", "at servers[0].host, line 12"],
        ),
        (
            with(None),
            &["{ server: e, type: kafka, host: 'k:9092', format: avro }"],
            ["contract", "json", "avro", "at servers[0].format, line 12"],
        ),
        (
            Node::default(),
            &[KAFKA, nowhere],
            ["contract", "where the table is", "nothing", "at servers[1].location, line 13"],
        ),
        (
            Node::default(),
            &[KAFKA, wildcard],
            [
                "output/path",
                "the place of one Delta table",
                "lake/*.parquet",
                "said by the contract at servers[1].path, line 13",
            ],
        ),
        (
            Node::default(),
            &[KAFKA, hdfs],
            [
                "output/path",
                headgate_delta::AddressFault::EXPECTED,
                "hdfs:// is not known",
                "said by the contract at servers[1].location, line 13",
            ],
        ),
    ];
    for (node, servers, expected) in cases {
        assert_eq!(node.refused(servers), [expected], "{servers:?}");
    }
}

#[test]
fn without_servers_the_configuration_has_to_say_it_all() {
    let paths: Vec<_> = Node::default().refused(&[]).into_iter().map(|[path, ..]| path).collect();
    let missing =
        ["input/options/kafka.bootstrap.servers", "input/options/subscribe", "output/path"];
    assert_eq!(paths, missing);
}
