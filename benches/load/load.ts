import { join } from "node:path";
import { run } from "../../test/support/command.ts";
import { python } from "../../test/support/python.ts";
import { root } from "../../test/support/root.ts";

const folder = join(root, "benches", "load");

export interface LoadResult {
  seconds: number;
  rowsPerSecond: number;
  cpuSeconds: number;
  peakRssMb: number;
}

/** One row in so many is bad, where a load does not say it. */
const BAD_EVERY = 20;

/** What `load.py` produces of `rows` records, by destination under `split`. */
export function expectedCounts(rows: number, badEvery = BAD_EVERY) {
  const bad = badEvery === 0 ? 0 : Math.floor(rows / badEvery);
  const deadLetters = Math.floor(bad / 10);
  const rejected = bad - deadLetters;
  return { records: rows, accepted: rows - rejected - deadLetters, rejected, deadLetters };
}

/** Python with librdkafka. */
export function loadEnvironment(): Promise<string> {
  return python("load", join(folder, "requirements.txt"));
}

export interface Load {
  bootstrapServers: string;
  topic: string;
  rows: number;
  partitions?: number;
  /** Rows a second; as fast as it goes when absent. */
  rate?: number;
  /** Processes that produce; two when absent. */
  workers?: number;
  /** One row in so many is bad, 0: none; one in twenty when absent. */
  badEvery?: number;
  /** Rows that go to one partition, one after the other; one when absent. */
  inARow?: number;
}

export function produceLoad(load: Load): Promise<LoadResult> {
  const { partitions, rate, workers, badEvery, inARow } = load;
  const options = { partitions, rate, workers, "bad-every": badEvery, "in-a-row": inARow };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const args = given.flatMap(([name, value]) => [`--${name}`, String(value)]);
  return call("produce", load, args);
}

/** Reads a topic by librdkafka alone: what no consumer on it can exceed. */
export function consumeRaw(load: Load): Promise<LoadResult> {
  return call("consume", load, []);
}

async function call(mode: string, load: Load, more: readonly string[]): Promise<LoadResult> {
  const interpreter = await loadEnvironment();
  const { bootstrapServers, topic, rows } = load;
  const args = ["--bootstrap", bootstrapServers, "--topic", topic, "--rows", String(rows), ...more];
  return JSON.parse(await run(interpreter, [join(folder, "load.py"), mode, ...args]));
}
