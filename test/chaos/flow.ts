import { setTimeout as sleep } from "node:timers/promises";
import type { Producer } from "kafkajs";
import { records } from "../support/events.ts";
import { client, type Outgoing } from "../support/kafka/topics.ts";

const STEP_MS = 100;
/** Longer than any broker is away. */
const INSIST_MS = 120_000;
/** Damage comes every 20 records; runs of four bring it to every partition. */
const RUN = 4;

export interface FlowPlace {
  bootstrapServers: string;
  topic: string;
  partitions: number;
}

type Message = Required<Pick<Outgoing, "value" | "partition">>;

/** Produces at a steady rate until it is told that it is enough; `least` records in any case. */
export class Flow {
  /** Records produced and acknowledged. */
  count = 0;
  /** End of each partition: after its last record. */
  readonly ends: number[];
  failure: unknown;
  readonly #place: FlowPlace;
  readonly #least: number;
  readonly #perSecond: number;
  /** Of each partition, the index of the record at each offset; none where others produced. */
  readonly #indices: (number | undefined)[][];
  #isEnough = false;
  #isHalted = false;
  readonly #done: Promise<void>;

  constructor(place: FlowPlace, { least, perSecond }: { least: number; perSecond: number }) {
    this.#place = place;
    this.#least = least;
    this.#perSecond = perSecond;
    this.ends = new Array(place.partitions).fill(0);
    this.#indices = this.ends.map(() => []);
    this.#done = this.#run();
    this.#done.catch((error) => {
      this.failure = error;
    });
  }

  /** The record at an offset; undefined for one that did not come from here. */
  indexOf(partition: number, offset: number): number | undefined {
    return this.#indices[partition]?.[offset];
  }

  /** Partitions that were added to the topic take their part from now on. */
  widen(partitions: number): void {
    while (this.ends.length < partitions) {
      this.#indices.push([]);
      this.ends.push(0);
    }
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

  async #run(): Promise<void> {
    const began = Date.now();
    while (this.#isMissing()) {
      const known = this.ends.length;
      const producer = await this.#connect();
      try {
        // kafkajs drops what it is given for partitions that came after it asked for them.
        while (this.#isMissing() && known === this.ends.length) {
          const size = this.#due(Date.now() - began);
          if (size > 0) await this.#send(producer, this.#next(size));
          if (!this.#isEnough) await sleep(STEP_MS);
        }
      } finally {
        await producer.disconnect();
      }
    }
  }

  #isMissing(): boolean {
    return !this.#isHalted && (this.count < this.#least || !this.#isEnough);
  }

  /** Idempotent: a request that is sent again places nothing twice. */
  async #connect(): Promise<Producer> {
    const producer = client(this.#place.bootstrapServers).producer({
      ...{ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false },
      retry: { retries: 3, maxRetryTime: 1_000 },
    });
    await this.#insist(() => producer.connect());
    return producer;
  }

  /** What lags behind the rate; in the end, all that is missing. A second's worth at most. */
  #due(elapsedMs: number): number {
    const goal = this.#isEnough ? this.#least : Math.ceil((elapsedMs * this.#perSecond) / 1_000);
    return Math.min(goal - this.count, this.#perSecond);
  }

  #next(size: number): Message[] {
    return records(size, { from: this.count }).map(({ value }, at) => ({
      value,
      partition: Math.floor((this.count + at) / RUN) % this.ends.length,
    }));
  }

  /** Sent again as it was, by the same producer, a request keeps its sequence numbers. */
  async #send(producer: Producer, messages: Message[]): Promise<void> {
    const { topic } = this.#place;
    const replies = await this.#insist(() => producer.send({ topic, messages }));
    const next = new Map(replies.map((one) => [one.partition, Number(one.baseOffset)]));
    for (const { partition } of messages) {
      const offset = next.get(partition);
      const indices = this.#indices[partition];
      if (offset === undefined || !indices) throw new Error(`nothing went to ${partition}`);
      if (indices[offset] !== undefined) throw new Error(`twice at ${partition}/${offset}`);
      indices[offset] = this.count;
      next.set(partition, offset + 1);
      this.ends[partition] = offset + 1;
      this.count += 1;
    }
  }

  /** A broker may be away for a while. */
  async #insist<T>(action: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + INSIST_MS;
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (this.#isHalted || Date.now() > deadline) throw error;
        await sleep(STEP_MS);
      }
    }
  }
}
