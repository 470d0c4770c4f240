use headgate_model::{Blame, BoxFault, Fault, FaultContext, Retry, SchemaMiss};

/// What can go wrong between here and a registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryFault {
    #[error("the schema registry refused the client's identity or its rights")]
    Refused { url: String, status: u16, message: String },
    /// Either side refused the other's certificate.
    #[error("no TLS connection to the schema registry")]
    Tls { url: String, reason: String },
    #[error("the schema registry does not answer")]
    Unavailable { url: String, reason: String },
    #[error("the schema registry answers {what} with what cannot be used")]
    Invalid { url: String, what: String, reason: String },
    #[error("the client of the schema registry cannot be made")]
    Unconfigurable { option: &'static str, reason: String },
}

impl Fault for RegistryFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } | Self::Tls { .. } => "REGISTRY_AUTH",
            Self::Unavailable { .. } => "REGISTRY_UNAVAILABLE",
            Self::Invalid { .. } => "REGISTRY_INVALID",
            Self::Unconfigurable { .. } => "REGISTRY_CONFIG",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Refused { .. } | Self::Tls { .. } | Self::Unconfigurable { .. } => Blame::User,
            Self::Unavailable { .. } | Self::Invalid { .. } => Blame::External,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Unavailable { .. } | Self::Invalid { .. } => Retry::Later,
            _ => Retry::Never,
        }
    }

    fn context(&self) -> FaultContext {
        let (option, expected, actual, details) = match self {
            Self::Refused { url, status, message } => (
                "username",
                "an identity that may read schemas".to_owned(),
                format!("status {status} from {url}"),
                format!(
                    "{message}; check username and password, or token, and the rights they give"
                )
                .trim_start_matches("; ")
                .to_owned(),
            ),
            Self::Tls { url, reason } => (
                "ca_file",
                "certificates that both sides trust".to_owned(),
                format!("{reason}, from {url}"),
                "check ca_file, and certificate_file with key_file where the registry asks for one"
                    .to_owned(),
            ),
            Self::Unavailable { url, reason } => (
                "url",
                "a registry that answers".to_owned(),
                format!("{reason}, from {url}"),
                "records of schemas that are known are read on; others wait".to_owned(),
            ),
            Self::Invalid { url, what, reason } => (
                "url",
                format!("the Confluent Schema Registry API at {what}"),
                format!("{reason}, from {url}"),
                "check that the url has the API's base path, such as /apis/ccompat/v7".to_owned(),
            ),
            Self::Unconfigurable { option, reason } => {
                (*option, "a file in PEM".to_owned(), reason.clone(), String::new())
            }
        };
        FaultContext {
            operation: "look up a schema",
            component: "registry",
            field: Some(format!("input.registry.{option}")),
            expected: Some(expected),
            actual: Some(actual),
            details: Some(details).filter(|details| !details.is_empty()),
        }
    }
}

impl RegistryFault {
    /// Whoever asks again later may get an answer.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

impl From<RegistryFault> for SchemaMiss {
    fn from(fault: RegistryFault) -> Self {
        match fault {
            RegistryFault::Unavailable { url, reason } => {
                Self::Unavailable(format!("{reason}, from {url}"))
            }
            other => Self::Failed(BoxFault::from(other)),
        }
    }
}
