//! `verify`: quiet on logs that hold, and precise where one does not.

use headgate_delta::{Durability, SideReport, verify};
use serde_json::Value;

use crate::lake::{Lake, fate};
use crate::tables;
use headgate_model::TableRole;

/// Three batches of ten records: output versions 2, 3 and 4.
async fn three_batches() -> Lake {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    for _ in 0..3 {
        worker.advance(&[0, 1], 5).await;
    }
    lake
}

fn ledger(actions: &mut [Value]) -> &mut Value {
    let info = actions.iter_mut().find_map(|action| action.get_mut("commitInfo")).unwrap();
    &mut info["headgate"]
}

#[tokio::test]
async fn a_good_log_is_reported_with_its_totals() {
    let lake = three_batches().await;
    let report = lake.verify().await;
    assert!(report.ok(), "{:?}", report.breaks);
    assert_eq!((report.version, report.batches, report.records), (4, 3, 30));
    let all: Vec<TableRole> = (0..2).flat_map(|p| (0..15).map(move |o| fate(p, o))).collect();
    let count = |role| all.iter().filter(|fate| **fate == role).count() as u64;
    assert_eq!(report.accepted, count(TableRole::Output));
    assert_eq!(report.rejected, count(TableRole::Rejects));
    assert_eq!(report.dead_letters, count(TableRole::DeadLetters));
    assert_eq!(report.open_debts, 0);
    let side = |role: TableRole, address: &url::Url| SideReport {
        role: role.as_str().to_owned(),
        address: address.to_string(),
        rows: count(role),
        paid_to: 4,
    };
    let mut sides = report.side_tables;
    sides.sort_by(|left, right| right.role.cmp(&left.role));
    assert_eq!(
        sides,
        [
            side(TableRole::Rejects, &lake.rejects()),
            side(TableRole::DeadLetters, &lake.dead_letters())
        ]
    );
}

#[tokio::test]
async fn the_first_break_is_named() {
    type Edit = fn(&mut Value);
    let cases: [(Edit, &str); 6] = [
        (
            |ledger| ledger["partitions"][0]["start"] = 7.into(),
            "version 3: orders-0 starts at 7, but the batch before it ended at 5",
        ),
        (
            |ledger| {
                ledger["partitions"][0]["start"] = 0.into();
                ledger["partitions"][0]["end"] = 5.into();
            },
            "version 3: orders-0 starts at 0, but the batch before it ended at 5",
        ),
        (
            |ledger| ledger["partitions"][1]["records"] = 4.into(),
            "version 3: orders-1 spans 5 offsets, but accounts for 4",
        ),
        (
            |ledger| ledger["counts"]["skipped"] = 1.into(),
            "version 3: the ledger says 10, accepted + rejected + dead letters + skipped + rerouted are 11",
        ),
        (
            |ledger| ledger["counts"]["records"] = 9.into(),
            "version 3: the ledger says 9, records of its partitions are 10",
        ),
        (
            |ledger| {
                ledger["debts"].as_array_mut().unwrap().remove(0);
            },
            "version 3: the ledger says 4, rows owed to side tables are 2",
        ),
    ];
    for (edit, expected) in cases {
        let lake = three_batches().await;
        tables::edit_entry(&lake.output(), 3, |actions| edit(ledger(actions))).await;
        let report = lake.verify().await;
        assert!(!report.ok());
        assert_eq!(report.breaks[0], expected);
    }
}

#[tokio::test]
async fn a_position_that_no_ledger_led_to_is_named() {
    let lake = three_batches().await;
    let newest = tables::version(&lake.output()).await;
    tables::edit_entry(&lake.output(), newest, |actions| {
        let moved = |action: &&mut Value| {
            action["txn"]["appId"].as_str().is_some_and(|name| name.ends_with("/0"))
        };
        let txn = actions.iter_mut().find(moved).unwrap();
        txn["txn"]["version"] = 99.into();
    })
    .await;
    let report = lake.verify().await;
    assert!(
        report.breaks[0].contains("orders-0 stands at 99, but its ledgers end at"),
        "{:?}",
        report.breaks
    );
}

#[tokio::test]
async fn an_output_file_that_no_ledger_accounts_for_is_named() {
    let lake = three_batches().await;
    tables::edit_entry(&lake.output(), 3, |actions| {
        actions.retain(|line| line.get("add").is_none())
    })
    .await;
    let report = lake.verify().await;
    assert_eq!(report.breaks, ["version 3: the ledger says 6, rows in output files are 0"]);
}

