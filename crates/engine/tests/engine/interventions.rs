use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use headgate_engine::{EngineFault, Policy, RejectsTo, StopMode};
use headgate_model::fake::{CommitEvent, EntryKind};
use headgate_model::{
    Counts, Decision, InterventionGate, RerouteTarget, Status, TableRole, Verdict,
};

use crate::rig::{BROKEN, GOOD, Rig, SLOW, engine_fault, secs};
use crate::scopes::{ids_of, once_ever};

/// Answers by what the verdict says, and remembers each.
struct Strategy {
    decide: fn(&Verdict) -> Decision,
    asked: Mutex<Vec<Verdict>>,
}

impl Strategy {
    fn new(decide: fn(&Verdict) -> Decision) -> Arc<Self> {
        Arc::new(Self { decide, asked: Mutex::default() })
    }

    fn asked(&self) -> Vec<Verdict> {
        self.asked.lock().unwrap().clone()
    }
}

impl InterventionGate for Strategy {
    fn decide<'a>(
        &'a self,
        verdict: &'a Verdict,
    ) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        self.asked.lock().unwrap().push(verdict.clone());
        Box::pin(async {
            tokio::time::sleep(secs(2)).await;
            (self.decide)(verdict)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn proceed_changes_nothing() {
    let strategy = Strategy::new(|_| Decision::Proceed);
    let rig = Rig { gate: strategy.clone(), ..Rig::new() };
    rig.append(&[GOOD, SLOW]);
    let told = rig.run().await;
    let ledger = rig.lake.ledgers().remove(0);
    assert_eq!(
        strategy.asked(),
        std::slice::from_ref(&ledger.verdict),
        "the verdict that is committed"
    );
    assert_eq!((ledger.verdict.status, ledger.intervention), (Status::Warn, None));
    assert_eq!(told.progress()[0].phases.decide, secs(2));
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn warn_commits_the_batch_with_its_reason() {
    let warn = |_: &Verdict| Decision::Warn { reason: "odd".into() };
    let rig = Rig { gate: Strategy::new(warn), ..Rig::new() };
    rig.append(&[GOOD]);
    rig.run().await;
    let ledger = rig.lake.ledgers().remove(0);
    assert_eq!(ledger.verdict.status, Status::Warn);
    assert_eq!(ledger.intervention.as_deref(), Some("odd"));
    rig.assert_exactly_once();
}

fn reroute(name: &str, role: TableRole) -> Decision {
    let to = RerouteTarget { name: name.into(), role };
    Decision::Reroute { reason: "odd".into(), to }
}

#[tokio::test(start_paused = true)]
async fn what_is_rerouted_is_in_its_target_alone() {
    for (decide, role, names) in [
        (
            (|_| reroute("quarantine", TableRole::Sink(0))) as fn(&Verdict) -> Decision,
            TableRole::Sink(0),
            "quarantine",
        ),
        (|_| reroute("rejects", TableRole::Rejects), TableRole::Rejects, "rejects"),
    ] {
        let rig = Rig { gate: Strategy::new(decide), ..Rig::new() };
        rig.append(&[GOOD, SLOW, GOOD, BROKEN]);
        rig.run().await;
        let ledger = rig.lake.ledgers().remove(0);
        assert_eq!(ledger.verdict.status, Status::Warn);
        assert_eq!(ledger.rerouted_to.as_deref(), Some(names));
        let Counts { accepted, rejected, dead_letters, rerouted, .. } = ledger.counts;
        assert_eq!([accepted, rejected, dead_letters, rerouted], [0, 1, 1, 2]);
        assert_eq!(rig.lake.num_rows(TableRole::Output), 0);
        let of_policy = usize::from(role == TableRole::Rejects);
        assert_eq!(rig.lake.num_rows(role), 2 + of_policy);
        rig.assert_exactly_once();
    }
}

#[tokio::test(start_paused = true)]
async fn rejects_say_that_an_intervention_sent_them_a_row() {
    let rig = Rig { gate: Strategy::new(|_| reroute("rejects", TableRole::Rejects)), ..Rig::new() };
    rig.append(&[GOOD]);
    rig.run().await;
    let rows = rig.lake.rows(TableRole::Rejects).remove(0);
    let found = rows.column_by_name("_violations").unwrap().as_list::<i32>().value(0);
    let rules = found.as_struct().column(0).as_string::<i32>().clone();
    assert_eq!(rules.iter().flatten().collect::<Vec<_>>(), ["intervention"]);
    let id = rows.column_by_name("_contract_id").unwrap().as_string::<i32>().clone();
    assert_eq!(id.value(0), "pings");
    let batch = rows.column_by_name("_batch_uuid").unwrap().as_string::<i32>().clone();
    assert_eq!(batch.value(0), rig.lake.ledgers()[0].verdict.batch_uuid);
    assert!(rows.column_by_name("_raw_value").unwrap().is_null(0), "the output does not keep it");
}

#[tokio::test(start_paused = true)]
async fn a_batch_with_nothing_to_accept_is_not_rerouted() {
    let to_sink = |_: &Verdict| reroute("quarantine", TableRole::Sink(0));
    let rig = Rig { gate: Strategy::new(to_sink), ..Rig::new() };
    rig.append(&[SLOW]);
    rig.run().await;
    let ledger = rig.lake.ledgers().remove(0);
    assert_eq!((ledger.rerouted_to, ledger.counts.rerouted), (None, 0));
    assert_eq!(ledger.intervention.as_deref(), Some("odd"));
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn block_writes_nothing_and_fails_the_query_with_its_verdict() {
    let block = |verdict: &Verdict| match verdict.violations {
        0 => Decision::Proceed,
        _ => Decision::Block { reason: "too many".into() },
    };
    let mut rig = Rig { gate: Strategy::new(block), ..Rig::new() };
    rig.limits.max_rows = 2;
    rig.append(&[GOOD, GOOD, GOOD, SLOW, GOOD, GOOD]);
    let worker = rig.start_alone().await;
    let told = Arc::clone(&worker.told);
    let fault = worker.fault().await;
    let EngineFault::Blocked { reason, verdict } = engine_fault(&fault) else { panic!("{fault}") };
    assert_eq!((reason.as_str(), verdict.status), ("too many", Status::Block));
    assert_eq!((verdict.row_count, verdict.violating_rows), (2, 1));
    assert_eq!(rig.offsets(TableRole::Output), [0, 1], "what was committed before stays");
    assert_eq!(rig.lake.num_rows(TableRole::Rejects), 0);
    let last = rig.lake.log().pop().unwrap();
    assert_eq!(last.kind, EntryKind::Intervention);
    let ledger = last.ledger.unwrap();
    assert_eq!(ledger.intervention.as_deref(), Some("too many"));
    assert_eq!(told.batches().pop().unwrap().ledger, ledger, "observers are told");
    assert_eq!(rig.lake.breaks(), Vec::<String>::new());

    rig.gate = Arc::new(headgate_model::Proceed);
    let fault = rig.try_start().await.err().unwrap();
    let EngineFault::StillBlocked(note) = engine_fault(&fault) else { panic!("{fault}") };
    assert_eq!((note.version, note.reason.as_str()), (3, "too many"));
    rig.lake.release();
    rig.run().await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn a_strategy_is_not_asked_of_a_batch_that_the_policy_blocks() {
    let strategy = Strategy::new(|_| Decision::Proceed);
    let rig = Rig {
        policy: Policy::Block,
        rejects: RejectsTo::Nowhere,
        gate: strategy.clone(),
        ..Rig::new()
    };
    rig.append(&[SLOW]);
    assert_eq!(rig.run_to_fault().await.code(), "CONTRACT_VIOLATED");
    assert!(strategy.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_strategy_is_asked_again_when_its_batch_was_fenced() {
    let strategy = Strategy::new(|_| Decision::Proceed);
    let rig = Rig { gate: strategy.clone(), ..Rig::ticking() };
    let worker = rig.start_alone().await;
    worker.sink.on_commit(CommitEvent::Beaten { group: "group".into() });
    rig.append(&[GOOD; 2]);
    tokio::time::sleep(secs(13)).await;
    rig.append(&[GOOD]);
    tokio::time::sleep(secs(13)).await;
    worker.stopped(StopMode::Drain).await;
    let asked: Vec<_> = strategy.asked().iter().map(|verdict| verdict.row_count).collect();
    assert_eq!(asked, [2, 1]);
    rig.assert_exactly_once();
}

/// The next trigger may be far away; the failure is not.
#[tokio::test(start_paused = true)]
async fn a_block_ends_the_query_at_once() {
    let block = |_: &Verdict| Decision::Block { reason: "no".into() };
    let rig = Rig { gate: Strategy::new(block), ..Rig::ticking() };
    let worker = rig.start_alone().await;
    rig.append(&[GOOD]);
    tokio::time::sleep(secs(13)).await;
    assert!(!worker.is_running());
    assert_eq!(worker.fault().await.code(), "INTERVENTION_BLOCKED");
}

#[tokio::test(start_paused = true)]
async fn t14_a_block_stops_other_workers_until_it_is_released() {
    let block = |verdict: &Verdict| match verdict.violations {
        0 => Decision::Proceed,
        _ => Decision::Block { reason: "too many".into() },
    };
    let mut rig = Rig { gate: Strategy::new(block), ..Rig::ticking() };
    let other = rig.start().await;
    rig.append(&[GOOD, SLOW]);
    let worker = rig.start_alone().await;
    assert!(matches!(engine_fault(&worker.fault().await), EngineFault::Blocked { .. }));
    // The other one learns of it at its next look at the log.
    assert!(matches!(engine_fault(&other.fault().await), EngineFault::StillBlocked(_)));
    assert_eq!(rig.offsets(TableRole::Output), [0; 0]);
    rig.lake.release();
    rig.gate = Arc::new(headgate_model::Proceed);
    rig.trigger = headgate_engine::Trigger::AvailableNow;
    rig.run().await;
    rig.assert_exactly_once();
}

/// What is not in the output is no reason to keep its like out.
#[tokio::test(start_paused = true)]
async fn rules_over_the_output_forget_what_was_rerouted() {
    let first = Mutex::new(true);
    let strategy = Once { first };
    let rig = Rig { contract: Some(once_ever()), gate: Arc::new(strategy), ..Rig::ticking() };
    let worker = rig.start_alone().await;
    rig.append(&[GOOD]);
    tokio::time::sleep(secs(60)).await;
    rig.append(&[GOOD, GOOD]);
    tokio::time::sleep(secs(60)).await;
    worker.stopped(StopMode::Drain).await;
    assert_eq!(ids_of(&rig.lake), ["a"]);
    assert_eq!(rig.lake.num_rows(TableRole::Sink(0)), 1);
    rig.assert_exactly_once();
}

/// Reroutes the first batch with rows.
struct Once {
    first: Mutex<bool>,
}

impl InterventionGate for Once {
    fn decide<'a>(
        &'a self,
        verdict: &'a Verdict,
    ) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        let is_first = verdict.row_count > 0 && std::mem::take(&mut *self.first.lock().unwrap());
        Box::pin(async move {
            if is_first { reroute("quarantine", TableRole::Sink(0)) } else { Decision::Proceed }
        })
    }
}
