import type { Kafka } from "kafkajs";
import { StreamingError } from "../errors.js";
import { EmbeddedBroker } from "../testing.js";
import { GATES } from "./gates.js";

/** The broker of a demo, with its topics made. */
export interface DemoBroker {
  kafka: Kafka;
  bootstrapServers: string;
  /** Where reading starts: nothing that others produced before counts. */
  startingOffsets(topic: string): Promise<string>;
  close(): void;
}

/** A real broker at `address`, or an embedded one. */
export async function openBroker(address: string | undefined): Promise<DemoBroker> {
  const { Kafka, logLevel } = await loadKafkajs();
  const client = (broker: string) =>
    new Kafka({ clientId: "headgate-demo", brokers: [broker], logLevel: logLevel.NOTHING });
  if (address === undefined) {
    const topics = GATES.map(({ topic, partitions }) => ({ name: topic, partitions }));
    const broker = EmbeddedBroker.start(topics);
    const { bootstrapServers } = broker;
    const kafka = client(bootstrapServers);
    const close = () => broker.close();
    return { kafka, bootstrapServers, startingOffsets: async () => "earliest", close };
  }
  const kafka = client(address);
  await createTopics(kafka);
  const startingOffsets = (topic: string) => endsOf(kafka, topic);
  return { kafka, bootstrapServers: address, startingOffsets, close: () => {} };
}

async function createTopics(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = GATES.map(({ topic, partitions }) => ({ topic, numPartitions: partitions }));
    const existing = await admin.listTopics();
    const missing = topics.filter(({ topic }) => !existing.includes(topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
}

async function endsOf(kafka: Kafka, topic: string): Promise<string> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    const ends = offsets.map(({ partition, high }) => [partition, Number(high)]);
    return JSON.stringify({ [topic]: Object.fromEntries(ends) });
  } finally {
    await admin.disconnect();
  }
}

async function loadKafkajs(): Promise<typeof import("kafkajs")> {
  try {
    return await import("kafkajs");
  } catch (cause) {
    throw new StreamingError("DEMO_NEEDS_KAFKAJS", "the demo produces its events with kafkajs", {
      context: {
        operation: "demo",
        component: "demo",
        expected: "the package kafkajs",
        details: "npm install kafkajs",
      },
      cause,
    });
  }
}
