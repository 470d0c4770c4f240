//! Back-pressure, rewinds, groups, and the life of a source.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use headgate_kafka::{EmbeddedBroker, FetchBudget, KafkaSource};
use headgate_model::{PartitionId, Positions, ReadMode, RecordSource, SourceEvent};
use support::{PATIENCE, Produce, Read, config, next, read, source, start};

const EARLIEST: [(&str, &str); 2] = [("subscribe", "t"), ("startingOffsets", "earliest")];

fn filled(partitions: i32, each: u64) -> EmbeddedBroker {
    let broker = EmbeddedBroker::start(&[("t", partitions)]).unwrap();
    let produce = Produce::to(&broker);
    for partition in 0..partitions {
        produce.range("t", partition, 0..each);
    }
    produce.flush();
    broker
}

/// Answers the first assignment.
async fn assigned(source: &mut KafkaSource, positions: &Positions) -> Vec<PartitionId> {
    loop {
        if let SourceEvent::Assigned { partitions, reply } = next(source).await.unwrap() {
            reply(positions.clone());
            return partitions;
        }
    }
}

#[tokio::test]
async fn a_receiver_that_stalls_bounds_memory_and_stays_in_the_group() {
    let broker = EmbeddedBroker::start(&[("t", 4)]).unwrap();
    let produce = Produce::to(&broker);
    let value = vec![b'x'; 1000];
    for record in 0..16_000 {
        produce.one("t", record % 4, Some(&value));
    }
    produce.flush();
    // Six seconds without polling would cost the membership.
    let options = [
        EARLIEST[0],
        EARLIEST[1],
        ("kafka.max.poll.interval.ms", "6000"),
        ("kafka.session.timeout.ms", "6000"),
    ];
    let config = config(broker.bootstrap_servers(), ReadMode::Continuous, &options);
    let budget = FetchBudget { bytes: 4 << 20 };
    let mut source = KafkaSource::new(config, budget).unwrap();
    start(&mut source, "stalls").await.unwrap();
    assigned(&mut source, &Positions::new()).await;
    let begun = Instant::now();
    let mut most = 0;
    while begun.elapsed() < Duration::from_secs(8) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        most = most.max(source.queued_bytes());
    }
    assert!(most > 1 << 20, "{most} bytes: it never read ahead");
    // Half for the queue, one response above it, a quarter and one chunk in flight.
    assert!(most <= budget.bytes + (1 << 20), "{most} bytes");
    let mut all = Read::default();
    while all.len() < 16_000 {
        match next(&mut source).await.unwrap() {
            SourceEvent::Records(chunk) => all.take(&chunk),
            other => panic!("{other:?}"),
        }
    }
    assert!((0..4).all(|partition| all.range("t", partition) == (0..4_000)));
    source.close().await;
}

#[tokio::test]
async fn a_rewind_reads_exactly_the_same_records_again_under_its_epoch() {
    let broker = filled(3, 30_000);
    let mut source = source(&broker, ReadMode::Continuous, &EARLIEST);
    start(&mut source, "rewinds").await.unwrap();
    let ids = assigned(&mut source, &Positions::new()).await;
    for epoch in 1..=5 {
        // Somewhere in the middle of what is being fetched.
        let mut before = 0;
        while before < 5_000 {
            if let SourceEvent::Records(chunk) = next(&mut source).await.unwrap() {
                before += chunk.len();
            }
        }
        let positions: Positions =
            ids.iter().map(|id| (id.clone(), 1_000 * epoch + i64::from(id.partition))).collect();
        source.rewind(positions, epoch as u64).await.unwrap();
        let mut again = Read::default();
        let wanted: usize = (0..3).map(|p| (30_000 - 1_000 * epoch - p) as usize).sum();
        while again.len() < wanted {
            match next(&mut source).await.unwrap() {
                SourceEvent::Records(chunk) if chunk.epoch == epoch as u64 => again.take(&chunk),
                SourceEvent::Records(chunk) => assert!(chunk.epoch < epoch as u64),
                other => panic!("{other:?}"),
            }
        }
        for partition in 0..3 {
            let from = 1_000 * epoch + i64::from(partition);
            assert_eq!(again.range("t", partition), from..30_000, "epoch {epoch}");
        }
        // Back to the start for the next round.
        source.rewind(Positions::new(), epoch as u64).await.unwrap();
    }
    source.close().await;
}

