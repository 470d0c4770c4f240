import { withJson } from "./json.js";
import type { NativeBatch } from "./native.js";
import type { BatchStatus, Metrics, RuleResult, Verdict } from "./verdict.js";

export interface ShadowVerdict {
  verdict: Verdict;
  /** By rule of either contract: violations under the shadow less those under the contract. */
  differences: Metrics;
}

/** Rows of a batch in a side table. */
export interface SideRows {
  /** `rejects`, or the name of a sink. */
  name: string;
  datasetId: string;
  /** Absent while the table is owed them. */
  datasetVersion?: string;
  rowCount: number;
}

/** A batch after its commit. */
export interface StreamingBatch {
  /** The output version of its commit: it grows over all workers, and is not dense. */
  batchId: number;
  /** What the batch's rows carry. */
  batchUuid: string;
  /** ISO 8601, UTC. */
  timestamp: string;
  rowCount: number;
  /** Rows that broke a rule, wherever they went. */
  violatingRows: number;
  violations: number;
  status: BatchStatus;
  metrics: Metrics;
  errors: readonly string[];
  warnings: readonly string[];
  /** Only those that were broken where the batch is read from the log: of an observer, or before the start. */
  rules: readonly RuleResult[];
  /** By which the batch was judged. */
  contract?: { id: string; version: string; hash: string };
  /** Reason of the intervention that warned, rerouted or blocked. */
  intervention?: string;
  /** What `shadowContract` would have made of the same records. */
  shadow?: ShadowVerdict;
  datasetId: string;
  /** Absent when the batch was blocked. */
  datasetVersion?: string;
  /** `records` is the sum of all others but `copied`, which are copies of accepted rows. */
  counts: Record<
    "records" | "accepted" | "rejected" | "deadLetters" | "skipped" | "rerouted" | "copied",
    number
  >;
  /** Its rows among the rejects, those that were rerouted there included. */
  rejects?: SideRows;
  /** Where an intervention sent the rows that the output would have got. */
  rerouted?: SideRows;
  /** `[start, end)` of each partition. */
  positions: readonly { topic: string; partition: number; start: bigint; end: bigint }[];
  /** With every bigint as a string. */
  toJSON(): object;
}

export function toBatch(native: NativeBatch): StreamingBatch {
  return Object.freeze(withJson({ ...native, status: native.status as BatchStatus }));
}

/** The first thing that there is to say of it. */
export function batchReason({
  intervention,
  errors,
  warnings,
}: StreamingBatch): string | undefined {
  return intervention ?? errors[0] ?? warnings[0];
}
