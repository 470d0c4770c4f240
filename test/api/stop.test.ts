import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import { StreamingQueryError } from "../../ts/errors.ts";
import { gracefulShutdown } from "../../ts/shutdown.ts";
import { startQuery } from "../../ts/start.ts";
import { FakeNative } from "./support/fake-native.ts";
import { recordingLogger } from "./support/recording-logger.ts";
import { batch, config, failure } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

const never = () => new Promise<never>(() => {});

test("stop drains within 30 seconds unless told otherwise", async () => {
  const query = await startQuery(config);
  await query.stop();
  expect(engine.query.stops).toEqual([{ drain: true, timeoutMs: 30_000 }]);
});

test("stop passes on what it is told", async () => {
  const query = await startQuery(config);
  await query.stop({ drain: false, timeoutMs: 100 });
  expect(engine.query.stops).toEqual([{ drain: false, timeoutMs: 100 }]);
});

test("stop can be called again, at once and afterwards", async () => {
  const query = await startQuery(config);
  await Promise.all([query.stop(), query.stop()]);
  await query.stop();
  expect(await query.awaitTermination()).toBe(true);
});

test("stop of a query that had failed resolves; the failure is told by awaitTermination", async () => {
  const query = await startQuery(config);
  engine.query.end(failure());
  await expect(query.awaitTermination()).rejects.toThrow();
  await expect(query.stop()).resolves.toBeUndefined();
});

test("stop rejects when draining fails, with the error that awaitTermination rejects with", async () => {
  const query = await startQuery(config);
  engine.query.onStop = async () => {
    engine.query.end(failure());
    return failure();
  };
  const error = await query.stop().catch((error: unknown) => error);
  expect(StreamingQueryError.is(error, "DELTA_STORE")).toBe(true);
  await expect(query.awaitTermination()).rejects.toBe(error);
});

test("stop settles by its deadline with an engine that never answers", async () => {
  const query = await startQuery(config);
  engine.query.onStop = never;
  const awaited = query.awaitTermination().catch((error: unknown) => error);
  const error = await query.stop({ timeoutMs: 10 }).catch((error: unknown) => error);
  expect(StreamingQueryError.is(error, "STOP_DEADLINE")).toBe(true);
  expect(await awaited).toBe(error);
  expect(query.status).toBe("FAILED");
});

test("stop settles by its deadline with an observer that never returns, and tells it so", async () => {
  const signals: AbortSignal[] = [];
  const query = await startQuery(config, {
    onStreamingBatch: (_, { signal }) => {
      signals.push(signal);
      return never();
    },
  });
  engine.query.batches.put(batch(1));
  await sleep(1);
  await query.stop({ timeoutMs: 20 });
  expect(query.status).toBe("TERMINATED");
  expect(signals[0]?.aborted).toBe(true);
});

test("await using stops the query", async () => {
  {
    await using query = await startQuery(config);
    expect(query.isActive).toBe(true);
  }
  expect(engine.query.stops).toHaveLength(1);
});

test("an abort stops the query, drained", async () => {
  const controller = new AbortController();
  const query = await startQuery(config, { signal: controller.signal });
  controller.abort();
  expect(await query.awaitTermination()).toBe(true);
  expect(engine.query.stops).toEqual([{ drain: true, timeoutMs: 30_000 }]);
});

test("a failure to stop after an abort is logged when nobody awaits the end", async () => {
  const { logger, records } = recordingLogger();
  const controller = new AbortController();
  await startQuery(config, { logger, signal: controller.signal });
  engine.query.onStop = async () => {
    engine.query.end(failure());
    return failure();
  };
  controller.abort();
  await sleep(10);
  expect(records).toHaveLength(1);
});

test("a signal that was aborted before starts nothing", async () => {
  const start = startQuery(config, { signal: AbortSignal.abort() });
  await expect(start).rejects.toMatchObject({ name: "AbortError" });
  expect(engine.queries).toEqual([]);
});

test("a signal that aborts while the query starts stops it and rejects", async () => {
  const controller = new AbortController();
  engine.onStart = async () => controller.abort();
  const start = startQuery(config, { signal: controller.signal });
  await expect(start).rejects.toMatchObject({ name: "AbortError" });
  expect(engine.query.stops).toMatchObject([{ drain: false }]);
});

test("gracefulShutdown stops every query at the first signal and takes its handlers away", async () => {
  const before = process.listenerCount("SIGUSR2");
  const queries = [await startQuery(config), await startQuery({ ...config, name: "other" })];
  gracefulShutdown(queries, { signals: ["SIGUSR2"], timeoutMs: 500 });
  expect(process.listenerCount("SIGUSR2")).toBe(before + 1);
  process.emit("SIGUSR2", "SIGUSR2");
  await Promise.all(queries.map((query) => query.awaitTermination()));
  expect(engine.queries.map(({ stops }) => stops)).toEqual([
    [{ drain: true, timeoutMs: 500 }],
    [{ drain: true, timeoutMs: 500 }],
  ]);
  await sleep(1);
  expect(process.listenerCount("SIGUSR2")).toBe(before);
});

test("a second signal ends the process, but not the one that npm doubles", async () => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const query = await startQuery(config);
  engine.query.onStop = never;
  const uninstall = gracefulShutdown(query, { signals: ["SIGUSR2"] });
  process.emit("SIGUSR2", "SIGUSR2");
  process.emit("SIGUSR2", "SIGUSR2");
  expect(exit).not.toHaveBeenCalled();
  await sleep(350);
  process.emit("SIGUSR2", "SIGUSR2");
  expect(exit).toHaveBeenCalledWith(128 + 12);
  uninstall();
  exit.mockRestore();
  engine.query.end();
});
