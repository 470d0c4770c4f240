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

/** What `load.py` produces of `rows` records, by destination under `split`. */
export function expectedCounts(rows: number) {
  const deadLetters = Math.floor(rows / 200);
  const rejected = Math.floor(rows / 20) - deadLetters;
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
}

export function produceLoad(load: Load): Promise<LoadResult> {
  const { partitions, rate, workers } = load;
  const given = Object.entries({ partitions, rate, workers }).filter(([, value]) => value);
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
