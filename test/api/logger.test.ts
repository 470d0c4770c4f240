import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import { plainLine } from "../../ts/logger.ts";
import { startQuery } from "../../ts/start.ts";
import { FakeNative } from "./support/fake-native.ts";
import { recordingLogger } from "./support/recording-logger.ts";
import { config, failure } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

const record = (level: string, fields: object) => ({
  level,
  target: "headgate_kafka",
  message: "assigned",
  fieldsJson: JSON.stringify(fields),
});

test("the engine's records reach the logger of their query alone", async () => {
  const [one, two] = [recordingLogger(), recordingLogger()];
  const queries = [
    await startQuery({ ...config, name: "one" }, { logger: one.logger }),
    await startQuery({ ...config, name: "two" }, { logger: two.logger }),
  ];
  engine.log(record("info", { query: "one", partitions: 3 }));
  engine.log(record("warn", { broker: 1 }));
  expect(one.records).toEqual([
    {
      level: "info",
      fields: { target: "headgate_kafka", query: "one", partitions: 3 },
      message: "assigned",
    },
    { level: "warn", fields: { target: "headgate_kafka", broker: 1 }, message: "assigned" },
  ]);
  expect(two.records).toHaveLength(1);
  await Promise.all(queries.map((query) => query.stop()));
});

test.each([
  [["debug", "error"], "debug"],
  [["warn", "error"], "warn"],
  [["silent"], "off"],
  [["trace"], "debug"],
  [[undefined], "debug"],
])("loggers of level %j make the engine log at %s", async (levels, expected) => {
  const queries = [];
  for (const level of levels) {
    queries.push(await startQuery(config, { logger: recordingLogger(level).logger }));
  }
  expect(engine.logLevel).toBe(expected);
  await Promise.all(queries.map((query) => query.stop()));
});

test("a logger gets nothing below its level, though another one asked for it", async () => {
  const [all, few] = [recordingLogger("debug"), recordingLogger("warn")];
  const queries = [
    await startQuery(config, { logger: all.logger }),
    await startQuery(config, { logger: few.logger }),
  ];
  engine.log(record("info", {}));
  expect([all.records.length, few.records.length]).toEqual([1, 0]);
  await Promise.all(queries.map((query) => query.stop()));
});

test("a query that ended or did not start leaves no logger behind", async () => {
  const { logger, records } = recordingLogger();
  const query = await startQuery(config, { logger });
  await query.stop();
  engine.startFailure = failure();
  await expect(startQuery(config, { logger })).rejects.toThrow();
  engine.log(record("warn", {}));
  await sleep(1);
  expect(records).toEqual([]);
});

test("a plain line holds the message and the fields", () => {
  const line = plainLine("warn", { topic: "events", partitions: [1] }, "assigned");
  expect(line).toBe("headgate warn assigned topic=events partitions=[1]");
});
