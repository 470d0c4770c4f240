use headgate_engine::Policy;
use headgate_model::{Status, TableRole, Verdict};

use crate::rig::{BROKEN, GOOD, Rig, SLOW, pings_with};

const AT_LEAST_THREE: &str =
    "- { type: library, metric: rowCount, mustBeGreaterOrEqualTo: 3, name: enough }";

fn verdict(rig: &Rig) -> Verdict {
    rig.lake.ledgers().remove(0).verdict
}

#[tokio::test(start_paused = true)]
async fn the_status_says_how_a_batch_went() {
    for (records, expected) in [
        (&[GOOD][..], Status::Ok),
        (&[GOOD, SLOW], Status::Warn),
        (&[GOOD, BROKEN], Status::Warn),
        (&[BROKEN], Status::Warn),
    ] {
        let rig = Rig::new();
        rig.append(records);
        rig.run().await;
        assert_eq!(verdict(&rig).status, expected, "{records:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_counts_every_rule_of_the_contract() {
    let rig = Rig { chunk_records: 1, ..Rig::new() };
    rig.append(&[GOOD, SLOW, r#"{"speed":-1}"#, BROKEN]);
    rig.run().await;
    let verdict = verdict(&rig);
    let counts: Vec<_> =
        verdict.rules.iter().map(|result| (result.rule.id.as_str(), result.violations)).collect();
    let expected = [("type_id", 0), ("required_id", 1), ("type_speed", 0), ("minimum_speed", 2)];
    assert_eq!(counts, expected);
    assert_eq!((verdict.violations, verdict.violating_rows, verdict.row_count), (3, 2, 3));
    assert_eq!(verdict.dead_letters, 1);
    assert!((verdict.violation_ratio() - 2.0 / 3.0).abs() < 1e-9);
    assert_eq!(verdict.contract.as_ref(), rig.contract.as_ref().map(|c| c.reference()));
}

#[tokio::test(start_paused = true)]
async fn a_failed_batch_rule_blocks_under_block_and_warns_elsewhere() {
    use Policy::{Allow, Block, Flag, Split};
    for policy in [Block, Split, Allow, Flag] {
        for records in [2, 3] {
            let contract = Some(pings_with(AT_LEAST_THREE));
            let rig = Rig { policy, contract, chunk_records: 1, ..Rig::new() };
            rig.append(&vec![GOOD; records]);
            if policy == Block && records == 2 {
                assert_eq!(rig.run_to_fault().await.code(), "CONTRACT_VIOLATED");
                assert_eq!(rig.lake.num_rows(TableRole::Output), 0);
                continue;
            }
            rig.run().await;
            let verdict = verdict(&rig);
            let expected = if records == 2 { Status::Warn } else { Status::Ok };
            assert_eq!(verdict.status, expected, "{policy:?}, {records} records");
            let enough = verdict.rules.iter().find(|result| result.rule.id == "enough").unwrap();
            assert_eq!(enough.measured, Some(records as f64));
            assert_eq!(rig.lake.num_rows(TableRole::Output), records);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_batch_is_judged_alone() {
    let mut rig = Rig { contract: Some(pings_with(AT_LEAST_THREE)), ..Rig::new() };
    rig.limits.max_rows = 3;
    rig.append(&[GOOD, SLOW, GOOD, GOOD, GOOD]);
    rig.run().await;
    let ledgers = rig.lake.ledgers();
    let violations: Vec<_> = ledgers.iter().map(|ledger| ledger.verdict.violations).collect();
    assert_eq!(violations, [1, 1], "a slow row, then too few rows");
    assert_eq!(ledgers[1].verdict.violating_rows, 0);
    assert_ne!(ledgers[0].verdict.batch_uuid, ledgers[1].verdict.batch_uuid);
}
