//! Rules that are functions of somebody else's.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use headgate_contract::{CheckOptions, Contract};
use headgate_decode::DecodeOptions;
use headgate_engine::{Policy, RejectsTo, Shadow};
use headgate_model::{FoundRows, RowFunctions, RuleResult, Status, TableRole, Verdict};

use crate::rig::{BROKEN, GOOD, NO_ID, Rig, pings};

const ODD: &str = r#"{"id":"odd","speed":1}"#;
/// On which the function fails.
const WORSE: &str = r#"{"id":"worse","speed":1}"#;

/// Pings whose ids a function looks at; `keys` of its rule.
fn looked_at(keys: &str) -> Contract {
    let text = format!(
        "
apiVersion: v3.1.0
kind: DataContract
id: looked_at
version: 1.0.0
status: active
schema:
  - name: pings
    properties:
      - name: id
        logicalType: string
        required: true
        quality: [{{ type: custom, engine: headgate, implementation: look, {keys} id: look }}]
      - {{ name: speed, logicalType: integer, logicalTypeOptions: {{ minimum: 0 }} }}
"
    );
    Contract::compile_with(&text, None, &["look".to_owned()]).unwrap()
}

/// Finds ids called `odd`, and fails where one is called `worse`.
#[derive(Default)]
struct Look {
    calls: Arc<Mutex<Calls>>,
}

#[derive(Default)]
struct Calls {
    chunks: usize,
    batches: usize,
}

impl RowFunctions for Look {
    fn find<'a>(
        &'a mut self,
        rows: &'a RecordBatch,
    ) -> Pin<Box<dyn Future<Output = Vec<FoundRows>> + Send + 'a>> {
        self.calls.lock().unwrap().chunks += 1;
        Box::pin(async move {
            // A turn for everybody else.
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            let ids = rows.column(0).as_string::<i32>();
            if ids.iter().any(|id| id == Some("worse")) {
                return vec![Err("it failed".into())];
            }
            let odd = (0..).zip(ids).filter(|(_, id)| *id == Some("odd"));
            vec![Ok(odd.map(|(row, _)| row).collect())]
        })
    }

    fn reset(&mut self) {
        self.calls.lock().unwrap().batches += 1;
    }
}

fn rig(policy: Policy, keys: &str) -> Rig {
    Rig {
        policy,
        contract: Some(looked_at(keys)),
        functions: Some(Box::new(|| Box::new(Look::default()))),
        ..Rig::new()
    }
}

fn look(verdict: &Verdict) -> &RuleResult {
    verdict.rules.iter().find(|result| result.rule.id == "look").unwrap()
}

