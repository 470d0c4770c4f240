import { setTimeout as sleep } from "node:timers/promises";
import { damageOf, event } from "../support/events.ts";
import { client, type Outgoing, produce } from "../support/kafka/topics.ts";
import { between, type Random } from "./random-choice.ts";

export const PARTITIONS = 8;
/** Records of one partition in a row; prime to how often damage comes. */
const RUN = 7;
/** So many records reach every partition. */
const ROUND = RUN * PARTITIONS;
const STEP_MS = 100;
const MOST_A_SECOND = 4_000;
const MOST_BYTES_A_SECOND = 2_000_000;
/** Of what is added to a record. */
const PADDINGS = [0, 100, 500, 2_000, 20_000] as const;
const BARE_BYTES = 250;
/** A rate holds for so long. */
const SPELL_MS = { least: 2_000, most: 8_000 };

type Keyed = Required<Pick<Outgoing, "value" | "key" | "partition">>;

/**
 * Produces at a rate and with sizes that change by chance. What a broker in trouble did not
 * acknowledge may be in the topic nevertheless, and is not sent again: the key of each record tells
 * which it is, and whoever reads the topic knows what is there.
 */
export class Load {
  /** Requests that no broker acknowledged. */
  failures = 0;
  #next = 0;
  #padding = 0;
  #isStopped = false;
  readonly #bootstrapServers: string;
  readonly #topic: string;
  readonly #random: Random;
  readonly #done: Promise<void>;

  constructor(bootstrapServers: string, topic: string, random: Random) {
    this.#bootstrapServers = bootstrapServers;
    this.#topic = topic;
    this.#random = random;
    this.#done = this.#run();
  }

  /**
   * Ends with records in every partition that are certain to be in the topic. Answers where each
   * partition ends with them.
   */
  async stop(): Promise<Map<number, number>> {
    await this.halt();
    const placed = await produce(this.#bootstrapServers, this.#topic, this.take(2 * ROUND));
    return new Map(placed.map(({ partition, offset }) => [partition, offset + 1]));
  }

  async halt(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  /** Records that nobody else produces, 5 % of them damaged. */
  take(count: number): Keyed[] {
    const from = this.#next;
    this.#next += count;
    return Array.from({ length: count }, (_, at) => keyed(from + at, this.#padding));
  }

  async #run(): Promise<void> {
    const topic = this.#topic;
    const producer = client(this.#bootstrapServers).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    while (!this.#isStopped) {
      const perSecond = this.#chooseRate();
      const until = Date.now() + between(this.#random, SPELL_MS.least, SPELL_MS.most);
      while (!this.#isStopped && Date.now() < until) {
        const messages = this.take(Math.floor((perSecond * STEP_MS) / 1_000));
        await producer.send({ topic, messages }).catch(() => {
          this.failures += 1;
        });
        await sleep(STEP_MS);
      }
    }
    await producer.disconnect();
  }

  #chooseRate(): number {
    this.#padding = PADDINGS[between(this.#random, 0, PADDINGS.length - 1)] ?? 0;
    const most = Math.min(MOST_A_SECOND, MOST_BYTES_A_SECOND / (BARE_BYTES + this.#padding));
    return this.#random() * most;
  }
}

function keyed(index: number, padding: number): Keyed {
  const good = { ...event(index), session: "s".repeat(padding) };
  const text = JSON.stringify(good);
  const partition = Math.floor(index / RUN) % PARTITIONS;
  return {
    value: damageOf(index)?.apply(good, text) ?? text,
    key: String(index),
    partition,
  };
}
