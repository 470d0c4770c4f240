/** `row_count`, `violations.<rule>` and whatever else a batch was measured by. */
export type Metrics = Readonly<Record<string, number>>;

export type BatchStatus = "ok" | "warn" | "block" | "idle";

export interface RuleResult {
  rule: string;
  /** Path of the column; absent for rules of the whole row or batch. */
  column?: string;
  violations: number;
  /** Why it could not be checked on all rows, which is a violation more. */
  unmeasured?: string;
  severity: "block" | "warn" | "info";
  /** The rows it judged: of the batch, of a window of time, or of the whole output. */
  scope: "batch" | "window" | "stream";
  /** True when it was measured by a sketch, and not exactly. */
  estimated: boolean;
}

/** The outcome of a batch against its contract, complete before its commit. */
export interface Verdict {
  /** There is no `batchId` before the commit. */
  batchUuid: string;
  status: BatchStatus;
  rowCount: number;
  violatingRows: number;
  /** `violatingRows / rowCount`; 0 for an idle batch. */
  violationRatio: number;
  violations: number;
  deadLetters: number;
  rules: readonly RuleResult[];
  metrics: Metrics;
  contract?: { id: string; version: string; hash: string };
}
