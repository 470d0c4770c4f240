// What the examples stand on: a broker, events to read, and a query that reads them.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedBroker } from "headgate/testing";
import { Kafka, logLevel, Partitioners } from "kafkajs";

/** The broker at KAFKA_BOOTSTRAP, or one inside this process. */
export async function openBroker(...topics) {
  const address = process.env.KAFKA_BOOTSTRAP;
  if (!address) return EmbeddedBroker.start(topics.map((name) => ({ name, partitions: 2 })));
  const admin = kafka(address).admin();
  await admin.connect();
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 2 })) });
  await admin.disconnect();
  return { bootstrapServers: address, close() {} };
}

/** Sends each value as JSON, or as it is when it is text. */
export async function produce(bootstrapServers, topic, values) {
  const producer = kafka(bootstrapServers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  await producer.send({ topic, messages: values.map((value) => ({ value: text(value) })) });
  await producer.disconnect();
}

/** A new folder for the tables of one run. */
export function newLake() {
  return mkdtempSync(join(tmpdir(), "headgate-example-"));
}

export function gpsPing(change = {}) {
  return {
    event_id: crypto.randomUUID(),
    driver_id: crypto.randomUUID(),
    driver_status: "available",
    location: { lat: 48.137, lon: 11.575 },
    speed_kmh: 31.5,
    recorded_at: new Date().toISOString(),
    ...change,
  };
}

function kafka(address) {
  return new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
}

/** A query that reads the topic gps-pings into three tables of the lake. */
export function gpsPings(bootstrapServers, lake, trigger) {
  const table = (name) => ({ format: "delta", path: join(lake, name) });
  return {
    name: "gps_pings",
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": bootstrapServers,
        subscribe: "gps-pings",
        startingOffsets: "earliest",
      },
      decode: "json",
    },
    contract: join(import.meta.dirname, "contracts/gps_pings.odcs.yaml"),
    onViolation: "split",
    output: table("gps_pings"),
    rejects: table("gps_pings_rejects"),
    deadLetters: table("gps_pings_dlq"),
    streaming: { trigger },
  };
}
