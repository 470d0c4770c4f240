import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { StreamingError, StreamingValidationError } from "../../../ts/errors.ts";
import { type GovernanceService, inMemoryGovernance } from "../../../ts/governance.ts";
import type { NativeBatch } from "../../../ts/native.ts";
import {
  type ContractStream,
  readStreamWithContract,
  splitWriteViolationStrategy,
  type WriteStreamOptions,
  writeStreamWithContract,
} from "../../../ts/streams/index.ts";
import { contractDocument } from "../../support/contract-document.ts";
import { temporaryFolder } from "../../support/query.ts";
import { FakeNative } from "../support/fake-native.ts";
import { batch } from "../support/samples.ts";
import { failureOf, input, output, plansAndFakes, processed, sent } from "./support/events.ts";

const datasetId = "demo.events";
const rejectsId = "demo.events::reject";
const rejected = contractDocument("events_rejected", {
  properties: [{ name: "value", logicalType: "integer", required: true }],
});
const key = { contractId: "events_rejected", contractVersion: "1.0.0" };
const violationStrategy = splitWriteViolationStrategy();
const write = { contract: processed, output, datasetId, violationStrategy };

let engine: FakeNative;
let binding: Awaited<ReturnType<typeof plansAndFakes>>;
vi.mock(import("../../../ts/native.ts"), () => ({ native: () => binding }));

let governance: GovernanceService;
let stream: ContractStream;
beforeEach(async () => {
  engine = new FakeNative();
  binding = await plansAndFakes(engine);
  governance = inMemoryGovernance();
  for (const contract of [sent, processed, rejected]) await governance.contracts.put(contract);
  const read = await readStreamWithContract({ input, contract: sent });
  stream = read.stream.withColumn("flag", "'valid'");
});

const started = () => engine.started.at(-1)?.config as Record<string, unknown>;

async function fileOf(contract: object): Promise<string> {
  const path = join(await temporaryFolder(), "rejects.odcs.json");
  await writeFile(path, JSON.stringify(contract));
  return path;
}

test("a contract of the rejects is a document, a path, a reference, or what the client has", async () => {
  const path = await fileOf(rejected);
  const reference = { path, schema: "events_rejected" };
  const { contracts } = governance;
  const latest = { contractId: "events_rejected", versionSelector: ">=1.0.0" };
  const forms: [Partial<WriteStreamOptions>, unknown][] = [
    [{ rejectsContract: rejected }, rejected],
    [{ rejectsContract: path }, path],
    [{ rejectsContract: reference }, reference],
    [{ rejectsContract: latest, contracts }, rejected],
    [{ rejectsContract: key, governance }, rejected],
  ];
  for (const [options, expected] of forms) {
    const result = await writeStreamWithContract(stream, { ...write, ...options });
    expect(started()).toMatchObject({
      ...{ on_violation: "split", rejects_contract: expected },
      rejects: { path: "lake/events_reject" },
    });
    expect(result.details).toMatchObject({ rejects: { datasetId: rejectsId, ...key } });
  }
});

test("without a contract the rejects have a name, and without a table they have none", async () => {
  const split = await writeStreamWithContract(stream, write);
  expect(split.details.rejects).toEqual({ datasetId: rejectsId });
  expect(started()).not.toHaveProperty("rejects_contract");
  const rejects = { format: "delta", tableName: "bad", warehouse: "/lake" };
  const plain = { contract: processed, output, datasetId };
  const named = await writeStreamWithContract(stream, { ...plain, rejects });
  expect(named.details.rejects).toEqual({ datasetId: "bad" });
  const letters = await writeStreamWithContract(stream, { ...plain, rejects: "dead_letters" });
  expect(letters.details).not.toHaveProperty("rejects");
});

test("sinks are the query's, under a strategy, too", async () => {
  const sinks = { odd: { format: "delta", path: "lake/odd" } };
  await writeStreamWithContract(stream, { ...write, sinks });
  expect(started()).toMatchObject({ sinks, output: { path: "lake/events_valid" } });
});

