use headgate_engine::{StopMode, Trigger};

use crate::rig::{GOOD, Rig, contract, partition, secs, settle};

#[tokio::test(start_paused = true)]
async fn max_rows_is_exact_whatever_the_chunks() {
    for chunk_records in [1, 3, 5, 7, 1000] {
        for limit in ["rows", "offsets", "the smaller of both"] {
            let mut rig = Rig { chunk_records, ..Rig::new() };
            match limit {
                "rows" => rig.limits.max_rows = 5,
                "offsets" => rig.limits.max_offsets = Some(5),
                _ => (rig.limits.max_rows, rig.limits.max_offsets) = (8, Some(5)),
            }
            rig.append(&[GOOD; 13]);
            rig.append_to(1, &[GOOD; 10]);
            rig.run().await;
            assert_eq!(rig.batch_sizes(), [5, 5, 5, 5, 3], "{limit}, chunks of {chunk_records}");
            rig.assert_exactly_once();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn max_bytes_ends_a_batch_with_the_chunk_that_reaches_it() {
    let payload = GOOD.len() as u64;
    for (max_bytes, expected) in [
        (payload * 4, vec![4, 4, 2]),
        (payload * 4 - 1, vec![4, 4, 2]),
        (payload * 4 + 1, vec![6, 4]),
        (1, vec![2; 5]),
    ] {
        let mut rig = Rig { chunk_records: 2, ..Rig::new() };
        rig.limits.max_bytes = max_bytes;
        rig.append(&[GOOD; 10]);
        rig.run().await;
        assert_eq!(rig.batch_sizes(), expected, "{max_bytes} bytes");
        rig.assert_exactly_once();
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_outgrow_their_memory_end_the_batch() {
    let schema = "
    properties:
      - { name: id, logicalType: string, unique: true }
";
    let rig = Rig { contract: Some(contract(schema)), chunk_records: 1, ..Rig::new() };
    rig.limits.state.set(1);
    for id in ["a", "b", "a"] {
        rig.log.append(&partition(0), format!(r#"{{"id":"{id}"}}"#));
    }
    rig.run().await;
    assert_eq!(rig.batch_sizes(), [1, 1, 1]);
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn max_offsets_hold_the_rest_back_until_the_next_tick() {
    for chunk_records in [1, 4, 5, 7, 10, 1000] {
        let mut rig = Rig { chunk_records, ..Rig::ticking() };
        rig.limits.max_offsets = Some(5);
        rig.append(&[GOOD; 23]);
        let worker = rig.start_alone().await;
        for expected in [1, 2, 3, 4] {
            tokio::time::sleep(secs(9)).await;
            assert_eq!(rig.batch_sizes(), vec![5; expected], "chunks of {chunk_records}");
            tokio::time::sleep(secs(1)).await;
        }
        settle().await;
        worker.stopped(StopMode::Drain).await;
        assert_eq!(rig.batch_sizes().iter().sum::<u64>(), 23, "chunks of {chunk_records}");
        rig.assert_exactly_once();
    }
}

#[tokio::test(start_paused = true)]
async fn max_rows_hold_nothing_back() {
    let mut rig = Rig { chunk_records: 4, ..Rig::ticking() };
    rig.limits.max_rows = 5;
    rig.append(&[GOOD; 23]);
    let worker = rig.start_alone().await;
    settle().await;
    assert_eq!(rig.batch_sizes(), [5; 4]);
    worker.stopped(StopMode::Drain).await;
    rig.assert_exactly_once();
}

#[tokio::test(start_paused = true)]
async fn min_offsets_wait_for_more_until_the_longest_delay() {
    let mut rig = Rig::ticking();
    rig.limits.min_offsets = Some(5);
    rig.limits.max_trigger_delay = secs(35);
    let worker = rig.start_alone().await;
    rig.append(&[GOOD; 2]);
    tokio::time::sleep(secs(39)).await;
    assert_eq!(rig.batch_sizes(), [0; 0], "39 s: the tick after the delay is at 40 s");
    tokio::time::sleep(secs(2)).await;
    assert_eq!(rig.batch_sizes(), [2]);
    rig.append(&[GOOD; 4]);
    tokio::time::sleep(secs(10)).await;
    assert_eq!(rig.batch_sizes(), [2], "four are too few");
    rig.append(&[GOOD]);
    tokio::time::sleep(secs(10)).await;
    assert_eq!(rig.batch_sizes(), [2, 5], "enough");
    rig.append(&[GOOD]);
    settle().await;
    worker.stopped(StopMode::Drain).await;
    assert_eq!(rig.batch_sizes(), [2, 5, 1], "a drain does not wait");
}

#[tokio::test(start_paused = true)]
async fn a_late_tick_is_not_made_up_for() {
    let rig = Rig { trigger: Trigger::ProcessingTime(secs(1)), ..Rig::ticking() };
    let worker = rig.start_alone().await;
    worker.sink.freeze();
    tokio::time::sleep(secs(20)).await;
    worker.sink.thaw();
    settle().await;
    let told = worker.told.progress();
    let reported = told.iter().filter(|progress| progress.waiting.is_none()).count();
    assert!(reported <= 6, "{reported} ticks for 20 s of standstill");
    worker.stopped(StopMode::Drop).await;
}