#[tokio::test]
async fn a_file_that_a_payment_left_out_or_brought_twice_is_named() {
    for times in [0, 2] {
        let lake = three_batches().await;
        tables::edit_entry(&lake.rejects(), 2, |actions| {
            let at = actions.iter().position(|line| line.get("add").is_some()).unwrap();
            let add = actions.remove(at);
            actions.extend(std::iter::repeat_n(add, times));
        })
        .await;
        let report = lake.verify().await;
        assert_eq!(report.breaks.len(), 1, "{:?}", report.breaks);
        assert!(report.breaks[0].contains("owed by output version 3"), "{:?}", report.breaks);
        assert!(report.breaks[0].contains(&format!("is {times} times in")), "{:?}", report.breaks);
    }
}

#[tokio::test]
async fn a_side_table_that_is_gone_is_named() {
    let lake = three_batches().await;
    std::fs::remove_dir_all(lake.rejects().to_file_path().unwrap()).unwrap();
    let report = lake.verify().await;
    assert_eq!(report.breaks, [format!("side table {} is gone", lake.rejects())]);
    assert_eq!(report.open_debts, 3);
}

#[tokio::test]
async fn debts_still_open_are_counted_and_break_nothing() {
    let lake = three_batches().await;
    let log = lake.rejects().to_file_path().unwrap().join("_delta_log");
    std::fs::remove_file(log.join("00000000000000000003.json")).unwrap();
    let report = lake.verify().await;
    assert_eq!((report.open_debts, report.ok()), (1, true));
    assert_eq!(report.side_tables.iter().map(|side| side.paid_to).min(), Some(3));
}

#[tokio::test]
async fn a_log_with_a_gap_is_refused() {
    let lake = three_batches().await;
    tables::delete(&lake.output(), tables::entry_path(3).as_ref()).await;
    use headgate_model::Fault;
    let fault = verify(&lake.output(), false).await.unwrap_err();
    assert_eq!(fault.code(), "DELTA_LOG_GAP");
    assert!(fault.to_string().contains("log entry 3 of"), "{fault}");
}

#[tokio::test]
async fn tables_without_ledgers_are_refused_by_code() {
    use headgate_model::Fault;
    let lake = three_batches().await;
    let code = async |table: &url::Url| verify(table, false).await.unwrap_err().code();
    assert_eq!(code(&lake.table("nowhere")).await, "DELTA_NOT_A_TABLE");
    assert!(!lake.table("nowhere").to_file_path().unwrap().exists(), "looking creates nothing");
    assert_eq!(code(&lake.rejects()).await, "DELTA_NO_LEDGER");
}

#[tokio::test]
async fn an_output_without_a_ledger_left_is_an_output_still() {
    let lake = three_batches().await;
    tables::put_entry(&lake.output(), 5, &[tables::foreign("OPTIMIZE")]).await;
    let loaded = tables::load(&lake.output()).await;
    deltalake::checkpoints::create_checkpoint(&loaded, None).await.unwrap();
    for version in 0..=4 {
        tables::delete(&lake.output(), tables::entry_path(version).as_ref()).await;
    }
    let report = lake.verify().await;
    assert_eq!((report.ok(), report.version, report.batches), (true, 5, 0));
}

#[tokio::test]
async fn a_file_twice_in_a_side_table_is_named_after_a_clean_up_too() {
    let lake = three_batches().await;
    tables::edit_entry(&lake.rejects(), 3, |actions| {
        let add = actions.iter().find(|line| line.get("add").is_some()).unwrap().clone();
        actions.push(add);
    })
    .await;
    let loaded = tables::load(&lake.rejects()).await;
    deltalake::checkpoints::create_checkpoint(&loaded, None).await.unwrap();
    for version in 0..=1 {
        tables::delete(&lake.rejects(), tables::entry_path(version).as_ref()).await;
    }
    let report = lake.verify().await;
    assert_eq!(report.breaks.len(), 1, "{:?}", report.breaks);
    assert!(report.breaks[0].contains("owed by output version 4"), "{:?}", report.breaks);
}

#[tokio::test]
async fn clean_up_of_old_entries_breaks_nothing() {
    for (output, rejects) in [(true, false), (false, true), (true, true)] {
        let lake = three_batches().await;
        for (table, clean, last) in [(lake.output(), output, 2), (lake.rejects(), rejects, 1)] {
            if clean {
                let loaded = tables::load(&table).await;
                deltalake::checkpoints::create_checkpoint(&loaded, None).await.unwrap();
                for version in 0..=last {
                    tables::delete(&table, tables::entry_path(version).as_ref()).await;
                }
            }
        }
        let report = lake.verify().await;
        assert_eq!(report.breaks, Vec::<String>::new(), "output {output}, rejects {rejects}");
        assert_eq!(report.open_debts, 0);
    }
}