test("the gates are those of the rejects' contract, too", async () => {
  const rejectsContract = { ...rejected, status: "draft" };
  const asked = { ...write, rejectsContract };
  const error = await failureOf(writeStreamWithContract(stream, asked));
  expect(StreamingValidationError.is(error, "GOVERNANCE_REFUSED")).toBe(true);
  expect((error as Error).message).toContain("events_rejected");
  expect(engine.started).toEqual([]);
  const warned = await writeStreamWithContract(stream, { ...asked, enforceContractStatus: false });
  expect(warned.warnings).toEqual([expect.stringContaining("events_rejected 1.0.0 has status")]);
  const allowedContractStatuses = ["active", "draft"];
  const allowed = await writeStreamWithContract(stream, { ...asked, allowedContractStatuses });
  expect(allowed.warnings).toEqual([]);
});

test("a contract that nobody has starts nothing", async () => {
  const asked = { ...write, rejectsContract: { contractId: "gone" } };
  const nobody = await failureOf(writeStreamWithContract(stream, asked));
  expect(nobody).toMatchObject({ context: { field: "contracts", actual: "neither" } });
  const unknown = await failureOf(writeStreamWithContract(stream, { ...asked, governance }));
  expect(unknown).toMatchObject({ context: { field: "contract", actual: "gone latest" } });
  const other = { ...rejected, version: "9.0.0" };
  const unheard = { ...write, governance, rejectsContract: other };
  const refused = await failureOf(writeStreamWithContract(stream, unheard));
  expect(StreamingError.is(refused, "GOVERNANCE_NO_CONTRACT")).toBe(true);
  expect(engine.started).toEqual([]);
});

function broken(rule: string, violations: number): NativeBatch["rules"][number] {
  return { rule, violations, severity: "block", scope: "batch", estimated: false };
}

const rows = (rowCount: number) => ({ name: "rejects", datasetId: "lake/events_reject", rowCount });

/** Runs a write whose log has these batches. */
async function told(batches: readonly NativeBatch[], options: Partial<WriteStreamOptions> = {}) {
  const asked = { ...write, governance, rejectsContract: rejected, ...options };
  const result = await writeStreamWithContract(stream, asked);
  for (const each of batches) engine.query.log.put({ batch: each });
  engine.query.end();
  await result.streamingQueries[0]?.awaitTermination();
  return governance.governance.datasetRecords({ datasetId: rejectsId });
}

test("governance knows the rejects of each batch, under their own contract", async () => {
  const rules = [broken("minimum_value", 4), broken("rejects.required_value", 1)];
  const records = await told(
    [
      batch(3, { status: "warn", rules, violations: 5, rejects: rows(3) }),
      batch(4),
      batch(5, { status: "warn", rules: rules.slice(0, 1), violations: 4, rejects: rows(4) }),
      batch(6, { status: "block", datasetVersion: undefined, rejects: rows(9) }),
    ],
    { pipelineContext: { pipeline: "p", run_type: "enforce" } },
  );
  expect(engine.started[0]?.options.observers).toEqual(["governance", "governance.rejects"]);
  expect(records).toMatchObject([
    {
      ...{ ...key, datasetVersion: "3", status: "warn", reason: "required_value: 1 violation" },
      ...{ violations: 1, runType: "enforce" },
      dqDetails: { streaming_metrics: { row_count: 3, "violations.required_value": 1 } },
    },
    {
      ...{ ...key, datasetVersion: "5", status: "ok", violations: 0 },
      dqDetails: { streaming_metrics: { row_count: 4 } },
    },
  ]);
  expect(records).toHaveLength(2);
  expect(await governance.governance.linked(rejectsId)).toEqual(key);
  const ofOutput = await governance.governance.datasetRecords({ datasetId: `${datasetId}::valid` });
  expect(ofOutput.map(({ contractId }) => contractId)).toEqual(Array(4).fill("events_processed"));
});

test("versions follow the template, and rows that were rerouted are not called judged", async () => {
  const batchUuid = "019aaa5e-7c00-7000-8000-000000000002";
  const rerouted = rows(2);
  const [record] = await told(
    [batch(8, { batchUuid, status: "warn", rejects: rows(2), rerouted })],
    {
      datasetVersion: "v{batch_id}",
    },
  );
  expect(record).toMatchObject({
    ...{ datasetVersion: "v8", status: "warn" },
    reason: "rows that were rerouted there are not judged",
  });
});

test("without a contract of theirs, governance is not told of the rejects", async () => {
  const asked = { ...write, governance };
  await writeStreamWithContract(stream, asked);
  expect(engine.started[0]?.options.observers).toEqual(["governance"]);
});
