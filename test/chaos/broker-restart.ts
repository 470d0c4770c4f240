import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { goodRecords } from "../support/events.ts";
import { type KafkaBroker, startKafka } from "../support/kafka/broker.ts";
import { addPartitions } from "../support/kafka/topics.ts";
import { openTransaction } from "../support/kafka/transactions.ts";
import { type Ingestion, ingest, SESSION_TIMEOUT_MS } from "./ingest.ts";
import { localLake } from "./lake.ts";
import type { Chaos, Scenario } from "./scenario.ts";
import type { LogLine } from "./worker.ts";

const PARTITIONS = 4;
const PARTITIONS_ADDED = 2;
/** Records of a transaction that is aborted: some in every partition. */
const ABORTED = 40;
/** How much longer than its start takes a broker may stay away. */
const ABSENCE_MS = 2_000;
const PER_SECOND = 3_000;

/**
 * The broker is killed and shut down in turn while records flow, transactions are aborted before
 * and across its absence, and the topic gains partitions.
 */
export const brokerRestart: Scenario = {
  name: "broker-restart",
  async run(chaos) {
    const broker = await startKafka({
      settings: {
        // A broker that was killed may only come back once its session has ended.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
      },
    });
    try {
      return await restart(chaos, broker);
    } finally {
      await broker.stop();
    }
  },
};

async function restart(chaos: Chaos, broker: KafkaBroker): Promise<Record<string, number>> {
  const { bootstrapServers } = broker;
  const signals = new Array(chaos.isShort ? 1 : 4).fill(["SIGKILL", "SIGTERM"]).flat();
  const setting = {
    bootstrapServers,
    partitions: PARTITIONS,
    lake: localLake(join(chaos.folder, "lake")),
    kafkaOptions: {
      "kafka.session.timeout.ms": String(SESSION_TIMEOUT_MS),
      // So that added partitions are seen while there is something to see.
      "kafka.topic.metadata.refresh.interval.ms": "1000",
    },
    flow: { least: 1, perSecond: PER_SECOND },
    // What librdkafka itself says of a broker that is not there.
    isExcused: ({ facility }: LogLine) => facility !== undefined,
  };
  const figures = await ingest(chaos, setting, async (ingestion) => {
    const { crew, watch } = ingestion;
    crew.add();
    crew.add();
    await watch.moved();
    for (const [round, signal] of signals.entries()) {
      if (round === signals.length / 2) await widen(chaos, bootstrapServers, ingestion);
      await absence(chaos, broker, ingestion, signal);
      await watch.moved();
      await watch.caughtUp();
    }
  });
  return { ...figures, restarts: signals.length, abortedRecords: 3 * ABORTED * signals.length };
}

/**
 * One transaction is aborted before, one by who takes over the name of its producer, which is gone,
 * and one after. All have one name, so that each begins when the one before it has its markers:
 * Kafka 4.3 forgets to write those that were due when it was killed, and nobody reads on then.
 */
async function absence(
  { counts, random, say }: Chaos,
  broker: KafkaBroker,
  { topic, crew, flow }: Ingestion,
  signal: "SIGKILL" | "SIGTERM",
): Promise<void> {
  const open = async () => {
    const transaction = await openTransaction(broker.bootstrapServers, topic, "aborted");
    await transaction.send(goodRecords(ABORTED, { partitions: flow.ends.length }));
    return transaction;
  };
  await (await open()).end("abort");
  const cutOff = await open();
  say(`ends the broker with ${signal}, a transaction open`);
  await broker.end(signal);
  crew.disturb();
  if (signal === "SIGKILL") counts.kills += 1;
  await cutOff.forsake();
  await sleep(random() * ABSENCE_MS);
  await broker.start();
  crew.disturb();
  say("the broker is back");
  await (await open()).end("abort");
}

async function widen(
  { say }: Chaos,
  bootstrapServers: string,
  { topic, flow }: Ingestion,
): Promise<void> {
  const count = flow.ends.length + PARTITIONS_ADDED;
  await addPartitions(bootstrapServers, topic, count);
  flow.widen(count);
  say(`the topic has ${count} partitions`);
}
