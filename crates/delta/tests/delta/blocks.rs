//! Verdicts that block: committed alone, once a range and contract (rule 12).

use headgate_delta::{Durability, Operator};
use headgate_model::{BatchCommit, Block, BlockNote, CommitOutcome, LakeSink, Status};

use crate::lake::{Lake, Range, Worker, contract, is_fenced, ledger};
use crate::tables;

async fn block(worker: &mut Worker, ranges: &[Range], version: &str) -> CommitOutcome {
    worker.write(ranges).await.unwrap();
    let mut ledger = ledger(ranges, false);
    ledger.verdict.status = Status::Block;
    ledger.verdict.contract = Some(contract(version));
    worker
        .sink
        .commit(BatchCommit { ledger, blocked: Some(Block::Policy), stands_on: None })
        .await
        .unwrap()
}

fn version(outcome: &CommitOutcome) -> i64 {
    match outcome {
        CommitOutcome::Committed { version, side_tables } => {
            assert!(side_tables.is_empty());
            *version
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_block_commits_its_verdict_and_nothing_else() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    assert_eq!(version(&block(&mut worker, &[(0, 0, 10)], "1.0.0").await), 2);
    let entry = tables::entry(&lake.output(), 2).await;
    assert!(tables::actions(&entry, "add").is_empty());
    assert!(tables::actions(&entry, "txn").is_empty());
    assert_eq!(tables::ledger(&entry)["kind"], "block");
    assert_eq!(tables::ledger(&entry)["verdict"]["status"], "block");
    for table in [lake.output(), lake.rejects(), lake.dead_letters()] {
        let listed = tables::list(&table).await;
        assert!(listed.iter().all(|path| !path.ends_with(".parquet")), "{listed:?}");
    }
    assert_eq!(lake.worker().await.position(0), 0);
    assert_eq!(lake.verify().await.breaks, Vec::<String>::new());
}

#[tokio::test]
async fn a_restart_that_blocks_again_adds_nothing_until_the_contract_changes() {
    let lake = Lake::local(Durability::Process);
    for (round, (end, contract, expected)) in
        [(10, "1.0.0", 2), (10, "1.0.0", 2), (25, "1.0.0", 2), (25, "1.1.0", 3), (10, "1.1.0", 3)]
            .into_iter()
            .enumerate()
    {
        let mut worker = lake.worker().await;
        let outcome = block(&mut worker, &[(0, 0, end)], contract).await;
        assert_eq!(version(&outcome), expected, "round {round}");
        assert_eq!(tables::version(&lake.output()).await, expected, "round {round}");
    }
}

#[tokio::test]
async fn after_a_block_the_same_worker_can_go_on() {
    let lake = Lake::local(Durability::Process);
    let mut worker = lake.worker().await;
    block(&mut worker, &[(0, 0, 10)], "1.0.0").await;
    worker.advance(&[0], 4).await;
    assert_eq!(version(&block(&mut worker, &[(0, 4, 10)], "1.0.0").await), 4);
    lake.settle().await;
}

async fn intervene(worker: &mut Worker, ranges: &[Range]) -> CommitOutcome {
    worker.write(ranges).await.unwrap();
    let mut ledger = ledger(ranges, false);
    ledger.verdict.status = Status::Block;
    ledger.intervention = Some("too many".to_owned());
    let blocked = Some(Block::Intervention);
    worker.sink.commit(BatchCommit { ledger, blocked, stands_on: None }).await.unwrap()
}

#[tokio::test]
async fn t14_an_interventions_block_holds_every_worker_and_start_until_it_is_released() {
    let lake = Lake::local(Durability::Process);
    let (mut worker, mut other) = (lake.worker().await, lake.worker().await);
    assert_eq!(version(&intervene(&mut worker, &[(0, 0, 10)]).await), 2);
    let note = BlockNote { version: 2, reason: "too many".to_owned() };
    // Another cut, of other partitions too, and another start.
    let ranges = other.next(&[0, 1], 30);
    other.write(&ranges).await.unwrap();
    let CommitOutcome::Blocked(found) = other.commit(&ranges).await.unwrap() else { panic!() };
    assert_eq!(found, note);
    assert_eq!(lake.worker().await.image.blocked, Some(note));
    assert_eq!(tables::version(&lake.output()).await, 2, "nobody wrote anything");

    let operator = Operator::open(&lake.output(), Some("orders")).await.unwrap();
    let done = operator.release(Some("mended".to_owned())).await.unwrap();
    assert_eq!((done.version, done.released), (3, Some(2)));
    let again = Operator::open(&lake.output(), None).await.unwrap().release(None).await.unwrap();
    assert_eq!((again.version, again.released), (3, None), "a release of nothing writes nothing");
    other.sink.refresh().await.unwrap();
    other.advance(&[0, 1], 30).await;
    lake.settle().await;
}

#[tokio::test]
async fn a_zombie_does_not_block_a_range_that_was_committed() {
    let lake = Lake::local(Durability::Process);
    let (mut owner, mut zombie) = (lake.worker().await, lake.worker().await);
    owner.advance(&[0], 10).await;
    assert!(is_fenced(&block(&mut zombie, &[(0, 0, 10)], "1.0.0").await));
    assert_eq!(tables::version(&lake.output()).await, 2);
    lake.settle().await;
}
