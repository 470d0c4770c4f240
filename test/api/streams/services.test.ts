import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import {
  fileSystemGovernance,
  type GovernanceService,
  httpGovernance,
  inMemoryGovernance,
} from "../../../ts/governance.ts";
import { readStreamFromContract, writeStreamWithContract } from "../../../ts/streams/index.ts";
import { temporaryFolder } from "../../support/query.ts";
import { dispatch, TestServer } from "../governance/support/dc43-server.ts";
import { FakeNative } from "../support/fake-native.ts";
import { batch } from "../support/samples.ts";
import { failureOf, input, output, plansAndFakes, processed, sent } from "./support/events.ts";

let engine: FakeNative;
let binding: Awaited<ReturnType<typeof plansAndFakes>>;
vi.mock(import("../../../ts/native.ts"), () => ({ native: () => binding }));
beforeEach(async () => {
  engine = new FakeNative();
  binding = await plansAndFakes(engine);
});

async function overHttp(): Promise<GovernanceService> {
  const service = inMemoryGovernance();
  const server = new TestServer((request) => dispatch(service, request));
  await server.start();
  onTestFinished(() => server.stop());
  return httpGovernance({ baseUrl: server.baseUrl });
}

test.each([
  ["in memory", async () => inMemoryGovernance()],
  ["in a folder", async () => fileSystemGovernance(await temporaryFolder())],
  ["over HTTP", overHttp],
])("governance %s knows reads, refusals and batches", async (_, open) => {
  const governance = await open();
  await governance.contracts.put(sent);
  await governance.contracts.put(processed);
  const datasetId = "demo.processed";
  const contract = { contractId: "events", versionSelector: ">=1.0.0" };
  const { stream } = await readStreamFromContract({ input, governance, contract });
  const [activity] = await governance.governance.activity({ datasetId: "events" });
  expect(activity?.events).toMatchObject([{ operation: "read", dqStatus: "unknown" }]);

  const write = { contract: processed, output, governance, datasetId };
  const refusal = await failureOf(writeStreamWithContract(stream, write));
  expect(refusal).toMatchObject({ code: "CONTRACT_VIOLATED" });
  const result = await writeStreamWithContract(stream.withColumn("flag", "'valid'"), write);
  engine.query.log.put({ batch: batch(7) });
  engine.query.end();
  await result.streamingQueries[0]?.awaitTermination();
  const records = await governance.governance.datasetRecords({ datasetId });
  expect(records).toMatchObject([
    { datasetVersion: "", status: "block", reason: "missing required column: flag" },
    { datasetVersion: "7", status: "ok" },
  ]);
  const next = { input, governance, contract: { contractId: "events_processed" }, datasetId };
  const { validation } = await readStreamFromContract({ ...next, latestVerdict: true });
  expect(validation.status).toBe("ok");
});
