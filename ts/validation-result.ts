import type { StreamingBatch } from "./batch.js";
import type { NativeDataset } from "./native.js";
import type { StreamingQuery } from "./query.js";
import type { Metrics } from "./verdict.js";

/** What is known of a query's output, kept live: every read sees the newest batch. */
export type ValidationResult = Readonly<{
  /** False when the newest batch was blocked. */
  ok: boolean;
  /** Of the newest batch that held rows; `unknown` before the first. */
  status: "ok" | "warn" | "block" | "unknown";
  reason?: string;
  errors: readonly string[];
  warnings: readonly string[];
  /** Counts are summed over all batches of this run; what a rule measured is of the newest one. */
  metrics: Metrics;
  /** Of the newest batch. */
  streamingMetrics: Metrics;
  schema: Readonly<Record<string, { odcsType: string; nullable: boolean }>>;
  /** Newest last, at most 1,000. */
  streamingBatches: readonly StreamingBatch[];
  streamingQueries: readonly StreamingQuery[];
  datasetId: string;
  datasetVersion?: string;
  details: Readonly<Record<string, unknown>>;
}>;

const MAX_BATCHES = 1_000;
const MAX_HISTORY = 100;

/** The one {@link ValidationResult} of a query. */
export class LiveValidation implements ValidationResult {
  readonly schema: ValidationResult["schema"];
  readonly streamingBatches: StreamingBatch[] = [];
  #earlier: readonly StreamingBatch[] = [];
  readonly streamingQueries: StreamingQuery[] = [];
  readonly details: Readonly<Record<string, unknown>>;
  readonly metrics: Record<string, number> = {};
  status: ValidationResult["status"] = "unknown";
  datasetId: string;
  datasetVersion?: string;

  constructor({ datasetId, columns }: NativeDataset, details: Record<string, unknown>) {
    this.datasetId = datasetId;
    this.details = details;
    this.schema = Object.fromEntries(
      columns.map(({ name, odcsType, nullable }) => [name, { odcsType, nullable }]),
    );
  }

  /** What was committed before this run, newest last: of the history, and of nothing else. */
  recall(earlier: readonly StreamingBatch[]): void {
    this.#earlier = earlier;
  }

  record(batch: StreamingBatch): void {
    if (this.streamingBatches.length === MAX_BATCHES) this.streamingBatches.shift();
    this.streamingBatches.push(batch);
    for (const [name, value] of Object.entries(batch.metrics)) {
      const isCount = name === "row_count" || name.startsWith("violations.");
      this.metrics[name] = isCount ? (this.metrics[name] ?? 0) + value : value;
    }
    if (batch.status !== "idle") this.status = batch.status;
    this.datasetId = batch.datasetId;
    this.datasetVersion = batch.datasetVersion ?? this.datasetVersion;
  }

  get ok(): boolean {
    return this.status !== "block";
  }

  get reason(): string | undefined {
    const { intervention, errors = [], warnings = [] } = this.#latest ?? {};
    return intervention ?? errors[0] ?? warnings[0];
  }

  get errors(): readonly string[] {
    return this.#latest?.errors ?? [];
  }

  get warnings(): readonly string[] {
    return this.#latest?.warnings ?? [];
  }

  get streamingMetrics(): Metrics {
    return this.#latest?.metrics ?? {};
  }

  /** Of earlier runs, too; newest last. */
  get history(): readonly StreamingBatch[] {
    return [...this.#earlier, ...this.streamingBatches].slice(-MAX_HISTORY);
  }

  get #latest(): StreamingBatch | undefined {
    return this.streamingBatches.at(-1);
  }
}
