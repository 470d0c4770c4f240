//! What a contract's servers say of input and output, where the configuration says nothing.

use headgate_contract::{Contract, Server};

use crate::Issue;
use crate::contracts::member;
use crate::options::{InputOptions, NodeOptions, TableOptions};
use crate::resolve::Issues;

const BROKERS: [&str; 3] = ["input", "options", "kafka.bootstrap.servers"];
const TOPIC: [&str; 3] = ["input", "options", "subscribe"];
const OUTPUT: [&str; 2] = ["output", "path"];
const SUBSCRIPTIONS: [&str; 3] = ["subscribe", "subscribePattern", "assign"];
const STORES: [&str; 4] = ["azure", "custom", "local", "s3"];
const ENDPOINT: &str = "AWS_ENDPOINT_URL";
/// Every name that it has, in lower case.
const ENDPOINTS: [&str; 5] =
    ["aws_endpoint", "aws_endpoint_url", "aws_endpoint_url_s3", "endpoint", "endpoint_url"];

/// A configuration, completed.
pub(crate) struct Supplied {
    pub options: NodeOptions,
    /// Where in the document the value of a key is from; nothing if an issue says why it has none.
    origins: Vec<(Vec<String>, Option<String>)>,
}

/// Adds what the servers of the contract know and the configuration does not say.
pub(crate) fn supply(
    written: &NodeOptions,
    contract: Option<&Contract>,
    issues: &mut Issues,
) -> Supplied {
    let mut supplied = Supplied { options: written.clone(), origins: Vec::new() };
    let Some(contract) = contract else { return supplied };
    let servers = Servers { all: contract.servers(), wanted: wanted(written) };
    servers.check(issues);
    let options = &mut supplied.options;
    let mut supply = Supply { contract, servers, origins: &mut supplied.origins, issues };
    let input = options.input.as_mut();
    if let Some(input) = input.filter(|input| input.format.as_deref() == Some("kafka")) {
        supply.input(input);
    }
    let output = options.output.as_mut();
    if let Some(output) = output.filter(|output| output.format.as_deref() == Some("delta")) {
        supply.output(output);
    }
    supplied
}

fn wanted(options: &NodeOptions) -> Option<&str> {
    member(options.contract.as_ref()?, "server")
}

impl Supplied {
    /// Says of issues with supplied values where these are from, and what is missing once.
    pub fn explain(&self, issues: &mut Issues) {
        issues.0.retain_mut(|issue| {
            let origin = self.origins.iter().find(|(path, _)| *path == issue.path);
            match origin {
                None => true,
                Some((_, None)) => false,
                Some((_, Some(origin))) => {
                    issue.details.get_or_insert_with(|| format!("said by the contract {origin}"));
                    true
                }
            }
        });
    }
}

struct Supply<'c, 's> {
    contract: &'c Contract,
    servers: Servers<'c>,
    origins: &'s mut Vec<(Vec<String>, Option<String>)>,
    issues: &'s mut Issues,
}

impl Supply<'_, '_> {
    fn input(&mut self, input: &mut InputOptions) {
        let found = self.servers.fitting(|server| server.kind.as_deref() == Some("kafka"));
        let options = input.options.get_or_insert_default();
        let is_subscribed = SUBSCRIPTIONS.iter().any(|name| options.contains_key(*name));
        if !is_subscribed && !found.is_empty() {
            options.insert(TOPIC[2].into(), self.contract.physical_name().into());
            self.origin(&TOPIC, Some("as the name of the schema object".into()));
        }
        if options.contains_key(BROKERS[2]) || found.is_empty() {
            return;
        }
        let Some(server) = self.only(&found, &BROKERS) else { return };
        let format = server.format.as_deref().unwrap_or("json");
        if !format.eq_ignore_ascii_case("json") {
            let issue = Issue::new(&["contract"], "FORMAT_NOT_SUPPORTED", "json", format);
            self.issues.add(issue.details(place(server, "format")));
        }
        match &server.host {
            Some(host) => {
                options.insert(BROKERS[2].into(), host.clone());
                self.origin(&BROKERS, Some(place(server, "host")));
            }
            None => self.missing(server, "host", "the address of a broker", &BROKERS),
        }
    }

