import { governanceError } from "../../governance/fault.js";
import { type NativeBatch, native } from "../../native.js";

/** What one entry of an output's log tells of the query that committed it. */
export type LedgerEntry =
  | {
      kind: "batch";
      query: string;
      incarnation: string;
      batch: NativeBatch;
      /** Addresses of side tables that the batch owes rows, by role or name of the sink. */
      sideTables: Readonly<Record<string, string>>;
    }
  | {
      kind: "release";
      version: number;
      timestamp: string;
      query: string;
      reason?: string;
      /** The version whose block was released. */
      released?: number;
    }
  /** Versions `from` to `to`, both included, were cleaned up. */
  | { kind: "gap"; from: number; to: number };

export interface LedgerPage {
  /** Of the table: its URL. */
  address: string;
  entries: readonly LedgerEntry[];
  /** The version to read next. */
  next: number;
  /** Nothing is left to read now. */
  isEnd: boolean;
}

/** The log of an output, read from outside its query. */
export interface LedgerLog {
  /** At most `limit` versions from `from` on, in order. */
  read(table: string, from: number, limit: number): Promise<LedgerPage>;
}

interface NativeLedgers {
  readLedgers?(
    table: string,
    from: number,
    limit: number,
  ): Promise<{ pageJson?: string; failure?: { code: string; message: string } }>;
}

/** By the engine, from wherever it can read tables. */
export const engineLedgers: LedgerLog = {
  async read(table, from, limit) {
    const { readLedgers } = native() as NativeLedgers;
    const answer = await readLedgers?.(table, from, limit);
    if (answer?.pageJson !== undefined) return JSON.parse(answer.pageJson) as LedgerPage;
    throw governanceError("GOVERNANCE_STORE", "the log of a lake cannot be read", {
      operation: "read",
      field: "lakes",
      expected: "the output table of a query, which this process may read",
      actual: answer?.failure?.message ?? "this build of the engine reads no ledgers",
      details: table,
      retryable: true,
    });
  },
};
