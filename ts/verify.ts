import { unwrap } from "./failure.js";
import { withJson } from "./json.js";
import { native } from "./native.js";

/** What the ledgers of an output table and its side tables say. */
export interface VerifyReport {
  table: string;
  version: bigint;
  /** True without breaks: ledgers tile, counts balance. Open debts are no break. */
  ok: boolean;
  batches: number;
  records: bigint;
  accepted: bigint;
  rejected: bigint;
  deadLetters: bigint;
  skipped: bigint;
  /** Offsets without a record: compaction, aborted transactions and their markers. */
  gaps: bigint;
  /** Offsets that Kafka had deleted before they were read, under `failOnDataLoss: false`. */
  lost: bigint;
  openDebts: number;
  /** Each one sentence, in log order. */
  breaks: readonly string[];
  sideTables: readonly { role: string; path: string; rows: bigint; paidTo: bigint }[];
  /** With every bigint as a string. */
  toJSON(): object;
}

/** Reads the ledgers of an output table. Breaks are answered; an unreadable table is thrown. */
export async function verifyTable(path: string): Promise<VerifyReport> {
  return withJson(unwrap(await native().verifyTable(path), "report"));
}
