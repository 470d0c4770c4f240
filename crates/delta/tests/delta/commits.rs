//! What a batch leaves in the logs.

use headgate_delta::Durability;
use headgate_model::{
    CommitOutcome, LakeSink, RuleInfo, RuleResult, RuleScope, Severity, TableRole, TableTotal,
};
use serde_json::{Value, json};

use crate::lake::{BOTH, Lake, MARKER, Worker, fate, is_fenced, ledger, partition};
use crate::tables;

#[tokio::test]
async fn a_commit_carries_files_positions_ledger_and_debts() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let ranges = [(0, 0, 10), (2, 0, 4)];
    worker.write(&ranges).await.unwrap();
    let mut ledger = ledger(&ranges, false);
    let rule = |id: &str| RuleInfo {
        id: id.to_owned(),
        column: Some("value".to_owned()),
        severity: Severity::Block,
        scope: RuleScope::Batch,
        estimated: false,
        routes_rows: true,
        unrepresentable: false,
    };
    ledger.verdict.rules = vec![
        RuleResult {
            rule: rule("required_value"),
            violations: 0,
            measured: None,
            unmeasured: None,
        },
        RuleResult { rule: rule("pattern_value"), violations: 3, measured: None, unmeasured: None },
    ];
    ledger.partitions[1].gaps = 0;
    ledger.intervention = Some("looks odd".to_owned());
    let batch = ledger.verdict.batch_uuid.clone();
    let outcome = worker
        .sink
        .commit(headgate_model::BatchCommit { ledger, blocked: None, stands_on: None })
        .await
        .unwrap();

    let CommitOutcome::Committed { version: 2, side_tables } = outcome else {
        panic!("{outcome:?}")
    };
    let total = |role, address: &url::Url, rows| TableTotal {
        role,
        address: address.to_string(),
        rows,
        version: Some(1),
    };
    let counts = |role| {
        let all = (0..10).map(|o| (0, o)).chain((0..4).map(|o| (2, o)));
        all.filter(|(p, o)| fate(*p, *o) == role).count() as u64
    };
    let (rejected, dead) = (counts(TableRole::Rejects), counts(TableRole::DeadLetters));
    assert_eq!(
        side_tables,
        [
            total(TableRole::Rejects, &lake.rejects(), rejected),
            total(TableRole::DeadLetters, &lake.dead_letters(), dead)
        ]
    );

    let entry = tables::entry(&lake.output(), 2).await;
    let info = tables::actions(&entry, "commitInfo")[0];
    assert_eq!(info["isBlindAppend"], true);
    assert_eq!(info["operation"], "STREAMING UPDATE");
    let told = tables::ledger(&entry);
    assert_eq!(told["kind"], "batch");
    assert_eq!(told["batch"], batch.as_str());
    assert_eq!(told["incarnation"], worker.image.incarnation.clone().unwrap());
    assert_eq!(told["group"], worker.image.group.clone().unwrap());
    assert_eq!(told["intervention"], "looks odd");
    assert_eq!(
        told["contract"],
        json!({ "id": "orders", "version": "1.0.0", "hash": "ab".repeat(32) })
    );
    assert_eq!(
        told["partitions"][0],
        json!({ "topic": "orders", "topicId": "q4-+=", "partition": 0, "start": 0, "end": 10,
                "records": 10, "gaps": 0, "lost": 0 })
    );
    assert_eq!(told["counts"]["accepted"], counts(TableRole::Output));
    assert_eq!(told["verdict"]["rules"].as_array().unwrap().len(), 1, "only what was violated");
    assert_eq!(told["verdict"]["rules"][0]["rule"], "pattern_value");
    for (debt, (role, address, rows)) in told["debts"]
        .as_array()
        .unwrap()
        .iter()
        .zip([("rejects", lake.rejects(), rejected), ("dead_letters", lake.dead_letters(), dead)])
    {
        assert_eq!(debt["role"], role);
        assert_eq!(debt["address"], address.as_str());
        assert_eq!(debt["rows"], rows);
        assert_eq!(debt["prev"], Value::Null);
        let paid = tables::entry(&address, 1).await;
        assert_eq!(
            tables::actions(&paid, "add"),
            debt["adds"].as_array().unwrap().iter().collect::<Vec<_>>()
        );
        let info = tables::actions(&paid, "commitInfo")[0];
        assert_eq!(info["operationMetrics"]["numOutputRows"], rows.to_string());
        assert_eq!(tables::ledger(&paid)["kind"], "payment");
        assert_eq!(tables::ledger(&paid)["pays"], json!([-1, 2]));
    }

    let prefix = format!("headgate/orders@{}", worker.image.incarnation.unwrap());
    let txns = tables::actions(&entry, "txn");
    let version = |app_id: &str| {
        txns.iter().find(|txn| txn["appId"] == app_id).map(|txn| txn["version"].clone())
    };
    assert_eq!(version(&format!("{prefix}/orders@q4-%2B%3D/0")), Some(10.into()));
    assert_eq!(version(&format!("{prefix}/orders@q4-%2B%3D/2")), Some(4.into()));
    assert_eq!(txns.len(), 4, "two positions and two side tables: {txns:?}");
    assert!(txns.iter().all(|txn| txn["lastUpdated"].is_i64()), "Spark drops others: {txns:?}");
    let owing = txns.iter().filter(|txn| txn["appId"].as_str().unwrap().contains("/side/"));
    assert!(owing.clone().count() == 2 && owing.into_iter().all(|txn| txn["version"] == 2));
}

