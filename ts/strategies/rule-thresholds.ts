import { z } from "zod";
import type { Finding } from "../config/issue.js";
import { nearest } from "../config/nearest.js";
import type { Answer, StreamingInterventionStrategy } from "../intervention.js";
import type { RuleResult } from "../verdict.js";
import { excess, type Limit, limitOptions } from "./limit.js";
import { check, faults, option, type StrategyAction } from "./options.js";
import { strictestOf } from "./strictest.js";

export interface RuleThreshold extends Limit {
  /** Default: `block`. */
  action?: StrategyAction;
}

/**
 * Too many violations of one rule in one batch. Rules go by the names that verdicts and `headgate
 * contract check` know them by, such as `pattern_email`. A name that the contract does not have
 * throws at the first batch, unless another rule blocks it: `interventionFallback` decides then.
 */
export function ruleThresholds(
  thresholds: Readonly<Record<string, RuleThreshold>>,
): StreamingInterventionStrategy {
  const each = limitOptions({ action: option.action });
  check("ruleThresholds", z.record(z.string(), each), thresholds);
  const names = Object.keys(thresholds);
  return {
    decide(verdict) {
      if (verdict.status === "idle") return null;
      const { rules, rowCount } = verdict;
      const answers = rules.flatMap((rule) => answersTo(rule, rowCount, thresholds[rule.rule]));
      const decision = strictestOf(answers);
      if (decision?.action !== "block") checkNames(names, rules);
      return decision;
    },
  };
}

function answersTo(
  { rule, violations }: RuleResult,
  rowCount: number,
  threshold: RuleThreshold | undefined,
): Answer[] {
  if (threshold === undefined) return [];
  const { action = "block", ...limit } = threshold;
  const found = excess(limit, violations, rowCount);
  return found === null ? [] : [{ action, reason: `${rule}: ${found}` }];
}

function checkNames(names: readonly string[], rules: readonly RuleResult[]): void {
  const known = rules.map(({ rule }) => rule);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw faults(unknown.map((name) => unknownRule(name, nearest(name, known))));
}

function unknownRule(name: string, meant: string | undefined): Finding {
  return {
    path: ["ruleThresholds", name],
    code: "CONFIG_UNKNOWN",
    expected: "a rule that the contract enforces",
    actual: "none of that name",
    details: meant === undefined ? undefined : `did you mean "${meant}"?`,
  };
}
