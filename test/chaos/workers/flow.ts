import { setTimeout as sleep } from "node:timers/promises";
import { client } from "../../support/kafka/topics.ts";
import { laidOut, PARTITIONS } from "./layout.ts";

const STEP_MS = 100;

/** Produces at a steady rate until it is told that it is enough; `least` records in any case. */
export class Flow {
  /** Records produced and acknowledged. */
  count = 0;
  /** End of each partition. */
  readonly ends: number[] = new Array(PARTITIONS).fill(0);
  failure: unknown;
  readonly #least: number;
  #isEnough = false;
  #isHalted = false;
  readonly #done: Promise<void>;

  constructor(
    place: { bootstrapServers: string; topic: string },
    { least, perSecond }: { least: number; perSecond: number },
  ) {
    this.#least = least;
    this.#done = this.#run(place.bootstrapServers, place.topic, perSecond);
    this.#done.catch((error) => {
      this.failure = error;
    });
  }

  /** Resolves with the last record. */
  async enough(): Promise<void> {
    this.#isEnough = true;
    await this.#done;
  }

  /** Resolves when nothing more will come, however much is missing. */
  async halt(): Promise<void> {
    this.#isHalted = true;
    await this.#done.catch(() => {});
  }

  async #run(bootstrapServers: string, topic: string, perSecond: number): Promise<void> {
    // Idempotent: a request that is sent again places nothing twice.
    const settings = { idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false };
    const producer = client(bootstrapServers).producer(settings);
    await producer.connect();
    try {
      const began = Date.now();
      while (!this.#isHalted && (this.count < this.#least || !this.#isEnough)) {
        const size = this.#due(Date.now() - began, perSecond);
        if (size > 0) {
          const records = laidOut(size, this.count);
          const messages = records.map(({ value, partition }) => ({ value, partition }));
          this.#place(await producer.send({ topic, messages }), records);
        }
        if (!this.#isEnough) await sleep(STEP_MS);
      }
    } finally {
      await producer.disconnect();
    }
  }

  /** What lags behind the rate; in the end, all that is missing. A second's worth at most. */
  #due(elapsedMs: number, perSecond: number): number {
    const goal = this.#isEnough ? this.#least : Math.ceil((elapsedMs * perSecond) / 1_000);
    return Math.min(goal - this.count, perSecond);
  }

  /** Holds the brokers to the layout, on which the comparison at the end rests. */
  #place(
    replies: readonly { partition: number; baseOffset?: string }[],
    records: readonly { partition?: number }[],
  ): void {
    for (const { partition, baseOffset } of replies) {
      if (Number(baseOffset) !== this.ends[partition]) {
        throw new Error(
          `partition ${partition}: produced at ${baseOffset} instead of ${this.ends[partition]}`,
        );
      }
    }
    for (const { partition = 0 } of records) this.ends[partition] = (this.ends[partition] ?? 0) + 1;
    this.count += records.length;
  }
}
