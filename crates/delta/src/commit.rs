//! The bytes of a commit.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::account::{Account, Kind};
use crate::entry::TableMetadata;

/// What a commit consists of, besides its account.
#[derive(Default)]
pub(crate) struct Actions<'a> {
    pub adds: Vec<&'a Value>,
    pub removes: Vec<Value>,
    pub txns: Vec<(String, i64)>,
    pub rows: u64,
    /// The table's, if the commit changes them.
    pub metadata: Option<TableMetadata>,
}

/// Made anew for each slot tried: a commit names its own version.
pub(crate) fn bytes(
    version: i64,
    account: &Account,
    actions: &Actions<'_>,
) -> Result<Bytes, serde_json::Error> {
    let now = chrono::Utc::now().timestamp_millis();
    let (operation, parameters) = match account.kind {
        Kind::Optimize => ("OPTIMIZE", json!({ "predicate": "[]" })),
        _ => (
            "STREAMING UPDATE",
            json!({
                "outputMode": "Append",
                "queryId": account.incarnation,
                "epochId": version.to_string(),
            }),
        ),
    };
    let mut lines = vec![serde_json::to_string(&json!({ "commitInfo": {
        "timestamp": now,
        "operation": operation,
        "operationParameters": parameters,
        "operationMetrics": {
            "numAddedFiles": actions.adds.len().to_string(),
            "numRemovedFiles": actions.removes.len().to_string(),
            "numOutputRows": actions.rows.to_string(),
        },
        "isBlindAppend": actions.removes.is_empty(),
        "engineInfo": concat!("headgate/", env!("CARGO_PKG_VERSION")),
        "headgate": account,
    }}))?];
    if let Some(metadata) = &actions.metadata {
        lines.push(serde_json::to_string(&json!({ "metaData": metadata }))?);
    }
    for remove in &actions.removes {
        lines.push(serde_json::to_string(&json!({ "remove": remove }))?);
    }
    for add in &actions.adds {
        lines.push(serde_json::to_string(&json!({ "add": add }))?);
    }
    for (app_id, version) in &actions.txns {
        let txn = json!({ "appId": app_id, "version": version, "lastUpdated": now });
        lines.push(serde_json::to_string(&json!({ "txn": txn }))?);
    }
    Ok(lines.join("\n").into())
}
