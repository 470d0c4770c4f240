import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { expect, onTestFinished, test } from "vitest";
import { StreamingError } from "../../../ts/errors.ts";
import { fileSystemGovernance, governanceObserver } from "../../../ts/governance.ts";
import { startQuery } from "../../../ts/start.ts";
import { EmbeddedBroker } from "../../../ts/testing.ts";
import { contract } from "./support/samples.ts";

// On the addon: what the engine says of a batch is what governance gets to know.
async function produced(values: readonly object[]): Promise<string> {
  const broker = EmbeddedBroker.start([{ name: "pings", partitions: 1 }]);
  onTestFinished(() => broker.close());
  const { bootstrapServers } = broker;
  const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const messages = values.map((value) => ({ value: JSON.stringify(value) }));
  await producer.send({ topic: "pings", messages });
  await producer.disconnect();
  return bootstrapServers;
}

test("a batch, one with rejected rows and one that was blocked are told as what they are", async () => {
  const folder = await mkdtemp(join(tmpdir(), "headgate-governance-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const speeds = [1, 2, 3, null, null, null];
  const servers = await produced(speeds.map((speed) => ({ speed })));
  const { contracts, governance } = fileSystemGovernance(join(folder, "governance"));
  await contracts.put(contract("1.0.0"));
  const dataset = "rides.pings";
  const options = {
    ...{ "kafka.bootstrap.servers": servers, subscribe: "pings" },
    ...{ startingOffsets: "earliest", maxOffsetsPerTrigger: "2" },
  };
  const query = await startQuery(
    {
      name: "pings",
      input: { format: "kafka", decode: "json", options },
      contract: contract("1.0.0"),
      onViolation: "split",
      output: { format: "delta", path: join(folder, "pings") },
      rejects: { format: "delta", path: join(folder, "rejects") },
      streaming: { trigger: { type: "available_now" } },
    },
    {
      observers: [governanceObserver(governance, { dataset, contract: { contractId: "pings" } })],
      intervention: ({ violationRatio }) =>
        violationRatio === 1 ? { action: "block", reason: "nothing but bad rows" } : null,
    },
  );
  const error = await query.awaitTermination().catch((error: unknown) => error);
  expect(StreamingError.is(error, "INTERVENTION_BLOCKED")).toBe(true);
  const records = await governance.datasetRecords({ datasetId: dataset });
  expect(records).toMatchObject([
    { status: "ok", violations: 0 },
    { status: "warn", violations: 1 },
    { status: "block", violations: 2, reason: "nothing but bad rows" },
  ]);
  const batches = records.map(({ dqDetails }) => dqDetails.streaming_batches);
  expect(batches).toMatchObject([
    [{ status: "ok", row_count: 2 }],
    [{ status: "warning", row_count: 2, metrics: { "violations.required_speed": 1 } }],
    [{ status: "error", row_count: 2, intervention: "nothing but bad rows" }],
  ]);
}, 60_000);
