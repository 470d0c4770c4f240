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

const VIOLATIONS = "violations.";

/** `tallies` and what the batch says of rules, by name. */
export function ruleTallies(tallies: Tallies, batch: StreamingBatch): Tallies {
  const sums: Record<string, RuleTally> = { ...tallies };
  for (const [metric, violations] of Object.entries(batch.metrics)) {
    if (!metric.startsWith(VIOLATIONS)) continue;
    const rule = metric.slice(VIOLATIONS.length);
    const known = sums[rule];
    if (violations === 0 && known === undefined) continue;
    const said = violations > 0 ? saidOf(rule, batch) : undefined;
    const measured = batch.metrics[rule] ?? known?.measured;
    sums[rule] = {
      ...(said ?? known ?? { severity: "info" }),
      violations: (known?.violations ?? 0) + violations,
      ...(measured !== undefined && { measured }),
    };
  }
  return Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Severity and column, which a batch says in its texts: `minimum_speed (speed): 12 violations`. */
function saidOf(rule: string, batch: StreamingBatch): Pick<RuleTally, "severity" | "column"> {
  const error = columnIn(batch.errors, rule);
  if (error !== undefined) return { severity: "error", ...error };
  const warning = columnIn(batch.warnings, rule);
  return warning === undefined ? { severity: "info" } : { severity: "warn", ...warning };
}

function columnIn(texts: readonly string[], rule: string): { column?: string } | undefined {
  for (const text of texts) {
    if (!text.startsWith(rule)) continue;
    const rest = /^(?: \((?<column>.+?)\))?: /.exec(text.slice(rule.length));
    if (rest === null) continue;
    const column = rest.groups?.column;
    return column === undefined ? {} : { column };
  }
  return undefined;
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
