//! Queries under a new name, and queries that read again (rule 10, T10).

use headgate_delta::{Durability, Operator, RewindTo};
use headgate_model::LakeSink;

use crate::lake::{Lake, Worker, partition};

async fn operator(lake: &Lake) -> Operator {
    Operator::open(&lake.output(), None).await.unwrap()
}

#[tokio::test]
async fn t10_a_new_name_is_refused_until_it_adopts_the_positions() {
    let lake = Lake::local(Durability::Process);
    let mut old = lake.worker().await;
    old.advance(&[0, 1], 10).await;
    let mut renamed = lake.config();
    renamed.query = "purchases".to_owned();
    let fault = Worker::start(renamed.clone()).await.err().unwrap();
    assert_eq!(fault.code(), "QUERY_RENAMED");

    let done = operator(&lake).await.adopt("purchases").await.unwrap();
    assert_eq!((done.query.as_str(), done.positions.len()), ("purchases", 3));
    let mut worker = Worker::start(renamed).await.unwrap();
    assert_eq!((worker.position(0), worker.position(2)), (10, 0));
    worker.advance(&[0], 10).await;

    let ranges = old.next(&[0], 10);
    old.write(&ranges).await.unwrap();
    assert_eq!(old.commit(&ranges).await.unwrap_err().code(), "QUERY_SUPERSEDED");
    let fault = Worker::start(lake.config()).await.err().unwrap();
    assert_eq!(fault.code(), "QUERY_RETIRED");
    let report = lake.verify().await;
    assert_eq!((report.breaks, report.records), (Vec::new(), 30));
}

#[tokio::test]
async fn a_debt_of_the_old_name_is_paid_before_it_is_adopted() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await.advance(&[0], 10).await;
    crate::tables::delete(&lake.rejects(), "_delta_log/00000000000000000001.json").await;
    assert_eq!(lake.verify().await.open_debts, 1);
    operator(&lake).await.adopt("purchases").await.unwrap();
    assert_eq!(lake.verify().await.open_debts, 0);
}

#[tokio::test]
async fn a_query_reads_again_from_a_version_or_from_offsets() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    let then = worker.advance(&[0], 10).await;
    worker.advance(&[0, 1], 10).await;
    let done = operator(&lake).await.rewind(RewindTo::Version(then)).await.unwrap();
    assert_eq!((done.positions[&partition(0)], done.positions[&partition(1)]), (10, 0));
    assert_eq!(worker.sink.refresh().await.unwrap_err().code(), "QUERY_SUPERSEDED");
    let again = lake.worker().await;
    assert_eq!((again.position(0), again.position(1)), (10, 0));

    let to = RewindTo::Offsets(vec![("orders".to_owned(), 1, 4)]);
    let done = operator(&lake).await.rewind(to).await.unwrap();
    assert_eq!((done.positions[&partition(0)], done.positions[&partition(1)]), (10, 4));
    let unknown = RewindTo::Offsets(vec![("orders".to_owned(), 9, 4)]);
    let fault = operator(&lake).await.rewind(unknown).await.unwrap_err();
    let said = |fault: &headgate_delta::DeltaFault| {
        use headgate_model::Fault;
        (fault.code(), fault.context().actual.unwrap())
    };
    assert_eq!(said(&fault), ("QUERY_NO_SUCH_PLACE", "orders-9".to_owned()));
    let fault = operator(&lake).await.rewind(RewindTo::Version(0)).await.unwrap_err();
    assert_eq!(said(&fault), ("QUERY_NO_SUCH_PLACE", "0".to_owned()));
    let fault = operator(&lake).await.adopt("orders").await.unwrap_err();
    assert_eq!(said(&fault), ("QUERY_NAME_TAKEN", "orders".to_owned()));
    assert_eq!(lake.verify().await.breaks, Vec::<String>::new());
}

#[tokio::test]
async fn a_query_that_the_table_does_not_know_is_named_with_those_that_it_knows() {
    let lake = Lake::local(Durability::Process);
    lake.worker().await;
    let fault = Operator::open(&lake.output(), Some("order")).await.err().unwrap();
    let context = headgate_model::Fault::context(&fault);
    assert_eq!(context.expected.as_deref(), Some("one of orders"));
}
