//! How to reach a registry.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// Made by [`crate::RegistryOptions::into_config`].
#[derive(Clone, Debug)]
pub struct RegistryConfig {
    /// Of the same registry; tried in turn. Never empty.
    pub(crate) urls: Vec<Url>,
    pub(crate) auth: Auth,
    pub(crate) tls: Tls,
    /// Of one request, from its connection to the end of its answer.
    pub(crate) timeout: Duration,
    /// Where values' schemas are registered; `<topic>-value` unless given.
    pub subject: Option<String>,
    /// Where keys' schemas are registered; `<topic>-key` unless given.
    pub key_subject: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Auth {
    None,
    Basic { username: String, password: Secret },
    Bearer { token: Secret },
}

/// PEM files, read when the client is made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    /// Trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Certificate and key that the registry may ask for.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Never shown.
#[derive(Clone)]
pub(crate) struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
