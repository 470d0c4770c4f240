import { batchReason, type StreamingBatch } from "./batch.js";
import type { NativeDataset } from "./native.js";
import type { StreamingQuery } from "./query.js";
import type { Metrics } from "./verdict.js";

/** What is known of a query's output, kept live: every read sees the newest batch. */
export type ValidationResult = Readonly<{
  /** False when the newest batch was blocked, and for good where nothing was started. */
  ok: boolean;
  /** Of the newest batch that held rows; `unknown` before the first. */
  status: "ok" | "warn" | "block" | "unknown";
  reason?: string;
  /** As `status`, of the newest batch that held rows; and what keeps the result not ok for good. */
  errors: readonly string[];
  /** As `errors`; and what there was to warn of before the first batch. */
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

/** What is known of a dataset before a batch says more. */
export interface KnownVerdict {
  status: ValidationResult["status"];
  reason?: string | undefined;
  errors?: readonly string[];
  warnings?: readonly string[];
}

export interface ValidationTerms {
  /** As the outside is told of a batch: its names, never its counts. Default: as it is. */
  named?: (batch: StreamingBatch) => StreamingBatch;
  /** Why a batch that the policy let pass makes the result not ok. It stays so. */
  faultOf?: (batch: StreamingBatch) => string | undefined;
}

/** The one {@link ValidationResult} of a query. */
export class LiveValidation implements ValidationResult {
  readonly streamingBatches: StreamingBatch[] = [];
  #earlier: readonly StreamingBatch[] = [];
  readonly streamingQueries: StreamingQuery[] = [];
  readonly details: Readonly<Record<string, unknown>>;
  readonly metrics: Record<string, number> = {};
  readonly #terms: ValidationTerms;
  readonly #followers: LiveValidation[] = [];
  schema: ValidationResult["schema"];
  datasetId: string;
  datasetVersion?: string;
  /** Of the newest batch that held rows, once there is one. */
  #known: KnownVerdict = { status: "unknown" };
  /** Faults that no later batch heals. */
  readonly #faults: string[] = [];
  readonly #cautions: string[] = [];

  constructor(
    { datasetId, columns }: NativeDataset,
    details: Record<string, unknown>,
    terms: ValidationTerms = {},
  ) {
    this.datasetId = datasetId;
    this.details = details;
    this.schema = schemaOf(columns);
    this.#terms = terms;
  }

  /** What was committed before this run, newest last: of the history, and of nothing else. */
  recall(earlier: readonly StreamingBatch[]): void {
    this.#earlier = earlier.map((batch) => this.#terms.named?.(batch) ?? batch);
  }

  /** Answers the batch as it was recorded. */
  record(committed: StreamingBatch): StreamingBatch {
    const batch = this.#terms.named?.(committed) ?? committed;
    this.#add(batch);
    this.datasetId = batch.datasetId;
    this.datasetVersion = batch.datasetVersion ?? this.datasetVersion;
    for (const follower of this.#followers) follower.#add(batch);
    return batch;
  }

  #add(batch: StreamingBatch): void {
    if (this.streamingBatches.length === MAX_BATCHES) this.streamingBatches.shift();
    this.streamingBatches.push(batch);
    for (const [name, value] of Object.entries(batch.metrics)) {
      const isCount = name === "row_count" || name.startsWith("violations.");
      this.metrics[name] = isCount ? (this.metrics[name] ?? 0) + value : value;
    }
    const { status, errors, warnings } = batch;
    const reason = batchReason(batch);
    if (status !== "idle") this.#known = { status, reason, errors, warnings };
    const fault = this.#terms.faultOf?.(batch);
    if (fault !== undefined) this.fail([fault]);
  }

  /** From now on `other` is told every batch, too. */
  tell(other: LiveValidation): void {
    this.#followers.push(other);
  }

  /** Makes it not ok for good. */
  fail(faults: readonly string[]): void {
    this.#faults.push(...faults.filter((fault) => !this.#faults.includes(fault)));
  }

  /** Stands beside whatever batches warn of. */
  caution(cautions: readonly string[]): void {
    this.#cautions.push(...cautions);
  }

  /** What somebody else thinks of it, until a batch says more. */
  presume(known: KnownVerdict): void {
    this.#known = known;
  }

  get ok(): boolean {
    return this.status !== "block";
  }

  get status(): ValidationResult["status"] {
    return this.#faults.length > 0 ? "block" : this.#known.status;
  }

  get reason(): string | undefined {
    return this.#faults[0] ?? this.#known.reason;
  }

  get errors(): readonly string[] {
    return [...this.#faults, ...(this.#known.errors ?? [])];
  }

  get warnings(): readonly string[] {
    return [...this.#cautions, ...(this.#known.warnings ?? [])];
  }

  get streamingMetrics(): Metrics {
    return this.streamingBatches.at(-1)?.metrics ?? {};
  }

  /** Of earlier runs, too; newest last. */
  get history(): readonly StreamingBatch[] {
    return [...this.#earlier, ...this.streamingBatches].slice(-MAX_HISTORY);
  }
}

export function schemaOf(columns: NativeDataset["columns"]): ValidationResult["schema"] {
  return Object.fromEntries(
    columns.map(({ name, odcsType, nullable }) => [name, { odcsType, nullable }]),
  );
}
