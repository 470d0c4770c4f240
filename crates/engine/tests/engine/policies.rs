use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use headgate_engine::{EngineFault, Policy, RejectsTo};
use headgate_model::fake::EntryKind;
use headgate_model::{Counts, Status, TableRole};

use crate::rig::{BROKEN, GOOD, NO_ID, Rig, SLOW, TEXT, contract, engine_fault};

const RECORDS: [&str; 6] = [GOOD, SLOW, NO_ID, TEXT, GOOD, BROKEN];

struct Case {
    policy: Policy,
    rejects: RejectsTo,
    output: &'static [i64],
    rejected: &'static [i64],
    dead: &'static [i64],
    /// Accepted, rejected, dead letters, copied.
    counts: [u64; 4],
}

#[tokio::test(start_paused = true)]
async fn every_row_goes_where_the_policy_says() {
    use Policy::{Allow, Flag, Split};
    use RejectsTo::{DeadLetters, Rejects};
    let cases = [
        Case {
            policy: Split,
            rejects: Rejects,
            output: &[0, 4],
            rejected: &[1, 2, 3],
            dead: &[5],
            counts: [2, 3, 1, 0],
        },
        Case {
            policy: Split,
            rejects: DeadLetters,
            output: &[0, 4],
            rejected: &[],
            dead: &[1, 2, 3, 5],
            counts: [2, 0, 4, 0],
        },
        Case {
            policy: Allow,
            rejects: Rejects,
            output: &[0, 1, 2, 4],
            rejected: &[1, 2, 3],
            dead: &[5],
            counts: [4, 1, 1, 2],
        },
        Case {
            policy: Allow,
            rejects: DeadLetters,
            output: &[0, 1, 2, 4],
            rejected: &[],
            dead: &[1, 2, 3, 5],
            counts: [4, 0, 2, 2],
        },
        Case {
            policy: Flag,
            rejects: Rejects,
            output: &[0, 1, 2, 4],
            rejected: &[3],
            dead: &[5],
            counts: [4, 1, 1, 0],
        },
        Case {
            policy: Flag,
            rejects: DeadLetters,
            output: &[0, 1, 2, 4],
            rejected: &[],
            dead: &[3, 5],
            counts: [4, 0, 2, 0],
        },
    ];
    for case in cases {
        for chunk_records in [1, 2, 1000] {
            let (policy, rejects) = (case.policy, case.rejects);
            let rig = Rig { policy, rejects, chunk_records, ..Rig::new() };
            rig.append(&RECORDS);
            rig.run().await;
            let name = format!("{policy:?}, {rejects:?}, chunks of {chunk_records}");
            assert_eq!(rig.offsets(TableRole::Output), case.output, "{name}");
            assert_eq!(rig.offsets(TableRole::Rejects), case.rejected, "{name}");
            assert_eq!(rig.offsets(TableRole::DeadLetters), case.dead, "{name}");
            assert_eq!(rig.lake.breaks(), Vec::<String>::new(), "{name}");
            let ledger = &rig.lake.ledgers()[0];
            let [accepted, rejected, dead_letters, copied] = case.counts;
            let expected = Counts {
                records: 6,
                accepted,
                rejected,
                dead_letters,
                skipped: 0,
                rerouted: 0,
                copied,
            };
            assert_eq!(ledger.counts, expected, "{name}");
            assert_eq!(ledger.verdict.status, Status::Warn, "{name}");
            let verdict = &ledger.verdict;
            assert_eq!((verdict.row_count, verdict.violating_rows), (5, 3), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_the_policy_has_no_place_for_blocks() {
    use Policy::{Allow, Block, Flag};
    for (policy, record, blocks) in [
        (Block, GOOD, false),
        (Block, SLOW, true),
        (Block, NO_ID, true),
        (Block, TEXT, true),
        (Allow, SLOW, false),
        (Allow, NO_ID, false),
        (Allow, TEXT, true),
        (Flag, NO_ID, false),
        (Flag, TEXT, true),
    ] {
        let name = format!("{policy:?} {record}");
        let rig = Rig { policy, rejects: RejectsTo::Nowhere, chunk_records: 1, ..Rig::new() };
        rig.append(&[GOOD, record, GOOD]);
        if !blocks {
            rig.run().await;
            assert_eq!(rig.offsets(TableRole::Output), [0, 1, 2], "{name}");
            continue;
        }
        let fault = rig.run_to_fault().await;
        assert_eq!(fault.code(), "CONTRACT_VIOLATED", "{name}");
        let EngineFault::Violated { verdict } = engine_fault(&fault) else { panic!("{name}") };
        assert_eq!((verdict.status, verdict.violating_rows), (Status::Block, 1), "{name}");
        let actual = fault.context().actual.unwrap();
        assert!(actual.starts_with("1 of 3 rows, by "), "{actual}");
        assert_eq!(rig.lake.num_rows(TableRole::Output), 0, "{name}");
        let last = rig.lake.log().pop().unwrap();
        assert_eq!(last.kind, EntryKind::Block, "{name}");
        assert_eq!(last.ledger.unwrap().verdict.status, Status::Block, "{name}");
        assert_eq!(rig.lake.breaks(), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_blocked_range_blocks_again_after_a_restart_until_the_policy_changed() {
    let mut rig = Rig { policy: Policy::Block, rejects: RejectsTo::Nowhere, ..Rig::new() };
    rig.append(&[GOOD, SLOW]);
    for _ in 0..2 {
        assert_eq!(rig.run_to_fault().await.code(), "CONTRACT_VIOLATED");
    }
    (rig.policy, rig.rejects) = (Policy::Split, RejectsTo::Rejects);
    rig.run().await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn rejects_keep_the_evidence() {
    let rig = Rig::new();
    rig.append(&[GOOD, r#"{"speed":-1}"#, TEXT]);
    rig.run().await;
    let rejects = rig.lake.rows(TableRole::Rejects).remove(0);
    assert_eq!(found(&rejects, 0), ["required_id(id)", "minimum_speed(speed)"]);
    assert_eq!(found(&rejects, 1), ["type_speed(speed)"]);
    let raw = rejects.column_by_name("_raw_value").unwrap().as_binary::<i32>();
    assert_eq!(raw.value(1), TEXT.as_bytes());
    let speed = rejects.column_by_name("speed").unwrap();
    assert!(speed.is_valid(0) && speed.is_null(1));
    let reference = rig.contract.as_ref().unwrap().reference();
    let uuid = &rig.lake.ledgers()[0].verdict.batch_uuid;
    for (column, expected) in [
        ("_contract_id", &reference.id),
        ("_contract_version", &reference.version),
        ("_contract_hash", &reference.hash),
        ("_batch_uuid", uuid),
    ] {
        assert_eq!(text(&rejects, column, 1), expected, "{column}");
    }
}

#[tokio::test(start_paused = true)]
async fn rejections_among_dead_letters_name_their_rules_and_no_value() {
    let rig = Rig { rejects: RejectsTo::DeadLetters, ..Rig::new() };
    rig.append(&[r#"{"speed":-77}"#]);
    rig.run().await;
    let dead = rig.lake.rows(TableRole::DeadLetters).remove(0);
    assert_eq!(text(&dead, "_error_type", 0), "SCHEMA_VIOLATION");
    assert_eq!(text(&dead, "_error_message", 0), "required_id (id); minimum_speed (speed)");
}

#[tokio::test(start_paused = true)]
async fn flag_names_the_violations_of_a_row_and_leaves_clean_rows_null() {
    let rig = Rig { policy: Policy::Flag, ..Rig::new() };
    rig.append(&[GOOD, SLOW, NO_ID]);
    rig.run().await;
    let output = rig.lake.rows(TableRole::Output).remove(0);
    assert!(output.column_by_name("_violations").unwrap().is_null(0));
    assert_eq!(found(&output, 1), ["minimum_speed(speed)"]);
    assert_eq!(found(&output, 2), ["required_id(id)"]);
}

#[tokio::test(start_paused = true)]
async fn warnings_move_no_row_under_any_policy() {
    use Policy::{Allow, Block, Flag, Split};
    for policy in [Block, Split, Allow, Flag] {
        let contract = contract(
            r"
    properties:
      - name: id
        logicalType: string
        quality:
          - { type: library, metric: nullValues, mustBe: 0, severity: warning }
",
        );
        let rig = Rig { policy, contract: Some(contract), ..Rig::new() };
        rig.append(&[r#"{"id":"a"}"#, "{}"]);
        rig.run().await;
        assert_eq!(rig.offsets(TableRole::Output), [0, 1], "{policy:?}");
        assert_eq!(rig.lake.num_rows(TableRole::Rejects), 0, "{policy:?}");
        let verdict = &rig.lake.ledgers()[0].verdict;
        assert_eq!((verdict.status, verdict.violations), (Status::Warn, 1), "{policy:?}");
        assert_eq!(verdict.violating_rows, 0, "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_column_without_a_value_is_a_rejection() {
    let contract = contract(
        r"
    properties:
      - { name: id, logicalType: string }
      - { name: day, logicalType: string, partitioned: true, partitionKeyPosition: 1 }
",
    );
    let rig = Rig { contract: Some(contract), ..Rig::new() };
    rig.append(&[r#"{"id":"a","day":"x"}"#, r#"{"id":"a"}"#]);
    rig.run().await;
    assert_eq!(rig.offsets(TableRole::Rejects), [1]);
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn keys_are_unique_within_a_batch_across_its_chunks() {
    let schema = r"
    properties:
      - { name: id, logicalType: string, unique: true }
";
    for (max_rows, rejected) in [(u64::MAX, vec![2, 4]), (3, vec![2])] {
        let mut rig = Rig { contract: Some(contract(schema)), chunk_records: 1, ..Rig::new() };
        rig.limits.max_rows = max_rows;
        for id in ["a", "b", "a", "c", "b"] {
            rig.log.append(&crate::rig::partition(0), format!(r#"{{"id":"{id}"}}"#));
        }
        rig.run().await;
        assert_eq!(rig.offsets(TableRole::Rejects), rejected, "batches of {max_rows}");
        rig.assert_exactly_once();
    }
}

/// Violations of a row as `rule(column)`.
fn found(rows: &RecordBatch, row: usize) -> Vec<String> {
    let list = rows.column_by_name("_violations").unwrap().as_list::<i32>().value(row);
    let list = list.as_struct();
    let (rules, columns) = (list.column(0).as_string::<i32>(), list.column(1).as_string::<i32>());
    let named = |at| format!("{}({})", rules.value(at), columns.value(at));
    (0..list.len()).map(named).collect()
}

pub fn text<'a>(rows: &'a RecordBatch, column: &str, row: usize) -> &'a str {
    rows.column_by_name(column).unwrap().as_string::<i32>().value(row)
}