#[tokio::test]
async fn deltalake_reads_back_the_positions_that_were_committed() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[1], 6).await;
    worker.advance(&[1], 5).await;
    let loaded = tables::load(&lake.output()).await;
    let app_id =
        format!("headgate/orders@{}/orders@q4-%2B%3D/1", worker.image.incarnation.unwrap());
    let state = loaded.snapshot().unwrap();
    let position = state.transaction_version(loaded.log_store().as_ref(), app_id).await.unwrap();
    assert_eq!(position, Some(11));
}

#[tokio::test]
async fn each_debt_points_to_the_one_before_it() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    // Offsets 0, 1, 2, 3, 4 of partition 0: output, rejects, output, dead letters, output.
    let versions = [
        worker.advance(&[0], 2).await,
        worker.advance(&[0], 1).await,
        worker.advance(&[0], 3).await,
        worker.advance(&[0], 3).await,
    ];
    assert_eq!(versions, [2, 3, 4, 5]);
    let mut prevs = Vec::new();
    for version in versions {
        let entry = tables::entry(&lake.output(), version).await;
        for debt in tables::ledger(&entry)["debts"].as_array().into_iter().flatten() {
            prevs.push((version, debt["role"].as_str().unwrap().to_owned(), debt["prev"].as_i64()));
        }
    }
    let rejects = |version, prev| (version, "rejects".to_owned(), prev);
    let dead_letters = |version, prev| (version, "dead_letters".to_owned(), prev);
    assert_eq!(
        prevs,
        [rejects(2, None), dead_letters(4, None), rejects(5, Some(2)), dead_letters(5, Some(4))]
    );
}

#[tokio::test]
async fn t12_no_rejected_value_reaches_any_log() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0, 1, 2], 20).await;
    for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
        for version in 0..=tables::version(&table).await {
            let text = Value::from(tables::entry(&table, version).await).to_string();
            assert!(!text.contains("marker"), "{table} {version}: {text}");
        }
    }
    let held = tables::rows(&lake.rejects()).await;
    assert!(format!("{held:?}").contains(MARKER), "the rejects table itself holds the values");
}

