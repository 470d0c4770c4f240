import { pathToFileURL } from "node:url";
import { beforeEach, expect, test, vi } from "vitest";
import { StreamingValidationError } from "../../ts/errors.ts";
import type { StreamingObserver } from "../../ts/hooks.ts";
import type { StreamingQuery } from "../../ts/query.ts";
import type { StreamingRun } from "../../ts/run.ts";
import { startQuery } from "../../ts/start.ts";
import { FakeNative } from "./support/fake-native.ts";
import { recordingLogger } from "./support/recording-logger.ts";
import { batch, config, failure } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

const { logger } = recordingLogger();

test("an observer is told what the log has, in order, and the log how far it is", async () => {
  const told: unknown[] = [];
  const observer = {
    name: "governance",
    tell: ({ batchId }: { batchId: number }) => void told.push(batchId),
    gap: (versions: object) => void told.push(versions),
  };
  const query = await startQuery(config, { observers: [observer] });
  expect(engine.started[0]?.options.observers).toEqual(["governance"]);
  engine.query.log.put({ batch: batch(4) });
  engine.query.log.put({ gap: { from: 5, to: 8 } });
  engine.query.log.put({ batch: batch(9) });
  engine.query.end();
  await query.awaitTermination();
  expect(told).toEqual([4, { from: 5, to: 8 }, 9]);
  expect(engine.query).toMatchObject({ cursors: { governance: 9 }, settled: 1 });
});

test("a service that is down is told the same batch until it takes it", async () => {
  const told: number[] = [];
  let isDown = 3;
  const query = await startQuery(config, {
    logger,
    observers: [
      {
        name: "governance",
        tell: ({ batchId }) => {
          told.push(batchId);
          isDown -= 1;
          if (isDown > 0) throw new Error("down");
        },
      },
    ],
  });
  engine.query.log.put({ batch: batch(4) });
  engine.query.log.put({ batch: batch(5) });
  await vi.waitFor(() => expect(engine.query.cursors).toEqual({ governance: 5 }), 5_000);
  expect(told).toEqual([4, 4, 4, 5]);
  engine.query.end();
  await query.awaitTermination();
  expect(query.toJSON()).toMatchObject({ observerFailures: 2 });
});

test("the end of a query does not wait for a service that is down", async () => {
  const query = await startQuery(config, {
    logger,
    observers: [{ name: "governance", tell: () => Promise.reject(new Error("down")) }],
  });
  engine.query.log.put({ batch: batch(4) });
  engine.query.end();
  expect(await query.awaitTermination({ timeoutMs: 5_000 })).toBe(true);
  expect(engine.query).toMatchObject({ cursors: {}, settled: 1 });
});

test("a log that cannot be read is read again", async () => {
  const query = await startQuery(config, { logger, observers: [{ name: "o", tell: () => {} }] });
  engine.query.log.put({ failure: failure() });
  engine.query.log.put({ batch: batch(4) });
  await vi.waitFor(() => expect(engine.query.cursors).toEqual({ o: 4 }), 5_000);
  engine.query.end();
  await query.awaitTermination();
});

test("what an observer holds is told once it answers otherwise, or was told the end", async () => {
  const query = await startQuery(config, {
    observers: [
      {
        name: "o",
        tell: ({ batchId }) => (batchId === 6 ? undefined : ("held" as const)),
        end: () => {},
      },
    ],
  });
  const told = vi.spyOn(engine.query, "told");
  for (const batchId of [4, 5, 6, 7, 8]) engine.query.log.put({ batch: batch(batchId) });
  engine.query.end();
  await query.awaitTermination();
  expect(told.mock.calls).toEqual([
    ["o", 6],
    ["o", 8],
  ]);
});

