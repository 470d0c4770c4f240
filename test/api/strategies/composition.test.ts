import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { InterventionDecision } from "../../../ts/intervention.ts";
import { circuitBreaker, manual, rerouted, strictest } from "../../../ts/strategies/index.ts";
import { AskingQuery, judged } from "../support/asked-strategy.ts";

const warn = (reason: string) => () => ({ action: "warn" as const, reason });
const block = (reason: string) => () => ({ action: "block" as const, reason });
const reroute = (reason: string) => () => ({
  action: "reroute" as const,
  reason,
  to: "quarantine",
});
const proceed = () => null;
const never = () => new Promise<null>(() => {});
const fail = () => {
  throw new Error("the service is down");
};

const table: [string, (() => unknown)[], InterventionDecision | Error][] = [
  ["all proceed", [proceed, proceed], { action: "proceed" }],
  ["a warning", [proceed, warn("late")], { action: "warn", reason: "late" }],
  ["two warnings", [warn("late"), warn("few")], { action: "warn", reason: "late; few" }],
  [
    "a block among warnings",
    [warn("a"), block("b"), warn("c")],
    { action: "block", reason: "a; b; c" },
  ],
  [
    "a reroute among warnings",
    [warn("a"), reroute("b"), warn("c")],
    { action: "reroute", reason: "a; b; c", to: "quarantine" },
  ],
  ["a block beside a reroute", [reroute("a"), block("b")], { action: "block", reason: "a; b" }],
  ["a block beside a failure", [fail, block("bad")], { action: "block", reason: "bad" }],
  ["a block beside silence", [never, block("bad")], { action: "block", reason: "bad" }],
  ["a failure beside a warning", [warn("late"), fail], new Error("the service is down")],
  [
    "what is no decision",
    [() => ({ action: "retry", reason: "x" })],
    new TypeError("a decision is null"),
  ],
];

test.each(table)("the strictest of %s", async (_, strategies, expected) => {
  const query = new AskingQuery(strictest(...(strategies as (() => null)[])));
  const answer = query.ask(judged(1));
  if (expected instanceof Error) await expect(answer).rejects.toThrow(expected.message);
  else expect(await answer).toEqual(expected);
});

test("what a strategy would block is rerouted, and nothing else", async () => {
  const answers = [block("bad")(), warn("few")(), null];
  const intervention = () => answers.shift();
  const query = new AskingQuery(rerouted(intervention, { to: "quarantine", scope: "onwards" }));
  expect(await query.ask(judged(1))).toEqual({
    ...{ action: "reroute", reason: "bad" },
    ...{ to: "quarantine", scope: "onwards" },
  });
  expect(await query.actions(judged(1), judged(1))).toEqual(["warn", "proceed"]);
  expect(() => rerouted(proceed, { to: "" })).toThrow("expected a text that is not empty");
});

test("compositions nest, and keep each strategy's own state", async () => {
  const operator = manual();
  const query = new AskingQuery(strictest(warn("few"), strictest({ decide: proceed }, operator)));
  expect(await query.ask(judged(1))).toEqual({ action: "warn", reason: "few" });
  operator.block("incident 7");
  expect(await query.ask(judged(1))).toEqual({ action: "block", reason: "few; incident 7" });
});

test("an operator's block holds for every verdict until they let batches through", async () => {
  const operator = manual();
  const query = new AskingQuery(operator);
  expect(await query.actions(judged(1))).toEqual(["proceed"]);
  operator.block("incident 7");
  expect(await query.actions(judged(1), judged(1))).toEqual(["block", "block"]);
  operator.proceed();
  expect(await query.actions(judged(1))).toEqual(["proceed"]);
  expect(() => operator.block("")).toThrow("expected a text that is not empty");
});

/** A circuit breaker around a service that does what `asked` says next, and what each verdict got. */
function breaking(failures: number) {
  const state = { now: 0, numAsked: 0, service: proceed as () => unknown };
  const strategy = circuitBreaker(
    () => {
      state.numAsked += 1;
      return state.service() as null;
    },
    { failures, halfOpenAfter: "30 seconds", clock: () => state.now },
  );
  const query = new AskingQuery(strategy);
  const outcome = () =>
    query.ask(judged(1)).then(
      ({ action }) => action,
      (error: Error) => error.name,
    );
  return { state, strategy, query, outcome };
}

test("failures in a row open the circuit; a trial after a while closes it", async () => {
  const { state, outcome } = breaking(2);
  state.service = fail;
  expect([await outcome(), await outcome()]).toEqual(["Error", "Error"]);
  state.now = 29_999;
  expect([await outcome(), state.numAsked]).toEqual(["CircuitOpenError", 2]);
  state.now = 30_000;
  expect([await outcome(), state.numAsked]).toEqual(["Error", 3]);
  expect([await outcome(), state.numAsked]).toEqual(["CircuitOpenError", 3]);
  state.now = 60_000;
  state.service = warn("late");
  expect([await outcome(), await outcome(), state.numAsked]).toEqual(["warn", "warn", 5]);
  state.service = fail;
  expect([await outcome(), await outcome(), await outcome()]).toEqual([
    ...["Error", "Error", "CircuitOpenError"],
  ]);
});

test("an answer in between ends the row of failures", async () => {
  const { state, outcome } = breaking(2);
  for (const service of [fail, proceed, fail, proceed, fail]) {
    state.service = service;
    await outcome();
  }
  expect(state.numAsked).toBe(5);
});

test("an answer that is late, or is none, is a failure", async () => {
  const late = breaking(1);
  late.state.service = never;
  const waiting = late.outcome();
  await turn();
  late.query.expire();
  expect([await waiting, await late.outcome()]).toEqual(["TimeoutError", "CircuitOpenError"]);
  const odd = breaking(1);
  odd.state.service = () => 42;
  expect([await odd.outcome(), await odd.outcome()]).toEqual(["TypeError", "CircuitOpenError"]);
});

test("one trial at a time: other queries find the circuit open", async () => {
  const { state, strategy, outcome } = breaking(1);
  state.service = fail;
  await outcome();
  state.now = 30_000;
  state.service = never;
  void outcome();
  await turn();
  await expect(new AskingQuery(strategy).ask(judged(1))).rejects.toThrow("the circuit is open");
});
