//! The one address of a place: a local path, or a URL of an object store.

use std::path::Path;

use url::Url;

use crate::object_stores::Cloud;

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("{0}:// is not known")]
    Scheme(String),
    #[error("no bucket or container")]
    Bucket,
    #[error("an address with credentials")]
    Credentials,
    #[error("{0}")]
    Path(String),
}

impl AddressFault {
    /// What would have been an address.
    pub const EXPECTED: &str = "a local path, file://, s3://bucket/…, az://container/…, abfss://container@account.dfs.core.windows.net/… or gs://bucket/…";
}

/// The address of `written`; local paths are relative to `base_dir`.
pub fn address_in(base_dir: &Path, written: &str) -> Result<Url, AddressFault> {
    let Some((scheme, _)) = written.split_once("://") else {
        return address_of(&base_dir.join(written));
    };
    let parsed = || Url::parse(written).map_err(|_| AddressFault::Bucket);
    if scheme == "file" {
        let path = parsed()?.to_file_path();
        return address_of(&path.map_err(|()| AddressFault::Path(written.to_owned()))?);
    }
    let cloud = Cloud::of_scheme(scheme).ok_or_else(|| AddressFault::Scheme(scheme.to_owned()))?;
    let mut url = parsed()?;
    let is_container = scheme.starts_with("abfs");
    if url.password().is_some() || (!url.username().is_empty() && !is_container) {
        return Err(AddressFault::Credentials);
    }
    let bucket = if is_container && cloud == Cloud::Azure {
        url.username()
    } else {
        url.host_str().unwrap_or_default()
    };
    if bucket.is_empty() || url.host_str().is_none_or(str::is_empty) {
        return Err(AddressFault::Bucket);
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// The one address of a local path: absolute, links resolved, whether or not it exists.
pub fn address_of(path: &Path) -> Result<Url, AddressFault> {
    let fail = |error: std::io::Error| AddressFault::Path(format!("{}: {error}", path.display()));
    let absolute = std::path::absolute(path).map_err(fail)?;
    let existing = absolute.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(&absolute);
    let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
    let resolved = std::fs::canonicalize(existing).map_err(fail)?;
    let resolved = if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) };
    Url::from_file_path(&resolved)
        .map_err(|()| AddressFault::Path(format!("{} is not absolute", resolved.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_place_one_way() {
        let found = |written| address_in(Path::new("/base"), written).map(|url| url.to_string());
        let is = |text: &str| Ok(text.to_owned());
        for (written, expected) in [
            ("lake/events", is("file:///base/lake/events")),
            ("/lake/events", is("file:///lake/events")),
            ("file:///lake/events", is("file:///lake/events")),
            ("s3://bucket/lake/events/", is("s3://bucket/lake/events")),
            ("abfss://c@a.dfs.core.windows.net/t", is("abfss://c@a.dfs.core.windows.net/t")),
            ("az://container/t", is("az://container/t")),
            ("s3:///t", Err(AddressFault::Bucket)),
            ("s3://", Err(AddressFault::Bucket)),
            ("abfss://lake/t", Err(AddressFault::Bucket)),
            ("s3://id:secret@bucket/t", Err(AddressFault::Credentials)),
            ("hdfs://namenode/t", Err(AddressFault::Scheme("hdfs".into()))),
        ] {
            assert_eq!(found(written), expected, "{written}");
        }
    }
}
