import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StreamingError } from "../../../ts/errors.ts";
import {
  type GovernanceService,
  governanceObserver,
  httpGovernance,
  inMemoryGovernance,
} from "../../../ts/governance.ts";
import { startQuery } from "../../../ts/start.ts";
import { FakeNative } from "../support/fake-native.ts";
import { ctx, told } from "../support/observed.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { batch, config } from "../support/samples.ts";
import { type Answer, dispatch, TestServer } from "./support/dc43-server.ts";
import { blocked, contract } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../../ts/native.ts"), () => ({ native: () => engine.binding }));

let service: GovernanceService;
beforeEach(async () => {
  engine = new FakeNative();
  service = inMemoryGovernance();
  await service.contracts.put(contract("1.0.0"));
});

const dataset = "rides.pings";
const pings = { contractId: "pings", contractVersion: "1.0.0" };
const statusOf = (datasetVersion: string) =>
  service.governance.status({ ...pings, datasetId: dataset, datasetVersion });
const observer = () => governanceObserver(service.governance, { dataset, contract: pings });

test("a batch is told with all that governance asks for", async () => {
  const pipelineContext = { pipeline: "gate", run_type: "enforce" };
  const options = { dataset, contract: pings, pipelineContext, name: "catalog" };
  const named = governanceObserver(service.governance, options);
  expect(named.name).toBe("catalog");
  await named.tell(told(4), ctx);
  expect(await statusOf("4")).toMatchObject({ ok: true, status: "ok", metrics: { row_count: 10 } });
  const [record] = await service.governance.datasetRecords();
  expect(record).toMatchObject({
    ...pings,
    datasetName: dataset,
    datasetVersion: "4",
    runType: "enforce",
    observationOperation: "write",
    observationScope: "streaming_batch",
  });
  expect(record?.dqDetails).toMatchObject({
    dataset_id: dataset,
    dataset_version: "4",
    streaming_batch_id: 4,
    streaming_metrics: { row_count: 10 },
    streaming_batches: [
      {
        batch_id: 4,
        timestamp: "2026-11-21T10:00:00.000Z",
        row_count: 10,
        violations: 0,
        status: "ok",
        metrics: { row_count: 10 },
      },
    ],
    counts: { records: 10, accepted: 10, dead_letters: 0 },
    positions: [{ topic: "events", partition: 0, start: "0", end: "9007199254740993" }],
  });
  expect(await service.governance.linked(dataset, "4")).toEqual(pings);
});

test("a block is told, with its reason", async () => {
  await observer().tell(blocked(5, { intervention: "over 20 %" }), ctx);
  const status = await statusOf("5");
  expect(status).toMatchObject({ ok: false, status: "block", reason: "over 20 %" });
  expect(status?.errors).toEqual(["over 20 %", "required_speed: 3 violations"]);
  expect(status?.metrics).toEqual({ row_count: 10, "violations.required_speed": 3 });
  expect(status?.details).toMatchObject({
    streaming_intervention_reason: "over 20 %",
    streaming_batches: [{ status: "error", intervention: "over 20 %", violations: 3 }],
  });
});

test("rows that were sent to the rejects do not block the version without them", async () => {
  const metrics = { row_count: 10, "violations.required_speed": 3 };
  const errors = ["required_speed: 3 violations"];
  const split = told(6, { status: "warn", violations: 3, errors, metrics });
  await observer().tell(split, ctx);
  const status = await statusOf("6");
  expect(status).toMatchObject({ ok: true, status: "warn", warnings: errors, errors: [] });
  expect(status?.metrics).toEqual({ row_count: 10, "tolerated.required_speed": 3 });
  expect(status?.details).toMatchObject({
    violations: 3,
    streaming_metrics: metrics,
    streaming_batches: [{ status: "warning", errors, metrics }],
  });
});

test("a batch without rows, and a warning without words", async () => {
  await observer().tell(told(7, { status: "idle", rowCount: 0 }), ctx);
  await observer().tell(told(8, { status: "warn", violations: 2 }), ctx);
  await observer().tell(told(9, { status: "warn", violations: 1 }), ctx);
  expect(await statusOf("7")).toMatchObject({
    status: "ok",
    details: { streaming_batches: [{ status: "idle" }] },
  });
  expect(await statusOf("8")).toMatchObject({ status: "warn", reason: "2 violations" });
  expect(await statusOf("9")).toMatchObject({ status: "warn", reason: "1 violation" });
});

