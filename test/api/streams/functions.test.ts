import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import { StreamingValidationError } from "../../../ts/errors.ts";
import {
  type ContractStream,
  readStreamWithContract,
  type StreamFunction,
  type WriteStreamOptions,
  writeStreamWithContract,
} from "../../../ts/streams/index.ts";
import type { TransformRow } from "../../../ts/transforms.ts";
import { FakeNative } from "../support/fake-native.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { input, output, plansAndFakes, processed, sent, thrownBy } from "./support/events.ts";

let engine: FakeNative;
let binding: Awaited<ReturnType<typeof plansAndFakes>>;
vi.mock(import("../../../ts/native.ts"), () => ({ native: () => binding }));

let read: ContractStream;
beforeEach(async () => {
  engine = new FakeNative();
  binding = await plansAndFakes(engine);
  read = (await readStreamWithContract({ input, contract: sent })).stream;
});

interface Doubled extends TransformRow {
  value: bigint;
}

const timestamp = { name: "timestamp", logicalType: "timestamp", required: true };
const toFlag: StreamFunction = {
  name: "toFlag",
  schema: [
    timestamp,
    { name: "value", logicalType: "integer", required: true },
    { name: "flag", logicalType: "string", required: true },
  ],
  apply: (rows: readonly Doubled[]) =>
    rows.map((row) => ({ ...row, flag: row.value > 3n ? "high" : "low" })),
};

function flagged(step: StreamFunction = toFlag): ContractStream {
  return read.withColumn("value", "value * 2").transform(step).filter("flag = 'high'");
}

/** What a write of the stream answers to one call of its function, with `values` as rows. */
async function answerOf(
  stream: ContractStream,
  values: readonly string[],
  options: Partial<WriteStreamOptions> = {},
) {
  const { logger, records } = recordingLogger();
  await writeStreamWithContract(stream, { contract: processed, output, logger, ...options });
  const { calls, answers } = engine.query.transforms;
  calls.put({
    ...{ call: 1, name: "toFlag", numRows: values.length },
    rowsJson: JSON.stringify(values.map((value) => ({ value }))),
    ...{ shapeJson: '{"items":{"fields":{"value":"bigint"}}}', answerShapeJson: "null" },
  });
  while (answers.length === 0) await sleep(1);
  engine.query.end();
  return { answer: answers[0], levels: records.map(({ level }) => level) };
}

test("a function between statements is planned with the columns that it declares", async () => {
  const made = read.withColumn("value", "value * 2").transform(toFlag);
  expect(made.schema).toEqual({
    timestamp: { odcsType: "timestamp", nullable: true },
    value: { odcsType: "integer", nullable: true },
    flag: { odcsType: "string", nullable: true },
  });
  expect(Object.keys(flagged().select("flag AS mark").schema)).toEqual(["mark"]);
  await writeStreamWithContract(flagged(), { contract: processed, output });
  const [started] = engine.started;
  expect(started?.config).toMatchObject({
    transforms: [
      { sql: expect.stringContaining("value * 2") },
      { function: "toFlag", schema: toFlag.schema },
      { sql: expect.stringContaining("flag = 'high'") },
    ],
  });
  expect(started?.options.transforms).toMatchObject({ names: ["toFlag"] });
});

test("a function is asked for rows, and answers what it made of them", async () => {
  const { answer, levels } = await answerOf(flagged(), ["2", "4"]);
  expect(answer).toEqual({
    call: 1,
    lines: ['{"value":2,"flag":"low"}', '{"value":4,"flag":"high"}'],
  });
  expect(levels).toEqual([]);
});

test.each<[string, StreamFunction["apply"], string]>([
  ["throws", () => raise(), "it threw RangeError"],
  ["answers too few rows", () => [null], "it answered 1 rows for 2"],
  ["answers none", () => undefined as never, "it answered no array"],
])("a function that %s fails, and is logged", async (_, apply, failure) => {
  const { answer, levels } = await answerOf(flagged({ ...toFlag, apply }), ["2", "4"]);
  expect(answer).toEqual({ call: 1, failure });
  expect(levels).toEqual(["error"]);
});

function raise(): never {
  throw new RangeError("2 is odd");
}

test("a write says how long a function may take", async () => {
  const apply: StreamFunction["apply"] = () => new Promise(() => {});
  await writeStreamWithContract(flagged({ ...toFlag, apply }), {
    ...{ contract: processed, output, transformTimeoutMs: 250 },
  });
  expect(engine.started[0]?.options.transforms).toEqual({ names: ["toFlag"], timeoutMs: 250 });
});

test("what follows a function knows no other columns than it declares", () => {
  const short = read.transform({ ...toFlag, schema: [timestamp] });
  const error = thrownBy(() => short.filter("value > 1"));
  expect(StreamingValidationError.is(error, "TRANSFORM_INVALID")).toBe(true);
  expect(error).toMatchObject({ message: expect.stringContaining('step 2, filter("value > 1")') });
});

test("a schema that is none is refused at once, and the step is named", () => {
  const odd = [{ name: "flag", logicalType: "float" }];
  const error = thrownBy(() => read.filter("value > 1").transform({ ...toFlag, schema: odd }));
  expect(error).toMatchObject({
    ...{ code: "TRANSFORM_INVALID", message: expect.stringContaining("step 2, transform(toFlag)") },
    context: { operation: "plan", field: "transforms[1].schema[0].logicalType" },
  });
});

test("a name stands for one function", () => {
  expect(Object.keys(read.transform(toFlag).transform(toFlag).schema)).toHaveLength(3);
  const other = { ...toFlag, apply: () => [] };
  expect(thrownBy(() => read.transform(toFlag).transform(other))).toMatchObject({
    context: { field: "transforms[1].function", actual: '"toFlag"' },
  });
});
