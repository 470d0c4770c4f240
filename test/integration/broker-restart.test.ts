import { setTimeout as sleep } from "node:timers/promises";
import { startQuery } from "headgate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type KafkaBroker, startKafka } from "../support/kafka/broker.ts";
import { readTopic } from "../support/kafka/read-topic.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";

/** Ends and starts again, so that the broker of the other tests is left alone. */
let broker: KafkaBroker;

beforeAll(async () => {
  broker = await startKafka({
    settings: {
      // A broker that was killed may only come back once its session has ended.
      "broker.session.timeout.ms": "2000",
      "broker.heartbeat.interval.ms": "500",
    },
  });
});

afterAll(() => broker.stop());

const BATCH = 500;
const PARTITIONS = 4;
const PAUSE_MS = 50;

/** Produces until it is stopped; what fails is sent again, perhaps twice. */
class Load {
  /** Records whose batch was acknowledged. */
  acknowledged = 0;
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(topic: string) {
    this.#done = this.#run(topic);
  }

  async #run(topic: string): Promise<void> {
    while (!this.#isStopped) {
      const from = this.acknowledged;
      const batch = records(BATCH, { from, partitions: PARTITIONS });
      // The key tells where a record belongs, however often it was sent.
      const keyed = batch.map((record, at) => ({ ...record, key: `${from + at}` }));
      const sent = produce(broker.bootstrapServers, topic, keyed);
      this.acknowledged += await sent.then(
        () => BATCH,
        () => 0,
      );
      await sleep(PAUSE_MS);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }
}

/** What the topic holds is in its table, once each; every record acknowledged is in the topic. */
async function expectExact(
  topic: string,
  lake: Awaited<ReturnType<typeof temporaryLake>>,
  acknowledged: number,
): Promise<void> {
  const held = await readTopic(broker.bootstrapServers, topic);
  expect(new Set(held.map(({ key }) => key)).size).toBe(acknowledged);
  const destination = (at: number) => destinationOf(Number(held[at]?.key));
  expect(await differences(lake, held, destination)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
}

test("a broker killed under load, again and again: the query goes on, nothing is lost, nothing doubled", async () => {
  const topic = await createTopic(broker.bootstrapServers, PARTITIONS);
  const lake = await temporaryLake();
  const config = splitEvents(broker.bootstrapServers, topic, lake);
  let seen = 0;
  const query = await startQuery(continuous(config), {
    onStreamingBatch: (batch) => {
      seen += batch.counts.records;
    },
  });
  const load = new Load(topic);
  for (let round = 0; round < 2; round += 1) {
    const before = seen;
    await until("records under load", () => seen >= before + 3 * BATCH);
    await broker.end("SIGKILL");
    await sleep(1_000);
    await broker.start();
    const after = load.acknowledged;
    await until("records of the broker that came back", () => seen > after, 60_000);
    expect(query.status).toBe("ACTIVE");
  }
  await load.stop();
  await query.stop();
  await expect(query.awaitTermination()).resolves.toBe(true);
  await runToEnd(config);
  await expectExact(topic, lake, load.acknowledged);
});

test("a run that ends by itself outlives a restart of its broker", async () => {
  const topic = await createTopic(broker.bootstrapServers, PARTITIONS);
  const load = new Load(topic);
  await until("records", () => load.acknowledged >= 20 * BATCH, 60_000);
  await load.stop();
  const lake = await temporaryLake();
  const config = splitEvents(broker.bootstrapServers, topic, lake);
  let batches = 0;
  const query = await startQuery(
    { ...config, batch: { maxRows: 2 * BATCH } },
    {
      // Held in the middle of its run for as long as the broker is away.
      intervention: async () => {
        batches += 1;
        if (batches === 3) {
          await broker.end("SIGKILL");
          await broker.start();
        }
        return null;
      },
      interventionTimeoutMs: 60_000,
    },
  );
  await query.awaitTermination();
  expect(batches).toBeGreaterThan(3);
  await expectExact(topic, lake, load.acknowledged);
});

// confluentinc/librdkafka#5301
test("a broker that says before its end that there is no broker: no query forgets where it was", async () => {
  const topic = await createTopic(broker.bootstrapServers, PARTITIONS);
  // Whether a client forgets all brokers is a race inside it: of several, some do.
  const queries = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const lake = await temporaryLake();
      const config = splitEvents(broker.bootstrapServers, topic, lake, {
        // A broker that shuts down answers for a while: with the topic, but without itself.
        "kafka.topic.metadata.refresh.interval.ms": "20",
      });
      const state = { lake, seen: 0 };
      const query = await startQuery(continuous(config), {
        onStreamingBatch: (batch) => {
          state.seen += batch.counts.records;
        },
      });
      return { state, query };
    }),
  );
  const send = (from: number) =>
    produce(broker.bootstrapServers, topic, records(BATCH, { from, partitions: PARTITIONS }));
  const haveSeen = (count: number) => () => queries.every(({ state }) => state.seen === count);
  try {
    const produced = await send(0);
    await until("the first records", haveSeen(BATCH));
    await broker.end("SIGTERM");
    await broker.start();
    produced.push(...(await send(BATCH)));
    await until("records of the broker that came back", haveSeen(2 * BATCH), 15_000);
    for (const { state } of queries) {
      expect(await differences(state.lake, produced, destinationOf)).toEqual([]);
    }
  } finally {
    await Promise.all(queries.map(({ query }) => query.stop({ drain: false })));
  }
});
