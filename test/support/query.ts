import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type QueryHooks,
  type StreamingBatch,
  type StreamingNodeConfig,
  startQuery,
} from "headgate";
import { onTestFinished } from "vitest";
import { NO_COUNTS, sum } from "../../ts/counts.ts";
import { root } from "./root.ts";

export const eventsContract = join(root, "test", "support", "contracts", "events.odcs.yaml");

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "headgate-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Lake {
  output: string;
  rejects: string;
  deadLetters: string;
}

export async function temporaryLake(): Promise<Lake> {
  const folder = await temporaryFolder();
  return {
    output: join(folder, "events"),
    rejects: join(folder, "events_rejects"),
    deadLetters: join(folder, "events_dead_letters"),
  };
}

/**
 * Reads `topic` from its beginning to its present end, under `split`, into three tables. An option
 * given as undefined is left out.
 */
export function splitEvents(
  bootstrapServers: string,
  topic: string,
  lake: Lake,
  options: Record<string, string | undefined> = {},
): StreamingNodeConfig {
  const given = {
    "kafka.bootstrap.servers": bootstrapServers,
    subscribe: topic,
    startingOffsets: "earliest",
    ...options,
  };
  return {
    name: "events",
    input: { format: "kafka", options: defined(given), decode: "json", metadata: true },
    contract: eventsContract,
    onViolation: "split",
    output: { format: "delta", path: lake.output },
    rejects: { format: "delta", path: lake.rejects },
    deadLetters: { format: "delta", path: lake.deadLetters },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
  };
}

/** The same query, which runs until it is stopped. */
export function continuous(config: StreamingNodeConfig): StreamingNodeConfig {
  const trigger = { type: "processing_time", interval: "200 milliseconds" } as const;
  return { ...config, streaming: { trigger } };
}

function defined(options: Record<string, string | undefined>): Record<string, string> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, string>;
}

/** Runs a query that ends by itself and answers its batches. */
export async function runToEnd(
  config: StreamingNodeConfig | string,
  hooks: QueryHooks = {},
): Promise<StreamingBatch[]> {
  const batches: StreamingBatch[] = [];
  const query = await startQuery(config, {
    ...hooks,
    onStreamingBatch: (batch) => {
      batches.push(batch);
    },
  });
  await query.awaitTermination();
  return batches;
}

/** Sums of the counts of some batches. */
export function totals(batches: readonly StreamingBatch[]): StreamingBatch["counts"] {
  return batches.reduce((all, { counts }) => sum(all, counts), NO_COUNTS);
}

/** Asks until the answer is true. */
export async function until(
  what: string,
  reached: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
