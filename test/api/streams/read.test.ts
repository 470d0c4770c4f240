import { beforeEach, expect, test, vi } from "vitest";
import { StreamingError, StreamingValidationError } from "../../../ts/errors.ts";
import { type GovernanceService, inMemoryGovernance } from "../../../ts/governance.ts";
import {
  readStreamFromContract,
  readStreamFromDataProduct,
  readStreamWithContract,
  readStreamWithGovernance,
} from "../../../ts/streams/index.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { failureOf, input, sent } from "./support/events.ts";

const datasetId = "demo.events";
const key = { contractId: "events", contractVersion: "1.0.0" };
let governance: GovernanceService;

function version(version: string, change: object = {}) {
  return { ...sent, version, ...change };
}

beforeEach(async () => {
  governance = inMemoryGovernance();
  await governance.contracts.put(sent);
  await governance.contracts.put(version("1.1.0"));
  await governance.contracts.put(version("2.0.0-draft", { status: "draft" }));
});

/** A verdict of somebody who wrote it. */
async function judged(datasetVersion: string, error?: string) {
  const errors = error === undefined ? [] : [error];
  const said = { ok: errors.length === 0, errors, warnings: [], metrics: {}, schema: {} };
  const status = error === undefined ? ("ok" as const) : ("block" as const);
  const validation = { ...said, status, details: {} };
  await governance.governance.evaluate({
    ...key,
    datasetId,
    datasetVersion,
    operation: "write",
    validation,
  });
}

test.each([
  [{}, "1.1.0"],
  [{ contractVersion: "1.0.0" }, "1.0.0"],
  [{ versionSelector: "==1.0.0" }, "1.0.0"],
  [{ versionSelector: ">=1.0.0" }, "1.1.0"],
  [{ versionSelector: "latest" }, "1.1.0"],
])("a contract is found by %j", async (selector, expected) => {
  const contract = { contractId: "events", ...selector };
  const { contracts } = governance;
  const { validation, stream } = await readStreamFromContract({ input, contracts, contract });
  expect(validation.details).toMatchObject({ contractVersion: expected });
  expect(Object.keys(stream.schema)).toEqual(["timestamp", "value"]);
});

test("a contract that nobody has, and nobody to ask, are refused", async () => {
  const contract = { contractId: "events", contractVersion: "9.0.0" };
  const unknown = await failureOf(readStreamFromContract({ input, governance, contract }));
  expect(unknown).toMatchObject({ context: { field: "contract", actual: "events 9.0.0" } });
  const nobody = await failureOf(readStreamFromContract({ input, contract }));
  expect(nobody).toMatchObject({ context: { field: "contracts", actual: "neither" } });
  expect(StreamingValidationError.is(unknown) && StreamingValidationError.is(nobody)).toBe(true);
});

test("a port leads to its contract, and a product's state is a gate", async () => {
  const port = { portName: "events", ...key };
  await governance.dataProducts.addOutputPort("demo", port);
  await governance.dataProducts.addInputPort("shop", {
    ...port,
    sourceDataProduct: "demo",
    sourceOutputPort: "events",
  });
  const source = { sourceDataProduct: "demo", sourceOutputPort: "events" };
  const inputBinding = { dataProduct: "shop", ...source };
  const draft = await failureOf(readStreamFromDataProduct({ input, governance, inputBinding }));
  expect(draft).toMatchObject({
    code: "GOVERNANCE_REFUSED",
    context: { field: "allowedDataProductStatuses", expected: "active", actual: "status draft" },
  });
  const allowed = { allowedDataProductStatuses: ["active", "Draft"] };
  const { contracts, dataProducts } = governance;
  for (const binding of [inputBinding, { dataProduct: "shop", portName: "events" }]) {
    const clients = { contracts, dataProducts };
    const read = await readStreamFromDataProduct({
      ...{ input, ...clients, inputBinding: binding },
      ...allowed,
    });
    expect(read.validation).toMatchObject({ warnings: [], details: key });
  }
  const warned = { input, governance, inputBinding, enforceDataProductStatus: false };
  const { validation } = await readStreamFromDataProduct(warned);
  expect(validation.warnings).toEqual([expect.stringMatching(/^data product demo .*draft/)]);
  const nowhere = { ...allowed, inputBinding: { dataProduct: "shop", portName: "gone" } };
  const none = await failureOf(readStreamFromDataProduct({ input, governance, ...nowhere }));
  expect(none).toMatchObject({
    message: "the data product has no such port among its inputPorts",
    context: { actual: "shop latest, gone", details: expect.stringContaining("addInputPort") },
  });
  const context = { datasetId, inputBinding };
  const asked = { input, governance, context };
  const plan = await failureOf(readStreamWithGovernance(asked));
  expect(plan).toMatchObject({ code: "GOVERNANCE_REFUSED" });
  const passed = await readStreamWithGovernance({ ...asked, enforce: false });
  expect(passed.validation).toMatchObject({ datasetId, details: key });
  expect(passed.validation.warnings).toHaveLength(1);
});

