//! T1: the real committer over logs in memory, in every order in which its operations can meet.
//!
//! A *state* is what is stored and what every worker has learned since it was started. Runs are
//! repeated from the beginning along a list of choices; a state seen before is not explored again.
//! Whatever is stored after any step is closed by a fresh start, and has to hold every record once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod explore;
mod worker;
mod world;

use crate::rules::{Rule, without};
use explore::{Explored, explore, walk};
use worker::Plan;

const SMALL: Plan = Plan {
    workers: 2,
    partitions: 1,
    records: 3,
    crashes: 0,
    lost: 0,
    sleeps: 0,
    owes: false,
    moves: false,
    evolves: false,
    blocks: false,
};
const PLANS: [(&str, Plan); 8] = [
    ("an image that moves", Plan { moves: true, ..SMALL }),
    ("crashes", Plan { crashes: 2, ..SMALL }),
    ("a lost reply and a crash", Plan { lost: 1, crashes: 1, ..SMALL }),
    ("two partitions", Plan { partitions: 2, records: 1, crashes: 1, lost: 1, ..SMALL }),
    ("side tables out of reach", Plan { owes: true, crashes: 1, ..SMALL }),
    ("clean-up and a lost reply", Plan { sleeps: 1, lost: 1, ..SMALL }),
    ("evolution", Plan { evolves: true, partitions: 2, records: 2, ..SMALL }),
    ("a block", Plan { blocks: true, records: 1, partitions: 2, lost: 1, ..SMALL }),
];
/// Too large to be exhausted.
const LARGE: Plan = Plan {
    workers: 3,
    partitions: 2,
    records: 4,
    crashes: 3,
    lost: 3,
    sleeps: 1,
    owes: true,
    moves: true,
    evolves: true,
    blocks: false,
};
const MOST_STATES: usize = 250_000;
const WALKS: u64 = 5_000;

#[test]
#[allow(clippy::print_stdout)]
fn t1_every_schedule_keeps_every_record_once() {
    let mut wrong = Vec::new();
    for (name, plan) in PLANS {
        let Explored { states, exhausted, failure } = explore(plan, MOST_STATES);
        let all = if exhausted { "exhausted" } else { "cut off" };
        println!("T1 {name}: {states} states, {all}");
        if !(failure.is_none() && exhausted) {
            wrong.push((name, states, failure));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[allow(clippy::print_stdout)]
fn t1_three_workers_on_random_schedules() {
    let number = |name, default| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (seed, walks) = (number("HEADGATE_T1_SEED", 1), number("HEADGATE_T1_WALKS", WALKS));
    let (steps, failure) = walk(LARGE, seed, walks);
    println!("T1 three workers: {walks} walks from seed {seed}, {steps} steps");
    assert_eq!(failure, None);
}

/// A model that misses nothing proves nothing.
#[test]
#[allow(clippy::print_stdout)]
fn t1_without_any_one_rule_a_record_is_lost_or_doubled() {
    let mut unmissed = Vec::new();
    for (rule, plan) in [
        (Rule::PositionCheck, 0),
        (Rule::PutIfAbsent, 0),
        (Rule::SlotTells, 2),
        (Rule::KeepFiles, 5),
        (Rule::FreshHead, 5),
        (Rule::DebtChain, 4),
        (Rule::PayAll, 4),
        (Rule::MergeSchema, 6),
        (Rule::Block, 7),
    ] {
        let Explored { states, failure, .. } =
            without(Some(rule), || explore(PLANS[plan].1, MOST_STATES));
        match failure {
            Some(failure) => {
                println!("T1 without {rule:?}: fails after {states} states: {failure}")
            }
            None => unmissed.push((rule, states)),
        }
    }
    assert!(unmissed.is_empty(), "nobody misses {unmissed:?}");
}
