//! Rules of a contract that are queries, planned.

use arrow_schema::SchemaRef;
use headgate_contract::{Contract, ContractFault, ContractIssue};
use headgate_model::BatchQueries;
use headgate_sql::{Limits, Queries};

/// `schema`: of the rows as they are decoded. `None`: there is nothing to ask. A query that cannot
/// be planned is an issue of the contract.
pub(crate) async fn plan(
    contract: &Contract,
    schema: &SchemaRef,
) -> Result<Option<Box<dyn BatchQueries>>, ContractFault> {
    let statements: Vec<&str> = contract.queries().map(|query| query.statement).collect();
    if statements.is_empty() {
        return Ok(None);
    }
    let planned =
        Queries::plan(&statements, contract.tables(), SchemaRef::clone(schema), Limits::default());
    match planned.await {
        Ok(queries) => Ok(Some(Box::new(queries))),
        Err((at, fault)) => {
            let query = contract.queries().nth(at);
            let issue = ContractIssue {
                path: query.map(|query| query.path.to_owned()).unwrap_or_default(),
                expected: "one SELECT of one number over the rows".into(),
                actual: fault.to_string(),
                line: query.and_then(|query| query.line),
            };
            Err(ContractFault::Invalid { issues: vec![issue] })
        }
    }
}
