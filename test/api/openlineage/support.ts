import { toBatch } from "../../../ts/batch.ts";
import type { NativeBatch } from "../../../ts/native.ts";
import type { LineageEvent, LineageTransport } from "../../../ts/openlineage/event.ts";
import type { StreamingRun } from "../../../ts/run.ts";
import { batch } from "../support/samples.ts";

/** Keeps events, but for those that it refuses first. */
export class RecordingTransport implements LineageTransport {
  readonly events: LineageEvent[] = [];
  /** Those that it did not take. */
  readonly refused: LineageEvent[] = [];
  refusals = 0;

  emit(event: LineageEvent): void {
    if (this.refusals > 0) {
      this.refusals -= 1;
      this.refused.push(event);
      throw new Error("down");
    }
    this.events.push(event);
  }

  get types(): string[] {
    return this.events.map(({ eventType }) => eventType);
  }

  get last(): LineageEvent {
    const last = this.events.at(-1);
    if (last === undefined) throw new Error("nothing was emitted");
    return last;
  }
}

export const run: StreamingRun = {
  queryId: "query-1",
  runId: "01936a5e-7c00-7000-8000-000000000002",
  queryName: "events",
  startedAt: "2026-11-21T09:00:00.000Z",
  input: { bootstrapServers: "broker-1:9093,broker-2:9093", topics: ["events"] },
  output: { datasetId: "lake/events", address: "file:///lake/my%20events" },
  rejects: { datasetId: "rejects", address: "s3://bucket/lake/rejects" },
  deadLetters: { datasetId: "dead", address: "abfss://lake@account.dfs.core.windows.net/dead" },
  columns: [
    { name: "id", odcsType: "string", nullable: false },
    { name: "speed", odcsType: "number", nullable: true },
  ],
};

export const ctx = { run, signal: new AbortController().signal };

/** A batch as an observer is told it. */
export function told(batchId: number, change: Partial<NativeBatch> = {}) {
  return toBatch(batch(batchId, change));
}

/** One that broke a rule of each severity, and one that measures. */
export function violating(batchId: number, change: Partial<NativeBatch> = {}) {
  return told(batchId, {
    status: "warn",
    violations: 3,
    metrics: {
      row_count: 10,
      "violations.minimum_speed": 2,
      "violations.known_status": 1,
      "violations.enough_rows": 1,
      enough_rows: 10,
    },
    errors: ["minimum_speed (speed): 2 violations", "enough_rows: measured 10"],
    warnings: ["known_status (status (old)): 1 violations"],
    counts: { records: 11, accepted: 8, rejected: 2, deadLetters: 1, skipped: 0, copied: 0 },
    rejects: { datasetId: "rejects", datasetVersion: "3", rowCount: 2 },
    positions: [{ topic: "events", partition: 0, start: 0n, end: 11n }],
    ...change,
  });
}