test("versions that nobody can tell of any more are told as such", async () => {
  await observer().gap?.({ from: 5, to: 8 }, ctx);
  const reason = "versions 5 to 8 were cleaned up before they were told";
  expect(await statusOf("5-8")).toMatchObject({ status: "warn", reason });
});

test("without a contract of its own, that of the dataset's link counts", async () => {
  const unlinked = governanceObserver(service.governance, { dataset });
  const error = await Promise.resolve(unlinked.tell(told(4), ctx)).catch((error) => error);
  expect(StreamingError.is(error, "GOVERNANCE_NO_CONTRACT")).toBe(true);
  await service.governance.link({ datasetId: dataset, datasetVersion: "0" }, pings);
  await unlinked.tell(told(4), ctx);
  expect(await statusOf("4")).toMatchObject({ status: "ok" });
});

test("a table that was made anew does not hide behind the versions of the old one", async () => {
  await observer().tell(told(4), ctx);
  await observer().tell(blocked(4, { batchUuid: "another" }), ctx);
  expect(await statusOf("4")).toMatchObject({ status: "block" });
});

test("the contract is asked for once", async () => {
  const resolve = vi.spyOn(service.governance, "resolve");
  const told4 = observer();
  for (const id of [4, 5, 6]) await told4.tell(told(id), ctx);
  expect(resolve).toHaveBeenCalledTimes(1);
});

const server = new TestServer(async (request) => {
  const answer = await dispatch(service, request);
  return (await fault(request.path, answer)) ?? answer;
});
let fault: (path: string, answer: Answer) => Promise<Answer | "hang up" | undefined>;
beforeEach(() => {
  fault = async () => undefined;
  return server.start();
});
afterEach(() => server.stop());

/** What governance has of each version, in its order. */
async function recorded() {
  const activity = await service.governance.activity({ datasetId: dataset });
  return activity.map(({ datasetVersion, events }) => [
    datasetVersion,
    ...events.map(({ dqStatus }) => dqStatus),
  ]);
}

test("a service that was down is told each batch that it missed, once, in order", async () => {
  const { logger } = recordingLogger();
  const { governance } = httpGovernance({ baseUrl: server.baseUrl });
  const observers = [governanceObserver(governance, { dataset, contract: pings })];
  const query = await startQuery(config, { logger, observers });
  engine.query.log.put({ batch: batch(4) });
  await vi.waitFor(() => expect(engine.query.cursors).toEqual({ governance: 4 }), 10_000);
  await server.stop();
  const block = { status: "block" as const, violations: 3, errors: ["x"] };
  engine.query.log.put({ batch: batch(5, { ...block, datasetVersion: undefined }) });
  for (const id of [6, 7, 8]) engine.query.log.put({ batch: batch(id) });
  await vi.waitFor(() => expect(query.toJSON()).toMatchObject({ observerFailures: 2 }), 20_000);
  expect(query.isActive).toBe(true);
  await server.start();
  await vi.waitFor(() => expect(engine.query.cursors).toEqual({ governance: 8 }), 20_000);
  engine.query.end();
  await query.awaitTermination();
  expect(await recorded()).toEqual([
    ["4", "ok"],
    ["5", "block"],
    ["6", "ok"],
    ["7", "ok"],
    ["8", "ok"],
  ]);
}, 60_000);

test("a batch whose answer was lost is told again, and counts once", async () => {
  const { governance } = httpGovernance({ baseUrl: server.baseUrl });
  const lossy = governanceObserver(governance, { dataset, contract: pings });
  const lost = new Set<string>();
  fault = async (path) => {
    if (lost.has(path)) return undefined;
    lost.add(path);
    return "hang up";
  };
  await lossy.tell(told(4), ctx);
  await lossy.tell(told(4), ctx);
  await governanceObserver(governance, { dataset, contract: pings }).tell(told(4), ctx);
  expect([...lost].sort()).toEqual([
    "/governance/write/evaluate",
    "/governance/write/register",
    "/governance/write/resolve",
  ]);
  expect(await recorded()).toEqual([["4", "ok"]]);
  expect(await service.governance.metrics({ datasetId: dataset })).toHaveLength(1);
});
