import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import { StreamingValidationError } from "../../ts/errors.ts";
import type { QueryHooks } from "../../ts/hooks.ts";
import type { NativeTransformCall } from "../../ts/native.ts";
import { startQuery } from "../../ts/start.ts";
import type { TransformFunction, TransformFunctions, TransformRow } from "../../ts/transforms.ts";
import { validateConfig } from "../../ts/validate.ts";
import { FakeNative } from "./support/fake-native.ts";
import { type LogCall, recordingLogger } from "./support/recording-logger.ts";
import { config, failure } from "./support/samples.ts";

let engine: FakeNative;
let records: LogCall[];
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

function call(change: Partial<NativeTransformCall> = {}): NativeTransformCall {
  return {
    ...{ call: 1, name: "f", numRows: 2 },
    ...{ rowsJson: '[{"id":"1","at":"2026-11-22"},{"id":null,"at":null}]' },
    ...{ shapeJson: '{"items":{"fields":{"id":"bigint"}}}', answerShapeJson: "null" },
    ...change,
  };
}

/** Starts a query with functions and answers what they answered to `asked`. */
async function answers(hooks: QueryHooks, ...asked: NativeTransformCall[]) {
  const recording = recordingLogger();
  records = recording.records;
  await startQuery(config, { logger: recording.logger, ...hooks });
  const { calls, answers } = engine.query.transforms;
  for (const each of asked) calls.put(each);
  while (answers.length < asked.length) await sleep(1);
  engine.query.end();
  return answers;
}

test("a function gets rows, and each becomes a row, nothing or the name of an error", async () => {
  const seen: unknown[] = [];
  const f: TransformFunction = (rows, context) => {
    seen.push(rows, context.function, context.signal.aborted);
    return [{ id: (rows[0]?.id as bigint) + 1n, at: rows[0]?.at }, null];
  };
  const failing: TransformFunction = async () => [null, new RangeError("4111 is no card")];
  const asked = [call(), call({ call: 2, name: "failing" })];
  expect(await answers({ transforms: { f, failing } }, ...asked)).toEqual([
    { call: 1, lines: ['{"id":2,"at":"2026-11-22"}', "null"] },
    { call: 2, lines: ["null", '"RangeError"'] },
  ]);
  const [rows, ...context] = seen;
  expect(rows).toEqual([
    { id: 1n, at: "2026-11-22" },
    { id: null, at: null },
  ]);
  expect(context).toEqual(["f", false]);
  expect(records).toEqual([]);
});

class Money {
  readonly cents = 5n;
}

const values: [string, object, string][] = [
  ["bigint", { a: 9007199254740993n }, '{"a":9007199254740993}'],
  ["numbers", { a: 0.1, b: 1e21 }, '{"a":0.1,"b":1e+21}'],
  ["decimals as text, unlike other text", { d: "12.30", t: "12.30" }, '{"d":12.30,"t":"12.30"}'],
  ["decimals as numbers", { d: 12.3 }, '{"d":12.3}'],
  ["what is no decimal", { d: "+5", t: '"' }, '{"d":"+5","t":"\\""}'],
  ["nested decimals", { o: { d: ["1.5"] }, m: { k: "-0.5" } }, '{"o":{"d":[1.5]},"m":{"k":-0.5}}'],
  ["dates", { a: new Date(0) }, '{"a":"1970-01-01T00:00:00.000Z"}'],
  ["what is not there", { a: undefined, b: null, c: [undefined] }, '{"b":null,"c":[null]}'],
  ["instances", new Money(), '{"cents":5}'],
  ["names that are not its own", JSON.parse('{"__proto__":"1.5"}'), '{"__proto__":"1.5"}'],
  ["nothing", {}, "{}"],
];

const answerShapeJson = JSON.stringify({
  fields: {
    d: "decimal",
    o: { fields: { d: { items: "decimal" } } },
    m: { values: "decimal" },
  },
});

test.each(values)("%s: as JSON without a loss", async (_, row, line) => {
  const transforms = { f: () => [row, null] };
  const answered = await answers({ transforms }, call({ answerShapeJson }));
  expect(answered).toEqual([{ call: 1, lines: [line, "null"] }]);
});

test.each([
  ["a number that is none", Number.NaN],
  ["an infinite number", Number.NEGATIVE_INFINITY],
  ["a map", new Map([["a", 1]])],
  ["a set", new Set([1])],
  ["a function", () => 1],
  ["a symbol", Symbol("a")],
])("%s fits no column, which fails its row", async (_, value) => {
  const transforms = { f: () => [{ a: value }, null] };
  const answered = await answers({ transforms }, call());
  expect(answered).toEqual([{ call: 1, lines: ['{"a":1e999}', "null"] }]);
});

