//! Against a server that says what a test tells it to.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headgate_model::{Fault, SchemaFormat, SchemaMiss, SchemaSource};

use crate::{RegistryFault, RegistryOptions, SchemaRegistry};

/// By path and query.
type Answers = BTreeMap<String, Answer>;

#[derive(Clone)]
enum Answer {
    Says(u16, String),
    HangsUp,
    SaysNothing,
    /// Less than it has promised.
    Breaks,
}

#[derive(Clone)]
struct Server {
    url: String,
    /// Request lines and headers, as they came.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: &[(&str, Answer)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let answers: Answers =
            answers.iter().map(|(path, answer)| ((*path).to_owned(), answer.clone())).collect();
        let server = Self { url, requests: Arc::default() };
        let requests = Arc::clone(&server.requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answers, requests) = (answers.clone(), Arc::clone(&requests));
                std::thread::spawn(move || serve(stream, &answers, &requests));
            }
        });
        server
    }

    fn paths(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let path = |request: &String| request.split(' ').nth(1).unwrap()["/api".len()..].to_owned();
        requests.iter().map(path).collect()
    }

    /// Without the look for a subject's name, which nothing depends on.
    fn lookups(&self) -> Vec<String> {
        self.paths().into_iter().filter(|path| !is_name(path)).collect()
    }
}

fn is_name(path: &str) -> bool {
    path.starts_with("/schemas") && path.ends_with("/versions")
}

fn serve(stream: TcpStream, answers: &Answers, requests: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let mut stream = stream;
    loop {
        let request: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let Some(first) = request.first() else { return };
        let path = first.split(' ').nth(1).unwrap()["/api".len()..].to_owned();
        requests.lock().unwrap().push(request.join("\n"));
        let absent = Answer::Says(404, r#"{"error_code":40403,"message":"no"}"#.to_owned());
        match answers.get(&path).cloned().unwrap_or(absent) {
            Answer::HangsUp => return,
            Answer::SaysNothing => {}
            Answer::Breaks => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
                let _ = stream.write_all(head.as_bytes());
                return;
            }
            Answer::Says(status, body) => {
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes());
            }
        }
    }
}

fn says(body: &str) -> Answer {
    Answer::Says(200, body.to_owned())
}

fn options(url: &str) -> RegistryOptions {
    RegistryOptions { url: Some(url.to_owned()), ..RegistryOptions::default() }
}

fn registry_of(options: RegistryOptions) -> SchemaRegistry {
    let mut config = options.into_config().unwrap();
    config.timeout = Duration::from_millis(500);
    SchemaRegistry::new(&config).unwrap()
}

fn registry(server: &Server) -> SchemaRegistry {
    registry_of(options(&server.url))
}

