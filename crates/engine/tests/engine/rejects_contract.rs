//! The rejects are held against a contract of their own.

use arrow_array::cast::AsArray;
use headgate_contract::Contract;
use headgate_engine::Policy;
use headgate_model::{Status, TableRole};

use crate::rig::{GOOD, NO_ID, Rig, SLOW, contract};

/// A reject has an id, and a batch has at most one.
fn one_with_an_id() -> Contract {
    contract(
        "
    properties:
      - { name: id, logicalType: string, required: true }
      - { name: _batch_uuid, logicalType: string, required: true }
    quality:
      - { metric: rowCount, mustBeLessOrEqualTo: 1 }
",
    )
}

fn rig(policy: Policy) -> Rig {
    Rig { rejects_contract: Some(one_with_an_id()), policy, ..Rig::new() }
}

#[tokio::test(start_paused = true)]
async fn a_reject_that_breaks_it_is_a_dead_letter() {
    let rig = rig(Policy::Split);
    rig.append(&[GOOD, NO_ID, SLOW]);
    rig.run().await;
    assert_eq!(rig.offsets(TableRole::Rejects), [2]);
    assert_eq!(rig.offsets(TableRole::DeadLetters), [1]);
    let letters = rig.lake.rows(TableRole::DeadLetters).remove(0);
    let said = letters.column_by_name("_error_message").unwrap().as_string::<i32>().value(0);
    assert_eq!(said, "rejects.required_id (id)");
    let ledger = rig.lake.ledgers().remove(0);
    let violations = |id: &str| {
        let found = ledger.verdict.rules.iter().find(|result| result.rule.id == id);
        found.map(|result| result.violations)
    };
    assert_eq!(violations("rejects.required_id"), Some(1));
    assert_eq!(violations("rejects.row_count"), Some(1), "of all rejects of the batch");
    assert_eq!(ledger.verdict.violating_rows, 2);
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_breaks_it_is_left_out() {
    let rig = rig(Policy::Allow);
    rig.append(&[NO_ID, SLOW]);
    rig.run().await;
    assert_eq!(rig.offsets(TableRole::Output), [0, 1]);
    assert_eq!(rig.offsets(TableRole::Rejects), [1]);
    assert_eq!(rig.lake.ledgers()[0].counts.copied, 1);
    assert_eq!(rig.lake.breaks(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn without_dead_letters_it_blocks() {
    let rig = Rig { dead_letters: false, ..rig(Policy::Split) };
    rig.append(&[GOOD, NO_ID]);
    let fault = rig.run_to_fault().await;
    assert_eq!(fault.code(), "CONTRACT_VIOLATED", "{fault}");
    assert_eq!(rig.lake.num_rows(TableRole::Output), 0);
    let block = rig.lake.log().pop().unwrap();
    assert_eq!(block.ledger.unwrap().verdict.status, Status::Block);
}
