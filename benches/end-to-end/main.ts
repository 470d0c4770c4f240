import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafka } from "../../test/support/kafka/broker.ts";
import { createTopic } from "../../test/support/kafka/topics.ts";
import { consumeRaw, loadEnvironment, produceLoad } from "../load/load.ts";
import { settleDisks } from "../measured.ts";
import { runHeadgate } from "./headgate.ts";
import { benchOptions } from "./options.ts";
import { type Results, report } from "./report.ts";
import { runSpark, sparkEnvironment } from "./spark.ts";

const BROKER_HEAP_MB = 1024;

/** One broker, one topic; each contender reads all of it, one after the other. */
export async function main(): Promise<void> {
  const options = benchOptions(process.argv.slice(2));
  await loadEnvironment();
  if (options.peer === "spark") await sparkEnvironment();
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const broker = await startKafka({ heapMb: BROKER_HEAP_MB });
  try {
    const { bootstrapServers } = broker;
    const fill = async (rows: number) => {
      const topic = await createTopic(bootstrapServers, options.partitions);
      say(`producing ${rows.toLocaleString("en")} rows`);
      await produceLoad({ bootstrapServers, topic, rows, partitions: options.partitions });
      return { bootstrapServers, topic, rows };
    };
    const load = await fill(options.rows);
    say("reading them by librdkafka alone, twice; the second time counts");
    await settleDisks();
    await consumeRaw(load);
    const raw = await consumeRaw(load);
    say("reading them by Headgate");
    await settleDisks();
    const headgate = await runHeadgate(bootstrapServers, load.topic, folder, options);
    const results: Results = { raw, headgate };
    if (options.peer === "spark") {
      const { topic: warmupTopic } = await fill(options.warmupRows);
      say("reading them by Spark, after its warm-up");
      await settleDisks();
      results.spark = await runSpark({ ...load, warmupTopic, folder });
    }
    console.log(report(options, results));
  } finally {
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
