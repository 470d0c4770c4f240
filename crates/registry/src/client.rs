//! One request to one of several addresses.

use std::error::Error;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::header::ACCEPT;
use reqwest::{Certificate, Identity, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::RegistryFault;
use crate::answer::Refusal;
use crate::config::{Auth, RegistryConfig, Tls};

const MEDIA_TYPES: &str = "application/vnd.schemaregistry.v1+json, application/json";
/// Of one answer.
const MAX_BYTES: usize = 16 << 20;
/// Of what a registry says of itself in a fault.
const MAX_MESSAGE: usize = 200;

pub(crate) struct Client {
    http: reqwest::Client,
    urls: Vec<Url>,
    auth: Auth,
    /// Of the address that answered last.
    place: AtomicUsize,
}

impl Client {
    /// Reads the files of certificates.
    pub fn new(config: &RegistryConfig) -> Result<Self, RegistryFault> {
        let builder = reqwest::Client::builder().timeout(config.timeout);
        let builder = with_tls(builder, &config.tls)?;
        let http = builder.build().map_err(|error| RegistryFault::Unconfigurable {
            option: "certificate_file",
            reason: reason(&error),
        })?;
        let (urls, auth) = (config.urls.clone(), config.auth.clone());
        Ok(Self { http, urls, auth, place: AtomicUsize::new(0) })
    }

    /// The answer at a path of the API; `None` where the API says that there is none.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<T>, RegistryFault> {
        let first = self.place.load(Ordering::Relaxed);
        let mut failed: Option<RegistryFault> = None;
        for place in (first..first + self.urls.len()).map(|place| place % self.urls.len()) {
            match self.get_from(&self.urls[place], path, query).await {
                Ok(answer) => {
                    self.place.store(place, Ordering::Relaxed);
                    return Ok(answer);
                }
                // Another address may answer, and one that may do so later is waited for.
                Err(
                    fault @ (RegistryFault::Unavailable { .. } | RegistryFault::Invalid { .. }),
                ) => {
                    if failed.as_ref().is_none_or(|failed| !failed.is_outage()) {
                        failed = Some(fault);
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    async fn get_from<T: DeserializeOwned>(
        &self,
        base: &Url,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<T>, RegistryFault> {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let request = self.http.get(url).header(ACCEPT, MEDIA_TYPES).query(query);
        let request = match &self.auth {
            Auth::None => request,
            Auth::Basic { username, password } => request.basic_auth(username, Some(&password.0)),
            Auth::Bearer { token } => request.bearer_auth(&token.0),
        };
        let answer = request.send().await.map_err(|error| unanswered(base, &error))?;
        let status = answer.status();
        let body = body(answer).await.map_err(|error| unanswered(base, &error))?;
        let what = format!("/{}", path.join("/"));
        let invalid = |reason: String| RegistryFault::Invalid {
            url: base.to_string(),
            what: what.clone(),
            reason,
        };
        let body = body.ok_or_else(|| invalid(format!("more than {MAX_BYTES} bytes")))?;
        if status.is_success() {
            // The text of serde's error tells line and column; of values, no more than a type.
            return serde_json::from_slice(&body).map(Some).map_err(|error| {
                let at = (error.line(), error.column());
                invalid(format!("other JSON than the API has, at line {}, column {}", at.0, at.1))
            });
        }
        let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
        let message: String = refusal.message.chars().take(MAX_MESSAGE).collect();
        let url = base.to_string();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(RegistryFault::Refused { url, status: status.as_u16(), message })
            }
            StatusCode::NOT_FOUND if refusal.is_absence() => Ok(None),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Err(RegistryFault::Unavailable { url, reason: told(status, &message) })
            }
            _ if status.is_server_error() => {
                Err(RegistryFault::Unavailable { url, reason: told(status, &message) })
            }
            _ => Err(invalid(told(status, &message))),
        }
    }
}

fn told(status: StatusCode, message: &str) -> String {
    match message {
        "" => format!("status {}", status.as_u16()),
        message => format!("status {}: {message}", status.as_u16()),
    }
}

/// `None` beyond [`MAX_BYTES`].
async fn body(mut answer: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        if body.len() + part.len() > MAX_BYTES {
            return Ok(None);
        }
        body.extend_from_slice(&part);
    }
    Ok(Some(body))
}

fn unanswered(base: &Url, error: &reqwest::Error) -> RegistryFault {
    let (url, mut reason) = (base.to_string(), reason(error));
    // What rustls says of certificates that one of both sides does not take.
    let is_tls = ["invalid peer certificate", "received fatal alert"];
    if is_tls.iter().any(|sign| reason.contains(sign)) {
        return RegistryFault::Tls { url, reason };
    }
    if base.scheme() == "https" && is_cut(error) {
        reason.push_str(" (it is going down, or refuses certificate_file without a word)");
    }
    RegistryFault::Unavailable { url, reason }
}

fn is_cut(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && matches!(
                error.kind(),
                ErrorKind::UnexpectedEof
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
            )
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The innermost cause, which says most.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn with_tls(
    builder: reqwest::ClientBuilder,
    tls: &Tls,
) -> Result<reqwest::ClientBuilder, RegistryFault> {
    let mut builder = builder;
    let unusable = |option: &'static str| {
        move |error: reqwest::Error| RegistryFault::Unconfigurable {
            option,
            reason: reason(&error),
        }
    };
    if let Some(file) = &tls.ca_file {
        let pem = read("ca_file", file)?;
        let certificates = Certificate::from_pem_bundle(&pem).map_err(unusable("ca_file"))?;
        if certificates.is_empty() {
            let reason = format!("{} has no certificate", file.display());
            return Err(RegistryFault::Unconfigurable { option: "ca_file", reason });
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some((certificate, key)) = &tls.identity {
        let mut pem = read("certificate_file", certificate)?;
        pem.push(b'\n');
        pem.extend(read("key_file", key)?);
        let identity = Identity::from_pem(&pem).map_err(unusable("certificate_file"))?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

fn read(option: &'static str, file: &Path) -> Result<Vec<u8>, RegistryFault> {
    std::fs::read(file).map_err(|error| RegistryFault::Unconfigurable {
        option,
        reason: format!("{}: {error}", file.display()),
    })
}
