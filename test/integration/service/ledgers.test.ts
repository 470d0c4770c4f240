import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { releaseQuery, type StreamingBatch, type StreamingObserver } from "headgate";
import { governanceObserver, httpGovernance } from "headgate/governance";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import { asking, type Json } from "../../api/service/support/service.ts";
import { goodRecords, records } from "../../support/events.ts";
import { createTopic, produce } from "../../support/kafka/topics.ts";
import {
  eventsContract,
  type Lake,
  runToEnd,
  splitEvents,
  temporaryFolder,
  temporaryLake,
} from "../../support/query.ts";
import { accessDenied, when } from "../../support/s3/faults.ts";
import { eventsForStore, storeOptions } from "../../support/s3/lake.ts";
import { FaultProxy } from "../../support/s3/proxy.ts";

const bootstrapServers = inject("bootstrapServers");
const dataset = "rides.events";

/** A service on an empty store, which knows of the output's log and the contract's file. */
async function startService(output: string, options: Record<string, string> = {}) {
  const store = await temporaryFolder();
  const program = ["dist/cli/main.js", "serve", "--port", "0", "--store", join(store, "db")];
  const settings = ["--contracts", eventsContract, "--log-level", "error"];
  const lake = ["--lake", `${dataset}=${output}`];
  const child = spawn(process.execPath, [...program, ...settings, ...lake], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...options, HEADGATE_SERVE_POLL_MS: "100" },
  });
  onTestFinished(async () => {
    const closed = once(child, "close");
    child.kill();
    await closed;
  });
  const [url] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { url, ...asking(url) };
}

async function query() {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake, { maxOffsetsPerTrigger: "100" });
  const send = (all: Parameters<typeof produce>[2]) => produce(bootstrapServers, topic, all);
  return { topic, lake, config, send };
}

const history = ({ all }: Pick<ReturnType<typeof asking>, "all">, count: number) =>
  vi.waitFor(
    async () => {
      const batches = await all(`/v1/datasets/${dataset}/batches`);
      expect(batches).toHaveLength(count);
      return batches.toReversed();
    },
    { timeout: 60_000, interval: 100 },
  );

const told = (batch: StreamingBatch) => ({
  batch_id: batch.batchId,
  batch_uuid: batch.batchUuid,
  status: batch.status,
  violations: batch.violations,
  row_count: batch.rowCount,
  query: "events",
  contract: batch.contract,
  counts: {
    records: batch.counts.records,
    accepted: batch.counts.accepted,
    rejected: batch.counts.rejected,
    dead_letters: batch.counts.deadLetters,
  },
});

const tables = ({ output, rejects, deadLetters }: Lake) => ({
  output: { namespace: "file", name: output },
  rejects: { namespace: "file", name: rejects },
  dead_letters: { namespace: "file", name: deadLetters },
});

test("a query that told nobody has a history, which goes on as it commits", async () => {
  const { topic, lake, config, send } = await query();
  await send(records(400));
  const first = await runToEnd(config);
  expect(first.length).toBeGreaterThan(2);
  const service = await startService(lake.output);
  const known = await history(service, first.length);
  expect(known).toMatchObject(first.map(told));
  for (const each of known) {
    expect(each).toMatchObject({
      source: "ledger",
      incarnation: expect.stringMatching(/^[0-9a-f]+$/),
    });
    expect(each.links).toMatchObject({ inputs: [{ name: topic }] });
  }
  expect(known.at(-1).links).toMatchObject(tables(lake));

  await send(goodRecords(50, { from: 400 }));
  const second = await runToEnd(config);
  const all = await history(service, first.length + second.length);
  expect(all.slice(first.length)).toMatchObject(second.map(told));
  const { body } = await service.get(`/v1/datasets/${dataset}/batches/${all[0].id}`);
  expect(Object.keys(body.schema)).toContain("event_id");
  const lineage = await service.get("/v1/lineage", { namespace: "kafka", name: topic });
  const edges = lineage.body.edges.map(({ to }: Json) => to.name);
  expect(new Set(edges)).toEqual(new Set([lake.output, lake.rejects, lake.deadLetters]));
});

test("a block and who released it are read from the log", async () => {
  const { lake, config, send } = await query();
  await send(records(80));
  const block = () => ({ action: "block" as const, reason: "odd" });
  await expect(runToEnd(config, { intervention: block })).rejects.toThrow("odd");
  const { released } = await releaseQuery(lake.output, { reason: "looked at" });
  const service = await startService(lake.output);
  const [blocked] = await history(service, 1);
  expect(blocked).toMatchObject({
    batch_id: Number(released),
    status: "block",
    intervention: "odd",
    release: { by: "headgate release", reason: "looked at" },
  });
});

test("what a client told and the log tells counts once, and the log alone gives the same history", async () => {
  const { lake, config, send } = await query();
  await send(records(400));
  const service = await startService(lake.output);
  const { governance } = httpGovernance({ baseUrl: service.url });
  const batches = await runToEnd(config, { observers: [observe(governance)] });
  const before = await history(service, batches.length);
  await vi.waitFor(
    async () => {
      const sources = (await history(service, batches.length)).map(({ source }) => source);
      expect(new Set(sources)).toEqual(new Set(["client"]));
    },
    { timeout: 60_000 },
  );
  const { body } = await service.get(`/v1/datasets/${dataset}`);
  expect(body).toMatchObject({ batches: batches.length });

  const rebuilt = await startService(lake.output);
  const after = await history(rebuilt, batches.length);
  expect(after.map(lasting)).toEqual(before.map(lasting));
  const detailed = (of: typeof service, { id }: Json) =>
    of.get(`/v1/datasets/${dataset}/batches/${id}`).then(({ body }) => body.schema);
  expect(await detailed(rebuilt, after[0])).toEqual(await detailed(service, before[0]));
});

test("a lake on S3 that does not let the service in is read once it does", async () => {
  const { lake, config } = await eventsForStore(200);
  const batches = await runToEnd(config);
  const proxy = await FaultProxy.start(inject("s3"));
  onTestFinished(() => proxy.stop());
  proxy.rules = [when({}, accessDenied)];
  const service = await startService(lake.output, storeOptions(proxy.access));
  await vi.waitFor(() => expect(proxy.exchanges.length).toBeGreaterThan(2), { timeout: 60_000 });
  expect((await service.get("/v1/datasets")).body.items).toEqual([]);
  proxy.rules = [];
  expect(await history(service, batches.length)).toMatchObject(batches.map(told));
});

/** Of a log, brokers and side tables without rows so far are not known. */
function lasting({ id, source, recorded_at, links, ...each }: Json) {
  const { inputs, output, ...sides } = links;
  const owed = Object.entries<Json>(sides).filter(([, { row_count }]) => row_count > 0);
  return { ...each, output, sides: owed, inputs: inputs.map(({ name }: Json) => name) };
}

function observe(governance: Parameters<typeof governanceObserver>[0]): StreamingObserver {
  const contract = { contractId: "events", contractVersion: "1.0.0" };
  return governanceObserver(governance, { dataset, contract });
}
