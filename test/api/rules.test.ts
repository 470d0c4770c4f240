import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import type { ContractDocument } from "../../ts/config/types.ts";
import { checkContract } from "../../ts/contract/check.ts";
import { testContract } from "../../ts/contract/test.ts";
import { StreamingValidationError } from "../../ts/errors.ts";
import type { QueryHooks } from "../../ts/hooks.ts";
import type { NativeRuleCall } from "../../ts/native.ts";
import type { RuleContext, RuleFunction, RuleFunctions, RuleValues } from "../../ts/rules.ts";
import { startQuery } from "../../ts/start.ts";
import { validateConfig } from "../../ts/validate.ts";
import { FakeNative } from "./support/fake-native.ts";
import type { FakeCaller } from "./support/fake-query.ts";
import { type LogCall, recordingLogger } from "./support/recording-logger.ts";
import { config, failure } from "./support/samples.ts";

let engine: FakeNative;
let records: LogCall[];
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

const document: ContractDocument = { apiVersion: "v3.1.0", kind: "DataContract" };

function call(change: Partial<NativeRuleCall> = {}): NativeRuleCall {
  return {
    ...{ call: 1, name: "luhn", rule: "custom_card", numRows: 4 },
    ...{ valuesJson: '["1","2",null,"4"]', shapeJson: "null" },
    ...change,
  };
}

async function answersOf(caller: FakeCaller, ...asked: NativeRuleCall[]) {
  for (const each of asked) caller.calls.put(each);
  while (caller.answers.length < asked.length) await sleep(1);
  return caller.answers;
}

/** Starts a query with functions and answers what they answered to `asked`. */
async function answers(hooks: QueryHooks, ...asked: NativeRuleCall[]) {
  const recording = recordingLogger();
  records = recording.records;
  await startQuery(config, { logger: recording.logger, ...hooks });
  const answered = await answersOf(engine.query.rules, ...asked);
  engine.query.end();
  return answered;
}

const found: [string, ReturnType<RuleFunction>, number[]][] = [
  ["indices", [3, 0], [3, 0]],
  ["a set of them", new Set([2]), [2]],
  ["a typed array", Uint32Array.of(1, 2), [1, 2]],
  ["a mask", [false, true, false, true], [1, 3]],
  ["nothing found", [], []],
  ["a mask without any", [false, false, false, false], []],
  ["a promise", Promise.resolve([1]), [1]],
];

test.each(found)("%s: the rows that break the rule", async (_, answer, rows) => {
  const answered = await answers({ rules: { luhn: () => answer } }, call());
  expect(answered).toEqual([{ call: 1, rows }]);
  expect(records).toEqual([]);
});

const unusable: [string, () => unknown, string][] = [
  ["throws", () => raise(), "it threw RangeError"],
  ["rejects", async () => raise(), "it threw RangeError"],
  ["throws no error", () => Promise.reject("4111"), "it threw string"],
  ["answers nothing", () => undefined, "it answered neither rows nor a mask"],
  ["answers a number", () => 4111, "it answered neither rows nor a mask"],
  ["answers a text", () => "0", "it answered neither rows nor a mask"],
  ["answers a row too many", () => [4], "it answered a row that there is not"],
  ["answers a row below the first", () => [-1], "it answered a row that there is not"],
  ["answers half a row", () => [0.5], "it answered a row that there is not"],
  ["answers a value", () => ["4111"], "it answered a row that there is not"],
  ["answers a mask too short", () => [true], "its mask is not one of 4 rows"],
  ["mixes both", () => [true, 1, 2, 3], "its mask is not one of 4 rows"],
  [
    "begins with rows and goes on as a mask",
    () => [1, true],
    "it answered a row that there is not",
  ],
];

function raise(): never {
  throw new RangeError("4111 is no card");
}

