//! Rules that look beyond the open batch: their scope, and when they are due.

use headgate_model::RuleScope;
use headgate_moment::Schedule;

use super::builder::Builder;
use super::service_level::micros_of;
use crate::plan::{Reach, RuleNumber};
use crate::reader::At;

/// What `customProperties` of a rule say of its scope.
pub(crate) struct Scoped {
    pub reach: Reach,
    /// By a sketch.
    pub estimated: bool,
}

impl Scoped {
    pub const fn scope(&self) -> RuleScope {
        match self.reach {
            Reach::Window(_) => RuleScope::Window,
            Reach::Stream => RuleScope::Stream,
        }
    }
}

impl<'a> Builder<'a> {
    /// `Ok(None)`: the open batch. `Err`: an issue.
    pub fn scope(&mut self, at: &At<'a>, metric: &str) -> Result<Option<Scoped>, ()> {
        let custom = at.list("customProperties", &mut self.issues);
        let value = |name: &str| {
            let called =
                |at: &&At<'a>| at.get("property").is_some_and(|at| at.as_text() == Some(name));
            custom.iter().find(called).and_then(|at| at.get("value"))
        };
        let (scope, window, distinct) = (value("scope"), value("window"), value("distinct"));
        let Some(scope) = scope else { return Ok(None) };
        let reach = match scope.as_text() {
            Some("batch") => return Ok(None),
            Some("stream") => Reach::Stream,
            Some("window") => match window.as_ref().and_then(At::as_text).and_then(span) {
                Some(micros) => Reach::Window(micros),
                None => {
                    let window = window.unwrap_or(scope);
                    self.issues.add(&window, "a window such as '1 hour'");
                    return Err(());
                }
            },
            _ => {
                self.issues.add(&scope, "batch, window or stream");
                return Err(());
            }
        };
        if !matches!(metric, "rowCount" | "duplicateValues") {
            let expected = "batch: only rowCount and duplicateValues have another scope";
            self.issues.add(&scope, expected);
            return Err(());
        }
        let estimated = match distinct.as_ref().map(At::as_text) {
            None | Some(Some("exact")) => false,
            Some(Some("sketch")) if metric == "duplicateValues" => true,
            _ => {
                self.issues.add(&distinct.unwrap_or(scope), "exact, or sketch for duplicateValues");
                return Err(());
            }
        };
        Ok(Some(Scoped { reach, estimated }))
    }

    /// Rules that judge a batch can wait for their time.
    pub fn schedule(&mut self, at: &At<'a>, rule: RuleNumber, id: &str) {
        let Some(schedule) = at.get("schedule") else { return };
        match at.text("scheduler", &mut self.issues) {
            None | Some("cron") => {}
            Some(other) => {
                let reason = format!("the scheduler '{other}' is not run: judged in every batch");
                return self.not_enforced(&schedule, id, reason);
            }
        }
        if self.rule_mut(rule).is_some_and(|rule| rule.routes_rows) {
            let reason = "a rule that names rows is checked in every batch, whatever its schedule";
            return self.not_enforced(&schedule, id, reason);
        }
        match schedule.as_text().map(Schedule::parse) {
            Some(Ok(parsed)) => self.plan.schedules.push((rule, parsed)),
            Some(Err(fault)) => self.issues.add_actual(&schedule, "a cron expression", fault),
            None => self.issues.add(&schedule, "a cron expression"),
        }
    }
}

/// `1 hour` → microseconds.
fn span(text: &str) -> Option<i64> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count = count.parse().ok().filter(|count| *count > 0)?;
    micros_of(unit.trim())?.checked_mul(count)
}
