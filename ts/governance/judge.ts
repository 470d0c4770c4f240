import type { GovernanceStatus } from "./status.js";
import type { Operation, Validation } from "./types.js";

const VIOLATIONS = "violations.";

/** How many violations the metrics count, over all rules. */
export function violationsOf({ metrics }: Pick<Validation, "metrics">): number {
  const counts = Object.entries(metrics).filter(([name]) => name.startsWith(VIOLATIONS));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

/** `1 violation`, `12 violations`. */
export function violationsText(count: number): string {
  return `${count} violation${count === 1 ? "" : "s"}`;
}

/** The verdict that a validation comes to, by dc43's rule. */
export function judge(validation: Validation, operation: Operation): Validation {
  const { ok, errors, warnings, details, status: said } = validation;
  const counted = violationsOf(validation);
  const known = details.violations;
  const violations = typeof known === "number" ? known : counted || errors.length;
  const status = statusOf({
    isBroken: !ok || errors.length > 0,
    counted,
    operation,
    warnings,
    said,
  });
  const reason =
    validation.reason ??
    errors[0] ??
    (violations > 0 ? violationsText(violations) : status === "warn" ? warnings[0] : undefined);
  const judged = {
    ...validation,
    status,
    ok: status !== "block",
    details: { ...details, violations },
  };
  return reason === undefined ? judged : { ...judged, reason };
}

function statusOf(facts: {
  isBroken: boolean;
  counted: number;
  operation: Operation;
  warnings: readonly string[];
  said: GovernanceStatus;
}): GovernanceStatus {
  const { isBroken, counted, operation, warnings, said } = facts;
  if (isBroken || said === "block") return "block";
  // Who says that a violation only warns, knows its rule.
  if (counted > 0 && said !== "warn") return operation === "write" ? "block" : "warn";
  return warnings.length > 0 || said === "warn" ? "warn" : "ok";
}
