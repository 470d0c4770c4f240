//! Rows that a transform makes, leaves out or fails on.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use headgate_contract::CheckOptions;
use headgate_decode::{DecodeOptions, UnknownFields};
use headgate_engine::{Policy, RejectsTo, Shadow};
use headgate_model::{
    Applied, Counts, FailedRow, FunctionFault, Retry, Status, TableRole, Transform, Transformed,
};

use crate::policies::text;
use crate::rig::{BROKEN, GOOD, NO_ID, Rig, SLOW, TEXT, pings};

/// Left out by [`Tenfold`].
const PARKED: &str = r#"{"id":"a","speed":0}"#;
/// [`Tenfold`] fails on it.
const UNLUCKY: &str = r#"{"id":"a","speed":13}"#;

/// `SELECT id, speed * 10 AS speed FROM input WHERE speed <> 0`, and thirteen is too much for it.
struct Tenfold(SchemaRef);

impl Tenfold {
    fn of_pings() -> Arc<dyn Transform> {
        let fields = pings().schema().fields().clone();
        let fields = fields.iter().map(|field| field.as_ref().clone().with_nullable(true));
        Arc::new(Self(Arc::new(Schema::new(fields.collect::<Vec<_>>()))))
    }
}

impl Transform for Tenfold {
    fn schema(&self) -> &SchemaRef {
        &self.0
    }

    fn apply<'a>(&'a self, rows: &'a RecordBatch) -> Applied<'a> {
        Box::pin(async move {
            let speeds = rows.column(1).as_primitive::<Int64Type>();
            let of =
                |row: &u32| speeds.is_valid(*row as usize).then(|| speeds.value(*row as usize));
            let rows_of = 0..rows.num_rows() as u32;
            let origins: Vec<u32> =
                rows_of.clone().filter(|row| of(row) != Some(0) && of(row) != Some(13)).collect();
            let failed = rows_of.filter(|row| of(row) == Some(13));
            let failed =
                failed.map(|row| FailedRow { row, reason: "transforms[0]: it balks".into() });
            let taken = take_record_batch(rows, &UInt32Array::from(origins.clone()))?;
            let tenfold: Int64Array = taken.column(1).as_primitive::<Int64Type>().unary(|n| n * 10);
            let columns = vec![taken.column(0).clone(), Arc::new(tenfold) as _];
            let rows = RecordBatch::try_new(Arc::clone(&self.0), columns)?;
            Ok(Transformed { rows, origins, failed: failed.collect() })
        })
    }
}

fn rig() -> Rig {
    Rig { transform: Some(Tenfold::of_pings()), ..Rig::new() }
}

fn speeds(rig: &Rig, role: TableRole) -> Vec<i64> {
    let rows = rig.lake.rows(role);
    let speeds = rows.iter().flat_map(|rows| {
        let speeds = rows.column_by_name("speed").unwrap().as_primitive::<Int64Type>();
        speeds.values().to_vec()
    });
    speeds.collect()
}

