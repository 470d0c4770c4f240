import type { StreamingBatch } from "../batch.js";
import type { StreamingQuery } from "../query.js";
import { type Gate, type GateTable, tablesOf } from "./gates.js";

export type Totals = Record<
  "records" | "accepted" | "rejected" | "deadLetters" | "skipped",
  number
>;

/** A running query of the demo, and the sum of its batches. */
export class Tally {
  readonly gate: Gate;
  readonly tables: readonly GateTable[];
  query: StreamingQuery | undefined;
  last: StreamingBatch | undefined;
  readonly totals: Totals = noTotals();

  constructor(gate: Gate, lake: string) {
    this.gate = gate;
    this.tables = tablesOf(gate, lake);
  }

  add(batch: StreamingBatch): void {
    this.last = batch;
    addTo(this.totals, batch.counts);
  }
}

export function sumOf(tallies: readonly Tally[]): Totals {
  const sum = noTotals();
  for (const { totals } of tallies) addTo(sum, totals);
  return sum;
}

function noTotals(): Totals {
  return { records: 0, accepted: 0, rejected: 0, deadLetters: 0, skipped: 0 };
}

function addTo(sum: Totals, more: Totals): void {
  for (const name of Object.keys(sum) as (keyof Totals)[]) sum[name] += more[name];
}
