//! A running query under one contract after another, over real tables.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use headgate::report::BatchReport;
use headgate::{Functions, MemoryLog, MemoryRecord, QueryHandle, StartOptions, start};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A query over records of this process and tables of a folder.
struct Rig {
    folder: TempDir,
    log: Arc<MemoryLog>,
}

fn contract(version: &str, properties: Value) -> Value {
    json!({
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "pings", "version": version,
        "status": "active", "schema": [{ "name": "pings", "properties": properties }],
    })
}

fn speeds(version: &str, minimum: i64) -> Value {
    let options = json!({ "minimum": minimum });
    let speed = json!({ "name": "speed", "logicalType": "integer", "logicalTypeOptions": options });
    contract(version, json!([speed]))
}

fn record(speed: i64) -> MemoryRecord {
    let value = json!({ "speed": speed }).to_string().into_bytes();
    MemoryRecord {
        partition: Some(0),
        timestamp_ms: 0,
        key: None,
        value: Some(value),
        headers: Vec::new(),
    }
}

impl Rig {
    fn new(name: &str) -> Self {
        let log = MemoryLog::open(name, &uuid::Uuid::new_v4().to_string(), 1).unwrap();
        Self { folder: TempDir::new().unwrap(), log }
    }

    fn node(&self, contract: &Value) -> String {
        let table =
            |name: &str| json!({ "format": "delta", "path": self.folder.path().join(name) });
        json!({
            "name": "pings",
            "input": {
                "format": "memory", "decode": "json", "metadata": true,
                "options": { "stream": self.log.name() },
            },
            "contract": { "text": contract.to_string(), "place": "the store", "schema": "pings" },
            "on_violation": "split",
            "output": table("pings"),
            "rejects": table("rejects"),
            "streaming": { "trigger": { "type": "processing_time", "interval": "20 milliseconds" } },
            "durability": "process",
        })
        .to_string()
    }

    async fn start(&self, contract: &Value) -> QueryHandle {
        let options = StartOptions {
            base_dir: self.folder.path().to_owned(),
            intervention: None,
            observers: Vec::new(),
            functions: Functions::default(),
        };
        start(&self.node(contract), options).await.unwrap()
    }

    /// Pushes as many records, and waits for the batches that they are in.
    async fn batches(&self, query: &QueryHandle, speeds: &[i64]) -> Vec<BatchReport> {
        self.log.push(speeds.iter().copied().map(record).collect()).unwrap();
        let mut batches = Vec::new();
        let mut records = 0;
        while records < speeds.len() as u64 {
            let next = tokio::time::timeout(Duration::from_secs(60), query.next_batch());
            let batch = next.await.unwrap().unwrap();
            records += batch.ledger.counts.records;
            batches.push(batch);
        }
        assert_eq!(records, speeds.len() as u64);
        batches
    }
}

/// What judged it, accepted and rejected rows, of all of them together.
fn judged(batches: &[BatchReport]) -> Vec<(String, u64, u64)> {
    let mut sums: Vec<(String, u64, u64)> = Vec::new();
    for batch in batches {
        let by = batch.ledger.verdict.contract.as_ref().unwrap().version.clone();
        let (accepted, rejected) = (batch.ledger.counts.accepted, batch.ledger.counts.rejected);
        match sums.last_mut() {
            Some(sum) if sum.0 == by => (sum.1, sum.2) = (sum.1 + accepted, sum.2 + rejected),
            _ => sums.push((by, accepted, rejected)),
        }
    }
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_is_judged_by_the_old_contract_and_the_rest_by_the_new() {
    let rig = Rig::new("changes");
    let query = rig.start(&speeds("1.0.0", 0)).await;
    let first = rig.batches(&query, &[1, 20, -3]).await;
    assert_eq!(judged(&first), [("1.0.0".to_owned(), 2, 1)]);
    let change = query.update_contract(&rig.node(&speeds("1.1.0", 10))).await.unwrap();
    assert_eq!((change.from.version.as_str(), change.to.version.as_str()), ("1.0.0", "1.1.0"));
    assert_ne!(change.from.hash, change.to.hash);
    let second = rig.batches(&query, &[1, 20, -3]).await;
    assert_eq!(judged(&second), [("1.1.0".to_owned(), 1, 2)]);
    let hash = &second[0].ledger.verdict.contract.as_ref().unwrap().hash;
    assert_eq!(hash, &change.to.hash);
    // The same again changes nothing.
    let again = query.update_contract(&rig.node(&speeds("1.1.0", 10))).await.unwrap();
    assert_eq!(again.from, again.to);
    assert!(query.stop(true, Duration::from_secs(30)).await.is_none());
    let ended = query.update_contract(&rig.node(&speeds("1.2.0", 10))).await.unwrap_err();
    assert_eq!(ended.code, "QUERY_ENDED");
    // A restart goes on from there.
    let query = rig.start(&speeds("1.1.0", 10)).await;
    assert_eq!(judged(&rig.batches(&query, &[30]).await), [("1.1.0".to_owned(), 1, 0)]);
    assert!(query.stop(true, Duration::from_secs(30)).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_refused_and_the_query_goes_on() {
    let rig = Rig::new("refusals");
    let query = rig.start(&speeds("1.0.0", 0)).await;
    rig.batches(&query, &[1]).await;
    let text = json!([{ "name": "speed", "logicalType": "string" }]);
    let more = json!([
        { "name": "speed", "logicalType": "integer" }, { "name": "km", "logicalType": "integer" },
    ]);
    let none = json!([{ "name": "speed", "logicalType": "nonsense" }]);
    let node = |properties| rig.node(&contract("2.0.0", properties));
    let elsewhere = node(json!([{ "name": "speed", "logicalType": "integer" }]));
    let elsewhere = elsewhere.replace("/rejects\"", "/elsewhere\"");
    for (json, code, issues) in [
        (node(text), "DELTA_SCHEMA_MISMATCH", vec![]),
        (node(more), "DELTA_SCHEMA_MISMATCH", vec![]),
        (node(none), "CONFIG_INVALID", vec!["CONTRACT_INVALID"]),
        (elsewhere, "CONFIG_INVALID", vec!["CONFIG_CONFLICT"]),
    ] {
        let refused = query.update_contract(&json).await.unwrap_err();
        assert_eq!(refused.code, code, "{refused:?}");
        let found: Vec<&str> = refused.issues.iter().map(|issue| issue.code).collect();
        assert_eq!(found, issues, "{refused:?}");
        assert!(refused.issues.iter().all(|issue| {
            issue.code != "CONTRACT_INVALID"
                || issue.details.as_ref().unwrap().starts_with("the store")
        }));
    }
    assert_eq!(judged(&rig.batches(&query, &[1, -1]).await), [("1.0.0".to_owned(), 1, 1)]);
    assert!(query.stop(true, Duration::from_secs(30)).await.is_none());
}
