import type { NativeBatch } from "../../../ts/native.ts";
import type { LineageEvent, LineageTransport } from "../../../ts/openlineage/event.ts";
import { told } from "../support/observed.ts";

export { ctx, run, told } from "../support/observed.ts";

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

/** A rule as a batch tells that it was broken. */
export function broken(rule: string, change: Partial<NativeBatch["rules"][number]> = {}) {
  const told = { violations: 1, severity: "block", scope: "batch", estimated: false } as const;
  return { rule, ...told, ...change };
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
    rules: [
      broken("minimum_speed", { column: "speed", violations: 2 }),
      broken("known_status", { column: "status (old)", severity: "warn" }),
      broken("enough_rows"),
    ],
    counts: {
      records: 11,
      accepted: 8,
      rejected: 2,
      deadLetters: 1,
      skipped: 0,
      rerouted: 0,
      copied: 0,
    },
    rejects: { name: "rejects", datasetId: "rejects", datasetVersion: "3", rowCount: 2 },
    positions: [{ topic: "events", partition: 0, start: 0n, end: 11n }],
    ...change,
  });
}
