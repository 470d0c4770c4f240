import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startKafka } from "../../test/support/kafka/broker.ts";
import { createTopic } from "../../test/support/kafka/topics.ts";
import { eventsQuery } from "../events-query.ts";
import { loadEnvironment, produceLoad } from "../load/load.ts";
import { MeasuredQueries, percentile } from "../measured.ts";

const TOPICS = 8;
const PARTITIONS = 4;

/** Eight queries of one process, three tables each, at a steady rate; its peak memory counts. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      rate: { type: "string", default: "5000" },
      memory: { type: "string", default: "128MiB" },
      interval: { type: "string", default: "2 seconds" },
    },
  });
  const rate = Number(values.rate);
  const rows = Number(values.seconds) * rate;
  const expected = rows * TOPICS;
  await loadEnvironment();
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const broker = await startKafka();
  try {
    const { bootstrapServers } = broker;
    const topics = [];
    for (let at = 0; at < TOPICS; at += 1)
      topics.push(await createTopic(bootstrapServers, PARTITIONS));
    const queries = topics.map((topic, at) => ({
      ...eventsQuery({ bootstrapServers, topic, folder: join(folder, `q${at}`) }),
      name: `q${at}`,
      streaming: { trigger: { type: "processing_time", interval: values.interval } },
      memory: { max: values.memory },
      durability: "process",
    }));
    const process = new MeasuredQueries(queries);
    await process.committed(0);
    const load = { bootstrapServers, rows, rate, partitions: PARTITIONS, workers: 1 };
    const all = process.committed(expected);
    await Promise.all(topics.map((topic) => produceLoad({ ...load, topic })));
    await all;
    process.stop();
    const measured = await process.result();
    if (measured.counts.records !== expected) {
      throw new Error(`${measured.counts.records} records committed of ${expected}`);
    }
    console.log(
      [
        `${TOPICS} queries at ${rate} messages/s each: peak ${Math.round(measured.peakRssMb)} MB`,
        `${((measured.cpuSeconds * 1e6) / expected).toFixed(2)} CPU-s per million rows`,
        `commit p50 ${percentile(measured.commitMs, 0.5).toFixed(1)} ms, p99 ${percentile(measured.commitMs, 0.99).toFixed(1)} ms`,
      ].join(", "),
    );
    const { commitMs: _, ...figures } = measured;
    console.log(JSON.stringify({ event: "bench", bench: "eight-topics", ...values, ...figures }));
  } finally {
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
