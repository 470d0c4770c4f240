import { randomUUID } from "node:crypto";
import { type IHeaders, Kafka, logLevel, Partitioners, type RetryOptions } from "kafkajs";

/** A record to produce. An absent partition means 0. */
export interface Outgoing {
  value: Buffer | string | null;
  partition?: number;
  key?: Buffer | string | null;
  headers?: IHeaders;
  /** Milliseconds since the epoch. */
  timestamp?: number;
}

/** Where a record of a topic lies. */
export interface Coordinate {
  topic: string;
  partition: number;
  offset: number;
}

const BATCH_RECORDS = 5_000;

export function client(bootstrapServers: string, retry: RetryOptions = {}): Kafka {
  return new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING, retry });
}

/** Creates a topic of its own for the caller and answers its name. */
export async function createTopic(
  bootstrapServers: string,
  partitions = 4,
  settings: Record<string, string> = {},
): Promise<string> {
  const topic = `t-${randomUUID()}`;
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await withAdmin(bootstrapServers, (admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }] }),
  );
  return topic;
}

/** Resolves when there are `count` partitions and each has a leader. */
export async function addPartitions(
  bootstrapServers: string,
  topic: string,
  count: number,
): Promise<void> {
  await withAdmin(bootstrapServers, async (admin) => {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    await retry(async () => {
      const { length } = await admin.fetchTopicOffsets(topic);
      if (length !== count) throw new Error(`${topic} has ${length} partitions, not ${count}`);
    });
  });
}

/** Deletes a topic and creates another of the same name. */
export async function recreateTopic(bootstrapServers: string, topic: string): Promise<void> {
  await withAdmin(bootstrapServers, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await retry(() =>
      admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }),
    );
  });
}

/** What retention does: the records of a partition before `offset` are gone at once. */
export async function deleteRecords(
  bootstrapServers: string,
  topic: string,
  partition: number,
  offset: number,
): Promise<void> {
  await withAdmin(bootstrapServers, async (admin) => {
    // kafkajs looks up the leaders of topics only that it was asked about before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  });
}

/** Produces in order and answers where each record went. */
export async function produce(
  bootstrapServers: string,
  topic: string,
  records: readonly Outgoing[],
): Promise<Coordinate[]> {
  const producer = client(bootstrapServers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  try {
    const placed: Coordinate[] = [];
    for (let at = 0; at < records.length; at += BATCH_RECORDS) {
      const batch = records.slice(at, at + BATCH_RECORDS);
      const replies = await producer.send({ topic, messages: batch.map(message) });
      const next = new Map(replies.map((r) => [r.partition, Number(r.baseOffset)]));
      for (const { partition = 0 } of batch) {
        const offset = next.get(partition);
        // kafkajs drops records of partitions that it does not know.
        if (offset === undefined) throw new Error(`${topic} took nothing in ${partition}`);
        next.set(partition, offset + 1);
        placed.push({ topic, partition, offset });
      }
    }
    return placed;
  } finally {
    await producer.disconnect();
  }
}

function message(record: Outgoing) {
  const { value, partition = 0, key = null, headers, timestamp } = record;
  return {
    value,
    partition,
    key,
    ...(headers && { headers }),
    ...(timestamp !== undefined && { timestamp: String(timestamp) }),
  };
}

type Admin = ReturnType<Kafka["admin"]>;

async function withAdmin(
  bootstrapServers: string,
  action: (admin: Admin) => Promise<unknown>,
): Promise<void> {
  const admin = client(bootstrapServers).admin();
  await admin.connect();
  try {
    await action(admin);
  } finally {
    await admin.disconnect();
  }
}

async function retry(action: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await action();
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
