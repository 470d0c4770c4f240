//! The verdict of a batch, from what its rules counted and what the policy makes of it.

use headgate_model::{ContractRef, Counts, RuleResult, Severity, Status, Verdict};

use crate::Policy;

/// What a batch accumulates until its verdict.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub counts: Counts,
    pub rows: u64,
    pub violating_rows: u64,
    /// The policy had no place for some row.
    pub blocks: bool,
}

pub(crate) fn verdict(
    batch_uuid: String,
    tally: &Tally,
    rules: Vec<RuleResult>,
    policy: Policy,
    contract: Option<ContractRef>,
) -> Verdict {
    let failed_batch_rule = rules.iter().any(|result| {
        !result.rule.routes_rows && result.violations > 0 && result.rule.severity == Severity::Block
    });
    let violations = rules.iter().map(|result| result.violations).sum();
    let warned =
        rules.iter().any(|result| result.violations > 0 && result.rule.severity >= Severity::Warn);
    let status = if tally.blocks || (policy == Policy::Block && failed_batch_rule) {
        Status::Block
    } else if warned || tally.counts.dead_letters > 0 {
        Status::Warn
    } else if tally.rows == 0 {
        Status::Idle
    } else {
        Status::Ok
    };
    Verdict {
        batch_uuid,
        status,
        row_count: tally.rows,
        violating_rows: tally.violating_rows,
        violations,
        dead_letters: tally.counts.dead_letters,
        rules,
        contract,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headgate_model::{RuleInfo, RuleScope};

    fn result(severity: Severity, routes_rows: bool, violations: u64) -> RuleResult {
        let rule = RuleInfo {
            id: "r".into(),
            column: None,
            severity,
            scope: RuleScope::Batch,
            estimated: false,
            routes_rows,
            unrepresentable: false,
        };
        RuleResult { rule, violations, measured: None, unmeasured: None }
    }

    #[test]
    fn status_follows_policy_and_severity() {
        use Policy::{Allow, Block, Split};
        for (policy, blocks, result, expected) in [
            (Block, true, result(Severity::Block, true, 1), Status::Block),
            (Block, false, result(Severity::Block, false, 1), Status::Block),
            (Split, false, result(Severity::Block, false, 1), Status::Warn),
            (Split, false, result(Severity::Block, true, 1), Status::Warn),
            (Allow, true, result(Severity::Block, true, 1), Status::Block),
            (Block, false, result(Severity::Warn, true, 1), Status::Warn),
            (Block, false, result(Severity::Info, true, 1), Status::Ok),
            (Block, false, result(Severity::Block, true, 0), Status::Ok),
        ] {
            let tally = Tally { rows: 2, blocks, ..Tally::default() };
            let verdict = verdict(String::new(), &tally, vec![result], policy, None);
            assert_eq!(verdict.status, expected, "{policy:?} {:?}", verdict.rules);
        }
        let idle = verdict(String::new(), &Tally::default(), Vec::new(), Block, None);
        assert_eq!((idle.status, idle.violation_ratio()), (Status::Idle, 0.0));
    }
}