test.each([
  ["draft", {}, /status draft/],
  ["ACTIVE", { contractStatusCaseInsensitive: false }, /status ACTIVE/],
  [undefined, { allowMissingContractStatus: false }, /no status/],
  ["retired", { contractStatusFailureMessage: "ask the owners" }, /^ask the owners$/],
])("a contract of status %s is refused, or warned of", async (status, gates, message) => {
  const contract = version("3.0.0", { status });
  const error = await failureOf(readStreamWithContract({ input, contract, ...gates }));
  expect(StreamingValidationError.is(error, "GOVERNANCE_REFUSED")).toBe(true);
  expect((error as Error).message).toMatch(message);
  const off = [{ enforce: false }, { enforceContractStatus: false }];
  for (const terms of off) {
    const { validation } = await readStreamWithContract({ input, contract, ...gates, ...terms });
    expect(validation.warnings).toEqual([expect.stringMatching(message)]);
    expect(validation.ok).toBe(true);
  }
});

test("other states may be allowed", async () => {
  const contract = version("3.0.0", { status: "Deprecated" });
  const allowedContractStatuses = ["active", "deprecated"];
  const read = await readStreamWithContract({ input, contract, allowedContractStatuses });
  expect(read.validation.warnings).toEqual([]);
  const none = { ...sent, status: undefined } as never;
  expect((await readStreamWithContract({ input, contract: none })).validation.warnings).toEqual([]);
});

test("a read is registered with its schema, and claims no verdict", async () => {
  const told = { governance, datasetId, pipelineContext: "demo.read" };
  const { validation } = await readStreamWithContract({ input, contract: sent, ...told });
  expect(validation).toMatchObject({ status: "unknown", datasetId });
  const [activity] = await governance.governance.activity({ datasetId });
  expect(activity).toMatchObject({ ...key, datasetVersion: "unknown" });
  expect(activity?.events).toMatchObject([
    {
      operation: "read",
      dqStatus: "unknown",
      pipelineContext: { pipeline: "demo.read" },
      dqDetails: {
        observation_operation: "read",
        schema: { value: { odcs_type: "integer", nullable: false } },
      },
    },
  ]);
  expect(await governance.governance.statusMatrix(datasetId)).toEqual([]);
});

test("a read has the newest verdict of its dataset, if it asks", async () => {
  await judged("", "missing required column: flag");
  await judged("9", "minimum_value: 3 violations");
  await judged("10");
  const asked = { input, contract: sent, governance, datasetId, latestVerdict: true };
  const newest = await readStreamWithContract(asked);
  expect(newest.validation).toMatchObject({ ok: true, status: "ok" });
  const nine = { ...asked, datasetVersion: "9" };
  const blocked = await failureOf(readStreamWithContract(nine));
  expect(blocked).toMatchObject({
    code: "GOVERNANCE_REFUSED",
    context: { actual: "demo.events: minimum_value: 3 violations" },
  });
  const { validation } = await readStreamWithContract({ ...nine, enforce: false });
  expect(validation).toMatchObject({ ok: false, status: "block", datasetVersion: "9" });
  expect(validation.errors).toEqual(["minimum_value: 3 violations"]);
  await governance.governance.evaluate({
    ...{ ...key, datasetId: "refused", datasetVersion: "", operation: "write" },
    observations: { metrics: {}, schema: {} },
  });
  const refused = await readStreamWithContract({ ...asked, datasetId: "refused" });
  expect(refused.validation.status).toBe("unknown");
  const unseen = await readStreamWithContract({ ...asked, datasetId: "other" });
  expect(unseen.validation.status).toBe("unknown");
});

test("governance that is down is warned of, one that refuses is not passed over", async () => {
  const { logger, records } = recordingLogger();
  const down = new StreamingError("GOVERNANCE_UNREACHABLE", "it is down", {
    context: { operation: "register", component: "governance" },
    retryable: true,
  });
  vi.spyOn(governance.governance, "register").mockRejectedValue(down);
  const told = { input, contract: sent, datasetId, logger };
  const { validation } = await readStreamWithContract({ ...told, governance });
  expect(validation.warnings).toEqual(["governance was not told of the read: it is down"]);
  expect(records).toMatchObject([{ level: "warn" }]);
  const empty = inMemoryGovernance();
  const refused = await failureOf(readStreamWithContract({ ...told, governance: empty }));
  expect(StreamingError.is(refused, "GOVERNANCE_NO_CONTRACT")).toBe(true);
});
