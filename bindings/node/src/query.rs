use std::sync::Arc;
use std::time::Duration;

use headgate::gate::{DEFAULT_TIMEOUT, Fallback};
use headgate::observers::Report;
use headgate::{Failure, Functions, InterventionOptions, QueryHandle, QueryState, StartOptions};
use headgate_model::Decision;
use napi::bindgen_prelude::Uint32Array;
use napi_derive::napi;

use crate::failure::NativeFailure;
use crate::functions::NativeFunctions;
use crate::rules::{NativeRuleCall, found};
use crate::transforms::{NativeTransformCall, made};
use crate::values::{NativeBatch, NativeContractRef, NativeDataset, NativeProgress, NativeVerdict};

#[napi(object)]
pub struct NativeStartOptions {
    pub base_dir: String,
    pub has_intervention: bool,
    pub intervention_timeout_ms: Option<f64>,
    #[napi(ts_type = "'block' | 'proceed'")]
    pub intervention_fallback: Option<String>,
    pub observers: Vec<String>,
    pub rules: Option<NativeFunctions>,
    pub transforms: Option<NativeFunctions>,
}

#[napi(object, object_from_js = false)]
pub struct NativeStarted {
    pub query: Option<NativeQuery>,
    pub failure: Option<NativeFailure>,
}

/// What judged before and what judges now, or why nothing changed.
#[napi(object)]
pub struct NativeContractChange {
    pub from: Option<NativeContractRef>,
    pub to: Option<NativeContractRef>,
    pub failure: Option<NativeFailure>,
}

#[napi(object)]
pub struct NativeVerdictRequest {
    pub request: u32,
    pub verdict: NativeVerdict,
}

/// Exactly one of the three.
#[napi(object)]
pub struct NativeTold {
    pub batch: Option<NativeBatch>,
    pub gap: Option<NativeGap>,
    pub failure: Option<NativeFailure>,
}

/// Versions of the output, both inclusive.
#[napi(object)]
pub struct NativeGap {
    pub from: f64,
    pub to: f64,
}

impl From<Result<Report, Box<Failure>>> for NativeTold {
    fn from(told: Result<Report, Box<Failure>>) -> Self {
        let nothing = Self { batch: None, gap: None, failure: None };
        match told {
            Ok(Report::Batch(batch)) => Self { batch: Some((*batch).into()), ..nothing },
            Ok(Report::Gap { from, to }) => {
                Self { gap: Some(NativeGap { from: from as f64, to: to as f64 }), ..nothing }
            }
            Err(failure) => Self { failure: Some((*failure).into()), ..nothing },
        }
    }
}

/// Resolves once the tables are open and the source is connected.
#[napi]
pub async fn start_query(config_json: String, options: NativeStartOptions) -> NativeStarted {
    let NativeStartOptions {
        base_dir,
        has_intervention,
        intervention_timeout_ms,
        intervention_fallback,
        observers,
        rules,
        transforms,
    } = options;
    let intervention = has_intervention.then(|| InterventionOptions {
        timeout: intervention_timeout_ms.map_or(DEFAULT_TIMEOUT, millis),
        fallback: match intervention_fallback.as_deref() {
            Some("proceed") => Fallback::Proceed,
            _ => Fallback::default(),
        },
    });
    let registered = |given: Option<NativeFunctions>| given.map(Into::into).unwrap_or_default();
    let functions = Functions { rules: registered(rules), transforms: registered(transforms) };
    let options = StartOptions { base_dir: base_dir.into(), intervention, observers, functions };
    match headgate::start(&config_json, options).await {
        Ok(handle) => {
            NativeStarted { query: Some(NativeQuery { handle: Arc::new(handle) }), failure: None }
        }
        Err(failure) => NativeStarted { query: None, failure: Some((*failure).into()) },
    }
}

pub(crate) fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or(DEFAULT_TIMEOUT)
}

#[napi]
pub struct NativeQuery {
    handle: Arc<QueryHandle>,
}

#[napi]
impl NativeQuery {
    #[napi(getter)]
    pub fn id(&self) -> String {
        self.handle.id.clone()
    }

    #[napi(getter)]
    pub fn run_id(&self) -> String {
        self.handle.run_id.clone()
    }

    #[napi(getter)]
    pub fn name(&self) -> String {
        self.handle.name.clone()
    }

    /// The output, as it is before its first batch.
    #[napi(getter)]
    pub fn dataset(&self) -> NativeDataset {
        (&self.handle.dataset).into()
    }

    /// With an intervention: the newest batches of the query before this start, the newest last.
    #[napi(getter)]
    pub fn history(&self) -> Vec<NativeBatch> {
        self.handle.history.iter().cloned().map(Into::into).collect()
    }