#[tokio::test]
async fn a_rewind_after_the_end_is_drained_again() {
    let broker = filled(2, 500);
    let mut source = source(&broker, ReadMode::UntilEnd, &EARLIEST);
    start(&mut source, "rewind-drained").await.unwrap();
    let first = read(&mut source, &Positions::new(), usize::MAX).await;
    let positions: Positions = first.ids.iter().map(|id| (id.clone(), 400)).collect();
    source.rewind(positions, 1).await.unwrap();
    let second = read(&mut source, &Positions::new(), usize::MAX).await;
    assert_eq!((second.range("t", 0), second.range("t", 1)), (400..500, 400..500));
    source.close().await;
}

#[tokio::test]
async fn workers_of_a_group_share_partitions_and_hand_them_over() {
    let broker = filled(4, 100);
    let produce = Produce::to(&broker);
    let mut first = source(&broker, ReadMode::Continuous, &EARLIEST);
    let mut second = source(&broker, ReadMode::Continuous, &EARLIEST);
    start(&mut first, "shared").await.unwrap();
    let all = read(&mut first, &Positions::new(), 400).await;
    assert_eq!(all.ids.len(), 4);
    let positions: Positions = all.ids.iter().map(|id| (id.clone(), 100)).collect();

    start(&mut second, "shared").await.unwrap();
    let (mut revoked, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let (mut ours, mut theirs) = (Read::default(), Read::default());
    let together = async {
        while taken.len() < 2 || ours.len() + theirs.len() < 200 {
            tokio::select! {
                event = first.next() => match event.unwrap() {
                    SourceEvent::Revoked { partitions, lost, done } => {
                        assert!(!lost);
                        revoked.extend(partitions);
                        // As the engine does between a revocation and its commit.
                        first.confirm().await.unwrap();
                        first.committed(&positions);
                        // Where every partition was at its end, there is more once it is resumed.
                        for partition in 0..4 {
                            produce.range("t", partition, 100..150);
                        }
                        produce.flush();
                        done();
                    }
                    SourceEvent::Assigned { reply, .. } => reply(positions.clone()),
                    SourceEvent::Records(chunk) => ours.take(&chunk),
                    SourceEvent::Drained { .. } => panic!("drained"),
                },
                event = second.next() => match event.unwrap() {
                    SourceEvent::Assigned { partitions, reply } => {
                        assert!(partitions.iter().all(|id| revoked.contains(id)), "too early");
                        taken.extend(partitions);
                        reply(positions.clone());
                    }
                    SourceEvent::Records(chunk) => theirs.take(&chunk),
                    other => panic!("{other:?}"),
                },
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, together).await.is_ok();
    for partition in 0..4 {
        let moved = taken.iter().any(|id| id.partition == partition);
        let (reader, other) = if moved { (&theirs, &ours) } else { (&ours, &theirs) };
        assert_eq!(reader.range("t", partition), 100..150, "{partition} moved: {moved}");
        assert_eq!(other.range("t", partition), 0..0, "{partition} moved: {moved}");
    }
    assert!(in_time);
    assert_eq!((revoked.len(), taken.len()), (2, 2));

    // What a closed worker held comes back, and is read on.
    second.close().await;
    let mut back = BTreeSet::new();
    while back.len() < 2 {
        if let SourceEvent::Assigned { partitions, reply } = next(&mut first).await.unwrap() {
            back.extend(partitions.iter().cloned());
            reply(partitions.into_iter().map(|id| (id, 150)).collect());
        }
    }
    assert_eq!(back, taken);
    for partition in 0..4 {
        produce.range("t", partition, 150..160);
    }
    produce.flush();
    let rest = read(&mut first, &positions, 40).await;
    assert!((0..4).all(|partition| rest.range("t", partition) == (150..160)));
    first.close().await;
}

#[tokio::test]
async fn partitions_read_to_their_end_are_read_again_when_they_come_back() {
    let broker = filled(2, 100);
    let mut first = source(&broker, ReadMode::UntilEnd, &EARLIEST);
    let mut second = source(&broker, ReadMode::UntilEnd, &EARLIEST);
    start(&mut first, "back").await.unwrap();
    let all = read(&mut first, &Positions::new(), usize::MAX).await;
    assert_eq!(all.len(), 200);
    start(&mut second, "back").await.unwrap();
    let mut gone = BTreeSet::new();
    while gone.is_empty() {
        tokio::select! {
            event = first.next() => match event.unwrap() {
                SourceEvent::Revoked { done, .. } => done(),
                SourceEvent::Assigned { reply, .. } => reply(Positions::new()),
                _ => {}
            },
            event = second.next() => if let SourceEvent::Assigned { partitions, reply } = event.unwrap() {
                gone.extend(partitions);
                reply(Positions::new());
            },
        }
    }
    // It dies with nothing committed, so that the partition has to be read from its start.
    second.close().await;
    let mut again = Read::default();
    while !again.drained || again.len() < 100 {
        match next(&mut first).await.unwrap() {
            SourceEvent::Records(chunk) => again.take(&chunk),
            SourceEvent::Drained { .. } => again.drained = true,
            SourceEvent::Revoked { done, .. } => done(),
            SourceEvent::Assigned { partitions, reply } => {
                again.drained &= partitions.is_empty();
                reply(Positions::new());
            }
        }
    }
    let id = gone.first().unwrap();
    assert_eq!(again.range("t", id.partition), 0..100);
    first.close().await;
}

/// The mock cluster cannot add partitions to a topic; they come the same way.
#[tokio::test]
async fn topics_that_appear_later_are_assigned_and_read_from_their_first_record() {
    let broker = filled(1, 10);
    let options = [("subscribePattern", "t.*"), ("startingOffsets", "earliest")];
    let mut source = source(&broker, ReadMode::Continuous, &options);
    start(&mut source, "added").await.unwrap();
    assert_eq!(read(&mut source, &Positions::new(), 10).await.range("t", 0), 0..10);
    broker.create_topic("t2", 1).unwrap();
    let produce = Produce::to(&broker);
    produce.range("t2", 0, 0..10);
    produce.flush();
    assert_eq!(read(&mut source, &Positions::new(), 10).await.range("t2", 0), 0..10);
    source.close().await;
}

#[tokio::test]
async fn lag_counts_what_is_not_read_yet_and_ends_at_zero() {
    let broker = filled(2, 5_000);
    let mut source = source(&broker, ReadMode::Continuous, &EARLIEST);
    start(&mut source, "lag").await.unwrap();
    assigned(&mut source, &Positions::new()).await;
    let mut all = Read::default();
    while all.len() < 10_000 {
        if let SourceEvent::Records(chunk) = next(&mut source).await.unwrap() {
            all.take(&chunk);
        }
    }
    let produce = Produce::to(&broker);
    produce.range("t", 0, 5_000..5_001);
    produce.flush();
    let deadline = Instant::now() + PATIENCE;
    while source.lag().records > 0 || source.lag().time > Duration::ZERO {
        assert!(Instant::now() < deadline, "{:?}", source.lag());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    source.close().await;
}

#[tokio::test]
async fn a_source_that_was_never_started_says_so_and_closes() {
    let broker = EmbeddedBroker::start(&[]).unwrap();
    let mut source = source(&broker, ReadMode::Continuous, &EARLIEST);
    assert_eq!(source.next().await.unwrap_err().code(), "KAFKA_NOT_RUNNING");
    assert_eq!(source.confirm().await.unwrap_err().code(), "KAFKA_NOT_RUNNING");
    source.close().await;
}

/// Where a source may be when it is closed.
#[derive(Debug)]
enum Moment {
    Joining,
    AssignmentUnanswered,
    Reading,
    RevocationUnanswered,
}

#[tokio::test]
async fn closing_is_quick_in_the_middle_of_everything() {
    let broker = filled(2, 20_000);
    for moment in [
        Moment::Joining,
        Moment::AssignmentUnanswered,
        Moment::Reading,
        Moment::RevocationUnanswered,
    ] {
        let group = format!("{moment:?}");
        let mut closing = source(&broker, ReadMode::Continuous, &EARLIEST);
        start(&mut closing, &group).await.unwrap();
        let mut other = None;
        match moment {
            Moment::Joining => {}
            Moment::AssignmentUnanswered => {
                let event = next(&mut closing).await.unwrap();
                assert!(matches!(event, SourceEvent::Assigned { .. }), "{event:?}");
            }
            Moment::Reading => drop(assigned(&mut closing, &Positions::new()).await),
            Moment::RevocationUnanswered => {
                assigned(&mut closing, &Positions::new()).await;
                let other = other.insert(source(&broker, ReadMode::Continuous, &EARLIEST));
                start(other, &group).await.unwrap();
                while !matches!(next(&mut closing).await.unwrap(), SourceEvent::Revoked { .. }) {}
            }
        }
        let begun = Instant::now();
        closing.close().await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{moment:?}: the group was not left");
        if let Some(other) = other {
            other.close().await;
        }
    }
}