test.each(unusable)(
  "a function that %s fails its rule, and is logged",
  async (_, judge, reason) => {
    const answered = await answers({ rules: { luhn: judge as RuleFunction } }, call());
    expect(answered).toEqual([{ call: 1, failure: reason }]);
    expect(records.map(({ level }) => level)).toEqual(["error"]);
    expect(records[0]?.fields).toMatchObject({ rule: "custom_card", function: "luhn" });
  },
);

const values: [string, Partial<NativeRuleCall>, RuleValues][] = [
  ["texts", {}, ["1", "2", null, "4"]],
  [
    "integers of 64 bits",
    { valuesJson: '["9223372036854775807",null]', shapeJson: '{"items":"bigint"}' },
    [2n ** 63n - 1n, null],
  ],
  [
    "doubles",
    { valuesJson: '[0.1,"NaN","-Infinity"]', shapeJson: '{"items":"number"}' },
    [0.1, Number.NaN, Number.NEGATIVE_INFINITY],
  ],
  [
    "objects and arrays",
    {
      valuesJson: '[{"id":"1","at":[["2"],null],"name":"x"},null]',
      shapeJson: '{"items":{"fields":{"id":"bigint","at":{"items":{"items":"bigint"}}}}}',
    },
    [{ id: 1n, at: [[2n], null], name: "x" }, null],
  ],
  [
    "objects of any keys",
    { valuesJson: '[{"a":"1","b":null}]', shapeJson: '{"items":{"values":"bigint"}}' },
    [{ a: 1n, b: null }],
  ],
  [
    "columns by their paths",
    {
      valuesJson: '{"card":["1"],"o.amount":["5"]}',
      shapeJson: '{"fields":{"o.amount":{"items":"bigint"}}}',
    },
    { card: ["1"], "o.amount": [5n] },
  ],
];

test.each(values)("a function gets %s", async (_, change, expected) => {
  const seen: unknown[] = [];
  const luhn: RuleFunction = (values) => {
    seen.push(values);
    return [];
  };
  await answers({ rules: { luhn } }, call(change));
  expect(seen).toEqual([expected]);
});

test("names from the data stay names", async () => {
  const seen: object[] = [];
  const luhn = ([value]: readonly object[]) => {
    seen.push(value ?? {});
    return [];
  };
  const change = {
    valuesJson: '[{"__proto__":"1"}]',
    shapeJson: '{"items":{"values":"bigint"}}',
  };
  await answers({ rules: { luhn } as RuleFunctions }, call(change));
  expect(Object.entries(seen[0] ?? {})).toEqual([["__proto__", 1n]]);
});

test("a function is told its rule and its arguments, and may be typed by its columns", async () => {
  const contexts: RuleContext[] = [];
  const luhn = (cards: readonly (string | null)[], context: RuleContext) => {
    contexts.push(context);
    return cards.map((card) => card === context.arguments.bad);
  };
  const argumentsJson = '{"bad":"2"}';
  const answered = await answers({ rules: { luhn } }, call({ argumentsJson }), call());
  expect(answered.map(({ rows }) => rows)).toEqual([[1], []]);
  expect(contexts).toMatchObject([
    { rule: "custom_card", arguments: { bad: "2" } },
    { rule: "custom_card", arguments: {} },
  ]);
});

test("a function that waits holds up no other", async () => {
  let release: (rows: number[]) => void = () => {};
  const slow = new Promise<number[]>((resolve) => {
    release = resolve;
  });
  const luhn = () => {
    release([0]);
    return [1];
  };
  const rules: RuleFunctions = { slow: () => slow, luhn };
  const answered = await answers({ rules }, call({ call: 7, name: "slow" }), call({ call: 8 }));
  expect(answered.map(({ call }) => call).sort()).toEqual([7, 8]);
});