    #[napi(ts_return_type = "'ACTIVE' | 'TERMINATED' | 'FAILED'")]
    pub fn status(&self) -> String {
        match self.handle.state() {
            QueryState::Active => "ACTIVE",
            QueryState::Terminated => "TERMINATED",
            QueryState::Failed => "FAILED",
        }
        .to_owned()
    }

    /// In commit order; null once the query has ended and all batches were told.
    #[napi]
    pub async fn next_batch(&self) -> Option<NativeBatch> {
        self.handle.next_batch().await.map(Into::into)
    }

    /// What an observer that follows the output's log is to be told next; null once the query has
    /// ended and all was told, or another worker tells it.
    #[napi]
    pub async fn next_told(&self, observer: String) -> Option<NativeTold> {
        self.handle.next_told(&observer).await.transpose().map(Into::into)
    }

    /// The observer has taken note of everything up to `version`.
    #[napi]
    pub fn told(&self, observer: String, version: f64) {
        self.handle.told(&observer, version as i64);
    }

    /// After the end: says in the output's log how far observers are, if no batch has.
    #[napi]
    pub async fn settle_observers(&self) -> Option<NativeFailure> {
        self.handle.settle_observers().await.err().map(|failure| (*failure).into())
    }

    #[napi]
    pub async fn next_progress(&self) -> Option<NativeProgress> {
        self.handle.next_progress().await.map(Into::into)
    }

    /// The next verdict to decide on; null without an intervention, and once the query has ended.
    #[napi]
    pub async fn next_verdict(&self) -> Option<NativeVerdictRequest> {
        let (request, verdict) = self.handle.next_verdict().await?;
        Some(NativeVerdictRequest { request, verdict: (&verdict).into() })
    }

    /// What batches can be rerouted to: `rejects`, and the names of sinks.
    #[napi(getter)]
    pub fn reroute_targets(&self) -> Vec<String> {
        self.handle.reroute_targets.iter().map(|target| target.name.clone()).collect()
    }

    /// False when the deadline had passed. A reroute to what is no target is a block.
    #[napi]
    pub fn decide(
        &self,
        request: u32,
        #[napi(ts_arg_type = "'proceed' | 'warn' | 'block' | 'reroute'")] action: String,
        reason: Option<String>,
        to: Option<String>,
    ) -> bool {
        let reason = reason.unwrap_or_default();
        let targets = &self.handle.reroute_targets;
        let target = to.and_then(|to| targets.iter().find(|target| target.name == to).cloned());
        let decision = match (action.as_str(), target) {
            ("proceed", _) => Decision::Proceed,
            ("warn", _) => Decision::Warn { reason },
            ("reroute", Some(to)) => Decision::Reroute { reason, to },
            _ => Decision::Block { reason },
        };
        self.handle.decide(request, decision)
    }

    /// The next call of a rule's function; null once the query has ended.
    #[napi]
    pub async fn next_rule_call(&self) -> Option<NativeRuleCall> {
        self.handle.next_rule_call().await.map(Into::into)
    }

    /// The rows that break the rule, or why they are not known. False when the deadline had passed.
    #[napi]
    pub fn answer_rule_call(
        &self,
        call: u32,
        rows: Option<Uint32Array>,
        failure: Option<String>,
    ) -> bool {
        self.handle.answer_rule_call(call, found(rows, failure))
    }

    /// The next call of a transform's function; null once the query has ended.
    #[napi]
    pub async fn next_transform_call(&self) -> Option<NativeTransformCall> {
        self.handle.next_transform_call().await.map(Into::into)
    }

    /// A line of JSON for each row, or why there are none. False when the deadline had passed.
    #[napi]
    pub fn answer_transform_call(
        &self,
        call: u32,
        lines: Option<String>,
        failure: Option<String>,
    ) -> bool {
        self.handle.answer_transform_call(call, made(lines, failure))
    }

    /// Moves to the contracts of a configuration that is the query's own in all else, between two
    /// batches. A failure that the query does not end with leaves it as it was.
    #[napi]
    pub async fn update_contract(&self, config_json: String) -> NativeContractChange {
        match self.handle.update_contract(&config_json).await {
            Ok(change) => NativeContractChange {
                from: Some((&change.from).into()),
                to: Some((&change.to).into()),
                failure: None,
            },
            Err(failure) => {
                NativeContractChange { from: None, to: None, failure: Some((*failure).into()) }
            }
        }
    }

    /// Resolves when everything has stopped, with the failure if that is why.
    #[napi]
    pub async fn ended(&self) -> Option<NativeFailure> {
        self.handle.ended().await.map(Into::into)
    }

    #[napi]
    pub async fn stop(&self, drain: bool, timeout_ms: f64) -> Option<NativeFailure> {
        self.handle.stop(drain, millis(timeout_ms)).await.map(Into::into)
    }
}
