import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startKafka } from "../../test/support/kafka/broker.ts";
import { createTopic } from "../../test/support/kafka/topics.ts";
import { runHeadgate } from "../end-to-end/headgate.ts";
import { loadEnvironment, produceLoad } from "../load/load.ts";
import { percentile, settleDisks } from "../measured.ts";

const BROKER_HEAP_MB = 1024;
const PARTITIONS = 4;
/** So that every partition has as many bad rows as the topic. */
const IN_A_ROW = 20;
/** The bar: with every second row bad, more than this of the rows a second with none. */
const BAR = 0.5;

interface Contender {
  name: "clean" | "bad";
  badEvery: number;
  topic: string;
  rowsPerSecond: number[];
}

/** Rows a second without bad rows and with every second one bad, in turns. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: "4000000" },
      rounds: { type: "string", default: "3" },
    },
  });
  const [rows, rounds] = [Number(values.rows), Number(values.rounds)];
  await loadEnvironment();
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const broker = await startKafka({ heapMb: BROKER_HEAP_MB });
  try {
    const { bootstrapServers } = broker;
    const fill = async (name: Contender["name"], badEvery: number): Promise<Contender> => {
      say(`producing ${rows.toLocaleString("en")} rows, ${name}`);
      const topic = await createTopic(bootstrapServers, PARTITIONS);
      const load = { bootstrapServers, topic, rows, partitions: PARTITIONS };
      await produceLoad({ ...load, badEvery, inARow: IN_A_ROW });
      return { name, badEvery, topic, rowsPerSecond: [] };
    };
    const contenders = [await fill("clean", 0), await fill("bad", 2)];
    const options = { rows, batchRows: 500_000, memory: "128MiB", durability: "process" } as const;
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, badEvery, topic, rowsPerSecond } of contenders) {
        await settleDisks();
        const lake = join(folder, `${name}-${round}`);
        const result = await runHeadgate(bootstrapServers, topic, lake, options, badEvery);
        say(`${name}: ${Math.round(result.rowsPerSecond).toLocaleString("en")} rows/s`);
        rowsPerSecond.push(result.rowsPerSecond);
        await rm(lake, { recursive: true });
      }
    }
    console.log(JSON.stringify({ ...verdict(contenders), rows, rounds }));
  } finally {
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function verdict(contenders: readonly Contender[]) {
  const [clean, bad] = contenders.map(({ rowsPerSecond }) => percentile(rowsPerSecond, 0.5));
  const ratio = Number(((bad ?? 0) / (clean ?? 1)).toFixed(3));
  if (!(ratio > BAR)) process.exitCode = 1;
  const said = { event: "bench", bench: "bad-rows", bar: BAR, ratio };
  return { ...said, cleanRowsPerSecond: clean, badRowsPerSecond: bad };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