#[tokio::test(start_paused = true)]
async fn rows_that_a_function_finds_are_moved_as_any_others() {
    let rig = Rig { chunk_records: 2, ..rig(Policy::Split, "") };
    rig.append(&[GOOD, ODD, BROKEN, GOOD, NO_ID, ODD]);
    rig.run().await;
    let ledger = &rig.lake.ledgers()[0];
    assert_eq!((look(&ledger.verdict).violations, ledger.verdict.violating_rows), (2, 3));
    assert_eq!((ledger.counts.accepted, ledger.counts.rejected), (2, 3));
    assert_eq!(rig.offsets(TableRole::Output), [0, 3]);
    assert_eq!(rig.offsets(TableRole::Rejects), [1, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn rows_in_doubt_are_neither_accepted_nor_rejected() {
    for policy in [Policy::Block, Policy::Split] {
        for rejects in [RejectsTo::Rejects, RejectsTo::DeadLetters] {
            let rig = Rig { rejects, chunk_records: 2, ..rig(policy, "") };
            rig.append(&[GOOD, GOOD, GOOD, WORSE, GOOD, GOOD]);
            let fault = rig.run_to_fault().await;
            assert_eq!(fault.code(), "CONTRACT_VIOLATED", "{policy:?}");
            let actual = fault.context().actual.unwrap();
            assert_eq!(actual, "0 of 6 rows, by look (it failed)", "{policy:?}");
            assert_eq!(rig.lake.num_rows(TableRole::Output), 0, "{policy:?}");
            assert_eq!(rig.lake.num_rows(TableRole::Rejects), 0, "{policy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_all_rows_are_written_doubt_is_a_warning() {
    for policy in [Policy::Allow, Policy::Flag] {
        let rig = rig(policy, "");
        rig.append(&[GOOD, WORSE]);
        rig.run().await;
        let verdict = rig.lake.ledgers()[0].verdict.clone();
        assert_eq!((verdict.status, verdict.row_count), (Status::Warn, 2), "{policy:?}");
        let result = look(&verdict);
        assert_eq!((result.violations, result.unmeasured.as_deref()), (1, Some("it failed")));
        assert_eq!(rig.lake.num_rows(TableRole::Output), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_less_weight_or_of_the_whole_batch_fails_as_others_of_its_kind() {
    for (policy, keys, blocks) in [
        (Policy::Split, "severity: warning,", false),
        (Policy::Block, "severity: warning,", false),
        (Policy::Split, "mustBeLessThan: 5,", false),
        (Policy::Block, "mustBeLessThan: 5,", true),
    ] {
        let rig = rig(policy, keys);
        rig.append(&[GOOD, WORSE]);
        if blocks {
            assert_eq!(rig.run_to_fault().await.code(), "CONTRACT_VIOLATED", "{keys}");
            continue;
        }
        rig.run().await;
        let verdict = rig.lake.ledgers()[0].verdict.clone();
        assert_eq!(verdict.status, Status::Warn, "{policy:?} {keys}");
        assert_eq!(look(&verdict).unmeasured.as_deref(), Some("it failed"));
        assert_eq!(rig.lake.num_rows(TableRole::Output), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_a_failure_after_one_with_it_is_judged_anew() {
    let calls = Arc::new(Mutex::new(Calls::default()));
    let shared = Arc::clone(&calls);
    let mut rig = Rig {
        functions: Some(Box::new(move || Box::new(Look { calls: Arc::clone(&shared) }))),
        ..rig(Policy::Allow, "")
    };
    rig.limits.max_rows = 2;
    rig.append(&[GOOD, WORSE, GOOD, ODD]);
    rig.run().await;
    let found: Vec<_> =
        rig.lake.ledgers().iter().map(|ledger| look(&ledger.verdict).clone()).collect();
    let found: Vec<_> =
        found.iter().map(|result| (result.violations, result.unmeasured.is_some())).collect();
    assert_eq!(found, [(1, true), (1, false)]);
    let Calls { chunks, batches } = *calls.lock().unwrap();
    assert_eq!((chunks, batches), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn without_rows_there_is_nothing_to_ask() {
    let calls = Arc::new(Mutex::new(Calls::default()));
    let shared = Arc::clone(&calls);
    let rig = Rig {
        functions: Some(Box::new(move || Box::new(Look { calls: Arc::clone(&shared) }))),
        ..rig(Policy::Split, "")
    };
    rig.append(&[BROKEN]);
    rig.run().await;
    assert_eq!(calls.lock().unwrap().chunks, 0);
    assert_eq!(look(&rig.lake.ledgers()[0].verdict).violations, 0);
}

#[tokio::test(start_paused = true)]
async fn a_shadow_asks_functions_of_its_own() {
    for (record, expected) in [(ODD, (1, None)), (WORSE, (1, Some("it failed")))] {
        let shadow = || {
            let contract = looked_at("");
            Shadow {
                decoder: headgate_decode::json(contract.schema(), DecodeOptions::default())
                    .unwrap(),
                transform: None,
                checker: contract.checker(CheckOptions::default()),
                queries: None,
                functions: Some(Box::new(Look::default())),
                contract: contract.reference().clone(),
            }
        };
        let rig = Rig { contract: Some(pings()), shadow: Some(Box::new(shadow)), ..Rig::new() };
        rig.append(&[GOOD, record]);
        rig.run().await;
        let ledger = &rig.lake.ledgers()[0];
        assert_eq!((ledger.verdict.status, ledger.counts.accepted), (Status::Ok, 2));
        let shadow = ledger.shadow.as_ref().unwrap();
        let result = look(shadow);
        assert_eq!((result.violations, result.unmeasured.as_deref()), expected);
        let status = if record == WORSE { Status::Block } else { Status::Warn };
        assert_eq!(shadow.status, status);
    }
}
