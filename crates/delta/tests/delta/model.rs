//! T1: three workers that may all believe they own everything, an optimizer that rewrites their
//! tables, a store that lies, and death at any operation. After a fresh start every record is in one
//! table, once.

use std::sync::Arc;
use std::time::Duration;

use headgate_delta::{OptimizeOptions, optimize};
use headgate_model::LakeSink;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::lake::{Lake, PARTITIONS, Range, Worker};
use crate::world::Life;

const SCHEDULES: u64 = 300;
const WORKERS: u64 = 3;
const LIVES: usize = 3;
const STEPS: usize = 8;
const REWRITINGS: usize = 3;

fn some_ranges(worker: &Worker, rng: &mut SmallRng) -> Vec<Range> {
    let first = rng.random_range(0..PARTITIONS);
    let chosen: Vec<i32> =
        (0..rng.random_range(1..=PARTITIONS)).map(|step| (first + step) % PARTITIONS).collect();
    worker.next(&chosen, rng.random_range(1..5))
}

/// A life of a worker: opens, then writes, commits, idles or reloads until its steps or its
/// operations are over.
async fn live(lake: &Lake, rng: &mut SmallRng) {
    let Ok(mut worker) = Worker::start(lake.config()).await else { return };
    for _ in 0..STEPS {
        let ranges = some_ranges(&worker, rng);
        if worker.write(&ranges).await.is_err() {
            return;
        }
        for _ in 0..rng.random_range(0..6) {
            tokio::task::yield_now().await;
        }
        match rng.random_range(0..8) {
            // The image moves while the batch is open.
            0 => match worker.sink.refresh().await {
                Ok(_) => {}
                Err(_) => return,
            },
            1 => {
                worker.sink.discard().await;
                continue;
            }
            _ => {}
        }
        if worker.commit(&ranges).await.is_err() {
            return;
        }
    }
}

/// Makes the files of one table after the other larger.
async fn rearrange(lake: &Lake, rng: &mut SmallRng) {
    for _ in 0..REWRITINGS {
        let table = match rng.random_range(0..3) {
            0 => lake.rejects(),
            1 => lake.dead_letters(),
            _ => lake.output(),
        };
        let operations = rng.random_range(1..100);
        let _ = Life::of(operations).run(optimize(&table, &OptimizeOptions::default())).await;
    }
}

async fn schedule(seed: u64) -> i64 {
    let (lake, world) = Lake::simulated();
    let lake = Arc::new(lake);
    lake.worker().await;
    world.go_wild(seed);
    let workers = (0..WORKERS).map(|number| {
        let lake = Arc::clone(&lake);
        let mut rng = SmallRng::seed_from_u64(seed * WORKERS + number);
        async move {
            for _ in 0..LIVES {
                let operations = rng.random_range(1..120);
                Life::of(operations).run(live(&lake, &mut rng)).await;
            }
        }
    });
    let mut rng = SmallRng::seed_from_u64(!seed);
    futures::join!(futures::future::join_all(workers), rearrange(&lake, &mut rng));
    // Puts still under way land before the fresh start.
    tokio::time::sleep(Duration::from_secs(10)).await;
    world.calm();
    lake.settle().await.values().sum()
}

/// Says which schedule fails.
#[allow(clippy::print_stderr)]
fn run(seed: u64) -> i64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let run = std::panic::AssertUnwindSafe(|| runtime.block_on(schedule(seed)));
    std::panic::catch_unwind(run).unwrap_or_else(|panic| {
        eprintln!("schedule {seed}");
        std::panic::resume_unwind(panic)
    })
}

#[test]
fn t1_whatever_the_schedule_every_record_is_in_one_table_once() {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let committed: i64 = std::thread::scope(|scope| {
        let share = |thread| move || (thread..SCHEDULES).step_by(threads as usize).map(run).sum();
        let shares: Vec<_> = (0..threads).map(|thread| scope.spawn(share(thread))).collect();
        let joined = shares.into_iter().map(|share| share.join());
        joined.map(|sum: Result<i64, _>| sum.unwrap_or_else(|p| std::panic::resume_unwind(p))).sum()
    });
    assert!(committed > SCHEDULES as i64 * 5, "the schedules commit something: {committed}");
}
