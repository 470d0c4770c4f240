import { expect, test } from "vitest";
import { type RuleThreshold, ruleThresholds } from "../../../ts/strategies/index.ts";
import type { RuleResult } from "../../../ts/verdict.ts";
import { AskingQuery, judged } from "../support/asked-strategy.ts";

function broken(rule: string, violations: number): RuleResult {
  return { rule, violations, severity: "block", scope: "batch", estimated: false };
}

/** Of 100 rows: 10 broke one rule, 2 another. */
const rules = [broken("pattern_email", 10), broken("unique_id", 2), broken("row_count", 0)];
const verdict = judged(100, 12, { rules });

type Row = [name: string, thresholds: Record<string, RuleThreshold>, action: string, why?: string];

const table: Row[] = [
  ["no rule, no decision", {}, "proceed"],
  ["violations up to the maximum", { pattern_email: { max: 10 } }, "proceed"],
  [
    "one more",
    { pattern_email: { max: 9 } },
    "block",
    "pattern_email: 10 of 100 rows, more than 9",
  ],
  [
    "a ratio",
    { unique_id: { maxRatio: 0.01, action: "warn" } },
    "warn",
    "unique_id: 2 of 100 rows, more than a ratio of 0.01",
  ],
  ["a ratio among few rows", { unique_id: { maxRatio: 0.01, minRows: 101 } }, "proceed"],
  [
    "the strictest of several, with the reasons of all",
    { unique_id: { max: 1 }, pattern_email: { max: 9, action: "warn" } },
    "block",
    "pattern_email: 10 of 100 rows, more than 9; unique_id: 2 of 100 rows, more than 1",
  ],
  [
    "a block in spite of a name that is not known",
    { unique_id: { max: 1 }, unique_ids: { max: 1 } },
    "block",
    "unique_id: 2 of 100 rows, more than 1",
  ],
];

test.each(table)("%s", async (_, thresholds, action, reason) => {
  const answer = await new AskingQuery(ruleThresholds(thresholds)).ask(verdict);
  expect(answer).toEqual(reason === undefined ? { action: "proceed" } : { action, reason });
});

test("a rule that the contract does not have is named, with the one that was probably meant", async () => {
  const query = new AskingQuery(ruleThresholds({ unique_ids: { max: 1 }, row_count: { max: 0 } }));
  await expect(query.ask(verdict)).rejects.toMatchObject({
    name: "StreamingValidationError",
    code: "CONFIG_UNKNOWN",
    issues: [{ field: "ruleThresholds.unique_ids", details: 'did you mean "unique_id"?' }],
  });
  expect(await query.actions(judged(0, 0, { rules: [] }))).toEqual(["proceed"]);
});
