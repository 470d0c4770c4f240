//! A log as a history for readers that are none of its workers.

use chrono::{Duration, Utc};
use headgate_delta::{Durability, LedgerEvent, LedgerPage, Operator, clean_up_log, read_ledgers};
use headgate_model::{BatchCommit, Block, Fault, LakeSink, Status};

use crate::lake::{Lake, ledger};
use crate::tables;

async fn read(lake: &Lake, from: i64, limit: usize) -> LedgerPage {
    read_ledgers(&lake.output(), from, limit).await.unwrap()
}

fn named(event: &LedgerEvent) -> String {
    match event {
        LedgerEvent::Schema(schema) => format!("schema of {}", schema.fields().len()),
        LedgerEvent::Batch { query, incarnation, batch } => {
            assert!(!incarnation.is_empty());
            let status = batch.ledger.verdict.status.as_str();
            let owed: Vec<_> = batch.side_tables.iter().map(|table| table.role.as_str()).collect();
            format!("{} of {query}: {status}, owes {}", batch.version, owed.join(" and "))
        }
        LedgerEvent::Release { version, query, reason, released, committed_at_us } => {
            assert!(*committed_at_us > 0);
            format!("{version} of {query}: released {released:?}, {reason:?}")
        }
        LedgerEvent::Gap { from, to } => format!("gap {from} to {to}"),
    }
}

fn names(page: &LedgerPage) -> Vec<String> {
    page.events.iter().map(named).collect()
}

/// Versions 0: created, 1: started, 2: batch, 3: block, 4: release, 5: another writer's, 6: batch.
async fn history() -> Lake {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    worker.advance(&[0], 10).await;
    let ranges = worker.next(&[0], 30);
    let mut told = ledger(&ranges, false);
    told.verdict.status = Status::Block;
    let blocked = Some(Block::Intervention);
    let commit = BatchCommit { ledger: told, blocked, stands_on: None };
    worker.sink.commit(commit).await.unwrap();
    let operator = Operator::open(&lake.output(), None).await.unwrap();
    operator.release(Some("looked at".to_owned())).await.unwrap();
    tables::put_entry(&lake.output(), 5, &[tables::foreign("OPTIMIZE")]).await;
    lake.worker().await.advance(&[1], 10).await;
    lake
}

const TOLD: [&str; 4] = [
    "2 of orders: warn, owes rejects and dead_letters",
    "3 of orders: block, owes ",
    "4 of orders: released Some(3), Some(\"looked at\")",
    "6 of orders: warn, owes rejects and dead_letters",
];

#[tokio::test]
async fn a_history_is_read_page_by_page_up_to_the_tip() {
    let lake = history().await;
    let all = read(&lake, 0, 100).await;
    assert_eq!((all.next, all.is_end), (7, true));
    assert_eq!(names(&all), [["schema of 4"].as_slice(), &TOLD].concat());
    assert_eq!(all.address, lake.output().to_string());
    let (mut next, mut pages) = (0, Vec::new());
    loop {
        let page = read(&lake, next, 2).await;
        assert!(page.next <= next + 2);
        next = page.next;
        pages.extend(names(&page));
        if page.is_end {
            break;
        }
    }
    assert_eq!((next, pages), (7, names(&all)));
    let nothing = read(&lake, 7, 100).await;
    assert_eq!((nothing.next, nothing.is_end, nothing.events.len()), (7, true, 0));
    lake.worker().await.advance(&[2], 10).await;
    assert_eq!(names(&read(&lake, 7, 100).await).len(), 1);
}

#[tokio::test]
async fn what_clean_up_took_is_told_as_a_gap() {
    let lake = history().await;
    tables::checkpoint(&lake.output()).await;
    assert!(clean_up_log(&lake.output(), Utc::now() + Duration::days(31)).await.unwrap() > 0);
    for from in [0, 3] {
        let page = read(&lake, from, 100).await;
        assert_eq!(names(&page), [format!("gap {from} to 5"), TOLD[3].to_owned()]);
        assert_eq!((page.next, page.is_end), (7, true));
    }
    assert!(read(&lake, 7, 100).await.is_end);
}

#[tokio::test]
async fn a_table_that_is_not_there_or_was_made_anew_is_refused() {
    let lake = history().await;
    let nowhere = read_ledgers(&lake.table("nowhere"), 0, 100).await.unwrap_err();
    assert_eq!(nowhere.code(), "DELTA_NOT_A_TABLE");
    let anew = read_ledgers(&lake.output(), 20, 100).await.unwrap_err();
    assert_eq!(anew.code(), "DELTA_LOG_GAP");
}
