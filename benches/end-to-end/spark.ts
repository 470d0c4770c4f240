import { join } from "node:path";
import { run } from "../../test/support/command.ts";
import { jars, java } from "../../test/support/java.ts";
import { python } from "../../test/support/python.ts";
import { root } from "../../test/support/root.ts";
import type { LoadResult } from "../load/load.ts";

/** Where what Spark needs and runs is kept. */
export const sparkFolder = join(root, "benches", "spark");

export interface SparkJob {
  bootstrapServers: string;
  topic: string;
  warmupTopic: string;
  rows: number;
  folder: string;
}

/** PySpark and the connector jars, fetched before anything is measured. */
export async function sparkEnvironment() {
  await java();
  const interpreter = await python("pyspark", join(sparkFolder, "requirements.txt"));
  return { interpreter, jars: await jars("spark", join(sparkFolder, "pom.xml")) };
}

/** The peer's job: parse and write, without a contract, on a warm JVM. */
export async function runSpark(job: SparkJob): Promise<LoadResult> {
  const environment = await sparkEnvironment();
  const options = {
    bootstrap: job.bootstrapServers,
    topic: job.topic,
    "warmup-topic": job.warmupTopic,
    rows: job.rows,
    folder: job.folder,
    jars: environment.jars,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const stdout = await run(environment.interpreter, [join(sparkFolder, "peer.py"), ...args]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
