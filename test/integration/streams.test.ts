import {
  readStreamWithContract,
  type StreamFunction,
  type StreamingBatch,
  splitWriteViolationStrategy,
  type TransformRow,
  type ValidationResult,
  writeStreamWithContract,
} from "headgate";
import { type GovernanceService, inMemoryGovernance } from "headgate/governance";
import { expect, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { temporaryFolder, until } from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";

const MINIMUM = 3;

const events = contractDocument("events", {
  properties: [
    { name: "timestamp", logicalType: "timestamp", required: true },
    { name: "value", logicalType: "integer", required: true },
  ],
});
const processed = contractDocument("events_processed", {
  properties: [
    { name: "timestamp", logicalType: "timestamp", required: true },
    {
      name: "value",
      logicalType: "number",
      required: true,
      logicalTypeOptions: { minimum: MINIMUM },
    },
    { name: "quality_flag", logicalType: "string", required: true },
    { name: "note", logicalType: "string" },
  ],
});
const datasetId = "demo.events_processed";
const key = { contractId: "events_processed", contractVersion: "1.0.0" };

/** Values from 0 on, of which those below the minimum break the contract. */
async function read() {
  const governance = inMemoryGovernance();
  await governance.contracts.put(events);
  await governance.contracts.put(processed);
  const input = { format: "rate", options: { rowsPerSecond: 20 } };
  const told = { governance, datasetId: "demo.events" };
  const { stream, validation } = await readStreamWithContract({ input, contract: events, ...told });
  const flagged = stream
    .withColumn("quality_flag", `CASE WHEN value < ${MINIMUM} THEN 'warning' ELSE 'valid' END`)
    .withColumn("value", "CAST(value AS DOUBLE)")
    .withColumn("beside", "1");
  const streaming = {
    trigger: { type: "processing_time", interval: "100 milliseconds" },
  } as const;
  const path = `${await temporaryFolder()}/events`;
  const output = { format: "delta", path };
  const write = {
    contract: processed,
    output,
    streaming,
    durability: "process",
    datasetId,
  } as const;
  return { governance, stream: flagged, validation, write, path };
}

async function hasValuesThatHold(result: ValidationResult): Promise<void> {
  await until("rows beyond the minimum", () => (result.metrics.row_count ?? 0) > 2 * MINIMUM);
  await result.streamingQueries[0]?.stop();
}

/** What governance has of the output, as the result has it. */
async function expectTold(governance: GovernanceService, { streamingBatches }: ValidationResult) {
  const records = await governance.governance.datasetRecords({ datasetId });
  const told = records.map(({ datasetVersion, status, dqDetails }) => ({
    datasetVersion,
    status,
    metrics: dqDetails.streaming_metrics,
  }));
  const broken = ([name, count]: [string, number]) => name === "row_count" || count > 0;
  const known = streamingBatches.map(({ datasetVersion, status, metrics }) => ({
    datasetVersion,
    status: status === "idle" ? "ok" : status,
    metrics: Object.fromEntries(Object.entries(metrics).filter(broken)),
  }));
  expect(told).toEqual(known);
}

test("a result is live, and governance is told the same under the same versions", async () => {
  const { governance, stream, validation, write, path } = await read();
  const told: StreamingBatch[] = [];
  const result = await writeStreamWithContract(stream, {
    ...write,
    governance,
    enforce: false,
    datasetVersion: "{timestamp}-{batch_id}",
    onStreamingBatch: (batch) => void told.push(batch),
  });
  expect(result).toMatchObject({ datasetId, streamingQueries: [{ name: datasetId }] });
  await hasValuesThatHold(result);

  expect(result.streamingBatches).toHaveLength(told.length);
  for (const [at, batch] of told.entries()) expect(result.streamingBatches[at]).toBe(batch);
  expect(told[0]?.datasetVersion).toMatch(/^\d{14}-\d+$/);
  expect(told.filter(({ status }) => status === "warn").length).toBeGreaterThan(0);
  expect(result.metrics["violations.minimum_value"]).toBe(MINIMUM);
  expect(result.metrics.row_count).toBe(await countRows(path));
  await expectTold(governance, result);
  expect(validation).toMatchObject({ status: "unknown", streamingBatches: [] });
  expect(validation.streamingQueries).toEqual(result.streamingQueries);

  const sql = "SELECT value::INT AS value, quality_flag, note FROM t ORDER BY 1 LIMIT 4";
  expect(await queryTable(path, sql)).toEqual([
    ...[0, 1, 2].map((value) => ({ value, quality_flag: "warning", note: null })),
    { value: MINIMUM, quality_flag: "valid", note: null },
  ]);
});

test("an enforced contract blocks, in the result and in governance", async () => {
  const { governance, stream, write, path } = await read();
  const result = await writeStreamWithContract(stream, { ...write, governance });
  await expect(result.streamingQueries[0]?.awaitTermination()).rejects.toThrow(
    /broke its contract/,
  );
  expect(result).toMatchObject({ ok: false, status: "block", datasetVersion: undefined });
  expect(result.errors).toEqual([expect.stringContaining("minimum_value")]);
  expect(await countRows(path)).toBe(0);
  const [record] = await governance.governance.datasetRecords({ datasetId });
  expect(record).toMatchObject({ ...key, status: "block", reason: result.reason });
});

test("split sends rows to a table each, and names both", async () => {
  const { stream, write, path } = await read();
  const violationStrategy = splitWriteViolationStrategy();
  const result = await writeStreamWithContract(stream, { ...write, violationStrategy });
  await hasValuesThatHold(result);
  expect(await countRows(`${path}_reject`)).toBe(MINIMUM);
  expect(await countRows(`${path}_valid`)).toBe((result.metrics.row_count ?? 0) - MINIMUM);
  expect(result.datasetId).toBe(`${datasetId}::valid`);
  const rejects = result.streamingBatches.flatMap(({ rejects }) => rejects ?? []);
  expect(new Set(rejects.map((each) => each.datasetId))).toEqual(new Set([`${datasetId}::reject`]));
  expect(rejects.reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(MINIMUM);
});

/** Columns with the types that the table has: what was sent, and what the engine adds. */
const rejected = contractDocument("events_rejected", {
  properties: [
    {
      name: "value",
      logicalType: "number",
      required: true,
      logicalTypeOptions: { minimum: 1 },
    },
    {
      name: "_contract_id",
      logicalType: "string",
      required: true,
      logicalTypeOptions: { pattern: "^events_processed$" },
    },
    { name: "_batch_uuid", logicalType: "string", required: true },
  ],
});

test("split rejects under a contract of their own, beside a sink for a batch", async () => {
  const { governance, stream, write, path } = await read();
  await governance.contracts.put(rejected);
  let isRerouted = false;
  const result = await writeStreamWithContract(stream, {
    ...write,
    governance,
    violationStrategy: splitWriteViolationStrategy(),
    rejectsContract: { contractId: "events_rejected" },
    deadLetters: { format: "delta", path: `${path}_dead` },
    sinks: { odd: { format: "delta", path: `${path}_odd` } },
    intervention: ({ rowCount, violations }) => {
      if (isRerouted || violations > 0 || rowCount === 0) return null;
      isRerouted = true;
      return { action: "reroute", reason: "the first clean one", to: "odd" };
    },
  });
  const rejectsId = `${datasetId}::reject`;
  const rejectsKey = { contractId: "events_rejected", contractVersion: "1.0.0" };
  expect(result.details.rejects).toEqual({ datasetId: rejectsId, ...rejectsKey });
  await until("a batch without violations", () =>
    result.streamingBatches.some(({ rerouted }) => rerouted !== undefined),
  );
  await result.streamingQueries[0]?.stop();

  const values = (table: string) => queryTable(table, "SELECT value::INT AS v FROM t ORDER BY 1");
  expect(await values(`${path}_reject`)).toEqual([{ v: 1 }, { v: 2 }]);
  const dead = "SELECT _error_message AS said FROM t";
  expect(await queryTable(`${path}_dead`, dead)).toEqual([
    { said: "rejects.minimum_value (value)" },
  ]);
  const sum = (counted: (batch: StreamingBatch) => number) =>
    result.streamingBatches.reduce((all, batch) => all + counted(batch), 0);
  expect(result.metrics["violations.rejects.minimum_value"]).toBe(1);
  const moved = sum(({ rerouted }) => rerouted?.rowCount ?? 0);
  expect(moved).toBeGreaterThan(0);
  expect(await countRows(`${path}_odd`)).toBe(moved);
  expect(await countRows(`${path}_valid`)).toBe(sum(({ counts }) => counts.accepted));

  const records = await governance.governance.datasetRecords({ datasetId: rejectsId });
  const told = records.map(({ datasetVersion, status, contractId, dqDetails }) => ({
    ...{ datasetVersion, status, contractId },
    rows: Reflect.get(dqDetails.streaming_metrics as object, "row_count"),
  }));
  const known = result.streamingBatches.flatMap(({ batchId, rejects, metrics }) => {
    if (rejects === undefined) return [];
    const status = metrics["violations.rejects.minimum_value"] === 1 ? "warn" : "ok";
    const { contractId } = rejectsKey;
    return [{ datasetVersion: `${batchId}`, status, contractId, rows: rejects.rowCount }];
  });
  expect(told).toEqual(known);
  expect(await governance.governance.linked(rejectsId)).toEqual(rejectsKey);
});

interface Value extends TransformRow {
  value: bigint;
}

const toQuality: StreamFunction = {
  name: "toQuality",
  schema: [
    { name: "timestamp", logicalType: "timestamp" },
    { name: "value", logicalType: "number" },
    { name: "quality_flag", logicalType: "string" },
  ],
  apply: (rows: readonly Value[]) =>
    rows.map(({ value, timestamp }) => {
      if (value % 5n === 4n) return null;
      return { timestamp, value: Number(value), quality_flag: value % 2n === 0n ? "even" : "odd" };
    }),
};

/** What `read` reads, with what only a function makes. */
async function readWithFunction(step = toQuality) {
  const input = { format: "rate", options: { rowsPerSecond: 20 } };
  const { stream } = await readStreamWithContract({ input, contract: events });
  return stream.filter("value > 0").transform(step).filter(`value >= ${MINIMUM}`);
}

test("a function makes a column that the contract demands", async () => {
  const { write, path } = await read();
  const result = await writeStreamWithContract(await readWithFunction(), write);
  await hasValuesThatHold(result);
  const sql = "SELECT value::INT AS value, quality_flag AS flag FROM t ORDER BY 1 LIMIT 4";
  expect(await queryTable(path, sql)).toEqual([
    { value: 3, flag: "odd" },
    { value: 5, flag: "odd" },
    { value: 6, flag: "even" },
    { value: 7, flag: "odd" },
  ]);
  expect(result).toMatchObject({ ok: true, status: "ok" });
});

test("a function that throws ends the query, and writes nothing of its batch", async () => {
  const { write, path } = await read();
  const apply = () => {
    throw new RangeError("3 is odd");
  };
  const stream = await readWithFunction({ ...toQuality, apply });
  const logger = { level: "silent", debug() {}, info() {}, warn() {}, error() {} };
  const { streamingQueries } = await writeStreamWithContract(stream, { ...write, logger });
  const failed = streamingQueries[0]?.awaitTermination().catch((error: unknown) => error);
  expect(await failed).toMatchObject({
    code: "TRANSFORM_FUNCTION_FAILED",
    message: "the function toQuality of transforms[1] made no rows: it threw RangeError",
  });
  expect(await countRows(path)).toBe(0);
});
