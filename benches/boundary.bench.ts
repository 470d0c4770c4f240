import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { type QueryHooks, type StreamingNodeConfig, startQuery } from "headgate";
import { EmbeddedBroker } from "headgate/testing";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { afterAll, beforeAll, bench, describe } from "vitest";
import { event } from "../test/support/events.ts";
import { native } from "../ts/native.ts";
import { eventsQuery } from "./events-query.ts";

// What it costs to cross from Rust to JavaScript, apart from the work that is done there.

const ROWS = 10_000;
const folder = mkdtempSync(join(tmpdir(), "headgate-bench-"));
const broker = EmbeddedBroker.start([{ name: "events", partitions: 1 }]);
afterAll(() => {
  broker.close();
  rmSync(folder, { recursive: true, force: true });
});

async function produceAll(): Promise<void> {
  const kafka = new Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: ROWS }, (_, at) => ({ value: JSON.stringify(event(at)) }));
  for (let at = 0; at < ROWS; at += 1_000) {
    await producer.send({ topic: "events", messages: messages.slice(at, at + 1_000) });
  }
  await producer.disconnect();
}

/** Reads the whole topic into tables below `lake`. */
async function readAll(lake: string, options: object = {}, hooks: QueryHooks = {}): Promise<void> {
  const place = { bootstrapServers: broker.bootstrapServers, topic: "events", folder: lake };
  const streaming = { trigger: { type: "available_now" } };
  const config = { ...eventsQuery(place), name: "boundary", streaming, ...options };
  const query = await startQuery(config as StreamingNodeConfig, hooks);
  await query.awaitTermination();
}

beforeAll(async () => {
  await produceAll();
  await readAll(folder);
});

const table = join(folder, "events");

describe("calls", () => {
  bench("a call that answers a string", () => {
    native().version();
  });

  bench("a call that answers an array of strings", () => {
    native().configKeys();
  });
});

describe(`the newest ${ROWS} rows of a table`, () => {
  bench("as Arrow IPC, to an Arrow table", async () => {
    const { ipc } = await native().previewTable(table, ROWS);
    tableFromIPC(ipc as Buffer);
  });

  bench("as JSON, to objects", async () => {
    const { rowsJson } = await native().previewTable(table, ROWS);
    JSON.parse(rowsJson ?? "[]");
  });
});

describe("batches of 100 rows handed to onStreamingBatch", () => {
  let run = 0;
  const options = { batch: { maxRows: 100 }, durability: "process" };
  const readBatches = (hooks: QueryHooks) => {
    run += 1;
    return readAll(join(folder, `run${run}`), options, hooks);
  };
  const times = { iterations: 5, time: 0 };

  bench(
    `${ROWS / 100} batches with a callback`,
    () => readBatches({ onStreamingBatch: () => {} }),
    times,
  );
  bench(`${ROWS / 100} batches without one`, () => readBatches({}), times);
});
