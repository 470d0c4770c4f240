//! From a resolved node to a query of concrete parts.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use headgate_contract::{CheckOptions, Checker, Contract};
use headgate_decode::{Decoder, UnknownFields};
use headgate_delta::{Cursors, DeltaSink, DeltaSinkConfig, TableConfig, Written};
use headgate_engine::{
    BatchLimits, EngineConfig, Query, QueryParts, RejectsContract, Shadow, StopSignal, StopSwitch,
    WriterSchemas,
};
use headgate_kafka::{FetchBudget, KafkaSource, TopicSelection};
use headgate_model::{
    BatchQueries, BoxFault, Budget, ContractRef, InterventionGate, RecordSource, RowFunctions,
    TableRole, Transform,
};
use headgate_registry::SchemaRegistry;
use headgate_sources::{MemorySource, RateSource};

use crate::handle::Feed;
use crate::input::SourceConfig;
use crate::registry;
use crate::resolve::{NamedTable, NodeConfig};
use crate::rule_calls::RuleCalls;
use crate::rule_queries;
use crate::start::now;

/// What a running query keeps when its contract changes.
pub(crate) struct Standing {
    pub gate: Arc<dyn InterventionGate>,
    pub feed: Arc<Feed>,
    pub calls: Arc<RuleCalls>,
    pub cursors: Arc<Cursors>,
    pub fetch: FetchBudget,
    pub writers: Budget,
    pub state: Budget,
    pub registry: Option<Arc<SchemaRegistry>>,
}

/// How payloads become rows and are judged. It is planned without a look at records or tables.
pub(crate) struct Judging {
    decoder: Box<dyn Decoder>,
    schemas: Option<WriterSchemas>,
    transform: Option<Arc<dyn Transform>>,
    checker: Option<Checker>,
    queries: Option<Box<dyn BatchQueries>>,
    functions: Option<Box<dyn RowFunctions>>,
    contract: Option<ContractRef>,
    rejects_contract: Option<RejectsContract>,
    shadow: Option<Shadow>,
}

/// A query whose tables are open and whose source is connected.
pub(crate) struct Prepared {
    pub incarnation: String,
    /// Stops this one, and not what may follow it.
    pub switch: StopSwitch,
    pub run: Pin<Box<dyn Future<Output = Result<(), BoxFault>> + Send>>,
}

impl Standing {
    pub async fn judging(&self, config: &NodeConfig) -> Result<Judging, BoxFault> {
        let check = CheckOptions {
            reject_unknown_fields: config.payload.options.unknown_fields == UnknownFields::Reject,
            keeps_violating: config.policy.writes_violating_rows(),
            frame_bytes: config.payload.frame_bytes(),
        };
        let columns = config.rows.columns.as_ref();
        let decoder = config.payload.decoder(columns)?;
        let schemas = match &self.registry {
            Some(registry) => {
                registry::check(registry, &config.payload, &config.source, columns).await?;
                let source = Arc::clone(registry) as _;
                Some(WriterSchemas { source, on_change: config.payload.on_schema_change })
            }
            None => None,
        };
        let transform = config.rows.transform.clone();
        let schema = transform.as_ref().map_or(decoder.schema(), |transform| transform.schema());
        let contract = config.contract.as_ref();
        let queries = match contract {
            Some(contract) => rule_queries::plan(contract, schema).await?,
            None => None,
        };
        let shadow = match &config.shadow_contract {
            Some(contract) => Some(self.shadow(config, contract, check).await?),
            None => None,
        };
        Ok(Judging {
            decoder,
            schemas,
            transform,
            checker: contract.map(|contract| contract.checker(check)),
            queries,
            functions: contract.and_then(|contract| self.calls.functions_of(contract)),
            contract: contract.map(|contract| contract.reference().clone()),
            rejects_contract: config.rejects_contract.clone().map(RejectsContract::new),
            shadow,
        })
    }

