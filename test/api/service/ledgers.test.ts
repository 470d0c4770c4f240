import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StreamingError } from "../../../ts/errors.ts";
import { governanceObserver, httpGovernance } from "../../../ts/governance.ts";
import type { NativeBatch, NativeLedgerEntry, NativeLedgerPage } from "../../../ts/native.ts";
import type { LedgerLog } from "../../../ts/service/ledgers/ledger-log.ts";
import { type RunningService, serve } from "../../../ts/service/serve.ts";
import { contract } from "../governance/support/samples.ts";
import { ctx, run, told } from "../support/observed.ts";
import { batch } from "../support/samples.ts";
import { asking } from "./support/service.ts";

const pings = { id: "pings", version: "1.0.0", hash: "abc" };

function committed(batchId: number, change: Partial<NativeBatch> = {}): NativeLedgerEntry {
  return {
    batch: {
      query: "events",
      incarnation: "f00",
      batch: batch(batchId, { contract: pings, ...change }),
      sideTables: { rejects: "s3://bucket/lake/rejects" },
    },
  };
}

/** A log whose entries are at their versions. */
class FakeLog implements LedgerLog {
  readonly entries: (NativeLedgerEntry | undefined)[] = [];

  async read(_: string, from: number, limit: number): Promise<NativeLedgerPage> {
    if (from > this.entries.length) {
      const context = { operation: "read", component: "delta" };
      throw new StreamingError("DELTA_LOG_GAP", "the table was made anew", { context });
    }
    const taken = this.entries.slice(from, from + Math.min(limit, 3));
    const next = from + taken.length;
    const entries = taken.filter((each) => each !== undefined);
    return { address: run.output.address, entries, next, isEnd: next === this.entries.length };
  }
}

let folder: string;
let log: FakeLog;
let service: RunningService;
const dataset = "rides.pings";
const start = async (store = "store") => {
  service = await serve({
    store: join(folder, store),
    port: 0,
    log_level: "error",
    poll_ms: 100,
    lakes: [{ table: "lake/pings", dataset }],
    contracts: [join(folder, "contracts")],
    ledgers: log,
  });
  return asking(service.url);
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-service-"));
  await writeFile(join(folder, "contracts"), JSON.stringify(contract("1.0.0")));
  log = new FakeLog();
});
afterEach(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

const batches = async (ask: ReturnType<typeof asking>, count: number) =>
  vi.waitFor(async () => {
    const all = await ask.all(`/v1/datasets/${dataset}/batches`);
    expect(all).toHaveLength(count);
    return all;
  }, 10_000);

test("a query that told nobody has a history, from the log of its output", async () => {
  log.entries.push(undefined, committed(1), committed(2, { status: "block", violations: 3 }));
  log.entries.push({
    release: {
      version: 3,
      timestamp: "2026-11-21T11:00:00.000Z",
      query: "events",
      reason: "looked at",
      released: 2,
    },
  });
  log.entries.push(committed(4));
  const ask = await start();
  const all = await batches(ask, 3);
  expect(all.map(({ batch_id, status, source }) => [batch_id, status, source])).toEqual([
    [4, "ok", "ledger"],
    [2, "block", "ledger"],
    [1, "ok", "ledger"],
  ]);
  expect(all[1].release).toMatchObject({ by: "headgate release", reason: "looked at" });
  expect(all[0]).toMatchObject({
    query: "events",
    incarnation: "f00",
    contract: pings,
    links: {
      inputs: [{ namespace: "kafka", name: "events" }],
      rejects: { namespace: "s3://bucket", name: "lake/rejects" },
    },
  });
  log.entries.push(committed(5));
  expect((await batches(ask, 4))[0].batch_id).toBe(5);
});

test("a batch that a client told and the log tells counts once", async () => {
  const ask = await start();
  const { governance } = httpGovernance({ baseUrl: service.url });
  const observer = governanceObserver(governance, {
    dataset,
    contract: { contractId: "pings", contractVersion: "1.0.0" },
    datasetVersion: "v{batch_id}",
  });
  await observer.tell(told(1), ctx);
  log.entries.push(undefined, committed(1), committed(2));
  await batches(ask, 2);
  await observer.tell(told(2), ctx);
  const all = await batches(ask, 2);
  expect(all.map(({ incarnation, source }) => [incarnation, source])).toEqual([
    ["f00", "client"],
    ["f00", "client"],
  ]);
  for (const datasetVersion of ["v1", "v2", "2"]) {
    const key = { contractId: "pings", contractVersion: "1.0.0", datasetId: dataset };
    expect(await governance.status({ ...key, datasetVersion })).toMatchObject({ status: "ok" });
  }
  const { body } = await ask.get("/v1/lineage", { dataset_id: dataset });
  const inputs = body.edges.map((edge: { from: { namespace: string } }) => edge.from.namespace);
  expect(new Set(inputs)).toEqual(new Set(["kafka://broker-1:9093"]));
});

test("a lost database is built again from contracts on disk and the logs", async () => {
  for (let id = 0; id < 20; id += 1) {
    log.entries.push(committed(id, id % 7 === 3 ? { status: "warn", violations: 2 } : {}));
  }
  const ask = await start();
  const before = await batches(ask, 20);
  await service.stop();
  const again = await start("another");
  const after = await batches(again, 20);
  const told = (all: typeof before) => all.map(({ recorded_at, ...each }) => each);
  expect(told(after)).toEqual(told(before));
  expect((await again.get("/contracts/pings/latest")).body).toEqual(contract("1.0.0"));
});

test("a table that was made anew is read from its start, and what was there stays", async () => {
  log.entries.push(undefined, committed(1), committed(2));
  const ask = await start();
  await batches(ask, 2);
  log.entries.splice(1, 2, committed(1, { batchUuid: "another" }));
  const [first] = await batches(ask, 3);
  expect(first).toMatchObject({ batch_id: 1, batch_uuid: "another" });
});

test("a log that cannot be read for a while is read on from where it was", async () => {
  log.entries.push(committed(0));
  const ask = await start();
  await batches(ask, 1);
  const read = vi.spyOn(log, "read").mockRejectedValue(new Error("away"));
  await vi.waitFor(() => expect(read).toHaveBeenCalled(), 10_000);
  log.entries.push(committed(1));
  read.mockRestore();
  await batches(ask, 2);
});
