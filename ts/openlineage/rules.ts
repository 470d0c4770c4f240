import type { StreamingBatch } from "../batch.js";

/** How a rule fared in a window. */
export interface RuleTally {
  column?: string;
  severity: "error" | "warn" | "info";
  violations: number;
  /** What a rule of the whole batch measured last; null where that is not known. */
  measured?: number | null;
}

type Tallies = Readonly<Record<string, RuleTally>>;

/** What of a window tells how its rules fared. */
interface Judged {
  rules: Tallies;
  rowCount: number;
  last?: StreamingBatch;
}

const SEVERITIES = { block: "error", warn: "warn", info: "info" } as const;

/** `tallies` and what the batch says of rules, by name. */
export function ruleTallies(tallies: Tallies, batch: StreamingBatch): Tallies {
  const sums: Record<string, RuleTally> = { ...tallies };
  for (const { rule, column, severity, violations } of batch.rules) {
    const known = sums[rule];
    const measured = batch.metrics[rule] ?? known?.measured;
    sums[rule] = {
      ...(column !== undefined && { column }),
      severity: SEVERITIES[severity],
      violations: (known?.violations ?? 0) + violations,
      ...(measured !== undefined && { measured }),
    };
  }
  return Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The facet `dataQualityAssertions`: rules that were never broken are not known. */
export function assertionsOf({ rules, rowCount, last }: Judged) {
  const judged = Object.entries(rules).filter(
    ([, { violations }]) => violations > 0 || rowCount > 0,
  );
  return judged.map(([rule, { column, severity, violations, measured }]) => ({
    assertion: rule,
    name: rule,
    success: violations === 0,
    ...(column !== undefined && { column }),
    severity,
    ...(measured === undefined && { expected: "0", actual: String(violations) }),
    ...(typeof measured === "number" && { actual: String(measured) }),
    params: { batch_id: last?.batchId, violations },
  }));
}

/** The same as the facet `test`. */
export function testsOf(judged: Judged) {
  return assertionsOf(judged).map(({ assertion, success, column, params, ...rest }) => ({
    ...rest,
    type: assertion,
    status: success ? "pass" : "fail",
    params: { ...params, ...(column !== undefined && { column }) },
  }));
}
