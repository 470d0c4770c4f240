import type { StreamingNodeConfig } from "../../../ts/config/types.ts";
import type {
  NativeBatch,
  NativeFailure,
  NativeProgress,
  NativeVerdict,
} from "../../../ts/native.ts";

export const config: StreamingNodeConfig = {
  name: "events",
  input: {
    format: "kafka",
    options: { "kafka.bootstrap.servers": "127.0.0.1:9092", subscribe: "events" },
  },
  output: { format: "delta", path: "lake/events" },
};

export function verdict(change: Partial<NativeVerdict> = {}): NativeVerdict {
  return {
    batchUuid: "u-1",
    status: "ok",
    rowCount: 10,
    violatingRows: 0,
    violationRatio: 0,
    violations: 0,
    deadLetters: 0,
    rules: [],
    metrics: { row_count: 10 },
    ...change,
  };
}

export function batch(batchId: number, change: Partial<NativeBatch> = {}): NativeBatch {
  return {
    batchId,
    batchUuid: `u-${batchId}`,
    timestamp: "2026-11-21T10:00:00.000Z",
    rowCount: 10,
    violatingRows: 0,
    violations: 0,
    status: "ok",
    rules: [],
    metrics: { row_count: 10 },
    errors: [],
    warnings: [],
    datasetId: "lake/events",
    datasetVersion: String(batchId),
    counts: {
      records: 10,
      accepted: 10,
      rejected: 0,
      deadLetters: 0,
      skipped: 0,
      rerouted: 0,
      copied: 0,
    },
    positions: [{ topic: "events", partition: 0, start: 0n, end: 2n ** 53n + 1n }],
    ...change,
  };
}

export function progress(batchId: number): NativeProgress {
  return {
    batchId,
    timestamp: "2026-11-21T10:00:00.000Z",
    numInputRows: 10,
    inputRowsPerSecond: 10,
    processedRowsPerSecond: 10,
    durationMs: { poll: 1, decode: 1, transform: 0, check: 1, write: 1, decide: 0, commit: 1 },
    numLagRecords: 2n ** 53n + 1n,
    lagSeconds: 1,
    memoryBytes: { fetchQueue: 1, chunks: 1, writers: 1, commit: 1 },
  };
}

export function failure(change: Partial<NativeFailure> = {}): NativeFailure {
  return {
    kind: "query",
    code: "DELTA_STORE",
    message: "cannot write the log",
    retryable: true,
    operation: "commit",
    component: "delta",
    causes: ["put failed", "connection reset"],
    issues: [],
    ...change,
  };
}
