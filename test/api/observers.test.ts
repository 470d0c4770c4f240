import { beforeEach, expect, test, vi } from "vitest";
import { StreamingValidationError } from "../../ts/errors.ts";
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
