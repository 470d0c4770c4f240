//! Where a document says that its data are.

use crate::reader::{At, Issues};

/// One of a document's `servers`, as far as a stream has use for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its identifier.
    pub name: Option<String>,
    /// Such as `prod` or `dev`.
    pub environment: Option<String>,
    /// `type`: `kafka`, `s3`, `local` and so on.
    pub kind: Option<String>,
    /// Of messages or files.
    pub format: Option<String>,
    /// The bootstrap servers of Kafka.
    pub host: Option<String>,
    /// `location`, else `path`: where files are.
    pub location: Option<String>,
    /// Of a store that speaks S3.
    pub endpoint_url: Option<String>,
    /// Where in the document, such as `servers[0]`.
    pub path: String,
    /// From 1. Absent where the text gave no position.
    pub line: Option<u32>,
}

impl Server {
    pub(crate) fn read(at: &At<'_>, issues: &mut Issues) -> Self {
        at.entries(issues);
        let mut text =
            |key| at.text(key, issues).filter(|text| !text.is_empty()).map(str::to_owned);
        Self {
            name: text("server"),
            environment: text("environment"),
            kind: text("type"),
            format: text("format"),
            host: text("host"),
            location: text("location").or_else(|| text("path")),
            endpoint_url: text("endpointUrl"),
            path: at.path.clone(),
            line: at.node.line,
        }
    }
}