    async fn shadow(
        &self,
        config: &NodeConfig,
        contract: &Contract,
        check: CheckOptions,
    ) -> Result<Shadow, BoxFault> {
        let transform = config.rows.shadow_transform.clone();
        let columns = match &transform {
            Some(_) => config.rows.columns.as_ref(),
            None => Some(contract.schema()),
        };
        let decoder = config.payload.decoder(columns)?;
        let schema = transform.as_ref().map_or(decoder.schema(), |made| made.schema());
        Ok(Shadow {
            queries: rule_queries::plan(contract, schema).await?,
            functions: self.calls.functions_of(contract),
            transform,
            checker: contract.checker(check),
            contract: contract.reference().clone(),
            decoder,
        })
    }

    /// Opens the tables and connects; `stop` ends the query, whichever of several it is.
    pub async fn prepare(
        &self,
        config: &NodeConfig,
        judging: Judging,
        stop: &StopSignal,
    ) -> Result<Prepared, BoxFault> {
        match config.source.clone() {
            SourceConfig::Kafka(kafka) => {
                self.connect(KafkaSource::new(*kafka, self.fetch)?, config, judging, stop).await
            }
            SourceConfig::Rate(rate) => {
                self.connect(RateSource::new(rate, now()), config, judging, stop).await
            }
            SourceConfig::Memory(memory) => {
                self.connect(MemorySource::new(memory, now()), config, judging, stop).await
            }
        }
    }

    async fn connect<S: RecordSource>(
        &self,
        source: S,
        config: &NodeConfig,
        judging: Judging,
        stop: &StopSignal,
    ) -> Result<Prepared, BoxFault> {
        let (switch, stop) = StopSwitch::within(stop);
        let Judging {
            decoder,
            schemas,
            transform,
            checker,
            queries,
            functions,
            contract,
            rejects_contract,
            shadow,
        } = judging;
        let query = Query::prepare(QueryParts {
            config: self.engine_config(config),
            source,
            sink: DeltaSink::new(self.sink_config(config)),
            decoder,
            schemas,
            transform,
            checker,
            queries,
            functions,
            contract,
            rejects_contract,
            shadow,
            output_rows: Box::new(Written::of(output(config).clone())),
            gate: Arc::clone(&self.gate),
            observer: Arc::clone(&self.feed) as _,
            stop,
        })
        .await?;
        let incarnation = query.incarnation().to_owned();
        Ok(Prepared { incarnation, switch, run: Box::pin(query.run()) })
    }

    fn sink_config(&self, config: &NodeConfig) -> DeltaSinkConfig {
        let is_side = |table: &&NamedTable| table.config.role != TableRole::Output;
        let sides = config.tables.iter().filter(is_side);
        DeltaSinkConfig {
            query: config.query.clone(),
            output: output(config).clone(),
            side_tables: sides.map(|table| table.config.clone()).collect(),
            durability: config.durability,
            cursors: Arc::clone(&self.cursors),
            buffers: self.writers.clone(),
        }
    }

    fn engine_config(&self, config: &NodeConfig) -> EngineConfig {
        let limits = BatchLimits {
            max_rows: config.max_rows,
            max_bytes: config.max_bytes,
            max_offsets: None,
            min_offsets: None,
            max_trigger_delay: Duration::ZERO,
            state: self.state.clone(),
        };
        let (limits, fixed_assignment) = match &config.source {
            SourceConfig::Kafka(kafka) => {
                let limits = BatchLimits {
                    max_offsets: kafka.max_offsets_per_trigger,
                    min_offsets: kafka.min_offsets_per_trigger,
                    max_trigger_delay: kafka.max_trigger_delay,
                    ..limits
                };
                (limits, matches!(kafka.topics, TopicSelection::Assign(_)))
            }
            // One worker has them all.
            SourceConfig::Rate(_) | SourceConfig::Memory(_) => (limits, true),
        };
        EngineConfig {
            query: config.query.clone(),
            policy: config.policy,
            trigger: config.trigger,
            limits,
            layout: config.layout.clone(),
            fixed_assignment,
        }
    }
}

/// Resolution refuses a node without one.
pub(crate) fn output(config: &NodeConfig) -> &TableConfig {
    let output = config.table(TableRole::Output).unwrap_or(&config.tables[0]);
    &output.config
}
