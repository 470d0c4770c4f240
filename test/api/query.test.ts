import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import type { StreamingBatch } from "../../ts/batch.ts";
import { StreamingError, StreamingQueryError } from "../../ts/errors.ts";
import { startQuery } from "../../ts/start.ts";
import { FakeNative } from "./support/fake-native.ts";
import { recordingLogger } from "./support/recording-logger.ts";
import { batch, config, failure, progress } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

test("a query answers who it is and that it runs", async () => {
  const query = await startQuery(config);
  expect(query).toMatchObject({ id: "query-1", runId: engine.query.runId, name: "events" });
  expect(query).toMatchObject({ status: "ACTIVE", isActive: true, exception: undefined });
  await query.stop();
  expect(query).toMatchObject({ status: "TERMINATED", isActive: false });
});

test("awaitTermination resolves true when the query ends by itself", async () => {
  const query = await startQuery(config);
  engine.query.end();
  expect(await query.awaitTermination()).toBe(true);
});

test("awaitTermination resolves false when its time is over first", async () => {
  const query = await startQuery(config);
  expect(await query.awaitTermination({ timeoutMs: 5 })).toBe(false);
  expect(query.isActive).toBe(true);
});

test("awaitTermination rejects with the cause, whenever it is called", async () => {
  const query = await startQuery(config, { logger: recordingLogger().logger });
  engine.query.end(failure());
  const error = await query.awaitTermination().catch((error: unknown) => error);
  expect(StreamingQueryError.is(error, "DELTA_STORE")).toBe(true);
  expect(query).toMatchObject({ status: "FAILED", exception: error });
  await expect(query.awaitTermination()).rejects.toBe(error);
  await expect(query.awaitTermination({ timeoutMs: 1 })).rejects.toBe(error);
});

test("the status is not terminal before observers were told", async () => {
  let finish = () => {};
  const query = await startQuery(config, {
    onStreamingBatch: () => new Promise((resolve) => (finish = () => resolve())),
  });
  engine.query.batches.put(batch(1));
  engine.query.end();
  await sleep(5);
  expect(query.status).toBe("ACTIVE");
  finish();
  await query.awaitTermination();
  expect(query.status).toBe("TERMINATED");
});

test("batches are told one at a time, in order, and all before the end", async () => {
  const told: number[] = [];
  let running = 0;
  const query = await startQuery(config, {
    onStreamingBatch: async ({ batchId }) => {
      expect(running++).toBe(0);
      await sleep(2);
      running--;
      told.push(batchId);
    },
  });
  for (const id of [1, 4, 9]) engine.query.batches.put(batch(id));
  engine.query.end();
  await query.awaitTermination();
  expect(told).toEqual([1, 4, 9]);
});

test("a batch keeps 64-bit offsets exact, and as strings in JSON", async () => {
  const told: StreamingBatch[] = [];
  const query = await startQuery(config, { onStreamingBatch: (batch) => void told.push(batch) });
  engine.query.batches.put(batch(1));
  engine.query.end();
  await query.awaitTermination();
  expect(told[0]?.positions[0]?.end).toBe(9007199254740993n);
  expect(JSON.stringify(told[0])).toContain('"end":"9007199254740993"');
  expect(Object.keys(told[0] ?? {})).not.toContain("toJSON");
});

test("an observer that throws is logged and counted, and the next batch is told", async () => {
  const { logger, records } = recordingLogger();
  const told: number[] = [];
  const query = await startQuery(config, {
    logger,
    onStreamingBatch: ({ batchId }) => {
      told.push(batchId);
      throw new Error("no");
    },
  });
  engine.query.batches.put(batch(1));
  engine.query.batches.put(batch(2));
  engine.query.end();
  expect(await query.awaitTermination()).toBe(true);
  expect(told).toEqual([1, 2]);
  expect(query.toJSON()).toMatchObject({ batchesTold: 2, observerFailures: 2 });
  expect(records.map(({ level, fields }) => [level, Reflect.get(fields, "batchId")])).toEqual([
    ["error", 1],
    ["error", 2],
  ]);
});

test("a logger that throws stops nothing", async () => {
  const throwing = () => {
    throw new Error("full disk");
  };
  const logger = { debug: throwing, info: throwing, warn: throwing, error: throwing };
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const query = await startQuery(config, { logger, onStreamingBatch: throwing });
  engine.query.batches.put(batch(1));
  engine.query.batches.put(batch(2));
  engine.query.end();
  expect(await query.awaitTermination()).toBe(true);
  expect(query.toJSON()).toMatchObject({ loggerFailures: 2 });
  expect(said).toHaveBeenCalledOnce();
  said.mockRestore();
});

test("a failure that nobody awaits is logged once, at error", async () => {
  const { logger, records } = recordingLogger();
  await startQuery(config, { logger });
  engine.query.end(failure());
  await sleep(10);
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ level: "error", message: "the query failed" });
});

test("a failure that is awaited is not logged", async () => {
  const { logger, records } = recordingLogger();
  const query = await startQuery(config, { logger });
  engine.query.end(failure());
  await expect(query.awaitTermination()).rejects.toThrow("cannot write the log");
  await sleep(10);
  expect(records).toEqual([]);
});

test("a failure after an await that ran out of time is logged", async () => {
  const { logger, records } = recordingLogger();
  const query = await startQuery(config, { logger });
  await query.awaitTermination({ timeoutMs: 1 });
  engine.query.end(failure());
  await sleep(10);
  expect(records).toHaveLength(1);
});

test("an engine that breaks its word fails the query instead of the process", async () => {
  const query = await startQuery(config, { logger: recordingLogger().logger });
  engine.query.batches.next = () => Promise.reject(new Error("gone"));
  engine.query.batches.put(batch(1));
  engine.query.batches.put(batch(2));
  engine.query.end();
  const error = await query.awaitTermination().catch((error: unknown) => error);
  expect(StreamingError.is(error, "INTERNAL_ERROR")).toBe(true);
});

test("progress is kept, newest last, at most 100", async () => {
  const query = await startQuery(config);
  for (let id = 0; id < 120; id += 1) engine.query.progresses.put(progress(id));
  engine.query.end();
  await query.awaitTermination();
  expect(query.recentProgress).toHaveLength(100);
  expect(query.recentProgress[0]?.batchId).toBe(20);
  expect(query.lastProgress?.batchId).toBe(119);
  expect(JSON.stringify(query.lastProgress)).toContain('"numLagRecords":"9007199254740993"');
});
