//! `input.registry` as the user wrote it.

use std::fmt;
use std::time::Duration;

use headgate_model::OptionIssue;
use serde::Deserialize;
use url::Url;

use crate::RegistryConfig;
use crate::config::{Auth, Secret, Tls};

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryOptions {
    /// One address, or several of the same registry, comma separated.
    pub url: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    /// A bearer token.
    pub token: Option<String>,
    /// PEM: certificates trusted beside the system's.
    pub ca_file: Option<String>,
    /// PEM: the client's certificate, with the chain to it.
    pub certificate_file: Option<String>,
    /// PEM: its key.
    pub key_file: Option<String>,
    pub subject: Option<String>,
    pub key_subject: Option<String>,
}

impl fmt::Debug for RegistryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url,
            username,
            password,
            token,
            ca_file,
            certificate_file,
            key_file,
            subject,
            key_subject,
        } = self;
        let hidden = |secret: &Option<String>| secret.as_ref().map(|_| "…");
        f.debug_struct("RegistryOptions")
            // It may hold credentials as long as it is not resolved.
            .field("url", &hidden(url))
            .field("username", username)
            .field("password", &hidden(password))
            .field("token", &hidden(token))
            .field("ca_file", ca_file)
            .field("certificate_file", certificate_file)
            .field("key_file", key_file)
            .field("subject", subject)
            .field("key_subject", key_subject)
            .finish()
    }
}

impl RegistryOptions {
    /// Pure. All issues at once.
    pub fn into_config(self) -> Result<RegistryConfig, Vec<OptionIssue>> {
        let Self {
            url,
            username,
            password,
            token,
            ca_file,
            certificate_file,
            key_file,
            subject,
            key_subject,
        } = self;
        let mut issues = Vec::new();
        let urls = urls(url.as_deref(), &mut issues);
        let auth = auth(username, password, token, &mut issues);
        let is_tls = urls.iter().any(|url| url.scheme() == "https");
        for (option, file) in [("ca_file", &ca_file), ("certificate_file", &certificate_file)] {
            if file.is_some() && !urls.is_empty() && !is_tls {
                let issue = OptionIssue::new(option, "absent", "a file");
                issues.push(issue.because("no url begins with https"));
            }
        }
        let identity = match (certificate_file, key_file) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            (given, _) => {
                let (missing, why) = match given {
                    Some(_) => ("key_file", "certificate_file is given"),
                    None => ("certificate_file", "key_file is given"),
                };
                issues.push(OptionIssue::new(missing, "a PEM file", "absent").because(why));
                None
            }
        };
        for (option, subject) in [("subject", &subject), ("key_subject", &key_subject)] {
            if subject.as_ref().is_some_and(String::is_empty) {
                issues.push(OptionIssue::new(option, "a subject's name", "an empty text"));
            }
        }
        if !issues.is_empty() {
            return Err(issues);
        }
        let tls = Tls { ca_file: ca_file.map(Into::into), identity };
        Ok(RegistryConfig { urls, auth, tls, timeout: TIMEOUT, subject, key_subject })
    }
}

fn urls(text: Option<&str>, issues: &mut Vec<OptionIssue>) -> Vec<Url> {
    let expected = "addresses such as https://registry:8081, comma separated";
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        issues.push(OptionIssue::new("url", expected, "absent"));
        return Vec::new();
    };
    let mut urls = Vec::new();
    for address in text.split(',').map(str::trim).filter(|address| !address.is_empty()) {
        match read_url(address) {
            Ok(url) => urls.push(url),
            Err((actual, why)) => {
                issues.push(OptionIssue::new("url", expected, actual).because(why));
            }
        }
    }
    urls
}

/// What it is instead, and why that is refused; never the text, which may hold a password.
fn read_url(address: &str) -> Result<Url, (&'static str, String)> {
    let url = Url::parse(address).map_err(|error| ("no URL", error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(("another scheme", "http and https are spoken".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "give them as username and password, or as token, which are never shown";
        return Err(("a URL with credentials", hint.to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(("a URL with a query or a fragment", "it ends with its path".to_owned()));
    }
    Ok(url)
}

fn auth(
    username: Option<String>,
    password: Option<String>,
    token: Option<String>,
    issues: &mut Vec<OptionIssue>,
) -> Auth {
    match (username, password, token) {
        (None, None, None) => Auth::None,
        (None, None, Some(token)) if is_header(&token) => Auth::Bearer { token: Secret(token) },
        (None, None, Some(_)) => {
            issues.push(OptionIssue::new("token", "printable ASCII", "other characters"));
            Auth::None
        }
        (Some(username), Some(password), None) => {
            Auth::Basic { username, password: Secret(password) }
        }
        (_, _, Some(_)) => {
            let issue = OptionIssue::new("token", "absent", "given");
            issues.push(issue.because("username or password is given too"));
            Auth::None
        }
        (username, _, None) => {
            let (missing, why) = match username {
                Some(_) => ("password", "username is given"),
                None => ("username", "password is given"),
            };
            issues.push(OptionIssue::new(missing, "a text", "absent").because(why));
            Auth::None
        }
    }
}

fn is_header(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}