test("what an observer holds is told again when it did not take the end", async () => {
  const end = () => Promise.reject(new Error("down"));
  const observer = { name: "o", tell: () => "held" as const, end };
  const query = await startQuery(config, { logger, observers: [observer] });
  engine.query.log.put({ batch: batch(4) });
  engine.query.log.put({ gap: { from: 5, to: 8 } });
  engine.query.end();
  await query.awaitTermination();
  expect(engine.query.cursors).toEqual({});
  expect(query.toJSON()).toMatchObject({ observerFailures: 1 });
});

test.each([
  ["finished", async () => engine.query.end()],
  ["stopped", async (query: StreamingQuery) => query.stop()],
  ["failed", async () => engine.query.end(failure())],
] as const)("an observer is told last that the run %s", async (status, finish) => {
  const told: [unknown, object][] = [];
  const observer: StreamingObserver = {
    name: "o",
    tell: ({ batchId }, { run }) => void told.push([batchId, run]),
    end: (outcome, { run }) => void told.push([outcome, run]),
  };
  const query = await startQuery(config, { logger, observers: [observer] });
  engine.query.log.put({ batch: batch(4) });
  await finish(query);
  await query.awaitTermination().catch(() => {});
  const error = query.exception;
  const endedAt = expect.any(String);
  const outcome = error === undefined ? { status, endedAt } : { status, endedAt, error };
  expect(told.map(([what]) => what)).toEqual([4, outcome]);
  expect(told[0]?.[1]).toBe(told[1]?.[1]);
});

test("the end of a query waits for no observer beyond the deadline of its stop", async () => {
  const end = vi.fn(() => new Promise<void>(() => {}));
  const query = await startQuery(config, { observers: [{ name: "o", tell: () => {}, end }] });
  await query.stop({ timeoutMs: 20 });
  expect(end).toHaveBeenCalledOnce();
  expect(query.status).toBe("TERMINATED");
});

test("a run has of the configuration what lineage needs, and no option beside", async () => {
  const runs: StreamingRun[] = [];
  const end: StreamingObserver["end"] = (_, { run }) => void runs.push(run);
  const options = { ...config.input.options, "kafka.sasl.password": "secret" };
  const path = "abfss://lake@account.dfs.core.windows.net/rejects/?sig=secret";
  const query = await startQuery(
    {
      ...config,
      input: { ...config.input, options: { ...options, subscribe: "a, b" } },
      rejects: { format: "delta", path, options: { AWS_SECRET_ACCESS_KEY: "secret" } },
      deadLetters: { format: "delta", tableName: "dead", warehouse: "/lake" },
    },
    { observers: [{ name: "o", tell: () => {}, end }] },
  );
  engine.query.end();
  await query.awaitTermination();
  const [run] = runs;
  expect(run).toMatchObject({
    queryName: "events",
    runId: engine.query.runId,
    input: { format: "kafka", bootstrapServers: "127.0.0.1:9092", topics: ["a", "b"] },
    output: { datasetId: "lake/events", address: `${pathToFileURL(process.cwd())}/lake/events` },
    deadLetters: { datasetId: "dead", address: "file:///lake/dead" },
    columns: engine.query.dataset.columns,
  });
  expect(run?.rejects?.address).toBe("abfss://lake@account.dfs.core.windows.net/rejects");
  expect(JSON.stringify({ ...run, rejects: { ...run?.rejects, datasetId: "" } })).not.toContain(
    "secret",
  );
});

test("without observers nothing is settled", async () => {
  const query = await startQuery(config);
  await query.stop();
  expect(engine.query.settled).toBe(0);
});

test.each([[["a", "a"]], [[""]], [["x".repeat(201)]], [["a\nb"]]])(
  "observers that the log could not tell apart are refused: %j",
  async (names) => {
    const observers = names.map((name) => ({ name, tell: () => {} }));
    const error = await startQuery(config, { observers }).catch((error: unknown) => error);
    expect(StreamingValidationError.is(error, "CONFIG_VALUE")).toBe(true);
    expect(engine.started).toEqual([]);
  },
);