#[tokio::test]
async fn a_schema_is_asked_for_once_and_is_avro_unless_said_otherwise() {
    let server = Server::start(&[
        ("/schemas/ids/1", says(r#"{"schema":"\"string\""}"#)),
        ("/schemas/ids/1/versions", says(r#"[{"subject":"a-value","version":3}]"#)),
        ("/schemas/ids/2", says(r#"{"schema":"{}","schemaType":"JSON","new":1}"#)),
        ("/schemas/ids/3", says(r#"{"schema":"x","schemaType":"PROTOBUF"}"#)),
        ("/schemas/ids/4", says(r#"{"schema":"x","schemaType":"THRIFT"}"#)),
    ]);
    let registry = registry(&server);
    for _ in 0..2 {
        let found = registry.by_id(1).await.unwrap().unwrap();
        assert_eq!(found.subject.as_deref(), Some("a-value"));
        assert_eq!(
            (found.schema.format, found.schema.text.as_str()),
            (SchemaFormat::Avro, "\"string\"")
        );
    }
    assert_eq!(server.lookups(), ["/schemas/ids/1"]);
    for (id, format) in [(2, SchemaFormat::JsonSchema), (3, SchemaFormat::Protobuf)] {
        let found = registry.by_id(id).await.unwrap().unwrap();
        assert_eq!((found.schema.format, found.subject), (format, None));
    }
    assert_eq!(registry.by_id(4).await.unwrap_err().code(), "REGISTRY_INVALID");
    assert_eq!(registry.num_known(), 3);
    let request = server.requests.lock().unwrap()[0].to_lowercase();
    assert!(request.contains("accept: application/vnd.schemaregistry.v1+json"));
}

#[tokio::test]
async fn references_come_before_what_needs_them_and_each_once() {
    let of = |schema: &str, references: &[&str]| {
        let references = references
            .iter()
            .map(|name| format!(r#"{{"name":"{name}","subject":"s/{name}","version":1}}"#));
        let references = references.collect::<Vec<_>>().join(",");
        says(&format!(r#"{{"schema":"{schema}","references":[{references}]}}"#))
    };
    let at = |name: &str| format!("/subjects/s%2F{name}/versions/1?deleted=true");
    let server = Server::start(&[
        ("/schemas/ids/1", of("root", &["a", "b"])),
        (&at("a"), of("A", &["c"])),
        (&at("b"), of("B", &["c", "a"])),
        (&at("c"), of("C", &[])),
        ("/schemas/ids/2", of("root", &["d"])),
        (&at("d"), of("D", &["e"])),
        (&at("e"), of("E", &["d"])),
        ("/schemas/ids/3", of("root", &["missing"])),
    ]);
    let registry = registry(&server);
    let found = registry.by_id(1).await.unwrap().unwrap().schema;
    let order = found.references.iter().map(|found| (found.name.as_str(), found.text.as_str()));
    assert_eq!(order.collect::<Vec<_>>(), [("c", "C"), ("a", "A"), ("b", "B")]);
    assert_eq!(server.lookups().len(), 4);
    let fault = registry.by_id(2).await.unwrap_err();
    assert_eq!(fault.code(), "REGISTRY_INVALID");
    assert!(fault.context().actual.unwrap().contains("it refers to itself"));
    let fault = registry.by_id(3).await.unwrap_err();
    assert!(fault.context().actual.unwrap().contains("version 1 of subject s/missing"));
}

#[tokio::test]
async fn the_newest_version_of_a_subject_is_told_if_there_is_one() {
    let server = Server::start(&[(
        "/subjects/a-value/versions/latest",
        says(r#"{"subject":"a-value","id":7,"version":2,"schema":"{}","schemaType":"JSON"}"#),
    )]);
    let registry = registry(&server);
    let found = registry.latest("a-value").await.unwrap().unwrap();
    assert_eq!((found.id, found.version), (7, 2));
    assert_eq!(registry.latest("b-value").await.unwrap(), None);
    let again = registry.by_id(7).await.unwrap().unwrap();
    assert_eq!(again.schema, found.schema);
    assert_eq!(server.paths().len(), 2, "the schema of an id is known by then");
}

#[tokio::test]
async fn each_answer_means_what_the_api_says() {
    let says = |status, body: &str| Answer::Says(status, body.to_owned());
    let message = r#"{"error_code":50001,"message":"a reason"}"#;
    for (answer, code) in [
        (says(401, message), "REGISTRY_AUTH"),
        (says(403, ""), "REGISTRY_AUTH"),
        (says(404, "no such page"), "REGISTRY_INVALID"),
        (says(422, message), "REGISTRY_INVALID"),
        (says(200, "<html>"), "REGISTRY_INVALID"),
        (says(200, "{}"), "REGISTRY_INVALID"),
        (says(408, message), "REGISTRY_UNAVAILABLE"),
        (says(429, message), "REGISTRY_UNAVAILABLE"),
        (says(500, message), "REGISTRY_UNAVAILABLE"),
        (says(503, ""), "REGISTRY_UNAVAILABLE"),
        (Answer::HangsUp, "REGISTRY_UNAVAILABLE"),
        (Answer::SaysNothing, "REGISTRY_UNAVAILABLE"),
        (Answer::Breaks, "REGISTRY_UNAVAILABLE"),
    ] {
        let server = Server::start(&[("/schemas/ids/1", answer)]);
        let registry = registry(&server);
        let fault = registry.by_id(1).await.unwrap_err();
        assert_eq!(fault.code(), code, "{:?}", fault.context());
        let waits = matches!(registry.schema(1).await, Err(SchemaMiss::Unavailable(_)));
        assert_eq!(waits, code == "REGISTRY_UNAVAILABLE");
        assert_eq!(registry.num_known(), 0);
    }
    let registry = registry(&Server::start(&[]));
    assert!(matches!(registry.schema(1).await, Err(SchemaMiss::Absent)));
}

#[tokio::test]
async fn credentials_are_sent_as_the_user_gave_them() {
    let text = |text: &str| Some(text.to_owned());
    let basic = RegistryOptions {
        username: text("user"),
        password: text("pass"),
        ..RegistryOptions::default()
    };
    let bearer = RegistryOptions { token: text("secret-token"), ..RegistryOptions::default() };
    for (given, expected) in [
        (RegistryOptions::default(), None),
        (basic, Some("authorization: basic dxnlcjpwyxnz")),
        (bearer, Some("authorization: bearer secret-token")),
    ] {
        let server = Server::start(&[]);
        let options = RegistryOptions { url: Some(server.url.clone()), ..given };
        registry_of(options).by_id(1).await.unwrap();
        let request = server.requests.lock().unwrap()[0].to_lowercase();
        let sent = request.lines().find(|line| line.starts_with("authorization"));
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn addresses_are_tried_in_turn_and_an_outage_of_one_is_none() {
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let strange = Server::start(&[("/schemas/ids/1", says("<html>"))]);
    let good = Server::start(&[("/schemas/ids/1", says(r#"{"schema":"x"}"#))]);
    let urls = format!("http://{dead}, {},{}", strange.url, good.url);
    let registry = registry_of(options(&urls));
    assert!(registry.by_id(1).await.unwrap().is_some());
    registry.by_id(2).await.unwrap();
    assert_eq!(strange.lookups().len(), 1, "the one that answered is asked first");
    let urls = format!("http://{dead},{}", strange.url);
    let fault = registry_of(options(&urls)).by_id(1).await.unwrap_err();
    assert!(fault.is_outage(), "{fault}: one of them may answer later");
}

#[test]
fn secrets_are_never_shown() {
    let options = RegistryOptions {
        url: Some("https://user:hunter2@registry".into()),
        username: Some("user".into()),
        password: Some("hunter2".into()),
        token: Some("hunter2".into()),
        ..RegistryOptions::default()
    };
    assert!(!format!("{options:?}").contains("hunter2"));
    assert!(!format!("{:?}", options.into_config().unwrap_err()).contains("hunter2"));
    let options = RegistryOptions {
        url: Some("https://registry".into()),
        username: Some("user".into()),
        password: Some("hunter2".into()),
        ..RegistryOptions::default()
    };
    assert!(!format!("{:?}", options.into_config().unwrap()).contains("hunter2"));
}

#[test]
fn options_that_do_not_go_together_are_told_all_at_once() {
    let issues = |text: &str| {
        let options: RegistryOptions = serde_json::from_str(text).unwrap();
        let issues = options.into_config().err().unwrap_or_default();
        issues.iter().map(|issue| format!("{} {}", issue.option, issue.actual)).collect::<Vec<_>>()
    };
    for (text, expected) in [
        (r#"{"url":"http://a:1,https://b/path"}"#, vec![]),
        ("{}", vec!["url absent"]),
        (r#"{"url":" "}"#, vec!["url absent"]),
        (r#"{"url":"registry:8081"}"#, vec!["url another scheme"]),
        (r#"{"url":"http://u:p@a"}"#, vec!["url a URL with credentials"]),
        (r#"{"url":"http://a?x=1"}"#, vec!["url a URL with a query or a fragment"]),
        (r#"{"url":"http://a","username":"u"}"#, vec!["password absent"]),
        (r#"{"url":"http://a","password":"p"}"#, vec!["username absent"]),
        (r#"{"url":"http://a","token":"t","username":"u"}"#, vec!["token given"]),
        (r#"{"url":"http://a","token":"a b"}"#, vec!["token other characters"]),
        (r#"{"url":"https://a","key_file":"k"}"#, vec!["certificate_file absent"]),
        (r#"{"url":"https://a","certificate_file":"c"}"#, vec!["key_file absent"]),
        (r#"{"url":"http://a","ca_file":"c"}"#, vec!["ca_file a file"]),
        (r#"{"url":"http://a","subject":""}"#, vec!["subject an empty text"]),
    ] {
        assert_eq!(issues(text), expected, "{text}");
    }
    assert!(serde_json::from_str::<RegistryOptions>(r#"{"uri":"http://a"}"#).is_err());
}

#[test]
fn files_that_hold_no_certificate_are_named() {
    let file = |text: &str| Some(text.to_owned());
    let options = RegistryOptions { ca_file: file("/nowhere/ca.pem"), ..options("https://a") };
    let fault = SchemaRegistry::new(&options.into_config().unwrap()).err().unwrap();
    assert!(matches!(fault, RegistryFault::Unconfigurable { option: "ca_file", .. }));
    assert_eq!(fault.code(), "REGISTRY_CONFIG");
    assert!(fault.context().actual.unwrap().starts_with("/nowhere/ca.pem: "));
}
