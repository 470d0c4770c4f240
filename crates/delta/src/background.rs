//! Work that has time: on threads of its own, which get what the others leave.

use std::io;

use tokio::sync::oneshot;

/// Of a thread that yields to all others.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Files that are read at once: the log is asked for by the thousand, and every thread that reads
/// holds memory of its own.
const READERS: usize = 8;

/// Runs `work` on a thread and a runtime of its own. Whoever waits for an answer that never comes
/// learns that the thread broke off.
pub(crate) fn run<T, F>(
    name: &str,
    work: impl FnOnce() -> F + Send + 'static,
) -> io::Result<oneshot::Receiver<T>>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    // On a runtime of one thread the kernel would read on one that it starts itself, without bounds.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(READERS)
        .on_thread_start(yield_to_others)
        .enable_all()
        .build()?;
    let (done, answer) = oneshot::channel();
    let span = tracing::Span::current();
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _entered = span.enter();
        yield_to_others();
        // Nobody may wait any more.
        let _ = done.send(runtime.block_on(work()));
    })?;
    Ok(answer)
}

/// On Linux a thread has a priority of its own, and those that it starts have the same; elsewhere it
/// would be the process's.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "a background thread runs at the priority of all others");
    }
}
