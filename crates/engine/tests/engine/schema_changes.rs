//! What becomes of records whose schema does not fit the contract.

use headgate_contract::CheckOptions;
use headgate_decode::DecodeOptions;
use headgate_engine::{EngineFault, SchemaChange, Shadow, StopMode};
use headgate_model::{Status, TableRole};

use crate::policies::text;
use crate::rig::{GOOD, Rig, contract, engine_fault, partition, secs, settle};
use crate::schemas::{append, framed, with_registry};

/// `id` is no text there.
const MISFIT: &str = r#"{"properties":{"id":{"type":"integer"},"speed":{"type":"integer"}}}"#;
const NO_SCHEMA: &str = "[]";
const WRITTEN: &str = r#"{"id":7,"speed":1}"#;
const MISFITS: &str = "id: expected string, found integer";

/// A record that fits, one of schema 9, one that fits.
fn rig(on_schema_change: SchemaChange, schema: &str) -> Rig {
    let (rig, registry) = with_registry(Rig { on_schema_change, ..Rig::new() });
    registry.register(9, schema);
    append(&rig, 0, &[1]);
    rig.log.append(&partition(0), framed(9, WRITTEN));
    append(&rig, 0, &[1]);
    rig
}

#[tokio::test(start_paused = true)]
async fn evolve_reads_it_as_far_as_it_goes() {
    let rig = rig(SchemaChange::Evolve, MISFIT);
    rig.run().await;
    assert_eq!(rig.offsets(TableRole::Output), [0, 2]);
    assert_eq!(rig.offsets(TableRole::Rejects), [1], "id is NULL, and a violation");
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn reject_makes_its_records_dead_letters_that_name_the_differences() {
    let rig = rig(SchemaChange::Reject, MISFIT);
    rig.run().await;
    assert_eq!(rig.offsets(TableRole::Output), [0, 2]);
    let dead = rig.lake.rows(TableRole::DeadLetters).remove(0);
    assert_eq!(text(&dead, "_error_type", 0), "SCHEMA_REFUSED");
    let message = format!("schema 9 of pings-value does not fit the contract: {MISFITS}");
    assert_eq!(text(&dead, "_error_message", 0), message);
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn block_fails_the_query_before_any_of_its_records_is_written() {
    let rig = rig(SchemaChange::Block, MISFIT);
    let fault = rig.run_to_fault().await;
    let EngineFault::SchemaIncompatible { name, .. } = engine_fault(&fault) else {
        panic!("{fault}");
    };
    assert_eq!((name.id, name.subject.as_deref()), (9, Some("pings-value")));
    assert_eq!(fault.code(), "SCHEMA_INCOMPATIBLE");
    assert_eq!(fault.to_string(), "schema 9 of pings-value does not fit the contract");
    assert_eq!(fault.context().actual.as_deref(), Some(MISFITS));
    assert_eq!(rig.lake.num_rows(TableRole::Output), 0);
    let again = Rig { on_schema_change: SchemaChange::Reject, ..rig };
    again.run().await;
    again.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn what_was_committed_before_a_block_stays_and_the_rest_is_read_again() {
    let (rig, registry) = with_registry(Rig::ticking());
    registry.register(9, MISFIT);
    let worker = rig.start_alone().await;
    append(&rig, 0, &[1, 1]);
    tokio::time::sleep(secs(10)).await;
    append(&rig, 0, &[1]);
    settle().await;
    rig.log.append(&partition(0), framed(9, WRITTEN));
    assert_eq!(worker.fault().await.code(), "SCHEMA_INCOMPATIBLE");
    assert_eq!(rig.offsets(TableRole::Output), [0, 1]);
    let again = Rig { on_schema_change: SchemaChange::Evolve, ..rig };
    let worker = again.start_alone().await;
    tokio::time::sleep(secs(10)).await;
    worker.stopped(StopMode::Drain).await;
    again.assert_exactly_once();
    assert_eq!(again.offsets(TableRole::Output), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_is_none_blocks_or_makes_dead_letters() {
    let fault = rig(SchemaChange::Block, NO_SCHEMA).run_to_fault().await;
    assert_eq!(fault.code(), "SCHEMA_INVALID");
    assert_eq!(fault.to_string(), "schema 9 of pings-value cannot be used");
    for on_change in [SchemaChange::Reject, SchemaChange::Evolve] {
        let rig = rig(on_change, NO_SCHEMA);
        rig.run().await;
        assert_eq!(rig.offsets(TableRole::Output), [0, 2], "{on_change:?}");
        let dead = rig.lake.rows(TableRole::DeadLetters).remove(0);
        assert_eq!(text(&dead, "_error_type", 0), "SCHEMA_REFUSED");
        rig.assert_exactly_once();
    }
}

#[tokio::test(start_paused = true)]
async fn differences_that_can_be_lived_with_change_nothing() {
    let schema = r#"{"properties":{"id":{"type":"string"},"more":{"type":"string"}}}"#;
    for on_change in [SchemaChange::Block, SchemaChange::Reject, SchemaChange::Evolve] {
        let (rig, registry) = with_registry(Rig { on_schema_change: on_change, ..Rig::new() });
        registry.register(9, schema);
        append(&rig, 0, &[9, 1]);
        rig.run().await;
        assert_eq!(rig.offsets(TableRole::Output), [0, 1], "{on_change:?}");
    }
}

/// Its columns are its own, and so are its differences.
#[tokio::test(start_paused = true)]
async fn a_shadow_contract_that_a_schema_does_not_fit_has_no_effect() {
    let shadow = || {
        let contract = contract(
            r"
    properties:
      - { name: id, logicalType: integer, required: true }
",
        );
        let options = DecodeOptions::default();
        Shadow {
            decoder: headgate_decode::framed(contract.schema(), options).unwrap(),
            transform: None,
            checker: contract.checker(CheckOptions::default()),
            queries: None,
            functions: None,
            contract: contract.reference().clone(),
        }
    };
    let (rig, _registry) = with_registry(Rig::new());
    let rig = Rig { shadow: Some(Box::new(shadow)), ..rig };
    rig.log.append(&partition(0), framed(1, GOOD));
    rig.run().await;
    let ledger = &rig.lake.ledgers()[0];
    assert_eq!((ledger.verdict.status, ledger.counts.accepted), (Status::Ok, 1));
    assert_eq!(ledger.shadow.as_ref().unwrap().violating_rows, 1);
}
