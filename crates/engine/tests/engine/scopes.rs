//! Rules over the output and over windows of time.

use arrow_array::cast::AsArray;
use headgate_contract::Contract;
use headgate_engine::{Policy, StopMode};
use headgate_model::fake::{CommitEvent, MemoryLake};
use headgate_model::{RuleScope, TableRole};

use crate::rig::{GOOD, OTHER, Rig, SLOW, contract, partition, secs, settle};

/// An id may be in the output once.
pub fn once_ever() -> Contract {
    contract(
        "
    properties:
      - name: id
        logicalType: string
        required: true
        quality: [ { metric: duplicateValues, mustBe: 0, customProperties: [ { property: scope, value: stream } ] } ]
      - { name: speed, logicalType: integer, logicalTypeOptions: { minimum: 0 } }
",
    )
}

fn at_least_per_hour(rows: u64) -> Contract {
    contract(&format!(
        "
    properties:
      - {{ name: id, logicalType: string }}
    quality:
      - {{ metric: rowCount, mustBeGreaterOrEqualTo: {rows}, customProperties: [ {{ property: scope, value: window }}, {{ property: window, value: 1 hour }} ] }}
"
    ))
}

pub fn ids_of(lake: &MemoryLake) -> Vec<String> {
    let rows = lake.rows(TableRole::Output);
    let ids = rows.iter().filter_map(|rows| rows.column_by_name("id"));
    ids.flat_map(|ids| ids.as_string::<i32>().iter().flatten().map(str::to_owned)).collect()
}

pub fn assert_distinct(ids: &[String]) {
    let mut distinct = ids.to_vec();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn an_id_enters_the_output_once_over_batches_and_restarts() {
    let mut rig = Rig { contract: Some(once_ever()), chunk_records: 1, ..Rig::new() };
    rig.limits.max_rows = 2;
    // `a` is first in a row that is rejected for another reason, which does not count.
    rig.append(&[SLOW, GOOD, GOOD, OTHER]);
    rig.run().await;
    rig.append_to(1, &[OTHER, GOOD, r#"{"id":"c","speed":1}"#]);
    rig.run().await;
    assert_eq!(ids_of(&rig.lake), ["a", "b", "c"]);
    rig.assert_exactly_once();
    let last = rig.lake.ledgers().pop().unwrap();
    let rule = last.verdict.rules.iter().find(|result| result.rule.id == "duplicate_values_id");
    assert_eq!(rule.map(|result| result.rule.scope), Some(RuleScope::Stream));
}

#[tokio::test(start_paused = true)]
async fn under_allow_every_row_counts() {
    let rig = Rig { contract: Some(once_ever()), policy: Policy::Allow, ..Rig::new() };
    rig.append(&[SLOW]);
    rig.run().await;
    rig.append(&[GOOD]);
    rig.run().await;
    assert_eq!(ids_of(&rig.lake), ["a", "a"]);
    let last = rig.lake.ledgers().pop().unwrap();
    assert_eq!(last.verdict.violations, 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_another_worker_did_not_see_is_read_again() {
    let rig = Rig { contract: Some(once_ever()), ..Rig::ticking() };
    let one = rig.start().await;
    one.source.assign(&[partition(0)]);
    let two = rig.start().await;
    two.source.assign(&[partition(1)]);
    settle().await;
    rig.append(&[GOOD]);
    rig.append_to(1, &[GOOD, OTHER]);
    tokio::time::sleep(secs(60)).await;
    one.stopped(StopMode::Drain).await;
    two.stopped(StopMode::Drain).await;
    assert_distinct(&ids_of(&rig.lake));
    assert_eq!(ids_of(&rig.lake).len(), 2);
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_batch_held_is_forgotten() {
    let rig = Rig { contract: Some(once_ever()), ..Rig::ticking() };
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::Beaten { group: "group".into() });
    rig.append(&[GOOD]);
    tokio::time::sleep(secs(11)).await;
    rig.append(&[GOOD, OTHER]);
    tokio::time::sleep(secs(60)).await;
    worker.stopped(StopMode::Drain).await;
    assert_eq!(ids_of(&rig.lake), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_window_goes_by_the_time_of_ingestion_which_the_output_must_have() {
    let rig = Rig { contract: Some(at_least_per_hour(2)), metadata: false, ..Rig::new() };
    rig.append(&[GOOD]);
    let fault = rig.try_start().await.err().unwrap();
    assert_eq!(fault.code(), "CONFIG_VALUE", "{fault}");
    let rig = Rig { metadata: true, ..rig };
    rig.run().await;
    let judged = &rig.lake.ledgers()[0].verdict.rules;
    let judged = judged.iter().find(|result| result.rule.id == "row_count").unwrap();
    assert_eq!(
        (judged.violations, judged.measured, judged.rule.scope),
        (0, None, RuleScope::Window)
    );
}

#[tokio::test(start_paused = true)]
async fn keys_of_the_output_that_outgrow_their_memory_end_the_query() {
    let rig = Rig { contract: Some(once_ever()), ..Rig::new() };
    rig.append(&[GOOD]);
    rig.run().await;
    rig.limits.state.set(1);
    rig.append(&[OTHER]);
    let fault = rig.run_to_fault().await;
    assert_eq!(fault.code(), "CONTRACT_STATE_TOO_LARGE", "{fault}");
    assert_eq!(ids_of(&rig.lake), ["a"]);
}
