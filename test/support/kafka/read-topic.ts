import { randomUUID } from "node:crypto";
import { type Coordinate, client } from "./topics.ts";

export interface Found extends Coordinate {
  key: string | null;
  isTombstone: boolean;
}

/** Fetches in a row that brought nothing: the last offsets may be markers, which nobody is given. */
const QUIET_FETCHES = 3;

/** What another client finds in a topic, from its first record to its present end. */
export async function readTopic(bootstrapServers: string, topic: string): Promise<Found[]> {
  const found: Found[] = [];
  const consumer = client(bootstrapServers).consumer({
    groupId: `reader-${randomUUID()}`,
    maxWaitTimeInMs: 50,
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      let known = 0;
      let quiet = 0;
      consumer.on("consumer.crash", ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      consumer.on("consumer.fetch", () => {
        quiet = found.length === known ? quiet + 1 : 0;
        known = found.length;
        if (quiet > QUIET_FETCHES) resolve();
      });
      const eachMessage = async (from: {
        partition: number;
        message: { offset: string; key: Buffer | null; value: Buffer | null };
      }) => {
        const { partition, message } = from;
        const { offset, key, value } = message;
        const isTombstone = value === null;
        found.push({
          topic,
          partition,
          offset: Number(offset),
          key: key?.toString() ?? null,
          isTombstone,
        });
      };
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return found;
}
