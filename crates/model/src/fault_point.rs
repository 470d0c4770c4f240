//! Places in the life of a batch where a test can kill the process, fail the call, delay it, or
//! lose its reply. Without the feature `fault-points` they are nothing.

use std::fmt;

use crate::{Blame, Fault, FaultContext, Retry};

/// In the order in which a batch meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    /// Debts are known, and not paid yet.
    Recover,
    /// A chunk came from the source.
    Poll,
    /// It is decoded and checked.
    Decode,
    /// Part of a large file is stored.
    Part,
    /// One file is stored, others of the batch are not.
    File,
    /// All files of the batch are stored.
    Files,
    /// What an intervention reroutes is stored in its target, and still in the output's files.
    Reroute,
    OutputPut,
    OutputPutDone,
    /// The output's commit is in; the side tables know nothing of it.
    Payment,
    SidePut,
    SidePutDone,
    /// A log checkpoint is being written.
    Checkpoint,
    /// The observer was told.
    Observed,
    /// Small files are rewritten, and the log knows nothing of it.
    Optimize,
}

impl FaultPoint {
    pub const ALL: [Self; 15] = [
        Self::Recover,
        Self::Poll,
        Self::Decode,
        Self::Part,
        Self::File,
        Self::Files,
        Self::Reroute,
        Self::OutputPut,
        Self::OutputPutDone,
        Self::Payment,
        Self::SidePut,
        Self::SidePutDone,
        Self::Checkpoint,
        Self::Observed,
        Self::Optimize,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Recover => "recover",
            Self::Poll => "poll",
            Self::Decode => "decode",
            Self::Part => "part",
            Self::File => "file",
            Self::Files => "files",
            Self::Reroute => "reroute",
            Self::OutputPut => "output_put",
            Self::OutputPutDone => "output_put_done",
            Self::Payment => "payment",
            Self::SidePut => "side_put",
            Self::SidePutDone => "side_put_done",
            Self::Checkpoint => "checkpoint",
            Self::Observed => "observed",
            Self::Optimize => "optimize",
        }
    }
}

impl fmt::Display for FaultPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The failure of a call that a test asked for.
#[derive(Clone, Copy, Debug)]
pub struct Injected(pub FaultPoint);

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault point {}", self.0)
    }
}

impl std::error::Error for Injected {}

impl Fault for Injected {
    fn code(&self) -> &'static str {
        "INTERNAL_ERROR"
    }

    fn blame(&self) -> Blame {
        Blame::Internal
    }

    fn retry(&self) -> Retry {
        Retry::Later
    }

    fn context(&self) -> FaultContext {
        FaultContext::default()
    }
}

/// Does what was asked of `point`; after something that took effect, an error loses its reply.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub const fn reach(_: FaultPoint) -> Result<(), Injected> {
    Ok(())
}

#[cfg(feature = "fault-points")]
pub use asked::{VARIABLE, reach};

#[cfg(feature = "fault-points")]
mod asked {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::{FaultPoint, Injected};

    /// `point=action@nth`: action is `kill`, `kill_soon`, `fail` or `delay`.
    pub const VARIABLE: &str = "HEADGATE_FAULT";

    struct Fault {
        point: FaultPoint,
        action: String,
        left: AtomicU32,
    }

    fn fault() -> Option<&'static Fault> {
        static FAULT: OnceLock<Option<Fault>> = OnceLock::new();
        FAULT.get_or_init(|| parse(&std::env::var(VARIABLE).ok()?)).as_ref()
    }

    fn parse(text: &str) -> Option<Fault> {
        let (name, rest) = text.split_once('=')?;
        let (action, nth) = rest.split_once('@')?;
        let point = FaultPoint::ALL.into_iter().find(|point| point.name() == name)?;
        let left = AtomicU32::new(nth.parse().ok()?);
        Some(Fault { point, action: action.to_owned(), left })
    }

    pub fn reach(point: FaultPoint) -> Result<(), Injected> {
        let Some(fault) = fault().filter(|fault| fault.point == point) else { return Ok(()) };
        if fault.left.fetch_sub(1, Ordering::AcqRel) != 1 {
            return Ok(());
        }
        match fault.action.as_str() {
            // As SIGKILL does: nothing is unwound, flushed or closed.
            "kill" => std::process::abort(),
            // While something else goes on.
            "kill_soon" => {
                std::thread::spawn(|| {
                    std::thread::sleep(Duration::from_micros(700));
                    std::process::abort();
                });
                Ok(())
            }
            "delay" => {
                std::thread::sleep(Duration::from_millis(300));
                Ok(())
            }
            _ => Err(Injected(point)),
        }
    }
}