const noRow = "an item of its answer is neither a row, nor null, nor an Error";
const unusable: [string, () => unknown, string][] = [
  ["throws", () => raise(), "it threw RangeError"],
  ["rejects", async () => raise(), "it threw RangeError"],
  ["answers nothing", () => undefined, "it answered no array"],
  ["answers a row", () => ({ id: 4111 }), "it answered no array"],
  ["answers too few rows", () => [null], "it answered 1 rows for 2"],
  ["answers too many", () => [null, null, null], "it answered 3 rows for 2"],
  ["answers holes", () => new Array(2), noRow],
  ["forgets to return a row", () => [null, undefined], noRow],
  ["answers promises", () => [null, Promise.resolve({})], noRow],
  ["answers text", () => [null, "4111"], noRow],
  ["answers an array as a row", () => [[1], null], noRow],
  ["answers a map as a row", () => [new Map(), null], noRow],
  ["answers a date as a row", () => [new Date(0), null], noRow],
];

function raise(): never {
  throw new RangeError("4111 is no card");
}

test.each(unusable)("a function that %s fails, and is logged", async (_, made, reason) => {
  const answered = await answers({ transforms: { f: made as TransformFunction } }, call());
  expect(answered).toEqual([{ call: 1, failure: reason }]);
  expect(records.map(({ level }) => level)).toEqual(["error"]);
  expect(records[0]?.fields).toMatchObject({ function: "f" });
});

test("the signal aborts at the deadline, and what comes later is logged", async () => {
  const signals: AbortSignal[] = [];
  const f: TransformFunction = async (rows, { signal }) => {
    signals.push(signal);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return rows;
  };
  const recording = recordingLogger();
  const hooks = { transforms: { f }, transformTimeoutMs: 10, logger: recording.logger };
  const query = await startQuery(config, hooks);
  const { transforms } = engine.query;
  transforms.isLate = true;
  transforms.calls.put(call());
  while (transforms.answers.length === 0) await sleep(1);
  engine.query.end();
  await query.awaitTermination();
  expect(signals[0]?.reason).toMatchObject({ name: "TimeoutError" });
  expect(recording.records.map(({ level }) => level)).toEqual(["warn"]);
});

test("a function may be typed by its columns, and the engine is told its name", async () => {
  interface Trip extends TransformRow {
    metres: bigint;
  }
  const toKm = (trips: readonly Trip[]) =>
    trips.map(({ metres }) => ({ km: Number(metres) / 1000 }));
  await startQuery(config, { transforms: { toKm }, transformTimeoutMs: 50 });
  await startQuery(config, { transforms: { toKm } });
  await startQuery(config, { transforms: {} });
  expect(engine.started.map(({ options }) => options.transforms)).toEqual([
    { names: ["toKm"], timeoutMs: 50 },
    { names: ["toKm"], timeoutMs: 10_000 },
    undefined,
  ]);
});

test("what is no function is refused before anything starts", async () => {
  const transforms = { f: "f" } as unknown as TransformFunctions;
  for (const refused of [
    () => startQuery(config, { transforms }),
    () => validateConfig(config, { transforms }),
  ]) {
    const error = await refused().catch((error: unknown) => error);
    expect(StreamingValidationError.is(error, "CONFIG_TYPE")).toBe(true);
    expect(error).toMatchObject({ context: { field: "transforms.f", actual: "string" } });
  }
  expect([engine.started, engine.validated]).toEqual([[], []]);
});

test("a function that no transform names is told with what was probably meant", async () => {
  const issue = { path: ["hooks", "transforms"], code: "CONFIG_UNKNOWN_KEY" };
  engine.startFailure = failure({
    ...{ kind: "validation", code: "CONFIG_INVALID", operation: "validate", component: "config" },
    issues: [{ ...issue, expected: "one of toKm", actual: '"toKn"' }],
  });
  const refused = startQuery(config, { transforms: { toKn: (rows) => rows } });
  await expect(refused).rejects.toMatchObject({
    message: 'transforms: expected one of toKm, got "toKn" (did you mean "toKm"?)',
    issues: [{ code: "CONFIG_UNKNOWN_KEY", component: "hooks", field: "transforms" }],
  });
});
