import { expect, test } from "vitest";
import { errorBudget, type Limit } from "../../../ts/strategies/index.ts";
import { AskingQuery, judged } from "../support/asked-strategy.ts";

const MINUTE = 60_000;
const [proceed, block] = ["proceed", "block"];

type Row = [
  name: string,
  limit: Limit,
  batches: [minute: number, rows: number, violating: number][],
  actions: string[],
];

const table: Row[] = [
  ["rows up to the maximum are let through", { max: 5 }, [[0, 9, 5]], [proceed]],
  ["one more is not", { max: 5 }, [[0, 9, 6]], [block]],
  [
    "what is an hour old no longer counts",
    { max: 5 },
    [
      [0, 9, 5],
      [59, 9, 0],
      [60, 9, 5],
      [119, 9, 1],
    ],
    [proceed, proceed, proceed, block],
  ],
  [
    "a ratio is of all rows of the hour",
    { maxRatio: 0.1, minRows: 50 },
    [
      [0, 49, 49],
      [61, 100, 10],
      [62, 100, 11],
    ],
    [proceed, proceed, block],
  ],
  [
    "both hold",
    { max: 20, maxRatio: 0.5 },
    [
      [0, 100, 20],
      [61, 10, 6],
    ],
    [proceed, block],
  ],
  [
    "idle batches do not count",
    { max: 0 },
    [
      [0, 0, 0],
      [1, 9, 1],
    ],
    [proceed, block],
  ],
];

test.each(table)("%s", async (_, limit, batches, actions) => {
  let now = 0;
  const strategy = errorBudget({ ...limit, per: "1 hour", clock: () => now });
  const query = new AskingQuery(strategy);
  const decided: string[] = [];
  for (const [minute, rows, violating] of batches) {
    now = 1_000_000 + minute * MINUTE;
    decided.push(...(await query.actions(judged(rows, violating))));
  }
  expect(decided).toEqual(actions);
});

test.each(table)("%s, also when each batch has a start of its own", async (...row) => {
  const [, limit, batches, actions] = row;
  let now = 0;
  const strategy = errorBudget({ ...limit, per: "1 hour", clock: () => now });
  const told = batches.map(([minute, rows, violating]) => ({
    at: minute * MINUTE,
    verdict: judged(rows, violating),
  }));
  for (const [nth, { at, verdict }] of told.entries()) {
    const restarted = new AskingQuery(strategy);
    for (const before of told.slice(0, nth)) restarted.commit(before.verdict, before.at);
    now = at;
    expect(await restarted.actions(verdict)).toEqual([actions[nth]]);
  }
});

test("a batch that another worker's clock has in the future was committed by now", async () => {
  const query = new AskingQuery(errorBudget({ max: 1, per: "1 hour", clock: () => MINUTE }));
  query.commit(judged(9, 1), 500 * MINUTE);
  expect(await query.actions(judged(9, 1))).toEqual([block]);
});

test.each([
  ["500 milliseconds", 500],
  ["1 second", 1_000],
  [" 2  minutes ", 2 * MINUTE],
  ["1 day", 24 * 60 * MINUTE],
])("a budget per %s lasts %d ms", async (per, span) => {
  let now = 0;
  const query = new AskingQuery(errorBudget({ max: 1, per, clock: () => now }));
  expect(await query.actions(judged(9, 1))).toEqual([proceed]);
  now = span - 1;
  expect(await query.actions(judged(9, 1))).toEqual([block]);
  now = span;
  expect(await query.actions(judged(9, 0))).toEqual([proceed]);
});
