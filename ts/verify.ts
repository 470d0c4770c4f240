import type { Options } from "./config/types.js";
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
  /** Sent elsewhere than to the output by an intervention. */
  rerouted: bigint;
  /** Offsets without a record: compaction, aborted transactions and their markers. */
  gaps: bigint;
  /** Offsets that Kafka had deleted before they were read, under `failOnDataLoss: false`. */
  lost: bigint;
  openDebts: number;
  /** Each one sentence, in log order. */
  breaks: readonly string[];
  sideTables: readonly { role: string; path: string; rows: bigint; paidTo: bigint }[];
  /** Only of a deep verification. */
  rows?: VerifiedRows;
  /** Only where brokers were asked. */
  partitions: readonly PartitionStanding[];
  /** With every bigint as a string. */
  toJSON(): object;
}

/** The rows of all tables, compared with the ledgers. */
export interface VerifiedRows {
  /** Rows of the batches that the ledgers tell of. */
  compared: bigint;
  /** Rows of batches whose ledgers log clean-up took. */
  older: bigint;
  /** Rows of records that were read again after `rewind`: they may be there twice. */
  reread: bigint;
  /** Rows without coordinates, which another writer brought. */
  foreign: bigint;
  /** Rows that commits of other writers took away: no break. */
  removed: readonly {
    table: string;
    rows: bigint;
    by: readonly { version: bigint; operation: string }[];
  }[];
  /** Tables whose rows have no coordinates (`metadata: false`). */
  unchecked: readonly string[];
}

/** Where a partition stands between the ledgers and the brokers. */
export interface PartitionStanding {
  topic: string;
  partition: number;
  /** Absent for a partition that no query of the table has read. */
  query?: string;
  /** The next offset to be read. */
  next?: bigint;
  /** The first offset that the brokers have, and one past their last; absent without one. */
  first?: bigint;
  end?: bigint;
}

export interface VerifyOptions {
  /** Reads all rows of all tables and holds them against the ledgers. */
  deep?: boolean;
  /** Brokers to hold the positions against: `kafka.bootstrap.servers`, and what reaches them. */
  kafka?: Options;
}

/** Reads the ledgers of an output table. Breaks are answered; an unreadable table is thrown. */
export async function verifyTable(
  path: string,
  { deep = false, kafka }: VerifyOptions = {},
): Promise<VerifyReport> {
  const texts = kafka && Object.entries(kafka).map(([name, value]) => [name, String(value)]);
  const options = texts && (Object.fromEntries(texts) as Record<string, string>);
  return withJson(unwrap(await native().verifyTable(path, deep, options), "report"));
}
