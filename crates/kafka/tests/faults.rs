//! What goes wrong has one name each, and comes within a bounded time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use headgate_kafka::{EmbeddedBroker, KafkaSource};
use headgate_model::{
    BoxFault, PartitionId, Positions, ReadMode, RecordSource, Retry, SourceEvent,
};
use support::{BUDGET, Produce, config, next, read, source, start};

#[tokio::test]
async fn an_unknown_topic_is_named() {
    let broker = EmbeddedBroker::start(&[("t", 1)]).unwrap();
    for (options, name) in
        [(("subscribe", "t,nowhere"), "nowhere"), (("assign", r#"{"t":[0,7]}"#), "t-7")]
    {
        for begin in [false, true] {
            let mut source = source(&broker, ReadMode::Continuous, &[options]);
            let fault = fault_of(&mut source, begin).await;
            assert_eq!((fault.code(), fault.retry()), ("KAFKA_UNKNOWN_TOPIC", Retry::Never));
            assert_eq!(fault.context().actual.as_deref(), Some(name));
        }
    }
}

async fn fault_of(source: &mut KafkaSource, begin: bool) -> BoxFault {
    match begin {
        true => start(source, "faults").await.unwrap_err(),
        false => source.starting_positions().await.unwrap_err(),
    }
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_given_up_within_the_connect_time_out() {
    // A port that was free a moment ago, and one that takes connections but never answers.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [closed, mute.local_addr().unwrap()] {
        for begin in [false, true] {
            let options =
                [("subscribe", "t"), ("kafka.socket.connection.setup.timeout.ms", "2000")];
            let config = config(&address.to_string(), ReadMode::Continuous, &options);
            let mut source = KafkaSource::new(config, BUDGET).unwrap();
            let begun = Instant::now();
            let fault = fault_of(&mut source, begin).await;
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
            assert_eq!((fault.code(), fault.retry()), ("KAFKA_UNREACHABLE", Retry::Later));
            let context = fault.context();
            assert_eq!(context.field.as_deref(), Some("input.options.kafka.bootstrap.servers"));
            assert!(!context.details.unwrap().is_empty());
            source.close().await;
        }
    }
}

/// The mock cluster keeps 5 MiB a partition.
fn overfull() -> EmbeddedBroker {
    let broker = EmbeddedBroker::start(&[("t", 1)]).unwrap();
    let produce = Produce::to(&broker);
    let value = vec![b'x'; 64 << 10];
    for _ in 0..160 {
        produce.one("t", 0, Some(&value));
    }
    produce.flush();
    broker
}

async fn topic_id(source: &mut KafkaSource) -> PartitionId {
    source.starting_positions().await.unwrap().into_keys().next().unwrap()
}

#[tokio::test]
async fn offsets_that_retention_took_are_data_loss() {
    let broker = overfull();
    let mut source = source(&broker, ReadMode::UntilEnd, &[("assign", r#"{"t":[0]}"#)]);
    let positions = Positions::from([(topic_id(&mut source).await, 5)]);
    start(&mut source, "loss").await.unwrap();
    let fault = loop {
        match next(&mut source).await {
            Ok(SourceEvent::Assigned { reply, .. }) => reply(positions.clone()),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => break fault,
        }
    };
    assert_eq!((fault.code(), fault.retry()), ("KAFKA_DATA_LOSS", Retry::Never));
    let text = fault.to_string();
    assert!(text.starts_with("offsets [5, ") && text.contains("t-0"), "{text}");
    source.close().await;
}

#[tokio::test]
async fn with_data_loss_allowed_the_loss_is_counted_and_reading_goes_on() {
    let broker = overfull();
    for (group, topics, strategy) in [
        ("loss-assigned", ("assign", r#"{"t":[0]}"#), "cooperative-sticky"),
        ("loss-cooperative", ("subscribe", "t"), "cooperative-sticky"),
        ("loss-eager", ("subscribe", "t"), "range"),
    ] {
        let strategy = ("kafka.partition.assignment.strategy", strategy);
        let options = [topics, ("failOnDataLoss", "false"), strategy];
        let mut source = source(&broker, ReadMode::UntilEnd, &options);
        let positions = Positions::from([(topic_id(&mut source).await, 5)]);
        start(&mut source, group).await.unwrap();
        let mut lost = None;
        let mut first = None;
        loop {
            match next(&mut source).await.unwrap() {
                SourceEvent::Assigned { reply, .. } => reply(positions.clone()),
                SourceEvent::Drained { .. } => break,
                SourceEvent::Records(chunk) => {
                    if let Some(record) = chunk.iter().next() {
                        first.get_or_insert(record.offset);
                    }
                    for advance in &chunk.advances {
                        assert!(first.is_none() || advance.lost == 0, "told after its records");
                        if advance.lost > 0 {
                            lost = Some(*advance);
                        }
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        let lost = lost.expect("no loss was told");
        assert_eq!(lost.lost, lost.end - 5, "{group}");
        assert_eq!(first, Some(lost.end), "{group}");
        source.close().await;
    }
}

#[tokio::test]
async fn a_rewind_into_offsets_that_are_gone_counts_them_too() {
    let broker = overfull();
    let options = [("subscribe", "t"), ("failOnDataLoss", "false")];
    let mut source = source(&broker, ReadMode::UntilEnd, &options);
    let id = topic_id(&mut source).await;
    start(&mut source, "loss-rewound").await.unwrap();
    let first = read(&mut source, &Positions::new(), usize::MAX).await.range("t", 0);
    assert!(first.start > 5 && first.end == 160, "{first:?}");
    for epoch in 1..=2 {
        source.rewind(Positions::from([(id.clone(), 5)]), epoch).await.unwrap();
        let again = read(&mut source, &Positions::new(), usize::MAX).await;
        assert_eq!(again.range("t", 0), first);
        assert_eq!(again.lost, first.start - 5);
    }
    source.close().await;
}

#[tokio::test]
async fn a_position_past_the_end_is_data_loss_whatever_the_setting() {
    let broker = EmbeddedBroker::start(&[("t", 1)]).unwrap();
    let produce = Produce::to(&broker);
    produce.range("t", 0, 0..10);
    produce.flush();
    for setting in ["true", "false"] {
        let options = [("subscribe", "t"), ("failOnDataLoss", setting)];
        let mut source = source(&broker, ReadMode::UntilEnd, &options);
        let positions = Positions::from([(topic_id(&mut source).await, 99)]);
        start(&mut source, &format!("past-end-{setting}")).await.unwrap();
        let fault = loop {
            match next(&mut source).await {
                Ok(SourceEvent::Assigned { reply, .. }) => reply(positions.clone()),
                Ok(other) => panic!("{other:?}"),
                Err(fault) => break fault,
            }
        };
        assert_eq!(fault.code(), "KAFKA_DATA_LOSS");
        assert!(fault.to_string().contains("position 99"), "{fault}");
        source.close().await;
    }
}

#[tokio::test]
async fn positions_under_another_topic_id_are_a_recreated_topic() {
    let broker = EmbeddedBroker::start(&[("t", 1)]).unwrap();
    let produce = Produce::to(&broker);
    produce.range("t", 0, 0..10);
    produce.flush();
    let former = Positions::from([(PartitionId::new("t", "former", 0), 7)]);
    let mut strict = source(&broker, ReadMode::UntilEnd, &[("subscribe", "t")]);
    start(&mut strict, "recreated").await.unwrap();
    let SourceEvent::Assigned { reply, .. } = next(&mut strict).await.unwrap() else { panic!() };
    reply(former.clone());
    let fault = next(&mut strict).await.unwrap_err();
    assert_eq!((fault.code(), fault.retry()), ("KAFKA_TOPIC_RECREATED", Retry::Never));
    assert_eq!(fault.context().expected.as_deref(), Some("former"));
    strict.close().await;

    let options = [("subscribe", "t"), ("failOnDataLoss", "false")];
    let mut lenient = source(&broker, ReadMode::UntilEnd, &options);
    start(&mut lenient, "recreated-allowed").await.unwrap();
    assert_eq!(read(&mut lenient, &former, usize::MAX).await.range("t", 0), 0..10);
    lenient.close().await;
}
