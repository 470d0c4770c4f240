import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafka } from "../../test/support/kafka/broker.ts";
import { createTopic } from "../../test/support/kafka/topics.ts";
import { figuresOf, missed } from "./bars.ts";
import { FILES_A_COMMIT, fill, ROWS_A_COMMIT } from "./load.ts";
import { load, machine } from "./machine.ts";
import { latency, longRun, recoveries, youngTables } from "./measure.ts";
import { longRunOptions } from "./options.ts";

/** So many records more that the client's queue is full to the end: it never waits for a fetch. */
const SPARE_RECORDS = 250_000;

/** One table that grows to thousands of commits: memory, commits and recovery must not feel it. */
export async function main(): Promise<void> {
  const { commits } = longRunOptions(process.argv.slice(2));
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const broker = await startKafka();
  try {
    const { bootstrapServers } = broker;
    const topic = await createTopic(bootstrapServers, 1);
    const rows = commits * ROWS_A_COMMIT + SPARE_RECORDS;
    say(`producing ${rows.toLocaleString("en")} records`);
    await fill(bootstrapServers, topic, rows);
    const place = { bootstrapServers, topic, folder };
    const loadBefore = load();
    // Before and after: what else the machine does then is in both.
    say("commits to young tables");
    const before = await youngTables(place);
    say(`${commits.toLocaleString("en")} commits of one file to one table`);
    const { memory } = await longRun(place, join(folder, "plain"), commits, false);
    say(`${commits.toLocaleString("en")} commits of ${FILES_A_COMMIT} files to one table`);
    const path = join(folder, "orders");
    const old = await longRun(place, path, commits, true);
    const files = await dataFiles(path);
    say("commits to young tables, again");
    const young = latency([...before, ...(await youngTables(place))]);
    say("recoveries");
    const recovered = await recoveries(place, path);
    const figures = figuresOf(young, memory, old, recovered);
    const result = {
      ...{ event: "bench", bench: "long-run", commits, filesACommit: FILES_A_COMMIT, files },
      ...{ durability: "process", ...figures, missed: missed(figures) },
      ...{ memory, young, old, recovered, machine: await machine(), load: [loadBefore, load()] },
    };
    console.log(JSON.stringify(result));
    if (result.missed.length > 0) process.exitCode = 1;
  } finally {
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function dataFiles(table: string): Promise<number> {
  const names = await readdir(table, { recursive: true });
  return names.filter((name) => name.endsWith(".parquet") && !name.includes("_delta_log")).length;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
