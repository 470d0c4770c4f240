import { existsSync } from "node:fs";
import { beforeEach, expect, test, vi } from "vitest";
import type { StreamingBatch } from "../../../ts/batch.ts";
import { StreamingError, StreamingValidationError } from "../../../ts/errors.ts";
import { type GovernanceService, inMemoryGovernance } from "../../../ts/governance.ts";
import {
  type ContractStream,
  readStreamWithContract,
  splitWriteViolationStrategy,
  streamWriter,
  strictWriteViolationStrategy,
  writeStreamToDataProduct,
  writeStreamWithContract,
  writeStreamWithGovernance,
} from "../../../ts/streams/index.ts";
import { FakeNative } from "../support/fake-native.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { batch } from "../support/samples.ts";
import { failureOf, input, output, plansAndFakes, processed, sent } from "./support/events.ts";

const BATCH_UUID = "019aaa5e-7c00-7000-8000-000000000002";
const datasetId = "demo.events_processed";
const key = { contractId: "events_processed", contractVersion: "1.0.0" };

let engine: FakeNative;
let binding: Awaited<ReturnType<typeof plansAndFakes>>;
vi.mock(import("../../../ts/native.ts"), () => ({ native: () => binding }));

let governance: GovernanceService;
let read: ContractStream;
let fitting: ContractStream;
beforeEach(async () => {
  engine = new FakeNative();
  binding = await plansAndFakes(engine);
  governance = inMemoryGovernance();
  await governance.contracts.put(sent);
  await governance.contracts.put(processed);
  read = (await readStreamWithContract({ input, contract: sent })).stream;
  fitting = read.withColumn("flag", "'valid'").withColumn("beside", "value + 1");
});

const write = { contract: processed, output, datasetId };
const started = () => engine.started[0]?.config as Record<string, unknown>;
const records = () => governance.governance.datasetRecords({ datasetId });

test("a query is started on exactly the columns of the contract", async () => {
  const memory = { max: "128MiB" };
  const result = await writeStreamWithContract(fitting, { ...write, memory });
  expect(started()).toMatchObject({
    name: datasetId,
    input: { format: "rate", decode: "json", contract: sent },
    transforms: [
      { sql: `SELECT "timestamp", "value", ('valid') AS "flag" FROM input` },
      { sql: expect.stringContaining('AS "beside"') },
      { sql: 'SELECT "timestamp", "value", "flag" FROM input' },
    ],
    contract: processed,
    on_violation: "block",
    output,
    memory,
  });
  expect(started()).not.toHaveProperty("rejects");
  expect(result).toMatchObject({ ok: true, status: "unknown", datasetId, streamingBatches: [] });
  expect(result.streamingQueries).toMatchObject([{ name: datasetId, isActive: true }]);
  expect(result.details).toMatchObject({ operation: "write", ...key });
  expect(engine.started[0]?.options.observers).toEqual([]);
});

test("what is written as it was read needs no transform", async () => {
  await writeStreamWithContract(read, { ...write, contract: sent, name: "copy" });
  expect(started()).toMatchObject({ name: "copy", contract: sent });
  expect(started()).not.toHaveProperty("transforms");
  expect(started().input).not.toHaveProperty("contract");
});

const missing = "missing required column: flag";
const mistyped = /^column value: expected integer \(Int64\), got string \(Utf8\)$/;

test("a schema that does not fit throws, starts nothing, and governance knows why", async () => {
  const stream = read.select("timestamp", "CAST(value AS VARCHAR) AS value");
  const told = { ...write, governance, pipelineContext: { pipeline: "p", run_type: "enforce" } };
  const error = await failureOf(writeStreamWithContract(stream, told));
  if (!StreamingValidationError.is(error, "CONTRACT_VIOLATED")) throw error;
  expect(error.issues.map(({ field }) => field)).toEqual(["value", "flag"]);
  expect(engine.started).toEqual([]);
  const [record, ...others] = await records();
  expect(others).toEqual([]);
  expect(record).toMatchObject({ ...key, status: "block", datasetVersion: "", violations: 2 });
  expect(record?.reason).toMatch(mistyped);
  expect(record?.runType).toBe("enforce");
  expect(record?.dqDetails).toMatchObject({ observation_scope: "pre_write_dataframe" });
});

test("not enforced, it is answered as a result that is not ok", async () => {
  const options = { ...write, governance, enforce: false };
  const result = await writeStreamWithContract(read, options);
  expect(result).toMatchObject({ ok: false, status: "block", reason: missing, errors: [missing] });
  expect(result).toMatchObject({ streamingQueries: [], datasetVersion: undefined });
  expect(Object.keys(result.schema)).toEqual(["timestamp", "value"]);
  expect(engine.started).toEqual([]);
  await writeStreamWithContract(read, options);
  expect(await records()).toMatchObject([{ datasetVersion: "", reason: missing }]);
  const [{ events } = { events: [] }] = await governance.governance.activity({ datasetId });
  expect(events).toHaveLength(2);
});

