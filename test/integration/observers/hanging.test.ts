import { readFile } from "node:fs/promises";
import { type StreamingBatch, type StreamingObserver, startQuery } from "headgate";
import { governanceObserver, httpGovernance, inMemoryGovernance } from "headgate/governance";
import { expect, inject, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { TestServer } from "../../api/governance/support/dc43-server.ts";
import { recordingLogger } from "../../api/support/recording-logger.ts";
import { headgate } from "../../support/cli.ts";
import { differences } from "../../support/coordinates.ts";
import { destinationOf, records } from "../../support/events.ts";
import { type Coordinate, createTopic, produce } from "../../support/kafka/topics.ts";
import {
  continuous,
  eventsContract,
  type Lake,
  splitEvents,
  temporaryLake,
  until,
} from "../../support/query.ts";

const COUNT = 2_000;
const PER_BATCH = 100;
/** The stop that the client hangs in takes all of it. */
const STOP_MS = 10_000;
const observed = { dataset: "shop.events", contract: { contractId: "events" } };

const bootstrapServers = inject("bootstrapServers");

/** Takes whatever it is asked, and answers nothing. */
async function silentServer(): Promise<TestServer> {
  const server = new TestServer(async () => "hang");
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}

/** Reads the topic in batches that are the same each time, and stops. */
async function read(topic: string, lake: Lake, observers: StreamingObserver[] = []) {
  const options = { minOffsetsPerTrigger: `${PER_BATCH}` };
  const config = continuous(splitEvents(bootstrapServers, topic, lake, options));
  const batches: StreamingBatch[] = [];
  const onStreamingBatch = (batch: StreamingBatch) => {
    batches.push(batch);
  };
  const query = await startQuery(
    { ...config, batch: { maxRows: PER_BATCH }, maintenance: { enabled: false } },
    { observers, onStreamingBatch, logger: recordingLogger().logger },
  );
  await until("all is read", () => batches.length === COUNT / PER_BATCH);
  await query.stop({ timeoutMs: STOP_MS });
  expect(query.status).toBe("TERMINATED");
  return batches.map(({ batchId, rowCount, violations, status, metrics, counts, positions }) => ({
    ...{ batchId, rowCount, violations, status, metrics, counts, positions },
  }));
}

async function expectWhole(lake: Lake, produced: readonly Coordinate[]): Promise<void> {
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await headgate("verify", lake.output, "--deep")).toMatchObject({ status: 0 });
}

test("a client that hangs for ever changes no batch, no table and no stop, and is told the rest later", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const produced = await produce(bootstrapServers, topic, records(COUNT, { partitions: 1 }));
  const [alone, watched] = [await temporaryLake(), await temporaryLake()];
  const expected = await read(topic, alone);
  const server = await silentServer();
  const { governance: deaf } = httpGovernance({ baseUrl: server.baseUrl });
  const signals: AbortSignal[] = [];
  const dead: StreamingObserver = {
    name: "dead",
    tell: (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  };

  const told = [governanceObserver(deaf, observed), dead];
  expect(await read(topic, watched, told)).toEqual(expected);
  expect(server.requests.map(({ path }) => path)).toContain("/governance/write/resolve");
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  await expectWhole(alone, produced);
  await expectWhole(watched, produced);

  const { contracts, governance } = inMemoryGovernance();
  await contracts.put(parse(await readFile(eventsContract, "utf8")));
  const config = splitEvents(bootstrapServers, topic, watched);
  const query = await startQuery(config, { observers: [governanceObserver(governance, observed)] });
  await query.awaitTermination();
  const verdicts = await governance.datasetRecords({ datasetId: observed.dataset });
  const versions = expected.map(({ batchId }) => `${batchId}`);
  expect(verdicts.map(({ datasetVersion }) => datasetVersion)).toEqual(versions);
});
