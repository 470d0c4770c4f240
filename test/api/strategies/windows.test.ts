import { describe, expect, test } from "vitest";
import type { StreamingInterventionStrategy } from "../../../ts/intervention.ts";
import {
  consecutiveFailures,
  neverBlock,
  rowCountDrop,
  strictest,
  violationRatio,
} from "../../../ts/strategies/index.ts";
import type { Verdict } from "../../../ts/verdict.ts";
import { AskingQuery, judged } from "../support/asked-strategy.ts";

type Row = [name: string, StreamingInterventionStrategy, verdicts: Verdict[], actions: string[]];

const [proceed, warn, block] = ["proceed", "warn", "block"];
const idle = () => judged(0);
const undecodable = () => judged(0, 0, { status: "warn", deadLetters: 3 });
const warning = {
  rule: "freshness",
  scope: "batch",
  estimated: false,
  severity: "warn",
  violations: 1,
} as const;
const warned = () => judged(10, 0, { status: "warn", violations: 1, rules: [warning] });

const table: Row[] = [
  ["nothing is blocked by default", neverBlock(), [judged(1, 1), judged(9, 9)], [proceed, proceed]],
  [
    "a ratio is let through up to its maximum",
    violationRatio({ max: 0.29 }),
    [judged(100, 29), judged(100, 30)],
    [proceed, block],
  ],
  ["no ratio is beyond all rows", violationRatio({ max: 1 }), [judged(1, 1)], [proceed]],
  ["a ratio of 0 lets no violation through", violationRatio({ max: 0 }), [judged(999, 1)], [block]],
  [
    "a ratio is of the rows of all batches together, not of their ratios",
    violationRatio({ max: 0.2, batches: 2 }),
    [judged(1_000), judged(10, 10), judged(10, 10)],
    [proceed, proceed, block],
  ],
  [
    "a ratio says nothing among few rows",
    violationRatio({ max: 0.2, batches: 3, minRows: 20 }),
    [judged(10, 9), judged(9, 9), judged(1, 0)],
    [proceed, proceed, block],
  ],
  [
    "a batch without rows does not move the window",
    violationRatio({ max: 0.5, batches: 2 }),
    [judged(10), idle(), judged(10, 10), idle(), judged(10, 1)],
    [proceed, proceed, proceed, proceed, block],
  ],
  [
    "failures in a row are let through up to their maximum",
    consecutiveFailures({ max: 2, action: "warn" }),
    [judged(9, 1), judged(9, 1), judged(9, 1), judged(9, 1)],
    [proceed, proceed, warn, warn],
  ],
  [
    "a batch that holds ends the row of failures, an idle one does not",
    consecutiveFailures({ max: 1 }),
    [judged(9, 1), judged(9), judged(9, 1), idle(), judged(9, 1)],
    [proceed, proceed, proceed, proceed, block],
  ],
  [
    "no failure at all",
    consecutiveFailures({ max: 0 }),
    [judged(9), judged(9, 1)],
    [proceed, block],
  ],
  [
    "an undecodable record is a failure, a warning is none",
    consecutiveFailures({ max: 1 }),
    [undecodable(), warned(), undecodable(), undecodable()],
    [proceed, proceed, proceed, block],
  ],
  [
    "a drop is let through up to the part that it is by",
    rowCountDrop({ by: 0.7, batches: 2 }),
    [judged(90), judged(110), judged(30), judged(20)],
    [proceed, proceed, proceed, warn],
  ],
  [
    "no drop is judged before there is an average",
    rowCountDrop({ by: 0.1, batches: 3, action: "block" }),
    [judged(100), judged(50), judged(1), judged(2), judged(1)],
    [proceed, proceed, proceed, block, block],
  ],
  [
    "the average moves, and idle batches are not in it",
    rowCountDrop({ by: 0.5, batches: 2 }),
    [judged(100), idle(), judged(100), judged(50), judged(37), judged(37)],
    [proceed, proceed, proceed, proceed, warn, proceed],
  ],
  [
    "a batch of undecodable records alone has no rows",
    rowCountDrop({ by: 0.5, batches: 1 }),
    [judged(100), undecodable(), undecodable()],
    [proceed, warn, proceed],
  ],
];

test.each(table)("%s", async (_, strategy, verdicts, actions) => {
  expect(await new AskingQuery(strategy).actions(...verdicts)).toEqual(actions);
});

test.each(table)("%s, also when each batch has a start of its own", async (...row) => {
  const [, strategy, verdicts, actions] = row;
  for (const [at, verdict] of verdicts.entries()) {
    const restarted = new AskingQuery(strategy);
    for (const before of verdicts.slice(0, at)) restarted.commit(before);
    expect(await restarted.actions(verdict)).toEqual([actions[at]]);
  }
});

const reasons: [StreamingInterventionStrategy, verdicts: Verdict[], reason: string][] = [
  [
    violationRatio({ max: 0.1, batches: 2 }),
    [judged(90, 5), judged(10, 10)],
    "violations: 15 of 100 rows, more than a ratio of 0.1",
  ],
  [
    consecutiveFailures({ max: 1 }),
    [judged(9, 1), judged(9, 1)],
    "failed batches in a row: more than 1",
  ],
  [
    rowCountDrop({ by: 0.5, batches: 2 }),
    [judged(100), judged(101), judged(7)],
    "7 rows, after an average of 101 in the 2 batches before",
  ],
];

test.each(reasons)("a reason says what was found and what is let through", async (...row) => {
  const [strategy, verdicts, reason] = row;
  const query = new AskingQuery(strategy);
  await query.actions(...verdicts.slice(0, -1));
  expect(await query.ask(verdicts.at(-1) as Verdict)).toMatchObject({ reason });
});

describe("what a batch counts for", () => {
  const strategy = () => consecutiveFailures({ max: 1 });

  test("queries that share a strategy are counted apart", async () => {
    const shared = strategy();
    const [one, other] = [new AskingQuery(shared), new AskingQuery(shared)];
    expect(await one.actions(judged(9, 1))).toEqual([proceed]);
    expect(await other.actions(judged(9, 1))).toEqual([proceed]);
    expect(await one.actions(judged(9, 1))).toEqual([block]);
  });

  test("a batch that is asked about twice counts once", async () => {
    const again = judged(9, 1);
    expect(await new AskingQuery(strategy()).actions(again, again)).toEqual([proceed, proceed]);
    const shared = strategy();
    const query = new AskingQuery(strictest(shared, shared));
    expect(await query.actions(again, judged(9, 1))).toEqual([proceed, block]);
  });

  test("a batch that was dropped before its commit is taken back once a later one is told", async () => {
    const asked = async (...committed: Verdict[]) => {
      const query = new AskingQuery(violationRatio({ max: 0.5, batches: 4 }));
      await query.actions(first, dropped, second);
      for (const each of committed) query.commit(each);
      return query.actions(judged(10, 10), judged(10, 10));
    };
    const [first, dropped, second] = [judged(10), judged(10, 10), judged(10)];
    expect(await asked()).toEqual([proceed, block]);
    expect(await asked(first)).toEqual([proceed, block]);
    expect(await asked(first, second)).toEqual([proceed, proceed]);
    expect(await asked(first, dropped, second)).toEqual([proceed, block]);
  });

  test("a batch that the history no longer holds still counts", async () => {
    const query = new AskingQuery(consecutiveFailures({ max: 2 }));
    const [older, newer] = [judged(9, 1), judged(9, 1)];
    expect(await query.actions(older, newer)).toEqual([proceed, proceed]);
    query.commit(newer);
    expect(await query.actions(judged(9, 1))).toEqual([block]);
  });
});
