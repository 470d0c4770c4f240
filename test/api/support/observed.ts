import { type StreamingBatch, toBatch } from "../../../ts/batch.ts";
import type { NativeBatch } from "../../../ts/native.ts";
import type { StreamingRun } from "../../../ts/run.ts";
import { batch } from "./samples.ts";

export const run: StreamingRun = {
  queryId: "query-1",
  runId: "01936a5e-7c00-7000-8000-000000000002",
  queryName: "events",
  startedAt: "2026-11-21T09:00:00.000Z",
  input: { format: "kafka", bootstrapServers: "broker-1:9093,broker-2:9093", topics: ["events"] },
  output: { datasetId: "lake/events", address: "file:///lake/my%20events" },
  rejects: { datasetId: "rejects", address: "s3://bucket/lake/rejects" },
  deadLetters: { datasetId: "dead", address: "abfss://lake@account.dfs.core.windows.net/dead" },
  sinks: {},
  columns: [
    { name: "id", odcsType: "string", nullable: false },
    { name: "speed", odcsType: "number", nullable: true },
  ],
};

export const ctx = { run, signal: new AbortController().signal };

/** A batch as an observer is told it. */
export function told(batchId: number, change: Partial<NativeBatch> = {}): StreamingBatch {
  return toBatch(batch(batchId, change));
}
