//! Object stores by their URL, with the options that delta-rs names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Once};
use std::time::Duration;

use deltalake::logstore::object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use deltalake::logstore::object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use deltalake::logstore::object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use deltalake::logstore::object_store::{BackoffConfig, RetryConfig};
use deltalake::logstore::{
    LogStore, LogStoreFactory, ObjectStoreFactory, ObjectStoreRef, StorageConfig, default_logstore,
    logstore_factories, object_store_factories,
};
use deltalake::{DeltaResult, ObjectStore, ObjectStoreError, Path};
use url::Url;

/// Options of one table's store. They may hold secrets: only their names are ever shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StoreOptions(pub BTreeMap<String, String>);

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A kind of object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    S3,
    Azure,
    Google,
}

/// What is wrong with an option of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionFault {
    Unknown,
    Value,
}

impl Cloud {
    /// Schemes of addresses, as delta-rs knows them.
    pub const SCHEMES: [(&str, Self); 6] = [
        ("s3", Self::S3),
        ("s3a", Self::S3),
        ("az", Self::Azure),
        ("abfs", Self::Azure),
        ("abfss", Self::Azure),
        ("gs", Self::Google),
    ];

    pub fn of_scheme(scheme: &str) -> Option<Self> {
        Self::SCHEMES.into_iter().find(|(known, _)| *known == scheme).map(|(_, cloud)| cloud)
    }

    /// The options that matter most, of many more.
    pub const fn known_options(self) -> &'static str {
        match self {
            Self::S3 => {
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL, AWS_ALLOW_HTTP, AWS_VIRTUAL_HOSTED_STYLE_REQUEST"
            }
            Self::Azure => {
                "AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_CLIENT_ID, AZURE_STORAGE_CLIENT_SECRET, AZURE_STORAGE_TENANT_ID, AZURE_STORAGE_USE_EMULATOR"
            }
            Self::Google => {
                "GOOGLE_SERVICE_ACCOUNT, GOOGLE_SERVICE_ACCOUNT_KEY, GOOGLE_APPLICATION_CREDENTIALS"
            }
        }
    }

    /// Names are told apart without regard to case; values are only looked at where they are words.
    pub fn check_option(self, name: &str, value: &str) -> Result<(), OptionFault> {
        let name = name.to_ascii_lowercase();
        let known = match self {
            Self::S3 => name.parse::<AmazonS3ConfigKey>().is_ok(),
            Self::Azure => name.parse::<AzureConfigKey>().is_ok(),
            Self::Google => name.parse::<GoogleConfigKey>().is_ok(),
        };
        let is_switch = ["allow_http", "virtual_hosted_style_request", "skip_signature"]
            .iter()
            .chain(&["use_emulator", "allow_invalid_certificates", "use_azure_cli"])
            .any(|switch| name.ends_with(switch));
        let switch = value.to_ascii_lowercase();
        match known {
            false => Err(OptionFault::Unknown),
            true if is_switch && switch != "true" && switch != "false" => Err(OptionFault::Value),
            true => Ok(()),
        }
    }

    /// Options win over the environment.
    fn store(
        self,
        url: &Url,
        options: &std::collections::HashMap<String, String>,
    ) -> Result<Arc<dyn ObjectStore>, ObjectStoreError> {
        macro_rules! build {
            ($builder:ty) => {{
                let mut builder = <$builder>::from_env().with_url(url.as_str());
                for (name, value) in options {
                    if let Ok(key) = name.to_ascii_lowercase().parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                Arc::new(builder.with_retry(retries()).build()?)
            }};
        }
        Ok(match self {
            Self::S3 => build!(AmazonS3Builder),
            Self::Azure => build!(MicrosoftAzureBuilder),
            Self::Google => build!(GoogleCloudStorageBuilder),
        })
    }
}

/// Within a minute, with jitter; what a store refuses for good is not tried again.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 60,
        retry_timeout: Duration::from_secs(60),
    }
}

/// Makes delta-rs open stores by [`Cloud::SCHEMES`].
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (scheme, cloud) in Cloud::SCHEMES {
            let Ok(scheme) = Url::parse(&format!("{scheme}://")) else { continue };
            object_store_factories().insert(scheme.clone(), Arc::new(cloud));
            logstore_factories().insert(scheme, Arc::new(cloud));
        }
    });
}

impl ObjectStoreFactory for Cloud {
    fn parse_url_opts(
        &self,
        url: &Url,
        config: &StorageConfig,
    ) -> DeltaResult<(ObjectStoreRef, Path)> {
        Ok((self.store(url, &config.raw)?, Path::from_url_path(url.path())?))
    }
}

impl LogStoreFactory for Cloud {
    fn with_options(
        &self,
        store: ObjectStoreRef,
        root: ObjectStoreRef,
        location: &Url,
        options: &StorageConfig,
    ) -> DeltaResult<Arc<dyn LogStore>> {
        Ok(default_logstore(store, root, location, options))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn options_are_those_of_their_store() {
        for (cloud, name, value, expected) in [
            (Cloud::S3, "AWS_REGION", "eu", Ok(())),
            (Cloud::S3, "aws_allow_http", "TRUE", Ok(())),
            (Cloud::S3, "AWS_ALLOW_HTTP", "perhaps", Err(OptionFault::Value)),
            (Cloud::S3, "AWS_ACCES_KEY_ID", "x", Err(OptionFault::Unknown)),
            (Cloud::S3, "AZURE_STORAGE_ACCOUNT_KEY", "x", Err(OptionFault::Unknown)),
            (Cloud::Azure, "AZURE_STORAGE_ACCOUNT_KEY", "x", Ok(())),
            (Cloud::Google, "GOOGLE_SERVICE_ACCOUNT", "x", Ok(())),
        ] {
            assert_eq!(cloud.check_option(name, value), expected, "{name}");
        }
        assert_eq!(
            format!("{:?}", StoreOptions([("KEY".to_owned(), "secret".to_owned())].into())),
            "{\"KEY\"}"
        );
    }

    #[test]
    fn every_scheme_opens_with_options_alone() {
        let options = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let keys = [("AZURE_STORAGE_ACCOUNT_NAME", "a"), ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")];
        for (url, options) in [
            (
                "s3://bucket/t",
                options(&[("AWS_ACCESS_KEY_ID", "i"), ("AWS_SECRET_ACCESS_KEY", "s")]),
            ),
            ("az://container/t", options(&keys)),
            ("abfss://container@a.dfs.core.windows.net/t", options(&keys)),
            ("gs://bucket/t", options(&[("GOOGLE_SKIP_SIGNATURE", "true")])),
        ] {
            let url = Url::parse(url).unwrap();
            let cloud = Cloud::of_scheme(url.scheme()).unwrap();
            assert!(cloud.store(&url, &options).is_ok(), "{url}");
        }
    }
}
