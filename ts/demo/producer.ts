import { setTimeout as sleep } from "node:timers/promises";
import type { Kafka, Producer, RecordMetadata } from "kafkajs";
import type { StreamingBatch } from "../batch.js";
import { City, type RideEvent } from "./city.js";
import { type Damage, serialised } from "./damage.js";
import { GATES } from "./gates.js";
import type { Random } from "./random.js";
import { PartitionWindow } from "./window.js";

export interface Pace {
  /** Events a second, over all topics. */
  rate: number;
  malformedRate: number;
  seconds: number;
}

// The embedded broker keeps about 5 MiB or 100,000 messages a partition.
const MAX_UNCOMMITTED_BYTES = 3 * 1024 * 1024;
const MAX_UNCOMMITTED_MESSAGES = 60_000;
const TICK_MS = 50;
/** A late tick catches up with no more than this, so that the process stays responsive. */
const MAX_EVENTS_PER_TICK = 5_000;

interface Outgoing {
  topic: string;
  partition: number;
  messages: { key: string; value: Buffer; partition: number }[];
  bytes: number;
}

/** Produces ride-sharing events, never further ahead of the commits than the broker remembers. */
export class RideProducer {
  readonly damage: Partial<Record<Damage, number>> = {};
  readonly #producer: Producer;
  readonly #random: Random;
  readonly #city: City;
  readonly #windows = new Map<string, PartitionWindow[]>();

  constructor(kafka: Kafka, random: Random) {
    this.#producer = kafka.producer({ allowAutoTopicCreation: false });
    this.#random = random;
    this.#city = new City(random);
    for (const { topic, partitions } of GATES) {
      const window = () => new PartitionWindow(MAX_UNCOMMITTED_BYTES, MAX_UNCOMMITTED_MESSAGES);
      this.#windows.set(topic, Array.from({ length: partitions }, window));
    }
  }

  get produced(): number {
    return this.#all().reduce((sum, window) => sum + Number(window.produced), 0);
  }

  /** True when every message is in a committed batch. */
  get isCommitted(): boolean {
    return this.#all().every((window) => window.isCommitted);
  }

  committed({ positions }: Pick<StreamingBatch, "positions">): void {
    for (const { topic, partition, end } of positions) {
      this.#windows.get(topic)?.[partition]?.committed(end);
    }
  }

  /** Produces until the time is over or `signal` aborts. */
  async run({ rate, malformedRate, seconds }: Pace, signal: AbortSignal): Promise<void> {
    await this.#producer.connect();
    try {
      const start = performance.now();
      let made = 0;
      for (;;) {
        const elapsed = (performance.now() - start) / 1000;
        if (signal.aborted || elapsed >= seconds) return;
        const due = Math.min(Math.floor(elapsed * rate) - made, MAX_EVENTS_PER_TICK);
        const outgoing = this.#make(due, malformedRate);
        await this.#send(outgoing);
        // What a full window held back is not made up for.
        made = Math.max(made + due, Math.floor(elapsed * rate) - MAX_EVENTS_PER_TICK);
        await sleep(TICK_MS, undefined, { signal }).catch(() => {});
      }
    } finally {
      await this.#producer.disconnect();
    }
  }

  #make(due: number, malformedRate: number): Outgoing[] {
    const byPartition = new Map<string, Outgoing>();
    for (let index = 0; index < due; index += 1) {
      const event = this.#city.next();
      const { topic, key } = event;
      const partition = partitionOf(key, this.#windows.get(topic)?.length ?? 1);
      const window = this.#windows.get(topic)?.[partition];
      if (window === undefined || window.isFull) continue;
      const value = Buffer.from(this.#payload(event, malformedRate));
      const place = `${topic}/${partition}`;
      const outgoing = byPartition.get(place) ?? { topic, partition, messages: [], bytes: 0 };
      byPartition.set(place, outgoing);
      outgoing.messages.push({ key, value, partition });
      outgoing.bytes += value.length;
      window.reserve(value.length);
    }
    return [...byPartition.values()];
  }

  #payload(event: RideEvent, malformedRate: number): string {
    const { value, damage } = serialised(event, malformedRate, this.#random);
    if (damage !== undefined) this.damage[damage] = (this.damage[damage] ?? 0) + 1;
    return value;
  }

  async #send(outgoing: readonly Outgoing[]): Promise<void> {
    if (outgoing.length === 0) return;
    const topicMessages = GATES.map(({ topic }) => ({
      topic,
      messages: outgoing.filter((each) => each.topic === topic).flatMap((each) => each.messages),
    })).filter(({ messages }) => messages.length > 0);
    const answers = await this.#producer.sendBatch({ topicMessages, acks: -1 });
    for (const answer of answers) this.#appended(answer, outgoing);
  }

  #appended({ topicName, partition, baseOffset }: RecordMetadata, sent: readonly Outgoing[]): void {
    const own = sent.find((each) => each.topic === topicName && each.partition === partition);
    if (own === undefined || baseOffset === undefined) return;
    const window = this.#windows.get(topicName)?.[partition];
    window?.sent(BigInt(baseOffset), own.messages.length, own.bytes);
  }

  #all(): PartitionWindow[] {
    return [...this.#windows.values()].flat();
  }
}

/** The same partition for the same key. */
function partitionOf(key: string, partitions: number): number {
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) {
    hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0;
  }
  return hash % partitions;
}