const down = new StreamingError("GOVERNANCE_UNREACHABLE", "it is down", {
  context: { operation: "evaluate", component: "governance" },
  retryable: true,
});

test("a stream starts although governance is down, which is told later", async () => {
  vi.spyOn(governance.governance, "resolve").mockRejectedValueOnce(down);
  const { logger } = recordingLogger();
  const result = await writeStreamWithContract(fitting, { ...write, governance, logger });
  expect(result).toMatchObject({ ok: true, status: "unknown" });
  expect(result.warnings).toEqual(["governance was not told of the write: it is down"]);
  engine.query.log.put({ batch: batch(3) });
  engine.query.end();
  await result.streamingQueries[0]?.awaitTermination();
  expect(await records()).toMatchObject([{ datasetVersion: "3", status: "ok" }]);
});

test("a refusal is told although governance is down", async () => {
  vi.spyOn(governance.governance, "evaluatePlan").mockRejectedValue(down);
  const { logger, records } = recordingLogger();
  const options = { ...write, governance, enforce: false, logger };
  const result = await writeStreamWithContract(read, options);
  expect(result.errors).toEqual([missing]);
  expect(result.warnings).toEqual(["governance was not told why nothing started: it is down"]);
  expect(records).toHaveLength(1);
});

test("a contract that governance does not have starts nothing", async () => {
  const empty = inMemoryGovernance();
  const error = await failureOf(writeStreamWithContract(fitting, { ...write, governance: empty }));
  expect(StreamingError.is(error, "GOVERNANCE_NO_CONTRACT")).toBe(true);
  expect(engine.started).toEqual([]);
});

test("a stream without any column of the contract is refused", async () => {
  const properties = [{ name: "note", logicalType: "string" }];
  const schema = [{ name: "events_processed", properties }];
  const contract = { ...processed, schema };
  const error = await failureOf(writeStreamWithContract(read, { ...write, contract }));
  expect(error).toMatchObject({ context: { expected: "one of note", actual: "timestamp, value" } });
});

test("what onStreamingBatch is told and what the result has are the same objects", async () => {
  const told: StreamingBatch[] = [];
  const result = await writeStreamWithContract(fitting, {
    ...write,
    datasetVersion: "v{batch_id}-{timestamp}-{unix_timestamp}",
    onStreamingBatch: (batch) => void told.push(batch),
  });
  const rejects = { name: "rejects", datasetId: "lake/rejects", datasetVersion: "1", rowCount: 2 };
  engine.query.batches.put(batch(4, { batchUuid: BATCH_UUID, rejects }));
  engine.query.batches.put(batch(6, { status: "idle", rowCount: 0, batchUuid: BATCH_UUID }));
  engine.query.batches.put(batch(7, { status: "block", datasetVersion: undefined }));
  engine.query.end();
  await result.streamingQueries[0]?.awaitTermination();
  expect(told.map(({ status }) => status)).toEqual(["ok", "idle", "block"]);
  for (const [at, each] of told.entries()) expect(result.streamingBatches[at]).toBe(each);
  expect(told[0]).toMatchObject({ datasetId, datasetVersion: "v4-20251122070150-1763794910" });
  expect(told[0]?.rejects).toEqual(rejects);
  expect(told[2]?.datasetVersion).toBeUndefined();
  expect(JSON.stringify(told[0])).toContain('"end":"9007199254740993"');
  expect(result).toMatchObject({ ok: false, status: "block", metrics: { row_count: 30 } });
  expect(result.datasetVersion).toMatch(/^v6-/);
});

test("governance is told the versions that the result has, once, however often", async () => {
  const result = await writeStreamWithContract(fitting, {
    ...{ ...write, governance, datasetVersion: "{timestamp}", pipelineContext: "demo.write" },
  });
  const committed = batch(4, { batchUuid: BATCH_UUID });
  engine.query.batches.put(committed);
  engine.query.log.put({ batch: committed });
  engine.query.log.put({ batch: { ...committed, timestamp: "2026-11-22T10:00:59.000Z" } });
  engine.query.end();
  await result.streamingQueries[0]?.awaitTermination();
  expect(await records()).toMatchObject([{ ...key, datasetVersion: result.datasetVersion }]);
  const [{ events } = { events: [] }] = await governance.governance.activity({ datasetId });
  expect(events).toMatchObject([
    { operation: "write", pipelineContext: { pipeline: "demo.write" } },
  ]);
});

