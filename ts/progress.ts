import { withJson } from "./json.js";
import type { NativeProgress } from "./native.js";
import type { Verdict } from "./verdict.js";

export interface StreamingQueryProgress {
  /** Of the newest committed batch. */
  batchId: number;
  /** ISO 8601, UTC. */
  timestamp: string;
  numInputRows: number;
  inputRowsPerSecond: number;
  processedRowsPerSecond: number;
  durationMs: Record<
    "poll" | "decode" | "transform" | "check" | "write" | "decide" | "commit",
    number
  >;
  /** Records that the source holds beyond those handed over; those of the open batch count as read. */
  numLagRecords: bigint;
  /** Age of the oldest of them. */
  lagSeconds: number;
  memoryBytes: Record<"fetchQueue" | "chunks" | "writers" | "commit", number>;
  lastVerdict?: Verdict;
  /**
   * Only between triggers, once a second: a call to the tables' store that is not answered yet. What
   * may mend is tried again until the budget is spent.
   */
  waiting?: {
    operation: "write" | "close" | "commit" | "refresh";
    elapsedMs: number;
    budgetMs: number;
  };
  /**
   * Records that wait for schemas which the registry has not told yet. Their partitions stand still,
   * others go on.
   */
  held?: {
    schemaIds: number[];
    /** As in `gps-pings-0`: topic and number. */
    partitions: string[];
    /** Read and held; more may wait behind them. */
    numRecords: number;
    elapsedMs: number;
    /** Why the registry does not answer, if it does not. */
    error?: string;
  };
  /** With every bigint as a string. */
  toJSON(): object;
}

/** Kept in `recentProgress`, and for an iteration that is behind: the newest. */
const MAX_KEPT = 100;

/** Hands each progress to any number of iterations. One that is behind loses the oldest. */
export class ProgressFeed {
  readonly recent: StreamingQueryProgress[] = [];
  readonly #listeners = new Set<(progress?: StreamingQueryProgress) => void>();
  #closed = false;

  push(native: NativeProgress): void {
    const progress = Object.freeze(withJson(native));
    keepNewest(this.recent, progress);
    for (const listener of this.#listeners) listener(progress);
  }

  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners) listener();
  }

  /** What comes from the first `next()` on. Ends with the query, or when `signal` aborts. */
  async *iterate(signal?: AbortSignal): AsyncGenerator<StreamingQueryProgress, void, undefined> {
    const waiting: StreamingQueryProgress[] = [];
    let wake = () => {};
    const listener = (progress?: StreamingQueryProgress) => {
      if (progress !== undefined) keepNewest(waiting, progress);
      wake();
    };
    const onAbort = () => wake();
    this.#listeners.add(listener);
    signal?.addEventListener("abort", onAbort);
    try {
      while (!signal?.aborted) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else if (this.#closed) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#listeners.delete(listener);
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

function keepNewest<T>(list: T[], item: T): void {
  if (list.length === MAX_KEPT) list.shift();
  list.push(item);
}