#[tokio::test(start_paused = true)]
async fn every_record_is_accounted_for_whatever_becomes_of_its_row() {
    const RECORDS: [&str; 8] = [PARKED, GOOD, UNLUCKY, BROKEN, SLOW, TEXT, NO_ID, GOOD];
    for chunk_records in [1, 3, 1000] {
        let rig = Rig { chunk_records, ..rig() };
        rig.append(&RECORDS);
        rig.run().await;
        let ledger = rig.lake.ledgers().remove(0);
        let expected = Counts {
            records: 8,
            accepted: 2,
            rejected: 2,
            dead_letters: 3,
            skipped: 1,
            rerouted: 0,
            copied: 0,
        };
        assert_eq!(ledger.counts, expected, "chunks of {chunk_records}");
        assert_eq!((ledger.verdict.row_count, ledger.verdict.violating_rows), (4, 2));
        assert_eq!(rig.offsets(TableRole::Output), [1, 7]);
        assert_eq!(speeds(&rig, TableRole::Output), [10, 10]);
        assert_eq!(rig.offsets(TableRole::Rejects), [4, 6]);
        assert_eq!(rig.offsets(TableRole::DeadLetters), [2, 3, 5]);
        assert_eq!(rig.lake.breaks(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn rejects_and_dead_letters_keep_what_was_sent_and_say_why() {
    let rig = rig();
    rig.append(&[PARKED, TEXT, SLOW, UNLUCKY]);
    rig.run().await;
    let rejects = rig.lake.rows(TableRole::Rejects).remove(0);
    let raw = |rows: &RecordBatch, row| {
        let raw = rows.column_by_name("_raw_value").unwrap().as_binary::<i32>();
        String::from_utf8(raw.value(row).to_vec()).unwrap()
    };
    assert_eq!(raw(&rejects, 0), SLOW);
    assert_eq!(speeds(&rig, TableRole::Rejects), [-10], "as the contract saw it");
    let dead = rig.lake.rows(TableRole::DeadLetters).remove(0);
    assert_eq!([raw(&dead, 0), raw(&dead, 1)], [TEXT, UNLUCKY]);
    let said = |row| [text(&dead, "_error_type", row), text(&dead, "_error_message", row)];
    assert_eq!(said(0), ["SCHEMA_VIOLATION", "speed does not fit Int64"]);
    assert_eq!(said(1), ["TRANSFORM_ERROR", "transforms[0]: it balks"]);
}

#[tokio::test(start_paused = true)]
async fn the_contract_judges_what_comes_out_under_every_policy() {
    use Policy::{Allow, Block, Flag};
    for policy in [Allow, Block, Flag] {
        let rejects = RejectsTo::Nowhere;
        let rig = Rig { policy, rejects, ..rig() };
        rig.append(&[PARKED, GOOD, SLOW]);
        if policy == Block {
            assert_eq!(rig.run_to_fault().await.code(), "CONTRACT_VIOLATED");
        } else {
            rig.run().await;
            assert_eq!(speeds(&rig, TableRole::Output), [10, -10], "{policy:?}");
            assert_eq!(rig.offsets(TableRole::Output), [1, 2], "{policy:?}");
        }
        assert_eq!(rig.lake.breaks(), Vec::<String>::new(), "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_which_nothing_is_left_moves_its_positions() {
    let rig = rig();
    rig.append(&[PARKED, PARKED]);
    rig.run().await;
    rig.run().await;
    let ledgers = rig.lake.ledgers();
    assert_eq!(ledgers.len(), 1, "read once");
    assert_eq!((ledgers[0].counts.skipped, ledgers[0].verdict.status), (2, Status::Idle));
}

#[tokio::test(start_paused = true)]
async fn without_dead_letters_a_row_that_fails_ends_the_query() {
    let rig = Rig { dead_letters: false, ..rig() };
    rig.append(&[GOOD, UNLUCKY]);
    let fault = rig.run_to_fault().await;
    assert_eq!(fault.to_string(), "record 1 of t-0 cannot become a row");
    assert_eq!(fault.context().actual.unwrap(), "TRANSFORM_ERROR: transforms[0]: it balks");
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_are_still_those_of_their_row() {
    let rig = Rig { unknown_fields: UnknownFields::Reject, ..rig() };
    rig.append(&[PARKED, GOOD, r#"{"id":"a","speed":1,"more":1}"#, GOOD]);
    rig.run().await;
    assert_eq!(rig.offsets(TableRole::Rejects), [2]);
    assert_eq!(rig.offsets(TableRole::Output), [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_shadow_contract_judges_transformed_rows_too() {
    let transform = rig().transform;
    let shadow = move || {
        let contract = pings();
        Shadow {
            decoder: headgate_decode::json(contract.schema(), DecodeOptions::default()).unwrap(),
            transform: transform.clone(),
            checker: contract.checker(CheckOptions::default()),
            queries: None,
            functions: None,
            contract: contract.reference().clone(),
        }
    };
    let rig = Rig { shadow: Some(Box::new(shadow)), ..rig() };
    rig.append(&[PARKED, GOOD, SLOW, UNLUCKY, TEXT]);
    rig.run().await;
    let ledger = rig.lake.ledgers().remove(0);
    let shadow = ledger.shadow.unwrap();
    assert_eq!((shadow.row_count, shadow.violating_rows, shadow.dead_letters), (2, 1, 2));
    assert_eq!(shadow.rules, ledger.verdict.rules);
}

/// `SELECT upper(_raw_value) AS shout FROM input`.
struct Shout(SchemaRef);

impl Transform for Shout {
    fn schema(&self) -> &SchemaRef {
        &self.0
    }

    fn apply<'a>(&'a self, rows: &'a RecordBatch) -> Applied<'a> {
        Box::pin(async move {
            let payloads = rows.column(0).as_string::<i32>();
            let loud: StringArray =
                payloads.iter().map(|text| text.map(str::to_uppercase)).collect();
            let rows = RecordBatch::try_new(Arc::clone(&self.0), vec![Arc::new(loud)])?;
            let origins = (0..rows.num_rows() as u32).collect();
            Ok(Transformed { rows, origins, failed: Vec::new() })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_contract_the_columns_are_the_transforms() {
    let schema = Schema::new(vec![Field::new("shout", DataType::Utf8, true)]);
    let transform: Arc<dyn Transform> = Arc::new(Shout(Arc::new(schema)));
    let rig = Rig {
        contract: None,
        policy: Policy::Block,
        rejects: RejectsTo::Nowhere,
        transform: Some(transform),
        ..Rig::new()
    };
    rig.append(&["a", "b"]);
    rig.run().await;
    let rows = rig.lake.rows(TableRole::Output).remove(0);
    assert_eq!([text(&rows, "shout", 0), text(&rows, "shout", 1)], ["A", "B"]);
    let schema = rows.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names[..4], ["shout", "_kafka_key", "_kafka_headers", "_kafka_topic"]);
}

/// A function that answers each row as it is, after a while, or why it cannot.
struct Asked(SchemaRef, Option<FunctionFault>);

impl Transform for Asked {
    fn schema(&self) -> &SchemaRef {
        &self.0
    }

    fn apply<'a>(&'a self, rows: &'a RecordBatch) -> Applied<'a> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            if let Some(fault) = &self.1 {
                return Err(fault.clone().into());
            }
            let origins = (0..rows.num_rows() as u32).collect();
            Ok(Transformed { rows: rows.clone(), origins, failed: Vec::new() })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_fails_ends_the_query_and_nothing_is_lost_or_doubled() {
    let schema = Tenfold::of_pings().schema().clone();
    for is_late in [true, false] {
        let reason = "it threw RangeError".to_owned();
        let fault = FunctionFault { function: "f".into(), step: 1, reason, is_late };
        let broken = Asked(schema.clone(), Some(fault));
        let rig = Rig { transform: Some(Arc::new(broken)), ..Rig::new() };
        rig.append(&[GOOD, GOOD]);
        let fault = rig.run_to_fault().await;
        let retry = if is_late { Retry::Later } else { Retry::Never };
        assert_eq!(fault.retry(), retry);
        assert!(fault.to_string().contains("the function f of transforms[1]"), "{fault}");
        assert!(rig.lake.ledgers().is_empty());
        let mended = Rig { transform: Some(Arc::new(Asked(schema.clone(), None))), ..rig };
        mended.run().await;
        assert_eq!(mended.offsets(TableRole::Output), [0, 1]);
        assert_eq!(mended.lake.breaks(), Vec::<String>::new());
    }
}