    fn output(&mut self, output: &mut TableOptions) {
        if output.path.is_some() || output.table_name.is_some() || output.warehouse.is_some() {
            return;
        }
        let found = self.servers.fitting(|server| {
            let is_delta = |format: &String| format.eq_ignore_ascii_case("delta");
            let kind = server.kind.as_deref();
            kind.is_some_and(|kind| STORES.contains(&kind))
                && server.format.as_ref().is_some_and(is_delta)
        });
        let Some(server) = self.only(&found, &OUTPUT) else { return };
        let key = if server.kind.as_deref() == Some("local") { "path" } else { "location" };
        let Some(location) = &server.location else {
            return self.missing(server, key, "where the table is", &OUTPUT);
        };
        let model = self.contract.tables().first().map_or("", String::as_str);
        let path = azure_address(&location.replace("{model}", model));
        if path.contains(['*', '{']) {
            let expected = "the place of one Delta table";
            self.issues.add(Issue::new(&OUTPUT, "CONFIG_VALUE", expected, path.as_str()));
        }
        if let Some(endpoint) = server.endpoint_url.as_ref().filter(|_| path.starts_with("s3")) {
            let options = output.options.get_or_insert_default();
            let is_endpoint =
                |name: &String| ENDPOINTS.contains(&name.to_ascii_lowercase().as_str());
            if !options.keys().any(is_endpoint) {
                options.insert(ENDPOINT.into(), endpoint.clone());
            }
        }
        output.path = Some(path);
        self.origin(&OUTPUT, Some(place(server, key)));
    }

    fn only<'c>(&mut self, found: &[&'c Server], key: &[&str]) -> Option<&'c Server> {
        match found {
            [] => None,
            [only] => Some(*only),
            many => {
                self.issues.add(self.servers.ambiguous(many, key));
                self.origin(key, None);
                None
            }
        }
    }

    fn missing(&mut self, server: &Server, name: &str, expected: &str, key: &[&str]) {
        let issue = Issue::new(&["contract"], "CONTRACT_INVALID", expected, "nothing");
        self.issues.add(issue.details(place(server, name)));
        self.origin(key, None);
    }

    fn origin(&mut self, path: &[&str], origin: Option<String>) {
        self.origins.push((path.iter().map(|key| (*key).to_owned()).collect(), origin));
    }
}

fn place(server: &Server, key: &str) -> String {
    let line = server.line.map(|line| format!(", line {line}")).unwrap_or_default();
    format!("at {}.{key}{line}", server.path)
}

struct Servers<'c> {
    all: &'c [Server],
    /// A name or an environment.
    wanted: Option<&'c str>,
}

impl<'c> Servers<'c> {
    fn check(&self, issues: &mut Issues) {
        let Some(wanted) = self.wanted else { return };
        let is_wanted = |text: &Option<String>| text.as_deref() == Some(wanted);
        if !self.all.iter().any(|s| is_wanted(&s.name) || is_wanted(&s.environment)) {
            let known = if self.all.is_empty() {
                "no server, since the contract names none".to_owned()
            } else {
                format!("one of {}", names(self.all))
            };
            issues.add(Issue::new(&["contract", "server"], "CONFIG_VALUE", known, wanted));
        }
    }

    /// Those that fit: of the name that is asked for, else of that environment; all where nothing is.
    fn fitting(&self, fits: impl Fn(&Server) -> bool) -> Vec<&'c Server> {
        let fitting: Vec<_> = self.all.iter().filter(|server| fits(server)).collect();
        if self.wanted.is_none() {
            return fitting;
        }
        let of = |text: fn(&Server) -> Option<&str>| -> Vec<_> {
            fitting.iter().copied().filter(|server| text(server) == self.wanted).collect()
        };
        let named = of(|server| server.name.as_deref());
        if named.is_empty() { of(|server| server.environment.as_deref()) } else { named }
    }

    fn ambiguous(&self, many: &[&Server], key: &[&str]) -> Issue {
        let code = if self.wanted.is_some() { "CONFIG_VALUE" } else { "CONFIG_MISSING" };
        let expected = format!("one of {}", names(many.iter().copied()));
        let actual = self.wanted.unwrap_or("nothing");
        let details = format!("each has a value for {}, which is not given", key.join("."));
        Issue::new(&["contract", "server"], code, expected, actual).details(details)
    }
}

/// `events (prod), servers[1]`.
fn names<'s>(servers: impl IntoIterator<Item = &'s Server>) -> String {
    let name = |server: &Server| {
        let name = server.name.as_ref().unwrap_or(&server.path);
        match &server.environment {
            Some(environment) => format!("{name} ({environment})"),
            None => name.clone(),
        }
    };
    servers.into_iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The standard writes Azure's addresses with account and container as host and first folder.
fn azure_address(location: &str) -> String {
    let parts = || {
        let rest =
            ["az://", "abfs://", "abfss://"].iter().find_map(|s| location.strip_prefix(s))?;
        let (host, path) = rest.split_once('/')?;
        let account = [".blob.core.windows.net", ".dfs.core.windows.net"]
            .iter()
            .find_map(|suffix| host.strip_suffix(suffix))
            .filter(|account| !account.contains('@'))?;
        let (container, path) = path.split_once('/')?;
        Some(format!("abfss://{container}@{account}.dfs.core.windows.net/{path}"))
    };
    parts().unwrap_or_else(|| location.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
#[path = "servers_tests.rs"]
mod tests;