test("a version that cannot be told is refused before anything starts", async () => {
  const error = await failureOf(
    writeStreamWithContract(fitting, { ...write, datasetVersion: "{date}" }),
  );
  expect(error).toMatchObject({ context: { field: "datasetVersion", actual: '"{date}"' } });
});

test("a writer is started once, a stream may be written twice", async () => {
  const writer = await streamWriter(fitting, write);
  await writer.start();
  const error = await failureOf(writer.start());
  expect(error).toMatchObject({ context: { field: "writer" }, message: /started once/ });
  await writeStreamWithContract(fitting, { ...write, name: "twice" });
  expect(engine.started).toHaveLength(2);
});

test("the read knows the queries on it, and its batches where it is judged by its contract", async () => {
  const { stream, validation } = await readStreamWithContract({ input, contract: sent });
  const same = await writeStreamWithContract(stream, { ...write, contract: sent });
  engine.query.batches.put(batch(1));
  engine.query.end();
  await same.streamingQueries[0]?.awaitTermination();
  await writeStreamWithContract(stream.withColumn("flag", "'valid'"), { ...write, name: "other" });
  engine.query.batches.put(batch(2));
  engine.query.end();
  await validation.streamingQueries[1]?.awaitTermination();
  expect(validation.streamingBatches.map(({ batchId }) => batchId)).toEqual([1]);
  expect(validation).toMatchObject({ status: "ok", datasetId: "events" });
});

test("a gate of a strategy holds, and the write's own stands above it", async () => {
  const contract = { ...processed, status: "draft" };
  const violationStrategy = splitWriteViolationStrategy({
    allowedContractStatuses: ["active", "draft"],
  });
  await writeStreamWithContract(fitting, { ...write, contract, violationStrategy });
  expect(started()).toMatchObject({ on_violation: "split" });
  const own = { ...write, contract, violationStrategy, allowedContractStatuses: ["active"] };
  const error = await failureOf(writeStreamWithContract(fitting, own));
  expect(StreamingValidationError.is(error, "GOVERNANCE_REFUSED")).toBe(true);
  const warned = await writeStreamWithContract(fitting, { ...own, enforceContractStatus: false });
  expect(warned.warnings).toEqual([expect.stringContaining("status draft, not active")]);
});

test("strict keeps a result not ok that a batch has broken", async () => {
  const base = splitWriteViolationStrategy();
  const failureMessage = "not one row";
  const violationStrategy = strictWriteViolationStrategy({ base, failureMessage });
  const result = await writeStreamWithContract(fitting, { ...write, violationStrategy });
  expect(started()).toMatchObject({ output: { path: "lake/events_valid" } });
  engine.query.batches.put(batch(1, { status: "warn", violations: 2 }));
  engine.query.batches.put(batch(2));
  engine.query.end();
  await result.streamingQueries[0]?.awaitTermination();
  expect(result).toMatchObject({ ok: false, status: "block", reason: failureMessage });
  expect(result.errors).toEqual([failureMessage]);
  expect(result.datasetId).toBe(`${datasetId}::valid`);
});

test("a data product's port says the contract, and governance resolves a context", async () => {
  await governance.dataProducts.addOutputPort("demo", { portName: "events", ...key });
  const outputBinding = { dataProduct: "demo", portName: "events" };
  const product = { output, datasetId, governance, outputBinding };
  const draft = await failureOf(writeStreamToDataProduct(fitting, product));
  expect(draft).toMatchObject({ code: "GOVERNANCE_REFUSED" });
  const allowedDataProductStatuses = ["draft"];
  await writeStreamToDataProduct(fitting, { ...product, allowedDataProductStatuses });
  expect(started()).toMatchObject({ name: datasetId, contract: processed });
  const pipelineContext = { pipeline: "demo.write" };
  const context = { datasetId: "again", datasetVersion: "{batch_id}", outputBinding };
  const asked = { output, governance, context: { ...context, pipelineContext } };
  const refused = await failureOf(writeStreamWithGovernance(fitting, asked));
  expect(refused).toMatchObject({ code: "GOVERNANCE_REFUSED" });
  const result = await writeStreamWithGovernance(fitting, { ...asked, enforce: false });
  expect(result.warnings).toEqual([expect.stringContaining("data product demo")]);
  engine.query.log.put({ batch: batch(5) });
  engine.query.end();
  await result.streamingQueries[0]?.awaitTermination();
  const [record] = await governance.governance.datasetRecords({ datasetId: "again" });
  expect(record).toMatchObject({ ...key, datasetVersion: "5", status: "ok" });
});

test("nothing of all this makes a table", () => {
  expect(existsSync("lake")).toBe(false);
});