test("the signal aborts at the deadline, and what comes later is logged", async () => {
  const signals: AbortSignal[] = [];
  const luhn: RuleFunction = async (_, { signal }) => {
    signals.push(signal);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return [1];
  };
  const recording = recordingLogger();
  const hooks = { rules: { luhn }, ruleTimeoutMs: 10, logger: recording.logger };
  const query = await startQuery(config, hooks);
  engine.query.rules.isLate = true;
  await answersOf(engine.query.rules, call());
  engine.query.end();
  await query.awaitTermination();
  expect(signals[0]?.reason).toMatchObject({ name: "TimeoutError" });
  expect(recording.records.map(({ level }) => level)).toEqual(["warn"]);
});

test("the engine is told the names of functions and their deadline", async () => {
  const rules = { luhn: () => [], iban: () => [] };
  await startQuery(config, { rules });
  await startQuery(config, { rules, ruleTimeoutMs: 50 });
  await startQuery(config, { rules: {} });
  await startQuery(config);
  expect(engine.started.map(({ options }) => options.rules)).toEqual([
    { names: ["luhn", "iban"], timeoutMs: 10_000 },
    { names: ["luhn", "iban"], timeoutMs: 50 },
    undefined,
    undefined,
  ]);
});

test("what is no function is refused before anything starts", async () => {
  const rules = { luhn: "luhn" } as unknown as RuleFunctions;
  for (const refused of [
    () => startQuery(config, { rules }),
    () => testContract(document, "cards.jsonl", { rules }),
    () => validateConfig(config, { rules }),
    () => checkContract(document, { rules }),
  ]) {
    const error = await refused().catch((error: unknown) => error);
    expect(StreamingValidationError.is(error, "CONFIG_TYPE")).toBe(true);
    expect(error).toMatchObject({ context: { field: "rules.luhn", actual: "string" } });
  }
  expect([engine.started, engine.trials, engine.validated]).toEqual([[], [], []]);
});

const unused = failure({
  ...{ kind: "validation", code: "CONFIG_INVALID", operation: "validate", component: "config" },
  field: "rules",
  issues: [
    {
      ...{ path: ["hooks", "rules"], code: "CONFIG_UNKNOWN_KEY" },
      ...{ expected: "one of iban, luhn", actual: '"lunh"' },
    },
  ],
});

test("a function that no rule names is told with what was probably meant", async () => {
  engine.startFailure = unused;
  engine.onTrial = async () => ({ issues: [], failure: unused });
  const rules = { lunh: () => [] };
  for (const refused of [
    () => startQuery(config, { rules }),
    () => testContract(document, "cards.jsonl", { rules }),
  ]) {
    await expect(refused()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: 'rules: expected one of iban, luhn, got "lunh" (did you mean "luhn"?)',
      issues: [{ code: "CONFIG_UNKNOWN_KEY", component: "hooks", field: "rules" }],
    });
  }
});

test("a contract is tested with functions", async () => {
  const result = { status: "ok", rules: [] };
  engine.onTrial = async (trial) => {
    await answersOf(trial, call());
    return { issues: [], resultJson: JSON.stringify(result) };
  };
  const rules = { luhn: () => [2] };
  const report = await testContract(document, "cards.jsonl", { rules, ruleTimeoutMs: 50 });
  expect(report).toEqual({ ok: true, ...result });
  const [trial] = engine.trials;
  expect(trial?.answers).toEqual([{ call: 1, rows: [2] }]);
  expect(trial?.options).toMatchObject({ rules: { names: ["luhn"], timeoutMs: 50 }, samples: 5 });
});

test("a contract and a configuration are checked with the names of functions alone", async () => {
  const rules = { luhn: () => raise() };
  await checkContract(document, { rules, schema: "cards" });
  await validateConfig(config, { rules });
  await validateConfig(config, { transforms: { toKm: (rows) => rows } });
  await validateConfig(config);
  expect(engine.operated).toEqual([["check", JSON.stringify(document), "cards", ["luhn"]]]);
  expect(engine.validated.map(([, , ...functions]) => functions)).toEqual([
    [["luhn"], []],
    [[], ["toKm"]],
    [[], []],
  ]);
});
