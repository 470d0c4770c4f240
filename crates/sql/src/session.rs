//! What a statement may see and use: one table, its memory, no file and no network.

use std::sync::Arc;

use arrow_schema::{DataType, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::streaming::StreamingTableExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::fault::SqlFault;
use crate::feed::{Feed, Partition};

/// Where a statement is planned: no table yet.
pub(crate) fn context(memory: usize) -> Result<SessionContext, SqlFault> {
    let mut config = SessionConfig::new().with_target_partitions(1);
    let parser = &mut config.options_mut().sql_parser;
    // Columns are called as the contract writes them.
    parser.enable_ident_normalization = false;
    // Texts are `Utf8` everywhere.
    parser.map_string_types_to_utf8view = false;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(memory)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
        )
        .build_arc()
        .map_err(|error| SqlFault::unplannable(&error))?;
    Ok(SessionContext::new_with_config_rt(config, runtime))
}

/// The plan of one statement that reads, as it is written.
pub(crate) async fn select(context: &SessionContext, sql: &str) -> Result<LogicalPlan, SqlFault> {
    let plan = context.state().create_logical_plan(sql).await;
    let plan = plan.map_err(|error| SqlFault::unplannable(&error))?;
    let harmless =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    harmless.verify_plan(&plan).map_err(|_| SqlFault::NotASelect("a statement that changes"))?;
    match plan {
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_) => {
            Err(SqlFault::NotASelect("a statement that explains"))
        }
        plan => Ok(plan),
    }
}

/// A statement that was planned once, over rows that come batch by batch.
pub(crate) struct Session {
    context: SessionContext,
    plan: LogicalPlan,
    pub feed: Arc<Feed>,
}

impl Session {
    /// `tables`: names by which the statement may call the rows.
    pub async fn plan(
        sql: &str,
        tables: &[String],
        schema: SchemaRef,
        memory: usize,
    ) -> Result<Self, SqlFault> {
        let told = |error| SqlFault::unplannable(&error);
        let context = context(memory)?;
        let feed = Arc::new(Feed::new(Arc::clone(&schema)));
        for table in tables {
            let partition = Arc::new(Partition(Arc::clone(&feed)));
            let rows =
                StreamingTable::try_new(Arc::clone(&schema), vec![partition]).map_err(told)?;
            let name = datafusion::common::TableReference::bare(table.as_str());
            context.register_table(name, Arc::new(rows)).map_err(told)?;
        }
        let plan = select(&context, sql).await?;
        let plan = context.state().optimize(&plan).map_err(told)?;
        let fields = plan.schema().fields();
        let [field] = fields.iter().as_slice() else { return Err(SqlFault::Columns(fields.len())) };
        let data_type = field.data_type();
        if !data_type.is_numeric() && !matches!(data_type, DataType::Boolean | DataType::Null) {
            return Err(SqlFault::NoNumber(data_type.to_string()));
        }
        let session = Self { context, plan, feed };
        // What cannot be made physical is said at the start.
        session.physical().await.map_err(told)?;
        Ok(session)
    }

    /// Begins to run. True: it reads rows as they come; false: it has to have all of them before.
    pub async fn start(&self) -> datafusion::error::Result<Option<SendableRecordBatchStream>> {
        let plan = self.physical().await?;
        if scans(&plan) > 1 {
            return Ok(None);
        }
        self.feed.open();
        execute_stream(plan, self.context.task_ctx()).map(Some)
    }

    /// Runs over rows that were kept.
    pub async fn run(&self) -> datafusion::error::Result<SendableRecordBatchStream> {
        execute_stream(self.physical().await?, self.context.task_ctx())
    }

    async fn physical(&self) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        self.context.state().create_physical_plan(&self.plan).await
    }
}

fn scans(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = usize::from(plan.downcast_ref::<StreamingTableExec>().is_some());
    own + plan.children().into_iter().map(scans).sum::<usize>()
}