#[tokio::test]
async fn side_statistics_still_bound_the_coordinates() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 20).await;
    let entry = tables::entry(&lake.rejects(), 1).await;
    let add = tables::actions(&entry, "add")[0];
    let stats: Value = serde_json::from_str(add["stats"].as_str().unwrap()).unwrap();
    assert_eq!(stats["numRecords"], 4);
    assert_eq!(stats["minValues"]["_kafka_offset"], 1);
    assert_eq!(stats["maxValues"]["_kafka_offset"], 16);
    assert_eq!(stats["nullCount"].get("value"), None);
}

#[tokio::test]
async fn a_batch_without_rows_moves_its_positions() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let ranges = worker.next(&[0], 5);
    let mut empty = ledger(&ranges, false);
    empty.partitions[0].records = 0;
    empty.partitions[0].gaps = 5;
    empty.counts = headgate_model::Counts::default();
    let rows = crate::lake::records(&[], TableRole::Output);
    worker.sink.write(TableRole::Output, rows).await.unwrap();
    let commit = headgate_model::BatchCommit { ledger: empty, blocked: None, stands_on: None };
    worker.sink.commit(commit).await.unwrap();
    let entry = tables::entry(&lake.output(), 2).await;
    assert!(tables::actions(&entry, "add").is_empty(), "a file without rows is no file");
    let reopened = lake.worker().await;
    assert_eq!(reopened.position(0), 5);
    assert_eq!(lake.verify().await.breaks, Vec::<String>::new());
}

#[tokio::test]
async fn a_partition_unseen_before_may_start_anywhere_but_only_once() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let mut rival = lake.worker().await;
    for (worker, fenced) in [(&mut worker, false), (&mut rival, true)] {
        let ranges = [(7, 30, 40)];
        worker.write(&ranges).await.unwrap();
        let commit = headgate_model::BatchCommit {
            ledger: ledger(&ranges, true),
            blocked: None,
            stands_on: None,
        };
        assert_eq!(is_fenced(&worker.sink.commit(commit).await.unwrap()), fenced);
    }
    assert_eq!(rival.sink.refresh().await.unwrap().positions[&partition(7)], 40);
}

#[tokio::test]
async fn discarded_rows_leave_no_file_and_no_trace() {
    for durability in BOTH {
        let lake = Lake::local(durability);
        let mut worker = lake.worker().await;
        worker.write(&[(0, 0, 50)]).await.unwrap();
        assert!(worker.sink.buffered_bytes() > 0);
        worker.sink.discard().await;
        assert_eq!(worker.sink.buffered_bytes(), 0);
        worker.advance(&[0], 5).await;
        lake.settle().await;
    }
}

#[tokio::test]
async fn a_sink_that_was_never_opened_refuses_politely() {
    let lake = Lake::local(Durability::Process);
    let mut sink = headgate_delta::DeltaSink::new(lake.config());
    assert!(sink.refresh().await.is_err());
    sink.discard().await;
    assert_eq!(sink.buffered_bytes(), 0);
}

#[tokio::test]
async fn two_queries_share_one_output_and_its_side_tables() {
    let lake = Lake::local(Durability::Process);
    let other_config = || {
        let mut config = lake.config();
        config.query = "returns".to_owned();
        config
    };
    let mut orders = lake.worker().await;
    // Nothing of what one has read is read by the other.
    let mut returns = Worker::open(other_config()).await.unwrap();
    let starts = [(partition(7), 0)].into();
    returns.image = returns.sink.initialize(starts).await.unwrap();
    for _ in 0..3 {
        orders.advance(&[0], 10).await;
        returns.advance(&[7], 10).await;
    }
    lake.worker().await;
    Worker::open(other_config()).await.unwrap();
    for (table, role) in [(lake.output(), TableRole::Output), (lake.rejects(), TableRole::Rejects)]
    {
        let all = [0, 7].into_iter().flat_map(|p| (0..30).map(move |o| (p, o)));
        let expected: Vec<_> = all.filter(|(p, o)| fate(*p, *o) == role).collect();
        assert_eq!(tables::coordinates(&table).await, expected);
    }
    let report = lake.verify().await;
    assert_eq!((report.breaks, report.open_debts), (Vec::new(), 0));
}
