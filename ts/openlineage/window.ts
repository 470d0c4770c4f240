import type { StreamingBatch } from "../batch.js";
import { NO_COUNTS, sum } from "../counts.js";
import type { StreamingRun } from "../run.js";
import type { BatchStatus } from "../verdict.js";
import { type RuleTally, ruleTallies } from "./rules.js";

/** The sum of batches that one event tells. */
export interface Window {
  batches: number;
  firstBatchId?: number;
  last?: StreamingBatch;
  /** The worst of them. */
  status: BatchStatus;
  rowCount: number;
  violations: number;
  counts: StreamingBatch["counts"];
  /** Rows by table. */
  written: Readonly<Record<"output" | "rejects" | "deadLetters", number>>;
  /** Rows that interventions sent to sinks or rejects, by name. */
  rerouted: Readonly<Record<string, number>>;
  positions: StreamingBatch["positions"];
  /** Every rule that was broken in this run, here or before. */
  rules: Readonly<Record<string, RuleTally>>;
}

export const NOTHING: Window = {
  batches: 0,
  status: "idle",
  rowCount: 0,
  violations: 0,
  counts: NO_COUNTS,
  written: { output: 0, rejects: 0, deadLetters: 0 },
  rerouted: {},
  positions: [],
  rules: {},
};

const BY_GRAVITY: readonly BatchStatus[] = ["idle", "ok", "warn", "block"];

export function add(window: Window, batch: StreamingBatch, run: StreamingRun): Window {
  const [a, b] = [window.status, batch.status].map((status) => BY_GRAVITY.indexOf(status));
  return {
    batches: window.batches + 1,
    firstBatchId: window.firstBatchId ?? batch.batchId,
    last: batch,
    status: BY_GRAVITY[Math.max(a ?? 0, b ?? 0)] ?? batch.status,
    rowCount: window.rowCount + batch.rowCount,
    violations: window.violations + batch.violations,
    counts: sum(window.counts, batch.counts),
    written: sum(window.written, writtenBy(batch, run)),
    rerouted: reroutedBy(window.rerouted, batch),
    positions: joined(window.positions, batch.positions),
    rules: ruleTallies(window.rules, batch),
  };
}

/** What follows on a window that was told. */
export function after({ rules }: Window): Window {
  const known = Object.entries(rules).map(([rule, { measured, ...tally }]): [string, RuleTally] => {
    const unknown = measured === undefined ? {} : { measured: null };
    return [rule, { ...tally, violations: 0, ...unknown }];
  });
  return { ...NOTHING, rules: Object.fromEntries(known) };
}

/** A batch that was blocked wrote nothing, whatever its verdict counts. */
function writtenBy(batch: StreamingBatch, { rejects }: StreamingRun): Window["written"] {
  if (batch.status === "block") return NOTHING.written;
  const { accepted: output, rejected, copied, deadLetters } = batch.counts;
  const refused = rejected + copied;
  return rejects === undefined
    ? { output, rejects: 0, deadLetters: deadLetters + refused }
    : { output, rejects: batch.rejects?.rowCount ?? refused, deadLetters };
}

function reroutedBy(
  rows: Window["rerouted"],
  { rerouted: sent }: StreamingBatch,
): Window["rerouted"] {
  if (sent === undefined) return rows;
  return { ...rows, [sent.name]: (rows[sent.name] ?? 0) + sent.rowCount };
}

/** By partition, from the first start to the last end. */
function joined(
  a: StreamingBatch["positions"],
  b: StreamingBatch["positions"],
): StreamingBatch["positions"] {
  const later = new Map(b.map((position) => [`${position.topic}/${position.partition}`, position]));
  const both = a.map((position) => {
    const key = `${position.topic}/${position.partition}`;
    const next = later.get(key);
    later.delete(key);
    return next === undefined ? position : { ...position, end: next.end };
  });
  return [...both, ...later.values()];
}
