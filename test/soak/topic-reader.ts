import { randomUUID } from "node:crypto";
import type { Consumer } from "kafkajs";
import { destinationOf } from "../support/events.ts";
import { client } from "../support/kafka/topics.ts";
import type { Window } from "./window.ts";

/** Another client than the engine's tells the window which records a consumer is given. */
export class TopicReader {
  failure: unknown;
  readonly #consumer: Consumer;

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  static async start(bootstrapServers: string, topic: string, window: Window) {
    const consumer = client(bootstrapServers).consumer({
      groupId: `soak-${randomUUID()}`,
      maxWaitTimeInMs: 200,
      retry: { retries: 20, restartOnFailure: async () => true },
    });
    const reader = new TopicReader(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const running = consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { offset, key } of batch.messages) {
          window.expect(batch.partition, Number(offset), destinationOf(Number(key?.toString())));
        }
        window.known(batch.partition, Number(batch.lastOffset()) + 1);
      },
    });
    running.catch((error) => {
      reader.failure = error;
    });
    return reader;
  }

  async stop(): Promise<void> {
    await this.#consumer.disconnect();
  }
}
