import { unwrap } from "../../failure.js";
import { type NativeLedgerPage, native } from "../../native.js";

/** The log of an output, read from outside its query. */
export interface LedgerLog {
  /** At most `limit` versions from `from` on, in order. */
  read(table: string, from: number, limit: number): Promise<NativeLedgerPage>;
}

/** By the engine, from wherever it can read tables. */
export const engineLedgers: LedgerLog = {
  async read(table, from, limit) {
    return unwrap(await native().readLedgers(table, from, limit), "page");
  },
};
