import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openLineage } from "../../../ts/openlineage/openlineage.ts";
import { problemsOf } from "./schemas.ts";
import { ctx, RecordingTransport, told, violating } from "./support.ts";

const THROTTLE_MS = 60_000;

let transport: RecordingTransport;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  transport = new RecordingTransport();
});
afterEach(() => vi.useRealTimers());

const lineage = () => openLineage({ namespace: "ingest", transport, throttleMs: THROTTLE_MS });
const microBatches = () =>
  transport.events.flatMap(({ run }) => run.facets.headgate_microBatch ?? []);

/** A good batch of one partition after the other. */
const good = (batchId: number, partition = 0) =>
  told(batchId, {
    positions: [
      { topic: "events", partition, start: BigInt(batchId) * 10n, end: BigInt(batchId + 1) * 10n },
    ],
  });

test("good batches within the time are held, and summed into the next event", async () => {
  const observer = lineage();
  expect(await observer.tell(good(1), ctx)).toBeUndefined();
  vi.advanceTimersByTime(THROTTLE_MS - 1);
  expect(await observer.tell(good(2), ctx)).toBe("held");
  expect(await observer.tell(told(3, { status: "idle", positions: [] }), ctx)).toBe("held");
  expect(await observer.tell(good(4, 1), ctx)).toBe("held");
  vi.advanceTimersByTime(1);
  expect(await observer.tell(good(5), ctx)).toBeUndefined();
  expect(transport.types).toEqual(["START", "RUNNING", "RUNNING"]);
  expect(microBatches()).toMatchObject([
    { batchId: 1, batches: 1, counts: { records: 10 } },
    {
      ...{ batchId: 5, firstBatchId: 2, batches: 4, status: "ok", rowCount: 40 },
      counts: { records: 40, accepted: 40 },
      positions: [
        { partition: 0, start: "20", end: "60" },
        { partition: 1, start: "40", end: "50" },
      ],
    },
  ]);
  expect(transport.last.outputs[0]?.outputFacets.outputStatistics?.rowCount).toBe(40);
  expect(transport.last.outputs[0]?.facets.version?.datasetVersion).toBe("5");
  expect(transport.events.flatMap(problemsOf)).toEqual([]);
});

test("a warning, a block and the return to good are told at once, with what was held", async () => {
  const observer = lineage();
  await observer.tell(good(1), ctx);
  expect(await observer.tell(good(2), ctx)).toBe("held");
  const blocked = { status: "block", datasetVersion: undefined } as const;
  for (const batch of [violating(3), violating(4), violating(5, blocked), good(6)]) {
    expect(await observer.tell(batch, ctx)).toBeUndefined();
  }
  expect(await observer.tell(good(7), ctx)).toBe("held");
  expect(microBatches()).toMatchObject([
    { batchId: 1, status: "ok" },
    { batchId: 3, batches: 2, status: "warn", counts: { records: 21 } },
    { batchId: 4, status: "warn" },
    { batchId: 5, status: "block" },
    { batchId: 6, status: "ok" },
  ]);
});

test("what is held is told at a gap and at the end", async () => {
  const observer = lineage();
  await observer.tell(good(1), ctx);
  await observer.tell(good(2), ctx);
  await observer.gap?.({ from: 3, to: 5 }, ctx);
  await observer.tell(good(6), ctx);
  await observer.end?.({ status: "stopped", endedAt: "2026-11-21T11:00:00.000Z" }, ctx);
  expect(microBatches().map(({ batchId }) => batchId)).toEqual([1, 2, 6]);
  expect(transport.types).toEqual(["START", "RUNNING", "RUNNING", "ABORT"]);
  expect(transport.events[2]?.run.facets.headgate_gap).toMatchObject({ from: 3, to: 5 });
});

test("an event that is not taken is emitted again as it was", async () => {
  const observer = lineage();
  transport.refusals = 1;
  await expect(observer.tell(good(1), ctx)).rejects.toThrow("down");
  await observer.tell(good(1), ctx);
  expect(transport.events[0]).toEqual(transport.refused[0]);
  await observer.tell(good(2), ctx);
  vi.advanceTimersByTime(THROTTLE_MS);
  transport.refusals = 2;
  await expect(observer.tell(violating(3), ctx)).rejects.toThrow("down");
  vi.advanceTimersByTime(THROTTLE_MS);
  await expect(observer.tell(violating(3), ctx)).rejects.toThrow("down");
  await observer.tell(violating(3), ctx);
  expect(transport.types).toEqual(["START", "RUNNING", "RUNNING"]);
  expect(transport.refused.slice(1)).toEqual([transport.last, transport.last]);
  expect(microBatches()).toMatchObject([{ batches: 1 }, { batches: 2 }]);
});

test("runs of several queries are told apart by one observer", async () => {
  const observer = lineage();
  const other = { ...ctx.run, runId: "01936a5e-7c00-7000-8000-000000000003", queryName: "trips" };
  await observer.tell(good(1), ctx);
  await observer.tell(good(1), { ...ctx, run: other });
  expect(transport.types).toEqual(["START", "RUNNING", "START", "RUNNING"]);
  expect(transport.last).toMatchObject({ run: { runId: other.runId }, job: { name: "trips" } });
});
