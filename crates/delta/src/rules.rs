//! The rules of the commit protocol (DESIGN.md §5) that a test can take away, to see that the
//! model misses them. Outside of tests all of them hold.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) enum Rule {
    /// 1: a batch fits only at the positions that it starts from.
    PositionCheck,
    /// 1: only where the slot was empty.
    PutIfAbsent,
    /// 2: the slot tells whose commit it is.
    SlotTells,
    /// 3: files are deleted only if no put can land any more.
    KeepFiles,
    /// 4: a head that was not seen as the tip for long is worthless.
    FreshHead,
    /// 6: a debt names the one before it.
    DebtChain,
    /// 7: a payment carries everything owed, whoever owes it.
    PayAll,
    /// 9: own columns are merged on what others committed.
    MergeSchema,
    /// 12: a block stops every worker.
    Block,
}

#[cfg(not(test))]
pub(crate) const fn holds(_: Rule) -> bool {
    true
}

#[cfg(test)]
pub(crate) use switched::{holds, without};

#[cfg(test)]
mod switched {
    use std::cell::Cell;

    use super::Rule;

    thread_local!(static MISSING: Cell<Option<Rule>> = const { Cell::new(None) });

    pub(crate) fn holds(rule: Rule) -> bool {
        MISSING.get() != Some(rule)
    }

    /// Runs `work` as if nobody had thought of `rule`.
    pub(crate) fn without<T>(rule: Option<Rule>, work: impl FnOnce() -> T) -> T {
        MISSING.set(rule);
        let done = work();
        MISSING.set(None);
        done
    }
}
