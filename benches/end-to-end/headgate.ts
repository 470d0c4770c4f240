import { isDeepStrictEqual } from "node:util";
import { eventsQuery } from "../events-query.ts";
import { expectedCounts, type LoadResult } from "../load/load.ts";
import { MeasuredQueries, percentile } from "../measured.ts";
import type { BenchOptions } from "./options.ts";

export interface HeadgateResult extends LoadResult {
  batches: number;
  commitP50Ms: number;
  commitP99Ms: number;
}

/** A topic through a contract of ten rules into three tables, which have to hold what was produced. */
export async function runHeadgate(
  bootstrapServers: string,
  topic: string,
  folder: string,
  options: Pick<BenchOptions, "rows" | "batchRows" | "memory" | "durability">,
  badEvery?: number,
): Promise<HeadgateResult> {
  const query = {
    ...eventsQuery({ bootstrapServers, topic, folder }),
    name: "bench",
    streaming: { trigger: { type: "available_now" } },
    batch: { maxRows: options.batchRows },
    memory: { max: options.memory },
    durability: options.durability,
  };
  const measured = await new MeasuredQueries([query]).result();
  const { counts, seconds, commitMs, cpuSeconds, peakRssMb } = measured;
  const expected = { ...counts, ...expectedCounts(options.rows, badEvery) };
  if (!isDeepStrictEqual(counts, expected)) {
    throw new Error(`counted ${JSON.stringify(counts)}, produced ${JSON.stringify(expected)}`);
  }
  return {
    seconds,
    rowsPerSecond: options.rows / seconds,
    cpuSeconds,
    peakRssMb,
    batches: commitMs.length,
    commitP50Ms: percentile(commitMs, 0.5),
    commitP99Ms: percentile(commitMs, 0.99),
  };
}
