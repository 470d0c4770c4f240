import { setTimeout as sleep } from "node:timers/promises";
import { type StreamingQueryProgress, startQuery } from "headgate";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { headgate } from "../../support/cli.ts";
import { differences } from "../../support/coordinates.ts";
import { type Coordinate, createTopic, produce } from "../../support/kafka/topics.ts";
import { continuous, temporaryLake, until } from "../../support/query.ts";
import { avroV1, avroV2, type Encode } from "../../support/registry/event-schemas.ts";
import { registeredEvents } from "../../support/registry/events-query.ts";
import { type SchemaRegistry, startRegistry } from "../../support/registry/server.ts";

const bootstrapServers = inject("bootstrapServers");
const PARTITIONS = 4;
const BATCH = 400;
const PAUSE_MS = 50;
/** The bar is a minute: `HEADGATE_OUTAGE_SECONDS=60 npx vitest run --project integration registry/outage`. */
const OUTAGE_MS = Number(process.env.HEADGATE_OUTAGE_SECONDS ?? 8) * 1_000;
let registry: SchemaRegistry;

beforeAll(async () => {
  registry = await startRegistry(bootstrapServers);
});

afterAll(() => registry?.stop());

/** Produces until it is stopped, partition 0 by a schema of its own. */
class Load {
  readonly produced: Coordinate[] = [];
  encode: Encode;
  encodeFirst: Encode;
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(topic: string, encode: Encode) {
    this.encode = encode;
    this.encodeFirst = encode;
    this.#done = this.#run(topic);
  }

  async #run(topic: string): Promise<void> {
    while (!this.#isStopped) {
      const from = this.produced.length;
      const sent = Array.from({ length: BATCH }, (_, at) => {
        const partition = at % PARTITIONS;
        const encode = partition === 0 ? this.encodeFirst : this.encode;
        return { value: encode(from + at), partition };
      });
      this.produced.push(...(await produce(bootstrapServers, topic, sent)));
      await sleep(PAUSE_MS);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }
}

test("a registry killed under load: known schemas are read on, the others' partition waits, nothing is lost, nothing doubled", async () => {
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  // The newest is known from the start on.
  const second = await avroV2(registry, `${topic}-value`);
  const first = await avroV1(registry, `${topic}-value`);
  const lake = await temporaryLake();
  const config = registeredEvents(bootstrapServers, topic, lake, { url: registry.url });
  let rows = 0;
  const query = await startQuery(continuous(config), {
    onStreamingBatch: ({ counts }) => {
      rows += counts.records;
    },
  });
  const load = new Load(topic, first);
  await until("rows", () => rows > 0);
  await registry.end();
  const killedAt = Date.now();
  load.encodeFirst = second;
  const held = (): StreamingQueryProgress["held"] => query.recentProgress.at(-1)?.held;
  await until("a partition is held and shown", () => held()?.error !== undefined);
  expect(held()?.partitions).toEqual([`${topic}-0`]);
  expect(held()?.schemaIds).toHaveLength(1);
  const before = rows;
  await until("the other partitions go on", () => rows > before);
  await sleep(Math.max(0, OUTAGE_MS - (Date.now() - killedAt)));
  await registry.start();
  await until("nothing is held", () => held() === undefined, 60_000);
  await load.stop();
  await until("all is read", () => rows >= load.produced.length, 120_000);
  await query.stop();
  await query.awaitTermination();
  expect(await differences(lake, load.produced, () => "output")).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
}, 600_000);

test("a query that is stopped during an outage reads on after it", async () => {
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const encode = await avroV1(registry, `${topic}-value`);
  // The newest is known from the start on.
  await avroV2(registry, `${topic}-value`);
  const lake = await temporaryLake();
  const config = continuous(registeredEvents(bootstrapServers, topic, lake, { url: registry.url }));
  let rows = 0;
  const hooks = {
    onStreamingBatch: ({ counts }: { counts: { records: number } }) => {
      rows += counts.records;
    },
  };
  const query = await startQuery(config, hooks);
  await registry.end();
  const sent = Array.from({ length: BATCH }, (_, index) => ({
    value: encode(index),
    partition: index % PARTITIONS,
  }));
  const produced = await produce(bootstrapServers, topic, sent);
  const held = () => query.recentProgress.at(-1)?.held;
  await until("all partitions are held", () => held()?.partitions.length === PARTITIONS);
  await query.stop();
  await query.awaitTermination();
  expect(rows).toBe(0);
  await registry.start();
  const again = await startQuery(config, hooks);
  await until("all is read", () => rows >= produced.length, 60_000);
  await again.stop();
  await again.awaitTermination();
  expect(await differences(lake, produced, () => "output")).toEqual([]);
}, 300_000);
