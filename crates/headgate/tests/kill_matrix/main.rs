//! Every fault point, killed and failed, once and twice in a row: at the end each record is in one
//! table, once. The query runs in a process of its own, which is this test binary again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod life;
mod tables;

use std::path::Path;
use std::process::{Command, ExitStatus};

use headgate_model::FaultPoint;
use headgate_model::fault_point::VARIABLE;

/// Where the tables of a life are.
const LAKE: &str = "HEADGATE_LAKE";

/// Whether its records are large.
const LARGE: &str = "HEADGATE_LARGE";

/// Not a test of its own: one life of a query, for the tests below.
#[test]
#[ignore = "run by the others"]
fn life() {
    let Ok(lake) = std::env::var(LAKE) else { return };
    life::live(Path::new(&lake));
}

/// Whether an intervention sends batches elsewhere.
const REROUTES: &str = "HEADGATE_REROUTES";

fn run_life(lake: &Path, fault: Option<&str>, reroutes: bool) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "life", "--ignored", "--quiet"]).env(LAKE, lake);
    if reroutes {
        command.env(REROUTES, "1");
    }
    command.env_remove(VARIABLE).env("RUST_BACKTRACE", "0");
    if let Some(fault) = fault {
        command.env(VARIABLE, fault);
        if fault.starts_with("part=") {
            command.env(LARGE, "1");
        }
    }
    command.output().unwrap().status
}

/// True when the process did not come to its own end.
fn was_killed(status: ExitStatus) -> bool {
    status.code().is_none()
}

#[test]
fn kill_matrix() {
    let (mut runs, mut kills, mut failures, mut unmet) = (0, 0, 0, Vec::new());
    for point in FaultPoint::ALL {
        let reroutes = point == FaultPoint::Reroute;
        for action in ["kill", "kill_soon", "fail", "delay"] {
            let mut met = false;
            let most = if action == "kill" { 2 } else { 1 };
            for nth in [1, 4] {
                for times in 1..=most {
                    let folder = tempfile::tempdir().unwrap();
                    let lake = folder.path();
                    if point == FaultPoint::Recover {
                        // Something has to be owed.
                        assert!(was_killed(run_life(lake, Some("payment=kill@1"), reroutes)));
                        kills += 1;
                    }
                    for _ in 0..times {
                        runs += 1;
                        let status =
                            run_life(lake, Some(&format!("{point}={action}@{nth}")), reroutes);
                        kills += i32::from(was_killed(status));
                        failures += i32::from(status.code().is_some_and(|code| code != 0));
                        met |= !status.success();
                    }
                    assert!(
                        run_life(lake, None, reroutes).success(),
                        "{point} {action} {nth}: no recovery"
                    );
                    let wrong = tables::differences(lake, reroutes);
                    assert_eq!(wrong, Vec::<String>::new(), "{point} {action} {nth} {times}");
                }
            }
            if !met && action == "kill" {
                unmet.push(point);
            }
        }
    }
    assert!(unmet.is_empty(), "never reached: {unmet:?}");
    let points = FaultPoint::ALL.map(FaultPoint::name).join(", ");
    println!(
        "kill matrix over {points}: {runs} runs, {kills} kills, {failures} failed calls, 0 lost, 0 doubled"
    );
}

/// Batches go to the output, to a sink and to the rejects in turns; wherever the process dies, each
/// row is in one of them, once.
#[test]
fn what_is_rerouted_is_in_its_target_once() {
    let mut kills = 0;
    for point in FaultPoint::ALL {
        for nth in [1, 4] {
            let folder = tempfile::tempdir().unwrap();
            let lake = folder.path();
            let status = run_life(lake, Some(&format!("{point}=kill@{nth}")), true);
            kills += i32::from(was_killed(status));
            assert!(run_life(lake, None, true).success(), "{point} {nth}: no recovery");
            let wrong = tables::differences(lake, true);
            assert_eq!(wrong, Vec::<String>::new(), "{point} {nth}");
        }
    }
    assert!(kills >= 2 * FaultPoint::ALL.len() as i32 - 6, "{kills} kills");
    println!("rerouted batches: {kills} kills, 0 lost, 0 doubled");
}
