//! Waiting without a runtime.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Rung after every change, by whoever made it; whoever waits looks again.
#[derive(Clone, Debug, Default)]
pub(super) struct Bell(Arc<Mutex<Vec<Waker>>>);

impl Bell {
    pub fn ring(&self) {
        let wakers = std::mem::take(&mut *lock(&self.0));
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits until `look` finds something. Cancel safe: nothing is taken before it is returned.
    pub async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        poll_fn(|context| {
            let mut wakers = lock(&self.0);
            if !wakers.iter().any(|known| known.will_wake(context.waker())) {
                wakers.push(context.waker().clone());
            }
            drop(wakers);
            look().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// A test that panicked has said what is wrong already.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
