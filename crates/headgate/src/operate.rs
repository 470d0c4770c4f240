//! What an operator does to a query that is not running.

use headgate_delta::Operator;
pub use headgate_delta::{Operation, RewindTo};

use crate::Failure;
use crate::inspect::{address, failure};

type Operated = Result<Operation, Box<Failure>>;

/// Lets a query go on that an intervention blocked; see `headgate release`.
pub async fn release(path: &str, query: Option<&str>, reason: Option<String>) -> Operated {
    open(path, query).await?.release(reason).await.map_err(failure)
}

/// Hands a query's positions to a new name; see `headgate adopt`.
pub async fn adopt(path: &str, query: Option<&str>, name: &str) -> Operated {
    open(path, query).await?.adopt(name).await.map_err(failure)
}

/// Makes a query read again; see `headgate rewind`.
pub async fn rewind(path: &str, query: Option<&str>, to: RewindTo) -> Operated {
    open(path, query).await?.rewind(to).await.map_err(failure)
}

async fn open(path: &str, query: Option<&str>) -> Result<Operator, Box<Failure>> {
    Operator::open(&address(path)?, query).await.map_err(failure)
}
